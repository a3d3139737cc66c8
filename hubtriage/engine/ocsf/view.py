"""The view: what rules see of a finding of Security Hub V2, which is in OCSF.

It is a finding in ASFF, as plain JSON. One more member, `Ocsf`, keeps what names the finding in V2 and what a
later update has to restore; rules never see it. Whatever an OCSF finding lacks, or has in another shape than
documented, is absent in the view.
"""

from collections.abc import Mapping
from typing import Any

from hubtriage.engine.fields import NORMALIZED, OCSF, UNRANKED, member
from hubtriage.engine.ocsf.readers import (
    Each,
    Ocsf,
    Reader,
    at,
    each,
    first_text,
    number,
    number_as_text,
    objects_at,
    read_object,
    text,
    texts,
    time,
    whole_number,
)
from hubtriage.engine.ocsf.resource_types import asff_type
from hubtriage.engine.text.timestamps import parse_timestamp

HUB_V2 = "securityhub-v2"
"""Stands for the ProductArn in the key of a finding of Security Hub V2; its Id is the metadata.uid there."""
LABELS = {1: "INFORMATIONAL", 2: "LOW", 3: "MEDIUM", 4: "HIGH", 5: "CRITICAL", 6: "CRITICAL"}
"""Severity ids. 6 is Fatal. 0 (Unknown), 99 (Other) and whatever is no severity id are UNRANKED."""
STATUSES = {
    0: "UNKNOWN",
    1: "NEW",
    2: "NOTIFIED",
    3: "SUPPRESSED",
    4: "RESOLVED",
    5: "ARCHIVED",
    6: "DELETED",
    99: "OTHER",
}
"""Status ids. ASFF has only those from 1 to 4; no rule sets one of the others."""
COMPLIANCE = {1: "PASSED", 2: "WARNING", 3: "FAILED"}
"""Compliance status ids. All others, and none, are NOT_AVAILABLE."""
_CLOSE, _ARCHIVED = 3, 5
_ACCOUNT_TYPE = "AWS::::Account"


def is_ocsf(finding: object) -> bool:
    """Say whether a finding is in OCSF, by its members; a view is not."""
    if not isinstance(finding, dict) or "SchemaVersion" in finding:
        return False
    return "class_uid" in finding or ("finding_info" in finding and "metadata" in finding)


def is_view(finding: Mapping[str, Any]) -> bool:
    """Say whether a finding in ASFF is the view of one of Security Hub V2."""
    return OCSF in finding


