"""Which entries of the ledger the doctor looks at, and what it says of them."""

from collections.abc import Mapping
from typing import Any

import pytest

from hubtriage.aws.ledger.lease import LEAST_LEASE
from hubtriage.doctor.checks.ledger import entries
from hubtriage.doctor.sample import EntrySample, TableReader, read_sample
from hubtriage.doctor.verdict import Status
from hubtriage.engine.planning.entry import Claim, Entry, Intent
from hubtriage.engine.planning.news import News
from hubtriage.localaws.securityhub.inprocess import ManualClock
from tests.doctor.ledger.accounts import account
from tests.support.ledger_tables import LedgerTable, item, item_of, refusal

NOW = ManualClock().now()
DAY, LEASE = 86_400.0, float(LEAST_LEASE)
OURS = Claim("SUPPRESSED", "a-rule")


def begun(ago: float) -> Entry:
    """An entry with an intent of so many seconds ago."""
    return Entry(intent=Intent({"Workflow.Status": OURS}, {"Workflow.Status": "SUPPRESSED"}, {}, NOW - ago))


def left(ago: float) -> Entry:
    """An entry whose finding was first not found so many seconds ago."""
    return Entry(
        claims={"Workflow.Status": OURS}, started=NOW - 90 * DAY, ended=NOW - 90 * DAY, gone=NOW - ago
    )


BROKEN = {**item("broken"), "entry": {"S": "{}"}}
LATER = {**item("later"), "entry": {"S": '{"format":9}'}}


@pytest.mark.parametrize(
    ("items", "status", "words"),
    [
        pytest.param([], "ok", "the ledger has no entries", id="an empty ledger"),
        pytest.param(
            [item(Workflow__Status=OURS), item_of("g", begun(LEASE - 1)), item_of("h", left(DAY))],
            "ok",
            "looked at all 3 entries: each can be read",
            id="entries at work",
        ),
        pytest.param(
            [BROKEN, LATER, item("fine")],
            "problem",
            "2 entries cannot be read, so their findings are not triaged",
            id="entries that triage has not written, or a later version has",
        ),
        pytest.param(
            [item_of("f", begun(LEASE + 1)), item_of("g", begun(2 * LEASE))],
            "warning",
            "it is not known whether 2 updates happened, the oldest at 2027-01-15 07:40 UTC",
            id="intents that are older than the lease",
        ),
        pytest.param(
            [item_of("f", begun(3 * DAY))],
            "problem",
            "whether 1 update happened",
            id="an intent that no sweep has settled",
        ),
        pytest.param(
            [item_of("f", left(3 * DAY)), item_of("g", left(4 * DAY))],
            "warning",
            "2 entries of findings that are gone should have been deleted",
            id="entries that no sweep has deleted",
        ),
    ],
)
def test_what_the_entries_say(items: list[Mapping[str, Any]], status: Status, words: str) -> None:
    verdict = entries.look(account(LedgerTable(*items)))
    assert verdict is not None
    assert (verdict.status, words in verdict.seen) == (status, True), verdict
    assert bool(verdict.advice) == (status != "ok")


@pytest.mark.parametrize(
    ("ago", "announces", "status"),
    [
        pytest.param(3 * DAY, True, "warning", id="no sweep has announced it"),
        pytest.param(60.0, True, "ok", id="just decided"),
        pytest.param(3 * DAY, False, "ok", id="decisions are not announced any more"),
    ],
)
def test_what_was_decided_is_announced_in_time(ago: float, announces: bool, status: Status) -> None:
    left_over = Entry(claims={"Workflow.Status": OURS}, told=1, news=(News("hidden", NOW - ago, 1),))
    sample = EntrySample(1, [(("arn", "id"), left_over)], is_whole=True)
    verdict = entries.judge(sample, NOW, LEASE, announces=announces)
    assert verdict.status == status
    assert ("should have been announced" in verdict.seen) == (status == "warning")
    assert verdict.data.get("unannounced") == ((status == "warning") if announces else None)


def test_the_entries_that_cannot_be_read_are_named_with_the_reason() -> None:
    verdict = entries.look(account(LedgerTable(*[BROKEN] * 12)))
    assert verdict is not None
    assert '"broken"' in verdict.details[0]
    assert "format None is not 1" in verdict.details[0]
    assert verdict.details[10:] == ("and 2 more",)
    assert verdict.data["unreadable"] == 12


def test_what_may_not_be_read_is_not_taken_for_an_empty_ledger() -> None:
    tables = LedgerTable()
    tables.denied["Scan"] = refusal("AccessDeniedException", "Scan")
    with pytest.raises(Exception, match="AccessDenied"):
        entries.look(account(tables))


# Which entries


def read(tables: LedgerTable, total: int, most: int | None) -> EntrySample:
    """A sample that begins with the last part of the table."""
    return read_sample(TableReader(tables, "blue-ledger", lambda parts: parts.reverse(), print), total, most)


TEN = [item(f"f{number}") for number in range(10)]
BOOKKEEPING = {"k": {"S": "hubtriage/swept"}}


@pytest.mark.parametrize(
    ("total", "most", "looked_at", "is_whole", "scope"),
    [
        pytest.param(10, 20, 10, True, "looked at all 10 entries", id="fewer than would be looked at"),
        pytest.param(10, 10, 10, True, "looked at all 10 entries", id="exactly so many"),
        pytest.param(10, None, 10, True, "looked at all 10 entries", id="all on request"),
        pytest.param(
            10, 4, 4, False, "looked at 4 of about 10 entries; --all looks at all", id="a part of the table"
        ),
        pytest.param(
            0, 4, 4, False, "looked at 4 of more entries; --all looks at all", id="a count that is behind"
        ),
        pytest.param(0, None, 10, True, "looked at all 10 entries", id="all, with a count that is behind"),
    ],
)
def test_what_was_looked_at_is_said(
    total: int, most: int | None, looked_at: int, is_whole: bool, scope: str
) -> None:
    sample = read(LedgerTable(*TEN), total, most)
    assert (sample.looked_at, sample.is_whole, sample.scope) == (looked_at, is_whole, scope)


def test_a_part_is_chosen_by_chance_and_has_no_entry_twice() -> None:
    tables = LedgerTable(*TEN, page=1)
    sample = read(tables, 10, 5)
    assert sorted(key[1] for key, _ in sample.entries) == ["f1", "f3", "f5", "f7", "f9"]
    assert {(request["Segment"], request["TotalSegments"]) for request in tables.asked} == {(1, 2)}


def test_a_table_that_was_counted_long_ago_is_not_asked_for_ever() -> None:
    tables = LedgerTable()
    assert not read(tables, 10**9, 1000).is_whole
    assert len(tables.asked) < 10


def test_what_is_no_entry_is_not_counted() -> None:
    assert read(LedgerTable(BOOKKEEPING, *TEN), 11, None).looked_at == 10
