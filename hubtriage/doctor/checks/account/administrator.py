"""Check whether this is the account in which the findings of the others arrive."""

from hubtriage.doctor.account import Account
from hubtriage.doctor.verdict import Verdict, counted

MOST_MEMBERS = 50  # AWS: of one answer; there may be thousands


def look(account: Account) -> Verdict:
    """Read administrator and members. AWS: both may update a member's findings."""
    hub = account.client("securityhub")
    other = hub.get_administrator_account().get("Administrator", {}).get("AccountId")
    if other:
        return Verdict(
            "problem",
            f"{account.identity.account} is a member: {other} administers it",
            f"deploy in {other}, where the findings of all members arrive; only its own arrive here",
            data={"administrator": other},
        )
    first = hub.list_members(MaxResults=MOST_MEMBERS)
    count = len(first["Members"])
    if count:
        others = f"more than {count} others" if first.get("NextToken") else counted(count, "other")
        return Verdict("ok", f"this account administers {others}", data={"members": count})
    return Verdict("ok", "this account stands alone: only its own findings arrive", data={"members": 0})
