"""Which notices were given, so that each is given once: for a rule, its end, and how many days ahead.

They are one item of the ledger's table, under a key that no finding has. A ledger that is restored from a
backup brings them along: notices that were given since are given once more.
"""

import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from hubtriage.aws.ledger.table import KEY, NO_ENTRY_BEGINS
from hubtriage.aws.sweep.occasions.memory import DynamoDb

NOTICES_KEY = f"{NO_ENTRY_BEGINS}notices"
EVENTS_KEY = f"{NO_ENTRY_BEGINS}notice-events"
"""The same of notices as decision events: what the topic does not take is put on the bus all the same."""
MOST_GIVEN = 10_000
"""Notices that are remembered, those of the latest ends: 150 KB, compressed. AWS: an item has 400 KB."""
_VALUE = "notices"
_FORMAT = 1


@dataclass(frozen=True, slots=True, order=True)
class GivenNotice:
    """A notice that was given: `days` ahead of the end of a rule. `ends` is in epoch seconds."""

    ends: float
    rule: str
    days: int


class NoticeMemory(Protocol):
    """Keeps which notices were given."""

    def read(self) -> frozenset[GivenNotice]:
        """Return the notices that were given. Raises botocore's errors."""

    def write(self, given: Iterable[GivenNotice]) -> None:
        """Remember these notices, and no others. Raises botocore's errors."""


class TableNotices:
    """The item in the ledger's table."""

    def __init__(self, client: DynamoDb, table: str, key: str = NOTICES_KEY) -> None:
        self._client = client
        self._table = table
        self._key: dict[str, Any] = {KEY: {"S": key}}

    def read(self) -> frozenset[GivenNotice]:
        """Return the notices that were given; none if the item is not there, or of another version."""
        answer = self._client.get_item(TableName=self._table, Key=self._key, ConsistentRead=True)
        item = answer.get("Item")
        return frozenset() if item is None else unpacked(item.get(_VALUE, {}).get("B", b""))

    def write(self, given: Iterable[GivenNotice]) -> None:
        """Remember these notices."""
        self._client.put_item(TableName=self._table, Item={**self._key, _VALUE: {"B": packed(given)}})


class ProcessNotices:
    """The same in memory, for tests."""

    def __init__(self) -> None:
        self.given: frozenset[GivenNotice] = frozenset()

    def read(self) -> frozenset[GivenNotice]:
        """Return the notices that were given."""
        return self.given

    def write(self, given: Iterable[GivenNotice]) -> None:
        """Remember these notices."""
        self.given = frozenset(given)


def packed(given: Iterable[GivenNotice]) -> bytes:
    """Return the notices as compressed JSON."""
    listed = [[it.rule, it.ends, it.days] for it in sorted(given)[-MOST_GIVEN:]]
    return zlib.compress(json.dumps({"format": _FORMAT, "given": listed}, separators=(",", ":")).encode(), 9)


def unpacked(stored: bytes) -> frozenset[GivenNotice]:
    """Return what `packed` was given; none for anything else, as of another version.

    Then they are given once more: twice is better than never.
    """
    try:
        document = json.loads(zlib.decompress(stored))
        if document["format"] != _FORMAT:
            return frozenset()
        return frozenset(
            GivenNotice(float(ends), str(rule), int(days)) for rule, ends, days in document["given"]
        )
    except (zlib.error, ValueError, TypeError, LookupError):
        return frozenset()
