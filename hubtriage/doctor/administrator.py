"""Whether this is the account in which the findings of the others arrive."""

from hubtriage.doctor.account import Account
from hubtriage.doctor.verdict import Verdict, counted


def look(account: Account) -> Verdict:
    """AWS: an administrator updates findings of its members, and so does each member its own."""
    hub = account.client("securityhub")
    other = hub.get_administrator_account().get("Administrator", {}).get("AccountId")
    if other:
        return Verdict(
            "problem",
            f"{account.identity.account} is a member: {other} administers it",
            f"deploy in {other}, where the findings of all members arrive; only its own arrive here",
            data={"administrator": other},
        )
    count = _members(account)
    if count:
        return Verdict("ok", f"this account administers {counted(count, 'other')}", data={"members": count})
    return Verdict("ok", "this account stands alone: only its own findings arrive", data={"members": 0})


def _members(account: Account) -> int:
    request: dict[str, str] = {}
    count = 0
    while True:
        answer = account.client("securityhub").list_members(**request)
        count += len(answer["Members"])
        if not answer.get("NextToken"):
            return count
        request["NextToken"] = answer["NextToken"]
