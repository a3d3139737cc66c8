"""What DynamoDB does now and then, and how the ledger ends it. Faults are injected before the local AWS."""

from collections.abc import Iterator
from dataclasses import replace
from math import inf

import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError

from hubtriage.aws.ledger.dynamodb import DynamoLedger
from hubtriage.aws.ledger.ledger import LedgerFault, LedgerFaultKind, Written
from hubtriage.aws.securityhub.api import Key
from hubtriage.localaws.cloud import LocalCloud
from tests.support.entries import ORDINARY
from tests.support.ledgers import (
    NOW,
    Answer,
    Break,
    BrokenDynamo,
    Call,
    DynamoBench,
    cut_off,
    dynamo_bench,
    failing_statements,
    leaving_unprocessed,
    losing_the_answer,
    raising,
    silent,
)

pytestmark = pytest.mark.e2e

NEW = replace(ORDINARY, version=0)
THROTTLED, UNREACHABLE = LedgerFaultKind.THROTTLED, LedgerFaultKind.UNREACHABLE
MISSING, DENIED = LedgerFaultKind.MISSING, LedgerFaultKind.DENIED
REFUSED, LATE, DAMAGED = LedgerFaultKind.REFUSED, LedgerFaultKind.LATE, LedgerFaultKind.DAMAGED


@pytest.fixture
def bench(cloud: LocalCloud) -> Iterator[DynamoBench]:
    with dynamo_bench(cloud) as made:
        yield made


def keys(count: int) -> list[Key]:
    return [("arn", f"finding-{number}") for number in range(count)]


def kinds(faults: dict[Key, LedgerFault]) -> dict[Key, LedgerFaultKind]:
    return {key: fault.kind for key, fault in faults.items()}


def ended(written: Written) -> tuple[set[Key], set[Key], dict[Key, LedgerFaultKind]]:
    return set(written.versions), written.conflicts, kinds(written.failed)


def held(bench: DynamoBench, some: list[Key]) -> dict[Key, int]:
    bench.client.script.clear()
    return {key: entry.version for key, entry in bench.ledger.read(some).entries.items()}


# Reading


def test_keys_are_read_a_hundred_a_call(bench: DynamoBench) -> None:
    bench.ledger.read(keys(201))
    assert bench.client.calls == ["batch_get_item"] * 3


def test_unprocessed_keys_are_read_later(bench: DynamoBench) -> None:
    some = keys(10)
    bench.ledger.write(dict.fromkeys(some, NEW))
    bench.client.script = [leaving_unprocessed(9), leaving_unprocessed(9), leaving_unprocessed(4)]
    recall = bench.ledger.read(some)
    assert (set(recall.entries), recall.unread) == (set(some), {})
    assert bench.client.calls.count("batch_get_item") == 4
    assert bench.clock.now() > NOW


def test_keys_that_stay_unprocessed_are_unread_and_the_others_read(bench: DynamoBench) -> None:
    some = keys(150)
    bench.ledger.write(dict.fromkeys(some, NEW))
    bench.client.script = [leaving_unprocessed(30)] * 20
    recall = bench.ledger.read(some)
    assert set(recall.entries) == set(some[:70])
    assert kinds(recall.unread) == dict.fromkeys(some[70:], THROTTLED)


