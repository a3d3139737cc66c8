"""Check whether owners get the notices that are given before exceptions end."""

from collections.abc import Iterable, Mapping
from typing import Any

from hubtriage.doctor.account import Account
from hubtriage.doctor.verdict import Verdict

OUTPUT = "NoticesTopicArn"
MOST_NAMED = 20


def look(account: Account) -> Verdict | None:
    """Read the subscriptions of the topic of notices; without a topic there is nothing to check."""
    if account.deployed is None or OUTPUT not in account.deployed.outputs:
        return None
    pages = account.client("sns").get_paginator("list_subscriptions_by_topic")
    found = pages.paginate(TopicArn=account.deployed.output(OUTPUT))
    return judge(each for page in found for each in page["Subscriptions"])


def judge(subscriptions: Iterable[Mapping[str, Any]]) -> Verdict:
    """Return the verdict on the subscriptions. AWS: one has no ARN until its address has confirmed it."""
    listed = list(subscriptions)
    pending = sorted(
        str(each["Endpoint"]) for each in listed if not each["SubscriptionArn"].startswith("arn:")
    )
    data = {"subscriptions": len(listed), "pending": pending}
    if pending:
        named = ", ".join(pending[:MOST_NAMED]) + (", …" if len(pending) > MOST_NAMED else "")
        seen = f"{len(pending)} of {len(listed)} addresses have not confirmed: {named}"
        return Verdict("warning", seen, "have them confirm the e-mail from AWS", data=data)
    if not listed:
        hint = "set owners or alarm-emails, or subscribe to the topic"
        return Verdict("warning", "no one is notified before exceptions end", hint, data=data)
    return Verdict("ok", f"{len(listed)} addresses are notified before exceptions end", data=data)
