"""Findings with the entries that an export has beside them."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from hubtriage.engine.planning.entry import NO_ENTRY, Claim, Entry, Intent
from hubtriage.simulation.exported import ExportedFinding, finding_line, header_line
from hubtriage.simulation.inputs.documents import Document, UnreadableInputError
from hubtriage.simulation.inputs.findings import Unusable, items_of
from hubtriage.simulation.undecidable import DAMAGED, LEFT_OPEN, TOO_EARLY, UNDER_WAY, why_undecidable
from tests.support.entries import ENTRIES

NOW = 1_790_000_000.0
HOUR = 3_600.0
SUPPRESSED = {"Workflow.Status": "SUPPRESSED"}
CLAIMS = {"Workflow.Status": Claim("SUPPRESSED", "r")}


def finding(status: str, **members: Any) -> dict[str, Any]:
    return {"Id": "f", "ProductArn": "p", "Workflow": {"Status": status}, **members}


def intent(age: float) -> Intent:
    return Intent(CLAIMS, SUPPRESSED, {"Workflow.Status": "NEW"}, NOW - age)


def confirmed(age: float) -> Entry:
    return Entry(CLAIMS, 3, NOW - age - 1, NOW - age, SUPPRESSED)


DATED = [
    pytest.param("NEW", NO_ENTRY, None, id="triage never wrote"),
    pytest.param("NEW", Entry(intent=intent(5)), UNDER_WAY, id="an update is under way"),
    pytest.param("SUPPRESSED", Entry(intent=intent(5)), UNDER_WAY, id="it is, though it shows already"),
    pytest.param(
        "NEW", Entry(intent=intent(1_000)), UNDER_WAY, id="a function that runs for 15 minutes has it"
    ),
    pytest.param("NEW", Entry(intent=intent(HOUR)), LEFT_OPEN, id="an open one that does not show"),
    pytest.param("NOTIFIED", Entry(intent=intent(HOUR)), LEFT_OPEN, id="or something else shows"),
    pytest.param("SUPPRESSED", Entry(intent=intent(HOUR)), None, id="an open one that shows has happened"),
    pytest.param("NEW", confirmed(60), TOO_EARLY, id="a reading that may be from before the last update"),
    pytest.param("NEW", confirmed(-2), TOO_EARLY, id="the entry is newer than the finding"),
    pytest.param("SUPPRESSED", confirmed(-2), None, id="the same, and the finding shows it all"),
    pytest.param("NEW", confirmed(HOUR), None, id="a reading from long after the last update"),
]


@pytest.mark.parametrize(("status", "entry", "why"), DATED)
def test_a_line_is_marked_where_triage_would_wait(status: str, entry: Entry, why: str | None) -> None:
    assert why_undecidable(finding(status), entry, NOW) == why
    assert read_back(finding(status), entry).undecidable == why


def read_back(raw: dict[str, Any], entry: Entry | None, **options: Any) -> ExportedFinding:
    line, is_undecidable = finding_line(raw, entry, NOW, **options)
    (item,) = items_of(Document("file", "line 2", line))
    assert isinstance(item, ExportedFinding)
    assert is_undecidable == (item.undecidable is not None)
    return item


@given(ENTRIES)
def test_an_entry_comes_back_as_it_was(entry: Entry) -> None:
    found = read_back(finding("NEW"), entry).entry
    assert found is not None
    assert replace(found, version=0) == replace(entry, version=0)


def test_an_update_that_was_left_open_and_shows_has_happened() -> None:
    known = read_back(finding("SUPPRESSED"), Entry(version=3, intent=intent(HOUR))).known
    assert (known.claims, known.intent, known.started) == (CLAIMS, None, NOW - HOUR)


def test_a_line_from_elsewhere_with_an_open_update_that_does_not_show_is_undecidable() -> None:
    line = {"finding": finding("NEW"), "entry": {"format": 1, "intent": {"time": 5, "written": SUPPRESSED}}}
    (item,) = items_of(Document("file", "line 1", json.dumps(line)))
    assert isinstance(item, ExportedFinding)
    assert item.undecidable == LEFT_OPEN


def test_of_two_values_that_an_update_wrote_one_as_before_denies_it() -> None:
    """As at work: a provider may have set just the other."""
    two = {**SUPPRESSED, "Severity.Label": "LOW"}
    left = Intent(CLAIMS, two, {"Workflow.Status": "NEW", "Severity.Label": "HIGH"}, NOW - HOUR)
    shown = finding("NEW", Severity={"Label": "LOW"})
    assert why_undecidable(shown, Entry(intent=left), NOW) == LEFT_OPEN


def test_without_an_entry_a_finding_is_planned_as_if_triage_had_never_been_there() -> None:
    assert ExportedFinding(finding("NEW")).known == NO_ENTRY
    assert read_back(finding("NEW"), None).entry is None
    assert read_back(finding("NEW"), NO_ENTRY).entry == NO_ENTRY


def test_a_damaged_entry_is_not_taken_for_none() -> None:
    item = read_back(finding("NEW"), None, is_damaged=True)
    assert (item.entry, item.undecidable) == (None, DAMAGED)


AUTHORS = [
    pytest.param("hubtriage", True, id="triage itself"),
    pytest.param("hubtriage/a-rule", True, id="a rule"),
    pytest.param("hubtriage-oncall", False, id="people with a similar name"),
    pytest.param("ana", False, id="a person"),
    pytest.param(5, False, id="no text"),
]


@pytest.mark.parametrize(("author", "in_doubt"), AUTHORS)
def test_a_note_of_triage_puts_a_finding_in_doubt_that_has_no_entry(author: object, in_doubt: bool) -> None:
    noted = finding("SUPPRESSED", Note={"Text": "x", "UpdatedBy": author})
    assert ExportedFinding(noted).is_in_doubt is in_doubt
    assert ExportedFinding(noted, NO_ENTRY).is_in_doubt is False


# The first line


def test_the_first_line_of_an_export_is_no_finding() -> None:
    assert list(items_of(Document("file", "line 1", header_line({"stack": "hubtriage"})))) == []


@pytest.mark.parametrize("number", [2, "1", True, None])
def test_an_export_of_a_later_version_is_refused(number: object) -> None:
    with pytest.raises(UnreadableInputError, match=r"file: line 1: an export of format .* reads format 1"):
        list(items_of(Document("file", "line 1", json.dumps({"hubtriage-export": number}))))


def test_no_finding_passes_for_a_first_line_or_for_a_line_of_an_export() -> None:
    for member in ("hubtriage-export", "finding"):
        (item,) = items_of(Document("file", "line 1", json.dumps({**finding("NEW"), member: {}})))
        assert isinstance(item, ExportedFinding)
        assert item.finding["Id"] == "f"


@pytest.mark.parametrize("value", [None, 5, [], {"Id": "x"}])
def test_a_line_without_a_finding_is_unusable(value: object) -> None:
    (item,) = items_of(Document("file", "line 2", json.dumps({"finding": value, "entry": None})))
    assert isinstance(item, Unusable)


def test_of_a_finding_of_v2_that_is_too_deep_its_name_is_left() -> None:
    nested: Any = "x"
    for _ in range(120):
        nested = [nested]
    view = {"Id": "f", "Ocsf": {"uid": "u"}, "Title": nested}
    line, is_undecidable = finding_line(view, None, 0.0)
    assert is_undecidable
    assert json.loads(line)["finding"] == {"Id": "f", "Ocsf": {"uid": "u"}}
