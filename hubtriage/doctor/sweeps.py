"""How the last sweep ended."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hubtriage.doctor.account import Account
from hubtriage.doctor.verdict import Verdict, written

OLD = timedelta(hours=26)
"""The sweep starts every day; a day may have 25 hours, and a sweep may start a little late."""


def look(account: Account) -> Verdict | None:
    """The newest execution of the sweep's state machine."""
    if account.deployed is None:
        return None
    machine = account.deployed.output("SweepArn")
    answer = account.client("stepfunctions").list_executions(stateMachineArn=machine, maxResults=1)
    if not answer["executions"]:
        return Verdict("warning", "there was none yet", "start one: hubtriage sweep")
    return judge(answer["executions"][0], datetime.fromtimestamp(account.clock.now(), UTC))


def judge(last: Mapping[str, Any], now: datetime) -> Verdict:
    """The verdict on the newest execution; AWS: a long sweep goes on in another, which is newer."""
    seen = f"{last['status'].lower()}, started {written(last['startDate'])}"
    if last["status"] == "SUCCEEDED" and now - last["startDate"] > OLD:
        advice = "see the sweep's schedule in EventBridge Scheduler, then: hubtriage sweep"
        return Verdict("warning", f"{seen}: none has started since, although one does every day", advice)
    if last["status"] in ("SUCCEEDED", "RUNNING"):
        return Verdict("ok", seen)
    advice = "read the log SweepLogGroupName of the outputs, then: hubtriage sweep --resume"
    return Verdict("problem", seen, advice)
