"""Which of two states of a finding is newer, and how far what a batch knows can be trusted.

Findings have no versions, so time decides. Every such question is answered here:

| question | answer |
|---|---|
| which event of a batch shows a finding last, and which others may be just as new | `newest` |
| an event and a reading show different states: which is later | `newer` |
| has this container seen or written more than an event can show | `Recent.overtook`, `superseded` |
| may a batch act on an event, or does it have to read the finding first | `Staleness` |
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hubtriage.aws.clock import Clock
from hubtriage.aws.securityhub.api import Finding, Key
from hubtriage.aws.securityhub.namesakes import accounts_of
from hubtriage.aws.triage.events import FindingEvent, Message, SweepOrder
from hubtriage.engine.fields import MEMO_KEY, user_fields
from hubtriage.engine.text.timestamps import parse_timestamp

CLOCK_SKEW = 5.0
"""Seconds by which the clock of an event's sender may be ahead of ours. A later event is not trusted."""
READING_LAG = 600.0
"""Seconds for which a reading may show an older state. AWS: an update "can take several minutes" to show."""
LEAST_AGE = 10.0
"""Seconds for which a batch trusts what it has read, even if it trusts no event: calls wait their turn."""
MOST = 20_000
"""Findings that are remembered, those seen last: about 5 MB, far more than change while an event is fresh."""


@dataclass(frozen=True, slots=True)
class DeduplicatedFinding:
    """The newest event of a finding, and every message that showed the finding: they share its outcome.

    `others` are the finding as other events show it. Each of them may be just as new. `accounts` are those
    that the events name: if there are two, these are two findings with one key.
    """

    newest: FindingEvent
    messages: tuple[Message, ...]
    others: tuple[Finding, ...] = ()
    accounts: tuple[str, ...] = ()


def newest(finding_events: Iterable[FindingEvent]) -> dict[Key, DeduplicatedFinding]:
    """Return each finding once, in order of first appearance, as its newest event shows it.

    The newest is decided by `UpdatedAt`, then by the envelope's time, then by when SQS got the event, then by
    its place in the batch. AWS: `UpdatedAt` only grows, but it belongs to the provider: an update by a person
    does not move it. The envelope's time is in whole seconds, so events of one second have no order. An order
    of a sweep holds for the newest event too: they end together, and the order does not come again.
    """
    seen: dict[Key, list[FindingEvent]] = {}
    for event in finding_events:
        seen.setdefault(event.key, []).append(event)
    return {key: _together(found) for key, found in seen.items()}


def _together(found: list[FindingEvent]) -> DeduplicatedFinding:
    if len(found) == 1:
        return DeduplicatedFinding(found[0], (found[0].message,), accounts=accounts_of([found[0].finding]))
    messages = tuple(dict.fromkeys(event.message for event in found))
    last = sorted(found, key=_recency)[-1]  # of equals the last in the batch
    others = (other.finding for other in found if _may_be_newer(other, last))
    different = tuple(other for other in others if _differ(other, last.finding))
    return DeduplicatedFinding(
        replace(last, order=_ordered_together(found)),
        messages,
        different,
        accounts_of(event.finding for event in found),
    )


def _differ(one: Finding, other: Finding) -> bool:
    try:
        return one != other
    except RecursionError:  # findings that are nested so deep cannot be compared
        return True


def _ordered_together(found: list[FindingEvent]) -> SweepOrder | None:
    """Return the order of the newest sweep, with the stack to adopt of the newest that names one."""
    oldest_first = sorted(found, key=lambda event: event.event_at or 0.0)
    orders = [event.order for event in oldest_first if event.order is not None]
    if not orders:
        return None
    adopt = next((order.adopt for order in reversed(orders) if order.adopt), None)
    return replace(orders[-1], adopt=adopt)


def _recency(event: FindingEvent) -> tuple[float, float, float]:
    return _provided_at(event.finding) or 0.0, event.event_at or 0.0, event.message.sent_at or 0.0


def _may_be_newer(event: FindingEvent, last: FindingEvent) -> bool:
    return _recency(event)[0] == _recency(last)[0] and _shows(event)[1] > _shows(last)[0]


def _shows(event: FindingEvent) -> tuple[float, float]:
    """Return the earliest and the latest time of the state that an event shows.

    An event of the service shows its second, one of a sweep what GetFindings may have shown.
    """
    time = event.event_at or 0.0
    return (time, time + 1) if event.order is None else (time - READING_LAG, time)


@dataclass(slots=True)
class _Known:
    """Times (epoch seconds) of the last event heard, the last reading or doubt, and our last update.

    `memo` is a hash of the memo that the update wrote.
    """

    heard: float = 0.0
    doubted: float = 0.0
    wrote: float = 0.0
    memo: int | None = None


