"""Findings with the entries that an export has beside them."""

from typing import Any

import pytest

from hubtriage.engine.planning.entry import NO_ENTRY, Claim, Entry, Intent
from hubtriage.simulation.exported import ExportedFinding, settled

CLAIMS = {"Workflow.Status": Claim("SUPPRESSED", "r")}
UNDER_WAY = Entry(
    version=3,
    intent=Intent(CLAIMS, {"Workflow.Status": "SUPPRESSED"}, {"Workflow.Status": "NEW"}, time=1_000.0),
)


def finding(status: str, **members: Any) -> dict[str, Any]:
    return {"Id": "f", "ProductArn": "p", "Workflow": {"Status": status}, **members}


def test_an_update_that_was_under_way_has_happened_if_the_finding_shows_it() -> None:
    known = settled(UNDER_WAY, finding("SUPPRESSED"))
    assert (known.claims, known.intent, known.started) == (CLAIMS, None, 1_000.0)


def test_otherwise_it_has_not() -> None:
    assert settled(UNDER_WAY, finding("NEW")) == Entry(version=3)


def test_without_an_entry_a_finding_is_planned_as_if_triage_had_never_been_there() -> None:
    assert ExportedFinding(finding("NEW")).known == NO_ENTRY


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
