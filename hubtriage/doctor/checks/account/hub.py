"""Check whether Security Hub is on, and how its controls make findings."""

from botocore.exceptions import ClientError

from hubtriage.aws.securityhub.api import CSPM, V2, hub_of
from hubtriage.doctor.account import Account
from hubtriage.doctor.refusal import REFUSALS
from hubtriage.doctor.verdict import Verdict

OFF = ("InvalidAccessException", "ResourceNotFoundException")
"""AWS: error codes of a hub that is off."""
BOTH = 'write hubs = ["cspm", "v2"] in hubtriage.toml'
_NAMES = {CSPM: "Security Hub CSPM", V2: "Security Hub V2"}


def look(account: Account) -> Verdict | None:
    """Describe the hub of CSPM, if its findings are triaged. AWS: refuses DescribeHub if it is off."""
    if CSPM not in account.hubs:
        return still_held(account, CSPM)
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


def still_held(account: Account, hub: str) -> Verdict | None:
    """Say that the ledger has findings of a hub that `hubs` does not name, as far as it is looked at."""
    try:
        entries = [] if account.deployed is None else account.sample.entries
    except REFUSALS:  # the check of the entries reports it
        return None
    if not any(hub_of(key) == hub for key, _entry in entries):
        return None
    return Verdict(
        "problem",
        f"the ledger holds findings of {_NAMES[hub]}, and hubs does not name {hub}: no one takes them back",
        f"{BOTH} and deploy; then run hubtriage sweep --take-back before you take {hub} out again",
    )