def key_of(finding: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the key that names a finding to its hub: (ProductArn, Id), or (HUB_V2, metadata.uid) of a view.

    None where the finding lacks one of them.
    """
    if is_view(finding):
        uid = member(finding[OCSF], "uid")
        return (HUB_V2, uid) if isinstance(uid, str) else None
    arn, own = finding.get("ProductArn"), finding.get("Id")
    return (arn, own) if isinstance(arn, str) and isinstance(own, str) else None


def asff_view(ocsf: Ocsf) -> dict[str, Any]:
    """Return the view of an OCSF finding, with the member `Ocsf`; nothing in it makes this raise."""
    view = read_object(ocsf, VIEW)
    return {**view, OCSF: read_object(ocsf, _KEPT)}


def severity_label(severity_id: object) -> str:
    """Return the label of a severity id."""
    return LABELS.get(_number(severity_id), UNRANKED)


def _number(value: object) -> int:
    """Return a whole number; -1, which no id is, for anything else."""
    whole = whole_number(value)
    return -1 if whole is None else whole


def _id(path: str) -> Reader:
    return lambda ocsf: whole_number(at(ocsf, path))


def _word_of(path: str, words: Mapping[int, str], other: str) -> Reader:
    return lambda ocsf: words.get(_number(at(ocsf, path)), other)


def _product_arn(ocsf: Ocsf) -> str | None:
    arn: str | None = text("metadata.product.uid")(ocsf)
    return arn and arn.replace("::productv2/", "::product/", 1)


def _generator(ocsf: Ocsf) -> str | None:
    generator: str | None = text("metadata.product.feature.uid")(ocsf)
    control = text("compliance.control")(ocsf)
    return generator or (f"security-control/{control}" if control else None)


def _normalized(ocsf: Ocsf) -> int:
    return NORMALIZED[severity_label(ocsf.get("severity_id"))]


def _vendor_label(ocsf: Ocsf) -> str | None:
    vendor = ocsf.get("vendor_attributes")
    return severity_label(vendor.get("severity_id")) if isinstance(vendor, dict) else None


def _record_state(ocsf: Ocsf) -> str:
    closed = _number(ocsf.get("activity_id")) == _CLOSE or _number(ocsf.get("status_id")) == _ARCHIVED
    return "ARCHIVED" if closed else "ACTIVE"


def _compliance_status(ocsf: Ocsf) -> str | None:
    compliance = ocsf.get("compliance")
    if not isinstance(compliance, dict):
        return None
    return COMPLIANCE.get(_number(compliance.get("status_id")), "NOT_AVAILABLE")


def _note(ocsf: Ocsf) -> str | None:
    """Return the comment. OCSF 1.9 has a list of notes in its place: then the newest of them."""
    comment: str | None = text("comment")(ocsf)
    if comment:
        return comment
    dated = [(_time_of_note(note), text("comment")(note)) for note in objects_at(ocsf, "notes")]
    newest: tuple[float, str | None] = (float("-inf"), None)
    for moment, written in dated:
        if written and moment >= newest[0]:
            newest = (moment, written)
    return newest[1]


def _time_of_note(note: Ocsf) -> float:
    return max(_milliseconds(note, "modified_time"), _milliseconds(note, "created_time"))


def _milliseconds(note: Ocsf, name: str) -> float:
    moment = parse_timestamp(note.get(f"{name}_dt"))
    return float(_number(note.get(name))) if moment is None else moment * 1000


def _resource_id(resource: Ocsf) -> str | None:
    alternative, own = text("uid_alt")(resource), text("uid")(resource)
    if alternative and alternative.startswith("arn:"):
        return str(alternative)
    is_account = resource.get("type") == _ACCOUNT_TYPE and own and ":" not in own
    return f"{_ACCOUNT_TYPE}:{own}" if is_account else own


def _resource_type(resource: Ocsf) -> str | None:
    name: str | None = text("type")(resource)
    return name and asff_type(name)


def _tags(resource: Ocsf) -> dict[str, str] | None:
    """Return the tags as a map, without a key that stands there with several values."""
    tags: dict[str, set[str]] = {}
    for tag in objects_at(resource, "tags"):
        name, value = tag.get("name"), tag.get("value", "")
        if isinstance(name, str) and isinstance(value, str):
            tags.setdefault(name, set()).add(value)
    return {name: values.pop() for name, values in tags.items() if len(values) == 1} or None


def _fix_available(vulnerability: Ocsf) -> str | None:
    is_fixed = vulnerability.get("is_fix_available")
    if not isinstance(is_fixed, bool):
        return None
    coverage = vulnerability.get("fix_coverage")
    is_partial = isinstance(coverage, str) and coverage.lower() == "partial"
    return "NO" if not is_fixed else "PARTIAL" if is_partial else "YES"


def _yes_or_no(path: str) -> Reader:
    def read(ocsf: Ocsf) -> str | None:
        value = at(ocsf, path)
        if not isinstance(value, bool):
            return None
        return "YES" if value else "NO"

    return read


def _unmet(ocsf: Ocsf) -> list[Ocsf]:
    """Return the assessments that were not met: ASFF's reasons of a status."""
    assessments = objects_at(ocsf, "compliance.assessments")
    return [one for one in assessments if one.get("meets_criteria") is not True]


def _standards(ocsf: Ocsf) -> list[Ocsf]:
    return [{"id": one} for one in texts("compliance.standards")(ocsf) or ()]


RESOURCE: Mapping[str, Reader] = {
    "Type": _resource_type,
    "Id": _resource_id,
    "Partition": text("cloud_partition"),
    "Region": text("region"),
    "Tags": _tags,
}
CVSS: Mapping[str, Reader] = {
    "BaseScore": number("base_score"),
    "BaseVector": text("vector_string"),
    "Version": text("version"),
    "Source": text("vendor_name"),
}
PACKAGE: Mapping[str, Reader] = {
    "Name": text("name"),
    "Version": text("version"),
    "Epoch": number_as_text("epoch"),
    "Release": text("release"),
    "Architecture": text("architecture"),
    "PackageManager": text("package_manager"),
    "FilePath": text("path"),
    "FixedInVersion": text("fixed_in_version"),
}
VULNERABILITY: Mapping[str, Reader] = {
    "Id": text("cve.uid"),
    "EpssScore": number("cve.epss.score"),
    "Cvss": each("cve.cvss", CVSS),
    "FixAvailable": _fix_available,
    "ExploitAvailable": _yes_or_no("is_exploit_available"),
    "LastKnownExploitAt": time("exploit_last_seen_time"),
    "RelatedVulnerabilities": texts("related_vulnerabilities"),
    "VulnerablePackages": each("affected_packages", PACKAGE),
}
REASON: Mapping[str, Reader] = {"ReasonCode": text("name"), "Description": text("desc")}
PARAMETER: Mapping[str, Reader] = {"Name": text("name"), "Value": texts("values")}
STANDARD: Mapping[str, Reader] = {"StandardsId": text("id")}

VIEW: Mapping[str, Reader] = {
    "Id": text("finding_info.uid"),
    "ProductArn": _product_arn,
    "ProductName": text("metadata.product.name"),
    "CompanyName": text("metadata.product.vendor_name"),
    "GeneratorId": _generator,
    "AwsAccountId": text("cloud.account.uid"),
    "AwsAccountName": text("cloud.account.name"),
    "Region": text("cloud.region"),
    "Types": texts("finding_info.types"),
    "Title": text("finding_info.title"),
    "Description": text("finding_info.desc"),
    "SourceUrl": text("finding_info.src_url"),
    "CreatedAt": time("finding_info.created_time"),
    "UpdatedAt": time("finding_info.modified_time"),
    "FirstObservedAt": time("finding_info.first_seen_time"),
    "LastObservedAt": time("finding_info.last_seen_time"),
    "Severity.Label": _word_of("severity_id", LABELS, UNRANKED),
    "Severity.Normalized": _normalized,
    "FindingProviderFields.Severity.Label": _vendor_label,
    "Workflow.Status": _word_of("status_id", STATUSES, "NEW"),
    "RecordState": _record_state,
    "Compliance.Status": _compliance_status,
    "Compliance.SecurityControlId": text("compliance.control"),
    "Compliance.AssociatedStandards": Each(_standards, STANDARD),
    "Compliance.RelatedRequirements": texts("compliance.requirements"),
    "Compliance.StatusReasons": Each(_unmet, REASON),
    "Compliance.SecurityControlParameters": each("compliance.control_parameters", PARAMETER),
    "Note.Text": _note,
    "Remediation.Recommendation.Text": text("remediation.desc"),
    "Remediation.Recommendation.Url": first_text("remediation.references"),
    "Resources": each("resources", RESOURCE),
    "Vulnerabilities": each("vulnerabilities", VULNERABILITY),
}
"""The members of a view, and how each is read from the OCSF finding."""

_KEPT: Mapping[str, Reader] = {
    "uid": text("metadata.uid"),
    "class_uid": _id("class_uid"),
    "severity_id": _id("severity_id"),
    "vendor_severity_id": _id("vendor_attributes.severity_id"),
    "status_id": _id("status_id"),
}
"""The members of `Ocsf`."""
