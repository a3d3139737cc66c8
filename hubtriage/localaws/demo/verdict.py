"""The demonstration's result: each finding accounted for, what each rule did, whether the witnesses agree."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hubtriage.localaws.demo.evidence import DemoEvidence, States
from hubtriage.localaws.demo.hubs import CSPM, HUBS, NOT_SETTABLE, DemoHub, Finding, Key
from hubtriage.localaws.securityhub.calls import ideal_calls

TOLERATED_CALLS: Final = 1.05
"""How many calls may be made for each that was needed."""


@dataclass(frozen=True, slots=True)
class RuleTally:
    """How many findings a rule changed, would have changed (observe), and left to people."""

    id: str
    mode: str
    description: str
    changed: int
    observed: int
    kept: int
    errors: int


@dataclass(frozen=True, slots=True)
class FieldShift:
    """How many findings have each value of a field, before and after."""

    field: str
    before: Mapping[str, int]
    after: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class DemoVerdict:
    """The outcome in numbers; `problems` is empty when everything is as it should be.

    findings = changed + unchanged + refused. `api_calls` and `ideal_calls` are calls of the hub's operation
    as counted at the service. `example` is the decision-log line of one instructive finding, if there is any.
    """

    findings: int
    changed: int
    unchanged: int
    refused: int
    dead: int
    kept: int
    api_calls: int
    ideal_calls: int
    rules: tuple[RuleTally, ...]
    workflow: FieldShift
    severity: FieldShift
    seconds: Mapping[str, float]
    example: Mapping[str, Any] | None
    problems: tuple[str, ...]
    name: str = CSPM

    @property
    def hub(self) -> DemoHub:
        """What is particular to the hub."""
        return HUBS[self.name]

    @property
    def findings_per_call(self) -> float:
        """Changed findings per call; 0 without calls."""
        return round(self.changed / self.api_calls, 2) if self.api_calls else 0.0

    def as_summary(self) -> dict[str, Any]:
        """Return the JSON-ready summary."""
        return {
            "findings": self.findings,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "refused": self.refused,
            "dlq": self.dead,
            "kept": self.kept,
            "api_calls": self.api_calls,
            "ideal_calls": self.ideal_calls,
            "findings_per_call": self.findings_per_call,
            "seconds": round(sum(self.seconds.values()), 2),
            "seconds_by_step": {step: round(seconds, 2) for step, seconds in self.seconds.items()},
            "by_rule": {rule.id: rule.changed for rule in self.rules},
            "observed_by_rule": {rule.id: rule.observed for rule in self.rules if rule.observed},
            "kept_by_rule": {rule.id: rule.kept for rule in self.rules if rule.kept},
            "workflow": {"before": dict(self.workflow.before), "after": dict(self.workflow.after)},
            "severity": {"before": dict(self.severity.before), "after": dict(self.severity.after)},
            "problems": list(self.problems),
        }


def judge(evidence: DemoEvidence) -> DemoVerdict:
    """Count what happened, and hold the witnesses against each other."""
    changed = changed_findings(evidence.before, evidence.after, evidence.hub)
    refused = _logged(evidence, "refused") - changed
    return DemoVerdict(
        findings=len(evidence.before),
        changed=len(changed),
        unchanged=len(evidence.before.keys() - changed - refused),
        refused=len(refused),
        dead=evidence.dead,
        kept=len({_line_key(line) for line in evidence.lines if any(_left_to_people(line))}),
        api_calls=len(evidence.updates),
        ideal_calls=ideal_calls(evidence.updates),
        rules=_tallies(evidence),
        workflow=_shift(evidence.hub.workflow, evidence, evidence.hub.workflow_of),
        severity=_shift(evidence.hub.severity, evidence, evidence.hub.severity_of),
        seconds=evidence.seconds,
        example=_example(evidence),
        problems=tuple(_problems(evidence, changed)),
        name=evidence.name,
    )


def changed_findings(before: States, after: States, hub: DemoHub = HUBS[CSPM]) -> frozenset[Key]:
    """Return the findings whose updatable fields differ: what the hub's operation can set, nothing else."""
    return frozenset(
        key
        for key, finding in after.items()
        if key in before and hub.shown(finding) != hub.shown(before[key])
    )


