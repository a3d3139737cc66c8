"""A finding of Security Hub V2 as the laws read it: its few fields, in the words of the other hub.

This is the oracle's own reading: of what makes a view for rules, nothing is used here.
"""

from collections.abc import Mapping
from typing import Any

from tests.laws.oracle.fields import LABELS, UNRANKED, Finding

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


def comment(ocsf: Mapping[str, Any]) -> str | None:
    """Return the comment, or in its place the note that was added last."""
    if "comment" in ocsf:
        return str(ocsf["comment"])
    notes = ocsf.get("notes")
    return notes[-1]["comment"] if notes else None
