"""A finding of Security Hub V2 as the laws read it: its few fields, in the words of the other hub.

This is the oracle's own reading: of what makes a view for rules, nothing is used here.
"""

from collections.abc import Mapping
from typing import Any

from tests.laws.oracle.fields import LABELS, UNRANKED, Finding, label

FIELDS_OF = {"StatusId": "Workflow", "SeverityId": "Severity", "Comment": "Note"}
"""The members of an update, and the fields that they set."""
_STATUSES = {1: "NEW", 2: "NOTIFIED", 3: "SUPPRESSED", 4: "RESOLVED", 5: "ARCHIVED", 6: "DELETED"}
_COMPLIANCE = {1: "PASSED", 2: "WARNING", 3: "FAILED"}
_FATAL = 6


def in_words_of_laws(ocsf: Mapping[str, Any]) -> Finding:
    """Return status, severity, provider's severity, compliance and comment of a finding."""
    vendor, compliance, text = ocsf.get("vendor_attributes"), ocsf.get("compliance"), comment(ocsf)
    return {
        "Workflow": {"Status": _STATUSES.get(ocsf["status_id"], "OTHER")},
        "Severity": {"Label": label_of(ocsf["severity_id"])},
        "FindingProviderFields": {"Severity": {"Label": label_of(vendor["severity_id"])}} if vendor else {},
        **({"Compliance": {"Status": _COMPLIANCE.get(compliance["status_id"])}} if compliance else {}),
        **({"Note": {"Text": text}} if text else {}),
    }


def label_of(severity: int) -> str:
    """Return the label of a severity. Fatal is no less than critical; what is not known is above all."""
    if severity == _FATAL:
        return "CRITICAL"
    return LABELS[severity - 1] if 1 <= severity <= 5 else UNRANKED


def is_renumbered(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Say whether the vendor has changed the number of the severity, and its label is the same.

    For rules the two are one, so that no one follows it.
    """
    old, new = (_vendors(each) for each in (before, after))
    return None not in (old, new) and old != new and label_of(old or 0) == label_of(new or 0)


def severity_is_the_vendors(ocsf: Mapping[str, Any], *, is_renumbered: bool) -> None:
    """A severity that only triage has set is exactly the vendor's once no rule is left: Fatal stays Fatal."""
    shown, vendors = ocsf["severity_id"], _vendors(ocsf)
    is_right = shown == vendors or (
        is_renumbered and vendors is not None and label_of(shown) == label_of(vendors)
    )
    assert vendors is None or is_right, f"severity {shown} is not the vendor's {vendors}"


def _vendors(ocsf: Mapping[str, Any]) -> int | None:
    number: int | None = (ocsf.get("vendor_attributes") or {}).get("severity_id")
    return number


def comment(ocsf: Mapping[str, Any]) -> str | None:
    """Return the comment, or in its place the note that was added last."""
    if "comment" in ocsf:
        return str(ocsf["comment"])
    notes = ocsf.get("notes")
    return notes[-1]["comment"] if notes else None


def in_words_of_v2(payload: Mapping[str, Any], ocsf: Mapping[str, Any]) -> dict[str, Any]:
    """Return the update of V2 that does what one of the other hub would do.

    What the vendor says is written as the vendor wrote it.
    """
    values: dict[str, Any] = {}
    if "Workflow" in payload:
        status = payload["Workflow"]["Status"]
        values["StatusId"] = next(number for number, word in _STATUSES.items() if word == status)
    if "Severity" in payload:
        values["SeverityId"] = _severity_id(str(label(payload["Severity"])), ocsf)
    if "Note" in payload:
        values["Comment"] = payload["Note"]["Text"]
    return values


def _severity_id(wanted: str, ocsf: Mapping[str, Any]) -> int:
    vendors = _vendors(ocsf)
    if vendors is not None and label_of(vendors) == wanted:
        return vendors
    return 0 if wanted == UNRANKED else LABELS.index(wanted) + 1
