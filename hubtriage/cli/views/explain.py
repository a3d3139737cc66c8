"""The reasoning for one finding, as people read it in a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from hubtriage.cli.subject import Accounts, named, state_line, subject_lines, title_of
from hubtriage.cli.text import quoted, shown
from hubtriage.cli.views.conditions import all_conditions, first_failure
from hubtriage.cli.views.decision import delivery_lines, observed_lines, owner_lines, policy_lines
from hubtriage.cli.views.entry import NOTHING, hand_back_line, since
from hubtriage.engine.fields import Finding
from hubtriage.engine.planning.entry import Entry, is_digest
from hubtriage.simulation.explain import ClaimExplanation, Explanation, RuleExplanation
from hubtriage.simulation.exported import NO_ENTRIES, seems_ours
from hubtriage.simulation.field_explanations import FieldExplanation

JUDGED = "evaluated without hubtriage's own changes; the last rule to set a field wins"
FIELDS = "what happens to each field, and who holds it"
NO_FIELDS = "no rule sets one, and triage holds none"
HOLDERS = {"nobody": "no one"}
"""Words for people where `--json` has others."""
VERDICTS = {"not looked at": "not evaluated"}
COLOURS = {
    "applies": "green",
    "held": "green",
    "observed": "cyan",
    "failed": "red",
    "above its ceiling": "yellow",
    "not known": "yellow",
}


def render(explanation: Explanation, every: bool = False) -> Iterator[str]:
    """Yield the explanation as lines for people."""
    yield from _finding(explanation.finding, explanation.ruleset.accounts)
    yield ""
    yield from _ledger(explanation)
    yield ""
    yield from _rules(explanation.rules, every)
    yield ""
    yield from _fields(explanation.fields)
    yield ""
    yield from _decision(explanation)


def rule_lines(explanation: Explanation) -> Iterator[str]:
    """Yield the verdict of each rule, with every condition."""
    return _rules(explanation.rules, every=True)


def field_lines(explanation: Explanation) -> Iterator[str]:
    """Yield who holds each field, and what happens to it."""
    return _fields(explanation.fields)


def _head(title: str, text: str = "") -> str:
    return click.style(f"{title:<9}", bold=True) + text


def _finding(finding: Finding, accounts: Accounts) -> Iterator[str]:
    finding_id, title = named(finding), title_of(finding)
    yield _head("FINDING", title or finding_id)
    yield from subject_lines(finding, accounts)
    yield f"  {state_line(finding)}"
    if title:
        yield f"  {finding_id}"


def _ledger(explanation: Explanation) -> Iterator[str]:
    yield _head("LEDGER", _what_is_known(explanation))
    width = max((len(quoted(claim.field)) for claim in explanation.claims), default=0)
    for claim in explanation.claims:
        yield f"  {quoted(claim.field):<{width}}  {_claim(claim, explanation.reasoning.entry)}"
    yield from hand_back_line(explanation.reasoning.claims, explanation.reasoning.decision.finding_id)


def _what_is_known(explanation: Explanation) -> str:
    if explanation.claims:
        return "what triage set on this finding:"
    if explanation.is_entry_known:
        return NOTHING
    if seems_ours(explanation.finding):
        return f"the input has a note of triage but no ledger entry: {NO_ENTRIES}"
    return "the input has no ledger entry for this finding"


def _claim(claim: ClaimExplanation, entry: Entry) -> str:
    """Return what was set and what happened to it, by which rule, since when, and what people did."""
    value = "" if is_digest(claim.set) or claim.set is None else f"{shown(claim.set)}  "
    gone = "" if claim.in_rules else ", which is no longer in the rules"
    rule = "" if claim.rule is None else f"; set by {quoted(claim.rule)}{gone}"
    before = "" if claim.before is None else f"; a person had {shown(claim.before)} before"
    times = "once" if claim.overruled == 1 else f"{claim.overruled} times"
    overruled = f"; overruled {times}" if claim.overruled else ""
    held_since = since(entry, claim.field, entry.claims[claim.field])
    return f"{value}{claim.standing}{rule}{held_since}{before}{overruled}"


def _rules(rules: Sequence[RuleExplanation], every: bool) -> Iterator[str]:
    if not rules:
        yield _head("RULES", "none")
        return
    yield _head("RULES", JUDGED)
    width = max((len(rule.id) for rule in rules), default=0)
    for rule in rules:
        verdict = click.style(VERDICTS.get(rule.verdict, rule.verdict), fg=COLOURS.get(rule.verdict))
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
    if rule.deliveries:
        yield ", ".join(quoted(delivery.as_text()) for delivery in rule.deliveries)
    if rule.blind:
        yield f"V2 does not show {', '.join(map(quoted, rule.blind))}"
    for name, why in rule.dropped.items():
        yield f"sets no {name} here: {why}"


def _fields(fields: Sequence[FieldExplanation]) -> Iterator[str]:
    yield _head("FIELDS", FIELDS if fields else NO_FIELDS)
    width = max((len(quoted(field.field)) for field in fields), default=0)
    for field in fields:
        value = shown(field.value)
        if field.outcome in ("set", "taken back", "refused"):
            value += f" -> {shown(field.becomes)}"
        why = f"{field.outcome}: {quoted(field.why)} ({HOLDERS.get(field.holder, field.holder)} holds it)"
        yield f"  {quoted(field.field):<{width}}  {value}  {why}"


def _decision(explanation: Explanation) -> Iterator[str]:
    decision = explanation.reasoning.decision
    if decision.refused:
        yield _head("DECISION", f"refused: {quoted(decision.refused)}")
    elif decision.update is None:
        is_noted = decision.after.remembers_more_than(explanation.reasoning.entry)
        yield _head("DECISION", "no change; only the ledger is updated" if is_noted else "no change")
    else:
        yield _head("DECISION", "one update")
        yield from _update(decision.update)
    yield from observed_lines(decision.as_record())
    yield from policy_lines(decision.as_record())
    yield from owner_lines(decision.as_record())
    yield from delivery_lines(decision.as_record())


def _update(update: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is sent."""
    for name, value in update.items():
        if name != "UserDefinedFields":
            yield f"  {quoted(name)}: {shown(value)}"
    for key, value in update.get("UserDefinedFields", {}).items():
        yield f"  UserDefinedFields {quoted(key)}: {shown(value)}"
