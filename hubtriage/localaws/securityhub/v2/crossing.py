"""Updates that cross from one hub to the other: AWS does not say whether they do.

The one place of the local AWS that knows a finding in both forms.
"""

from collections.abc import Mapping
from typing import Any, Final

from hubtriage.localaws.securityhub.v2 import words
from hubtriage.localaws.securityhub.v2.requests import COMMENT_LIMIT
from hubtriage.localaws.securityhub.v2.words import Finding

Request = Mapping[str, Any]
_STATUSES: Final = {"NEW": 1, "NOTIFIED": 2, "SUPPRESSED": 3, "RESOLVED": 4}
_LABELS: Final = {"INFORMATIONAL": 1, "LOW": 2, "MEDIUM": 3, "HIGH": 4, "CRITICAL": 5}
_WORKFLOWS: Final = {number: status for status, number in _STATUSES.items()}
_NAMES: Final = {number: label for label, number in _LABELS.items()}


def counterpart(operation: str, update: Request, found: list[dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    """Return the update operation of the other hub, and its request; empty if there is nothing to set.

    found: the findings that the update has changed.
    """
    if operation == "BatchUpdateFindings":
        other, fields, names = "BatchUpdateFindingsV2", _for_v2(update), map(_name_in_v2, found)
    else:
        other, fields, names = "BatchUpdateFindings", _for_cspm(update), map(_name_in_cspm, found)
    return other, {"FindingIdentifiers": list(names), **fields} if found and fields else {}


def _for_v2(update: Request) -> dict[str, Any]:
    """Return what BatchUpdateFindingsV2 would set for an update of CSPM."""
    status = _STATUSES.get(update.get("Workflow", {}).get("Status"))
    severity = _LABELS.get(update.get("Severity", {}).get("Label"))
    text = update.get("Note", {}).get("Text")
    return {
        **({"StatusId": status} if status is not None else {}),
        **({"SeverityId": severity} if severity is not None else {}),
        **({"Comment": text[:COMMENT_LIMIT]} if text else {}),
    }


def _for_cspm(update: Request) -> dict[str, Any]:
    """Return what BatchUpdateFindings would set for an update of V2."""
    status, label = _WORKFLOWS.get(update.get("StatusId", 0)), _NAMES.get(update.get("SeverityId", 0))
    note = {"Text": update.get("Comment"), "UpdatedBy": "SecurityHubV2"}
    return {
        **({"Workflow": {"Status": status}} if status else {}),
        **({"Severity": {"Label": label}} if label else {}),
        **({"Note": note} if "Comment" in update else {}),
    }


def _name_in_v2(finding: Request) -> dict[str, str]:
    product = finding["ProductArn"].replace("::product/", "::productv2/")
    return {
        "CloudAccountUid": finding["AwsAccountId"],
        "FindingInfoUid": finding["Id"],
        "MetadataProductUid": product,
    }


def _name_in_cspm(finding: Finding) -> dict[str, str]:
    _account, uid, product = words.signal_of(finding)
    return {"Id": str(uid), "ProductArn": product.replace("::productv2/", "::product/")}
