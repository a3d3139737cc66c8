"""Check whether CDK can deploy here at all."""

from botocore.exceptions import ClientError

from hubtriage.doctor.account import Account
from hubtriage.doctor.verdict import Verdict

PARAMETER = "/cdk-bootstrap/hnb659fds/version"
"""The version of CDK's own stack, for the qualifier that CDK uses by default."""


def look(account: Account) -> Verdict | None:
    """Read the version of the bootstrap stack, unless our stack is already deployed."""
    if account.deployed is not None:
        return None
    try:
        answer = account.client("ssm").get_parameter(Name=PARAMETER)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ParameterNotFound":
            raise
        advice = "run once: npx cdk bootstrap (unless your CDK has a qualifier of its own)"
        return Verdict("warning", "CDK is not bootstrapped in this account and Region", advice)
    return Verdict("ok", f"version {answer['Parameter']['Value']}")
