"""Check how the last sweep ended, and whether one finished lately."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hubtriage.aws.sweep.run_lock import NARROW
from hubtriage.doctor.account import Account
from hubtriage.doctor.verdict import Verdict, written

OLD = timedelta(hours=26)
"""A sweep starts every day; a day may have 25 hours, and a sweep may start a little late."""
UNFINISHED = timedelta(hours=50)
"""One sweep may end at once and the next take a whole day: the alarm sweep-unfinished waits as long."""
ENDS = ("done", "withheld")
"""The ends of a sweep that looked at all of its findings."""
TROUBLES: Mapping[object, Verdict] = {
    "skipped": Verdict(
        "warning", "the last one left out findings", "see docs/operating.md, sweep-unfinished"
    ),
    "withheld": Verdict(
        "warning",
        "the last one reached its limit of findings to hide",
        "see docs/operating.md, sweep-limit-reached",
    ),
    "waiting": Verdict("problem", "one waits for a person", "see docs/operating.md, sweep-waiting"),
    "dead letters": Verdict(
        "problem", "not everything was taken back", "see docs/sweep.md, Before removing the stack"
    ),
}
"""What to say of the end of a sweep that left something to be done."""
LOOKED_AT = 20
"""Executions whose end is looked at, those of a day as a rule."""


def look(account: Account) -> Verdict | None:
    """Read the newest executions of the state machine. AWS: 100 at most, the newest first."""
    if account.deployed is None:
        return None
    states, machine = account.client("stepfunctions"), account.deployed.output("SweepArn")
    executions = states.list_executions(stateMachineArn=machine)["executions"]
    if not executions:
        return Verdict("warning", "no sweep has started yet", "start one: hubtriage sweep")
    now = datetime.fromtimestamp(account.clock.now(), UTC)
    whole = [each for each in executions if not _is_narrow(each)]
    last = executions[0] if _has_failed(executions[0]) or not whole else whole[0]
    verdict = judge(last, now, finished_lately=_finished_lately(states, whole or executions, now))
    return verdict if verdict.status != "ok" else _trouble(states, executions) or verdict


def _is_narrow(execution: Mapping[str, Any]) -> bool:
    """Say whether a sweep looked at some findings only: one of all findings is due every day."""
    return str(execution.get("name")).startswith(NARROW)


def _has_failed(execution: Mapping[str, Any]) -> bool:
    return execution["status"] not in ("SUCCEEDED", "RUNNING")


def _trouble(states: Any, executions: Sequence[Mapping[str, Any]]) -> Verdict | None:
    """Return what the last sweeps left to be done; one of all findings makes up for those before it."""
    for execution in executions[:LOOKED_AT]:
        end = _end(states, execution["executionArn"]) if execution["status"] == "SUCCEEDED" else None
        if end in TROUBLES:
            return TROUBLES[end]
        if end == "done" and not _is_narrow(execution):
            return None
    return None


def _finished_lately(states: Any, executions: Sequence[Mapping[str, Any]], now: datetime) -> bool:
    """Say whether a sweep finished lately. AWS: one that a newer sweep ended has succeeded too."""
    if now - executions[-1]["startDate"] <= UNFINISHED:
        return True  # the stack is too new to say
    lately = (
        each for each in executions if each["status"] == "SUCCEEDED" and now - each["stopDate"] <= UNFINISHED
    )
    return any(_end(states, each["executionArn"]) in ENDS for each in lately)


def _end(states: Any, execution: str) -> object:
    state = json.loads(states.describe_execution(executionArn=execution).get("output") or "{}")
    return state.get("progress", {}).get("status")


def judge(last: Mapping[str, Any], now: datetime, *, finished_lately: bool = True) -> Verdict:
    """Return the verdict on an execution. AWS: a long sweep continues in a newer one."""
    seen = f"{last['status'].lower()}, started {written(last['startDate'])}"
    if _has_failed(last):
        advice = "read the log SweepLogGroupName of the outputs, then: hubtriage sweep --resume"
        return Verdict("problem", seen, advice)
    if last["status"] == "SUCCEEDED" and now - last["startDate"] > OLD:
        advice = "see the sweep's schedule in EventBridge Scheduler, then: hubtriage sweep"
        return Verdict(
            "warning", f"{seen}: none has started since, although one should start every day", advice
        )
    if not finished_lately:
        hours = round(UNFINISHED / timedelta(hours=1))
        advice = "see docs/operating.md, sweep-unfinished"
        return Verdict("problem", f"{seen}: none has finished for {hours} hours", advice)
    return Verdict("ok", seen)
