"""`hubtriage plan`: the update that each finding would get."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from hubtriage.cli.failure import fail
from hubtriage.cli.inputs.findings import read_findings
from hubtriage.cli.inputs.rules import compiled
from hubtriage.cli.options import findings_argument, now_option, rules_option, settings_options, stack_option
from hubtriage.cli.text import counted, quoted
from hubtriage.cli.views.decision import decision_lines
from hubtriage.engine.planning.batches import group
from hubtriage.engine.planning.decision import Decision
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.ruleset.ruleset import Ruleset
from hubtriage.simulation.documents import UnreadableInputError
from hubtriage.simulation.findings import Unusable

Planned = Decision | Unusable
MEMO_SAYS = {
    "foreign": "another stack that is listed as known holds it",
    "lost": "hands off, as there is a note of ours but no memory of it that can be read",
}
"""The memos on whose findings triage changes nothing."""


@click.command(name="plan")
@findings_argument
@rules_option
@now_option
@stack_option
@settings_options
@click.option("--json", "as_json", is_flag=True, help="One JSON line for each finding.")
@click.option(
    "--calls",
    type=click.Path(path_type=Path, file_okay=False),
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
    lines, EventBridge events or answers of GetFindings; `.gz` is unpacked. A finding that no rule can see
    has a line too, with the reason.

    Exit codes: 0; 1 the rules have errors; 2 the input cannot be read.
    """
    ruleset = compiled(folder)
    try:
        planned = [
            item if isinstance(item, Unusable) else decide(item, ruleset, now, settings)
            for item in read_findings(findings)
        ]
    except UnreadableInputError as error:
        fail(str(error), exit_code=2)
    for result in planned:
        click.echo(json.dumps(record(result, ruleset)) if as_json else "\n".join(text(result)))
    if calls is not None:
        written = write_calls(planned, calls)
        click.echo(f"{counted(written, 'request')} written to {calls}", err=True)
    if not as_json:
        click.echo(summary(planned), err=True)


def record(result: Planned, ruleset: Ruleset) -> dict[str, Any]:
    """Return the JSON line of a finding, also of an unusable one, with the rules that decided it."""
    by = {"ruleset": ruleset.hash, "revision": ruleset.revision}
    if isinstance(result, Decision):
        return result.as_record() | by
    value = result.value if isinstance(result.value, dict) else {}
    identity = {"finding_id": value.get("Id"), "product_arn": value.get("ProductArn")}
    errors = [{"rule": None, "message": result.reason}]
    return {**Decision("", "", "none").as_record(), **identity, "errors": errors, **by}


def text(result: Planned) -> Iterator[str]:
    """Yield a finding and what becomes of it, for people."""
    if isinstance(result, Unusable):
        yield f"unusable: {result.reason}"
        return
    yield quoted(result.finding_id)
    yield from decision_lines(result.as_record())
    if result.update is None and not result.refused:
        hands_off = f": {MEMO_SAYS[result.memo]}" if result.memo in MEMO_SAYS else ""
        yield f"  no change{hands_off}"


def write_calls(planned: Iterable[Planned], folder: Path) -> int:
    """Write each request into a file of its own; return how many there are."""
    folder.mkdir(parents=True, exist_ok=True)
    updates = [
        ({"Id": result.finding_id, "ProductArn": result.product_arn}, result.update)
        for result in planned
        if isinstance(result, Decision) and result.update is not None
    ]
    calls = group(updates)
    for number, call in enumerate(calls, 1):
        (folder / f"{number:04}.json").write_text(
            json.dumps(call.request(), indent=2) + "\n", encoding="utf-8"
        )
    return len(calls)


def summary(planned: Iterable[Planned]) -> str:
    """Return how many findings of each kind there are."""
    counts = Counter(_kind(result) for result in planned)
    return ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())) or "no findings"


def _kind(result: Planned) -> str:
    if isinstance(result, Unusable):
        return "unusable"
    if result.refused:
        return "refused"
    return "to change" if result.update is not None else "unchanged"
