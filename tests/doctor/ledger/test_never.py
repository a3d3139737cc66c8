"""What the doctor says of fields that are never set, and of which the ledger holds something."""

from collections.abc import Mapping
from typing import Any

import pytest

from hubtriage.aws.ledger.held import held
from hubtriage.doctor.checks.ledger import never
from hubtriage.doctor.verdict import Status
from hubtriage.engine.planning.entry import Claim, Entry, Intent
from tests.doctor.ledger.accounts import account
from tests.support.ledger_tables import LedgerTable, item, item_of

NEVER = frozenset({"Severity.Label"})
OURS, FOLLOWING = Claim("LOW", "a-rule"), Claim("LOW", None)
PERSONS = Claim("LOW", "a-rule", person=True)
BEGUN = Entry(
    intent=Intent({"Severity.Label": OURS}, {"Severity.Label": "LOW"}, {"Severity.Label": None}, 1.0)
)


def test_where_nothing_is_forbidden_no_entry_is_read() -> None:
    tables = LedgerTable(item(Severity__Label=OURS))
    assert never.look(account(tables)) is None
    assert held(tables.scan, "blue-ledger", [], lambda: True).is_whole
    assert tables.asked == []


@pytest.mark.parametrize(
    ("items", "status", "words"),
    [
        pytest.param([], "ok", "holds nothing in Severity.Label", id="an empty ledger"),
        pytest.param(
            [item("f", Severity__Label=OURS), item("g", Severity__Label=OURS), item("h", Types=OURS)],
            "problem",
            "can no longer take back what it set in fields of `never`: Severity.Label (2 findings)",
            id="what triage set cannot be taken back any more",
        ),
        pytest.param(
            [item_of("f", BEGUN)],
            "problem",
            "Severity.Label (1 finding)",
            id="an update that may have happened",
        ),
        pytest.param(
            [item(Severity__Label=FOLLOWING)],
            "warning",
            "no longer follow their provider: Severity.Label (1 finding)",
            id="what was taken back no longer follows",
        ),
        pytest.param(
            [item(Severity__Label=PERSONS)], "ok", "holds nothing", id="a person's field is not ours"
        ),
        pytest.param([item(Types=OURS)], "ok", "holds nothing", id="other fields do not matter"),
    ],
)
def test_what_the_ledger_holds_in_a_field_that_is_never_set(
    items: list[Mapping[str, Any]], status: Status, words: str
) -> None:
    verdict = never.look(account(LedgerTable(*items, page=1), never=NEVER))
    assert verdict is not None
    assert (verdict.status, words in verdict.seen) == (status, True), verdict
    assert bool(verdict.advice) == (status != "ok")


def test_entries_that_cannot_be_read_are_counted() -> None:
    broken = {"entry": {"S": '{"Severity.Label": 7}'}, "version": {"N": "1"}}
    verdict = never.look(account(LedgerTable(broken), never=NEVER))
    assert verdict is not None
    assert (verdict.status, "1 item that name such fields" in verdict.seen) == ("problem", True)


def test_a_ledger_that_takes_too_long_is_looked_at_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(never, "MOST_SECONDS", 0.0)
    tables = LedgerTable(item("f", Types=OURS), item("g", Severity__Label=OURS), page=1)
    verdict = never.look(account(tables, never=NEVER))
    assert verdict is not None
    assert (verdict.status, len(tables.asked)) == ("unchecked", 1)
