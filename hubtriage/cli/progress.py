"""A progress bar on standard error; silent where that is not a terminal."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn


class ProgressBar:
    """How far reading and judging have come."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task
        self._judged = 0

    def expect(self, size: int) -> None:
        """Set the number of bytes to read."""
        self._progress.update(self._task, total=size)

    def read(self, size: int) -> None:
        """Count bytes that were read."""
        self._progress.advance(self._task, size)

    def judged(self, count: int) -> None:
        """Count findings that were judged."""
        self._judged += count
        self.show(f"{self._judged:,} findings")

    def show(self, status: str) -> None:
        """Show a status beside the bar."""
        self._progress.update(self._task, status=status)


@contextmanager
def progress_bar(what: str) -> Iterator[ProgressBar]:
    """Show a bar while the block runs."""
    target = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(30), TextColumn("{task.fields[status]}"))
    with Progress(
        *columns, TimeElapsedColumn(), console=target, transient=True, disable=not target.is_terminal
    ) as progress:
        yield ProgressBar(progress, progress.add_task(what, total=None, status=""))
