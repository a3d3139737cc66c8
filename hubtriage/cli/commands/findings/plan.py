"""`hubtriage plan`: the update that each finding would get."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from hubtriage.cli.failure import fail
from hubtriage.cli.inputs.findings import (
    end_if_cut_off,
    read_findings,
    tell_problems,
    warn_without_entries,
)
from hubtriage.cli.inputs.rules import compiled
from hubtriage.cli.locations import Location
from hubtriage.cli.options import findings_argument, now_option, rules_option, settings_options
from hubtriage.cli.output import write_file
from hubtriage.cli.project import announced_routes
from hubtriage.cli.targets.option import target_option
from hubtriage.cli.terminal import note, print_lines
from hubtriage.cli.text import counted
from hubtriage.cli.views.plan import Planned, PlannedFinding, kind, record, summary, text
from hubtriage.engine.ocsf.view import HUB_V2
from hubtriage.engine.planning.batches import group
from hubtriage.engine.planning.decision import V2Decision
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.ruleset.ruleset import Ruleset
from hubtriage.simulation.exported import ExportedFinding
from hubtriage.simulation.inputs.documents import UnreadableInputError
from hubtriage.simulation.inputs.findings import Unusable
from hubtriage.simulation.inputs.problems import Problems


@click.command(name="plan")
@target_option
@findings_argument
@rules_option
@now_option
@settings_options
@click.option("--json", "as_json", is_flag=True, help="One JSON line for each finding.")
@click.option(
    "--calls",
    type=Location(path_type=Path, file_okay=False),
    help="Write the requests into this folder, as `aws securityhub batch-update-findings` takes them, and "
    "batch-update-findings-v2 those in v2-*.json.",
)
def command(
    findings: str,
    folder: Path,
    now: float,
    settings: Settings,
    as_json: bool,
    calls: Path | None,
) -> None:
    """Show the update that each finding would get.

    Nothing is sent. FINDINGS is a file, a folder of files, or `-` for standard input, in any form that AWS
    delivers; docs/inputs.md lists them. A finding may come with its ledger entry:
    {"finding": ..., "entry": ...}. Without the entry, triage's own changes look like a person's.

    Records that cannot be used as findings are listed at the end, each with its place and the reason; --json
    also prints a line for each.

    Exit codes: 0; 1 the rules have errors; 2 nothing in the input is usable, or some of it cannot be read.
    """
    ruleset, settings = compiled(folder), replace(settings, routes=announced_routes())
    problems, counts, in_doubt, requests = Problems(), Counter[str](), 0, Requests()
    try:
        for item in read_findings(findings, problems):
            result = item if isinstance(item, Unusable) else _planned(item, ruleset, now, settings)
            counts[kind(result)] += 1
            _show(result, ruleset, as_json=as_json)
            if isinstance(result, PlannedFinding):
                in_doubt += result.item.is_in_doubt
                requests.add(result)
    except UnreadableInputError as error:
        fail(str(error), exit_code=2)
    tell_problems(findings, counts.total() - problems.count, problems)
    if calls is not None:
        written = requests.write(calls)
        note(f"{counted(written, 'request')} written to {calls}")
    if counts and not as_json:
        note(summary(counts))
    warn_without_entries(in_doubt)
    end_if_cut_off(problems)


def _planned(item: ExportedFinding, ruleset: Ruleset, now: float, settings: Settings) -> PlannedFinding:
    decision = None if item.undecidable else decide(item.finding, item.known, ruleset, now, settings)
    return PlannedFinding(item, decision)


def _show(result: Planned, ruleset: Ruleset, *, as_json: bool) -> None:
    """Print what happens to a finding before the next one is read: a file may hold a million."""
    if as_json and (isinstance(result, PlannedFinding) or result.is_record):
        click.echo(json.dumps(record(result, ruleset)))
    elif not as_json:
        print_lines(text(result))


class Requests:
    """The updates of planned findings, as requests of BatchUpdateFindings and BatchUpdateFindingsV2."""

    def __init__(self) -> None:
        self._updates: list[tuple[dict[str, str], Mapping[str, Any]]] = []
        self._of_v2: list[tuple[dict[str, str], Mapping[str, Any]]] = []
        self._reopening: set[tuple[str, str]] = set()

    def add(self, planned: PlannedFinding) -> None:
        """Add what a finding gets, if it gets anything."""
        decision = planned.decision
        if decision is None:
            return
        if decision.on_v2 is not None:
            self._add_of_v2(decision.on_v2, reopens=decision.reopens)
            return
        if decision.update is not None:
            identifier = {"Id": decision.finding_id, "ProductArn": decision.product_arn}
            self._updates.append((identifier, decision.update))
        if decision.reopens:
            self._reopening.add((decision.product_arn, decision.finding_id))

    def _add_of_v2(self, decided: V2Decision, reopens: bool) -> None:
        if decided.update is not None:
            self._of_v2.append(({"ProductArn": HUB_V2, "Id": decided.uid}, decided.update))
        if reopens:
            self._reopening.add((HUB_V2, decided.uid))

    def write(self, folder: Path) -> int:
        """Write each request into a file of its own, in the order of sending; return how many there are.

        Those for Security Hub V2 have names of their own, because another command takes them.
        """
        calls = group(self._updates, reopening=self._reopening)
        for number, call in enumerate(calls, 1):
            write_file(folder / f"{number:04}.json", json.dumps(call.request(), indent=2) + "\n")
        calls_of_v2 = group(self._of_v2, reopening=self._reopening)
        for number, call in enumerate(calls_of_v2, 1):
            request = {"MetadataUids": [one["Id"] for one in call.identifiers], **call.payload}
            write_file(folder / f"v2-{number:04}.json", json.dumps(request, indent=2) + "\n")
        return len(calls) + len(calls_of_v2)
