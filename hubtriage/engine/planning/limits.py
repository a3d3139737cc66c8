"""Fit an update into the API's size limits: what does not fit gives way, the note first."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hubtriage.engine.fields import FIELDS, NOTE, USER_PREFIX
from hubtriage.engine.planning.decision import NOTE_DOES_NOT_FIT
from hubtriage.engine.planning.fold import Fold
from hubtriage.engine.planning.payload import USER_FIELDS, Outcomes, build, why_too_large, why_unsendable
from hubtriage.engine.planning.resolve import FieldOutcome, FieldResolver


@dataclass(frozen=True, slots=True)
class Plan:
    """The outcome of each field, the update (empty if nothing changes), and why it is refused if it is."""

    outcomes: Outcomes
    update: Mapping[str, Any]
    refused: str | None = None


def fit(resolver: FieldResolver, folded: Fold) -> Plan:
    """Return the largest update that fits the limits; it is refused if nothing fits."""
    if not resolver.claims and not folded.proposals:
        return Plan({}, {})
    whole = _attempt(resolver, folded)
    if whole.refused is None:
        return whole
    for smaller in _giving_way(resolver, folded, whole):
        plan = _attempt(smaller, folded)
        if plan.update and plan.refused is None:
            return plan
    return whole


def _attempt(resolver: FieldResolver, folded: Fold) -> Plan:
    finding, udf = resolver.finding, resolver.udf
    outcomes: Outcomes = resolver.resolve(folded)
    update = build(outcomes, finding, udf)
    if update.get(USER_FIELDS) == {}:  # AWS: whether an empty map empties the field is not documented
        outcomes = {name: _without_change(name, outcome) for name, outcome in outcomes.items()}
        del update[USER_FIELDS]
    refused = why_unsendable(update, finding, udf)
    if refused is None and _grows(outcomes):
        refused = why_too_large(update, finding, udf)
    return Plan(outcomes, update, refused)


def _giving_way(resolver: FieldResolver, folded: Fold, whole: Plan) -> Iterator[FieldResolver]:
    """Yield what to resolve instead: without what cannot be sent, without the note, with nothing larger.

    In the last step triage still takes back what it holds, or sets it to another word. A finding must not
    stay hidden because something else that a rule wants does not fit.
    """
    reason = whole.refused or ""
    fewer = dict(resolver.does_not_fit)
    if why_unsendable(whole.update, resolver.finding, resolver.udf):
        fewer |= {name: reason for name in whole.outcomes if name.startswith(USER_PREFIX)}
        yield replace(resolver, does_not_fit=fewer)
    if NOTE in whole.outcomes:
        fewer |= {NOTE: NOTE_DOES_NOT_FIT}
        yield replace(resolver, does_not_fit=fewer)
    new = [name for name in folded.proposals if name not in resolver.claims or not _is_word(name)]
    all_keys = [name for name in whole.outcomes if name.startswith(USER_PREFIX)]
    rest = dict.fromkeys([*new, *all_keys], reason) | {NOTE: NOTE_DOES_NOT_FIT} | fewer
    yield replace(resolver, does_not_fit=rest)


def _without_change(name: str, outcome: FieldOutcome) -> FieldOutcome:
    """Leave the last user-defined keys on the finding. They stay ours, so rules go on not seeing them.

    They have not been left out of a map yet: that is done once another key stands next to them.
    """
    if not name.startswith(USER_PREFIX) or outcome.change is None:
        return outcome
    claim = outcome.claim and replace(outcome.claim, left_out=False)
    return replace(outcome, change=None, claim=claim)


def _grows(outcomes: Outcomes) -> bool:
    """Say whether the finding may grow. An update that only takes back is left to the service."""
    changes = [outcome.change for outcome in outcomes.values() if outcome.change]
    return any(
        (change.why == "rule" and not _is_word(change.field)) or change.field == NOTE for change in changes
    )


def _is_word(name: str) -> bool:
    """Say whether all values of a field are one word, so that another value is hardly longer."""
    return name in FIELDS and bool(FIELDS[name].words)
