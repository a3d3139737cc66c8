"""CDK's command line: found before anything else happens, and run in the folder of `cdk.json`."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from hubtriage.cli.failure import UNUSABLE, fail
from hubtriage.localaws.synth import SynthesisError, check_tools
from hubtriage.settings.project_file import VARIABLE as FILE_VARIABLE
from hubtriage.settings.project_file import shown

POLL = 1.0
"""Seconds between two looks at a deployment."""
_GRACE = 5.0


@dataclass(frozen=True, slots=True)
class Cdk:
    """CDK's command line: its program, the folder of `cdk.json`, and the environment to run it in."""

    program: str
    folder: Path
    environment: Mapping[str, str]

    def run(self, arguments: Sequence[str], watch: Callable[[], None] = lambda: None) -> tuple[int, str]:
        """Run a command of CDK; return its exit code and what it said.

        `watch` is called again and again meanwhile. If it, or Ctrl-C, raises, the command is ended first.
        """
        with TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
            code = self._wait(arguments, said, watch)
            said.seek(0)
            return code, said.read()

    def _wait(self, arguments: Sequence[str], said: IO[str], watch: Callable[[], None]) -> int:
        # In a session of its own, so that Ctrl-C ends us alone, and we end it in our own words.
        with subprocess.Popen(
            [self.program, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process:
            try:
                while True:
                    watch()
                    try:
                        return process.wait(POLL)
                    except subprocess.TimeoutExpired:
                        continue
            except BaseException:
                _end(process)
                raise


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a command and what it has started, as Ctrl-C does: the app removes what it has begun to write."""
    _signal(process, signal.SIGINT)
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        _signal(process, signal.SIGKILL)


def _signal(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def find_cdk(folder: Path) -> Cdk:
    """Return CDK's command line for the app in a folder; end with 2 if something is missing for it."""
    try:
        node = check_tools(os.environ)
    except SynthesisError as error:
        fail(str(error), exit_code=UNUSABLE)
    if not (folder / "cdk.json").is_file():
        fail(
            f"there is no {shown(folder / 'cdk.json')}, so there is nothing to deploy",
            "go to the folder of hubtriage.toml and cdk.json; `hubtriage init` writes both",
            exit_code=UNUSABLE,
        )
    bins = [str(each / "node_modules" / ".bin") for each in (folder, *folder.parents)]
    path = os.pathsep.join([*bins, os.environ.get("PATH", "")])
    program = shutil.which("cdk", path=path)
    if program is None:
        fail(
            "the command line of CDK is not installed",
            f"run `npm ci` in {'this folder' if folder == Path.cwd() else shown(folder)}",
            exit_code=UNUSABLE,
        )
    return Cdk(program, folder, _environment(node))


def _environment(node: int) -> dict[str, str]:
    """Return the environment of CDK: `python3` of its app is the Python that runs this."""
    environment = dict(os.environ)
    here = str(Path(sys.executable).parent)
    environment["PATH"] = os.pathsep.join([here, environment.get("PATH", "")])
    environment.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", str(node))
    if environment.get(FILE_VARIABLE):
        environment[FILE_VARIABLE] = str(Path(environment[FILE_VARIABLE]).resolve())
    return environment
