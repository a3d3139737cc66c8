"""IAM Access Analyzer: resources that accounts outside the organisation, or anyone, can reach."""

from __future__ import annotations

from typing import Final

from hubtriage.localaws.organization import PARTNERS, STRANGERS
from hubtriage.localaws.producers.draw import Draw, FindingScene
from hubtriage.localaws.producers.resources.resource import resource
from hubtriage.localaws.producers.shape import Finding, Product, Said, finding

PRODUCT: Final = Product("aws/access-analyzer", "IAM Access Analyzer", "AWS")
_SHARED: Final = (
    ("AwsIamRole", "sts:AssumeRole"),
    ("AwsS3Bucket", "s3:GetObject,s3:ListBucket"),
    ("AwsKmsKey", "kms:Decrypt,kms:DescribeKey"),
    ("AwsSqsQueue", "sqs:SendMessage"),
    ("AwsSecretsManagerSecret", "secretsmanager:GetSecretValue"),
)
_CROSS_ACCOUNT: Final = (
    "Software and Configuration Checks/AWS Security Best Practices/External Access Granted"
)
_PUBLIC: Final = "Effects/Data Exposure/External Access Granted"


def _principal(draw: Draw) -> str:
    """Return with whom a resource is shared: one time in two a partner of the organisation."""
    if draw.chance(0.5):
        return draw.rank(PARTNERS)
    return "*" if draw.chance(0.15) else draw.rank(STRANGERS)


def access_analyzer_finding(scene: FindingScene) -> Finding:
    """Return one resource that is shared outside; public is HIGH, with another account LOW."""
    kind, actions = scene.draw.rank(_SHARED)
    shared = resource(scene, kind)
    principal = _principal(scene.draw)
    public = principal == "*"
    reach = "public access" if public else "cross-account access"
    said = Said(
        id=f"{scene.arn('access-analyzer', 'analyzer/organization')}/{scene.draw.uuid()}",
        generator="aws/access-analyzer",
        types=(_PUBLIC if public else _CROSS_ACCOUNT,),
        severity="HIGH" if public else "LOW",
        title=f"{kind}/{shared['Id']} allows {reach}"[:256],
        description=f"{shared['Id']} allows {reach} from AWS principal {principal}.",
        advice="If the access isn't intended, change the policy that grants it, then rescan the resource.",
    )
    shared.setdefault("Details", {})["Other"] = {
        "External Principal Type": "AWS",
        "External Principal": principal,
        "Action Granted": actions,
        "Condition": "none",
    }
    console = f"https://console.aws.amazon.com/access-analyzer/home?region={scene.region}"
    fields = {"ResourceOwnerAccount": scene.account.id}
    url = f"{console}#/findings/details/{said.id.rsplit('/', 1)[1]}"
    return finding(scene, PRODUCT, said, [shared], fields, SourceUrl=url)
