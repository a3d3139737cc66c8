"""What happens to each field of one finding, who holds it, and why, in sentences."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from json import dumps
from typing import Literal

from hubtriage.engine.fields import (
    NOTE,
    SEVERITY,
    USER_PREFIX,
    WORKFLOW,
    Finding,
    Value,
    is_nobodys,
    position,
    read,
    same,
)
from hubtriage.engine.planning.baseline import given_back, taken_back, without_us
from hubtriage.engine.planning.decision import Change, Observed
from hubtriage.engine.planning.doubt import NEVER_WRITTEN, RULE_FAILED
from hubtriage.engine.planning.entry import Claim
from hubtriage.engine.planning.plan import Reasoning, Settings
from hubtriage.engine.planning.resolve import FieldOutcome
from hubtriage.engine.ruleset.ruleset import Rule, Ruleset, gravest_severity
from hubtriage.simulation.outvoted import outvoted

Holder = Literal["nobody", "triage", "a person or another tool"]

_TWO_WEEKS = 14 * 86_400.0  # every window opens once in it
HISTORY_ASKED = "the deployed stack asks the finding's history who set it"
MOST_OUTVOTED = 3
_WORD = re.compile(r"[\w:./@+*#-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Outvoted:
    """A rule that applies and wanted another value; a later rule decided."""

    rule: str
    wanted: Value


@dataclass(frozen=True, slots=True)
class FieldExplanation:
    """A field that a rule wants or that triage had set: who holds it, and what happens to it."""

    field: str
    value: Value
    holder: Holder
    baseline: Value
    becomes: Value
    wanted: Value
    rule: str | None
    outcome: str
    why: str
    over: tuple[Outvoted, ...] = ()


@dataclass(frozen=True, slots=True)
class Explainer:
    """Explains the fields of one reasoning."""

    finding: Finding
    reasoning: Reasoning
    ruleset: Ruleset
    settings: Settings

    def fields(self) -> Iterator[FieldExplanation]:
        """Explain each field once, in field order."""
        reasoning = self.reasoning
        names = {*reasoning.outcomes, *reasoning.entry.claims, *reasoning.fold.observed}
        for name in sorted(names, key=position):
            yield self._field(name)

    def _field(self, name: str) -> FieldExplanation:
        outcome = self.reasoning.outcomes.get(name, FieldOutcome())
        rule, proposal = self.reasoning.fold.proposals.get(name, (None, None))
        claim, value = self.reasoning.claims.get(name), read(self.finding, name)
        over = tuple(self._outvoted(name)) if rule else ()
        result, why = self._result(name, outcome, over)
        return FieldExplanation(
            field=name,
            value=value,
            holder=self._holder(name, value, claim),
            baseline=without_us(self.reasoning.finding, name, claim) if claim and not claim.person else value,
            becomes=outcome.change.new if outcome.change else value,
            wanted=proposal.value if proposal else None,
            rule=rule.id if rule else None,
            outcome=result,
            why=why,
            over=over,
        )

    def _holder(self, name: str, value: Value, claim: Claim | None) -> Holder:
        if claim is not None:
            return "a person or another tool" if claim.person else "triage"
        return "nobody" if is_nobodys(self.reasoning.finding, name, value) else "a person or another tool"

    def _outvoted(self, name: str) -> Iterator[Outvoted]:
        for rule, proposal, _winner in outvoted(self.reasoning, self._rule):
            if proposal.field == name:
                yield Outvoted(rule.id, proposal.value)

    def _rule(self, rule_id: str) -> Rule | None:
        return self.ruleset.by_id.get(rule_id)

    def _result(self, name: str, outcome: FieldOutcome, over: tuple[Outvoted, ...]) -> tuple[str, str]:
        """Return (what happens to a field, why)."""
        fold, change = self.reasoning.fold, outcome.change
        if change is not None and self.reasoning.decision.refused:
            return "refused", self.reasoning.decision.refused
        if change is not None and change.why == "taken back":
            return "taken back", self._why_taken_back(change)
        if change is not None:
            return "set", self._why_set(change, over) if change.why == "rule" else _follows(name)
        if outcome.kept is not None:
            return "kept", outcome.kept.why + self._unless(name)
        if name in fold.held and outcome.claim is not None and not outcome.claim.person:
            return "kept", f"{outcome.claim.rule} is on hold, and keeps it"
        if name in fold.proposals:
            return "unchanged", f"already what {fold.proposals[name][0].id} wants"
        if name in fold.frozen:
            return "kept", RULE_FAILED
        if name in self.settings.never:
            return "kept", NEVER_WRITTEN
        return "unchanged", self._why_unchanged(name, self.reasoning.claims.get(name))

    def _why_set(self, change: Change, over: tuple[Outvoted, ...]) -> str:
        holder = self._holder(change.field, change.old, self.reasoning.claims.get(change.field))
        if holder in ("nobody", "triage"):
            return f"{change.rule} wants it{_over(over)}"
        claim, finding = self.reasoning.outcomes[change.field].claim, self.reasoning.finding
        comes_back = claim is not None and given_back(finding, change.field, claim) is not None
        until = "; given back when the rule ends" if comes_back else ""
        sentence = f"{change.rule} overrides {_plain(change.old)}, set by {holder}{until}"
        return sentence + self._unless(change.field) + _over(over)

    def _unless(self, name: str) -> str:
        """Say that a person is assumed where the deployed stack would ask the history."""
        return f"; {HISTORY_ASKED}" if name in self.reasoning.decision.optional_questions else ""

    def _why_taken_back(self, change: Change) -> str:
        claim = self.reasoning.claims.get(change.field)
        replaced = "; what it had replaced is given back" if claim and claim.before is not None else ""
        return self._what_happened_to(change) + replaced

    def _what_happened_to(self, change: Change) -> str:
        """Say what happened to the rule that had set the value."""
        if change.cause == "above every ceiling":
            label = gravest_severity(self.reasoning.baseline)
            return f"it hides, and no rule that could hide it may hide a finding that is {label}"
        name, rule = change.rule, self._rule(change.rule or "")
        if change.cause == "handed back":
            return "a person had set it, and handed the finding back"
        if name is None:
            return "no rule wants it any more"
        if rule is not None:
            return f"{name} {self._standing_of(rule, change)}"
        if change.cause == "all is taken back":
            return f"{name} had set it, and everything is taken back"
        return f"set by {name}, which is no longer in the rules"

    def _standing_of(self, rule: Rule, change: Change) -> str:
        fold = self.reasoning.fold
        match change.cause:
            case "not started":
                return f"is {_not_in_force(rule)}"
            case "expired":
                return f"is {_no_longer_in_force(rule)}"
            case "outside its window":
                return "is outside its window"
            case "in observe":
                return "only observes now"
            case "above its ceiling":
                severity = measured_severity(self.reasoning, "this one")
                return f"matches, but hides findings up to {rule.ceiling} only; {severity}"
            case "behind a terminal rule":
                return f"is not evaluated, as {fold.rules[-1]} is terminal"
            case "not known on Security Hub V2":
                return f"does not apply here: {fold.undecided[rule.id]}"
            case "against the policy":
                statement = fold.against_policy[rule.id, change.field].statement
                return f"may not hold it here: {forbidden_by(statement)}"
            case "no longer sets it":
                dropped = rule.proposals.dropped(self.reasoning.baseline).get(change.field)
                return f"does not set it here: {dropped}" if dropped else "does not set it any more"
        return "does not match any more"

    def _why_unchanged(self, name: str, claim: Claim | None) -> str:
        if name in self.reasoning.fold.observed:
            return self._what_observed_would_do(name)
        if claim is None:
            return "no rule wants it"
        if claim.person:
            return "no rule wants it any more"
        if name.startswith(USER_PREFIX):
            return self._why_key_unchanged(name, claim)
        if name == NOTE:
            return "no rule wants it any more, and the note says so"
        target = taken_back(self.reasoning.finding, name, claim)
        if target is None:
            return "no rule wants it any more, but the API cannot empty it"
        if not same(name, read(self.finding, name), target):
            return "no rule wants it any more, but taking it back would hide the finding"
        if claim.rule is None:
            return f"{_follows(name)}, and has its value already"
        whose = "Security Hub" if name == WORKFLOW else "its provider"
        return f"no rule wants it any more, and {whose} has it so already"

    def _why_key_unchanged(self, name: str, claim: Claim) -> str:
        if read(self.finding, name) is None:
            return "no rule wants it any more, and it is gone"
        if claim.left_out:
            return "taken back once already; triage does not try it twice"
        if self.settings.udf == "merge":
            return "no rule wants it any more, but under `merge` a key cannot be taken away"
        return "no rule wants it any more, but it is the last key, and a map cannot be emptied"

    def _what_observed_would_do(self, name: str) -> str:
        rule, proposal = self.reasoning.fold.observed[name]
        would: Observed | None = next((o for o in self.reasoning.decision.observed if o.field == name), None)
        if would is not None:
            return f"no rule in force wants it; {rule.id} would set {_plain(would.new)}"
        if same(name, read(self.finding, name), proposal.value):
            return f"no rule in force wants it; {rule.id} would leave it so"
        return f"no rule in force wants it; {rule.id} would have to leave it unchanged, too"


def forbidden_by(statement: str) -> str:
    """Say which statement of the house policy forbids something."""
    return f"the house policy forbids it ({statement})"


def _follows(name: str) -> str:
    return "follows Security Hub" if name == WORKFLOW else "follows its provider"


def measured_severity(reasoning: Reasoning, subject: str) -> str:
    """Say how severe the finding is to a ceiling; name the provider where a person says less."""
    label = gravest_severity(reasoning.baseline)
    agrees = reasoning.baseline.value(SEVERITY) == label
    return f"{subject} is {label}" if agrees else f"its provider says {label}"


def why_not_in_force(rule: Rule, now: float) -> str:
    """Say why a rule is not in force at a time, and when it will be."""
    if rule.starts is not None and now < rule.starts:
        return _not_in_force(rule)
    if rule.ends is not None and rule.ends <= now:
        return _no_longer_in_force(rule)
    return _outside_its_window(rule, now)


def _outside_its_window(rule: Rule, now: float) -> str:
    """Say when the rule's next window opens."""
    opens = next((at for at, in_force in rule.turns(now, now + _TWO_WEEKS) if in_force), None)
    return "outside its window" + ("" if opens is None else f", which opens at {_moment(opens)}")


def _not_in_force(rule: Rule) -> str:
    """Say when a rule starts that is not in force yet."""
    return "not in force yet" if rule.starts is None else f"not in force before {_moment(rule.starts)}"


def _no_longer_in_force(rule: Rule) -> str:
    """Say that a rule has expired, with its last day or moment as the rule has it."""
    return f"no longer in force: expires {rule.source['expires']}" if "expires" in rule.source else "expired"


def _moment(seconds: float) -> str:
    """Write a date, or a date and time, in UTC."""
    text = datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    return text.removesuffix("T00:00:00Z")


def _over(over: Sequence[Outvoted]) -> str:
    losers = " and ".join(f"{one.rule}, which wanted {_plain(one.wanted)}" for one in over[:MOST_OUTVOTED])
    more = f", and {len(over) - MOST_OUTVOTED} more" if len(over) > MOST_OUTVOTED else ""
    return f", over {losers}{more}" if losers else ""


def _plain(value: Value) -> str:
    """Write a value in a sentence; as JSON if it could be mistaken for part of the sentence."""
    if isinstance(value, str) and _WORD.fullmatch(value):
        return value
    return "none" if value is None else dumps(value)
