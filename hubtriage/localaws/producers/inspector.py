"""Inspector: known vulnerabilities in the packages of instances, container images and functions."""

from __future__ import annotations

from typing import Any, Final

from hubtriage.localaws.producers.cves import CVES, Cve
from hubtriage.localaws.producers.draw import FindingScene
from hubtriage.localaws.producers.resources.resource import resource
from hubtriage.localaws.producers.shape import Finding, Product, Said, finding

PRODUCT: Final = Product("aws/inspector", "Inspector", "Amazon")
_TARGETS: Final = ("AwsEcrContainerImage", "AwsEc2Instance", "AwsLambdaFunction")


def vulnerability(cve: Cve) -> dict[str, Any]:
    """Return the vulnerability as the `Vulnerabilities` member of a finding holds it."""
    package = {
        "Name": cve.package,
        "Version": cve.installed,
        "Architecture": "X86_64",
        "PackageManager": cve.manager,
    }
    if cve.fixed is not None:
        package["FixedInVersion"] = cve.fixed
    page = f"https://nvd.nist.gov/vuln/detail/{cve.id}"
    cvss = {"Version": "3.1", "BaseScore": cve.score, "BaseVector": f"CVSS:3.1/{cve.vector}", "Source": "NVD"}
    return {
        "Id": cve.id,
        "VulnerablePackages": [package],
        "Cvss": [cvss],
        "Vendor": {"Name": "NVD", "Url": page, "VendorSeverity": cve.label},
        "ReferenceUrls": [page, f"https://www.cve.org/CVERecord?id={cve.id}"],
        "FixAvailable": "NO" if cve.fixed is None else "YES",
        "EpssScore": cve.epss,
        "ExploitAvailable": "YES" if cve.exploit else "NO",
    }


def _advice(cve: Cve) -> str:
    if cve.fixed is None:
        return "None Provided"
    return f"Remediation is available. Update {cve.package} to {cve.fixed} or later."


def inspector_finding(scene: FindingScene) -> Finding:
    """Return one vulnerability of one resource; one in eight was closed by Inspector, and so archived."""
    cve = scene.draw.rank(CVES)
    closed = scene.draw.chance(1 / 8)
    said = Said(
        id=scene.arn("inspector2", f"finding/{scene.draw.hex(32)}"),
        generator="AWSInspector",
        types=("Software and Configuration Checks/Vulnerabilities/CVE",),
        severity=cve.label,
        title=f"{cve.id} - {cve.package}",
        description=f"{cve.id} affects {cve.package} {cve.installed}. CVSS 3.1 base score {cve.score}, "
        f"vector {cve.vector}.",
        advice=_advice(cve),
        mean_age_days=45.0,
    )
    fields = {
        "aws/inspector/ProductVersion": "2",
        "aws/inspector/FindingStatus": "CLOSED" if closed else "ACTIVE",
        "aws/inspector/inspectorScore": str(cve.score),
    }
    return finding(
        scene, PRODUCT, said, [resource(scene, scene.draw.rank(_TARGETS))], fields,
        Vulnerabilities=[vulnerability(cve)], RecordState="ARCHIVED" if closed else "ACTIVE",
    )  # fmt: skip
