"""Files that a command reads, or reads whole: what has no end ends the command with 2 before it is read."""

import os
import stat
import sys
from pathlib import Path
from typing import NoReturn

from hubtriage.cli.failure import UNUSABLE, fail, fail_on
from hubtriage.cli.text import quoted

MOST_BYTES = 64 * 2**20
"""What a file that is read whole may have. The largest that was seen has less than a tenth."""
STANDARD_INPUT = "standard input"
_NO_FILE = "this is a pipe or a device, not a file"
_OPENED = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")
"""What the process has opened already, as `<(...)` of a shell names it: such a pipe has a writer."""


def demand_file(path: Path, hint: str = "") -> None:
    """End the command with 2 for a device or a named pipe: reading might never end."""
    if path.as_posix().startswith(_OPENED):
        return
    try:
        mode = path.stat().st_mode
    except OSError:
        return  # opening it says why
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        fail(f"{quoted(str(path))}: {_NO_FILE}", hint, exit_code=UNUSABLE)


def through_standard_input(path: str | os.PathLike[str]) -> str:
    """Return the hint for a pipe that a command can read in another way."""
    return f"to read a pipe, give - and redirect it: < {quoted(str(path))}"


def whole_content(source: Path | str) -> bytes:
    """Return what a file holds, or standard input for `-`; end with 2 if it cannot be read whole."""
    name = STANDARD_INPUT if str(source) == "-" else str(source)
    try:
        if str(source) == "-":
            content = sys.stdin.buffer.read(MOST_BYTES + 1)
        else:
            demand_file(Path(source), through_standard_input(source))
            with Path(source).open("rb") as file:
                content = file.read(MOST_BYTES + 1)
    except OSError as error:
        fail_on(name, error)
    if len(content) > MOST_BYTES:
        _too_large(name)
    return content


def _too_large(name: str) -> NoReturn:
    fail(f"{quoted(name)}: it has more than {MOST_BYTES // 2**20} MiB", exit_code=UNUSABLE)