def _shift(field: str, evidence: DemoEvidence, value: Callable[[Finding], str]) -> FieldShift:
    counts = (Counter(map(value, states.values())) for states in (evidence.before, evidence.after))
    return FieldShift(field, *counts)


def _line_key(line: Mapping[str, Any]) -> Key:
    return line["product_arn"], line["finding_id"]


def _logged(evidence: DemoEvidence, outcome: str) -> frozenset[Key]:
    return frozenset(_line_key(line) for line in evidence.lines if line.get("outcome") == outcome)


def _tallies(evidence: DemoEvidence) -> tuple[RuleTally, ...]:
    """Count findings per rule, each once however many events carried it."""
    seen: dict[tuple[str, str], set[Key]] = defaultdict(set)
    for line in evidence.lines:
        for deed, rule in _deeds(line):
            seen[deed, rule].add(_line_key(line))
    return tuple(
        RuleTally(
            id=rule["id"],
            mode=rule.get("mode", "enforce"),
            description=rule.get("description", ""),
            **{deed: len(seen[deed, rule["id"]]) for deed in ("changed", "observed", "kept", "errors")},
        )
        for rule in evidence.rules
    )


def _deeds(line: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (deed, rule) for what a line records of each rule; a change counts when it was made."""
    if line.get("outcome") == "updated":
        yield from (("changed", change["rule"]) for change in line.get("changes", ()))
    yield from (("kept", entry["rule"]) for entry in _left_to_people(line))
    for deed in ("observed", "errors"):
        yield from ((deed, entry["rule"]) for entry in line.get(deed, ()))


def _left_to_people(line: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield what a line says was kept, less the fields that the hub does not let anyone set."""
    yield from (entry for entry in line.get("kept", ()) if entry.get("why") != NOT_SETTABLE)


def _example(evidence: DemoEvidence) -> Mapping[str, Any] | None:
    """Return the line that shows most at once: something kept, several rules, several fields."""
    made = (line for line in evidence.lines if line.get("outcome") == "updated")
    return max(made, key=_instructiveness, default=None)


def _instructiveness(line: Mapping[str, Any]) -> tuple[int, int, int]:
    rules = {change["rule"] for change in line.get("changes", ())}
    return min(len(line.get("kept", ())), 1), len(rules), len(line.get("changes", ()))


def _problems(evidence: DemoEvidence, changed: frozenset[Key]) -> Iterator[str]:
    yield from _losses(evidence)
    yield from _disagreements(evidence, changed)
    yield from _trespasses(evidence)
    yield from _hidden_for_no_reason(evidence)
    yield from _waste(evidence)


def _losses(evidence: DemoEvidence) -> Iterator[str]:
    if missing := len(evidence.before.keys() - evidence.after.keys()):
        yield f"{missing} findings are not in Security Hub"
    if evidence.waiting:
        yield f"{evidence.waiting} messages are still in the queue"
    if evidence.dead:
        yield f"{evidence.dead} messages are in the dead-letter queues"
    if errors := [line for line in evidence.lines if line.get("level") == "ERROR"]:
        yield f"{len(errors)} errors in the decision log, the first: {errors[0]}"


def _disagreements(evidence: DemoEvidence, changed: frozenset[Key]) -> Iterator[str]:
    logged = _logged(evidence, "updated")
    if unlogged := len(changed - logged):
        yield f"{unlogged} findings were changed, but the decision log does not say so"
    if unseen := len(logged - changed):
        yield f"{unseen} findings were changed, says the decision log, but Security Hub does not show it"


def _trespasses(evidence: DemoEvidence) -> Iterator[str]:
    """Report user-defined fields that stand where no rule set them; nothing of triage belongs there."""
    if marked := sum(any(map(_is_ours, _user_fields(each))) for each in evidence.after.values()):
        yield f"{marked} findings carry user-defined fields of hubtriage, which keeps nothing on findings"
    lines = [line for line in evidence.lines if line.get("outcome") == "updated" and _rules_of_fields(line)]
    by_finding = _user_fields_set(evidence, lines)
    strange = sum(
        not _changed_user_fields(evidence, key) <= by_finding[key]
        for key in evidence.before.keys() & evidence.after.keys()
    )
    if strange:
        yield f"{strange} findings have user-defined fields that no rule set"
    written = sum(call.processed for call in evidence.updates if "UserDefinedFields" in call.fields)
    if written > len(lines):
        yield f"user-defined fields were written {written} times, where rules asked for it {len(lines)} times"


def _hidden_for_no_reason(evidence: DemoEvidence) -> Iterator[str]:
    """Report what triage may not hide, and what it hid without a rule or without remembering it."""
    hub, before, after = evidence.hub, evidence.before, evidence.after
    both = before.keys() & after.keys()
    if ranked := sum(not hub.stands_open(before[key], after[key]) for key in both):
        yield f"{ranked} findings whose severity is not known were hidden or ranked"
    if replaced := sum(not hub.keeps_words(before[key], after[key]) for key in both):
        yield f"{replaced} comments of people were replaced"
    hidden = {key for key in both if hub.is_hidden(after[key]) and not hub.is_hidden(before[key])}
    if strange := len(hidden - _ruled(evidence)):
        yield f"{strange} findings are hidden, but no rule in force is named for it"
    if evidence.held is not None and (forgotten := len(hidden - evidence.held)):
        yield f"{forgotten} findings are hidden, but the ledger does not say so"


def _ruled(evidence: DemoEvidence) -> frozenset[Key]:
    """Return the findings that a rule in force has changed, as the decision log says."""
    enforced = {rule["id"] for rule in evidence.rules if rule.get("mode", "enforce") == "enforce"}
    return frozenset(
        _line_key(line)
        for line in evidence.lines
        for deed, rule in _deeds(line)
        if deed == "changed" and rule in enforced
    )


def _is_ours(name: str) -> bool:
    return name.startswith("hubtriage/")


def _user_fields(finding: Finding) -> Mapping[str, str]:
    fields: Mapping[str, str] = finding.get("UserDefinedFields") or {}
    return fields


def _changed_user_fields(evidence: DemoEvidence, key: Key) -> set[str]:
    before, after = _user_fields(evidence.before[key]), _user_fields(evidence.after[key])
    return {name for name in {**before, **after} if before.get(name) != after.get(name)}


def _rules_of_fields(line: Mapping[str, Any]) -> set[str]:
    """Return the rules that set user-defined fields, as a line of the decision log says."""
    changes = line.get("changes", ())
    return {change["rule"] for change in changes if change["field"].startswith("UserDefinedFields")}


def _user_fields_set(evidence: DemoEvidence, lines: Iterable[Mapping[str, Any]]) -> Mapping[Key, set[str]]:
    """Return the user-defined fields of the rules that set such, by finding."""
    by_rule = {rule["id"]: set(_user_fields(rule.get("update", {}))) for rule in evidence.rules}
    names: dict[Key, set[str]] = defaultdict(set)
    for line in lines:
        for rule in _rules_of_fields(line):
            names[_line_key(line)] |= by_rule.get(rule, set())
    return names


def _waste(evidence: DemoEvidence) -> Iterator[str]:
    calls, ideal = len(evidence.updates), ideal_calls(evidence.updates)
    if calls > TOLERATED_CALLS * ideal:
        yield f"{calls} API calls were made, but {ideal} would have been enough"
