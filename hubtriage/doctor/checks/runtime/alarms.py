"""Check whether an alarm is on, and whether alarms reach a person."""

from collections.abc import Iterator, Mapping
from typing import Any

from hubtriage.doctor.account import Account
from hubtriage.doctor.verdict import Verdict

_ALARM_TYPE = "AWS::CloudWatch::Alarm"
_MOST_NAMES = 100  # AWS: names of one DescribeAlarms


def look(account: Account) -> Verdict | None:
    """Read the alarms of the stack, and the subscriptions of their topic."""
    if account.deployed is None:
        return None
    topic = account.deployed.output("AlarmTopicArn")
    alarms = list(_alarms(account))
    subscribed = account.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    return judge(alarms, [each["SubscriptionArn"] for each in subscribed])


def _alarms(account: Account) -> Iterator[Mapping[str, Any]]:
    pages = account.client("cloudformation").get_paginator("list_stack_resources")
    names = [
        each["PhysicalResourceId"]
        for page in pages.paginate(StackName=account.stack)
        for each in page["StackResourceSummaries"]
        if each["ResourceType"] == _ALARM_TYPE and each.get("PhysicalResourceId")
    ]
    for start in range(0, len(names), _MOST_NAMES):
        wanted = names[start : start + _MOST_NAMES]
        yield from account.client("cloudwatch").describe_alarms(AlarmNames=wanted)["MetricAlarms"]


def judge(alarms: list[Mapping[str, Any]], subscriptions: list[str]) -> Verdict:
    """Return the verdict. AWS: a subscription has no ARN until its address has confirmed it."""
    on = [alarm for alarm in alarms if alarm["StateValue"] == "ALARM"]
    mute = [alarm for alarm in alarms if not alarm.get("ActionsEnabled", True)]
    details = tuple(f"{alarm['AlarmName']}: {alarm.get('AlarmDescription', '')}" for alarm in on)
    data = {"alarms": len(alarms), "on": [alarm["AlarmName"] for alarm in on]}
    if on:
        return Verdict(
            "problem", f"{len(on)} of {len(alarms)} are on", "see each one's runbook", details, data
        )
    if mute:
        names = ", ".join(alarm["AlarmName"] for alarm in mute)
        return Verdict("warning", f"switched off: {names}", "enable their actions", data=data)
    confirmed = [arn for arn in subscriptions if arn.startswith("arn:")]
    if not confirmed:
        waiting = "nobody has confirmed yet" if subscriptions else "nobody is told"
        advice = (
            "confirm the e-mail from AWS" if subscriptions else "set alarm-emails, or subscribe to the topic"
        )
        return Verdict("warning", f"none of {len(alarms)} is on, but {waiting}", advice, data=data)
    return Verdict("ok", f"none of {len(alarms)} is on, {len(confirmed)} would be told", data=data)
