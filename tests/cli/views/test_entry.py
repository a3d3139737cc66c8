"""How an entry of the ledger reads."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.cli.views.entry import NOTHING, about_line, as_record, entry_lines
from hubtriage.engine.planning.entry import Claim, Entry, Intent, stored
from hubtriage.engine.planning.news import News, Reported
from tests.support.examples import examples

DAY = 86_400.0
THEN = 1_790_000_000.0
NOTE = stored("Accepted by the risk owner until the migration of the sandboxes has ended.")


def _lines(entry: Entry, now: float = THEN + DAY) -> list[str]:
    return list(entry_lines(entry, now, indent=""))


def test_an_entry_says_what_is_held_since_when_by_which_rule_and_what_was_written_last() -> None:
    entry = Entry(
        claims={
            "Workflow.Status": Claim("SUPPRESSED", "buckets"),
            "Note.Text": Claim(NOTE, "buckets"),
            "Severity.Label": Claim("LOW", "low", before="HIGH"),
        },
        version=3,
        started=THEN,
        ended=THEN + 0.5,
        written={"Workflow.Status": "SUPPRESSED", "Note.Text": NOTE},
        sets={"Severity.Label": (THEN - 7200, THEN - 3600)},
    )
    assert _lines(entry) == [
        "Note.Text: a longer value  buckets; since 2026-09-21T14:13:20Z",
        "Severity.Label: LOW  low; it was HIGH before; since 2026-09-21T13:13:20Z",
        "Workflow.Status: SUPPRESSED  buckets; since 2026-09-21T14:13:20Z",
        "last update: 2026-09-21T14:13:20Z, 24.0 h ago",
        "  Note.Text: a longer value",
        "  Workflow.Status: SUPPRESSED",
    ]


WRITTEN: dict[str, Any] = {"started": THEN, "ended": THEN + 1}


@pytest.mark.parametrize(
    ("claim", "line"),
    [
        pytest.param(
            Claim("LOW", "a"),
            "LOW  a; since before 2026-09-21T14:13:20Z",
            id="an older claim has no exact time",
        ),
        pytest.param(
            Claim("LOW", "a", person=True, overruled=1),
            "a person holds it; triage had set LOW for a; overruled once",
            id="a person's",
        ),
        pytest.param(
            Claim("LOW", "a", person=True, overruled=3),
            "a person holds it; triage had set LOW for a; overruled 3 times",
            id="a person's, after a tug of war",
        ),
        pytest.param(
            Claim("LOW", None, provided="HIGH"),
            "LOW  no rule wants it any more, but triage still holds it; its provider had HIGH; "
            "since before 2026-09-21T14:13:20Z",
            id="what follows its provider",
        ),
        pytest.param(Claim("x", None, left_out=True), "taken back; triage had set x", id="a user's key"),
    ],
)
def test_each_kind_of_claim_reads_as_what_it_is(claim: Claim, line: str) -> None:
    assert _lines(Entry({"Severity.Label": claim}, 2, **WRITTEN))[0] == f"Severity.Label: {line}"


def test_an_open_intent_is_shown_with_its_age_and_what_it_would_change() -> None:
    intent = Intent({}, {"Workflow.Status": "NEW"}, {"Workflow.Status": "SUPPRESSED"}, THEN)
    entry = Entry({"Workflow.Status": Claim("SUPPRESSED", "buckets")}, 2, intent=intent)
    assert _lines(entry, THEN + 600) == [
        "Workflow.Status: SUPPRESSED  buckets",
        "open intent: begun 10 min ago, at 2026-09-21T14:13:20Z; whether it was made is not known",
        "  Workflow.Status: SUPPRESSED -> NEW",
    ]


def test_an_entry_without_claims_says_so_and_what_the_history_said() -> None:
    entry = Entry(asked={"Workflow.Status": "SUPPRESSED"}, gone=THEN)
    assert _lines(entry) == [
        NOTHING,
        "Workflow.Status: SUPPRESSED is not from triage, as its history shows",
        "the finding was missing for the first time at 2026-09-21T14:13:20Z",
    ]


def test_tickets_are_shown_and_what_is_not_announced_yet() -> None:
    reported = {
        "buckets": Reported("cloud", "account", "111122223333"),
        "keys": Reported("te\x1bam", "rule", "keys", is_open=False),
    }
    entry = Entry(told=1, reported=reported, news=(News("hidden", THEN, 1),))
    assert _lines(entry)[1:] == [
        "a ticket has it for buckets: cloud, per account: 111122223333",
        'a ticket is done with it for keys: "te\\u001bam", per rule: keys',
        "not announced yet: hidden, decided at 2026-09-21T14:13:20Z",
    ]


def test_what_an_entry_is_about_stands_in_one_line() -> None:
    about = {"account": "111122223333", "region": "eu-central-1", "severity": "HIGH", "type": "a b"}
    assert about_line(about) == 'account 111122223333, Region eu-central-1, severity HIGH, "a b"'


def test_the_record_is_what_the_table_holds() -> None:
    entry = Entry({"Workflow.Status": Claim("SUPPRESSED", "buckets")}, 7)
    assert as_record(("arn", "id"), entry) == {
        "product_arn": "arn",
        "finding_id": "id",
        "version": 7,
        "entry": {"format": 1, "claims": {"Workflow.Status": {"value": "SUPPRESSED", "rule": "buckets"}}},
    }


@given(st.text(max_size=40), st.text(min_size=1, max_size=40))
@examples(150)
def test_nothing_of_an_entry_controls_the_terminal(value: str, name: str) -> None:
    field = f"UserDefinedFields.{name}"
    claim = Claim(stored(value), name, before=value, provided=value)
    intent = Intent({field: claim}, {field: value}, {field: value}, THEN)
    entry = Entry({field: claim}, 1, THEN, THEN, {field: value}, intent, {}, {field: value}, {"type": value})
    lines = [*entry_lines(entry, THEN), about_line(entry.about)]
    assert all(line.isprintable() and not line.lstrip().startswith("::") for line in lines)
