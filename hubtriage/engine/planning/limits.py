"""Whether a finding has room for an update and for the memory of it, and what gives way where it has not.

Triage never acts without memory, and sets nothing that it could not take back: the memo must have room also
for what reviewing and taking back will add to each claim.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hubtriage.engine.fields import FIELDS, MEMO_KEY, NOTE, USER_PREFIX
from hubtriage.engine.planning.decision import NO_ROOM_FOR_NOTE
from hubtriage.engine.planning.fold import Fold
from hubtriage.engine.planning.memo import Claims, growth, write_claims
from hubtriage.engine.planning.payload import (
    LONGEST_VALUE,
    Outcomes,
    build,
    claims_of,
    our_fields,
    why_too_large,
    why_unsendable,
)
from hubtriage.engine.planning.resolve import NO_ROOM_IN_MEMO, Settling, restorable

NO_ROOM_FOR_MARK = "the memo has no room to say that the key was left out"


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of each field, the update where one is due, and why it cannot be made."""

    outcomes: Outcomes
    update: Mapping[str, Any] | None = None
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """What the rules want of one finding, as far as there is room for it.

    `names` are rule ids by digest. `is_due`: a call is made even where no field changes.
    """

    folded: Fold
    stack: str
    names: Mapping[str, str]
    is_due: bool

    def plan(self, settling: Settling) -> Plan:
        """The update of which most fits; refused where nothing is left of it."""
        whole = self._attempt(settling)
        if whole.refused is None or whole.update is None:
            return whole
        for fewer, may_grow in self._giving_way(settling, whole.update, whole.refused):
            smaller = self._attempt(fewer, may_grow=may_grow)
            if smaller.update and not smaller.refused:
                return smaller
        return whole

    def _giving_way(
        self, settling: Settling, update: Mapping[str, Any], refused: str
    ) -> Iterator[tuple[Settling, bool]]:
        """(what to settle instead, whether it may make the finding larger): no note, then nothing new at all.

        Then what triage holds is still taken back, or set to another word: a finding must not stay hidden
        because there is no room for what else a rule wants.
        """
        too_large = why_too_large(update, settling.finding, settling.udf) is not None
        noteless = {**settling.no_room, NOTE: NO_ROOM_FOR_NOTE} if too_large else settling.no_room
        if too_large and "Note" in update:
            yield replace(settling, no_room=noteless), True
        new = [name for name in self.folded.wishes if name not in settling.claims or not _is_short(name)]
        yield replace(settling, no_room={**dict.fromkeys(new, refused), **noteless}), False

    def _attempt(self, settling: Settling, *, may_grow: bool = True) -> Plan:
        outcomes, ours = self._settle(settling)
        if not ours:
            return Plan(outcomes)
        finding, udf = settling.finding, settling.udf
        update = build(outcomes, ours, finding, udf)
        refused = why_forgotten(outcomes, settling.claims, ours) or why_unsendable(update, finding, udf)
        if refused is None and may_grow and _adds(outcomes):
            refused = why_too_large(update, finding, udf)
        return Plan(outcomes, update, refused)

    def _settle(self, settling: Settling) -> tuple[Outcomes, Mapping[str, str]]:
        """(outcomes, the memo's fields: empty where no update is due and nothing changes).

        A field is left alone if what its claim would have to remember does not fit the memo.
        """
        while True:
            outcomes = settling.settle(self.folded)
            if not self.is_due and not any(outcome.change for outcome in outcomes.values()):
                return outcomes, {}
            ours = our_fields(outcomes, self.stack, self.names)
            left_alone = _left_alone(outcomes, settling.claims, ours)
            if not left_alone:
                return outcomes, ours
            settling = replace(settling, no_room={**settling.no_room, **left_alone})


def why_forgotten(outcomes: Outcomes, before: Claims, ours: Mapping[str, str]) -> str | None:
    """Why the memo has no room for what is set, or to take it back later; None where it has.

    A memo that is too long already may change, but not grow: taking back adds no claim.
    """
    longest = len(ours[MEMO_KEY]) + growth(claims_of(outcomes))
    if longest <= LONGEST_VALUE or longest <= len(write_claims(before)) + growth(before):
        return None
    return f"the memo may come to have {longest} characters until all is taken back, {LONGEST_VALUE} fit"


def _left_alone(outcomes: Outcomes, before: Claims, ours: Mapping[str, str]) -> dict[str, str]:
    """Fields to leave alone, and why, so that the memo fits; empty where it does, or where that is no help.

    Where something is set, a field with much to remember. Otherwise, in a memo that was too long from the
    start, user keys that would be marked as left out: what hides goes first.
    """
    if why_forgotten(outcomes, before, ours):
        return dict.fromkeys(restorable(outcomes)[:1], NO_ROOM_IN_MEMO)
    excess = len(ours[MEMO_KEY]) - LONGEST_VALUE
    marked = [name for name, outcome in outcomes.items() if outcome.change and outcome.change.new is None]
    return dict.fromkeys(marked[-excess:], NO_ROOM_FOR_MARK) if excess > 0 else {}


def _adds(outcomes: Outcomes) -> bool:
    """Whether more than the memo may grow; what only takes back is for the service to judge."""
    changes = [outcome.change for outcome in outcomes.values() if outcome.change]
    return any(change.why == "rule" or change.field == NOTE for change in changes)


def _is_short(name: str) -> bool:
    """Whether all values of a field are a word: another one takes no room."""
    return not name.startswith(USER_PREFIX) and FIELDS[name].codes is not None
