"""Check whether Security Hub V2 is on where its findings are triaged, and not forgotten elsewhere."""

from botocore.exceptions import ClientError

from hubtriage.aws.securityhub.api import V2, is_of_v2
from hubtriage.doctor.account import Account
from hubtriage.doctor.checks.account.hub import OFF
from hubtriage.doctor.refusal import REFUSALS
from hubtriage.doctor.verdict import Verdict

_BOTH = 'write hubs = ["cspm", "v2"] in hubtriage.toml'


def look(account: Account) -> Verdict | None:
    """Compare whether the hub is on with `hubs`: of the deployed stack, or else of the settings."""
    is_named = V2 in account.hubs
    try:
        answer = account.client("securityhub").describe_security_hub_v2()
    except ClientError as error:
        if error.response["Error"]["Code"] not in OFF and is_named:
            raise
        return _off(account) if is_named else _held(account)
    if is_named:
        return Verdict("ok", f"on since {str(answer['SubscribedAt'])[:10]}")
    return _held(account) or Verdict(
        "warning",
        "on, and its findings are not triaged",
        f"{_BOTH} and deploy, if your rules are to act on them",
    )


def _off(account: Account) -> Verdict:
    place = f"{account.identity.account}, {account.identity.region}"
    advice = 'turn it on (aws securityhub enable-security-hub-v2), or write hubs = ["cspm"] in hubtriage.toml'
    return Verdict("problem", f"off in {place}, and hubs names v2", advice)


def _held(account: Account) -> Verdict | None:
    """Say that the ledger still has findings of V2, as far as its entries are looked at."""
    try:
        entries = [] if account.deployed is None else account.sample.entries
    except REFUSALS:  # the check of the entries reports it
        return None
    if not any(is_of_v2(key) for key, _entry in entries):
        return None
    return Verdict(
        "problem",
        "the ledger holds findings of Security Hub V2, and hubs does not name v2: no one takes them back",
        f"{_BOTH} and deploy; then run hubtriage sweep --take-back before you take v2 out again",
    )
