"""How a command ends if it cannot do its work: a line that says what is wrong, and an exit code."""

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, NoReturn

import click

from hubtriage.cli.terminal import colour
from hubtriage.cli.text import escaped, quoted
from hubtriage.engine.text.system_errors import in_words

UNUSABLE = 2
"""The exit code of wrong usage, and of what cannot be read or written."""


class CommandError(click.ClickException):
    """What is wrong, a hint what to do about it, and the exit code."""

    def __init__(self, problem: str, hint: str = "", *, exit_code: int = 1) -> None:
        super().__init__(problem)
        self.hint = hint
        self.exit_code = exit_code  # type: ignore[misc] # click has one for each class

    def show(self, file: IO[Any] | None = None) -> None:  # noqa: ARG002
        """Print it on standard error."""
        print_error(self.message, self.hint)


def fail(problem: str, hint: str = "", *, exit_code: int = 1) -> NoReturn:
    """End the command: print what is wrong and, with a hint, what to do about it."""
    raise CommandError(problem, hint, exit_code=exit_code)


def fail_on(place: object, error: OSError, hint: str = "") -> NoReturn:
    """End the command with 2, because a file or folder cannot be read or written."""
    fail(f"{quoted(str(place))}: {in_words(error)}", hint, exit_code=UNUSABLE)


def demand_readable(path: Path) -> None:
    """End the command with 2 if a file or folder is missing or may not be read."""
    if not os.access(path, os.R_OK):
        fail_on(path, cause_of(path, file=True, folder=True))


def cause_of(place: str | os.PathLike[str], *, file: bool, folder: bool) -> OSError:
    """Return why a path can be used neither as a file nor as a folder, as far as that is asked."""
    if not Path(place).exists():
        return OSError(errno.ENOENT, "")
    if Path(place).is_dir():
        return OSError(errno.EACCES if folder else errno.EISDIR, "")
    return OSError(errno.EACCES if file else errno.ENOTDIR, "")


def print_error(problem: str, hint: str = "") -> None:
    """Print a problem and a hint on standard error."""
    lines = click.style("Error:", fg="red", bold=True) + f" {escaped(problem)}"
    if hint:
        lines += "\n  " + click.style("hint:", fg="cyan") + f" {escaped(hint)}"
    complain(lines)


def complain(text: str) -> None:
    """Print a text on standard error. If that takes none, the exit code has to do."""
    with suppress(OSError):
        click.echo(text, err=True, color=colour())
