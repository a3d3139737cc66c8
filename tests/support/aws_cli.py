"""The AWS CLI, a client that knows nothing of us, as a person uses it against the local AWS."""

import io
import json
import os
import shlex
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from awscli.clidriver import create_clidriver

from hubtriage.localaws.cloud import LocalCloud


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


def run_as_printed(cloud: LocalCloud, script: str) -> Done:
    """Run a script as a person would paste it into a shell."""
    done = subprocess.run(
        ["bash", "-c", script], env=_environment(cloud, 1), capture_output=True, text=True, timeout=240
    )
    return Done(done.returncode, done.stdout, done.stderr)


def run(cloud: LocalCloud, command: str, *, attempts: int = 1) -> Done:
    """Run a command of the CLI in this process: the same client, without a second for its start."""
    program, *arguments = shlex.split(command)
    assert program == "aws"
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        for name, value in _environment(cloud, attempts).items():
            patch.setenv(name, value)
        code = create_clidriver().main(arguments)
    return Done(code, out.getvalue(), err.getvalue())


def answer(cloud: LocalCloud, command: str, *, attempts: int = 1) -> dict[str, Any]:
    """Run a command and return its answer; fail if it does."""
    done = run(cloud, command, attempts=attempts)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _environment(cloud: LocalCloud, attempts: int) -> dict[str, str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**cloud.environment, "PATH": path, "AWS_MAX_ATTEMPTS": str(attempts)}
