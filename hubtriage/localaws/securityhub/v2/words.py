"""The numbers of OCSF findings, and the words that AWS writes next to them."""

from collections.abc import Mapping
from typing import Any, Final

Finding = dict[str, Any]

SEVERITIES: Final[Mapping[int, str]] = {
    0: "Unknown", 1: "Informational", 2: "Low", 3: "Medium", 4: "High", 5: "Critical", 6: "Fatal",
    99: "Other",
}  # fmt: skip
STATUSES: Final[Mapping[int, str]] = {
    0: "Unknown", 1: "New", 2: "In Progress", 3: "Suppressed", 4: "Resolved", 5: "Archived", 6: "Deleted",
    99: "Other",
}  # fmt: skip
ACTIVITIES: Final[Mapping[int, str]] = {0: "Unknown", 1: "Create", 2: "Update", 3: "Close", 99: "Other"}
COMPLIANCE: Final[Mapping[int, str]] = {0: "Unknown", 1: "Pass", 2: "Warning", 3: "Fail", 99: "Other"}
CLASSES: Final[Mapping[int, str]] = {
    2002: "Vulnerability Finding",
    2003: "Compliance Finding",
    2004: "Detection Finding",
    2006: "Data Security Finding",
}

NEW, IN_PROGRESS, SUPPRESSED, RESOLVED, ARCHIVED = 1, 2, 3, 4, 5
CREATE, UPDATE, CLOSE = 1, 2, 3
PASS, FAIL = 1, 3


def part(finding: Mapping[str, Any], *path: str) -> dict[str, Any]:
    """Return an object inside a finding; empty where there is none, or something else."""
    found: Any = finding
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def uid_of(finding: Mapping[str, Any]) -> str | None:
    """Return `metadata.uid`, the name of a finding among all; None where it has none."""
    uid = part(finding, "metadata").get("uid")
    return uid if isinstance(uid, str) else None


def account_of(finding: Mapping[str, Any]) -> Any:
    """Return the account that a finding belongs to; None where it names none."""
    return part(finding, "cloud", "account").get("uid")


def product_of(finding: Mapping[str, Any]) -> str:
    """Return the ARN of the product; empty where there is none."""
    product = part(finding, "metadata", "product").get("uid")
    return product if isinstance(product, str) else ""


def signal_of(finding: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    """Return account, provider's id and product: the other way to name a finding."""
    return account_of(finding), part(finding, "finding_info").get("uid"), product_of(finding)


def with_siblings(finding: Finding) -> Finding:
    """Return a finding whose words follow from its numbers: severity, status, activity, type, compliance."""
    named = dict(finding)
    for number, word, words in (
        ("severity_id", "severity", SEVERITIES),
        ("status_id", "status", STATUSES),
        ("activity_id", "activity_name", ACTIVITIES),
    ):
        if named.get(number) in words:
            named[word] = words[named[number]]
    compliance = part(named, "compliance")
    if compliance.get("status_id") in COMPLIANCE:
        named["compliance"] = {**compliance, "status": COMPLIANCE[compliance["status_id"]]}
    if named.get("class_uid") in CLASSES and named.get("activity_id") in ACTIVITIES:
        class_uid, activity = named["class_uid"], named["activity_id"]
        named["class_name"] = CLASSES[class_uid]
        named["type_uid"] = class_uid * 100 + activity
        named["type_name"] = f"{CLASSES[class_uid]}: {ACTIVITIES[activity]}"
    return named
