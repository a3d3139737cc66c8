"""The list of a backtest's findings: it agrees with the counts, and stays within its bounds."""

import json
from typing import Any

import pytest

from hubtriage.engine.planning.plan import Settings
from hubtriage.localaws.findings import NOW, generate
from hubtriage.pages.document import embedded
from hubtriage.simulation.backtest import tally as tallies
from hubtriage.simulation.backtest.effects import NO_RULE, PROVIDER, RULE_EFFECTS
from hubtriage.simulation.backtest.judge import Task
from hubtriage.simulation.backtest.listing import Listing
from hubtriage.simulation.backtest.report import Record, ReportSource, report_of
from hubtriage.simulation.backtest.run import backtest
from hubtriage.simulation.backtest.tally import Tally
from hubtriage.simulation.inputs.documents import Document
from tests.pages.test_columns import read

HIDE = {"Workflow": {"Status": "SUPPRESSED"}, "Note": {"Text": "Accepted."}}
RULES: list[dict[str, Any]] = [
    {"id": "fails", "order": 1, "when": {"<": [{"var": "Severity.Label"}, 3]}, "update": HIDE},
    {"id": "low", "ends": NOW + 86_400, "expires": "2026-11-02", "order": 2, "terminal": True,
     "match": {"Severity": {"Label": ["LOW"]}}, "update": HIDE},
    {"id": "high", "match": {"Severity": {"Label": ["HIGH"]}}, "update": {"Severity": {"Label": "LOW"}}},
    {"id": "watched", "mode": "observe", "match": {"RecordState": ["ACTIVE"]}, "update": HIDE},
    {"id": "softer", "order": 900, "ceiling": "CRITICAL",
     "match": {"Severity": {"Label": ["CRITICAL", "LOW"]}}, "update": {"Severity": {"Label": "MEDIUM"}}},
]  # fmt: skip
FINDINGS = list(generate(250, 9))


def judged(most: int = 1_000) -> Tally:
    entries = [{"finding": finding, "entry": None} for finding in FINDINGS]
    documents = [Document("input", f"finding {at}", json.dumps(one)) for at, one in enumerate(entries)]
    ruleset = {"format": 1, "hash": "0" * 16, "revision": None, "rules": RULES}
    return backtest(documents, Task(ruleset, NOW, Settings(), listed=most), processes=1)


@pytest.fixture(scope="module")
def tally() -> Tally:
    return judged()


def rows(record: Record) -> list[tuple[dict[str, str], list[list[Any]]]]:
    """Each finding of a list: its texts, and what happens to it."""
    touched, unchanged = record["tables"]
    texts = [
        dict(zip(table["columns"], row, strict=True)) for table in (touched, unchanged) for row in read(table)
    ]
    parts = [
        [record["parts"][part] for part in record["stories"]["values"][at]] for at in record["stories"]["at"]
    ]
    return list(zip(texts, parts + [[["unchanged", None]]] * unchanged["rows"], strict=True))


def listed(record: Record, what: str, rule: str | None) -> int:
    return sum(any(tuple(part[:2]) == (what, rule) for part in parts) for _texts, parts in rows(record))


def test_every_finding_is_listed_once_with_its_texts(tally: Tally) -> None:
    texts = {row["id"]: row for row, _parts in rows(tally.listing.as_record())}
    assert len(rows(tally.listing.as_record())) == len(texts) == len(FINDINGS)
    for finding in FINDINGS:
        row = texts[finding["Id"]]
        assert (row["title"], row["account"]) == (finding["Title"], finding["AwsAccountId"])
        assert row["resource"] == finding["Resources"][0]["Id"]


def test_what_a_rule_is_counted_for_is_found_in_the_list(tally: Tally) -> None:
    """Each number of the report is a link to so many findings."""
    record = tally.listing.as_record()
    report = report_of(tally, ReportSource("findings", "rules"))
    nonzero = 0
    for row in report["by_rule"]:
        for what in RULE_EFFECTS:
            assert listed(record, what, row["rule"]) == row[what], (row["rule"], what)
            nonzero += row[what] > 0
    assert nonzero > 12
    for what in ("changed", "hidden", "taken_back", "kept", "refused", "unchanged"):
        assert listed(record, what, None) == report["totals"][what]


def test_a_rule_holds_what_it_has_set_until_it_ends(tally: Tally) -> None:
    (low,) = (row for row in report_of(tally, ReportSource("f", "r"))["by_rule"] if row["rule"] == "low")
    assert low["ends"] == NOW + 86_400
    assert 0 < low["held"] <= low["matched"]


def test_findings_to_which_something_happens_come_first(tally: Tally) -> None:
    full = tally.listing.as_record()
    touched = full["tables"][0]["rows"]
    assert full["left_out"] == {"touched": 0, "unchanged": 0}
    few = judged(touched + 3).listing.as_record()
    assert [table["rows"] for table in few["tables"]] == [touched, 3]
    assert few["left_out"] == {"touched": 0, "unchanged": len(FINDINGS) - touched - 3}
    fewer = judged(10).listing.as_record()
    assert [table["rows"] for table in fewer["tables"]] == [10, 0]
    assert fewer["left_out"] == {"touched": touched - 10, "unchanged": len(FINDINGS) - touched}


@pytest.mark.parametrize("largest", [5_000, 20_000, 40_000])
def test_the_list_stays_within_its_bytes(largest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallies, "Listing", lambda most: Listing(most, largest))
    record = judged().listing.as_record()
    size = len(embedded(record))
    assert largest * 0.8 < size < largest + 3_000
    assert sum(record["left_out"].values()) == len(FINDINGS) - sum(
        table["rows"] for table in record["tables"]
    )


def test_the_list_can_be_made_twice(tally: Tally) -> None:
    assert tally.listing.as_record() == tally.listing.as_record()


def test_a_finding_takes_few_bytes() -> None:
    listing = Tally(Task({"format": 1, "hash": "h", "rules": []}, NOW, Settings(), listed=10_000))
    assert len(embedded(listing.listing.as_record())) < 2_000
    assert len(embedded(judged().listing.as_record())) / len(FINDINGS) < 330


def test_without_a_page_nothing_is_kept() -> None:
    assert judged(0).listing.as_record()["tables"][0]["rows"] == 0


def test_names_of_causes_are_no_ids_of_rules() -> None:
    assert all("(" in name for name in (NO_RULE, PROVIDER))
