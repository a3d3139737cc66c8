"""Which notices were given is kept in the ledger's table, in memory and in the local DynamoDB alike."""

import zlib
from typing import Any

import pytest

from hubtriage.aws.ledger.table import KEY, NO_ENTRY_BEGINS
from hubtriage.aws.sweep.notices.given import (
    NOTICES_KEY,
    GivenNotice,
    NoticeMemory,
    ProcessNotices,
    TableNotices,
    packed,
)
from hubtriage.engine.planning.entry import NO_ENTRY
from hubtriage.localaws.cloud import LocalCloud
from tests.support.ledgers import dynamo_bench

SOME = frozenset({GivenNotice(1_800_000_000.5, "rule-a", 30), GivenNotice(1_800_000_001.0, "rule-b", 7)})


def hold_to_the_contract(memory: NoticeMemory) -> None:
    assert memory.read() == frozenset()
    memory.write(SOME)
    assert memory.read() == SOME
    memory.write(list(SOME)[:1])
    assert memory.read() == frozenset(list(SOME)[:1])
    memory.write(())
    assert memory.read() == frozenset()


def test_the_memory_in_the_process_keeps_what_is_written() -> None:
    hold_to_the_contract(ProcessNotices())


def test_the_table_keeps_what_is_written_and_shows_no_entry_for_it(cloud: LocalCloud) -> None:
    with dynamo_bench(cloud) as bench:
        memory = TableNotices(cloud.client("dynamodb"), bench.table)
        hold_to_the_contract(memory)
        memory.write(SOME)
        bench.ledger.write({("arn:p", "finding"): NO_ENTRY})
        page = bench.ledger.scan(None)
        assert ([key for key, _entry in page.entries], page.unread) == ([("arn:p", "finding")], [])
        assert TableNotices(cloud.client("dynamodb"), bench.table).read() == SOME


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"S": "text"}, id="another type"),
        pytest.param({"B": b"no zlib"}, id="no zlib"),
        pytest.param({"B": zlib.compress(b'{"format": 2, "given": []}')}, id="another format"),
        pytest.param({"B": zlib.compress(b'{"format": 1, "given": [["a"]]}')}, id="another notice"),
    ],
)
def test_an_item_that_cannot_be_read_counts_as_none_and_is_written_anew(
    cloud: LocalCloud, value: dict[str, Any]
) -> None:
    with dynamo_bench(cloud) as bench:
        client = cloud.client("dynamodb")
        client.put_item(TableName=bench.table, Item={KEY: {"S": NOTICES_KEY}, "notices": value})
        memory = TableNotices(client, bench.table)
        assert memory.read() == frozenset()
        memory.write(SOME)
        assert memory.read() == SOME


def test_the_item_is_no_entry_of_a_finding() -> None:
    assert NOTICES_KEY.startswith(NO_ENTRY_BEGINS)
    assert len(packed(SOME)) < 200
