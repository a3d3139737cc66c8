"""`hubtriage backtest`: what the rules would change on many findings."""

import json
from pathlib import Path
from typing import Any

import click

from hubtriage.authoring.compiler import compile_ruleset, git_revision
from hubtriage.authoring.problems import RuleErrors
from hubtriage.cli.inputs.live import ACTIVE, LiveError, live_files, live_options
from hubtriage.cli.inputs.stream import documents_in, documents_of, progress_bar
from hubtriage.cli.options import now_option, processes_option, rules_option, settings_options, stack_option
from hubtriage.cli.views.backtest import render
from hubtriage.engine.planning.plan import Settings
from hubtriage.simulation.backtest.html import examples_each, page
from hubtriage.simulation.backtest.judge import Task
from hubtriage.simulation.backtest.processes import LostProcessError
from hubtriage.simulation.backtest.report import ReportSource, report_of
from hubtriage.simulation.backtest.run import backtest
from hubtriage.simulation.backtest.tally import Tally
from hubtriage.simulation.findings import UnreadableInputError

SECURITY_HUB = "Security Hub"  # where findings of --live come from, in reports


@click.command(name="backtest")
@click.argument("findings", metavar="[FINDINGS]", required=False)
@live_options
@rules_option
@now_option
@stack_option
@settings_options
@processes_option
@click.option("--json", "as_json", is_flag=True, help="One JSON document with all counts.")
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a page with charts, tables and the reasoning for examples into this file.",
)
def command(
    findings: str | None,
    live: bool,
    filters: str | None,
    cache: Path | None,
    fresh: bool,
    folder: Path,
    now: float,
    settings: Settings,
    processes: int | None,
    as_json: bool,
    html: Path | None,
) -> None:
    """Say what the rules would change on many FINDINGS. Nothing is sent.

    FINDINGS is a file, a folder of files, or `-` for standard input: JSON arrays, JSON lines, EventBridge
    events or answers of GetFindings; `.gz` is unpacked. A finding that stands there several times counts
    once, as it stands first. With --live they are read from Security Hub instead.

    Exit codes: 0; 1 the rules have errors; 2 the input cannot be read.
    """
    document = _compiled(folder)
    examples = examples_each(len(document["rules"])) if html else 0
    task = Task(document, now, settings, examples=examples)
    if live == (findings is not None):
        raise click.UsageError("give FINDINGS, or --live")
    source = findings or SECURITY_HUB
    tally = run(live_source(filters, cache, fresh) if live else source, task, processes)
    report = report_of(tally, ReportSource(source, folder.as_posix()))
    click.echo(json.dumps(report, indent=2) if as_json else "\n".join(render(report)))
    if html is not None:
        html.write_text(page(report, tally), encoding="utf-8")
        click.echo(f"page written to {html}", err=True)


def live_source(filters: str | None, cache: Path | None, fresh: bool) -> list[Path]:
    """The files with the findings of Security Hub; exits with 2 where it cannot be read."""
    try:
        wanted = ACTIVE if filters is None else json.loads(filters)
    except ValueError as error:
        raise click.UsageError(f"--filters is not JSON: {error}") from error
    try:
        with progress_bar("reading") as progress:
            return list(live_files(wanted, cache, progress.show, fresh=fresh))
    except (LiveError, OSError) as error:
        raise exit_with_2(str(error)) from error


def run(source: str | list[Path], task: Task, processes: int | None) -> Tally:
    """Judge all findings of a source; exits with 2 where it cannot be read."""
    try:
        with progress_bar("judging") as progress:
            documents = (
                documents_of(source, progress) if isinstance(source, str) else documents_in(source, progress)
            )
            return backtest(documents, task, processes=processes, advance=progress.judged)
    except (UnreadableInputError, LostProcessError) as error:
        raise exit_with_2(str(error)) from error


def exit_with_2(message: str) -> SystemExit:
    """The exit for what cannot be read, after saying so."""
    click.echo(f"Error: {message}", err=True)
    return SystemExit(2)


def _compiled(folder: Path) -> dict[str, Any]:
    try:
        return compile_ruleset(folder, revision=git_revision(folder))
    except RuleErrors as errors:
        click.echo(str(errors), err=True)
        raise SystemExit(1) from errors