class Recent:
    """Remember when this container last knew each finding: by an event, a reading, or its own update.

    AWS: events come more than once and in any order, and their time is in whole seconds. An event that is not
    surely later than such a moment may lack what a person did since. Only a hash of the key is kept. Findings
    that share a hash are read more often than they need to be; nothing else can come of it.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: dict[int, _Known] = {}  # in the order in which they were noted

    def heard(self, key: Key, moment: float) -> None:
        """Note that an event of `moment` has been dealt with."""
        known = self._of(key)
        known.heard = max(moment, known.heard)

    def doubted(self, key: Key, moment: float) -> None:
        """Note that the finding may have changed until `moment`: it was read then, or a call failed."""
        known = self._of(key)
        known.doubted = max(moment, known.doubted)

    def wrote(self, key: Key, moment: float, memo: str | None) -> None:
        """Note that we updated the finding at `moment`, and its memo with it."""
        known = self._of(key)
        known.wrote, known.memo = moment, memo if memo is None else hash(memo)

    def overtook(self, key: Key, event_at: float, memo: str | None) -> bool:
        """Return whether this container may know a later state than an event of this time and memo shows.

        An event that shows the memo of our update is not from before the update; in most cases it is its
        echo. A sweep's time is exact: what it read may be from before an event of the same second.
        """
        known, second = self._known.get(hash(key)), int(event_at)
        if known is None:
            return False
        is_before_update = second <= known.wrote and (memo is None or hash(memo) != known.memo)
        return second <= max(known.heard, known.doubted) or is_before_update

    def superseded(self, key: Key, event_at: float) -> bool:
        """Return whether an event of this time is surely older than another event, or than our own update.

        It needs nothing any more: the other event, or the echo of the update, shows the later state.
        """
        known, over = self._known.get(hash(key)), int(event_at) + 1
        return known is not None and (over <= known.heard or over + CLOCK_SKEW <= known.wrote)

    def _of(self, key: Key) -> _Known:
        name = hash(key)
        known = self._known[name] = self._known.pop(name) if name in self._known else _Known()
        if len(self._known) > self._most:
            del self._known[next(iter(self._known))]
        return known


class Staleness:
    """Decides how far the events of one batch can be trusted.

    Times are epoch seconds. `age` is how old an event may be that a batch acts upon.
    """

    def __init__(
        self, seen: Mapping[Key, DeduplicatedFinding], recent: Recent, age: float, clock: Clock
    ) -> None:
        self._seen = seen
        self._recent = recent
        self._age = age
        self._clock = clock
        self._began = clock.now()
        self._read_at: dict[Key, float] = {}
        self._have_read_at: dict[Key, float] = {}

    def is_stale(self, key: Key) -> bool:
        """Return whether the event may not show the present state of a finding."""
        event = self._seen[key].newest
        if self._seen[key].others or event.message.receives > 1 or event.event_at is None:
            return True
        if not -CLOCK_SKEW <= self._began - event.event_at <= self._age:
            return True
        return self._recent.overtook(key, event.event_at, memo_in(event.finding))

    def must_be_read(self, key: Key) -> bool:
        """Return whether a batch has to read a finding that it has not read yet."""
        return key not in self._read_at and self.is_stale(key)

    def is_outdated(self, key: Key) -> bool:
        """Return whether the finding was seen too long ago for an update to be sent.

        A reading counts from its end: in a backlog all are read first, and reading is slower than sending.
        """
        if key in self._have_read_at:
            return self._clock.now() - self._have_read_at[key] > max(self._age, LEAST_AGE)
        return self._clock.now() - self._event_at(key) > self._age

    def reading(self, keys: Iterable[Key]) -> None:
        """Note that these findings are read now."""
        self._read_at.update(dict.fromkeys(keys, self._clock.now()))

    def have_read(self, keys: Iterable[Key]) -> None:
        """Note that the reading of these findings has ended."""
        self._have_read_at.update(dict.fromkeys(keys, self._clock.now()))

    def may_lag(self, key: Key) -> bool:
        """Return whether a reading may show a finding as it was before its event."""
        event = self._seen[key].newest
        if event.event_at is None or event.message.receives > 1:
            return False
        return self._began - event.event_at <= READING_LAG

    def superseded(self, key: Key) -> bool:
        """Return whether later events have followed this one. An order of a sweep is never superseded."""
        event = self._seen[key].newest
        if event.event_at is None or event.order is not None:
            return False
        return self._recent.superseded(key, event.event_at)

    def updated(self, key: Key, update: Mapping[str, Any]) -> None:
        """Note that we have changed the finding."""
        self._recent.wrote(key, self._clock.now(), memo_in(update))

    def failed(self, key: Key) -> None:
        """Note a call that failed: it may have changed the finding."""
        self._recent.doubted(key, self._clock.now())

    def kept(self, key: Key) -> None:
        """Note that the finding stays as it was seen."""
        self._recent.heard(key, self._event_at(key))
        if key in self._read_at:
            self._recent.doubted(key, self._read_at[key])

    def _event_at(self, key: Key) -> float:
        return min(self._seen[key].newest.event_at or 0.0, self._began)


def memo_in(fields: Mapping[str, Any]) -> str | None:
    """Return the memo that a finding, or an update, holds."""
    memo = user_fields(fields).get(MEMO_KEY)
    return memo if isinstance(memo, str) else None


def newer(one: Finding, other: Finding) -> Finding | None:
    """Return the later of two states of a finding; None if that is not known.

    AWS: an update of a provider needs a later `UpdatedAt`, and no other update moves it. A note shows when it
    was written, and only later notes replace it. A finding gets its first user-defined fields with a memo;
    it does not lose them again.
    """
    for mark in (_provided_at, _noted_at, _has_memo):
        mine, theirs = mark(one), mark(other)
        if mine is not None and theirs is not None and mine != theirs:
            return one if mine > theirs else other
    return None


def _provided_at(finding: Finding) -> float | None:
    return parse_timestamp(finding.get("UpdatedAt"))


def _noted_at(finding: Finding) -> float | None:
    note = finding.get("Note")
    return parse_timestamp(note.get("UpdatedAt")) if isinstance(note, dict) else 0.0


def _has_memo(finding: Finding) -> float | None:
    if user_fields(finding) and memo_in(finding) is None:
        return None  # perhaps another tool has replaced them all
    return float(memo_in(finding) is not None)
