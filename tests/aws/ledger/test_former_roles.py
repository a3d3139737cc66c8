"""Roles by which triage wrote before its ledger was moved: how they are kept, read and believed."""

import json
from collections.abc import Iterator
from dataclasses import replace
from math import inf

import pytest

from hubtriage.aws.ledger.former_roles import (
    FORMER_ROLES_KEY,
    FRESH,
    FormerRole,
    FormerRolesError,
    KnownRoles,
    RememberedRoles,
    read_former_roles,
    until_when,
    write_former_roles,
)
from hubtriage.aws.ledger.lease import SKEW
from hubtriage.aws.ledger.ledger import LedgerFault, LedgerFaultKind
from hubtriage.aws.securityhub.faults import CallFault, Fault
from hubtriage.localaws.cloud import LocalCloud
from hubtriage.localaws.securityhub.inprocess import ManualClock
from tests.support.ledgers import DynamoBench, cut_off, dynamo_bench, losing_the_answer, silent

OLD = FormerRole("arn:aws:iam::222233334444:role/old-triage", 1_800_000_000.0, "old", "export-1")
OLDER = FormerRole("arn:aws:iam::222233334444:role/path/older", 1_700_000_000.5, "older", "export-0")
WRITTEN = (
    '{"format":1,"roles":[{"role":"arn:aws:iam::222233334444:role/old-triage","until":1800000000.0,'
    '"stack":"old","export":"export-1"}]}'
)


def test_the_stored_form_is_what_it_was() -> None:
    assert write_former_roles([OLD]) == WRITTEN
    assert read_former_roles(WRITTEN) == (OLD,)
    assert read_former_roles(write_former_roles([OLD, OLDER])) == (OLD, OLDER)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("{", "no JSON", id="no JSON"),
        pytest.param("[]", "not of the form 1", id="another type"),
        pytest.param(WRITTEN.replace(":1,", ":2,", 1), "not of the form 1", id="a later format"),
        pytest.param('{"format":1,"roles":{}}', "roles: a list was expected", id="no list"),
        pytest.param('{"format":1,"roles":[{}]}', "a role has the members", id="members are missing"),
        pytest.param(WRITTEN.replace("role/old-triage", "user/ann"), "no ARN of a role", id="a user"),
        pytest.param(WRITTEN.replace("role/old-triage", "root"), "no ARN of a role", id="an account"),
        pytest.param(WRITTEN.replace("role/old-triage", "role/"), "no ARN of a role", id="any role"),
        pytest.param(
            WRITTEN.replace("role/old-triage", "role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_1"),
            "no ARN of a role",
            id="a role by which people sign in",
        ),
        pytest.param(WRITTEN.replace("222233334444", "*"), "no ARN of a role", id="any account"),
        pytest.param(WRITTEN.replace("1800000000.0", "1e400"), "no time", id="for ever"),
        pytest.param(WRITTEN.replace("1800000000.0", "true"), "no time", id="a time that is none"),
        pytest.param(WRITTEN.replace('"old"', "1"), "are texts", id="a stack that is none"),
    ],
)
def test_what_is_not_of_the_stored_form_is_refused(text: str, reason: str) -> None:
    with pytest.raises(FormerRolesError, match=reason):
        read_former_roles(text)


def test_a_role_counts_a_little_longer_than_the_export_as_clocks_differ() -> None:
    later = replace(OLD, until=OLD.until + 5)
    assert until_when([later, OLD, OLDER]) == {
        OLD.role: OLD.until + 5 + SKEW,
        OLDER.role: OLDER.until + SKEW,
    }


class Remembered:
    """What a container remembers of an item that changes."""

    def __init__(self) -> None:
        self.clock = ManualClock(0.0)
        self.item: KnownRoles | LedgerFault = KnownRoles()
        self.reads = 0
        self.told: list[KnownRoles] = []
        self.ask = RememberedRoles(self._read, self.clock.monotonic, self.told.append)

    def _read(self, _deadline: float) -> KnownRoles | LedgerFault:
        self.reads += 1
        return self.item


def test_a_container_reads_the_roles_anew_after_seconds_and_tells_of_new_ones_once() -> None:
    world = Remembered()
    assert (world.ask(inf), world.ask(inf), world.reads, world.told) == ({}, {}, 1, [])
    world.item = KnownRoles((OLD,), 1)
    assert world.ask(inf) == {}
    for _ in range(3):
        world.clock.sleep(FRESH)
        assert world.ask(inf) == until_when([OLD])
    assert (world.reads, world.told) == (4, [KnownRoles((OLD,), 1)])


def test_roles_that_cannot_be_read_are_not_taken_for_none() -> None:
    world = Remembered()
    world.item = LedgerFault(LedgerFaultKind.DAMAGED, "FormerRolesError", "damaged")
    for _ in range(2):
        assert world.ask(inf) == CallFault(Fault.TRANSIENT, "FormerRolesError", "damaged")
    world.item = KnownRoles((OLD,), 1)
    assert world.ask(inf) == until_when([OLD])


@pytest.fixture
def bench(cloud: LocalCloud) -> Iterator[DynamoBench]:
    with dynamo_bench(cloud) as made:
        yield made


@pytest.mark.e2e
def test_the_item_is_written_over_the_version_that_was_read_and_is_no_entry(bench: DynamoBench) -> None:
    roles = bench.ledger.former_roles
    assert roles.read() == KnownRoles()
    assert roles.write([OLD], 0) is None
    assert roles.read() == KnownRoles((OLD,), 1)
    assert roles.write([OLD, OLDER], 1) is None
    assert roles.read() == KnownRoles((OLD, OLDER), 2)
    for stale in (0, 1):
        refused = roles.write([], stale)
        assert isinstance(refused, LedgerFault)
    assert roles.read() == KnownRoles((OLD, OLDER), 2)
    assert bench.ledger.scan(None).entries == []
    assert bench.ledger.scan(None).unread == []


@pytest.mark.e2e
def test_an_answer_about_the_roles_that_says_nothing_is_no_answer(bench: DynamoBench) -> None:
    roles = bench.ledger.former_roles
    assert roles.write([OLD], 0) is None
    for broken in (silent, cut_off, losing_the_answer):
        bench.client.script[:] = [broken]
        assert roles.read() == KnownRoles((OLD,), 1)
    bench.break_down()
    fault = roles.read()
    assert isinstance(fault, LedgerFault)
    assert fault.kind is LedgerFaultKind.UNREACHABLE


@pytest.mark.e2e
@pytest.mark.parametrize("text", ["{", json.dumps({"format": 2, "roles": []})])
def test_a_damaged_item_is_a_fault(bench: DynamoBench, text: str) -> None:
    roles = bench.ledger.former_roles
    assert roles.write([OLD], 0) is None
    bench.client.client.update_item(
        TableName=bench.table,
        Key={"k": {"S": FORMER_ROLES_KEY}},
        UpdateExpression="SET #a = :v",
        ExpressionAttributeNames={"#a": "roles"},
        ExpressionAttributeValues={":v": {"S": text}},
    )
    fault = roles.read()
    assert isinstance(fault, LedgerFault)
    assert fault.kind is LedgerFaultKind.DAMAGED
