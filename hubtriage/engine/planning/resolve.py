"""Field by field: who holds it, and what becomes of it."""

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
    Finding,
    Value,
    code,
    is_nobodys,
    position,
    provider_value,
    read,
    same,
)
from hubtriage.engine.planning.baseline import doors_of_claim, is_resolved_as_passed, taken_back
from hubtriage.engine.planning.decision import Cause, Change, Kept, Why
from hubtriage.engine.planning.fold import Fold
from hubtriage.engine.planning.memo import MOST_OVERRULINGS, Claim, Claims
from hubtriage.engine.ruleset.ruleset import Rule, lowers
from hubtriage.engine.ruleset.update import Wish

NEVER_WRITTEN = "the stack never writes this field"
RULE_FAILED = "a rule that could set it has failed"
NO_ROOM_IN_MEMO = "the memo has no room for the value that would be replaced"
SET_BY_A_PERSON = "set by a person or another tool"
RESOLVED_BY_SERVICE = "RESOLVED, as Security Hub does when a control passes"
FOLLOWS_PROVIDER = "follow"  # stands for the rule in the claim of a provided field that was taken back


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of one field: its claim from now on, and the change, or why there is none.

    `payload` is what to send for a change; None leaves a user key out of the map.
    """

    claim: Claim | None = None
    change: Change | None = None
    payload: Any = None
    kept: Kept | None = None


@dataclass(frozen=True, slots=True)
class Settling:
    """One finding with its reviewed claims.

    `rule_name` gives a rule's id for its digest, `cause` what has become of a rule whose work is taken back.
    Fields in `untouched` stay as they are. So do those in `no_room`, for the reason that it gives: what would
    be written does not fit.
    """

    finding: Finding
    claims: Claims
    udf: Literal["replace", "merge"]
    rule_name: Callable[[str], str | None]
    cause: Callable[[str], Cause]
    untouched: frozenset[str] = frozenset()
    no_room: Mapping[str, str] = field(default_factory=dict)

    def settle(self, folded: Fold) -> dict[str, Outcome]:
        """The outcome of every field that a rule wants or that is ours.

        A person's claim that no rule wants any more has none: it ends with the next update.
        """
        outcomes: dict[str, Outcome] = {}
        for name in sorted({*self.claims, *folded.wishes}, key=position):
            claim, wanted = self.claims.get(name), folded.wishes.get(name)
            if name in folded.held:
                outcomes[name] = Outcome(claim)
            elif name in self.untouched:
                outcomes[name] = self._left(name, wanted, claim, NEVER_WRITTEN)
            elif name in folded.frozen:
                outcomes[name] = self._left(name, wanted, claim, RULE_FAILED)
            elif wanted is not None or (claim is not None and not claim.person):
                outcomes[name] = self._free(name, wanted, claim)
        return outcomes

    def _free(self, name: str, wanted: tuple[Rule, Wish] | None, claim: Claim | None) -> Outcome:
        """A field that nothing keeps as it is."""
        if wanted is not None:
            return self._wanted(*wanted, claim)
        if claim is not None and not claim.person:
            return self._take_back(name, claim)
        return Outcome(claim)

    def _left(self, name: str, wanted: tuple[Rule, Wish] | None, claim: Claim | None, why: str) -> Outcome:
        """A field that stays, claim and all, told of where it would change otherwise."""
        otherwise = self._free(name, wanted, claim)
        change = otherwise.change
        kept = Kept(name, change.old, change.new, change.rule, why) if change else otherwise.kept
        return Outcome(claim, kept=kept)

    def lets(self, rule: Rule, wish: Wish) -> bool:
        """Whether the field would have the value that a rule wishes, if the rule were in force."""
        if wish.field in self.untouched:
            return False
        return self._wanted(rule, wish, self.claims.get(wish.field)).kept is None

    def _wanted(self, rule: Rule, wish: Wish, claim: Claim | None) -> Outcome:
        name, value = wish.field, read(self.finding, wish.field)
        if same(name, value, wish.value):
            return Outcome(replace(claim, left_out=False) if claim and claim.left_out else claim)
        persons = claim.person if claim else not is_nobodys(self.finding, name, value)
        claim = claim or Claim("", "")
        why = self._why_hands_off(rule, name, claim.overruled) if persons else None
        if persons:
            claim = claim if why else replace(claim, before=value)
        elif not claim.rule:
            claim = replace(claim, provided=self._unrecorded(name, value))
        why = why or self.no_room.get(name)
        if why is not None:
            return Outcome(self.claims.get(name), kept=Kept(name, value, wish.value, rule.id, why))
        return self._set(rule, wish, claim)

    def _why_hands_off(self, rule: Rule, name: str, overruled: int) -> str | None:
        """Why a field that is not triage's to set is left alone; None where the rule may override it."""
        if name == NOTE:
            return "a person's note is never replaced"
        if rule.override:
            return f"overruled {overruled} times: no tug of war" if overruled >= MOST_OVERRULINGS else None
        if overruled:
            return "changed after triage had set it"
        return RESOLVED_BY_SERVICE if is_resolved_as_passed(self.finding, name) else SET_BY_A_PERSON

    def _unrecorded(self, name: str, value: Value) -> Value:
        """The provider's value that is about to be replaced and that FindingProviderFields lacks."""
        if name not in FIELDS or not FIELDS[name].provided:
            return None
        known, _value = provider_value(self.finding, name)
        return None if known else value

    def _set(self, rule: Rule, wish: Wish, claim: Claim) -> Outcome:
        """Set the field and claim it; what the claim remembers of before stays."""
        name, value_code = wish.field, code(wish.field, wish.value)
        ours = replace(
            claim,
            code=value_code,
            rule=rule.ref,
            person=False,
            left_out=False,
            doors=doors_of_claim(self.finding, name, value_code),
        )
        return Outcome(
            ours, Change(name, read(self.finding, name), wish.value, rule.id, "rule"), wish.payload
        )

    def _take_back(self, name: str, claim: Claim) -> Outcome:
        """A field of ours that no rule wants any more."""
        if name.startswith(USER_PREFIX):
            return self._take_back_user_field(name, claim)
        if name == NOTE:
            text = f"{OUR_AUTHOR}: {self.rule_name(claim.rule) or 'a rule'} no longer applies."
            return self._undo(name, claim, text, {"Text": text, "UpdatedBy": OUR_AUTHOR})
        target = taken_back(self.finding, name, claim)
        if target is None:  # AWS: a score cannot be emptied, nor a list
            return Outcome(claim)
        payload = FIELDS[name].write(target)
        if claim.before is not None:
            return self._give_back(name, claim, target, payload)
        if not FIELDS[name].provided:
            return self._undo(name, claim, target, payload)
        follows = replace(claim, code=code(name, target), rule=FOLLOWS_PROVIDER, overruled=0)
        return self._undo(name, claim, target, payload, follows)

    def _give_back(self, name: str, claim: Claim, target: Value, payload: Any) -> Outcome:
        """What an override had replaced is the person's again, unless that would hide the finding.

        AWS resets RESOLVED once a finding fails again, but not what stood in its place. What would have
        become of it meanwhile nobody knows, so that what hides in its place is reopened.
        """
        value = read(self.finding, name)
        if name == WORKFLOW and target == "RESOLVED" and value in HIDING_STATUSES:
            return self._undo(name, claim, "NEW", FIELDS[name].write("NEW"))
        if not _hides_more(name, value, target, self.finding):
            return self._undo(name, claim, target, payload)
        why = "giving back what the override replaced would hide the finding"
        return Outcome(claim, kept=Kept(name, value, target, self.rule_name(claim.rule), why))

    def _take_back_user_field(self, name: str, claim: Claim) -> Outcome:
        """The person's value again, or left out of the map: asked for once, and under `merge` never.

        Once the key is gone its claim ends with the next update, or memos would only grow.
        """
        if claim.before is not None:
            return self._undo(name, claim, claim.before, claim.before)
        if read(self.finding, name) is None:
            return Outcome()
        if claim.left_out or self.udf == "merge":
            return Outcome(claim)
        return self._undo(name, claim, None, None, replace(claim, left_out=True))

    def _undo(
        self, name: str, claim: Claim, target: Value, payload: Any, after: Claim | None = None
    ) -> Outcome:
        """Set a field back; `after` is its claim from then on."""
        value = read(self.finding, name)
        if same(name, value, target):
            return Outcome(claim if after else None)
        if name in self.no_room:
            rule = self.rule_name(claim.rule)
            return Outcome(claim, kept=Kept(name, value, target, rule, self.no_room[name]))
        why: Why = "follows provider" if claim.rule == FOLLOWS_PROVIDER else "taken back"
        cause = self.cause(claim.rule) if why == "taken back" else None
        return Outcome(after, Change(name, value, target, self.rule_name(claim.rule), why, cause), payload)


def _hides_more(name: str, value: Value, target: Value, finding: Finding) -> bool:
    """Whether giving a field back to a person would close the finding, or lower it below its provider's."""
    if name == WORKFLOW:
        return target in HIDING_STATUSES
    return name == SEVERITY and lowers(target, finding) and SEVERITY_RANK[target] < SEVERITY_RANK[value]


def restorable(outcomes: Mapping[str, Outcome]) -> list[str]:
    """The fields to be set whose claims must remember a value, the longest first."""
    remembering = {
        name: len(str(outcome.claim.before or outcome.claim.provided))
        for name, outcome in outcomes.items()
        if outcome.change and outcome.claim and (outcome.claim.before, outcome.claim.provided) != (None, None)
    }
    return sorted(remembering, key=lambda name: -remembering[name])
