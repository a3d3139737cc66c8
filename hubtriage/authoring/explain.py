"""The whole reasoning for one finding, as data: `hubtriage explain` renders it, `--json` prints it.

Every rule is shown, also one that was not looked at, with each condition and the value that it saw.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from hubtriage.engine.fields import FIELDS, Finding, Value, is_nobodys, position, read
from hubtriage.engine.finite import finite
from hubtriage.engine.memo import Claim
from hubtriage.engine.plan import Reasoning, Settings, reason
from hubtriage.engine.review import taken_back
from hubtriage.engine.ruleset import Rule, Ruleset
from hubtriage.engine.settle import FOLLOWS_PROVIDER, Outcome
from hubtriage.engine.trace import Condition, Node, trace_logic, trace_pattern

Verdict = Literal[
    "applies", "held", "observed", "no match", "above its ceiling", "not in force", "not looked at", "failed"
]
Holder = Literal["nobody", "triage", "a person or another tool"]

WHY = {
    "rule": ("set", "{} wants it"),
    "taken back": ("taken back", "{} no longer wants it"),
    "follows provider": ("set", "follows the provider"),
}


@dataclass(frozen=True, slots=True)
class ClaimTold:
    """A claim of the memo: the field that triage had set, by which rule, and what became of it."""

    field: str
    value: Value
    rule: str | None
    standing: str


@dataclass(frozen=True, slots=True)
class RuleTold:
    """A rule on this finding: its verdict, why, each condition, and what it wants."""

    id: str
    order: int
    mode: str
    verdict: Verdict
    why: str
    match: tuple[Condition, ...]
    when: Node | None
    wants: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class FieldTold:
    """A field that a rule wants or that triage had set: who holds it, and what becomes of it."""

    field: str
    value: Value
    holder: Holder
    baseline: Value
    becomes: Value
    wanted: Value
    rule: str | None
    outcome: str
    why: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The story of one decision, in the order in which it was made."""

    finding: Finding
    ruleset: Ruleset
    reasoning: Reasoning
    claims: tuple[ClaimTold, ...]
    rules: tuple[RuleTold, ...]
    fields: tuple[FieldTold, ...]

    def as_json(self) -> dict[str, Any]:
        """JSON-ready."""
        told = {
            "decision": self.reasoning.decision.as_record(),
            "ruleset": self.ruleset.hash,
            "revision": self.ruleset.revision,
            "claims": [asdict(claim) for claim in self.claims],
            "rules": [asdict(rule) for rule in self.rules],
            "fields": [asdict(field) for field in self.fields],
        }
        return {name: finite(value) for name, value in told.items()}


def explain(finding: Finding, ruleset: Ruleset, now: float, settings: Settings) -> Explanation:
    """Decide one finding and tell every step."""
    reasoning = reason(finding, ruleset, now, settings)
    return Explanation(
        finding=finding,
        ruleset=ruleset,
        reasoning=reasoning,
        claims=tuple(_claims(finding, reasoning, ruleset)),
        rules=tuple(_rules(reasoning, ruleset, now)),
        fields=tuple(_fields(finding, reasoning)),
    )


def _claims(finding: Finding, reasoning: Reasoning, ruleset: Ruleset) -> Iterator[ClaimTold]:
    for name, claim in sorted(reasoning.memo.claims.items(), key=lambda item: position(item[0])):
        rule = "(follows the provider)" if claim.rule == FOLLOWS_PROVIDER else ruleset.names.get(claim.rule)
        yield ClaimTold(name, read(finding, name), rule, _standing(claim, reasoning.claims.get(name)))


def _standing(before: Claim, after: Claim | None) -> str:
    if after is None:
        return "ended: Security Hub itself set the field since"
    if after.person and not before.person:
        return "overruled: somebody changed the field since"
    if after.person:
        return "a person's, since triage was overruled"
    return "ours: the field still holds what triage set"


