"""Resolve each field: who holds it, and whether it is set, taken back, or left alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from hubtriage.engine.fields import (
    FIELDS,
    HIDING_STATUSES,
    NOTE,
    OUR_AUTHOR,
    SEVERITY,
    SEVERITY_RANK,
    USER_PREFIX,
    WORKFLOW,
    ParsedFinding,
    Value,
    code,
    is_nobodys,
    position,
    same,
)
from hubtriage.engine.planning.baseline import closed_by_for_claim, is_resolved_as_passed, taken_back
from hubtriage.engine.planning.decision import Cause, Change, Kept, Why
from hubtriage.engine.planning.doubt import HIDING_STOPPED, Doubt
from hubtriage.engine.planning.fold import Fold
from hubtriage.engine.planning.memo import MOST_OVERRULINGS, Claim, Claims
from hubtriage.engine.ruleset.ruleset import Rule, lowers
from hubtriage.engine.ruleset.update import Proposal

MEMO_DOES_NOT_FIT = "the memo has no room for the value that would be replaced"
SET_BY_A_PERSON = "set by a person or another tool"
RESOLVED_BY_SERVICE = "RESOLVED, as Security Hub does when a control passes"
FOLLOWS_PROVIDER = "follow"  # stands for the rule in the claim of a provided field that was taken back


@dataclass(frozen=True, slots=True)
class FieldOutcome:
    """What happens to one field: its claim from now on, and the change, or why there is none.

    `payload` is what to send for a change; None leaves a user key out of the map.
    """

    claim: Claim | None = None
    change: Change | None = None
    payload: Any = None
    kept: Kept | None = None


@dataclass(frozen=True, slots=True)
class FieldResolver:
    """Resolves the fields of one finding with its reviewed claims.

    `rule_name` returns a rule's id for its digest, `cause` why a rule's work is taken back. `doubt` says
    which fields stay as they are. So do those in `does_not_fit`, which has the reason for each.
    """

    finding: ParsedFinding
    claims: Claims
    udf: Literal["replace", "merge"]
    rule_name: Callable[[str], str | None]
    cause: Callable[[str], Cause]
    doubt: Doubt
    does_not_fit: Mapping[str, str] = field(default_factory=dict)

    def resolve(self, folded: Fold) -> dict[str, FieldOutcome]:
        """Return the outcome of every field that a rule wants or that is ours.

        A person's claim that no rule wants any more has no outcome: it ends with the next update.
        """
        outcomes: dict[str, FieldOutcome] = {}
        for name in sorted({*self.claims, *folded.proposals}, key=position):
            claim, wanted = self.claims.get(name), folded.proposals.get(name)
            if name in folded.held:
                outcomes[name] = FieldOutcome(claim)
            elif (why := self.doubt.why_kept(name)) is not None:
                outcomes[name] = self._in_doubt(name, wanted, claim, why)
            elif wanted is not None or (claim is not None and not claim.person):
                outcomes[name] = self._free(name, wanted, claim)
        return outcomes

    def _free(self, name: str, wanted: tuple[Rule, Proposal] | None, claim: Claim | None) -> FieldOutcome:
        """Resolve a field that nothing keeps as it is."""
        if wanted is not None:
            return self._wanted(*wanted, claim)
        if claim is not None and not claim.person:
            return self._take_back(name, claim)
        return FieldOutcome(claim)

    def _in_doubt(
        self, name: str, wanted: tuple[Rule, Proposal] | None, claim: Claim | None, why: str
    ) -> FieldOutcome:
        """Keep the field, unless that would hide a finding that is too severe for it."""
        if claim is None or claim.person:
            return self._keep(name, wanted, claim, why)
        if self.doubt.must_reopen(name, claim, self.finding):
            return self._reopen(name, claim)
        if why == HIDING_STOPPED and claim.rule == FOLLOWS_PROVIDER:
            return self._take_back(name, claim)
        return self._keep(name, wanted, claim, why)

    def _reopen(self, name: str, claim: Claim) -> FieldOutcome:
        """Take back what hides; in `never` only to NEW, as IAM allows no more."""
        reopening = replace(self, cause=lambda _rule: "above every ceiling")
        if name in self.doubt.never:
            claim = replace(claim, before=None)
        return reopening._take_back(name, claim)

    def _keep(
        self, name: str, wanted: tuple[Rule, Proposal] | None, claim: Claim | None, why: str
    ) -> FieldOutcome:
        """Keep the field and its claim; report it as kept if it would otherwise have changed."""
        otherwise = self._free(name, wanted, claim)
        change = otherwise.change
        kept = Kept(name, change.old, change.new, change.rule, why) if change else otherwise.kept
        return FieldOutcome(claim, kept=kept)

    def would_have(self, rule: Rule, proposal: Proposal) -> bool:
        """Say whether the field would get the proposed value if the rule were in force."""
        if proposal.field in self.doubt.never:
            return False
        return self._wanted(rule, proposal, self.claims.get(proposal.field)).kept is None

    def _wanted(self, rule: Rule, proposal: Proposal, claim: Claim | None) -> FieldOutcome:
        name, value = proposal.field, self.finding.value(proposal.field)
        if same(name, value, proposal.value):
            # a key that was asked to be left out is wanted again, and still there
            return FieldOutcome(replace(claim, left_out=False) if claim and claim.left_out else claim)
        persons = claim.person if claim else not is_nobodys(self.finding, name, value)
        claim = claim or Claim("", "")
        why = self._why_hands_off(rule, name, claim.overruled) if persons else None
        if persons:  # an override: the person gets the value back once the rule ends
            claim = claim if why else replace(claim, before=value)
        elif not claim.rule:  # a new claim: what it replaces may be nowhere else
            claim = replace(claim, provided=self._unrecorded(name, value))
        why = why or self.does_not_fit.get(name)
        if why is not None:
            return FieldOutcome(self.claims.get(name), kept=Kept(name, value, proposal.value, rule.id, why))
        return self._set(rule, proposal, claim)

    def _why_hands_off(self, rule: Rule, name: str, overruled: int) -> str | None:
        """Return why a person's field is left alone; None if the rule may override it."""
        if name == NOTE:
            return "a person's note is never replaced"
        if rule.override:
            return f"overruled {overruled} times: no tug of war" if overruled >= MOST_OVERRULINGS else None
        if overruled:
            return "changed after triage had set it"
        return RESOLVED_BY_SERVICE if is_resolved_as_passed(self.finding, name) else SET_BY_A_PERSON

    def _unrecorded(self, name: str, value: Value) -> Value:
        """Return the provider's value about to be replaced, if FindingProviderFields lacks it."""
        if name not in FIELDS or not FIELDS[name].provided:
            return None
        known, _value = self.finding.provider_value(name)
        return None if known else value

    def _set(self, rule: Rule, proposal: Proposal, claim: Claim) -> FieldOutcome:
        """Set the field and claim it; the claim keeps the values that it remembers."""
        name, value_code = proposal.field, code(proposal.field, proposal.value)
        ours = replace(
            claim,
            code=value_code,
            rule=rule.ref,
            person=False,
            left_out=False,
            closed_by=closed_by_for_claim(self.finding, name, value_code),
        )
        return FieldOutcome(
            ours, Change(name, self.finding.value(name), proposal.value, rule.id, "rule"), proposal.payload
        )

    def _take_back(self, name: str, claim: Claim) -> FieldOutcome:
        """Take back a field of ours that no rule wants any more."""
        if name.startswith(USER_PREFIX):
            return self._take_back_user_field(name, claim)
        if name == NOTE:
            text = f"{OUR_AUTHOR}: {self.rule_name(claim.rule) or 'a rule'} no longer applies."
            return self._undo(name, claim, text, {"Text": text, "UpdatedBy": OUR_AUTHOR})
        target = taken_back(self.finding, name, claim)
        if target is None:  # AWS: a score cannot be emptied, nor a list
            return FieldOutcome(claim)
        payload = FIELDS[name].write(target)
        if claim.before is not None:
            return self._give_back(name, claim, target, payload)
        if not FIELDS[name].provided:
            return self._undo(name, claim, target, payload)
        follows = replace(claim, code=code(name, target), rule=FOLLOWS_PROVIDER, overruled=0)
        return self._undo(name, claim, target, payload, follows)

    def _give_back(self, name: str, claim: Claim, target: Value, payload: Any) -> FieldOutcome:
        """Give a person the value back that an override had replaced, unless that would hide the finding.

        AWS resets RESOLVED once a finding fails again, but not the value that replaced it. It is not known
        whether the RESOLVED would have lasted, so a value that hides in its place is reopened.
        """
        value = self.finding.value(name)
        if name == WORKFLOW and target == "RESOLVED" and value in HIDING_STATUSES:
            return self._undo(name, claim, "NEW", FIELDS[name].write("NEW"))
        if not _hides_more(name, value, target, self.finding):
            return self._undo(name, claim, target, payload)
        why = "giving back what the override replaced would hide the finding"
        return FieldOutcome(claim, kept=Kept(name, value, target, self.rule_name(claim.rule), why))

    def _take_back_user_field(self, name: str, claim: Claim) -> FieldOutcome:
        """Restore the person's value, or leave the key out of the map: once, and never under `merge`.

        Once the key is gone its claim ends with the next update; otherwise memos would only grow.
        """
        if claim.before is not None:
            return self._undo(name, claim, claim.before, claim.before)
        if self.finding.value(name) is None:
            return FieldOutcome()
        if claim.left_out or self.udf == "merge":
            return FieldOutcome(claim)
        return self._undo(name, claim, None, None, replace(claim, left_out=True))

    def _undo(
        self, name: str, claim: Claim, target: Value, payload: Any, after: Claim | None = None
    ) -> FieldOutcome:
        """Set a field back; `after` is its claim from then on."""
        value = self.finding.value(name)
        if same(name, value, target):
            return FieldOutcome(claim if after else None)
        if name in self.does_not_fit:
            rule = self.rule_name(claim.rule)
            return FieldOutcome(claim, kept=Kept(name, value, target, rule, self.does_not_fit[name]))
        why: Why = "follows provider" if claim.rule == FOLLOWS_PROVIDER else "taken back"
        cause = self.cause(claim.rule) if why == "taken back" else None
        return FieldOutcome(
            after, Change(name, value, target, self.rule_name(claim.rule), why, cause), payload
        )


def _hides_more(name: str, value: Value, target: Value, finding: ParsedFinding) -> bool:
    """Say whether giving back would close the finding, or lower it below its provider's severity."""
    if name == WORKFLOW:
        return target in HIDING_STATUSES
    return name == SEVERITY and lowers(target, finding) and SEVERITY_RANK[target] < SEVERITY_RANK[value]


def restorable(outcomes: Mapping[str, FieldOutcome]) -> list[str]:
    """Return the fields to be set whose claims must remember a value, the longest first."""
    remembering = {
        name: len(str(outcome.claim.before or outcome.claim.provided))
        for name, outcome in outcomes.items()
        if outcome.change and outcome.claim and (outcome.claim.before, outcome.claim.provided) != (None, None)
    }
    return sorted(remembering, key=lambda name: -remembering[name])
