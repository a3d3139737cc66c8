"""The whole reasoning for one finding, as data: `hubtriage explain` renders it, `--json` prints it.

Every rule is shown, also one that was not looked at, with each condition and the value that it saw.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from hubtriage.engine.fields import Finding, Value, position, read
from hubtriage.engine.json_values import finite
from hubtriage.engine.planning.memo import Claim
from hubtriage.engine.planning.plan import Reasoning, Settings, reason, rule_names
from hubtriage.engine.planning.resolve import FOLLOWS_PROVIDER
from hubtriage.engine.ruleset.ruleset import Rule, Ruleset
from hubtriage.engine.trace import TracedCondition, TracedOperation, trace_logic, trace_pattern
from hubtriage.simulation.field_explanations import (
    Explainer,
    FieldExplanation,
    is_unnamed,
    measured_severity,
    no_longer_in_force,
    not_in_force,
)

OVERRULED = "overruled: somebody changed the field since"
UNNAMED = "UserDefinedFields.?"
"""A key whose name is lost: the memo holds only its digest, and no finding or rule has the name."""

RuleVerdict = Literal[
    "applies", "held", "observed", "no match", "above its ceiling", "not in force", "not looked at", "failed"
]


@dataclass(frozen=True, slots=True)
class ClaimExplanation:
    """A claim of the memo: the field that triage had set, by which rule, and what became of it.

    `rule` is None if its name is lost; `in_rules` says whether the rule still exists.
    """

    field: str
    value: Value
    rule: str | None
    in_rules: bool
    standing: str


@dataclass(frozen=True, slots=True)
class RuleExplanation:
    """A rule on this finding: its verdict, why, each condition, and what it wants.

    `dropped` says why it wants nothing of a field that its `update` names.
    """

    id: str
    order: int
    mode: str
    verdict: RuleVerdict
    why: str
    match: tuple[TracedCondition, ...]
    when: TracedOperation | None
    wants: Mapping[str, Value]
    dropped: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Every step of one decision, in the order in which it was made."""

    finding: Finding
    ruleset: Ruleset
    reasoning: Reasoning
    claims: tuple[ClaimExplanation, ...]
    rules: tuple[RuleExplanation, ...]
    fields: tuple[FieldExplanation, ...]

    def as_json(self) -> dict[str, Any]:
        """JSON-ready."""
        record = {
            "decision": self.reasoning.decision.as_record(),
            "ruleset": self.ruleset.hash,
            "revision": self.ruleset.revision,
            "claims": [asdict(claim) for claim in self.claims],
            "rules": [asdict(rule) for rule in self.rules],
            "fields": [asdict(field) for field in self.fields],
        }
        return {name: finite(value) for name, value in record.items()}


def explain(finding: Finding, ruleset: Ruleset, now: float, settings: Settings) -> Explanation:
    """Decide one finding and record every step."""
    reasoning = reason(finding, ruleset, now, settings)
    explainer = Explainer(finding, reasoning, ruleset, settings, rule_names(reasoning.finding, ruleset))
    return Explanation(
        finding=finding,
        ruleset=ruleset,
        reasoning=reasoning,
        claims=tuple(_claims(reasoning, ruleset, explainer)),
        rules=tuple(_rules(reasoning, ruleset, now)),
        fields=tuple(explainer.fields()),
    )


def _claims(reasoning: Reasoning, ruleset: Ruleset, explainer: Explainer) -> Iterator[ClaimExplanation]:
    for name, claim in sorted(reasoning.memo.claims.items(), key=lambda item: position(item[0])):
        field = UNNAMED if is_unnamed(name) else name
        standing = _standing(claim, reasoning.claims.get(name))
        yield ClaimExplanation(
            field,
            read(explainer.finding, name),
            explainer.names.get(claim.rule),
            claim.rule in ruleset.by_ref,
            standing,
        )


def _standing(before: Claim, after: Claim | None) -> str:
    if after is None:
        return "ended: Security Hub itself set the field since"
    if after.person:
        return "a person's, since triage was overruled" if before.person else OVERRULED
    if after.left_out:
        return "taken back: left out of the map"
    if after.rule == FOLLOWS_PROVIDER:
        return "taken back: follows its provider since"
    return "ours: the field still holds what triage set"


def _rules(reasoning: Reasoning, ruleset: Ruleset, now: float) -> Iterator[RuleExplanation]:
    if reasoning.memo.hands_off:
        return
    stopped_by: str | None = None
    for rule in ruleset.rules:
        if stopped_by:
            yield _explained_rule(rule, "not looked at", f"{stopped_by} is terminal", reasoning, (), None)
            continue
        match = trace_pattern(rule.source["match"], reasoning.baseline.raw) if "match" in rule.source else ()
        when = None
        if "when" in rule.source:
            when = trace_logic(rule.source["when"], reasoning.baseline.raw, now, ruleset.accounts)
        verdict, why = _verdict(rule, reasoning, now)
        yield _explained_rule(rule, verdict, why, reasoning, match, when)
        if rule.terminal and verdict in ("applies", "held"):
            stopped_by = rule.id


def _verdict(rule: Rule, reasoning: Reasoning, now: float) -> tuple[RuleVerdict, str]:
    folded = reasoning.fold
    error = next((error for error in folded.errors if error.rule == rule.id), None)
    if error is not None:
        return "failed", error.message
    if not rule.in_force(now):
        to_come = rule.starts is not None and now < rule.starts
        return "not in force", not_in_force(rule) if to_come else no_longer_in_force(rule)
    if rule.id in folded.above_ceiling:
        severity = measured_severity(reasoning, "the finding")
        return "above its ceiling", f"it hides, {severity}, its ceiling is {rule.ceiling}"
    if rule.id in folded.rules:
        return ("held", "keeps what it did") if rule.mode == "hold" else ("applies", "all conditions hold")
    if rule.id in folded.watched:
        return "observed", "all conditions hold; only logged"
    return "no match", ""


def _explained_rule(
    rule: Rule,
    verdict: RuleVerdict,
    why: str,
    reasoning: Reasoning,
    match: tuple[TracedCondition, ...],
    when: TracedOperation | None,
) -> RuleExplanation:
    wants = {proposal.field: proposal.value for proposal in rule.proposals.of(reasoning.baseline)}
    dropped = rule.proposals.dropped(reasoning.baseline)
    return RuleExplanation(rule.id, rule.order, rule.mode, verdict, why, match, when, wants, dropped)
