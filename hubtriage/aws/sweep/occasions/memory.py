"""What the last sweep that came to its end had swept: the next deployment sweeps what is different since.

It stands in the ledger's table, because a ledger that is restored from a backup brings the rules along that
its entries were made by. It is one item, under a key that no finding has.
"""

import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from hubtriage.aws.ledger.table import KEY, NO_ENTRY_BEGINS
from hubtriage.aws.sweep.occasions.changes import SweptRule, SweptRules

SWEPT_KEY = f"{NO_ENTRY_BEGINS}swept"
ACTIONS = ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem")
_VALUE = "swept"
_FORMAT = 1
LARGEST = 380_000
"""Bytes of the item, compressed: about 20,000 rules. AWS: 400 KB. Beyond that all of it counts as changed."""


@dataclass(frozen=True, slots=True)
class Swept:
    """The rules that were swept last, and how many entries the ledger had when all of them were read last."""

    rules: SweptRules = field(default_factory=dict)
    entries: int = 0


class SweepMemory(Protocol):
    """Keeps what was swept last."""

    def read(self) -> Swept | None:
        """Return what was swept last; None if that is not known. Raises botocore's errors."""

    def write(self, swept: Swept) -> None:
        """Remember what was swept. Raises botocore's errors."""

    def forget(self) -> None:
        """Forget it: the next deployment sweeps everything. Raises botocore's errors."""


class DynamoDb(Protocol):
    """botocore's client of DynamoDB, as far as it is used here."""

    def get_item(self, **request: Any) -> Mapping[str, Any]:
        """Read an item."""

    def put_item(self, **request: Any) -> Mapping[str, Any]:
        """Write an item."""

    def delete_item(self, **request: Any) -> Mapping[str, Any]:
        """Delete an item."""


class TableMemory:
    """The item in the ledger's table."""

    def __init__(self, client: DynamoDb, table: str) -> None:
        self._client = client
        self._at: dict[str, Any] = {"TableName": table, "Key": {KEY: {"S": SWEPT_KEY}}}

    def read(self) -> Swept | None:
        """Return what was swept last; None where it is of another version."""
        item = self._client.get_item(**self._at, ConsistentRead=True).get("Item")
        return None if item is None else unpacked(item[_VALUE]["B"])

    def write(self, swept: Swept) -> None:
        """Remember what was swept."""
        packed_swept = packed(swept)
        if len(packed_swept) > LARGEST:
            self.forget()
            return
        item = {**self._at["Key"], _VALUE: {"B": packed_swept}}
        self._client.put_item(TableName=self._at["TableName"], Item=item)

    def forget(self) -> None:
        """Forget what was swept."""
        self._client.delete_item(**self._at)


class ProcessMemory:
    """The same in memory: for tests, and for sweeps that no deployment follows."""

    def __init__(self, swept: Swept | None = None) -> None:
        self.swept = swept

    def read(self) -> Swept | None:
        """Return what was swept last."""
        return self.swept

    def write(self, swept: Swept) -> None:
        """Remember what was swept."""
        self.swept = swept

    def forget(self) -> None:
        """Forget what was swept."""
        self.swept = None


def packed(swept: Swept) -> bytes:
    """Return what was swept as compressed JSON."""
    document = {"format": _FORMAT, **asdict(swept), "rules": {n: asdict(r) for n, r in swept.rules.items()}}
    return zlib.compress(json.dumps(document, separators=(",", ":")).encode(), 9)


def unpacked(stored: bytes) -> Swept | None:
    """Return what `packed` made; None for anything else, as of another version: then all is swept."""
    try:
        document = json.loads(zlib.decompress(stored))
        if document.pop("format") != _FORMAT:
            return None
        rules = {name: SweptRule(**rule) for name, rule in document.pop("rules").items()}
        return Swept(rules, **document)
    except (zlib.error, ValueError, TypeError, LookupError, AttributeError):
        return None
