"""Findings of any number: from a file, a folder or standard input, with progress on a terminal."""

import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from hubtriage.simulation.documents import Document, files_of, read_file, read_stream
from hubtriage.simulation.findings import UnreadableInputError

_IN_MEMORY = 64 * 2**20  # bytes of standard input before it goes to a temporary file


class ProgressBar:
    """How far reading and judging have come; silent where there is no terminal."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task
        self._judged = 0

    def expect(self, size: int) -> None:
        """Say how many bytes there are to read."""
        self._progress.update(self._task, total=size)

    def read(self, size: int) -> None:
        """Some bytes more were read."""
        self._progress.advance(self._task, size)

    def judged(self, count: int) -> None:
        """Some findings more were judged."""
        self._judged += count
        self._progress.update(self._task, status=f"{self._judged:,} findings")

    def show(self, status: str) -> None:
        """Show a status beside the bar."""
        self._progress.update(self._task, status=status)


@contextmanager
def progress_bar(what: str) -> Iterator[ProgressBar]:
    """A bar on standard error while the block runs, if that is a terminal."""
    target = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(30), TextColumn("{task.fields[status]}"))
    with Progress(
        *columns, TimeElapsedColumn(), console=target, transient=True, disable=not target.is_terminal
    ) as progress:
        yield ProgressBar(progress, progress.add_task(what, total=None, status=""))


def documents_of(source: str, progress: ProgressBar) -> Iterator[Document]:
    """The JSON documents of a file, of all files of a folder, or of standard input for `-`.

    Raises UnreadableInputError where a file cannot be read or holds no JSON at all.
    """
    if source == "-":
        yield from _standard_input()
        return
    yield from documents_in(files_of(Path(source)), progress)


def documents_in(files: Sequence[Path], progress: ProgressBar) -> Iterator[Document]:
    """The JSON documents of files, one after another. Raises UnreadableInputError like `documents_of`."""
    try:
        progress.expect(sum(file.stat().st_size for file in files))
    except OSError as error:
        raise UnreadableInputError(f"{error.filename}: cannot be read: {error.strerror or error}") from error
    for file in files:
        yield from read_file(file, progress.read)


def _standard_input() -> Iterator[Document]:
    """Standard input, set aside first: which kind of JSON it is shows only later."""
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as aside:
        stream: IO[bytes] = sys.stdin.buffer
        shutil.copyfileobj(stream, aside)
        aside.seek(0)
        yield from read_stream(aside, "standard input")
