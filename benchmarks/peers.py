"""Other packages on the same findings, as far as they can express the rules, each in its own environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uv import find_uv_bin

from benchmarks import plainlogic, workload
from benchmarks.measure import Figure, Scale

HERE = Path(__file__).parent
BUILD = HERE.parent / "build" / "bench"
TIME_LIMIT = 600
"""Seconds after which a peer is not waited for."""


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


class Unavailable(Exception):  # noqa: N818 - no error: the figure is left out and says why
    """A peer cannot be installed on this machine, or takes too long."""


def figures(scale: Scale) -> Iterator[Figure]:
    """Measure all peers; one that cannot be installed is a figure with a note and no number."""
    BUILD.mkdir(parents=True, exist_ok=True)
    for count in scale.rules:
        few = max(4, min(scale.findings, 100, 10_000 // count))
        findings = _written(few)
        rules = BUILD / f"rules-{count}.json"
        plainlogic.write(rules, workload.rules(count))
        for name in ("datalogic", "panzi"):
            label = f"{name}, 4 KB, {count} rules"
            script = [str(HERE / "others" / "jsonlogic_peers.py"), name, str(rules), str(findings)]
            yield _figure(label, JSONLOGIC, script, scale.patience)
    for environment in FINDINGS_MANAGERS:
        label = f"{environment.packages[0].replace('==', ' ')}, 4 KB, 100 rules of its kinds"
        findings = _written(min(scale.findings, 100))
        script = [str(HERE / "others" / "findings_manager.py"), str(findings), "100"]
        yield _figure(label, environment, script, scale.patience)


def _written(count: int) -> Path:
    path = BUILD / f"findings-{count}.jsonl"
    path.write_text("\n".join(json.dumps(finding) for finding in workload.findings(count)))
    return path


def _figure(label: str, environment: Environment, script: list[str], patience: float) -> Figure:
    """Measure one peer. Raises CalledProcessError where it is installed and fails."""
    try:
        printed = _run([str(interpreter(environment, patience)), *script], TIME_LIMIT)
    except Unavailable as why:
        return Figure(label, None, "x json.loads", note=str(why))
    measured: dict[str, Any] = json.loads(printed)
    note = f"{measured['seconds'] * 1e6:.0f} us"
    return Figure(label, measured["seconds"] / measured["parsing"], "x json.loads", note=note)


def interpreter(environment: Environment, patience: float) -> Path:
    """Return the Python of an environment; make it if need be, within `patience` seconds.

    Raises Unavailable.
    """
    folder = BUILD / environment.name
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        wanted = environment.python or sys.executable
        if environment.python:
            wanted = os.environ.get("BENCH_PYTHON", wanted)
        make = ["venv", "--quiet", "--clear", "--no-python-downloads", "--python", wanted, str(folder)]
        install = ["pip", "install", "--quiet", "--python", str(python), *environment.packages]
        deadline = time.monotonic() + patience
        try:
            for command in (make, install):
                _run([find_uv_bin(), *command], deadline - time.monotonic())
        except subprocess.CalledProcessError as error:
            reason = (error.stderr.strip().splitlines() or ["failed"])[0]
            raise Unavailable(f"cannot be installed: {reason}") from None
        (folder / "ready").touch()
    return python


def _run(command: list[str], seconds: float) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=max(0.0, seconds), check=True)
    except subprocess.TimeoutExpired:
        raise Unavailable(f"took more than {seconds:.0f} s") from None
    return done.stdout
