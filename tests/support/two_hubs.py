"""The same signal as both hubs have it: a finding in ASFF, and one in OCSF."""

from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Literal

JsonObject = dict[str, Any]
Product = Literal["control", "guardduty", "inspector", "macie", "exposure", "coverage"]

LABELS = ("INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL")
STATUSES = ("NEW", "NOTIFIED", "SUPPRESSED", "RESOLVED")
PRODUCTS: tuple[Product, ...] = ("control", "guardduty", "inspector", "macie", "exposure", "coverage")
IN_BOTH_HUBS: tuple[Product, ...] = ("control", "guardduty", "inspector", "macie")

_WORDS = {
    "INFORMATIONAL": "Informational",
    "LOW": "Low",
    "MEDIUM": "Medium",
    "HIGH": "High",
    "CRITICAL": "Critical",
}
_STATUS_WORDS = ("New", "In Progress", "Suppressed", "Resolved")
_COMPLIANCE = {"PASSED": (1, "Pass"), "WARNING": (2, "Warning"), "FAILED": (3, "Fail")}
_CLASSES = {
    "control": (2003, "Compliance Finding"),
    "coverage": (2003, "Compliance Finding"),
    "inspector": (2002, "Vulnerability Finding"),
    "guardduty": (2004, "Detection Finding"),
    "exposure": (2004, "Detection Finding"),
    "macie": (2006, "Data Security Finding"),
}
_NAMES = {
    "control": ("Security Hub", "securityhub"),
    "coverage": ("Security Hub Coverage", "securityhub-coverage"),
    "inspector": ("Inspector", "inspector"),
    "guardduty": ("GuardDuty", "guardduty"),
    "exposure": ("Security Hub Exposure Detection", "securityhub-risk"),
    "macie": ("Macie", "macie"),
}
_GROUPS = {
    "control": "Posture Management",
    "coverage": "Coverage",
    "inspector": "Vulnerabilities",
    "guardduty": "Threats",
    "exposure": "Exposure",
    "macie": "Sensitive Data",
}


@dataclass(frozen=True)
class Resource:
    """A resource by its names in both formats; `arn` is None where only the bare id is known."""

    asff_type: str = "AwsS3Bucket"
    ocsf_type: str = "AWS::S3::Bucket"
    uid: str = "logs"
    arn: str | None = "arn:aws:s3:::logs"
    region: str = "eu-west-1"
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Signal:
    """What a product has found, and what people have set since: enough for both formats.

    `set_severity` is the label that a customer gave it. `passed`: compliance of a control.
    """

    product: Product = "control"
    number: int = 1
    account: str = "111122223333"
    account_name: str | None = None
    region: str = "eu-west-1"
    title: str = "S3 buckets should not be public"
    severity: str = "MEDIUM"
    set_severity: str | None = None
    status: str = "NEW"
    note: str | None = None
    archived: bool = False
    compliance: str = "FAILED"
    control: str = "S3.1"
    types: tuple[str, ...] = ("Software and Configuration Checks/Industry and Regulatory Standards",)
    resources: tuple[Resource, ...] = (Resource(),)
    cve: str = "CVE-2026-0001"
    epss: float = 0.25
    base_score: float = 7.5
    fix: Literal["YES", "NO", "PARTIAL"] = "YES"
    exploit: Literal["YES", "NO"] = "NO"
    created: str = "2026-10-01T08:00:00.000Z"
    updated: str = "2026-11-01T08:00:00.000Z"

    @property
    def uid(self) -> str:
        """The id that both hubs have for the signal."""
        name = _NAMES[self.product][1]
        return f"arn:aws:{name}:{self.region}:{self.account}:finding/{self.number}"

    @property
    def metadata_uid(self) -> str:
        """What names the finding in V2."""
        return sha256(self.uid.encode()).hexdigest()

    @property
    def shown_severity(self) -> str:
        """The label that the finding has now."""
        return self.set_severity or self.severity

    def changed(self, **values: Any) -> "Signal":
        """Return the signal with other values."""
        return replace(self, **values)


def asff(signal: Signal) -> JsonObject:
    """Return the signal as Security Hub CSPM has it."""
    name, slug = _NAMES[signal.product]
    finding: JsonObject = {
        "SchemaVersion": "2018-10-08",
        "Id": signal.uid,
        "ProductArn": f"arn:aws:securityhub:{signal.region}::product/aws/{slug}",
        "ProductName": name,
        "CompanyName": "AWS",
        "GeneratorId": f"security-control/{signal.control}" if signal.product == "control" else slug,
        "AwsAccountId": signal.account,
        "Region": signal.region,
        "Types": list(signal.types),
        "Title": signal.title,
        "Description": f"About {signal.title}.",
        "CreatedAt": signal.created,
        "UpdatedAt": signal.updated,
        "FirstObservedAt": signal.created,
        "LastObservedAt": signal.updated,
        "Severity": {"Label": signal.shown_severity},
        "FindingProviderFields": {
            "Severity": {"Label": signal.severity},
            "Types": list(signal.types),
        },
        "Workflow": {"Status": signal.status},
        "RecordState": "ARCHIVED" if signal.archived else "ACTIVE",
        "Resources": [_asff_resource(one) for one in signal.resources],
    }
    if signal.account_name is not None:
        finding["AwsAccountName"] = signal.account_name
    if signal.note is not None:
        finding["Note"] = {"Text": signal.note, "UpdatedBy": "ann", "UpdatedAt": signal.updated}
    if signal.product == "control":
        finding["Compliance"] = {
            "Status": signal.compliance,
            "SecurityControlId": signal.control,
            "AssociatedStandards": [{"StandardsId": "standards/cis/v/1.0.0"}],
            "RelatedRequirements": ["CIS 2.5"],
        }
    if signal.product == "inspector":
        finding["Vulnerabilities"] = [
            {
                "Id": signal.cve,
                "EpssScore": signal.epss,
                "Cvss": [{"BaseScore": signal.base_score, "Version": "3.1"}],
                "FixAvailable": signal.fix,
                "ExploitAvailable": signal.exploit,
            }
        ]
    return finding


