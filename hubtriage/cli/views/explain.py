"""The reasoning for one finding, as people read it in a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from hubtriage.cli.text import quoted, shown
from hubtriage.cli.views.conditions import all_conditions, first_failure
from hubtriage.cli.views.decision import observed_lines
from hubtriage.engine.fields import OUR_KEYS, SEVERITY, Finding, member, provider_value, read
from hubtriage.simulation.explain import UNNAMED, ClaimExplanation, Explanation, RuleExplanation
from hubtriage.simulation.field_explanations import FieldExplanation

JUDGED = "judged on the finding as it would be without triage; on one field the later rule wins"
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


def render(explanation: Explanation, every: bool = False) -> Iterator[str]:
    """Yield the explanation as lines for people."""
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
    """Yield what the rules come to, with every condition of each."""
    return _rules(explanation.rules, every=True)


def field_lines(explanation: Explanation) -> Iterator[str]:
    """Yield who holds each field, and what becomes of it."""
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
    """Return the verdict and its reason; of a rule that is not in force, the reason says both."""
    if rule.verdict == "not in force":
        return quoted(rule.why)
    return f"{verdict}: {quoted(rule.why)}" if rule.why else verdict


def _below(rule: RuleExplanation, every: bool) -> Iterator[str]:
    """Yield the conditions of a rule that matter, and what it wants."""
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
    yield from observed_lines(decision.as_record())


def _update(update: Mapping[str, Any], every: bool) -> Iterator[str]:
    """Yield what is sent, less the memo, which is for triage to read."""
    for name, value in update.items():
        if name != "UserDefinedFields":
            yield f"  {quoted(name)}: {shown(value)}"
    for key, value in update["UserDefinedFields"].items():
        if every or key not in OUR_KEYS:
            yield f"  UserDefinedFields {quoted(key)}: {shown(value)}"
