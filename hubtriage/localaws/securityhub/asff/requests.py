"""What the service accepts: requests of its operations, findings, and the sizes of both.

Two kinds of demand are kept apart because the service reports them apart. What an operation's model
states (types, words, ranges, required members) fails the whole call; what only the finding format
states (lengths, counts) fails each finding that would hold the value.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from hubtriage.localaws.securityhub.asff.checks import (
    Check,
    boolean,
    list_of,
    map_of,
    matching,
    number,
    one_of,
    structure,
    text,
    whole,
)
from hubtriage.localaws.securityhub.asff.timestamps import read_timestamp

Finding = dict[str, Any]
Identifier = tuple[str, str]
"""A finding's identity: (ProductArn, Id)."""

LABELS = ("INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL")
WORKFLOW = ("NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED")
VERIFICATION = ("UNKNOWN", "TRUE_POSITIVE", "FALSE_POSITIVE", "BENIGN_POSITIVE")
COMPLIANCE = ("PASSED", "WARNING", "FAILED", "NOT_AVAILABLE")
CALL_LIMIT = 100
"""AWS: findings in one call of BatchUpdateFindings and BatchImportFindings."""
SIZE_LIMIT = 240 * 1024
"""AWS: bytes of one finding. How the service counts is not documented; here, as compact UTF-8 JSON."""
USER_FIELDS_LIMIT = 50
"""AWS: pairs in UserDefinedFields."""

_SCORE = whole(0, 100)
_PRODUCT_ARN = re.compile(
    r"arn:aws[a-z-]*:securityhub:[a-z0-9-]*:(?:\d{12})?:product/[^/\s]+/[^/\s]+\Z", re.ASCII
)
_TIME = matching(lambda value: read_timestamp(value) is not None, "a timestamp of the finding format")
_ARN = matching(lambda value: isinstance(value, str) and bool(_PRODUCT_ARN.match(value)), "a product ARN")
_ACCOUNT = matching(
    lambda value: isinstance(value, str) and bool(re.fullmatch("[0-9]{12}", value)), "12 digits"
)

IDENTIFIER = structure({"Id": text(), "ProductArn": text()}, ("Id", "ProductArn"))
_SEVERITY_UPDATE = structure({"Label": one_of(LABELS), "Normalized": _SCORE, "Product": number})

UPDATE_MODEL: Mapping[str, Check] = {
    "Note": structure({"Text": text(), "UpdatedBy": text()}, ("Text", "UpdatedBy")),
    "Severity": _SEVERITY_UPDATE,
    "VerificationState": one_of(VERIFICATION),
    "Confidence": _SCORE,
    "Criticality": _SCORE,
    "Types": list_of(text()),
    "UserDefinedFields": map_of(text(), text()),
    "Workflow": structure({"Status": one_of(WORKFLOW)}),
    "RelatedFindings": list_of(IDENTIFIER),
}
"""AWS: the nine fields that BatchUpdateFindings and automation rules set, as their model states them."""

_USER_FIELDS = map_of(text(high=1024), text(high=128), USER_FIELDS_LIMIT)
_NOTE = {"Text": text(high=512), "UpdatedBy": text(), "UpdatedAt": _TIME}
_RELATED = list_of(structure({"Id": text(high=512), "ProductArn": _ARN}, ("Id", "ProductArn")), 1, 10)
_TYPES = list_of(text(), high=50)

_UPDATE_LIMITS = structure(
    {
        "Note": structure(_NOTE),
        "Types": _TYPES,
        "UserDefinedFields": _USER_FIELDS,
        "RelatedFindings": _RELATED,
    },
    closed=False,
)
_UPDATE_REQUEST = structure(
    {"FindingIdentifiers": list_of(IDENTIFIER, 1, CALL_LIMIT), **UPDATE_MODEL}, ("FindingIdentifiers",)
)
_IDENTIFIER_LIMITS = structure({"Id": text(high=512), "ProductArn": text(12, 2048)})

