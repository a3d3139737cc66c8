"""Findings of a file, a folder or Security Hub, judged by the rules of a task."""

import json
from pathlib import Path

import click

from hubtriage.cli.failure import fail
from hubtriage.cli.inputs.findings import documents_in, documents_of
from hubtriage.cli.inputs.live import ACTIVE, LiveError, live_files
from hubtriage.cli.progress import progress_bar
from hubtriage.simulation.backtest.judge import Task
from hubtriage.simulation.backtest.processes import LostProcessError
from hubtriage.simulation.backtest.run import backtest
from hubtriage.simulation.backtest.tally import Tally
from hubtriage.simulation.documents import UnreadableInputError

SECURITY_HUB = "Security Hub"
"""What reports call the source of findings that `--live` reads."""


def live_source(filters: str | None, cache: Path | None, fresh: bool) -> list[Path]:
    """Return the files with the findings of Security Hub; end with 2 if it cannot be read."""
    try:
        wanted = ACTIVE if filters is None else json.loads(filters)
    except ValueError as error:
        raise click.UsageError(f"--filters is not JSON: {error}") from error
    try:
        with progress_bar("reading") as progress:
            return list(live_files(wanted, cache, progress.show, fresh=fresh))
    except (LiveError, OSError) as error:
        fail(str(error), exit_code=2)


def judge_all(source: str | list[Path], task: Task, processes: int | None) -> Tally:
    """Judge all findings of a source; end with 2 if it cannot be read."""
    try:
        with progress_bar("judging") as progress:
            documents = (
                documents_of(source, progress) if isinstance(source, str) else documents_in(source, progress)
            )
            return backtest(documents, task, processes=processes, advance=progress.judged)
    except (UnreadableInputError, LostProcessError) as error:
        fail(str(error), exit_code=2)
