"""Resolve each field: who holds it, and whether it is set, taken back, or left alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from hubtriage.engine.fields import (
    FIELDS,
    HIDING_STATUSES,
    NOTE,
    OUR_AUTHOR,
    USER_PREFIX,
    WORKFLOW,
    ParsedFinding,
    Value,
    is_nobodys,
    position,
    same,
    untouched,
)
from hubtriage.engine.planning.baseline import given_back, taken_back
from hubtriage.engine.planning.decision import Cause, Change, Kept, Why
from hubtriage.engine.planning.doubt import HIDING_STOPPED, Doubt
from hubtriage.engine.planning.entry import MOST_OVERRULINGS, Claim, Claims, Times, stored
from hubtriage.engine.planning.fold import Fold
from hubtriage.engine.ruleset.ruleset import Rule
from hubtriage.engine.ruleset.update import Proposal

SET_BY_A_PERSON = "set by a person or another tool"
FLAPPING = "set and taken back 4 times within a day: it stays taken back"
MOST_SETS = 4
"""Times that a field is newly set within a day: two tools that read each other's output end there."""


@dataclass(frozen=True, slots=True)
class FieldOutcome:
    """What happens to one field: its claim from now on, and the change, or why there is none.

    `payload` is what to send for a change; None leaves a user key out of the map. `is_new`: the change sets
    what was not ours before.
    """

    claim: Claim | None = None
    change: Change | None = None
    payload: Any = None
    kept: Kept | None = None
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class FieldResolver:
    """Resolves the fields of one finding with its reviewed claims.

    `recent` has the times of the last day at which a field was newly set. `cause` returns why a rule's work
    on a field is taken back. `doubt` says which fields stay as they are. So do those in `does_not_fit`, which
    has the reason for each. `handed_back` are the fields that people held until now.
    """

    finding: ParsedFinding
    claims: Claims
    recent: Mapping[str, Times]
    udf: Literal["replace", "merge"]
    cause: Callable[[str | None, str], Cause]
    doubt: Doubt
    does_not_fit: Mapping[str, str] = field(default_factory=dict)
    handed_back: frozenset[str] = frozenset()

    def resolve(self, folded: Fold) -> dict[str, FieldOutcome]:
        """Return the outcome of every field that a rule wants or that has a claim."""
        outcomes: dict[str, FieldOutcome] = {}
        for name in sorted({*self.claims, *folded.proposals}, key=position):
            claim, wanted = self.claims.get(name), folded.proposals.get(name)
            if name in folded.held:
                outcomes[name] = FieldOutcome(claim)
            elif (why := self.doubt.why_kept(name)) is not None:
                outcomes[name] = self._in_doubt(name, wanted, claim, why)
            else:
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
        if why == HIDING_STOPPED and claim.rule is None:
            return self._take_back(name, claim)
        return self._keep(name, wanted, claim, why)

    def _reopen(self, name: str, claim: Claim) -> FieldOutcome:
        """Take back what hides; in `never` only to what the service would set, as IAM allows no more."""
        against = self.doubt.is_against_policy(name, claim)
        cause: Cause = "against the policy" if against else "above every ceiling"
        reopening = replace(self, cause=lambda _rule, _name: cause)
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
            if claim is None or claim.person:
                return FieldOutcome(claim)
            is_same = claim.rule == rule.id and not claim.left_out
            return FieldOutcome(claim if is_same else replace(claim, rule=rule.id, left_out=False))
        persons = claim.person if claim else not is_nobodys(self.finding, name, value)
        is_new = persons or claim is None or claim.rule is None
        why = self._why_hands_off(rule, name, claim) if persons else None
        if why is None and is_new and len(self.recent.get(name, ())) >= MOST_SETS:
            why = FLAPPING
        why = why or self.does_not_fit.get(name)
        if why is not None:
            kept = Kept(name, value, proposal.value, rule.id, why)
            if is_new and claim is not None and not persons:  # what is not set goes on following
                return replace(self._take_back(name, claim), kept=kept)
            return FieldOutcome(claim, kept=kept)
        ours = Claim(
            value=stored(proposal.value),
            rule=rule.id,
            before=claim.before if claim and not persons else self._remembered(name, value, persons),
            overruled=claim.overruled if claim else 0,
            provided=claim.provided if claim else None if persons else self._unrecorded(name, value),
        )
        change = Change(name, value, proposal.value, rule.id, "rule")
        return FieldOutcome(ours, change, proposal.payload, is_new=is_new)

    def _why_hands_off(self, rule: Rule, name: str, claim: Claim | None) -> str | None:
        """Return why a person's field is left alone; None if the rule may override it."""
        overruled = claim.overruled if claim else 0
        if name == NOTE:
            return "a person's note is never replaced"
        if rule.override:
            return f"overruled {overruled} times: no tug of war" if overruled >= MOST_OVERRULINGS else None
        return "changed after triage had set it" if overruled else SET_BY_A_PERSON

    def _remembered(self, name: str, value: Value, persons: bool) -> Value:
        """Return the value about to be replaced, if it is a person's, or NEW although the finding has PASSED.

        Nothing is remembered that the API would not take back.
        """
        known, theirs = untouched(self.finding, name)
        if not persons and (not known or same(name, value, theirs)):
            return None
        words = FIELDS[name].words if name in FIELDS else ()
        return None if words and value not in words else value

    def _unrecorded(self, name: str, value: Value) -> Value:
        """Return the provider's value about to be replaced, if FindingProviderFields lacks it."""
        if name not in FIELDS or not FIELDS[name].provided:
            return None
        known, _value = self.finding.provider_value(name)
        return None if known else value

    def _take_back(self, name: str, claim: Claim) -> FieldOutcome:
        """Take back a field of ours that no rule wants any more, or let it go on following."""
        if name.startswith(USER_PREFIX):
            return self._take_back_user_field(name, claim)
        if name == NOTE:
            return self._take_back_note(claim)
        unwanted = replace(claim, rule=None, before=None)
        target, value = taken_back(self.finding, name, claim), self.finding.value(name)
        if target is None:  # AWS: a score cannot be emptied, nor a list
            return FieldOutcome(unwanted)
        if name == WORKFLOW and target in HIDING_STATUSES and value not in HIDING_STATUSES:
            return FieldOutcome(unwanted)  # what is open stays open
        payload = FIELDS[name].write(target)
        if given_back(self.finding, name, claim) is not None or not self._follows(name, target):
            return self._undo(name, claim, target, payload)
        return self._undo(name, claim, target, payload, replace(unwanted, value=stored(target)))

    def _follows(self, name: str, target: Value) -> bool:
        """Say whether a field with this value stays ours once it is taken back, because the value may change.

        AWS: a provided field that we have set is not updated by its provider any more; RESOLVED is reset to
        NEW only by an import that comes after it.
        """
        return name in FIELDS and (FIELDS[name].provided or (name == WORKFLOW and target == "RESOLVED"))

    def _take_back_note(self, claim: Claim) -> FieldOutcome:
        """Say in the note that it no longer applies; AWS: a note cannot be removed."""
        if claim.rule is None:
            return FieldOutcome(claim)
        text = f"{OUR_AUTHOR}: {claim.rule} no longer applies."
        after = replace(claim, rule=None, value=stored(text))
        return self._undo(NOTE, claim, text, {"Text": text, "UpdatedBy": OUR_AUTHOR}, after)

    def _take_back_user_field(self, name: str, claim: Claim) -> FieldOutcome:
        """Restore the person's value, or leave the key out of the map: once, and never under `merge`."""
        if claim.before is not None:
            return self._undo(name, claim, claim.before, claim.before)
        if claim.left_out or self.udf == "merge":
            return FieldOutcome(replace(claim, rule=None))
        return self._undo(name, claim, None, None, replace(claim, rule=None, left_out=True))

    def _undo(
        self, name: str, claim: Claim, target: Value, payload: Any, after: Claim | None = None
    ) -> FieldOutcome:
        """Set a field back; `after` is its claim from then on."""
        value = self.finding.value(name)
        if same(name, value, target):
            return FieldOutcome(after)
        if name in self.does_not_fit:
            return FieldOutcome(claim, kept=Kept(name, value, target, claim.rule, self.does_not_fit[name]))
        is_back = name in self.handed_back
        follows = claim.rule is None and self._follows(name, value) and not is_back
        why: Why = "follows provider" if follows else "taken back"
        cause: Cause | None = None
        if why == "taken back":
            cause = "handed back" if is_back else self.cause(claim.rule, name)
        return FieldOutcome(after, Change(name, value, target, claim.rule, why, cause), payload)
