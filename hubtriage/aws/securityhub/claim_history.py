"""What decision log and history say of the claims of an entry: since when, by which revision, who overruled.

The entry itself keeps neither: it has to stay small, and the log has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hubtriage.engine.fields import Value
from hubtriage.engine.planning.entry import Claim, Entry, stored

if TYPE_CHECKING:  # it takes the client library of AWS with it, which who only shows a history does not need
    from hubtriage.aws.securityhub.finding_history import HistoryEvent


@dataclass(frozen=True, slots=True)
class ClaimHistory:
    """What is known of one claim in addition to the entry. Times are epoch seconds; None: not known.

    `since`: when triage set the value; `revision` of the rules that did, `was` what the finding had before.
    `overruled_at`: when a person or a tool changed the field last, or triage saw that; `overruled_by` who it
    was.
    """

    since: float | None = None
    revision: str | None = None
    was: Any = None
    overruled_at: float | None = None
    overruled_by: str | None = None


NOT_KNOWN = ClaimHistory()


def claim_histories(entry: Entry, events: Sequence[HistoryEvent]) -> dict[str, ClaimHistory]:
    """Return what the events of a finding, oldest first, say of each claim of its entry."""
    return {name: _history(name, claim, events) for name, claim in entry.claims.items()}


def _history(name: str, claim: Claim, events: Sequence[HistoryEvent]) -> ClaimHistory:
    since, revision, was = None, None, None
    for event in reversed(events):
        change = _setting(event, name, claim)
        if change is not None:
            since, was = event.time, change.get("from")
            revision = _text(event.record.get("revision") or event.record.get("ruleset"))
            break
    at, by = _overruling(name, since, events) if claim.person or claim.overruled else (None, None)
    return ClaimHistory(since, revision, was, at, by)


def _setting(event: HistoryEvent, name: str, claim: Claim) -> Mapping[str, Any] | None:
    """Return the change by which an update set the claimed value; None if the event is not an update."""
    if event.kind != "decision" or event.record.get("outcome") != "updated":
        return None
    for change in _objects(event.record.get("changes")):
        if change.get("field") == name and _stored(change.get("to")) == claim.value:
            return change
    return None


def _overruling(
    name: str, since: float | None, events: Sequence[HistoryEvent]
) -> tuple[float | None, str | None]:
    """Return when and by whom the field was changed after triage; by None where only the log says that."""
    for event in reversed(events):
        if since is not None and event.time < since:
            break
        if event.change is not None and event.change.by == "person" and event.change.touches(name):
            source = event.record.get("UpdateSource")
            return event.time, _text(source.get("Identity")) if isinstance(source, Mapping) else None
    for event in reversed(events):
        overruled = event.record.get("overruled") if event.kind == "decision" else None
        if isinstance(overruled, list) and name in overruled:
            return event.time, None
    return None, None


def _stored(value: object) -> object:
    """Return a value of the log as an entry keeps it; an object of no use for what is not a value."""
    if isinstance(value, list):
        texts: Value = tuple(each for each in value if isinstance(each, str))
        return stored(texts)
    return stored(value) if value is None or isinstance(value, str | int) else object()


def _objects(value: object) -> Iterable[Mapping[str, Any]]:
    return (each for each in value if isinstance(each, Mapping)) if isinstance(value, list) else ()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
