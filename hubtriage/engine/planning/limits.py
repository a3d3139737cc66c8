"""Fit an update into the API's size limits, together with the memory of it.

Triage never acts without memory, and sets nothing that it could not take back. So the memo must also have
room for what reviewing and taking back will add to each claim.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hubtriage.engine.fields import FIELDS, MEMO_KEY, NOTE, USER_PREFIX
from hubtriage.engine.planning.decision import NOTE_DOES_NOT_FIT
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
from hubtriage.engine.planning.resolve import MEMO_DOES_NOT_FIT, FieldResolver, restorable

MARK_DOES_NOT_FIT = "the memo has no room to say that the key was left out"


@dataclass(frozen=True, slots=True)
class Plan:
    """The outcome of each field, the update if one is due, and why it is refused if it is."""

    outcomes: Outcomes
    update: Mapping[str, Any] | None = None
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class SizeLimits:
    """What the rules want of one finding, as far as it fits.

    `names` are rule ids by digest. With `is_due` a call is made even if no field changes.
    """

    folded: Fold
    stack: str
    names: Mapping[str, str]
    is_due: bool

    def plan(self, resolver: FieldResolver) -> Plan:
        """Return the largest update that fits the size limits; refuse if nothing fits."""
        whole = self._attempt(resolver)
        if whole.refused is None or whole.update is None:
            return whole
        for fewer, may_grow in self._giving_way(resolver, whole.update, whole.refused):
            smaller = self._attempt(fewer, may_grow=may_grow)
            if smaller.update and not smaller.refused:
                return smaller
        return whole

    def _giving_way(
        self, resolver: FieldResolver, update: Mapping[str, Any], refused: str
    ) -> Iterator[tuple[FieldResolver, bool]]:
        """Yield (what to resolve instead, whether the finding may grow): no note, then nothing new at all.

        In the last step triage still takes back what it holds, or sets it to another word: a finding must not
        stay hidden because something else that a rule wants does not fit.
        """
        too_large = why_too_large(update, resolver.finding, resolver.udf) is not None
        noteless = {**resolver.does_not_fit, NOTE: NOTE_DOES_NOT_FIT} if too_large else resolver.does_not_fit
        if too_large and "Note" in update:
            yield replace(resolver, does_not_fit=noteless), True
        new = [name for name in self.folded.proposals if name not in resolver.claims or not _is_short(name)]
        yield replace(resolver, does_not_fit={**dict.fromkeys(new, refused), **noteless}), False

    def _attempt(self, resolver: FieldResolver, *, may_grow: bool = True) -> Plan:
        outcomes, ours = self._resolve(resolver)
        if not ours:
            return Plan(outcomes)
        finding, udf = resolver.finding, resolver.udf
        update = build(outcomes, ours, finding, udf)
        refused = why_forgotten(outcomes, resolver.claims, ours) or why_unsendable(update, finding, udf)
        if refused is None and may_grow and _adds(outcomes):
            refused = why_too_large(update, finding, udf)
        return Plan(outcomes, update, refused)

    def _resolve(self, resolver: FieldResolver) -> tuple[Outcomes, Mapping[str, str]]:
        """Return the outcomes and the memo's fields, which are empty if there is nothing to send.

        Leave a field alone if what its claim would have to remember does not fit the memo.
        """
        while True:
            outcomes = resolver.resolve(self.folded)
            if not self.is_due and not any(outcome.change for outcome in outcomes.values()):
                return outcomes, {}
            ours = our_fields(outcomes, self.stack, self.names)
            left_alone = _left_alone(outcomes, resolver.claims, ours)
            if not left_alone:
                return outcomes, ours
            resolver = replace(resolver, does_not_fit={**resolver.does_not_fit, **left_alone})


def why_forgotten(outcomes: Outcomes, before: Claims, ours: Mapping[str, str]) -> str | None:
    """Return why the memo cannot hold what is set, or could not take it back later; None if it can.

    A memo that is too long already may change, but not grow: taking back adds no claim.
    """
    longest = len(ours[MEMO_KEY]) + growth(claims_of(outcomes))
    if longest <= LONGEST_VALUE or longest <= len(write_claims(before)) + growth(before):
        return None
    return f"the memo may come to have {longest} characters until all is taken back, {LONGEST_VALUE} fit"


def _left_alone(outcomes: Outcomes, before: Claims, ours: Mapping[str, str]) -> dict[str, str]:
    """Return fields to leave alone, with the reason, so that the memo fits; empty if it fits or cannot.

    If something is set, that is the field with the most to remember. Otherwise the memo was too long from the
    start: leave user keys that would be marked as left out, because what hides goes first.
    """
    if why_forgotten(outcomes, before, ours):
        return dict.fromkeys(restorable(outcomes)[:1], MEMO_DOES_NOT_FIT)
    excess = len(ours[MEMO_KEY]) - LONGEST_VALUE
    marked = [name for name, outcome in outcomes.items() if outcome.change and outcome.change.new is None]
    return dict.fromkeys(marked[-excess:], MARK_DOES_NOT_FIT) if excess > 0 else {}


def _adds(outcomes: Outcomes) -> bool:
    """Say whether more than the memo may grow. An update that only takes back is left to the service."""
    changes = [outcome.change for outcome in outcomes.values() if outcome.change]
    return any(change.why == "rule" or change.field == NOTE for change in changes)


def _is_short(name: str) -> bool:
    """Say whether all values of a field are one word, so that another value is not longer."""
    return not name.startswith(USER_PREFIX) and FIELDS[name].codes is not None
