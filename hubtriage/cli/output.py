"""Files that commands write, and texts for programs."""

import errno
import os
import shutil
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

import click

from hubtriage.cli.failure import fail_on
from hubtriage.engine.text.system_errors import in_words

_HALF_PAIRS = "backslashreplace"
"""Writes half of a surrogate pair as `\\ud800`: a finding may have one, and UTF-8 has none."""


def write_file(path: Path, content: str) -> None:
    """Write a text as UTF-8; make the folders that are missing. End the command with 2 if that cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8", errors=_HALF_PAIRS)
    except FileExistsError as error:  # a folder was to be made where there is a file
        fail_on(error.filename, NotADirectoryError(errno.ENOTDIR, ""))
    except OSError as error:
        fail_on(error.filename or path, error)


def demand_absent(path: Path, hint: str) -> None:
    """End the command with 2 if there is a file already that it would replace."""
    if path.exists():
        fail_on(path, FileExistsError(errno.EEXIST, ""), hint)


def print_document(content: str) -> None:
    """Print a text for programs: as UTF-8, whatever the encoding of the terminal."""
    click.echo(encoded(content), nl=False)


def encoded(content: str) -> bytes:
    """Return a text as UTF-8; half of a surrogate pair, which UTF-8 has not, as JSON writes it."""
    return content.encode("utf-8", _HALF_PAIRS)


class NotWrittenError(Exception):
    """A file that cannot be written. Nothing else was, either, and it is as it was."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path.as_posix()}: {reason}")


@dataclass(frozen=True, slots=True)
class Replacement:
    """A file of a folder that gets a new content; it still has to have the old one."""

    path: Path
    folder: Path
    before: bytes
    after: bytes


def replace_files(replacements: Sequence[Replacement]) -> None:
    """Give files their new contents.

    Every content is written next to its file before the first file is replaced, so that a full disk or a
    missing right leaves all as they were. A link stays one; what it leads to has to be in the folder. Raise
    NotWrittenError.
    """
    prepared: list[tuple[Path, Path]] = []
    try:
        for one in replacements:
            try:
                prepared.append(_prepared(one))
            except OSError as error:
                raise NotWrittenError(one.path, in_words(error)) from error
        for beside, target in prepared:
            beside.replace(target)
    finally:
        for beside, _target in prepared:
            with suppress(OSError):
                beside.unlink(missing_ok=True)


def _prepared(new: Replacement) -> tuple[Path, Path]:
    """Return a file with the new content, and the file next to it that it will replace."""
    target = new.path.resolve(strict=True)
    if not target.is_relative_to(new.folder.resolve()):
        raise NotWrittenError(new.path, "it is a link to a file outside of the folder")
    if not target.stat().st_mode & stat.S_IWUSR or not os.access(target, os.W_OK):
        raise NotWrittenError(new.path, "it may only be read")
    if target.read_bytes() != new.before:
        raise NotWrittenError(new.path, "it has changed meanwhile")
    with NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
        beside = Path(file.name)
        try:
            file.write(new.after)
            file.flush()
            os.fsync(file.fileno())
            shutil.copymode(target, beside)
        except OSError:
            beside.unlink(missing_ok=True)
            raise
    return beside, target
