"""What a field of a finding holds, who provides it, and how a call writes it: the oracle's own reading.

A field is named by the member that holds it, a user-defined field `UserDefinedFields.<key>`. Values are
labels, plain scalars and sets, so that they compare with `==`; None stands for an absent one.
"""

from typing import Any

Finding = dict[str, Any]
Key = str

UNRANKED = "UNRANKED"
"""A severity of Security Hub V2 of which no one knows how high it is."""
LABELS = ("INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL", UNRANKED)
LOWEST = dict(zip(LABELS, (0, 1, 40, 70, 90, 100), strict=True))
PROVIDED = ("Severity", "Types", "Confidence", "Criticality", "RelatedFindings")
FIELDS = ("Workflow", "VerificationState", "Note", *PROVIDED)
HIDING = ("SUPPRESSED", "RESOLVED")
USER = "UserDefinedFields."


def user_fields(finding: Finding) -> dict[str, Any]:
    return finding.get("UserDefinedFields") or {}


def held(finding: Finding, key: Key) -> Any:
    """A field's value; what only the provider's fields have counts as the finding's."""
    if key.startswith(USER):
        return user_fields(finding).get(key.removeprefix(USER))
    value = read(key, finding.get(key))
    if value is None and key in PROVIDED:
        return read(key, (finding.get("FindingProviderFields") or {}).get(key))
    return value


def read(key: Key, value: Any) -> Any:
    """A member's value in the form that compares."""
    if key == "Workflow":
        return (value or {}).get("Status", "NEW")
    if key == "VerificationState":
        return value or "UNKNOWN"
    if key == "Severity":
        return label(value)
    if key == "Note":
        return (value or {}).get("Text")
    if key == "Types":
        return frozenset([value] if isinstance(value, str) else value) if value else None
    if key == "RelatedFindings":
        return frozenset((each["ProductArn"], each["Id"]) for each in value) if value else None
    return value


def written(key: Key, value: Any) -> Any:
    """A value in the form in which findings and calls hold it; a note is a text and its author."""
    if key == "Workflow":
        return {"Status": value}
    if key == "Severity":
        return {"Label": value}
    if key == "Types":
        return sorted(value)
    if key == "RelatedFindings":
        return [{"ProductArn": arn, "Id": each} for arn, each in sorted(value)]
    if key == "Note":
        return {"Text": value[0], "UpdatedBy": value[1]}
    return value


def put(finding: Finding, key: Key, value: Any) -> None:
    """Set a field, or with None take it off."""
    user, name = key.startswith(USER), key.removeprefix(USER)
    target = finding["UserDefinedFields"] if user else finding
    if value is None:
        target.pop(name, None)
    else:
        target[name] = written(key, value)


def label(severity: Any) -> str | None:
    if not isinstance(severity, dict):
        return None
    if severity.get("Label") in LABELS:
        return str(severity["Label"])
    reached = [name for name in LABELS[:-1] if LOWEST[name] <= severity.get("Normalized", -1)]
    return reached[-1] if reached else None


def is_settable(key: Key, value: Any) -> bool:
    """Say whether a customer may set a field to a value that it has: of V2 some are others' alone."""
    words = {"Workflow": ("NEW", "NOTIFIED", *HIDING), "Severity": LABELS[:-1]}
    return key not in words or value in words[key]


def below(one: str | None, other: str | None) -> bool:
    return one in LABELS and other in LABELS and LABELS.index(one) < LABELS.index(other)


def on_record(finding: Finding, key: Key) -> bool:
    """Whether FindingProviderFields have a field."""
    given = finding.get("FindingProviderFields") or {}
    return key in given and (key != "Severity" or label(given[key]) is not None)


def passed(finding: Finding) -> bool:
    """Say whether the finding is of a control that passes."""
    return bool((finding.get("Compliance") or {}).get("Status") == "PASSED")


def untouched(finding: Finding, key: Key, unrecorded: Any = None) -> Any:
    """Return what a field would hold if neither triage nor a person had set it.

    `unrecorded` is the provider's value where FindingProviderFields lacks it.
    """
    if key == "Workflow":
        return "RESOLVED" if passed(finding) else "NEW"
    if key in PROVIDED:
        return held(finding["FindingProviderFields"], key) if on_record(finding, key) else unrecorded
    return "UNKNOWN" if key == "VerificationState" else None


def providers(finding: Finding, key: Key) -> Any:
    """Return the provider's value of an unclaimed field: the top level may have to stand for it."""
    counts = key in ("Severity", "Types") or "FindingProviderFields" not in finding
    return untouched(finding, key, held(finding, key) if counts else None)


def is_a_persons(finding: Finding, key: Key) -> bool:
    """Say whether an unclaimed field is a person's or another tool's, whoever signed it."""
    value = held(finding, key)
    if key == "Workflow":
        return value not in ("NEW", untouched(finding, key))
    return bool(value != (providers(finding, key) if key in PROVIDED else untouched(finding, key)))


def hides(finding: Finding, key: Key, value: Any) -> bool:
    """Say whether a value of this field hides the finding: by a status, or by less than the provider says."""
    if key == "Workflow":
        return value in HIDING
    return key == "Severity" and below(value, providers(finding, key))
