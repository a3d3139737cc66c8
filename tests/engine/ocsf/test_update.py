"""Updates as Security Hub V2 takes them."""

from typing import Any

import pytest

from hubtriage.engine.ocsf.update import v2_update
from hubtriage.engine.ocsf.view import asff_view
from tests.support.two_hubs import Signal, ocsf

VIEW = asff_view(ocsf(Signal(severity="HIGH")))


def view_of_vendor(severity_id: Any) -> dict[str, Any]:
    """Return the view of a finding whose vendor's severity has this number."""
    return asff_view({**ocsf(Signal()), "vendor_attributes": {"severity_id": severity_id}})


@pytest.mark.parametrize(
    ("status", "number"), [("NEW", 1), ("NOTIFIED", 2), ("SUPPRESSED", 3), ("RESOLVED", 4)]
)
def test_a_status_is_a_number(status: str, number: int) -> None:
    assert v2_update({"Workflow": {"Status": status}}, VIEW) == {"StatusId": number}


@pytest.mark.parametrize(
    ("label", "number"), [("INFORMATIONAL", 1), ("LOW", 2), ("MEDIUM", 3), ("HIGH", 4), ("CRITICAL", 5)]
)
def test_a_severity_is_a_number(label: str, number: int) -> None:
    assert v2_update({"Severity": {"Label": label}}, VIEW) == {"SeverityId": number}


@pytest.mark.parametrize(
    ("vendors", "label", "number"),
    [
        pytest.param(6, "CRITICAL", 6, id="Fatal comes back"),
        pytest.param(0, "UNRANKED", 0, id="Unknown comes back"),
        pytest.param(99, "UNRANKED", 99, id="Other comes back"),
        pytest.param(42, "UNRANKED", 0, id="what V2 does not take becomes Unknown"),
        pytest.param(None, "UNRANKED", 0, id="none becomes Unknown"),
        pytest.param(4, "CRITICAL", 5, id="a label that is not the vendor's"),
    ],
)
def test_the_vendors_severity_comes_back_as_it_was(vendors: Any, label: str, number: int) -> None:
    assert v2_update({"Severity": {"Label": label}}, view_of_vendor(vendors)) == {"SeverityId": number}


def test_a_severity_without_a_vendors_is_unknown_where_it_was() -> None:
    view = asff_view({**ocsf(Signal()), "vendor_attributes": None, "severity_id": 0})
    assert v2_update({"Severity": {"Label": "UNRANKED"}}, view) == {"SeverityId": 0}


def test_a_note_is_a_comment_without_an_author() -> None:
    update = {"Workflow": {"Status": "SUPPRESSED"}, "Note": {"Text": "x" * 512, "UpdatedBy": "hubtriage/a"}}
    assert v2_update(update, VIEW) == {"StatusId": 3, "Comment": "x" * 512}


@pytest.mark.parametrize(
    "update",
    [
        {"Types": ["TTPs"]},
        {"UserDefinedFields": {}},
        {"VerificationState": "UNKNOWN"},
        {"Workflow": {"Status": "ARCHIVED"}},
        {"Workflow": {}},
        {"Severity": {"Label": "WORST"}},
        {"Severity": None},
        {"Note": {"Text": ""}},
        {"Note": {"Text": "   "}},
        {"Note": {"Text": "x" * 513}},
        {"Note": {"Text": 5}},
    ],
)
def test_what_v2_cannot_take_is_refused_and_not_dropped(update: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"V2|comment"):
        v2_update(update, VIEW)
