"""Cold start: the built package in Lambda's own runtime loop, up to its first request for an event.

A small server stands for Lambda's runtime interface. When the loop asks for its first event, initialisation
is over; the process is ended, and the system reports how much CPU time it took. The same with a handler that
only makes a Security Hub client is what any function that calls Security Hub needs.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from benchmarks import batches, peers
from benchmarks.measure import Figure, Scale
from hubtriage.aws.triage.config import TriageConfig
from infra.bundle import build_package

RULES = 100
LIMIT = 1.4
RUNTIME = peers.Environment("runtime", ("awslambdaric==4.2.2", "boto3==1.43.106"))
BASELINE = """import boto3

client = boto3.client("securityhub")


def handler(event, context):
    return None
"""


class _Runtime(HTTPServer):
    """Lambda's runtime interface, as far as its first request."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked = threading.Event()
        self.ended = threading.Event()
        self.error = ""


class _Handler(BaseHTTPRequestHandler):
    """Notes that an event is asked for, and gives none."""

    server: _Runtime

    def do_GET(self) -> None:
        """Take note, and give no answer as long as the asking process lives."""
        self.server.asked.set()
        self.server.ended.wait(60)

    def do_POST(self) -> None:
        """Keep what went wrong: only errors are posted before the first event."""
        self.server.error = (
            self.rfile.read(int(self.headers["Content-Length"])).decode()[:2000] or "no reason"
        )
        self.server.asked.set()

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


def figures(scale: Scale) -> Iterator[Figure]:
    """Build the package, start it and the bare client in turns, and compare."""
    try:
        python = peers.interpreter(RUNTIME, scale.patience)
    except peers.Unavailable as why:
        yield Figure(f"cold start, {RULES} rules", None, "x boto3 client", note=str(why))
        return
    package, bare = _package(), _bare()
    size = sum(path.stat().st_size for path in package.rglob("*") if path.is_file())
    yield Figure("package", size / 1e6, "MB")
    ours, theirs = [], []
    for _ in range(scale.starts):
        theirs.append(_started(python, bare, "bare.handler"))
        ours.append(_started(python, package, "lambdas.triage.handler.handler"))
    ratio = statistics.median(ours) / statistics.median(theirs)
    note = f"{statistics.median(ours) * 1e3:.0f} ms, boto3 alone {statistics.median(theirs) * 1e3:.0f} ms"
    yield Figure(f"cold start, {RULES} rules", ratio, "x boto3 client", LIMIT, note)


def _package() -> Path:
    target = peers.BUILD / "package"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    return build_package(target, "triage", batches.ruleset_document(RULES), "x86_64")


def _bare() -> Path:
    folder = peers.BUILD / "bare"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bare.py").write_text(BASELINE)
    return folder


def _started(python: Path, package: Path, handler: str) -> float:
    """Return the CPU seconds from the start of the process to its first request for an event.

    Raises RuntimeError if the handler cannot be loaded: what fails early is no quick start.
    """
    runtime = _Runtime()
    thread = threading.Thread(target=runtime.handle_request, daemon=True)
    thread.start()
    environment = {
        **os.environ,
        **TriageConfig(ledger_table="hubtriage-ledger").as_environment(),
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{runtime.server_port}",
        "AWS_LAMBDA_FUNCTION_NAME": "triage",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "benchmark",
        "AWS_SECRET_ACCESS_KEY": "benchmark",
        "LAMBDA_TASK_ROOT": str(package),
        "PYTHONPATH": str(package),
    }
    process = subprocess.Popen([str(python), "-m", "awslambdaric", handler], cwd=package, env=environment)
    try:
        if not runtime.asked.wait(60):
            raise TimeoutError(f"{handler} did not start")
        if runtime.error:
            raise RuntimeError(f"{handler} cannot be loaded: {runtime.error}")
    finally:
        process.kill()
        _pid, _status, usage = os.wait4(process.pid, 0)
        process.returncode = -9
        runtime.ended.set()
        runtime.server_close()
    return usage.ru_utime + usage.ru_stime
