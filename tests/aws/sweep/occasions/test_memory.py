"""What was swept last is remembered beside the entries, and is never guessed at."""

import zlib
from collections.abc import Mapping
from typing import Any

import pytest

from hubtriage.aws.ledger.table import KEY
from hubtriage.aws.sweep.occasions.changes import SweptRule
from hubtriage.aws.sweep.occasions.memory import (
    LARGEST,
    SWEPT_KEY,
    Swept,
    TableMemory,
    packed,
    unpacked,
)
from hubtriage.engine.planning.entry import NO_ENTRY
from hubtriage.localaws.cloud import LocalCloud
from tests.support.ledgers import dynamo_bench

RULE = SweptRule("abcdefghijk", sets=True, holds=True, terminal=False, starts=None, ends=1_800_000_000.0)


class Table:
    """A table with at most one item."""

    def __init__(self) -> None:
        self.items: dict[str, Mapping[str, Any]] = {}

    def get_item(self, **request: Any) -> Mapping[str, Any]:
        assert (request["TableName"], request["ConsistentRead"]) == ("ledger", True)
        item = self.items.get(request["Key"][KEY]["S"])
        return {} if item is None else {"Item": item}

    def put_item(self, **request: Any) -> Mapping[str, Any]:
        self.items[request["Item"][KEY]["S"]] = request["Item"]
        return {}

    def delete_item(self, **request: Any) -> Mapping[str, Any]:
        self.items.pop(request["Key"][KEY]["S"], None)
        return {}


def test_what_was_swept_is_read_as_it_was_written_until_it_is_forgotten() -> None:
    memory, swept = TableMemory(Table(), "ledger"), Swept({"a": RULE}, 7)
    assert memory.read() is None
    memory.write(swept)
    assert memory.read() == swept
    memory.forget()
    assert memory.read() is None


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"no zlib", id="no zlib"),
        pytest.param(zlib.compress(b"[]"), id="no object"),
        pytest.param(zlib.compress(b'{"format": 2, "rules": {}}'), id="another format"),
        pytest.param(zlib.compress(b'{"format": 1, "rules": {"a": {}}}'), id="another rule"),
        pytest.param(zlib.compress(b'{"format": 1, "rules": {}, "more": 1}'), id="another member"),
    ],
)
def test_what_cannot_be_read_is_not_known(stored: bytes) -> None:
    assert unpacked(stored) is None


def test_ten_thousand_rules_fit_and_what_does_not_fit_is_forgotten() -> None:
    import random

    draw = random.Random(1)  # noqa: S311 - digests do not compress
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

    def many(count: int) -> Swept:
        names = (f"team-{number % 70}-accepts-{number:06}-in-sandbox" for number in range(count))
        return Swept(
            {
                name: SweptRule("".join(draw.choices(letters, k=11)), sets=True, holds=True, terminal=False)
                for name in names
            }
        )

    assert len(packed(many(10_000))) < LARGEST
    table = Table()
    memory = TableMemory(table, "ledger")
    memory.write(Swept({"a": RULE}))
    memory.write(many(40_000))
    assert table.items == {}, "the next deployment sweeps everything"


def test_the_item_is_no_entry_of_a_finding() -> None:
    assert "/" in SWEPT_KEY, "the hash of a finding's name has none"


def test_the_table_of_the_ledger_keeps_it_and_shows_no_entry_for_it(cloud: LocalCloud) -> None:
    with dynamo_bench(cloud) as bench:
        memory = TableMemory(cloud.client("dynamodb"), bench.table)
        memory.write(Swept({"a": RULE}, 7))
        bench.ledger.write({("arn:p", "finding"): NO_ENTRY})
        assert memory.read() == Swept({"a": RULE}, 7)
        page = bench.ledger.scan(None)
        assert ([key for key, _entry in page.entries], page.unread) == ([("arn:p", "finding")], [])
        memory.forget()
        assert memory.read() is None
