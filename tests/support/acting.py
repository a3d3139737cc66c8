"""Acting with the rights of one of the deployed roles, on a local AWS with IAM in force."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import boto3
from botocore.exceptions import ClientError

from hubtriage.localaws.cloud import LocalCloud

Clients = Callable[..., Any]
"""Gives a client by service name, in the account's own Region unless another is given."""
_SESSION = boto3.session.Session()
_DENIALS = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError"})


def role_arn(cloud: LocalCloud, stack: str, logical_id: str) -> str:
    """The role of the stack whose logical id begins so."""
    described = cloud.client("cloudformation").describe_stack_resources(StackName=stack)
    (name,) = (
        resource["PhysicalResourceId"]
        for resource in described["StackResources"]
        if resource["ResourceType"] == "AWS::IAM::Role"
        and resource["LogicalResourceId"].startswith(logical_id)
    )
    return f"arn:aws:iam::{cloud.account}:role/{name}"


def created_role(cloud: LocalCloud, name: str, *statements: dict[str, Any]) -> str:
    """Make a role of the account with these statements as its policy; its ARN."""
    iam = cloud.client("iam")
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_trust(cloud))["Role"]["Arn"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    iam.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=policy)
    return str(arn)


def session_of(cloud: LocalCloud, role: str) -> dict[str, str]:
    """Credentials with the rights of a role, and nothing else, as environment variables.

    Who may assume the role is set aside: it is somebody in its place who acts.
    """
    cloud.client("iam").update_assume_role_policy(
        RoleName=role.rpartition("/")[2], PolicyDocument=_trust(cloud)
    )
    session = cloud.client("sts").assume_role(RoleArn=role, RoleSessionName="intruder")["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
        "AWS_SESSION_TOKEN": session["SessionToken"],
    }


@contextmanager
def acting_as(cloud: LocalCloud, role: str) -> Iterator[Clients]:
    """Clients with the rights of a role, and nothing else."""
    session = session_of(cloud, role)
    with ExitStack() as opened:

        def client(service: str, region: str = cloud.region) -> Any:
            made = _SESSION.client(
                service,
                endpoint_url=cloud.endpoint,
                region_name=region,
                **{name.lower(): value for name, value in session.items()},
                verify=cloud.environment.get("AWS_CA_BUNDLE"),
            )
            return opened.enter_context(closing(made))

        yield client


def answer_of(call: Callable[[], object]) -> str:
    """How AWS answers: `allowed`, `denied`, or the code of another error."""
    try:
        call()
    except ClientError as error:
        code = str(error.response["Error"]["Code"])
        return "denied" if code in _DENIALS else code
    return "allowed"


def _trust(cloud: LocalCloud) -> str:
    anybody = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": cloud.account}}
    return json.dumps({"Version": "2012-10-17", "Statement": [anybody]})
