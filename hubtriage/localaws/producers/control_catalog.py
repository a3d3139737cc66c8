"""Security Hub controls: identifier, severity, resource type, Config rule, title (AWS: control reference).

Most frequent first, as in an organisation that has run Security Hub for a while.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class SecurityControl:
    """A control; `topic` selects the requirements that it is related to."""

    id: str
    severity: str
    resource_type: str
    config_rule: str
    topic: str
    title: str


_TABLE: Final = """
EC2.8|HIGH|AwsEc2Instance|ec2-imdsv2-check|access|EC2 instances should use Instance Metadata Service Version 2 (IMDSv2)
S3.5|MEDIUM|AwsS3Bucket|s3-bucket-ssl-requests-only|encryption|S3 general purpose buckets should require requests to use SSL
Lambda.2|MEDIUM|AwsLambdaFunction|lambda-function-settings-check|patching|Lambda functions should use supported runtimes
EC2.2|HIGH|AwsEc2SecurityGroup|vpc-default-security-group-closed|network|VPC default security groups should not allow inbound or outbound traffic
S3.8|HIGH|AwsS3Bucket|s3-bucket-level-public-access-prohibited|access|S3 general purpose buckets should block public access
EC2.15|MEDIUM|AwsEc2Subnet|subnet-auto-assign-public-ip-disabled|network|Amazon EC2 subnets should not automatically assign public IP addresses
EC2.3|MEDIUM|AwsEc2Volume|encrypted-volumes|encryption|Attached Amazon EBS volumes should be encrypted at-rest
S3.9|MEDIUM|AwsS3Bucket|s3-bucket-logging-enabled|logging|S3 general purpose buckets should have server access logging enabled
EC2.6|MEDIUM|AwsEc2Vpc|vpc-flow-logs-enabled|logging|VPC flow logging should be enabled in all VPCs
IAM.3|MEDIUM|AwsIamUser|access-keys-rotated|identity|IAM users' access keys should be rotated every 90 days or less
S3.13|LOW|AwsS3Bucket|s3-lifecycle-policy-check|resilience|S3 general purpose buckets should have Lifecycle configurations
EC2.9|HIGH|AwsEc2Instance|ec2-instance-no-public-ip|network|Amazon EC2 instances should not have a public IPv4 address
EC2.10|MEDIUM|AwsEc2Vpc|service-vpc-endpoint-enabled|network|Amazon EC2 should be configured to use VPC endpoints that are created for the Amazon EC2 service
SSM.1|MEDIUM|AwsEc2Instance|ec2-instance-managed-by-systems-manager|patching|Amazon EC2 instances should be managed by AWS Systems Manager
Lambda.3|LOW|AwsLambdaFunction|lambda-inside-vpc|network|Lambda functions should be in a VPC
IAM.21|LOW|AwsIamPolicy|iam-policy-no-statements-with-full-access|identity|IAM customer managed policies that you create should not allow wildcard actions for services
EC2.18|HIGH|AwsEc2SecurityGroup|vpc-sg-open-only-to-authorized-ports|network|Security groups should only allow unrestricted incoming traffic for authorized ports
EC2.19|CRITICAL|AwsEc2SecurityGroup|restricted-common-ports|network|Security groups should not allow unrestricted access to ports with high risk
S3.2|CRITICAL|AwsS3Bucket|s3-bucket-public-read-prohibited|access|S3 general purpose buckets should block public read access
S3.3|CRITICAL|AwsS3Bucket|s3-bucket-public-write-prohibited|access|S3 general purpose buckets should block public write access
SQS.1|MEDIUM|AwsSqsQueue|sqs-queue-encrypted|encryption|Amazon SQS queues should be encrypted at rest
RDS.8|LOW|AwsRdsDbInstance|rds-instance-deletion-protection-enabled|resilience|RDS DB instances should have deletion protection enabled
RDS.5|MEDIUM|AwsRdsDbInstance|rds-multi-az-support|resilience|RDS DB instances should be configured with multiple Availability Zones
RDS.13|HIGH|AwsRdsDbInstance|rds-automatic-minor-version-upgrade-enabled|patching|RDS automatic minor version upgrades should be enabled
RDS.6|LOW|AwsRdsDbInstance|rds-enhanced-monitoring-enabled|logging|Enhanced monitoring should be configured for RDS DB instances
RDS.3|MEDIUM|AwsRdsDbInstance|rds-storage-encrypted|encryption|RDS DB instances should have encryption at-rest enabled
RDS.2|CRITICAL|AwsRdsDbInstance|rds-instance-public-access-check|access|RDS DB Instances should prohibit public access, as determined by the PubliclyAccessible configuration
DynamoDB.2|MEDIUM|AwsDynamoDbTable|dynamodb-pitr-enabled|resilience|DynamoDB tables should have point-in-time recovery enabled
ECR.1|HIGH|AwsEcrRepository|ecr-private-image-scanning-enabled|patching|ECR private repositories should have image scanning configured
ECR.3|MEDIUM|AwsEcrRepository|ecr-private-lifecycle-policy-configured|resilience|ECR repositories should have at least one lifecycle policy configured
ELB.4|MEDIUM|AwsElbv2LoadBalancer|alb-http-drop-invalid-header-enabled|network|Application Load Balancer should be configured to drop invalid http headers
ELB.5|MEDIUM|AwsElbv2LoadBalancer|elb-logging-enabled|logging|Application and Classic Load Balancers logging should be enabled
ELB.6|MEDIUM|AwsElbv2LoadBalancer|elb-deletion-protection-enabled|resilience|Application, Gateway, and Network Load Balancers should have deletion protection enabled
EC2.13|HIGH|AwsEc2SecurityGroup|restricted-ssh|network|Security groups should not allow ingress from 0.0.0.0/0 or ::/0 to port 22
EC2.21|MEDIUM|AwsEc2NetworkAcl|nacl-no-unrestricted-ssh-rdp|network|Network ACLs should not allow ingress from 0.0.0.0/0 to port 22 or port 3389
SecretsManager.1|MEDIUM|AwsSecretsManagerSecret|secretsmanager-rotation-enabled-check|identity|Secrets Manager secrets should have automatic rotation enabled
SecretsManager.3|MEDIUM|AwsSecretsManagerSecret|secretsmanager-secret-unused|identity|Remove unused Secrets Manager secrets
KMS.4|MEDIUM|AwsKmsKey|cmk-backing-key-rotation-enabled|encryption|AWS KMS key rotation should be enabled
ECS.5|HIGH|AwsEcsTaskDefinition|ecs-containers-readonly-access|access|ECS containers should be limited to read-only access to root filesystems
ECS.12|MEDIUM|AwsEcsCluster|ecs-container-insights-enabled|logging|ECS clusters should use Container Insights
EKS.1|HIGH|AwsEksCluster|eks-endpoint-no-public-access|access|EKS cluster endpoints should not be publicly accessible
AutoScaling.1|LOW|AwsAutoScalingAutoScalingGroup|autoscaling-group-elb-healthcheck-required|resilience|Auto Scaling groups associated with a load balancer should use ELB health checks
EFS.1|MEDIUM|AwsEfsFileSystem|efs-encrypted-check|encryption|Elastic File System should be configured to encrypt file data at-rest using AWS KMS
ACM.1|MEDIUM|AwsCertificateManagerCertificate|acm-certificate-expiration-check|encryption|Imported and ACM-issued certificates should be renewed after a specified time period
IAM.2|LOW|AwsIamUser|iam-user-no-policies-check|identity|IAM users should not have IAM policies attached
IAM.5|MEDIUM|AwsIamUser|mfa-enabled-for-iam-console-access|identity|MFA should be enabled for all IAM users that have a console password
IAM.8|MEDIUM|AwsIamUser|iam-user-unused-credentials-check|identity|Unused IAM user credentials should be removed
IAM.1|HIGH|AwsIamPolicy|iam-policy-no-statements-with-admin-access|identity|IAM policies should not allow full "*" administrative privileges
CloudTrail.2|MEDIUM|AwsCloudTrailTrail|cloud-trail-encryption-enabled|encryption|CloudTrail should have encryption at-rest enabled
CloudTrail.4|LOW|AwsCloudTrailTrail|cloud-trail-log-file-validation-enabled|logging|CloudTrail log file validation should be enabled
CloudTrail.5|LOW|AwsCloudTrailTrail|cloud-trail-cloud-watch-logs-enabled|logging|CloudTrail trails should be integrated with Amazon CloudWatch Logs
Lambda.1|CRITICAL|AwsLambdaFunction|lambda-function-public-access-prohibited|access|Lambda function policies should prohibit public access
RDS.1|CRITICAL|AwsRdsDbSnapshot|rds-snapshots-public-prohibited|access|RDS snapshot should be private
KMS.3|CRITICAL|AwsKmsKey|kms-cmk-not-scheduled-for-deletion|encryption|AWS KMS keys should not be deleted unintentionally
EC2.7|MEDIUM|AwsAccount|ec2-ebs-encryption-by-default|encryption|EBS default encryption should be enabled
EC2.1|CRITICAL|AwsAccount|ebs-snapshot-public-restorable-check|access|Amazon EBS snapshots should not be publicly restorable
Config.1|CRITICAL|AwsAccount|config-enabled|logging|AWS Config should be enabled and use the service-linked role for resource recording
CloudTrail.1|HIGH|AwsAccount|multi-region-cloudtrail-enabled|logging|CloudTrail should be enabled and configured with at least one multi-Region trail that includes read and write management events
GuardDuty.1|HIGH|AwsAccount|guardduty-enabled-centralized|logging|GuardDuty should be enabled
S3.1|MEDIUM|AwsAccount|s3-account-level-public-access-blocks-periodic|access|S3 general purpose buckets should have block public access settings enabled
IAM.4|CRITICAL|AwsAccount|iam-root-access-key-check|identity|IAM root user access key should not exist
IAM.6|CRITICAL|AwsAccount|root-account-hardware-mfa-enabled|identity|Hardware MFA should be enabled for the root user
Account.1|MEDIUM|AwsAccount|security-account-information-provided|identity|Security contact information should be provided for an AWS account
"""  # noqa: E501  one control a line

CONTROLS: Final = tuple(SecurityControl(*line.split("|")) for line in _TABLE.strip().splitlines())

REQUIREMENTS: Final = {
    "access": ("NIST.800-53.r5 AC-3", "NIST.800-53.r5 AC-6", "NIST.800-53.r5 SC-7", "PCI DSS v4.0.1/1.4.4"),
    "encryption": (
        "NIST.800-53.r5 SC-13",
        "NIST.800-53.r5 SC-28",
        "NIST.800-53.r5 SC-8",
        "PCI DSS v4.0.1/3.5.1",
    ),
    "identity": ("NIST.800-53.r5 AC-2", "NIST.800-53.r5 AC-6", "NIST.800-53.r5 IA-5", "PCI DSS v4.0.1/8.3.9"),
    "logging": (
        "NIST.800-53.r5 AU-2",
        "NIST.800-53.r5 AU-12",
        "NIST.800-53.r5 SI-4",
        "PCI DSS v4.0.1/10.2.1",
    ),
    "network": (
        "NIST.800-53.r5 AC-4",
        "NIST.800-53.r5 SC-7",
        "NIST.800-53.r5 SC-7(16)",
        "PCI DSS v4.0.1/1.3.1",
    ),
    "patching": (
        "NIST.800-53.r5 SI-2",
        "NIST.800-53.r5 SI-2(2)",
        "NIST.800-53.r5 CM-8",
        "PCI DSS v4.0.1/6.3.3",
    ),
    "resilience": ("NIST.800-53.r5 CP-9", "NIST.800-53.r5 CP-10", "NIST.800-53.r5 SI-12"),
}
"""Requirements of other standards that controls of a topic are related to."""
