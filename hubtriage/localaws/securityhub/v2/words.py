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
        if (found := _word(words, named.get(number))) is not None:
            named[word] = found
    compliance = part(named, "compliance")
    if (found := _word(COMPLIANCE, compliance.get("status_id"))) is not None:
        named["compliance"] = {**compliance, "status": found}
    kind, activity = _word(CLASSES, named.get("class_uid")), _word(ACTIVITIES, named.get("activity_id"))
    if kind is not None and activity is not None:
        named["class_name"] = kind
        named["type_uid"] = named["class_uid"] * 100 + named["activity_id"]
        named["type_name"] = f"{kind}: {activity}"
    return named


def _word(words: Mapping[int, str], number: object) -> str | None:
    """Return the word of a number; None for what has none, whatever it is."""
    return words.get(number) if isinstance(number, int) and not isinstance(number, bool) else None
