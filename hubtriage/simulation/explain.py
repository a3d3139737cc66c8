"""The whole reasoning for one finding, as data: `hubtriage explain` renders it, `--json` prints it.

Every rule is shown, also one that was not looked at, with each condition and the value that it saw.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from hubtriage.engine.fields import (
    FIELDS,
    NOTE,
    USER_PREFIX,
    WORKFLOW,
    Finding,
    ParsedFinding,
    Value,
    position,
)
from hubtriage.engine.json_values import finite
from hubtriage.engine.ocsf.blind import blind_paths, lacking
from hubtriage.engine.planning.baseline import taken_back
from hubtriage.engine.planning.entry import NO_ENTRY, Authors, Claim, Entry, Stored
from hubtriage.engine.planning.plan import NOT_ASKED, Reasoning, Settings, reason
from hubtriage.engine.ruleset.delivery import Delivery
from hubtriage.engine.ruleset.ruleset import Rule, Ruleset
from hubtriage.engine.trace import TracedCondition, TracedOperation, trace_logic, trace_pattern
from hubtriage.simulation.field_explanations import (
    HISTORY_ASKED,
    Explainer,
    FieldExplanation,
    forbidden_by,
    measured_severity,
    why_not_in_force,
)

OVERRULED = "overruled: a person or another tool has changed it since"

RuleVerdict = Literal[
    "applies",
    "held",
    "observed",
    "no match",
    "above its ceiling",
    "not in force",
    "not looked at",
    "failed",
    "not known",
]


@dataclass(frozen=True, slots=True)
class ClaimExplanation:
    """A claim of the entry: what triage had set, by which rule, and what has happened to it.

    `set` is the value as the ledger keeps it, `value` what the finding has. `rule` is None if no rule wants
    the field any more but triage still holds it; `in_rules` says whether the rule still exists. `before` is
    the person's value that an override replaced, `overruled` how often someone else changed the field since.
    """

    field: str
    set: Stored
    value: Value
    rule: str | None
    in_rules: bool
    before: Value
    overruled: int
    standing: str


@dataclass(frozen=True, slots=True)
class RuleExplanation:
    """A rule on this finding: its verdict, why, each condition, and what it wants.

    `dropped` says why it wants nothing of a field that its `update` names. `blind` are the paths that its
    conditions read and that a finding of Security Hub V2 does not have. `deliveries` is what it asks for.
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
    blind: tuple[str, ...] = ()
    deliveries: tuple[Delivery, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the JSON shape; `deliveries` is there only if the rule asks for any."""
        record = asdict(self)
        if not self.deliveries:
            del record["deliveries"]
        return record


@dataclass(frozen=True, slots=True)
class Explanation:
    """Every step of one decision, in the order in which it was made.

    `is_entry_known` is False if the finding came without an entry: then what triage holds is not known.
    """

    finding: Finding
    is_entry_known: bool
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
            "entry_known": self.is_entry_known,
            "claims": [asdict(claim) for claim in self.claims],
            "rules": [rule.as_json() for rule in self.rules],
            "fields": [asdict(field) for field in self.fields],
        }
        return {name: finite(value) for name, value in record.items()}


def explain(
    finding: Finding,
    entry: Entry | None,
    ruleset: Ruleset,
    now: float,
    settings: Settings,
    *,
    authors: Authors = NOT_ASKED,
) -> Explanation:
    """Decide one finding and record every step. `entry` is None if it is not known."""
    reasoning = reason(finding, entry or NO_ENTRY, ruleset, now, settings, authors=authors)
    return Explanation(
        finding=finding,
        is_entry_known=entry is not None,
        ruleset=ruleset,
        reasoning=reasoning,
        claims=tuple(_claims(reasoning, ruleset)),
        rules=tuple(_rules(reasoning, ruleset, now)),
        fields=tuple(Explainer(finding, reasoning, ruleset, settings).fields()),
    )


def _claims(reasoning: Reasoning, ruleset: Ruleset) -> Iterator[ClaimExplanation]:
    for name, claim in sorted(reasoning.entry.claims.items(), key=lambda item: position(item[0])):
        after = reasoning.claims.get(name)
        standing = _standing(name, claim, after, reasoning.finding)
        yield ClaimExplanation(
            field=name,
            set=claim.value,
            value=reasoning.finding.value(name),
            rule=claim.rule,
            in_rules=claim.rule in ruleset.by_id,
            before=claim.before,
            overruled=after.overruled if after else claim.overruled,
            standing=standing + _unless(name, reasoning),
        )


def _standing(name: str, before: Claim, after: Claim | None, finding: ParsedFinding) -> str:
    if after is None and name.startswith(USER_PREFIX):
        return "ended: the key is gone"
    if after is None:
        return "ended: Security Hub itself has set the field since"
    if after.person:
        return "held by a person since triage was overruled" if before.person else OVERRULED
    if after.left_out:
        return "taken back: left out of the map"
    if after.rule is not None:
        return "held by triage: the field still has this value"
    if name == NOTE:
        return "taken back: the note says so"
    if name == WORKFLOW:
        return "taken back: it follows Security Hub"
    if name in FIELDS and taken_back(finding, name, after) is not None:
        return "taken back: it follows its provider"
    return "no rule wants it any more, but triage still holds it"


def _unless(name: str, reasoning: Reasoning) -> str:
    """Say that the stack reads the history first, which is not done here."""
    return f" ({HISTORY_ASKED})" if name in reasoning.decision.questions else ""


def _rules(reasoning: Reasoning, ruleset: Ruleset, now: float) -> Iterator[RuleExplanation]:
    stopped_by: str | None = None
    for rule in ruleset.rules:
        if stopped_by:
            yield _explained_rule(rule, "not looked at", f"{stopped_by} is terminal", reasoning, (), None)
            continue
        match: tuple[TracedCondition, ...] = ()
        when, came = None, reasoning.finding.raw
        if "match" in rule.source:
            match = trace_pattern(rule.source["match"], reasoning.baseline.raw, came)
        if "when" in rule.source:
            when = trace_logic(rule.source["when"], reasoning.baseline.raw, now, ruleset.accounts, came)
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
        return "not in force", why_not_in_force(rule, now)
    if rule.id in folded.undecided:
        return "not known", folded.undecided[rule.id]
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
    forbidden = {
        one.field: forbidden_by(one.statement)
        for one in reasoning.decision.against_policy
        if one.rule == rule.id
    }
    wants = {
        proposal.field: proposal.value
        for proposal in rule.proposals.of(reasoning.baseline)
        if proposal.field not in forbidden
    }
    dropped = rule.proposals.dropped(reasoning.baseline) | forbidden
    base = reasoning.baseline
    blind = tuple(blind_paths(rule.source, lacking(base.raw))) if base.is_v2 else ()
    return RuleExplanation(
        rule.id, rule.order, rule.mode, verdict, why, match, when, wants, dropped, blind, rule.deliveries
    )
