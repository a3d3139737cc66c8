"""Twins: the same signal as Security Hub V2 shows it, for a finding in ASFF.

AWS: controls, Inspector and GuardDuty have the same id in both hubs. The ARN of the product has `productv2`.
What a customer did in one hub is not in the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from hubtriage.localaws.producers.ocsf.evidences import evidences
from hubtriage.localaws.producers.ocsf.resources import ocsf_resource
from hubtriage.localaws.producers.ocsf.shape import (
    SEVERITY_IDS,
    OcsfFinding,
    OcsfProduct,
    OcsfSaid,
    has_cloud_resources,
    ocsf_finding,
    read_moment,
    version_of,
)
from hubtriage.localaws.producers.shape import Finding
from hubtriage.localaws.securityhub.v2 import words

_COMPLIANCE: Final = {"PASSED": 1, "WARNING": 2, "FAILED": 3}


def twin(finding: Finding) -> OcsfFinding | None:
    """Return the same signal in OCSF; None for a product that is not known to send findings to V2."""
    make = _MAKERS.get(finding["ProductArn"].rpartition(":")[2])
    return make(finding) if make else None


def _said(
    finding: Finding,
    class_uid: int,
    types: tuple[str, ...],
    *,
    uid: str | None = None,
    advice: Mapping[str, Any] | None = None,
) -> OcsfSaid:
    """Return what the finding says; `advice`: its recommendation in ASFF, or one in its place."""
    return OcsfSaid(
        class_uid=class_uid,
        uid=uid or finding["Id"],
        types=types,
        severity=SEVERITY_IDS[finding["FindingProviderFields"]["Severity"]["Label"]],
        title=finding["Title"],
        description=finding["Description"],
        account=finding["AwsAccountId"],
        region=finding["Region"],
        created=read_moment(finding["CreatedAt"]),
        updated=read_moment(finding["UpdatedAt"]),
        is_closed=finding["RecordState"] == "ARCHIVED",
        advice=advice["Text"] if advice else None,
        advice_url=advice.get("Url") if advice else None,
    )


def _advice(page: str) -> dict[str, str]:
    """Return a pointer to a page of AWS's documentation."""
    url = f"https://docs.aws.amazon.com/{page}"
    return {"Text": "Consult the documentation of this type of finding.", "Url": url}


def _resources(finding: Finding, uid: str | None = None) -> list[dict[str, Any]]:
    new = has_cloud_resources(version_of(uid or finding["Id"]))
    owner = finding["AwsAccountId"]
    return [ocsf_resource(each, owner, has_cloud_resources=new) for each in finding["Resources"]]


def _control(finding: Finding) -> OcsfFinding:
    given = finding["Compliance"]
    status = _COMPLIANCE.get(given["Status"], 0)
    compliance: dict[str, Any] = {
        "control": given["SecurityControlId"],
        "requirements": given["RelatedRequirements"],
        "standards": [each["StandardsId"] for each in given["AssociatedStandards"]],
        "status": words.COMPLIANCE[status],
        "status_id": status,
    }
    if reasons := given.get("StatusReasons"):
        compliance["assessments"] = [
            {"name": each["ReasonCode"], "desc": each["Description"], "meets_criteria": False}
            for each in reasons
        ]
    rule = finding["ProductFields"]["RelatedAWSResources:0/name"]
    analytic = {"category": "AWS::Config::ConfigRule", "name": rule, "type": "Rule", "type_id": 1}
    return ocsf_finding(
        _said(
            finding,
            2003,
            (finding["Types"][0], "Posture Management"),
            advice=finding["Remediation"]["Recommendation"],
        ),
        OcsfProduct("aws/securityhub", "Security Hub"),
        _resources(finding),
        compliance=compliance,
        finding_info={"analytic": analytic},
        # AWS: the service resolves what passes, in either hub.
        status_id=words.RESOLVED if status == words.PASS else words.NEW,
    )