def _asff_resource(resource: Resource) -> JsonObject:
    shown: JsonObject = {
        "Type": resource.asff_type,
        "Id": resource.arn or resource.uid,
        "Partition": "aws",
        "Region": resource.region,
    }
    return shown | ({"Tags": dict(resource.tags)} if resource.tags else {})


def ocsf(signal: Signal) -> JsonObject:
    """Return the signal as Security Hub V2 has it."""
    name, slug = _NAMES[signal.product]
    class_uid, class_name = _CLASSES[signal.product]
    status_id = STATUSES.index(signal.status) + 1
    activity = 3 if signal.archived else 2
    severity_id = LABELS.index(signal.shown_severity) + 1
    finding: JsonObject = {
        "activity_id": activity,
        "activity_name": "Close" if signal.archived else "Update",
        "category_name": "Findings",
        "category_uid": 2,
        "class_name": class_name,
        "class_uid": class_uid,
        "type_uid": class_uid * 100 + activity,
        "cloud": {
            "account": {"uid": signal.account}
            | ({"name": signal.account_name} if signal.account_name is not None else {}),
            "provider": "AWS",
            "region": signal.region,
        },
        "finding_info": {
            "uid": signal.uid,
            "title": signal.title,
            "desc": f"About {signal.title}.",
            "types": [*signal.types, _GROUPS[signal.product]],
            "created_time_dt": signal.created,
            "first_seen_time_dt": signal.created,
            "modified_time_dt": signal.updated,
            "last_seen_time_dt": signal.updated,
        },
        "metadata": {
            "uid": signal.metadata_uid,
            "version": "1.6.0",
            "profiles": ["cloud", "datetime"],
            "product": {
                "name": name,
                "uid": f"arn:aws:securityhub:{signal.region}::productv2/aws/{slug}",
                "vendor_name": "AWS",
            },
        },
        "resources": [_ocsf_resource(one, signal) for one in signal.resources],
        "severity": _WORDS[signal.shown_severity],
        "severity_id": severity_id,
        "status": _STATUS_WORDS[status_id - 1],
        "status_id": status_id,
        "vendor_attributes": {
            "severity": _WORDS[signal.severity],
            "severity_id": LABELS.index(signal.severity) + 1,
        },
    }
    if signal.note is not None:
        finding["comment"] = signal.note
    if signal.product == "control":
        compliance_id, word = _COMPLIANCE.get(signal.compliance, (0, "Unknown"))
        finding["compliance"] = {
            "status_id": compliance_id,
            "status": word,
            "control": signal.control,
            "standards": ["standards/cis/v/1.0.0"],
            "requirements": ["CIS 2.5"],
        }
    if signal.product == "coverage":
        finding["compliance"] = {"status_id": 1, "status": "Pass"}
    if signal.product == "inspector":
        finding["vulnerabilities"] = [_vulnerability(signal)]
    return finding


def _vulnerability(signal: Signal) -> JsonObject:
    return {
        "cve": {
            "uid": signal.cve,
            "epss": {"score": str(signal.epss)},
            "cvss": [{"base_score": signal.base_score, "version": "3.1"}],
        },
        "is_fix_available": signal.fix != "NO",
        "is_exploit_available": signal.exploit == "YES",
    } | ({"fix_coverage": "Partial" if signal.fix == "PARTIAL" else "Complete"} if signal.fix != "NO" else {})


def _ocsf_resource(resource: Resource, signal: Signal) -> JsonObject:
    shown: JsonObject = {
        "type": resource.ocsf_type,
        "uid": resource.uid,
        "cloud_partition": "aws",
        "region": resource.region,
        "owner": {"account": {"uid": signal.account}},
    }
    if resource.arn is not None:
        shown["uid_alt"] = resource.arn
    if resource.tags:
        shown["tags"] = [{"name": name, "value": value} for name, value in resource.tags.items()]
    return shown


def updated_v2(finding: JsonObject, values: JsonObject) -> JsonObject:
    """Return an OCSF finding after BatchUpdateFindingsV2 with these values."""
    after = dict(finding)
    if "StatusId" in values:
        words = dict(enumerate(_STATUS_WORDS, 1))
        after |= {"status_id": values["StatusId"], "status": words.get(values["StatusId"], "Other")}
    if "SeverityId" in values:
        words = dict(enumerate(_WORDS.values(), 1))
        after |= {"severity_id": values["SeverityId"], "severity": words.get(values["SeverityId"], "Other")}
    if "Comment" in values:
        after["comment"] = values["Comment"]
    return after