@pytest.mark.parametrize(
    ("how", "kind", "tries"),
    [
        pytest.param(raising("ThrottlingException"), THROTTLED, 8, id="throttled"),
        pytest.param(raising("ProvisionedThroughputExceededException"), THROTTLED, 8, id="beyond capacity"),
        pytest.param(raising("RequestLimitExceeded"), THROTTLED, 8, id="beyond the account's quota"),
        pytest.param(raising("InternalServerError", 500), UNREACHABLE, 4, id="the service fails"),
        pytest.param(raising("Strange", 503), UNREACHABLE, 4, id="an unknown code, status 503"),
        pytest.param(silent, UNREACHABLE, 4, id="no answer"),
        pytest.param(cut_off, UNREACHABLE, 4, id="half an answer"),
        pytest.param(raising("ResourceNotFoundException"), MISSING, 1, id="no such table"),
        pytest.param(raising("AccessDeniedException"), DENIED, 1, id="not allowed"),
        pytest.param(raising("ExpiredTokenException"), DENIED, 1, id="credentials that ended"),
        pytest.param(raising("ValidationException"), REFUSED, 1, id="a request that is wrong"),
    ],
)
def test_a_failed_call_is_a_fault_of_each_key(
    bench: DynamoBench, how: Break, kind: LedgerFaultKind, tries: int
) -> None:
    """Known to be nothing, it would be planned on: every entry would be forgotten."""
    some = keys(3)
    bench.ledger.write(dict.fromkeys(some, NEW))
    bench.client.calls.clear()
    bench.client.always = how
    recall = bench.ledger.read(some)
    assert (recall.entries, kinds(recall.unread)) == ({}, dict.fromkeys(some, kind))
    assert len(bench.client.calls) == tries


@pytest.mark.parametrize("error", [NoCredentialsError(), EndpointConnectionError(endpoint_url="https://x")])
def test_what_botocore_raises_is_a_fault(bench: DynamoBench, error: Exception) -> None:
    def answer(call: Call, request: dict[str, object]) -> Answer:
        raise error

    bench.client.always = answer
    (fault,) = bench.ledger.read(keys(1)).unread.values()
    assert fault.code == type(error).__name__
    assert fault.kind is (DENIED if isinstance(error, NoCredentialsError) else UNREACHABLE)


def test_a_table_that_is_not_there(bench: DynamoBench, cloud: LocalCloud) -> None:
    ledger = DynamoLedger(BrokenDynamo(cloud.client("dynamodb")), "nowhere", bench.clock)
    assert set(ledger.read(keys(2)).unread) == set(keys(2))
    assert kinds(ledger.write(dict.fromkeys(keys(2), NEW)).failed) == dict.fromkeys(keys(2), MISSING)
    assert kinds(ledger.delete(dict.fromkeys(keys(2), NEW)).failed) == dict.fromkeys(keys(2), MISSING)


def test_after_a_fault_of_the_table_nothing_more_is_tried(bench: DynamoBench) -> None:
    """A batch of 1,000 findings would wait ten times for each of its calls to fail."""
    bench.client.always = silent
    assert set(bench.ledger.read(keys(1000)).unread) == set(keys(1000))
    assert len(bench.client.calls) == 4
    bench.client.calls.clear()
    assert set(bench.ledger.write(dict.fromkeys(keys(1000), NEW)).failed) == set(keys(1000))
    assert len(bench.client.calls) == 4


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        pytest.param("version", {"S": "1"}, id="the version is a text"),
        pytest.param("version", {"N": "1.5"}, id="the version is broken"),
        pytest.param("version", {"N": "0"}, id="the version is none"),
        pytest.param("entry", {"N": "1"}, id="the entry is a number"),
        pytest.param("entry", {"M": {}}, id="the entry is a map"),
    ],
)
def test_a_damaged_attribute_is_a_damaged_entry(
    bench: DynamoBench, attribute: str, value: dict[str, str]
) -> None:
    broken, sound = keys(2)
    bench.ledger.write({broken: NEW, sound: NEW})
    bench.set(broken, attribute, value)
    recall = bench.ledger.read([broken, sound])
    assert (set(recall.entries), kinds(recall.unread)) == ({sound}, {broken: DAMAGED})
    page = bench.ledger.scan(None)
    assert [key for key, _ in page.entries] == [sound]
    assert [fault.kind for fault in page.unread] == [DAMAGED]


@pytest.mark.parametrize("name", ['["arn"]', "arn", '["arn",1]', '["arn","finding-9"]', "["])
def test_a_page_gives_no_entry_under_a_name_that_is_not_its_own(bench: DynamoBench, name: str) -> None:
    (key,) = keys(1)
    bench.ledger.write({key: NEW})
    bench.set(key, "finding", {"S": name})
    page = bench.ledger.scan(None)
    assert (page.entries, [fault.kind for fault in page.unread]) == ([], [DAMAGED])


