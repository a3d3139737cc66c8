"""Producers that are not AWS: Prowler, and an in-house scanner on the account's own default product."""

from __future__ import annotations

from typing import Final

from hubtriage.localaws.producers.draw import FindingScene
from hubtriage.localaws.producers.resources.resource import resource
from hubtriage.localaws.producers.shape import Finding, Product, Said, finding

PROWLER: Final = Product("prowler/prowler", "Prowler", "Prowler")
IN_HOUSE: Final = Product("{account}/default", "Default", "Personal")

_CHECKS: Final = (
    (
        "ec2_instance_imdsv2_enabled",
        "AwsEc2Instance",
        "HIGH",
        "Check if EC2 Instance Metadata Service Version 2 (IMDSv2) is Enabled and Required.",
    ),
    (
        "s3_bucket_secure_transport_policy",
        "AwsS3Bucket",
        "MEDIUM",
        "Check if S3 buckets have secure transport policy.",
    ),
    (
        "iam_rotate_access_key_90_days",
        "AwsIamUser",
        "MEDIUM",
        "Ensure access keys are rotated every 90 days or less.",
    ),
    (
        "awslambda_function_using_supported_runtimes",
        "AwsLambdaFunction",
        "MEDIUM",
        "Find obsolete Lambda runtimes.",
    ),
    (
        "ec2_networkacl_allow_ingress_tcp_port_3389",
        "AwsEc2NetworkAcl",
        "MEDIUM",
        "Ensure no Network ACLs allow ingress from 0.0.0.0/0 to Microsoft RDP port 3389.",
    ),
    (
        "rds_instance_no_public_access",
        "AwsRdsDbInstance",
        "CRITICAL",
        "Ensure there are no Public Accessible RDS instances.",
    ),
)
_SECRETS: Final = (("aws-access-key", "CRITICAL"), ("private-key", "HIGH"), ("generic-api-key", "MEDIUM"))


def prowler_finding(scene: FindingScene) -> Finding:
    """Return one check of Prowler about one resource."""
    check, kind, severity, title = scene.draw.rank(_CHECKS)
    target = resource(scene, kind)
    said = Said(
        id=f"prowler-{check}-{scene.account.id}-{scene.region}-{scene.draw.hex(9)}",
        generator=f"prowler-{check}",
        types=("Software and Configuration Checks/AWS Security Best Practices",),
        severity=severity,
        original=severity.lower(),
        title=title,
        description=f"{target['Id']} does not pass {check}.",
        advice="Apply the recommended configuration, or mute the check for this resource.",
    )
    fields = {"ProviderName": "Prowler", "ProviderVersion": "4.6.1", "ProwlerResourceName": target["Id"]}
    compliance = {
        "Status": "FAILED",
        "RelatedRequirements": ["CIS-3.0 5.6", "CIS-1.5 5.1"],
        "AssociatedStandards": [{"StandardsId": "CIS-3.0"}, {"StandardsId": "CIS-1.5"}],
    }
    return finding(scene, PROWLER, said, [target], fields, Compliance=compliance)


def in_house_finding(scene: FindingScene) -> Finding:
    """Return a secret that the organisation's own scanner found in a repository."""
    rule, severity = scene.draw.rank(_SECRETS)
    repository = f"{scene.account.owner}-{scene.draw.rank(('service', 'infra', 'tools', 'notebooks'))}"
    path = scene.draw.rank(
        ("src/settings.py", "deploy/values.yaml", ".env.example", "tests/fixtures/key.pem")
    )
    said = Said(
        id=f"secret-scan/{repository}/{scene.draw.hex(40)}",
        generator=f"secret-scan/{rule}",
        types=("Sensitive Data Identifications/Passwords/Secret in Code",),
        severity=severity,
        title=f"Secret of kind {rule} in repository {repository}",
        description=f"The secret scan found a {rule} in {repository}, file {path}.",
    )
    found = {
        "Type": "Other",
        "Id": f"git/{repository}/{path}",
        "Details": {"Other": {"repository": repository, "path": path, "commit": scene.draw.hex(40)}},
    }
    return finding(scene, IN_HOUSE, said, [found], {"rule": rule, "repository": repository})
