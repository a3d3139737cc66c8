"""The command line as a process: in a pseudo-terminal of any size, or with streams of any kind."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

HUBTRIAGE = (sys.executable, "-m", "hubtriage")
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def environment(**others: str) -> dict[str, str]:
    """Return the environment of this process without what colours or AWS would heed, and with others."""
    left_out = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "PYTHONIOENCODING", "TTY_COMPATIBLE")
    kept = {k: v for k, v in os.environ.items() if k not in left_out and not k.startswith("AWS_")}
    return kept | {"TERM": "xterm-256color", "AWS_EC2_METADATA_DISABLED": "true"} | others


@dataclass(frozen=True, slots=True)
class Seen:
    """What a terminal got, and how the command ended."""

    output: str
    exit_code: int

    @property
    def lines(self) -> list[str]:
        """The lines without colours and moves of the cursor."""
        return ESCAPES.sub("", self.output).replace("\r\n", "\n").split("\n")


def in_terminal(
    *arguments: str,
    folder: Path,
    columns: int = 80,
    others: Mapping[str, str] | None = None,
    meanwhile: Callable[[subprocess.Popen[bytes], str], None] = lambda _process, _seen: None,
    seconds: float = 60,
) -> Seen:
    """Run a command in a terminal; `meanwhile` gets the process and what it has printed so far."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [*HUBTRIAGE, *arguments],
        cwd=folder,
        env=environment(**(others or {})),
        stdin=its,
        stdout=its,
        stderr=its,
        start_new_session=True,
        preexec_fn=_take_terminal,
    )
    os.close(its)
    output, end = b"", time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            if select.select([ours], [], [], 0.1)[0]:
                try:
                    part = os.read(ours, 65536)
                except OSError:  # Linux: nobody holds the other side any more
                    break
                if not part:
                    break
                output += part
            meanwhile(process, output.decode(errors="replace"))
        return Seen(output.decode(errors="replace"), process.wait(timeout=10))
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _take_terminal() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored if the tests run in the background
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def in_streams(*arguments: str, folder: Path, **others: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command whose streams are pipes."""
    return subprocess.run(
        [*HUBTRIAGE, *arguments], cwd=folder, env=environment(**others), capture_output=True, timeout=120
    )