# Deadlines


def test_no_call_starts_after_the_deadline(bench: DynamoBench) -> None:
    some = keys(2)
    assert kinds(bench.ledger.read(some, NOW).unread) == dict.fromkeys(some, LATE)
    assert kinds(bench.ledger.write(dict.fromkeys(some, NEW), NOW).failed) == dict.fromkeys(some, LATE)
    assert bench.client.calls == []


def test_waiting_ends_before_the_deadline(bench: DynamoBench) -> None:
    bench.client.always = raising("ThrottlingException")
    some = keys(2)
    assert kinds(bench.ledger.read(some, NOW + 0.3).unread) == dict.fromkeys(some, THROTTLED)
    assert kinds(bench.ledger.write(dict.fromkeys(some, NEW), NOW + 0.6).failed) == dict.fromkeys(
        some, THROTTLED
    )
    assert NOW < bench.clock.now() < NOW + 0.6


def test_waiting_is_bounded_without_a_deadline(bench: DynamoBench) -> None:
    bench.client.always = raising("ThrottlingException")
    bench.ledger.read(keys(1), inf)
    assert bench.clock.now() < NOW + 15


# Writing


def test_statements_are_run_twenty_five_a_call(bench: DynamoBench) -> None:
    bench.ledger.write(dict.fromkeys(keys(51), NEW))
    assert bench.client.calls == ["batch_execute_statement"] * 3


@pytest.mark.parametrize("code", ["ThrottlingError", "ProvisionedThroughputExceeded", "InternalServerError"])
def test_a_statement_that_failed_for_now_is_run_again(bench: DynamoBench, code: str) -> None:
    one, two, three = keys(3)
    bench.client.script = [failing_statements(code, 0, 2), failing_statements(code, 1)]
    assert bench.ledger.write({one: NEW, two: NEW, three: NEW}).versions == {one: 1, two: 1, three: 1}
    assert bench.client.calls.count("batch_execute_statement") == 3


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ThrottlingError", THROTTLED),
        ("TransactionConflict", THROTTLED),
        ("InternalServerError", UNREACHABLE),
        ("Strange", UNREACHABLE),
        ("ValidationError", REFUSED),
        ("ItemCollectionSizeLimitExceeded", REFUSED),
        ("AccessDenied", DENIED),
        ("ResourceNotFound", MISSING),
    ],
)
def test_a_statement_that_fails_for_good_fails_alone(
    bench: DynamoBench, code: str, kind: LedgerFaultKind
) -> None:
    bad, good = keys(2)
    bench.client.script = [failing_statements(code, 0)] * 10
    assert ended(bench.ledger.write({bad: NEW, good: NEW})) == ({good}, set(), {bad: kind})
    assert held(bench, [bad, good]) == {good: 1}


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalServerError"])
def test_a_call_that_failed_for_now_is_made_again(bench: DynamoBench, code: str) -> None:
    bench.client.script = [raising(code)]
    assert bench.ledger.write(dict.fromkeys(keys(2), NEW)).versions == dict.fromkeys(keys(2), 1)


@pytest.mark.parametrize("how", [losing_the_answer, cut_off])
def test_a_write_whose_answer_was_lost_knows_itself_again(bench: DynamoBench, how: Break) -> None:
    """It runs again and conflicts with itself; another's conflict beside it stays one."""
    inserted, updated, stale = keys(3)
    bench.ledger.write({updated: NEW, stale: NEW})
    bench.ledger.write({stale: replace(NEW, version=1)})
    bench.client.script = [how]
    written = bench.ledger.write({
        inserted: NEW, updated: replace(NEW, ended=9.0, version=1), stale: replace(NEW, version=1, ended=9.0)
    })  # fmt: skip
    assert (written.versions, written.conflicts, written.failed) == ({inserted: 1, updated: 2}, {stale}, {})
    assert held(bench, [inserted, updated, stale]) == {inserted: 1, updated: 2, stale: 2}


