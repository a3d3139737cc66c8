"""Read entries of the ledger for several checks: a random part of the table, or all of it."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from hubtriage.aws.ledger.calls import projection
from hubtriage.aws.ledger.item import ENTRY, FINDING, VERSION
from hubtriage.aws.ledger.ledger import LedgerFault, Page
from hubtriage.aws.ledger.reading import page_of
from hubtriage.aws.ledger.table import KEY
from hubtriage.aws.securityhub.api import Key
from hubtriage.engine.planning.entry import Entry

MOST_ENTRIES = 2000
"""Entries that are looked at unless all are asked for."""
_MOST_SEGMENTS = 1_000_000
"""AWS: parts into which a scan can be divided. They divide the hashes of keys, so each part is random."""
_MOST_PARTS_READ = 5
"""A part has as many entries as are looked at, unless the table has shrunk since AWS counted it."""
_PAGE = 1000


@dataclass(slots=True)
class EntrySample:
    """The entries that were looked at, those that cannot be read, and about how many there are."""

    total: int
    entries: list[tuple[Key, Entry]] = field(default_factory=list)
    unread: list[LedgerFault] = field(default_factory=list)
    is_whole: bool = False

    @property
    def looked_at(self) -> int:
        """How many entries were looked at."""
        return len(self.entries) + len(self.unread)

    @property
    def scope(self) -> str:
        """What was looked at, for people."""
        if self.is_whole and not self.looked_at:
            return "the ledger has no entries"
        if self.is_whole:
            return f"looked at all {self.looked_at:,} entries"
        total = f"about {self.total:,}" if self.total > self.looked_at else "more"
        return f"looked at {self.looked_at:,} of {total} entries; --all looks at all"


@dataclass(frozen=True, slots=True)
class TableReader:
    """Reads a table by boto3's client. `shuffle` puts parts into a random order; `report` shows how far."""

    client: Any
    table: str
    shuffle: Callable[[list[int]], None]
    report: Callable[[str], None]

    def pages(self, segment: int, parts: int) -> Iterator[Page]:
        """Yield the entries of one of so many parts, page by page; raises botocore's errors."""
        request: dict[str, Any] = {
            "TableName": self.table,
            "ConsistentRead": True,
            "Segment": segment,
            "TotalSegments": parts,
            "Limit": _PAGE,
            **projection(KEY, FINDING, VERSION, ENTRY),
        }
        while True:
            answer = self.client.scan(**request)
            yield page_of(answer, None)
            if not answer.get("LastEvaluatedKey"):
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def read_sample(reader: TableReader, total: int, most: int | None) -> EntrySample:
    """Return at most so many entries of a table, or all if `most` is None; raises botocore's errors.

    `total`: how many there are about. AWS: counts a table's items every six hours only.
    """
    sample = EntrySample(total)
    parts = 1 if most is None else min(_MOST_SEGMENTS, max(1, math.ceil(total / max(1, most))))
    segments = list(range(parts))
    reader.shuffle(segments)
    ends = [_read_part(reader, segment, parts, most, sample) for segment in segments[:_MOST_PARTS_READ]]
    sample.is_whole = all(ends) and parts <= _MOST_PARTS_READ
    return sample


def _read_part(reader: TableReader, segment: int, parts: int, most: int | None, sample: EntrySample) -> bool:
    """Read one part of the table; say whether it was read to its end."""
    if most is not None and sample.looked_at >= most:
        return False
    for page in reader.pages(segment, parts):
        room = None if most is None else most - sample.looked_at
        sample.entries += page.entries[:room]
        sample.unread += page.unread
        reader.report(f"{sample.looked_at:,} entries read")
        if room is not None and sample.looked_at >= (most or 0):
            return len(page.entries) <= room and page.token is None
    return True
