"""AWS Config: the organisation's own compliance rules."""

from __future__ import annotations

from typing import Final

from hubtriage.localaws.producers.draw import Draw, FindingScene
from hubtriage.localaws.producers.resources.resource import resource
from hubtriage.localaws.producers.shape import Finding, Product, Said, finding

PRODUCT: Final = Product("aws/config", "Config", "AWS")
_RULES: Final = (
    ("required-tags", "AwsEc2Instance"),
    ("approved-amis-by-tag", "AwsEc2Instance"),
    ("required-tags-buckets", "AwsS3Bucket"),
    ("iam-role-managed-policy-check", "AwsIamRole"),
    ("s3-bucket-replication-enabled", "AwsS3Bucket"),
    ("lambda-concurrency-check", "AwsLambdaFunction"),
    ("iam-password-policy", "AwsAccount"),
)


def config_finding(scene: FindingScene) -> Finding:
    """Return one resource that broke a rule, or keeps it again. AWS: severity is always MEDIUM."""
    name, kind = scene.draw.rank(_RULES)
    suffix = Draw(f"{scene.account.id}/{scene.region}/{name}").hex(6)
    rule = scene.arn("config", f"config-rule/config-rule-{suffix}")
    failed = scene.draw.chance(0.75)
    said = Said(
        id=f"{rule}/finding/{scene.draw.hex(40)}",
        generator=rule,
        types=("Software and Configuration Checks",),
        severity="MEDIUM",
        title=name,
        description=f"This finding is created for a resource compliance change for config rule: {name}",
    )
    fields = {
        "aws/config/ConfigRuleArn": rule,
        "aws/config/ConfigRuleName": name,
        "aws/config/ConfigComplianceType": "NON_COMPLIANT" if failed else "COMPLIANT",
    }
    return finding(
        scene, PRODUCT, said, [resource(scene, kind)], fields,
        Compliance={"Status": "FAILED" if failed else "PASSED"},
        Workflow={"Status": "NEW" if failed else "RESOLVED"},
    )  # fmt: skip