def test_a_write_that_was_not_done_meets_what_another_wrote_meanwhile(bench: DynamoBench) -> None:
    (key,) = keys(1)

    def overtaken(call: Call, request: dict[str, object]) -> Answer:
        DynamoLedger(bench.client.client, bench.table, bench.clock).write({key: replace(NEW, ended=5.0)})
        return silent(call, request)

    bench.client.script = [overtaken]
    assert ended(bench.ledger.write({key: NEW})) == (set(), {key}, {})


def test_a_write_whose_answers_are_all_lost_is_not_known_to_be_done(bench: DynamoBench) -> None:
    some = keys(2)
    bench.client.script = [losing_the_answer] * 4
    assert ended(bench.ledger.write(dict.fromkeys(some, NEW))) == (
        set(),
        set(),
        dict.fromkeys(some, UNREACHABLE),
    )
    assert held(bench, some) == dict.fromkeys(some, 1)


def test_a_conflict_that_cannot_be_looked_at_is_not_known_to_be_one(bench: DynamoBench) -> None:
    (key,) = keys(1)
    bench.client.script = [losing_the_answer, lambda call, request: call(**request), *[silent] * 4]
    assert ended(bench.ledger.write({key: NEW})) == (set(), set(), {key: UNREACHABLE})


def test_a_deletion_whose_answer_was_lost_is_not_tried_again(bench: DynamoBench) -> None:
    """Versions begin at 1 again: it could delete what somebody has written meanwhile."""
    gone, changed = keys(2)
    bench.ledger.write({gone: NEW, changed: NEW})
    bench.ledger.write({changed: replace(NEW, version=1)})
    bench.client.script = [losing_the_answer]
    deleted = bench.ledger.delete(dict.fromkeys([gone, changed], replace(NEW, version=1)))
    assert ended(deleted) == (set(), set(), dict.fromkeys([gone, changed], UNREACHABLE))
    assert held(bench, [gone, changed]) == {changed: 2}


def test_a_deletion_that_was_throttled_is_tried_again(bench: DynamoBench) -> None:
    (key,) = keys(1)
    bench.ledger.write({key: NEW})
    bench.client.script = [failing_statements("ThrottlingError", 0)]
    assert ended(bench.ledger.delete({key: replace(NEW, version=1)})) == ({key}, set(), {})


def test_an_answer_with_too_few_members_says_nothing(bench: DynamoBench) -> None:
    def shortened(call: Call, request: dict[str, object]) -> Answer:
        return {"Responses": call(**request)["Responses"][1:]}

    bench.client.script = [shortened]
    assert bench.ledger.write(dict.fromkeys(keys(3), NEW)).versions == dict.fromkeys(keys(3), 1)


def test_an_entry_beyond_what_an_item_holds_is_refused_alone(bench: DynamoBench) -> None:
    """AWS: 400 KB."""
    huge, small = keys(2)
    about = {"note": "x" * 420_000}
    assert ended(bench.ledger.write({huge: replace(NEW, about=about), small: NEW})) == (
        {small}, set(), {huge: REFUSED},
    )  # fmt: skip


def test_the_item_reads_like_what_it_is(bench: DynamoBench) -> None:
    """What people see in the console, and what `docs/ledger.md` shows."""
    key = ("arn:aws:securityhub:eu-central-1::product/aws/securityhub", "finding\ud800")
    bench.ledger.write({key: NEW})
    (item,) = bench.client.client.scan(TableName=bench.table)["Items"]
    assert item.pop("entry")["S"].startswith('{"format":1,"claims":{"Note.Text":')
    assert item == {
        "k": {"S": "SwbzLCmA4KSMJoPAqLPPAexczguAAa_6"},
        "finding": {"S": '["arn:aws:securityhub:eu-central-1::product/aws/securityhub","finding\\ud800"]'},
        "version": {"N": "1"},
        "rules": {"L": [{"S": "sandbox-public-buckets"}]},
    }
