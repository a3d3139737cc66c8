"""The OCSF findings of one hub, each as it was after every write."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from hubtriage.localaws.securityhub.v2 import words
from hubtriage.localaws.securityhub.v2.words import Finding


@dataclass(slots=True)
class RecordV2:
    """A finding, what its provider sent last, and its states, oldest first, each with its moment.

    pinned: a customer took the severity over.
    """

    place: int
    original: Finding
    states: list[tuple[float, Finding]] = field(default_factory=list)
    pinned: bool = False

    @property
    def finding(self) -> Finding:
        """The finding as it is now."""
        return self.states[-1][1]

    @property
    def written(self) -> float:
        """When it was written last."""
        return self.states[-1][0]

    def seen(self, now: float, delay: float) -> Finding | None:
        """Return the finding as a reader sees it who sees writes `delay` seconds late; None: not yet."""
        if not delay:
            return self.finding
        return next((finding for moment, finding in reversed(self.states) if moment + delay <= now), None)

    def is_gone(self, now: float, retention: float | None) -> bool:
        """Say whether it was closed longer ago than findings are kept."""
        is_closed = self.finding.get("activity_id") == words.CLOSE
        return retention is not None and is_closed and self._closed() + retention <= now

    def _closed(self) -> float:
        """Return since when it has been closed."""
        since = self.written
        for moment, finding in reversed(self.states):
            if finding.get("activity_id") != words.CLOSE:
                break
            since = moment
        return since


class StoreV2:
    """Records in order of arrival. Findings are values: a write replaces one, and never changes it."""

    def __init__(self) -> None:
        self._in_order: list[RecordV2] = []
        self._by_uid: dict[str, RecordV2] = {}
        self._by_signal: dict[tuple[Any, Any, Any], RecordV2] = {}

    def __len__(self) -> int:
        return len(self._in_order)

    def get(self, uid: str) -> RecordV2 | None:
        """Return the record of the finding with this `metadata.uid`."""
        return self._by_uid.get(uid)

    def of_signal(self, account: str, uid: str, product: str) -> RecordV2 | None:
        """Return the record of a finding by account, provider's id and product."""
        return self._by_signal.get((account, uid, product))

    def add(self, original: Finding, finding: Finding, now: float) -> RecordV2:
        """Add a finding that is new; it takes the place of one with the same `metadata.uid`."""
        uid = words.uid_of(finding)
        known = self._by_uid.get(uid) if uid is not None else None
        record = RecordV2(known.place if known else len(self._in_order), original, [(now, finding)])
        if known:
            self._in_order[known.place] = record
        else:
            self._in_order.append(record)
        if uid is not None:
            self._by_uid[uid] = record
        signal = words.signal_of(finding)
        if all(isinstance(each, str) for each in signal):
            self._by_signal[signal] = record
        return record

    def after(self, place: int) -> Iterator[RecordV2]:
        """Return records from a place on, in order of arrival."""
        return (self._in_order[at] for at in range(place, len(self._in_order)))

    def with_uids(self, uids: Iterable[str]) -> list[RecordV2]:
        """Return records of findings with one of these `metadata.uid`, in order of arrival."""
        found = [self._by_uid[uid] for uid in set(uids) if uid in self._by_uid]
        return sorted(found, key=lambda record: record.place)
