"""An export on its way into a file, so that an interrupted one can go on.

FILE.part has the lines so far, FILE.cursor says how much of it counts and where to go on. A page is written
whole, then the cursor says so: whenever the run dies, the file loses no page and gets none twice. The file
takes its name at the end. No one else may read any of the three.
"""

import gzip
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any, cast

if sys.platform != "win32":
    import fcntl

_FORMAT = 1
"""Goes up with every change of what a part or its cursor means: a part of another format is begun again."""


class PartError(Exception):
    """A part that cannot be gone on with, and what to do about it."""

    def __init__(self, problem: str, hint: str = "") -> None:
        super().__init__(problem)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far an export has come. `token` leads to the next page; `begun` is in epoch seconds.

    `size`: bytes of the part that count. `query`: what is read, from where.
    """

    query: Mapping[str, Any]
    begun: float
    size: int = 0
    token: str | None = None
    is_complete: bool = False
    findings: int = 0
    entries: int = 0
    undecidable: int = 0
    skipped: int = 0
    format: int = _FORMAT


class PartFile:
    """The lines of an export on the way into `path`; packed if that ends in `.gz`. Raises OSError."""

    def __init__(self, path: Path, part: IO[bytes]) -> None:
        self._path = path
        self._part = part

    @property
    def cursor(self) -> Cursor | None:
        """How far an earlier run came; None if there was none, or what it left is damaged."""
        try:
            cursor = Cursor(**json.loads(_cursor_of(self._path).read_text(encoding="utf-8")))
            is_usable = cursor.format == _FORMAT and 0 < cursor.size <= os.fstat(self._part.fileno()).st_size
        except (FileNotFoundError, ValueError, TypeError):
            return None
        return cursor if is_usable else None

    def begin(self, cursor: Cursor, header: str) -> Cursor:
        """Drop what is there and write the first line."""
        _cursor_of(self._path).unlink(missing_ok=True)
        return self.add([header], replace(cursor, size=0))

    def add(self, lines: Sequence[str], cursor: Cursor) -> Cursor:
        """Write lines after those that count, then the cursor that counts them too. Return that."""
        self._part.truncate(cursor.size)
        self._part.seek(cursor.size)
        self._part.write(self._packed("".join(line + "\n" for line in lines)))
        self._part.flush()
        os.fsync(self._part.fileno())
        after = replace(cursor, size=self._part.tell())
        aside = _cursor_of(self._path).with_name(f"{_cursor_of(self._path).name}.new")
        with _private(aside, os.O_TRUNC) as opened:
            opened.write(json.dumps(asdict(after)).encode())
        aside.replace(_cursor_of(self._path))
        return after

    def lines(self, cursor: Cursor) -> Iterator[bytes]:
        """Yield the lines that count."""
        self._part.truncate(cursor.size)
        self._part.seek(0)
        if self._path.suffix == ".gz":
            yield from cast("IO[bytes]", gzip.GzipFile(fileobj=cast("Any", self._part)))
        else:
            yield from self._part

    def finish(self) -> None:
        """Give the file its name: what had it is replaced."""
        part_of(self._path).replace(self._path)
        _cursor_of(self._path).unlink(missing_ok=True)

    def _packed(self, text: str) -> bytes:
        """Return a text as bytes. Packed texts can follow one another in a file."""
        data = text.encode("ascii")
        return gzip.compress(data, mtime=0) if data and self._path.suffix == ".gz" else data


def part_of(path: Path) -> Path:
    """Return the file that has the lines until all are there."""
    return path.with_name(f"{path.name}.part")


def _cursor_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.cursor")


@contextmanager
def part_file(path: Path) -> Iterator[PartFile]:
    """Open the part of a file for this process alone.

    Raises PartError if another process writes it, or OSError.
    """
    with _private(part_of(path)) as part:
        if not _is_locked(part):
            raise PartError(f"{part_of(path)}: another export writes it", "wait for its end")
        yield PartFile(path, part)


def _is_locked(part: IO[bytes]) -> bool:
    """Lock a file until it is closed; say whether that could be done. Windows has no such locks."""
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _private(path: Path, flags: int = 0) -> IO[bytes]:
    """Open a file for reading and writing that no one else may read; make it if there is none."""
    opened = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | flags, 0o600), "r+b")
    path.chmod(0o600)
    return opened
