"""Check whether Security Hub V2 is on where its findings are triaged, and not forgotten elsewhere."""

from botocore.exceptions import ClientError

from hubtriage.aws.securityhub.api import V2
from hubtriage.doctor.account import Account
from hubtriage.doctor.checks.account.hub import BOTH, OFF, still_held
from hubtriage.doctor.verdict import Verdict


def look(account: Account) -> Verdict | None:
    """Compare whether the hub is on with `hubs`: of the deployed stack, or else of the settings."""
    is_named = V2 in account.hubs
    try:
        answer = account.client("securityhub").describe_security_hub_v2()
    except ClientError as error:
        if error.response["Error"]["Code"] not in OFF and is_named:
            raise
        return _off(account) if is_named else still_held(account, V2)
    if is_named:
        return Verdict("ok", f"on since {str(answer['SubscribedAt'])[:10]}")
    return still_held(account, V2) or Verdict(
        "warning",
        "on, and its findings are not triaged",
        f"{BOTH} and deploy, if your rules are to act on them",
    )


def _off(account: Account) -> Verdict:
    place = f"{account.identity.account}, {account.identity.region}"
    advice = 'turn it on (aws securityhub enable-security-hub-v2), or write hubs = ["cspm"] in hubtriage.toml'
    return Verdict("problem", f"off in {place}, and hubs names v2", advice)
