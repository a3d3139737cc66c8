"""How far what a batch knows of its findings can be trusted: by time, as findings have no versions."""

from collections.abc import Iterable, Mapping
from typing import Any

from hubtriage.aws.clock import Clock
from hubtriage.aws.securityhub.api import Finding, Key
from hubtriage.aws.triage.events import CLOCK_SKEW, READING_LAG, DeduplicatedFinding
from hubtriage.aws.triage.recent import Recent
from hubtriage.engine.fields import MEMO_KEY, user_fields
from hubtriage.engine.text.timestamps import parse_timestamp


class Staleness:
    """Of the findings of one batch. Times are epoch seconds; `age` is how old may be what is acted upon."""

    def __init__(
        self, seen: Mapping[Key, DeduplicatedFinding], recent: Recent, age: float, clock: Clock
    ) -> None:
        self._seen = seen
        self._recent = recent
        self._age = age
        self._clock = clock
        self._began = clock.now()
        self._read_at: dict[Key, float] = {}

    def is_stale(self, key: Key) -> bool:
        """Whether the event does not tell for sure how a finding is."""
        newest = self._seen[key].newest
        if self._seen[key].others or newest.message.receives > 1 or newest.event_at is None:
            return True
        if not -CLOCK_SKEW <= self._began - newest.event_at <= self._age:
            return True
        return self._recent.overtook(key, newest.event_at, memo_in(newest.finding))

    def late(self, keys: Iterable[Key]) -> list[Key]:
        """Those that were fresh and have had to wait too long for their call.

        None is read twice in a batch: in a backlog all are read first, and reading takes longer than sending.
        """
        oldest = self._clock.now() - self._age
        return [key for key in keys if key not in self._read_at and self._event_at(key) < oldest]

    def reading(self, keys: Iterable[Key]) -> None:
        """These are read now."""
        self._read_at.update(dict.fromkeys(keys, self._clock.now()))

    def may_lag(self, key: Key) -> bool:
        """Whether a reading may show a finding as it was before its event."""
        newest = self._seen[key].newest
        if newest.event_at is None or newest.message.receives > 1:
            return False
        return self._began - newest.event_at <= READING_LAG

    def superseded(self, key: Key) -> bool:
        """Whether the event is one that has been followed by others already. What a sweep orders is not."""
        newest = self._seen[key].newest
        if newest.event_at is None or newest.order is not None:
            return False
        return self._recent.superseded(key, newest.event_at)

    def updated(self, key: Key, update: Mapping[str, Any]) -> None:
        """The finding has been changed by us."""
        self._recent.wrote(key, self._clock.now(), memo_in(update))

    def failed(self, key: Key) -> None:
        """Of a call that failed nobody knows whether it has changed the finding."""
        self._recent.doubted(key, self._clock.now())

    def kept(self, key: Key) -> None:
        """The finding stays as it was seen."""
        self._recent.heard(key, self._event_at(key))
        if key in self._read_at:
            self._recent.doubted(key, self._read_at[key])

    def _event_at(self, key: Key) -> float:
        return min(self._seen[key].newest.event_at or 0.0, self._began)


def memo_in(fields: Mapping[str, Any]) -> str | None:
    """The memo that a finding, or an update, holds."""
    memo = user_fields(fields).get(MEMO_KEY)
    return memo if isinstance(memo, str) else None


def newer(one: Finding, other: Finding) -> Finding | None:
    """Which of two states of a finding is from later; None if that is not known.

    AWS: an update of a provider needs a later `UpdatedAt`, nobody else's moves it; a note tells when it was
    written, and is replaced by later ones only. What had no user-defined fields gets a memo, not the reverse.
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
