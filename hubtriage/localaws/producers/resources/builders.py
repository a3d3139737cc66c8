"""What a resource of each type looks like: its identifier, and the details that Security Hub shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from hubtriage.localaws.producers.resources.site import ResourceSite

Built = tuple[str, dict[str, Any] | None]
"""Identifier and details."""


def _account(site: ResourceSite) -> Built:
    return f"AWS::::Account:{site.account.id}", None


def _instance(site: ResourceSite) -> Built:
    instance = f"i-0{site.draw.hex(16)}"
    return site.arn("ec2", f"instance/{instance}"), {
        "Type": site.draw.rank(("t3.medium", "m6i.large", "c6i.xlarge", "t3.large", "r6i.2xlarge")),
        "ImageId": f"ami-0{site.draw.hex(16)}",
        "IpV4Addresses": [site.private_ip()],
        "IamInstanceProfileArn": site.global_arn("iam", f"instance-profile/{site.name}"),
        "VpcId": f"vpc-0{site.draw.hex(16)}",
        "SubnetId": f"subnet-0{site.draw.hex(16)}",
        "LaunchedAt": site.built(),
        "MetadataOptions": {
            "HttpEndpoint": "enabled",
            "HttpTokens": site.draw.pick(("optional", "required")),
        },
    }


def _volume(site: ResourceSite) -> Built:
    volume = f"vol-0{site.draw.hex(16)}"
    return site.arn("ec2", f"volume/{volume}"), {
        "CreateTime": site.built(),
        "Encrypted": site.draw.chance(0.5),
        "Size": site.draw.pick((8, 20, 100, 500)),
        "Status": "in-use",
        "VolumeId": volume,
        "VolumeType": "gp3",
    }


def _security_group(site: ResourceSite) -> Built:
    group = f"sg-0{site.draw.hex(16)}"
    port = site.draw.rank((443, 22, 3389, 8080, 5432, 3306))
    return site.arn("ec2", f"security-group/{group}"), {
        "GroupName": f"{site.name}-sg",
        "GroupId": group,
        "OwnerId": site.account.id,
        "VpcId": f"vpc-0{site.draw.hex(16)}",
        "IpPermissions": [
            {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        ],
    }


def _vpc(site: ResourceSite) -> Built:
    cidr = f"10.{site.draw.between(0, 63)}.0.0/16"
    association = f"vpc-cidr-assoc-0{site.draw.hex(16)}"
    return site.arn("ec2", f"vpc/vpc-0{site.draw.hex(16)}"), {
        "CidrBlockAssociationSet": [
            {"AssociationId": association, "CidrBlock": cidr, "CidrBlockState": "associated"}
        ],
        "State": "available",
    }


def _subnet(site: ResourceSite) -> Built:
    subnet = f"subnet-0{site.draw.hex(16)}"
    return site.arn("ec2", f"subnet/{subnet}"), {
        "AvailabilityZone": f"{site.region}{site.draw.pick('abc')}",
        "CidrBlock": f"10.{site.draw.between(0, 63)}.{site.draw.between(0, 255)}.0/24",
        "MapPublicIpOnLaunch": True,
        "OwnerId": site.account.id,
        "State": "available",
        "SubnetId": subnet,
        "VpcId": f"vpc-0{site.draw.hex(16)}",
    }


def _bucket(site: ResourceSite) -> Built:
    bucket = f"{site.account.name}-{site.name}-{site.draw.hex(4)}"
    return f"arn:aws:s3:::{bucket}", {
        "OwnerId": site.draw.hex(64),
        "OwnerAccountId": site.account.id,
        "CreatedAt": site.built(),
        "Name": bucket,
        "ServerSideEncryptionConfiguration": {
            "Rules": [
                {
                    "ApplyServerSideEncryptionByDefault": {
                        "SSEAlgorithm": site.draw.pick(("AES256", "aws:kms"))
                    }
                }
            ]
        },
        "PublicAccessBlockConfiguration": dict.fromkeys(
            ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"),
            site.draw.chance(0.5),
        ),
    }


def _function(site: ResourceSite) -> Built:
    return site.arn("lambda", f"function:{site.name}"), {
        "FunctionName": site.name,
        "Handler": "app.handler",
        "LastModified": site.built(),
        "MemorySize": site.draw.pick((128, 256, 512, 1024)),
        "Role": site.global_arn("iam", f"role/{site.name}-role"),
        "Runtime": site.draw.rank(("python3.9", "nodejs16.x", "python3.12", "java11", "nodejs20.x")),
        "Timeout": site.draw.pick((3, 30, 60, 900)),
        "TracingConfig": {"Mode": "PassThrough"},
        "Version": "$LATEST",
        "Architectures": [site.draw.pick(("x86_64", "arm64"))],
        "PackageType": "Zip",
    }


def _role(site: ResourceSite) -> Built:
    return site.global_arn("iam", f"role/{site.name}-role"), {
        "CreateDate": site.built(),
        "RoleId": f"AROA{site.draw.hex(16).upper()}",
        "RoleName": f"{site.name}-role",
        "MaxSessionDuration": 3600,
        "Path": "/",
        "AttachedManagedPolicies": [
            {"PolicyName": "ReadOnlyAccess", "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}
        ],
    }


def _user(site: ResourceSite) -> Built:
    return site.global_arn("iam", f"user/{site.name}"), {
        "CreateDate": site.built(),
        "Path": "/",
        "UserId": f"AIDA{site.draw.hex(16).upper()}",
        "UserName": site.name,
        "GroupList": [site.draw.pick(("developers", "operators", "ci"))],
    }


def _access_key(site: ResourceSite) -> Built:
    key = f"ASIA{site.draw.hex(16).upper()}"
    return f"AWS::IAM::AccessKey:{key}", {
        "AccessKeyId": key,
        "AccountId": site.account.id,
        "PrincipalId": f"AIDA{site.draw.hex(16).upper()}",
        "PrincipalName": site.name,
        "PrincipalType": "IAMUser",
    }


def _policy(site: ResourceSite) -> Built:
    return site.global_arn("iam", f"policy/{site.name}"), {
        "PolicyName": site.name,
        "PolicyId": f"ANPA{site.draw.hex(16).upper()}",
        "CreateDate": site.built(),
        "DefaultVersionId": "v1",
        "AttachmentCount": site.draw.between(0, 9),
    }


def _database(site: ResourceSite) -> Built:
    engine, version, port = site.draw.rank((("postgres", "14.9", 5432), ("mysql", "8.0.35", 3306)))
    return site.arn("rds", f"db:{site.name}"), {
        "DBInstanceIdentifier": site.name,
        "DBInstanceClass": site.draw.pick(("db.t3.medium", "db.r6g.large")),
        "DbInstancePort": port,
        "DeletionProtection": site.draw.chance(0.4),
        "Engine": engine,
        "EngineVersion": version,
        "InstanceCreateTime": site.built(),
        "PubliclyAccessible": site.draw.chance(0.1),
        "StorageEncrypted": site.draw.chance(0.7),
        "MultiAz": site.draw.chance(0.4),
        "AutoMinorVersionUpgrade": site.draw.chance(0.6),
    }


def _image(site: ResourceSite) -> Built:
    digest = f"sha256:{site.draw.hex(64)}"
    return site.arn("ecr", f"repository/{site.name}/{digest}"), {
        "RegistryId": site.account.id,
        "RepositoryName": site.name,
        "Architecture": "amd64",
        "ImageDigest": digest,
        "ImageTags": [f"v{site.draw.between(1, 9)}.{site.draw.between(0, 40)}.{site.draw.between(0, 9)}"],
        "ImagePublishedAt": site.built(),
    }


def _key(site: ResourceSite) -> Built:
    key = site.draw.uuid()
    return site.arn("kms", f"key/{key}"), {
        "AWSAccountId": site.account.id,
        "KeyId": key,
        "KeyManager": "CUSTOMER",
        "KeyState": "Enabled",
        "Origin": "AWS_KMS",
        "KeyRotationStatus": False,
    }


def _secret(site: ResourceSite) -> Built:
    return site.arn("secretsmanager", f"secret:{site.name}-{site.draw.hex(6)}"), {
        "Name": site.name,
        "RotationEnabled": False,
        "RotationOccurredWithinFrequency": False,
        "Deleted": False,
    }


def _trail(site: ResourceSite) -> Built:
    return site.arn("cloudtrail", f"trail/{site.name}"), {
        "HomeRegion": site.region,
        "IncludeGlobalServiceEvents": True,
        "IsMultiRegionTrail": True,
        "LogFileValidationEnabled": site.draw.chance(0.5),
        "Name": site.name,
        "S3BucketName": f"{site.account.name}-trail",
    }


def _queue(site: ResourceSite) -> Built:
    return site.arn("sqs", site.name), {"QueueName": site.name}


def _topic(site: ResourceSite) -> Built:
    return site.arn("sns", site.name), {"TopicName": site.name, "Owner": site.account.id}


def _load_balancer(site: ResourceSite) -> Built:
    return site.arn("elasticloadbalancing", f"loadbalancer/app/{site.name}/{site.draw.hex(16)}"), {
        "CreatedTime": site.built(),
        "DNSName": f"{site.name}-{site.draw.digits(9)}.{site.region}.elb.amazonaws.com",
        "IpAddressType": "ipv4",
        "Scheme": site.draw.pick(("internet-facing", "internal")),
        "State": {"Code": "active"},
        "Type": "application",
    }


def _plain(service: str, path: str) -> Callable[[ResourceSite], Built]:
    """Return a builder of a resource for which Security Hub gives no details."""
    return lambda site: (site.arn(service, path.format(site.name)), None)


BUILDERS: Final[dict[str, Callable[[ResourceSite], Built]]] = {
    "AwsAccount": _account,
    "AwsEc2Instance": _instance,
    "AwsEc2Volume": _volume,
    "AwsEc2SecurityGroup": _security_group,
    "AwsEc2Vpc": _vpc,
    "AwsEc2Subnet": _subnet,
    "AwsEc2NetworkAcl": _plain("ec2", "network-acl/{}"),
    "AwsS3Bucket": _bucket,
    "AwsLambdaFunction": _function,
    "AwsIamRole": _role,
    "AwsIamUser": _user,
    "AwsIamAccessKey": _access_key,
    "AwsIamPolicy": _policy,
    "AwsRdsDbInstance": _database,
    "AwsRdsDbSnapshot": _plain("rds", "snapshot:{}"),
    "AwsEcrContainerImage": _image,
    "AwsEcrRepository": _plain("ecr", "repository/{}"),
    "AwsEcsCluster": _plain("ecs", "cluster/{}"),
    "AwsEcsTaskDefinition": _plain("ecs", "task-definition/{}:3"),
    "AwsEksCluster": _plain("eks", "cluster/{}"),
    "AwsKmsKey": _key,
    "AwsSecretsManagerSecret": _secret,
    "AwsCloudTrailTrail": _trail,
    "AwsSqsQueue": _queue,
    "AwsSnsTopic": _topic,
    "AwsElbv2LoadBalancer": _load_balancer,
    "AwsDynamoDbTable": _plain("dynamodb", "table/{}"),
    "AwsCertificateManagerCertificate": _plain("acm", "certificate/{}"),
    "AwsAutoScalingAutoScalingGroup": _plain("autoscaling", "autoScalingGroup:{}"),
    "AwsEfsFileSystem": _plain("elasticfilesystem", "file-system/{}"),
}
"""How each type is built."""
