"""`hubtriage explain`: the whole reasoning for one finding."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import click

from hubtriage.cli.failure import fail
from hubtriage.cli.inputs.findings import read_findings
from hubtriage.cli.inputs.rules import compiled
from hubtriage.cli.options import findings_argument, now_option, rules_option, settings_options
from hubtriage.cli.text import quoted
from hubtriage.cli.views.explain import render
from hubtriage.engine.planning.plan import Settings
from hubtriage.simulation.documents import UnreadableInputError
from hubtriage.simulation.explain import explain
from hubtriage.simulation.exported import ExportedFinding
from hubtriage.simulation.findings import Item, Unusable

MOST_IDS = 10
"""How many ids to offer where the user has to choose a finding."""


@click.command(name="explain")
@findings_argument
@click.option(
    "--id", "finding_id", help="Which finding, where FINDINGS has several: its Id or the end of it."
)
@rules_option
@now_option
@settings_options
@click.option("--all", "every", is_flag=True, help="Show also every condition of rules that do not match.")
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def command(
    findings: str,
    finding_id: str | None,
    folder: Path,
    now: float,
    settings: Settings,
    every: bool,
    as_json: bool,
) -> None:
    """Show the whole reasoning for one finding.

    What the ledger holds, each rule, each condition and the value it saw, what the rules come to, and who
    holds each field. FINDINGS is what `plan` takes. What triage holds is known only if the finding has its
    entry of the ledger beside it: {"finding": ..., "entry": ...}.

    Exit codes: 0; 1 the rules have errors; 2 the input cannot be read or has no such finding.
    """
    ruleset = compiled(folder)
    one = _one(findings, finding_id)
    entry = None if one.entry is None else one.known
    if one.undecidable:
        click.echo(f"undecidable, triage would wait: {quoted(one.undecidable)}", err=True)
    explanation = explain(one.finding, entry, ruleset, now, settings)
    record = explanation.as_json() | {"undecidable": one.undecidable, "in_doubt": one.is_in_doubt}
    click.echo(json.dumps(record, indent=2) if as_json else "\n".join(render(explanation, every)))


def _one(source: str, finding_id: str | None) -> ExportedFinding:
    """Return the finding to explain; end with 2 if there is none."""
    try:
        items = [item for item in read_findings(source) if finding_id is None or _ends_in(item, finding_id)]
    except UnreadableInputError as error:
        _fail(str(error))
    if finding_id is not None and not items:
        _fail(f"{source}: no finding with an Id that ends in {finding_id!r}")
    if len(items) != 1:
        _fail(f"{source}: {len(items)} findings; say which one with --id{_some_ids(items)}")
    if isinstance(items[0], Unusable):
        _fail(f"{source}: {items[0].reason}")
    return items[0]


def _ends_in(item: Item, finding_id: str) -> bool:
    return isinstance(item, ExportedFinding) and item.finding["Id"].endswith(finding_id)


def _some_ids(items: Sequence[Item]) -> str:
    """Return what can be given as --id, a line for each of the first findings."""
    ids = [item.finding["Id"] for item in items if isinstance(item, ExportedFinding)]
    more = [f"... and {len(ids) - MOST_IDS} more"] if len(ids) > MOST_IDS else []
    return "".join(f"\n  {line}" for line in [*map(quoted, ids[:MOST_IDS]), *more])


def _fail(problem: str) -> NoReturn:
    fail(problem, exit_code=2)
