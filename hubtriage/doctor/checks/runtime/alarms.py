"""Check whether an alarm is on, and whether alarms reach a person."""

from collections.abc import Iterator, Mapping
from typing import Any

from hubtriage.doctor.account import Account
from hubtriage.doctor.verdict import Verdict

_ALARM_TYPE = "AWS::CloudWatch::Alarm"
_MOST_NAMES = 100  # AWS: names of one DescribeAlarms


def look(account: Account) -> Verdict | None:
    """Read the alarms of the stack, and the subscriptions of their topics."""
    if account.deployed is None:
        return None
    topics = [account.deployed.output(name) for name in ("AlarmTopicArn", "TomorrowTopicArn")]
    alarms = list(_alarms(account))
    now, tomorrow = (_subscriptions(account, topic) for topic in topics)
    return judge(alarms, now, tomorrow)


def _subscriptions(account: Account, topic: str) -> list[str]:
    found = account.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    return [each["SubscriptionArn"] for each in found]


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


def judge(alarms: list[Mapping[str, Any]], now: list[str], tomorrow: list[str]) -> Verdict:
    """Return the verdict on the alarms, and on the subscriptions of the topics of both severities."""
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
    quiet = f"none of {len(alarms)} is on"
    if mute_topic := _unheard(now):
        return Verdict("warning", f"{quiet}, but {mute_topic[0]}", mute_topic[1], data=data)
    if mute_topic := _unheard(tomorrow):
        seen = f"{quiet}, but for alarms that can wait until tomorrow {mute_topic[0]}"
        return Verdict("warning", seen, mute_topic[1].replace("alarm-emails", "tomorrow-emails"), data=data)
    return Verdict("ok", f"{quiet}, {len(_confirmed(now))} would be notified", data=data)


def _unheard(subscriptions: list[str]) -> tuple[str, str] | None:
    """Return why no one gets the messages of a topic, and what to do; None if a person does."""
    if _confirmed(subscriptions):
        return None
    if subscriptions:
        return "no one has confirmed yet", "confirm the e-mail from AWS"
    return "no one is notified", "set alarm-emails, or subscribe to the topic"


def _confirmed(subscriptions: list[str]) -> list[str]:
    """Return the confirmed ones. AWS: a subscription has no ARN until its address has confirmed it."""
    return [arn for arn in subscriptions if arn.startswith("arn:")]
