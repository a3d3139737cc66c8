"""A progress bar on standard error; silent where no one looks at that, or no one wants to."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hubtriage.cli.terminal import console, is_animated

if TYPE_CHECKING:
    from rich.progress import Progress


class ProgressBar:
    """How far reading and judging have come; without a `Progress` it shows nothing."""

    def __init__(self, progress: "Progress | None" = None, what: str = "") -> None:
        self._progress = progress
        self._task = progress.add_task(what, total=None, status="") if progress else None
        self._judged = 0

    def expect(self, size: int) -> None:
        """Set the number of bytes to read."""
        if self._progress and self._task is not None:
            self._progress.update(self._task, total=size)

    def read(self, size: int) -> None:
        """Count bytes that were read."""
        if self._progress and self._task is not None:
            self._progress.advance(self._task, size)

    def judged(self, count: int) -> None:
        """Count findings that were judged."""
        self._judged += count
        self.show(f"{self._judged:,} findings")

    def show(self, status: str) -> None:
        """Show a status next to the bar."""
        if self._progress and self._task is not None:
            self._progress.update(self._task, status=status)


@contextmanager
def progress_bar(what: str) -> Iterator[ProgressBar]:
    """Show a bar while the block runs."""
    if not is_animated(sys.stderr):
        yield ProgressBar()
        return
    # Imported where it is shown: rich's progress takes as long to import as lint to check a dozen rules.
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(30), TextColumn("{task.fields[status]}"))
    with Progress(*columns, TimeElapsedColumn(), console=console(sys.stderr), transient=True) as progress:
        yield ProgressBar(progress, what)
