"""`hubtriage explain`: the whole reasoning for one finding."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from hubtriage.aws.securityhub.api import Key, key_of
from hubtriage.cli.failure import fail
from hubtriage.cli.inputs.console_url import id_callback
from hubtriage.cli.inputs.findings import end_if_cut_off, read_findings, tell_problems
from hubtriage.cli.inputs.one_finding import MOST_NAMED, Wanted, product_option
from hubtriage.cli.inputs.rules import compiled
from hubtriage.cli.options import findings_argument, now_option, rules_option, settings_options
from hubtriage.cli.project import announced_routes
from hubtriage.cli.targets.option import target_option
from hubtriage.cli.terminal import print_lines
from hubtriage.cli.text import quoted
from hubtriage.cli.views.explain import render
from hubtriage.engine.ocsf.view import is_view
from hubtriage.engine.ocsf.view import key_of as v2_key_of
from hubtriage.engine.planning.plan import Settings
from hubtriage.simulation.explain import explain
from hubtriage.simulation.exported import ExportedFinding
from hubtriage.simulation.inputs.documents import UnreadableInputError
from hubtriage.simulation.inputs.findings import Unusable
from hubtriage.simulation.inputs.problems import Problems


@click.command(name="explain")
@target_option
@findings_argument
@click.option(
    "--id",
    "finding_id",
    default="",
    callback=id_callback,
    help="The finding, if FINDINGS has several: its Id, the end or a unique part of it, or its URL in the "
    "Security Hub console.",
)
@product_option
@rules_option
@now_option
@settings_options
@click.option("--all", "every", is_flag=True, help="Also show every condition of rules that do not match.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    findings: str,
    finding_id: str,
    product_arn: str | None,
    folder: Path,
    now: float,
    settings: Settings,
    every: bool,
    as_json: bool,
) -> None:
    """Show the whole reasoning for one finding.

    Which finding it is, what the ledger holds, each rule with each condition and the value it saw, what
    happens to each field, and who holds it. FINDINGS is what `plan` takes. What triage holds is known only if
    the finding comes with its ledger entry: {"finding": ..., "entry": ...}.

    Exit codes: 0; 1 the rules have errors; 2 no finding or several fit, or some input cannot be read.
    """
    ruleset, settings = compiled(folder), replace(settings, routes=announced_routes())
    problems = Problems()
    one = _one(findings, Wanted(finding_id, product_arn), problems)
    entry = None if one.entry is None else one.known
    if one.undecidable:
        click.echo(f"undecidable now, so triage would wait: {quoted(one.undecidable)}", err=True)
    explanation = explain(one.finding, entry, ruleset, now, settings)
    record = explanation.as_json() | {"undecidable": one.undecidable, "in_doubt": one.is_in_doubt}
    if as_json:
        click.echo(json.dumps(record, indent=2))
    else:
        print_lines(render(explanation, every))
    end_if_cut_off(problems)


def _key(finding: Mapping[str, Any], wanted: Wanted) -> Key:
    """Return what names the finding; of Security Hub V2 its Id if that is what was asked for."""
    key = v2_key_of(finding) if is_view(finding) else None
    if key is None:
        return key_of(finding)
    by_id = key[0], str(finding.get("Id"))
    return by_id if wanted.end and wanted.rank(key) is None else key


def _one(source: str, wanted: Wanted, problems: Problems) -> ExportedFinding:
    """Return the finding to explain; end with 2 if there is none, or several that may be meant."""
    found: dict[Key, list[ExportedFinding]] = {}
    usable, ranks = 0, Counter[int | None]()
    try:
        for item in read_findings(source, problems):
            if isinstance(item, Unusable):
                continue
            usable += 1
            rank = wanted.rank(key := _key(item.finding, wanted))
            if rank is None:
                continue
            ranks[rank] += key not in found
            found.setdefault(key, []).append(item)
            if rank and ranks[rank] > MOST_NAMED:
                found[key].clear()  # too many fit as well as this one: only their names matter
    except UnreadableInputError as error:
        fail(str(error), exit_code=2)
    tell_problems(source, usable, problems)
    if not found:
        which = f"no finding with {quoted(wanted.end)} in its Id" if wanted.end else "no finding"
        fail(f"{quoted(source)}: {which}", exit_code=2)
    several = found[wanted.only(found, "say which one with --id")]
    if len(several) > 1:
        click.echo(f"{quoted(source)} has this finding {len(several)} times; this is the last one", err=True)
    return several[-1]
