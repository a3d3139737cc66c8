"""The ledger with the rights of the roles that use it, and with less: IAM is in force in this local AWS."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from hubtriage.aws.ledger.dynamodb import DynamoLedger
from hubtriage.aws.ledger.ledger import LedgerError, LedgerFaultKind
from hubtriage.aws.ledger.table import SWEEP_ACTIONS, TRIAGE_ACTIONS
from hubtriage.localaws.cloud import LocalCloud
from tests.support.acting import acting_as, created_role
from tests.support.entries import ORDINARY
from tests.support.ledgers import DynamoBench, dynamo_bench

pytestmark = pytest.mark.e2e

DENIED = LedgerFaultKind.DENIED
KEY, OTHER = ("arn", "id"), ("arn", "other")
NEW, HELD = replace(ORDINARY, version=0), replace(ORDINARY, version=1)


@pytest.fixture(scope="module")
def strict_cloud() -> Iterator[LocalCloud]:
    with LocalCloud(auth=True) as cloud:
        yield cloud


@pytest.fixture
def bench(strict_cloud: LocalCloud) -> Iterator[DynamoBench]:
    with dynamo_bench(strict_cloud) as made:
        made.ledger.write({KEY: NEW})
        yield made


@contextmanager
def ledger_of_role(cloud: LocalCloud, bench: DynamoBench, name: str, *actions: str) -> Iterator[DynamoLedger]:
    arn = f"arn:aws:dynamodb:{cloud.region}:{cloud.account}:table/{bench.table}"
    role = created_role(cloud, name, {"Effect": "Allow", "Action": list(actions), "Resource": arn})
    with acting_as(cloud, role) as client:
        yield DynamoLedger(client("dynamodb"), bench.table, bench.clock)


def test_triage_reads_and_writes_and_no_more(strict_cloud: LocalCloud, bench: DynamoBench) -> None:
    with ledger_of_role(strict_cloud, bench, "triage", *TRIAGE_ACTIONS) as ledger:
        assert ledger.read([KEY, OTHER]).entries == {KEY: HELD}
        assert ledger.write({KEY: HELD, OTHER: NEW}).versions == {KEY: 2, OTHER: 1}
        assert {fault.kind for fault in ledger.delete({OTHER: HELD}).failed.values()} == {DENIED}
        with pytest.raises(LedgerError) as refusal:
            ledger.scan(None)
        assert refusal.value.fault.kind is DENIED


def test_the_sweep_pages_marks_and_deletes_and_begins_none(
    strict_cloud: LocalCloud, bench: DynamoBench
) -> None:
    with ledger_of_role(strict_cloud, bench, "sweep", *SWEEP_ACTIONS) as ledger:
        assert ledger.scan(["sandbox-public-buckets"]).entries == [(KEY, HELD)]
        assert ledger.write({KEY: replace(HELD, gone=1.0)}).versions == {KEY: 2}
        assert ledger.delete({KEY: replace(HELD, version=2)}).versions == {KEY: 0}
        assert {fault.kind for fault in ledger.write({OTHER: NEW}).failed.values()} == {DENIED}


def test_without_rights_nothing_is_known_rather_than_nothing_there(
    strict_cloud: LocalCloud, bench: DynamoBench
) -> None:
    with ledger_of_role(strict_cloud, bench, "nobody", "dynamodb:DescribeTable") as ledger:
        recall = ledger.read([KEY, OTHER])
        assert (recall.entries, {fault.kind for fault in recall.unread.values()}) == ({}, {DENIED})
        assert set(recall.unread) == {KEY, OTHER}
        assert {fault.kind for fault in ledger.write({KEY: HELD, OTHER: NEW}).failed.values()} == {DENIED}
    assert bench.ledger.read([KEY]).entries == {KEY: HELD}
