"""`hubtriage explain`: the whole reasoning for one finding."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from hubtriage.cli.commands.findings.plan import findings_argument, now_option, quoted, shown
from hubtriage.cli.inputs.findings import Item, UnreadableInputError, Unusable, read_findings
from hubtriage.cli.inputs.rules import compiled, rules_option
from hubtriage.cli.options import settings_options, stack_option
from hubtriage.cli.views.conditions import all_conditions, first_failure
from hubtriage.engine.fields import OUR_KEYS, SEVERITY, Finding, member, provider_value, read
from hubtriage.engine.planning.plan import Settings
from hubtriage.simulation.explain import UNNAMED, ClaimExplanation, Explanation, RuleExplanation, explain
from hubtriage.simulation.field_explanations import FieldExplanation

JUDGED = "judged on the finding as it would be without triage; on one field the later rule wins"
MOST_IDS = 10
"""How many ids to offer where the user has to choose a finding."""
MEMO = {
    "none": "triage has left no memory on this finding",
    "ours": "what triage did here before:",
    "foreign": "of another stack that is listed as known: hands off",
    "unknown": "of a stack that is not listed: ignored; what it claimed counts as a person's",
    "unreadable": "unreadable: ignored; what it claimed counts as a person's",
    "lost": "lost: there is a note of ours, but no memory of it that can be read: hands off",
}
COLOURS = {
    "applies": "green",
    "held": "green",
    "observed": "cyan",
    "failed": "red",
    "above its ceiling": "yellow",
}


@click.command(name="explain")
@findings_argument
@click.option(
    "--id", "finding_id", help="Which finding, where FINDINGS has several: its Id or the end of it."
)
@rules_option
@now_option
@stack_option
@settings_options
@click.option(
    "--all", "every", is_flag=True, help="Show also every condition of rules that do not match, and the memo."
)
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
    """Show the whole reasoning for one finding of FINDINGS: each rule, each condition and the value it saw,
    what the rules come to, and who holds each field.

    Exit codes: 0; 1 the rules have errors; 2 the input cannot be read or has no such finding.
    """
    ruleset = compiled(folder)
    explanation = explain(_one(findings, finding_id), ruleset, now, settings)
    click.echo(
        json.dumps(explanation.as_json(), indent=2) if as_json else "\n".join(render(explanation, every))
    )


def _one(source: str, finding_id: str | None) -> Finding:
    """The finding to explain; exits with 2 where there is none."""
    try:
        items = list(read_findings(source))
    except UnreadableInputError as error:
        raise _exit_with(str(error)) from error
    if finding_id is not None:
        items = [item for item in items if isinstance(item, dict) and item["Id"].endswith(finding_id)]
        if not items:
            raise _exit_with(f"{source}: no finding with an Id that ends in {finding_id!r}")
    if len(items) != 1:
        raise _exit_with(f"{source}: {len(items)} findings; say which one with --id{_some_ids(items)}")
    if isinstance(items[0], Unusable):
        raise _exit_with(f"{source}: {items[0].reason}")
    return items[0]


def _some_ids(items: Sequence[Item]) -> str:
    """What could be given as --id, a line for each of the first findings."""
    ids = [item["Id"] for item in items if isinstance(item, dict)]
    more = [f"... and {len(ids) - MOST_IDS} more"] if len(ids) > MOST_IDS else []
    return "".join(f"\n  {line}" for line in [*map(quoted, ids[:MOST_IDS]), *more])


def _exit_with(message: str) -> SystemExit:
    click.echo(f"Error: {message}", err=True)
    return SystemExit(2)


def render(explanation: Explanation, every: bool = False) -> Iterator[str]:
    """The explanation as lines for people."""
    yield from _finding(explanation.finding)
    yield ""
    yield from _memo(explanation)
    yield ""
    yield from _rules(explanation.rules, every)
    yield ""
    yield from _fields(explanation.fields)
    yield ""
    yield from _decision(explanation, every)


def rule_lines(explanation: Explanation) -> Iterator[str]:
    """What the rules came to, every condition of all of them included."""
    return _rules(explanation.rules, every=True)


def field_lines(explanation: Explanation) -> Iterator[str]:
    """Who holds each field, and what becomes of it."""
    return _fields(explanation.fields)


def _head(title: str, text: str = "") -> str:
    return click.style(f"{title:<9}", bold=True) + text


def _finding(finding: Finding) -> Iterator[str]:
    yield _head("FINDING", quoted(finding["Id"]))
    title = finding.get("Title")
    if isinstance(title, str):
        yield f"  {shown(title)}"
    known, provided = provider_value(finding, SEVERITY)
    current = read(finding, SEVERITY)
    severity = f"severity {shown(current)}"
    if known and provided != current:
        severity += f" (its provider says {provided})"
    account = shown(finding.get("AwsAccountId"))
    status = member(finding.get("Compliance"), "Status")
    parts = [severity, f"workflow {shown(read(finding, 'Workflow.Status'))}", f"account {account}"]
    yield "  " + ", ".join(parts + ([f"compliance {shown(status)}"] if status else []))


def _memo(explanation: Explanation) -> Iterator[str]:
    yield _head("MEMO", MEMO[explanation.reasoning.memo.kind])
    width = max((len(claim.field) for claim in explanation.claims), default=0)
    for claim in explanation.claims:
        yield f"  {_claim(claim, width)}"


def _claim(claim: ClaimExplanation, width: int) -> str:
    return f"{quoted(claim.field):<{width}}  {claim.standing}{_set_by(claim)}"


def _set_by(claim: ClaimExplanation) -> str:
    if claim.field == UNNAMED:
        return "; its name is not known any more"
    if claim.standing.startswith("taken back"):
        return ""
    if claim.rule is None:
        return "; set by a rule whose name is not known any more"
    return f"; set by {claim.rule}" + ("" if claim.in_rules else ", which is no longer in the rules")


def _rules(rules: Sequence[RuleExplanation], every: bool) -> Iterator[str]:
    if not rules:
        yield _head("RULES", "not looked at")
        return
    yield _head("RULES", JUDGED)
    width = max((len(rule.id) for rule in rules), default=0)
    for rule in rules:
        verdict = click.style(rule.verdict, fg=COLOURS.get(rule.verdict))
        yield f"  {rule.order:>4} {rule.id:<{width}}  {_verdict(rule, verdict)}"
        yield from (f"         {line}" for line in _below(rule, every))


def _verdict(rule: RuleExplanation, verdict: str) -> str:
    """The verdict and why; of a rule that is not in force, the reason says both."""
    if rule.verdict == "not in force":
        return quoted(rule.why)
    return f"{verdict}: {quoted(rule.why)}" if rule.why else verdict


def _below(rule: RuleExplanation, every: bool) -> Iterator[str]:
    """The conditions of a rule that matter, and what it wants."""
    if rule.verdict in ("not looked at", "not in force"):
        return
    if rule.verdict == "no match":
        yield from all_conditions(rule) if every else first_failure(rule)
        return
    yield from all_conditions(rule)
    if rule.wants:
        wants = (f"{quoted(name)} {shown(value)}" for name, value in rule.wants.items())
        yield f"wants {', '.join(wants)}"
    for name, why in rule.dropped.items():
        yield f"wants nothing of {name} here: {why}"


def _fields(fields: Sequence[FieldExplanation]) -> Iterator[str]:
    yield _head("FIELDS", "who holds each, and what becomes of it" if fields else "left as they are")
    width = max((len(quoted(field.field)) for field in fields), default=0)
    for field in fields:
        value = shown(field.value)
        if field.outcome in ("set", "taken back", "refused"):
            value += f" -> {shown(field.becomes)}"
        why = f"{field.outcome}: {quoted(field.why)} ({field.holder} holds it)"
        yield f"  {quoted(field.field):<{width}}  {value}  {why}"


def _decision(explanation: Explanation, every: bool) -> Iterator[str]:
    decision = explanation.reasoning.decision
    if decision.refused:
        yield _head("DECISION", f"refused: {quoted(decision.refused)}")
    elif decision.update is None:
        yield _head("DECISION", "no change")
    else:
        yield _head("DECISION", "one update" if decision.changes else "one update, of the memory only")
        yield from _update(decision.update, every)
    for seen in decision.observed:
        yield f"  {seen.rule} (observe) would set {quoted(seen.field)} to {shown(seen.new)}"


def _update(update: Mapping[str, Any], every: bool) -> Iterator[str]:
    """What is sent, less the memo: that is for triage to read."""
    for name, value in update.items():
        if name != "UserDefinedFields":
            yield f"  {quoted(name)}: {shown(value)}"
    for key, value in update["UserDefinedFields"].items():
        if every or key not in OUR_KEYS:
            yield f"  UserDefinedFields {quoted(key)}: {shown(value)}"
