"""AWS Health: events of AWS itself that touch an account's security."""

from __future__ import annotations

from typing import Final

from hubtriage.localaws.producers.draw import FindingScene
from hubtriage.localaws.producers.shape import Finding, Product, Said, finding

PRODUCT: Final = Product("aws/health", "Health", "AWS")
_EVENTS: Final = (
    ("AWS_ACM_RENEWAL_STATE_CHANGE", "MEDIUM", "A certificate could not be renewed automatically"),
    ("AWS_IAM_SECURITY_NOTIFICATION", "MEDIUM", "IAM announces a change that may affect the account"),
    ("AWS_ABUSE_PORT_SCANNING_REPORT", "HIGH", "An abuse report names a resource of this account"),
    ("AWS_RISK_CREDENTIALS_EXPOSED", "CRITICAL", "Credentials of this account may be exposed"),
)


def health_finding(scene: FindingScene) -> Finding:
    """Return one event. AWS: Risk is CRITICAL, Abuse HIGH, most others MEDIUM; the resource type is Other."""
    code, severity, title = scene.draw.rank(_EVENTS)
    service = code.split("_")[1]
    event = f"arn:aws:health:{scene.region}::event/{service}/{code}/{code}_{scene.draw.hex(12)}"
    said = Said(
        id=f"{event}/{scene.account.id}",
        generator=code,
        types=("Software and Configuration Checks/AWS Security Best Practices",),
        severity=severity,
        title=title,
        description=f"{title}. Event type {code} of service {service}.",
        mean_age_days=10.0,
    )
    affected = {
        "Type": "Other",
        "Id": f"AWS::::Account:{scene.account.id}",
        "Partition": "aws",
        "Region": scene.region,
    }
    return finding(scene, PRODUCT, said, [affected], {"eventTypeCode": code, "service": service})