def _vulnerability(given: dict[str, Any]) -> dict[str, Any]:
    """Return a vulnerability. AWS: its EPSS score is a text, whether there is a fix a boolean."""
    has_fix = given["FixAvailable"] != "NO"
    coverage = {"fix_coverage": "Complete", "fix_coverage_id": 1} if has_fix else {}
    return {
        "affected_packages": [
            {
                "name": each["Name"],
                "version": each["Version"],
                "architecture": each["Architecture"],
                "package_manager": each["PackageManager"],
                **({"fixed_in_version": each["FixedInVersion"]} if "FixedInVersion" in each else {}),
            }
            for each in given["VulnerablePackages"]
        ],
        "cve": {
            "uid": given["Id"],
            "cvss": [
                {
                    "base_score": each["BaseScore"],
                    "vector_string": each["BaseVector"],
                    "vendor_name": each["Source"],
                    "version": each["Version"],
                }
                for each in given["Cvss"]
            ],
            "epss": {"score": f"{given['EpssScore']:.5f}"},
        },
        **coverage,
        "is_exploit_available": given["ExploitAvailable"] == "YES",
        "is_fix_available": has_fix,
        "references": given["ReferenceUrls"],
        "severity": given["Vendor"]["VendorSeverity"],
    }


def _inspector(finding: Finding) -> OcsfFinding:
    """Return a vulnerability. AWS: without remediation, which the package says."""
    return ocsf_finding(
        _said(finding, 2002, (finding["Types"][0], "Vulnerabilities")),
        OcsfProduct("aws/inspector", "Inspector"),
        _resources(finding),
        vulnerabilities=[_vulnerability(each) for each in finding["Vulnerabilities"]],
    )


def _guardduty(finding: Finding) -> OcsfFinding:
    """Return a threat. AWS: its types are in no fixed order, and have the slash that ASFF has not."""
    kind = finding["Types"][0].rpartition("/")[2].replace("-", "/", 1)
    short = finding["Id"].rpartition("/")[2]
    types = ("Threats", kind) if int(short[-1], 16) % 2 else (kind, "Threats")
    detector = finding["ProductFields"]["aws/guardduty/service/detectorId"]
    return ocsf_finding(
        _said(
            finding, 2004, types, advice=_advice("guardduty/latest/ug/guardduty_finding-types-active.html")
        ),
        OcsfProduct("aws/guardduty", "GuardDuty"),
        _resources(finding),
        count=int(finding["ProductFields"]["aws/guardduty/service/count"]),
        evidences=evidences(finding["Action"]),
        finding_info={"analytic": {"type": "Rule", "type_id": 1, "uid": detector}, "uid_alt": short},
    )


def _macie(finding: Finding) -> OcsfFinding | None:
    """Return sensitive data; the class of policy findings is not known.

    AWS: the id is not an ARN, and the object comes before its bucket.
    """
    bucket, *items = finding["Resources"]
    if not items:
        return None
    [item] = items
    uid = finding["Id"].rpartition("/")[2]
    kind = finding["Types"][0].rpartition("/")[2].replace("-", "/", 1)
    ordered = {**finding, "Resources": [item, bucket]}
    path = item["Id"].rpartition(":")[2]
    found = item["DataClassification"]["Result"]
    classifications = [
        {
            "category": data["Category"],
            "category_id": 99,
            "classifier_details": {"name": each["Type"], "type": "Managed Data Identifier"},
            "discovery_details": [{"count": each["Count"]}],
            "size": found["SizeClassified"],
            "total": data["TotalCount"],
        }
        for data in found["SensitiveData"]
        for each in data["Detections"]
    ]
    file = {
        "name": path.rpartition("/")[2],
        "path": path,
        "type_id": 1,
        "data_classifications": classifications,
    }
    name = bucket["Id"].rpartition(":")[2]
    return ocsf_finding(
        _said(
            ordered,
            2006,
            (kind, "Sensitive Data"),
            uid=uid,
            advice=_advice("macie/latest/user/findings-types.html"),
        ),
        OcsfProduct("aws/macie", "Macie"),
        _resources(ordered, uid),
        databucket={"name": name, "uid": bucket["Id"], "type": "S3", "type_id": 1, "file": file},
    )


_MAKERS: Final[dict[str, Callable[[Finding], OcsfFinding | None]]] = {
    "product/aws/securityhub": _control,
    "product/aws/inspector": _inspector,
    "product/aws/guardduty": _guardduty,
    "product/aws/macie": _macie,
}
