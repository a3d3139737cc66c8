"""Findings of a file, a folder or Security Hub, judged by the rules of a task."""

from pathlib import Path

from hubtriage.cli.failure import fail
from hubtriage.cli.inputs.findings import (
    documents_in,
    documents_of,
    tell_problems,
    warn_without_entries,
)
from hubtriage.cli.inputs.live_options import LiveSource
from hubtriage.cli.progress import progress_bar
from hubtriage.simulation.backtest.judge import Task
from hubtriage.simulation.backtest.processes import LostProcessError
from hubtriage.simulation.backtest.run import backtest
from hubtriage.simulation.backtest.tally import Tally
from hubtriage.simulation.inputs.documents import InputFiles, UnreadableInputError

Source = str | LiveSource
"""A file, a folder, `-` for standard input, or what `--live` reads."""


def named(source: Source) -> str:
    """Return what reports call a source of findings."""
    return source if isinstance(source, str) else "Security Hub"


def judge_all(source: Source, task: Task, processes: int | None) -> Tally:
    """Judge all findings of a source; end with 2 if there is nothing in it that can be used.

    What cannot be used is reported, and is in the tally's `problems`.
    """
    sources = InputFiles(() if isinstance(source, str) else (live_source_file(source),))
    try:
        with progress_bar("judging") as progress:
            documents = (
                documents_of(source, progress) if isinstance(source, str) else documents_in(sources, progress)
            )
            tally = backtest(documents, task, processes=processes, advance=progress.judged)
    except (UnreadableInputError, LostProcessError) as error:
        fail(str(error), exit_code=2)
    tell_problems(named(source), tally.total.findings, tally.problems)
    warn_without_entries(tally.in_doubt)
    return tally


def live_source_file(source: LiveSource) -> Path:
    """Return the file with what --live reads."""
    from hubtriage.cli.inputs.live import live_file  # boto3 is slow to import, and files need none

    return live_file(source)
