"""The daily limit and the memory of events: the ones in memory and those in the table answer the same."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from hubtriage.aws.deliveries.chat.memory import EventMemory, MemoryOfEvents, TableOfEvents
from hubtriage.aws.deliveries.items import EXPIRES, GROUP, ITEM, own_keys
from hubtriage.aws.deliveries.limits import LAST_WORD_LEASE, DailyLimit, MemoryLimit, TableLimit
from hubtriage.localaws.cloud import LocalCloud

NOW = 1_800_000_000.0
DAY = 86_400.0
TABLE = "some-tickets"
_NAMES = (f"channel-{number}" for number in itertools.count())


@pytest.fixture(params=["memory", pytest.param("dynamodb", marks=pytest.mark.e2e)])
def items(request: pytest.FixtureRequest) -> Any:
    """Return a client with the table of deliveries; None for twins in memory."""
    if request.param == "memory":
        return None
    return table_of(request.getfixturevalue("running_cloud"))


def table_of(cloud: LocalCloud) -> Any:
    """Return a client of a local AWS that has the table."""
    client = cloud.client("dynamodb")
    if TABLE not in client.list_tables()["TableNames"]:
        client.create_table(
            TableName=TABLE,
            KeySchema=[
                {"AttributeName": GROUP, "KeyType": "HASH"},
                {"AttributeName": ITEM, "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": GROUP, "AttributeType": "S"},
                {"AttributeName": ITEM, "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
    return client


@pytest.fixture
def limit(items: Any) -> DailyLimit:
    """Return a limit of two."""
    return MemoryLimit(2) if items is None else TableLimit(items, TABLE, next(_NAMES), 2)


@pytest.fixture
def memory(items: Any) -> EventMemory:
    """Return the memory of a channel."""
    return MemoryOfEvents() if items is None else TableOfEvents(items, TABLE, next(_NAMES))


def test_as_many_are_taken_as_the_limit_says_each_day(limit: DailyLimit) -> None:
    assert [limit.take(NOW) for _ in range(4)] == [True, True, False, False]
    assert limit.take(NOW + DAY)
    assert limit.most == 2


def test_what_is_given_back_is_free_again(limit: DailyLimit) -> None:
    limit.take(NOW)
    limit.take(NOW)
    limit.give_back(NOW)
    assert [limit.take(NOW), limit.take(NOW)] == [True, False]


def test_nothing_is_given_back_that_was_not_taken(limit: DailyLimit) -> None:
    limit.give_back(NOW)
    assert [limit.take(NOW) for _ in range(3)] == [True, True, False]


def test_what_is_withheld_is_counted_by_day(limit: DailyLimit) -> None:
    assert limit.withheld(NOW) == 0
    assert (limit.count_withheld(3, NOW), limit.count_withheld(4, NOW)) == (3, 7)
    assert (limit.withheld(NOW), limit.withheld(NOW + DAY)) == (7, 0)


def test_the_last_word_is_had_once(limit: DailyLimit) -> None:
    assert limit.claim_last_word(NOW)
    assert not limit.claim_last_word(NOW + 1)
    limit.release_last_word(NOW, spoken=True)
    assert not limit.claim_last_word(NOW + LAST_WORD_LEASE + 1)
    assert limit.claim_last_word(NOW + DAY)


def test_a_last_word_that_was_not_spoken_is_free(limit: DailyLimit) -> None:
    assert limit.claim_last_word(NOW)
    limit.release_last_word(NOW, spoken=False)
    assert limit.claim_last_word(NOW + 1)


def test_a_last_word_of_a_dead_container_is_free_after_a_while(limit: DailyLimit) -> None:
    assert limit.claim_last_word(NOW)
    assert limit.claim_last_word(NOW + LAST_WORD_LEASE + 1)


def test_an_event_is_claimed_by_one(memory: EventMemory) -> None:
    assert memory.claim("e1", "a", NOW, NOW + 100) == "ours"
    assert memory.claim("e1", "a", NOW + 1, NOW + 100) == "ours"
    assert memory.claim("e1", "b", NOW + 1, NOW + 100) == "held"
    assert memory.claim("e2", "b", NOW + 1, NOW + 100) == "ours"


def test_a_claim_ends_by_itself(memory: EventMemory) -> None:
    memory.claim("e1", "a", NOW, NOW + 100)
    assert memory.claim("e1", "b", NOW + 101, NOW + 200) == "ours"
    assert memory.claim("e1", "a", NOW + 102, NOW + 200) == "held"


@pytest.mark.parametrize("ending", ["sent", "withheld"])
def test_what_was_confirmed_is_not_claimed_again(memory: EventMemory, ending: Any) -> None:
    memory.claim("e1", "a", NOW, NOW + 100)
    memory.confirm(["e1"], ending, NOW)
    assert memory.claim("e1", "b", NOW + 101, NOW + 200) == "sent"
    assert memory.claim("e1", "a", NOW + 101, NOW + 200) == "sent"


def test_what_is_given_up_can_be_claimed_at_once(memory: EventMemory) -> None:
    memory.claim("e1", "a", NOW, NOW + 100)
    memory.release(["e1", "never-claimed"], "a")
    assert memory.claim("e1", "b", NOW + 1, NOW + 100) == "ours"


def test_no_one_gives_up_what_another_holds_or_has_sent(memory: EventMemory) -> None:
    memory.claim("e1", "a", NOW, NOW + 100)
    memory.claim("e2", "a", NOW, NOW + 100)
    memory.confirm(["e2"], "sent", NOW)
    memory.release(["e1", "e2"], "b")
    memory.release(["e2"], "a")
    assert memory.claim("e1", "b", NOW + 1, NOW + 100) == "held"
    assert memory.claim("e2", "b", NOW + 1, NOW + 100) == "sent"


@pytest.mark.e2e
def test_all_items_are_the_channels_own_and_expire(running_cloud: LocalCloud) -> None:
    items = table_of(running_cloud)
    limit, memory = TableLimit(items, TABLE, "own", 2), TableOfEvents(items, TABLE, "own")
    limit.take(NOW)
    limit.count_withheld(1, NOW + DAY)
    limit.claim_last_word(NOW + 2 * DAY)
    memory.claim("e1", "a", NOW, NOW + 100)
    memory.confirm(["e2"], "sent", NOW)
    mine = [item for item in scanned(items) if item[GROUP]["S"].startswith("own#")]
    assert len(mine) == 5
    assert own_keys("own") == "own#*"
    assert all(int(item[EXPIRES]["N"]) > NOW for item in mine)


def scanned(client: Any) -> Iterator[dict[str, Any]]:
    """Yield all items of the table."""
    for page in client.get_paginator("scan").paginate(TableName=TABLE):
        yield from page["Items"]