def _rules(reasoning: Reasoning, ruleset: Ruleset, now: float) -> Iterator[RuleTold]:
    if reasoning.memo.hands_off:
        return
    stopped_by: str | None = None
    for rule in ruleset.rules:
        if stopped_by:
            yield _told(rule, "not looked at", f"{stopped_by} is terminal", reasoning, (), None)
            continue
        match = trace_pattern(rule.source["match"], reasoning.baseline) if "match" in rule.source else ()
        when = None
        if "when" in rule.source:
            when = trace_logic(rule.source["when"], reasoning.baseline, now, ruleset.accounts)
        verdict, why = _verdict(rule, reasoning, now)
        yield _told(rule, verdict, why, reasoning, match, when)
        if rule.terminal and verdict in ("applies", "held"):
            stopped_by = rule.id


def _verdict(rule: Rule, reasoning: Reasoning, now: float) -> tuple[Verdict, str]:
    folded = reasoning.fold
    error = next((error for error in folded.errors if error.rule == rule.id), None)
    if error is not None:
        return "failed", error.message
    if not rule.in_force(now):
        return (
            "not in force",
            "has not started" if rule.starts is not None and now < rule.starts else "has expired",
        )
    if rule.id in folded.above_ceiling:
        label = read(reasoning.baseline, "Severity.Label")
        return "above its ceiling", f"it hides, the finding is {label}, its ceiling is {rule.ceiling}"
    if rule.id in folded.rules:
        return ("held", "keeps what it did") if rule.mode == "hold" else ("applies", "all conditions hold")
    if rule.id in folded.watched:
        return "observed", "all conditions hold; only logged"
    return "no match", ""


def _told(
    rule: Rule,
    verdict: Verdict,
    why: str,
    reasoning: Reasoning,
    match: tuple[Condition, ...],
    when: Node | None,
) -> RuleTold:
    wants = {wish.field: wish.value for wish in rule.wishes.of(reasoning.baseline)}
    return RuleTold(rule.id, rule.order, rule.mode, verdict, why, match, when, wants)


def _fields(finding: Finding, reasoning: Reasoning) -> Iterator[FieldTold]:
    names = {*reasoning.outcomes, *reasoning.memo.claims, *reasoning.fold.observed}
    for name in sorted(names, key=position):
        outcome = reasoning.outcomes.get(name, Outcome())
        rule, wish = reasoning.fold.wishes.get(name, (None, None))
        claim = reasoning.claims.get(name)
        value = read(finding, name)
        result, why = _result(name, outcome, reasoning)
        yield FieldTold(
            field=name,
            value=value,
            holder=_holder(finding, name, value, claim),
            baseline=taken_back(finding, name, claim) if claim and not claim.person else value,
            becomes=outcome.change.new if outcome.change else value,
            wanted=wish.value if wish else None,
            rule=rule.id if rule else None,
            outcome=result,
            why=why,
        )


def _holder(finding: Finding, name: str, value: Value, claim: Claim | None) -> Holder:
    if claim is not None:
        return "a person or another tool" if claim.person else "triage"
    return "nobody" if is_nobodys(finding, name, value) else "a person or another tool"


def _result(name: str, outcome: Outcome, reasoning: Reasoning) -> tuple[str, str]:
    """(what becomes of a field, why)."""
    if outcome.change is not None:
        if reasoning.decision.refused:
            return "refused", reasoning.decision.refused
        result, why = WHY[outcome.change.why]
        return result, why.format(outcome.change.rule or "a rule that is gone")
    if outcome.kept is not None:
        return "kept", outcome.kept.why
    if name in reasoning.fold.held:
        return "kept", "a rule on hold keeps it"
    if name in reasoning.fold.frozen:
        return "kept", "a rule that could set it has failed"
    if name in reasoning.fold.wishes:
        return "unchanged", "already as wanted"
    if name in reasoning.outcomes and outcome.claim is not None:
        return "unchanged", _why_it_stays(name, outcome.claim)
    return "unchanged", "no rule wants it"


def _why_it_stays(name: str, claim: Claim) -> str:
    if claim.rule == FOLLOWS_PROVIDER:
        return "as its provider has it, which triage follows"
    if name not in FIELDS and claim.left_out:
        return "was left out of the map before; it is not asked for twice"
    return "no rule wants it any more, but the API cannot empty it"
