"""What every table of tickets does: the one in memory, which tests use, and the table of the local AWS."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from hubtriage.aws.deliveries.tickets.records.dynamodb import DynamoTickets
from hubtriage.aws.deliveries.tickets.records.group import TicketGroup
from hubtriage.aws.deliveries.tickets.records.member import Member
from hubtriage.aws.deliveries.tickets.records.memory import MemoryTickets
from hubtriage.aws.deliveries.tickets.records.record import Saying, TicketRecord
from hubtriage.aws.deliveries.tickets.records.table import AcceptedTicket, TableError, TicketTable
from tests.support.ledgers import BrokenDynamo, cut_off, losing_the_answer, raising, silent
from tests.support.ticket_tables import dynamo_tickets, tickets_table

QUEUE = "cloud"
GROUP = TicketGroup(QUEUE, "public-buckets", "111122223333")
OTHER = TicketGroup(QUEUE, "public-buckets", "arn:aws:s3:::a#b/ü")
NOW = 1_796_000_000.0
MEMBER = Member("a" * 32, 3, NOW, "open", opened=3, opened_at=NOW, title="ü\ud800\n", remarks=("3 seen",))
FULL = TicketRecord(
    GROUP,
    state="open",
    episode=2,
    former="SEC-1",
    id="10001",
    key="SEC-2",
    url="https://x",
    attempts=2,
    doubt_at=NOW,
    shown="d" * 32,
    settled=1,
    doing="close",
    saying=Saying("done", 4, (("a" * 32, 3),)),
    said_done=True,
    speeches=4,
    spoken_on="2026-12-01",
    spoken=3,
    closed_by="person",
    resolution="Won't Do",
    quiet_until=NOW + 60.5,
    tries=2,
    last_error="HTTP 400",
    failed=True,
    missing_since=NOW,
    check_until=NOW,
    unsure_until=NOW,
    unsure_close=True,
    open_findings=7,
    done_findings=2,
    lease=NOW + 300.25,
    due=NOW + 300.25,
)


@pytest.fixture(params=["memory", pytest.param("dynamodb", marks=pytest.mark.e2e)])
def table(request: pytest.FixtureRequest) -> Iterator[TicketTable]:
    if request.param == "memory":
        yield MemoryTickets()
    else:
        with tickets_table(request.getfixturevalue("cloud")) as (client, name):
            yield dynamo_tickets(client, name, QUEUE)


@pytest.fixture
def broken(cloud: object) -> Iterator[tuple[DynamoTickets, BrokenDynamo]]:
    with tickets_table(cloud) as (client, name):  # type: ignore[arg-type] # the fixture of the local AWS
        yield dynamo_tickets(client, name, QUEUE), client


def asked(table: TicketTable, group: TicketGroup = GROUP) -> TicketRecord:
    """The record of a group that was asked for."""
    table.ask(group, NOW)
    found = table.read(group)
    assert found is not None
    return found


def test_members_are_read_as_they_were_written(table: TicketTable) -> None:
    second = replace(MEMBER, digest="b" * 32, state="done", why="passed")
    assert table.write_member(GROUP, MEMBER, None)
    assert table.write_member(GROUP, second, None)
    assert table.write_member(OTHER, MEMBER, None)
    assert sorted(table.members(GROUP), key=lambda one: one.digest) == [MEMBER, second]
    keys = [(GROUP, MEMBER.digest), (OTHER, MEMBER.digest), (OTHER, "c" * 32)]
    assert table.read_members(keys) == {keys[0]: MEMBER, keys[1]: MEMBER}
    assert table.members(TicketGroup(QUEUE, "public-buckets", "1111")) == ()
    assert table.read_members([]) == {}


def test_more_members_than_a_call_takes(table: TicketTable) -> None:
    many = [replace(MEMBER, digest=f"{number:032x}") for number in range(130)]
    for member in many:
        assert table.write_member(GROUP, member, None)
    assert len(table.members(GROUP)) == 130
    assert len(table.read_members([(GROUP, member.digest) for member in many])) == 130


def test_a_member_is_written_only_over_what_was_read_of_it(table: TicketTable) -> None:
    newer = replace(MEMBER, sequence=4)
    assert not table.write_member(GROUP, newer, MEMBER)
    assert table.members(GROUP) == ()
    assert table.write_member(GROUP, MEMBER, None)
    assert not table.write_member(GROUP, newer, None)
    assert not table.write_member(GROUP, newer, newer)
    assert table.members(GROUP) == (MEMBER,)
    assert table.write_member(GROUP, newer, MEMBER)
    assert table.members(GROUP) == (newer,)


def test_a_group_that_was_asked_for_has_a_record_and_is_due(table: TicketTable) -> None:
    assert table.read(GROUP) is None
    assert asked(table) == TicketRecord(GROUP, wants=1, due=NOW)
    assert asked(table) == TicketRecord(GROUP, wants=2, due=NOW)
    assert table.due(NOW - 1, 10) == []
    assert table.due(NOW, 10) == [GROUP]


def test_a_record_is_read_as_it_was_written(table: TicketTable) -> None:
    written = table.write(replace(FULL, wants=asked(table).wants))
    assert written == replace(FULL, version=1, wants=1)
    assert table.read(GROUP) == written


def test_a_record_is_written_over_its_own_version_only(table: TicketTable) -> None:
    first = table.write(asked(table))
    assert first is not None
    assert table.write(replace(first, version=0, key="SEC-9")) is None
    assert table.write(replace(first, version=2, key="SEC-9")) is None
    assert table.write(replace(first, key="SEC-8")) is not None
    found = table.read(GROUP)
    assert found is not None
    assert (found.version, found.key) == (2, "SEC-8")


def test_a_change_of_a_member_is_never_settled_unseen(table: TicketTable) -> None:
    taken = table.write(asked(table))
    assert taken is not None
    table.ask(GROUP, NOW)
    assert table.write(replace(taken, due=None), settled=True) is None
    assert table.due(NOW, 10) == [GROUP]
    given_back = table.write(replace(taken, due=NOW + 60))
    assert given_back is not None
    assert given_back.wants == 1
    found = table.read(GROUP)
    assert found is not None
    assert table.write(replace(found, due=None), settled=True) is not None
    assert table.due(NOW + 999, 10) == []


def test_asking_makes_a_group_due_at_its_time_and_never_later(table: TicketTable) -> None:
    taken = table.write(replace(asked(table), quiet_until=NOW + 60, due=NOW + 900))
    assert taken is not None
    table.ask(GROUP, NOW)
    assert table.due(NOW + 59, 10) == []
    assert table.due(NOW + 60, 10) == [GROUP]
    table.ask(GROUP, NOW + 500)
    assert table.due(NOW + 60, 10) == [GROUP]


def test_the_longest_due_are_first(table: TicketTable) -> None:
    table.ask(OTHER, NOW - 5)
    table.ask(GROUP, NOW)
    assert table.due(NOW, 10) == [OTHER, GROUP]
    assert table.due(NOW, 1) == [OTHER]


def test_what_was_shown_is_kept_of_the_latest_worker(table: TicketTable) -> None:
    one, two = MEMBER.mark, replace(MEMBER, opened=9).mark
    assert table.shown(GROUP) == frozenset()
    table.write_shown(GROUP, frozenset({one, two}), 3)
    assert table.shown(GROUP) == {one, two}
    table.write_shown(GROUP, frozenset({two}), 2)
    assert table.shown(GROUP) == {one, two}
    table.write_shown(GROUP, frozenset({two}), 4)
    assert table.shown(GROUP) == {two}
    table.write_shown(GROUP, frozenset(), 5)
    assert table.shown(GROUP) == frozenset()


@pytest.mark.e2e
def test_proposals_and_all_records_are_found(broken: tuple[DynamoTickets, BrokenDynamo]) -> None:
    table, _client = broken
    proposal = AcceptedTicket(GROUP, "SEC-2", "https://x", "Won't Do", NOW)
    table.write_proposal(proposal)
    table.write_proposal(replace(proposal, at=NOW + 1))
    assert table.proposals() == (replace(proposal, at=NOW + 1),)


@pytest.mark.e2e
@pytest.mark.parametrize("how", [silent, raising("ProvisionedThroughputExceededException")])
def test_a_call_that_fails_is_made_again(broken: tuple[DynamoTickets, BrokenDynamo], how: object) -> None:
    table, client = broken
    client.script = [how]  # type: ignore[list-item] # each is one of the ways
    assert table.write_member(GROUP, MEMBER, None)
    client.script = [how]  # type: ignore[list-item]
    assert table.members(GROUP) == (MEMBER,)


@pytest.mark.e2e
def test_a_write_whose_answer_was_lost_counts_as_a_conflict(
    broken: tuple[DynamoTickets, BrokenDynamo],
) -> None:
    table, client = broken
    record = asked(table)
    client.script = [losing_the_answer]
    assert table.write(replace(record, key="SEC-1")) is None
    found = table.read(GROUP)
    assert found is not None
    assert found.key == "SEC-1"


@pytest.mark.e2e
@pytest.mark.parametrize("how", [silent, cut_off, raising("AccessDeniedException")])
def test_a_table_that_does_not_answer_is_not_an_empty_one(
    broken: tuple[DynamoTickets, BrokenDynamo], how: object
) -> None:
    table, client = broken
    client.always = how  # type: ignore[assignment] # each is one of the ways
    for call in (
        lambda: table.members(GROUP),
        lambda: table.read_members([(GROUP, MEMBER.digest)]),
        lambda: table.due(NOW, 10),
        table.proposals,
    ):
        with pytest.raises(TableError):
            call()


@pytest.mark.e2e
@pytest.mark.parametrize("text", ["", "{}", "null", '{"state":"ajar"}', '{"version":1,"state":5}'])
def test_a_damaged_item_is_no_item(broken: tuple[DynamoTickets, BrokenDynamo], text: str) -> None:
    table, client = broken
    item = {"group": {"S": GROUP.key}, "item": {"S": f"finding#{'a' * 32}"}, "member": {"S": text}}
    client.client.put_item(TableName=table.name, Item=item)
    with pytest.raises(TableError):
        table.members(GROUP)
