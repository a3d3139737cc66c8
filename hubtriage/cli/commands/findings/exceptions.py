"""`hubtriage exceptions`: the register of rules that hide, and what they hold."""

import csv
import io
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

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
from hubtriage.cli.publishing.places import S3Place, S3Url
from hubtriage.cli.terminal import note
from hubtriage.cli.text import counted, quoted
from hubtriage.cli.views.exceptions.register import csv_rows, text
from hubtriage.engine.planning.plan import Settings
from hubtriage.engine.ruleset.ruleset import Ruleset
from hubtriage.simulation.exceptions.approvals import history_of
from hubtriage.simulation.exceptions.holdings import MOST_EXAMPLES, HiddenFindings
from hubtriage.simulation.exceptions.html import page
from hubtriage.simulation.exceptions.register import register, selected
from hubtriage.simulation.exceptions.snapshot import document, snapshot
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
@click.option(
    "--publish",
    "place",
    type=S3Url(),
    metavar="s3://BUCKET/PREFIX",
    help="Write the page and the JSON to S3, under the name of the day and as the latest.",
)
@click.option(
    "--by-whom",
    "most_asked",
    metavar="N",
    type=click.IntRange(min=0),
    show_default="20",
    help="With --live: ask who hid N of the findings that no rule hides; two a second, 0 asks for none.",
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
    place: S3Place | None,
    most_asked: int | None,
) -> None:
    """List the rules that hide findings, their owners and their ends.

    git says who wrote, renewed and approved each rule. FINDINGS is an export of `hubtriage findings`; with
    --live, the command reads the findings itself. With either, the register says what each rule holds now,
    and what no rule accounts for: together, that is every hidden finding.

    With --live, the history in Security Hub says who hid what no rule hides, as far as it goes back.

    --publish is for a daily run in the repository of the rules. With --live, it reads everything again.

    Exit codes: 0; 1 the rules have errors; 2 wrong usage, input as for `backtest`, or an unread history.
    """
    if findings is not None and live is not None:
        raise click.UsageError("give FINDINGS or --live, not both")
    if as_json and as_csv:
        raise click.UsageError("--json and --csv are two forms: choose one")
    if place is not None:
        _demand_whole(findings, live)
        live = None if live is None else replace(live, fresh=True)
    if most_asked is not None and live is None:
        raise click.UsageError("--by-whom asks Security Hub: it goes with --live")
    most = _MOST_ASKED if most_asked is None else most_asked
    problems, given = Problems(), live if findings is None else findings
    reading = _Reading(problems, settings, most if live else 0)
    record = selected(_register(given, folder, now, reading), owner, ends_within)
    if as_json:
        print_document(document(record))
    elif as_csv:
        print_document(_csv(record))
    else:
        click.echo("\n".join(text(record)))
    if html is not None:
        write_file(html, page(record))
        note(f"page written to {html}")
    end_if_cut_off(problems)
    if place is not None:
        from hubtriage.cli.publishing.s3 import publish  # boto3 is slow to import, and files need none

        publish(place, snapshot(record))
    if reading.unread:
        fail(*reading.unread, exit_code=2)


_MOST_ASKED = 20
_ALLOW = "allow securityhub:GetFindingHistory, or ask for none with --by-whom 0"
_AGAIN = "run the command again, or ask for fewer with --by-whom"


@dataclass
class _Reading:
    """How findings are counted. `unread` is why some histories could not be read, and what to do about it."""

    problems: Problems
    settings: Settings
    most_asked: int
    unread: tuple[str, str] | None = None


def _demand_whole(findings: str | None, live: LiveSource | None) -> None:
    """End with 2 unless the register is that of all rules, as of now, with findings."""
    if findings is None and live is None:
        raise click.UsageError("--publish needs FINDINGS, or --live")
    context = click.get_current_context()
    for name, option in (("now", "--at"), ("owner", "--owner"), ("ends_within", "--ends-within")):
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--publish writes the whole register as of now: leave out {option}")


def _register(given: str | LiveSource | None, folder: Path, now: float, reading: _Reading) -> dict[str, Any]:
    """Return the register of all rules, and where its findings come from."""
    ruleset = compiled(folder)
    if given is None:
        return {**register(ruleset, history_of(folder), None, now), "source": None}
    source = FindingsSource(named(given), reading.problems)
    holdings = _counted(given, ruleset, reading, source)
    if reading.most_asked and holdings.groups["others"]:
        _ask_by_whom(holdings, reading)
    return {**register(ruleset, history_of(folder), holdings, now), "source": source.as_record()}


def _counted(
    given: str | LiveSource, ruleset: Ruleset, reading: _Reading, source: FindingsSource
) -> HiddenFindings:
    """Count the findings of a source; end with 2 if there is nothing in it that can be used."""
    holdings = HiddenFindings(max(MOST_EXAMPLES, reading.most_asked))
    in_doubt, now, problems = 0, time.time(), source.problems
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
                    holdings.add(item, ruleset, now, reading.settings)
    except UnreadableInputError as error:
        fail(str(error), exit_code=2)
    tell_problems(source.name, holdings.read, problems)
    warn_without_entries(in_doubt)
    return holdings


def _ask_by_whom(holdings: HiddenFindings, reading: _Reading) -> None:
    """Ask the history who hid what no rule hides: the examples first, and no more than wanted."""
    # boto3 is slow to import, and files need none
    from hubtriage.cli.inputs.live import histories_from_here
    from hubtriage.simulation.exceptions.by_whom import hidden_by

    asked = list(zip(holdings.keys, holdings.others, strict=True))[: reading.most_asked]
    total = holdings.groups["others"]
    with progress_bar("asking who hid them") as bar:
        told, counts = hidden_by(
            asked, total, histories_from_here(), lambda done: bar.show(f"{done:,} of {len(asked):,}")
        )
    holdings.others[: len(told)] = told
    holdings.by_whom = counts.as_record()
    if counts.fault is not None:
        what = f"{counted(counts.unread, 'finding')}: {counts.fault.code}: {counts.fault.message}"
        hint = _ALLOW if counts.is_denied else _AGAIN
        reading.unread = f"it could not be read who hid {quoted(what)}", hint


def _csv(record: dict[str, Any]) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(csv_rows(record))
    return file.getvalue()
