"""The resources of OCSF findings, of those that findings in ASFF name."""

from __future__ import annotations

from typing import Any, Final

from hubtriage.localaws.producers.shape import Resource

TYPES: Final = {
    "AwsAccount": "AWS::::Account",
    "AwsAutoScalingAutoScalingGroup": "AWS::AutoScaling::AutoScalingGroup",
    "AwsCertificateManagerCertificate": "AWS::CertificateManager::Certificate",
    "AwsCloudTrailTrail": "AWS::CloudTrail::Trail",
    "AwsDynamoDbTable": "AWS::DynamoDB::Table",
    "AwsEc2Instance": "AWS::EC2::Instance",
    "AwsEc2NetworkAcl": "AWS::EC2::NetworkAcl",
    "AwsEc2SecurityGroup": "AWS::EC2::SecurityGroup",
    "AwsEc2Subnet": "AWS::EC2::Subnet",
    "AwsEc2Volume": "AWS::EC2::Volume",
    "AwsEc2Vpc": "AWS::EC2::VPC",
    "AwsEcrContainerImage": "AWS::ECR::ContainerImage",
    "AwsEcrRepository": "AWS::ECR::Repository",
    "AwsEcsCluster": "AWS::ECS::Cluster",
    "AwsEcsTaskDefinition": "AWS::ECS::TaskDefinition",
    "AwsEfsFileSystem": "AWS::EFS::FileSystem",
    "AwsEksCluster": "AWS::EKS::Cluster",
    "AwsElbv2LoadBalancer": "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AwsIamAccessKey": "AWS::IAM::AccessKey",
    "AwsIamPolicy": "AWS::IAM::ManagedPolicy",
    "AwsIamRole": "AWS::IAM::Role",
    "AwsIamUser": "AWS::IAM::User",
    "AwsKmsKey": "AWS::KMS::Key",
    "AwsLambdaFunction": "AWS::Lambda::Function",
    "AwsRdsDbInstance": "AWS::RDS::DBInstance",
    "AwsRdsDbSnapshot": "AWS::RDS::DBSnapshot",
    "AwsS3Bucket": "AWS::S3::Bucket",
    "AwsS3Object": "AWS::S3::Object",
    "AwsSecretsManagerSecret": "AWS::SecretsManager::Secret",
    "AwsSnsTopic": "AWS::SNS::Topic",
    "AwsSqsQueue": "AWS::SQS::Queue",
}
"""AWS: the names of CloudFormation, by those of ASFF."""


def ocsf_resource(resource: Resource, account: str, *, has_cloud_resources: bool) -> dict[str, Any]:
    """Return a resource. AWS: its uid is the bare id or name, and `uid_alt` its ARN, if it has one."""
    kind = resource["Type"]
    details = resource.get("Details", {}).get(kind, {})
    uid = _uid(resource, details, account)
    made: dict[str, Any] = {
        "cloud_partition": resource["Partition"],
        "owner": {"account": {"uid": account}},
        # AWS: resources of IAM are in no Region.
        "region": "global" if kind.startswith("AwsIam") else resource["Region"],
        "type": TYPES[kind],
        "uid": uid,
    }
    if resource["Id"].startswith("arn:"):
        made["uid_alt"] = resource["Id"]
    if tags := resource.get("Tags"):
        made["tags"] = [{"name": name, "value": value} for name, value in tags.items()]
    if has_cloud_resources:
        made |= {"provider": "AWS", **_members(kind, details, uid)}
    elif kind == "AwsIamAccessKey":
        made["data"] = {"user_name": details["PrincipalName"]}
    return made


def _uid(resource: Resource, details: dict[str, Any], account: str) -> str:
    """Return the id or name of a resource, as AWS has it for its type."""
    kind, identifier = resource["Type"], resource["Id"]
    path: str = identifier.split(":", 5)[-1]
    last = path.rpartition("/" if "/" in path else ":")[2]
    if kind == "AwsS3Object":
        return path.partition("/")[2]
    if kind == "AwsSqsQueue":
        return f"https://sqs.{resource['Region']}.amazonaws.com/{account}/{last}"
    if kind == "AwsIamPolicy":
        return str(details["PolicyId"])
    return last


def _members(kind: str, details: dict[str, Any], uid: str) -> dict[str, Any]:
    """Return AWS's own members of a resource."""
    if kind == "AwsEc2Instance":
        return {
            "device": {"image": {"uid": details["ImageId"]}, "model": details["Type"], "uid": uid},
            "subnet_info": {"uid": details["SubnetId"]},
            "vpc_uid": details["VpcId"],
        }
    if kind == "AwsEcrContainerImage":
        named = {"registry_uid": details["RegistryId"], "repository_name": details["RepositoryName"]}
        return {"image": {**named, "architecture": details["Architecture"], "uid": details["ImageDigest"]}}
    if kind == "AwsLambdaFunction":
        return {"cloud_function": {"runtime": details["Runtime"], "user": {"uid_alt": details["Role"]}}}
    if kind == "AwsIamAccessKey":
        return {"user": {"name": details["PrincipalName"], "uid": details["PrincipalId"]}}
    return {}
