"""The findings of one hub, each with what was written to it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from hubtriage.localaws.securityhub.asff.requests import Finding, Identifier, identity
from hubtriage.localaws.securityhub.history import Write


@dataclass(slots=True)
class Record:
    """A finding, the provided fields that a customer took over, and its writes, oldest first."""

    place: int
    finding: Finding
    pinned: set[str] = field(default_factory=set)
    writes: list[Write] = field(default_factory=list)

    def seen(self, now: float, delay: float) -> Finding | None:
        """Return the finding as a reader sees it who sees writes `delay` seconds late; None: not yet."""
        if not delay:
            return self.finding
        return next((write.after for write in reversed(self.writes) if write.time + delay <= now), None)


class Store:
    """Records in order of arrival. Findings are values: a write replaces one, and never changes it.

    AWS: a finding belongs to its account, so several accounts may have findings of one identity.
    """

    def __init__(self) -> None:
        self._records: dict[Identifier, list[Record]] = {}
        self._in_order: list[Record] = []
        self._by_id: dict[str, list[Record]] = {}

    def __len__(self) -> int:
        return len(self._in_order)

    def get(self, key: Identifier) -> Record | None:
        """Return the record of a finding; of several with this identity, the one that arrived first.

        AWS does not say which of several an update names.
        """
        records = self._records.get(key)
        return records[0] if records else None

    def of(self, finding: Finding) -> Record | None:
        """Return the record of this finding, which has its identity and its account."""
        account = finding.get("AwsAccountId")
        records = self._records.get(identity(finding), ())
        return next((record for record in records if record.finding.get("AwsAccountId") == account), None)

    def write(self, write: Write) -> Record:
        """Add the finding that a write leaves behind."""
        record = self.of(write.after) or self._new(write.after)
        record.finding = write.after
        record.writes.append(write)
        return record

    def _new(self, finding: Finding) -> Record:
        record = Record(len(self._in_order), finding)
        self._records.setdefault(identity(finding), []).append(record)
        self._in_order.append(record)
        self._by_id.setdefault(finding["Id"], []).append(record)
        return record

    def after(self, place: int) -> Iterator[Record]:
        """Return records from a place on, in order of arrival."""
        return (self._in_order[at] for at in range(place, len(self._in_order)))

    def with_ids(self, ids: Iterable[str]) -> list[Record]:
        """Return records of findings with one of the ids, in order of arrival."""
        found = {record.place: record for each in set(ids) for record in self._by_id.get(each, ())}
        return [found[place] for place in sorted(found)]
