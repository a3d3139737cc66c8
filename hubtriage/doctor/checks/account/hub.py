"""Check whether Security Hub is on, and how its controls make findings."""

from botocore.exceptions import ClientError

from hubtriage.doctor.account import Account
from hubtriage.doctor.verdict import Verdict

_OFF = ("InvalidAccessException", "ResourceNotFoundException")


def look(account: Account) -> Verdict:
    """Describe the hub. AWS: refuses DescribeHub if Security Hub is off."""
    place = f"{account.identity.account}, {account.identity.region}"
    try:
        answer = account.client("securityhub").describe_hub()
    except ClientError as error:
        if error.response["Error"]["Code"] not in _OFF:
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
