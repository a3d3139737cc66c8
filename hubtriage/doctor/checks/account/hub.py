"""Check whether Security Hub is on, and how its controls make findings."""

from botocore.exceptions import ClientError

from hubtriage.aws.securityhub.api import CSPM
from hubtriage.doctor.account import Account
from hubtriage.doctor.verdict import Verdict

OFF = ("InvalidAccessException", "ResourceNotFoundException")
"""AWS: error codes of a hub that is off."""


def look(account: Account) -> Verdict | None:
    """Describe the hub of CSPM, if its findings are triaged. AWS: refuses DescribeHub if it is off."""
    if CSPM not in account.hubs:
        return None
    place = f"{account.identity.account}, {account.identity.region}"
    try:
        answer = account.client("securityhub").describe_hub()
    except ClientError as error:
        if error.response["Error"]["Code"] not in OFF:
            raise
        advice = "turn it on (aws securityhub enable-security-hub), or look at AWS_PROFILE and AWS_REGION"
        return Verdict("problem", f"off in {place}", advice)
    since = f"on since {str(answer['SubscribedAt'])[:10]}"
    if answer.get("ControlFindingGenerator") == "STANDARD_CONTROL":
        return Verdict(
            "warning",
            f"{since}; a control has a finding for each standard that it is in",
            "turn on consolidated control findings; until then the GeneratorId of a control names the "
            "standard, so ask for Compliance.SecurityControlId",
        )
    return Verdict("ok", since)
