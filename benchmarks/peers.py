"""Other packages on the same findings, as far as they can express the rules, each in its own environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uv import find_uv_bin

from benchmarks import plainlogic, workload
from benchmarks.measure import Row

HERE = Path(__file__).parent
BUILD = HERE.parent / "build" / "bench"
TIME_LIMIT = 600


@dataclass(frozen=True, slots=True)
class Environment:
    """Packages to install, and the Python that they need if not this one; BENCH_PYTHON says where it is."""

    name: str
    packages: tuple[str, ...]
    python: str = ""


JSONLOGIC = Environment("jsonlogic", ("datalogic-py==5.9.0", "panzi-json-logic==1.0.1"))
FINDINGS_MANAGERS = (
    Environment("findings-manager-1.5", ("awsfindingsmanagerlib==1.5.0",)),
    Environment("findings-manager-2.0", ("awsfindingsmanagerlib==2.0.0",), "3.12"),
)


class Unavailable(Exception):  # noqa: N818 - no error: the row is left out and says why
    """A peer cannot run on this machine."""


def rows(counts: list[int]) -> Iterator[Row]:
    """Measure all peers; one that cannot run is a row with a note and no number."""
    BUILD.mkdir(parents=True, exist_ok=True)
    for count in counts:
        few = max(4, min(100, 10_000 // count))
        findings = _written(few)
        rules = BUILD / f"rules-{count}.json"
        plainlogic.write(rules, workload.rules(count))
        for name in ("datalogic", "panzi"):
            label = f"{name}, 4 KB, {count} rules"
            yield _row(label, JSONLOGIC, "jsonlogic_peers.py", name, str(rules), str(findings))
    for environment in FINDINGS_MANAGERS:
        label = f"{environment.packages[0].replace('==', ' ')}, 4 KB, 100 rules of its kinds"
        yield _row(label, environment, "findings_manager.py", str(_written(100)), "100")


def _written(count: int) -> Path:
    path = BUILD / f"findings-{count}.jsonl"
    path.write_text("\n".join(json.dumps(finding) for finding in workload.findings(count)))
    return path


def _row(label: str, environment: Environment, script: str, *arguments: str) -> Row:
    try:
        python = interpreter(environment)
        told = _run([str(python), str(HERE / "others" / script), *arguments])
    except Unavailable as why:
        return Row(label, float("nan"), "x json.loads", note=str(why))
    measured: dict[str, Any] = json.loads(told)
    note = f"{measured['seconds'] * 1e6:.0f} us"
    return Row(label, measured["seconds"] / measured["parsing"], "x json.loads", note=note)


def interpreter(environment: Environment) -> Path:
    """Return the Python of an environment, which is made if need be. Raises Unavailable."""
    folder = BUILD / environment.name
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        wanted = environment.python or sys.executable
        if environment.python:
            wanted = os.environ.get("BENCH_PYTHON", wanted)
        make = ["venv", "--quiet", "--clear", "--no-python-downloads", "--python", wanted, str(folder)]
        _run([find_uv_bin(), *make])
        _run([find_uv_bin(), "pip", "install", "--quiet", "--python", str(python), *environment.packages])
        (folder / "ready").touch()
    return python


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIME_LIMIT, check=False)
    except subprocess.TimeoutExpired:
        raise Unavailable(f"took more than {TIME_LIMIT} s") from None
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["failed"])[-1]
        raise Unavailable(f"left out: {reason}")
    return done.stdout
