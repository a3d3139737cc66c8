"""`hubtriage backtest`: what the rules would change on many findings."""

import json
from pathlib import Path

import click

from hubtriage.cli.inputs.findings import end_if_cut_off
from hubtriage.cli.inputs.judging import judge_all, named
from hubtriage.cli.inputs.live_options import LiveSource, live_options
from hubtriage.cli.inputs.rules import compiled_document
from hubtriage.cli.locations import Location
from hubtriage.cli.options import now_option, processes_option, rules_option, settings_options
from hubtriage.cli.output import write_file
from hubtriage.cli.terminal import note
from hubtriage.cli.views.backtest import render
from hubtriage.engine.planning.plan import Settings
from hubtriage.simulation.backtest.html import examples_each, page
from hubtriage.simulation.backtest.judge import Task
from hubtriage.simulation.backtest.listing import MOST_LISTED
from hubtriage.simulation.backtest.report import ReportSource, report_of
from hubtriage.simulation.backtest.sample import sample_size


@click.command(name="backtest")
@click.argument("findings", metavar="[FINDINGS]", required=False)
@live_options
@rules_option
@now_option
@settings_options
@processes_option
@click.option("--json", "as_json", is_flag=True, help="One JSON document with all counts.")
@click.option(
    "--html",
    type=Location(path_type=Path, dir_okay=False),
    help="Write a page with charts, tables, all findings and the reasoning for some into this file.",
)
def command(
    findings: str | None,
    live: LiveSource | None,
    folder: Path,
    now: float,
    settings: Settings,
    processes: int | None,
    as_json: bool,
    html: Path | None,
) -> None:
    """Show what the rules would change on many findings.

    Nothing is sent. FINDINGS is a file, a folder of files, or `-` for standard input, in any form that AWS
    delivers; docs/inputs.md lists them. If a finding occurs several times, only the first one counts. With
    --live, the command reads findings from Security Hub instead.

    A finding may come with its ledger entry: {"finding": ..., "entry": ...}. Without the entry, triage's
    own changes look like a person's.

    Exit codes: 0; 1 the rules have errors; 2 nothing in the input is usable, or some of it cannot be read.
    """
    document = compiled_document(folder)
    examples = examples_each(len(document["rules"])) if html else 0
    sample = sample_size(len(document["rules"]))
    task = Task(document, now, settings, examples=examples, sample=sample, listed=MOST_LISTED if html else 0)
    source = findings if live is None else live
    if source is None or (live is not None and findings is not None):
        raise click.UsageError("give FINDINGS, or --live")
    tally = judge_all(source, task, processes)
    report = report_of(tally, ReportSource(named(source), folder.as_posix()))
    click.echo(json.dumps(report, indent=2) if as_json else "\n".join(render(report)))
    if html is not None:
        write_file(html, page(report, tally))
        note(f"page written to {html}")
    end_if_cut_off(tally.problems)
