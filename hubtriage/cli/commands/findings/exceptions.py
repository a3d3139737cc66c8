"""`hubtriage exceptions`: the register of rules that hide, and what they hold."""

import csv
import io
import json
import time
from pathlib import Path
from typing import Any

import click

from hubtriage.cli.failure import fail
from hubtriage.cli.inputs.findings import (
    documents_in,
    documents_of,
    end_if_cut_off,
    tell_problems,
    warn_without_entries,
)
from hubtriage.cli.inputs.judging import live_source_file, named
from hubtriage.cli.inputs.live_options import LiveSource, live_options
from hubtriage.cli.inputs.rules import compiled
from hubtriage.cli.locations import Location
from hubtriage.cli.options import Timestamp, rules_option, settings_options
from hubtriage.cli.output import print_document, write_file
from hubtriage.cli.progress import progress_bar
from hubtriage.cli.terminal import note
from hubtriage.cli.views.exceptions.register import csv_rows, text
from hubtriage.engine.planning.plan import Settings
from hubtriage.engine.ruleset.ruleset import Ruleset
from hubtriage.simulation.exceptions.approvals import history_of
from hubtriage.simulation.exceptions.holdings import HiddenFindings
from hubtriage.simulation.exceptions.html import page
from hubtriage.simulation.exceptions.register import register, selected
from hubtriage.simulation.exceptions.source import FindingsSource
from hubtriage.simulation.inputs.documents import InputFiles, UnreadableInputError
from hubtriage.simulation.inputs.findings import Unusable, items_of
from hubtriage.simulation.inputs.problems import Problems, Rejected


@click.command(name="exceptions")
@click.argument("findings", metavar="[FINDINGS]", required=False)
@live_options
@rules_option
@click.option(
    "--at",
    "now",
    type=Timestamp(),
    default=lambda: time.time(),
    show_default="now",
    help="Count days from this time. The counts of findings stay as they are.",
)
@click.option("--owner", help="Only the rules of this owner.")
@click.option("--ends-within", metavar="DAYS", type=click.IntRange(min=0), help="Only what ends so soon.")
@settings_options
@click.option("--json", "as_json", is_flag=True, help="Print the register as one JSON document.")
@click.option("--csv", "as_csv", is_flag=True, help="Print a row for each rule, for a spreadsheet.")
@click.option(
    "--html",
    type=Location(path_type=Path, dir_okay=False),
    help="Write a page with a timeline, a table, and details of each rule into this file.",
)
def command(
    findings: str | None,
    live: LiveSource | None,
    folder: Path,
    now: float,
    owner: str | None,
    ends_within: int | None,
    settings: Settings,
    as_json: bool,
    as_csv: bool,
    html: Path | None,
) -> None:
    """List the rules that hide findings, their owners and their ends.

    git says who wrote, renewed and approved each rule. FINDINGS is an export of `hubtriage findings`; with
    --live, the command reads the findings itself. With either, the register says what each rule holds now,
    and what no rule accounts for: together, that is every hidden finding.

    Exit codes: 0; 1 the rules have errors; 2 wrong usage, or input as for `backtest`.
    """
    if findings is not None and live is not None:
        raise click.UsageError("give FINDINGS or --live, not both")
    if as_json and as_csv:
        raise click.UsageError("--json and --csv are two forms: choose one")
    ruleset, problems = compiled(folder), Problems()
    given = findings if live is None else live
    source = None if given is None else FindingsSource(named(given), problems)
    holdings = None if given is None or source is None else _counted(given, ruleset, settings, source)
    record = {
        **selected(register(ruleset, history_of(folder), holdings, now), owner, ends_within),
        "source": None if source is None else source.as_record(),
    }
    if as_json:
        print_document(json.dumps(record, indent=2, ensure_ascii=False) + "\n")
    elif as_csv:
        print_document(_csv(record))
    else:
        click.echo("\n".join(text(record)))
    if html is not None:
        write_file(html, page(record))
        note(f"page written to {html}")
    end_if_cut_off(problems)


def _counted(
    given: str | LiveSource, ruleset: Ruleset, settings: Settings, source: FindingsSource
) -> HiddenFindings:
    """Count the findings of a source; end with 2 if there is nothing in it that can be used."""
    holdings, in_doubt, now, problems = HiddenFindings(), 0, time.time(), source.problems
    files = InputFiles(() if isinstance(given, str) else (live_source_file(given),))
    try:
        with progress_bar("counting") as progress:
            documents = (
                documents_of(given, progress) if isinstance(given, str) else documents_in(files, progress)
            )
            for document in documents:
                source.see(document)
                for item in items_of(document):
                    if isinstance(item, Unusable):
                        problems.add(Rejected(document.place, item.reason, item.instead, item.is_rest))
                        continue
                    in_doubt += item.is_in_doubt
                    holdings.add(item, ruleset, now, settings)
    except UnreadableInputError as error:
        fail(str(error), exit_code=2)
    tell_problems(source.name, holdings.read, problems)
    warn_without_entries(in_doubt)
    return holdings


def _csv(record: dict[str, Any]) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(csv_rows(record))
    return file.getvalue()
