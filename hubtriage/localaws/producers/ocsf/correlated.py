"""What only Security Hub V2 has: exposures of resources, and gaps in the coverage of accounts."""

from __future__ import annotations

from typing import Any, Final

from hubtriage.localaws.producers.draw import FindingScene
from hubtriage.localaws.producers.ocsf.resources import ocsf_resource
from hubtriage.localaws.producers.ocsf.shape import (
    OcsfFinding,
    OcsfProduct,
    OcsfSaid,
    has_cloud_resources,
    ocsf_finding,
    version_of,
)
from hubtriage.localaws.producers.resources.resource import resource
from hubtriage.localaws.securityhub.v2 import words

_EXPOSURES: Final = (
    ("AwsEc2Instance", "Exposure/Potential Impact/Resource Hijacking", 5, "Reachability", "Vulnerability"),
    ("AwsS3Bucket", "Exposure/Potential Impact/Data Exfiltration", 4, "Reachability", "Sensitive Data"),
    ("AwsLambdaFunction", "Exposure/Potential Impact/Data Exfiltration", 3, "Assumability", "Vulnerability"),
)
_SERVICES: Final = (("GuardDuty", 4), ("Inspector", 4), ("Macie", 3), ("Security Hub CSPM", 4))
_LIKELIHOODS: Final = ("High", "Medium", "Low")


def _said(
    scene: FindingScene, class_uid: int, uid: str, types: str, severity: int, title: str, *, is_closed: bool
) -> OcsfSaid:
    created, updated = scene.lifetime(30.0)
    return OcsfSaid(
        class_uid=class_uid,
        uid=uid,
        types=(types,),
        severity=severity,
        title=title,
        description=f"{title}.",
        account=scene.account.id,
        region=scene.region,
        created=created,
        updated=updated,
        is_closed=is_closed,
        advice="Consult the documentation of this type of finding.",
        advice_url="https://docs.aws.amazon.com/securityhub/latest/userguide/exposure-findings-generate.html",
    )


def exposure_finding(scene: FindingScene) -> OcsfFinding:
    """Return what several findings mean together for one resource. AWS: class 2004."""
    draw = scene.draw
    kind, types, severity, *traits = draw.rank(_EXPOSURES)
    target = resource(scene, kind)
    uid = scene.arn("securityhub", f"exposure/{draw.hex(32)}")
    title = f"{' and '.join(traits)} of {kind.removeprefix('Aws')} {target['Id'].rpartition('/')[2]}"
    related: list[dict[str, Any]] = [
        {"uid": draw.hex(64), "title": f"{trait} finding", "traits": [{"category": trait}]}
        for trait in traits
    ]
    new = has_cloud_resources(version_of(uid))
    said = _said(scene, 2004, uid, types, severity, title, is_closed=draw.chance(0.1))
    return ocsf_finding(
        said,
        OcsfProduct("aws/securityhub-risk", "Security Hub Exposure Detection", {"name": "Correlation"}),
        [ocsf_resource(target, scene.account.id, has_cloud_resources=new)],
        finding_info={
            "attacks": [{"tactic": {"name": "Initial Access", "uid": "TA0001"}, "version": "15.1"}],
            "related_events": related,
            "related_events_count": len(related),
            "traits": [{"category": trait, "name": trait} for trait in traits],
        },
        impact=draw.rank(_LIKELIHOODS),
        likelihood=draw.rank(_LIKELIHOODS),
    )


def coverage_finding(scene: FindingScene) -> OcsfFinding:
    """Return whether a service is on in an account. AWS: class 2003, no control, New also if it passes."""
    draw = scene.draw
    service, severity = draw.rank(_SERVICES)
    passes = draw.chance(0.4)
    status = words.PASS if passes else words.FAIL
    uid = scene.arn("securityhub", f"coverage/{service.lower().replace(' ', '-')}/{draw.uuid()}")
    title = f"{service} is {'on' if passes else 'not on'} in this account"
    assessment = {"name": f"{service} enabled", "desc": title, "meets_criteria": passes}
    new = has_cloud_resources(version_of(uid))
    account = resource(scene, "AwsAccount")
    said = _said(scene, 2003, uid, "Coverage", 1 if passes else severity, title, is_closed=False)
    return ocsf_finding(
        said,
        OcsfProduct("aws/securityhub-coverage", "Security Hub Coverage", {"uid": "security-hub/Coverage"}),
        [ocsf_resource(account, scene.account.id, has_cloud_resources=new)],
        compliance={
            "assessments": [assessment],
            "status": words.COMPLIANCE[status],
            "status_id": status,
        },
    )