_SEVERITY = structure(
    {"Label": one_of(LABELS), "Normalized": _SCORE, "Product": number, "Original": text(high=64)},
    closed=False,
)
_PROVIDED: Mapping[str, Check] = {
    "Confidence": _SCORE,
    "Criticality": _SCORE,
    "RelatedFindings": _RELATED,
    "Severity": _SEVERITY,
    "Types": _TYPES,
}
_RESOURCE = structure(
    {
        "Type": text(high=256),
        "Id": text(),
        "Partition": text(),
        "Region": text(high=16),
        "Tags": map_of(matching(lambda value: isinstance(value, str), "string")),
        "Details": structure({}, closed=False),
    },
    ("Type", "Id"),
    closed=False,
)
_COMPLIANCE = structure(
    {
        "Status": one_of(COMPLIANCE),
        "RelatedRequirements": list_of(text(), high=32),
        "SecurityControlId": text(),
    },
    closed=False,
)
_FINDING = structure(
    {
        "SchemaVersion": one_of(("2018-10-08",)),
        "Id": text(high=512),
        "ProductArn": _ARN,
        "ProductName": text(high=128),
        "CompanyName": text(high=128),
        "Region": text(high=16),
        "GeneratorId": text(high=512),
        "AwsAccountId": _ACCOUNT,
        "AwsAccountName": text(high=50),
        "FirstObservedAt": _TIME,
        "LastObservedAt": _TIME,
        "CreatedAt": _TIME,
        "UpdatedAt": _TIME,
        "Title": text(high=256),
        "Description": text(high=1024),
        "Remediation": structure({}, closed=False),
        "SourceUrl": text(),
        "ProductFields": map_of(text(high=2048), text(high=128), 50),
        "UserDefinedFields": _USER_FIELDS,
        "Malware": list_of(structure({}, closed=False), high=5),
        "Threats": list_of(structure({}, closed=False), high=32),
        "ThreatIntelIndicators": list_of(structure({}, closed=False), high=5),
        "Resources": list_of(_RESOURCE, 1, 32),
        "Compliance": _COMPLIANCE,
        "VerificationState": one_of(VERIFICATION),
        "Workflow": structure({"Status": one_of(WORKFLOW)}),
        "RecordState": one_of(("ACTIVE", "ARCHIVED")),
        "Note": structure(_NOTE, tuple(_NOTE)),
        "Vulnerabilities": list_of(structure({"Id": text()}, ("Id",), closed=False)),
        "FindingProviderFields": structure(_PROVIDED, closed=False),
        "Sample": boolean,
        **_PROVIDED,
    },
    (
        "SchemaVersion",
        "Id",
        "ProductArn",
        "GeneratorId",
        "AwsAccountId",
        "CreatedAt",
        "UpdatedAt",
        "Title",
        "Description",
        "Resources",
    ),
    closed=False,
)
_IMPORT_REQUEST = structure(
    {"Findings": list_of(matching(lambda value: isinstance(value, dict), "object"), 1, CALL_LIMIT)},
    ("Findings",),
)


def flaw_of_update_request(request: object) -> str | None:
    """Return what the model of BatchUpdateFindings refuses in the whole call, unknown members too."""
    return _UPDATE_REQUEST(request, "data")


def flaw_of_update_values(payload: Mapping[str, Any]) -> str | None:
    """Return what the finding format refuses in the new values: lengths and counts."""
    return _UPDATE_LIMITS(payload, "data")


def flaw_of_identifier(identifier: Mapping[str, Any]) -> str | None:
    """Return what the finding format refuses in an identifier: lengths."""
    return _IDENTIFIER_LIMITS(identifier, "data")


def flaw_of_import_request(request: object) -> str | None:
    """Return what the model of BatchImportFindings refuses in the whole call."""
    return _IMPORT_REQUEST(request, "data")


def flaw_of_finding(finding: object) -> str | None:
    """Return what the finding format refuses in an imported finding; unknown members are kept."""
    return _FINDING(finding, "data")


def size(finding: Mapping[str, Any]) -> int:
    """Return the size of a finding in bytes."""
    return len(
        json.dumps(finding, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
    )


def identity(identifier: Mapping[str, Any]) -> Identifier:
    """Return (ProductArn, Id) of a finding or of a finding identifier."""
    return identifier["ProductArn"], identifier["Id"]
