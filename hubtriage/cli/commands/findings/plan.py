"""`hubtriage plan`: the update that each finding would get."""

import json
from collections.abc import Iterable
from pathlib import Path

import click

from hubtriage.cli.failure import fail
from hubtriage.cli.inputs.findings import read_findings, warn_without_entries
from hubtriage.cli.inputs.rules import compiled
from hubtriage.cli.locations import Location
from hubtriage.cli.options import findings_argument, now_option, rules_option, settings_options
from hubtriage.cli.output import write_file
from hubtriage.cli.terminal import note
from hubtriage.cli.text import counted
from hubtriage.cli.views.plan import Planned, PlannedFinding, record, summary, text
from hubtriage.engine.planning.batches import group
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.simulation.documents import UnreadableInputError
from hubtriage.simulation.findings import Unusable


@click.command(name="plan")
@findings_argument
@rules_option
@now_option
@settings_options
@click.option("--json", "as_json", is_flag=True, help="One JSON line for each finding.")
@click.option(
    "--calls",
    type=Location(path_type=Path, file_okay=False),
    help="Write the requests into this folder, as `aws securityhub batch-update-findings` takes them.",
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

    Nothing is sent. FINDINGS is a file, a folder of files, or `-` for standard input: JSON arrays, JSON
    lines, EventBridge events or answers of GetFindings; `.gz` is unpacked. A finding may have its entry of
    the ledger beside it: {"finding": ..., "entry": ...}. Without it, what triage has set looks like a
    person's.

    A finding that no rule can see has a line too, with the reason. If a file is damaged, the findings before
    the fault are shown.

    Exit codes: 0; 1 the rules have errors; 2 the input cannot be read to its end.
    """
    ruleset = compiled(folder)
    planned: list[Planned] = []
    unreadable: UnreadableInputError | None = None
    try:
        for item in read_findings(findings):
            if isinstance(item, Unusable):
                planned.append(item)
                continue
            decision = None
            if not item.undecidable:
                decision = decide(item.finding, item.known, ruleset, now, settings)
            planned.append(PlannedFinding(item, decision))
    except UnreadableInputError as error:
        unreadable = error
    for result in planned:
        click.echo(json.dumps(record(result, ruleset)) if as_json else "\n".join(text(result)))
    if calls is not None:
        written = write_calls(planned, calls)
        note(f"{counted(written, 'request')} written to {calls}")
    if planned and not as_json:
        note(summary(planned))
    warn_without_entries(sum(isinstance(one, PlannedFinding) and one.item.is_in_doubt for one in planned))
    if unreadable is not None:
        fail(str(unreadable), exit_code=2)


def write_calls(planned: Iterable[Planned], folder: Path) -> int:
    """Write each request into a file of its own, in the order of sending; return how many there are."""
    decided = [one.decision for one in planned if isinstance(one, PlannedFinding) and one.decision]
    updates = [
        ({"Id": result.finding_id, "ProductArn": result.product_arn}, result.update)
        for result in decided
        if result.update is not None
    ]
    reopening = {(result.product_arn, result.finding_id) for result in decided if result.reopens}
    calls = group(updates, reopening=reopening)
    for number, call in enumerate(calls, 1):
        write_file(folder / f"{number:04}.json", json.dumps(call.request(), indent=2) + "\n")
    return len(calls)
