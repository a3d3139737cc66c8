"""Macie: buckets whose policy is too open, and objects that hold sensitive data."""

from __future__ import annotations

from typing import Any, Final

from hubtriage.localaws.producers.draw import FindingScene
from hubtriage.localaws.producers.resources.resource import resource
from hubtriage.localaws.producers.shape import Finding, Product, Resource, Said, finding

PRODUCT: Final = Product("aws/macie", "Macie", "Amazon")
_PRACTICES: Final = "Software and Configuration Checks/AWS Security Best Practices"
_POLICIES: Final = (
    ("Policy:IAMUser-S3BucketEncryptionDisabled", "LOW", "Default encryption is disabled for the S3 bucket"),
    (
        "Policy:IAMUser-S3BucketSharedExternally",
        "HIGH",
        "The S3 bucket is shared with an external AWS account",
    ),
    (
        "Policy:IAMUser-S3BlockPublicAccessDisabled",
        "HIGH",
        "Block public access settings are disabled for the S3 bucket",
    ),
    ("Policy:IAMUser-S3BucketPublic", "HIGH", "The S3 bucket is publicly accessible"),
)
_DATA: Final = (
    ("Personal", "PII", "PERSONAL_INFORMATION", ("NAME", "ADDRESS", "DATE_OF_BIRTH"), "HIGH"),
    (
        "Financial",
        "Financial",
        "FINANCIAL_INFORMATION",
        ("CREDIT_CARD_NUMBER", "BANK_ACCOUNT_NUMBER"),
        "HIGH",
    ),
    ("Credentials", "Passwords", "CREDENTIALS", ("AWS_CREDENTIALS", "OPENSSH_PRIVATE_KEY"), "HIGH"),
)
_OBJECTS: Final = ("exports/customers.csv", "dumps/orders.json", "tmp/backup.tar.gz", "config/settings.ini")


def _classification(scene: FindingScene, category: str, kinds: tuple[str, ...]) -> dict[str, Any]:
    counts = [1 + int(scene.draw.exponential(40)) for _ in kinds]
    detections = [{"Count": count, "Type": kind} for count, kind in zip(counts, kinds, strict=True)]
    data = {"Category": category, "Detections": detections, "TotalCount": sum(counts)}
    result = {
        "MimeType": "text/csv",
        "SizeClassified": scene.draw.between(1_000, 9_000_000),
        "AdditionalOccurrences": False,
        "Status": {"Code": "COMPLETE"},
        "SensitiveData": [data],
    }
    return {"Result": result}


def _policy_finding(scene: FindingScene, bucket: Resource) -> Finding:
    kind, severity, title = scene.draw.rank(_POLICIES)
    said = Said(
        id=scene.arn("macie2", f"finding/{scene.draw.hex(32)}"),
        generator="aws/macie",
        types=(f"{_PRACTICES}/{kind}",),
        severity=severity,
        title=title,
        description=f"{title}: {bucket['Id']}.",
    )
    permission = "PUBLIC" if kind.endswith("Public") else "NOT_PUBLIC"
    return finding(scene, PRODUCT, said, [bucket], {"S3Bucket.effectivePermission": permission})


def _data_finding(scene: FindingScene, bucket: Resource) -> Finding:
    name, family, category, kinds, severity = scene.draw.rank(_DATA)
    path = scene.draw.rank(_OBJECTS)
    title = f"The S3 object contains {name.lower()} information"
    item: Resource = {
        "Type": "AwsS3Object",
        "Id": f"{bucket['Id']}/{path}",
        "Partition": "aws",
        "Region": scene.region,
        "DataClassification": _classification(scene, category, kinds),
    }
    said = Said(
        id=scene.arn("macie2", f"finding/{scene.draw.hex(32)}"),
        generator="aws/macie",
        types=(f"Sensitive Data Identifications/{family}/SensitiveData:S3Object-{name}",),
        severity=severity,
        title=title,
        description=f"{title}: {item['Id']}.",
    )
    fields = {"JobArn": scene.arn("macie2", "classification-job/daily"), "S3Object.Path": item["Id"]}
    return finding(scene, PRODUCT, said, [bucket, item], fields)


def sensitive_data_finding(scene: FindingScene) -> Finding:
    """Return a sensitive-data finding."""
    return _data_finding(scene, resource(scene, "AwsS3Bucket"))


def macie_finding(scene: FindingScene) -> Finding:
    """Return a policy finding (two of three) or a sensitive-data finding."""
    bucket = resource(scene, "AwsS3Bucket")
    return (_policy_finding if scene.draw.chance(2 / 3) else _data_finding)(scene, bucket)
