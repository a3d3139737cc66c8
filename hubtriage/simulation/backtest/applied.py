"""A finding as it is after an update was sent for it."""

from collections.abc import Mapping
from typing import Any, Literal

from hubtriage.engine.fields import NORMALIZED, Finding, severity_label, user_fields


def applied(
    finding: Finding, update: Mapping[str, Any] | None, udf: Literal["replace", "merge"]
) -> dict[str, Any]:
    """Return the finding after BatchUpdateFindings; `udf` says how the service treats UserDefinedFields.

    AWS: a Label sets Normalized too, and what the update does not name in Severity and Workflow stays.
    """
    after = {**finding, **(update or {})}
    if not update:
        return after
    if "Severity" in update:
        after["Severity"] = {**_part(finding, "Severity"), **_severity(update["Severity"])}
    if "Workflow" in update:
        after["Workflow"] = {**_part(finding, "Workflow"), **update["Workflow"]}
    if "UserDefinedFields" in update and udf == "merge":
        after["UserDefinedFields"] = {**user_fields(finding), **update["UserDefinedFields"]}
    return after


def _severity(severity: Mapping[str, Any]) -> dict[str, Any]:
    label = severity_label(severity)
    return {"Label": label, "Normalized": NORMALIZED.get(str(label), 0), **severity}


def _part(finding: Finding, name: str) -> Mapping[str, Any]:
    part = finding.get(name)
    return part if isinstance(part, Mapping) else {}
