"""Start a sweep and look at its progress: for the command line, a deployment, the mode switch."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from hubtriage.aws.securityhub.faults import API_ERRORS, call_fault
from hubtriage.aws.sweep.progress import Progress
from hubtriage.aws.sweep.request import SweepRequest
from hubtriage.aws.sweep.run_lock import NARROW, PART, TAKE_BACK, WHOLE, Executions
from hubtriage.aws.sweep.walk import MOST_RESTARTS

LOOKED_AT = 20
"""Executions among which one is looked for that waits for a person: a day's, as a rule."""


class StepFunctions(Protocol):
    """boto3's client of Step Functions, as far as it is used here."""

    def start_execution(self, **request: Any) -> Mapping[str, Any]:
        """Start a state machine."""

    def describe_execution(self, **request: Any) -> Mapping[str, Any]:
        """Read an execution."""

    def list_executions(self, **request: Any) -> Mapping[str, Any]:
        """List executions of a state machine, the newest first."""

    def get_execution_history(self, **request: Any) -> Mapping[str, Any]:
        """Read what an execution did."""


@dataclass(frozen=True, slots=True)
class SweepExecution:
    """A sweep as Step Functions shows it: its status there, how far it is, and why it failed if it did.

    `report` is what it says of itself once it has ended; empty before.
    """

    execution: str
    status: str
    request: SweepRequest
    progress: Progress
    cause: str = ""
    report: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_running(self) -> bool:
        """Whether the sweep still runs."""
        return self.status == "RUNNING"


def start_sweep(
    states: StepFunctions, machine: str, request: SweepRequest, progress: Progress | None = None
) -> str:
    """Start a sweep on the state machine `machine` (ARN), and return the execution's ARN.

    `RunLock` says what happens to one that runs already. With `progress` it goes on from there, unless it
    takes everything back: the intake may have been open meanwhile. What made it fail is forgotten: faults,
    and page tokens that were refused too often. Raises botocore's ClientError.
    """
    state: dict[str, Any] = {"request": request.as_json()}
    if progress is not None and not request.take_back:
        state["progress"] = _begun_anew(progress).as_json()
    name = f"{kind_of(request)}{_plain(request.reason)}-{uuid.uuid4()}"
    answer = states.start_execution(stateMachineArn=machine, name=name, input=json.dumps(state))
    return str(answer["executionArn"])


def _begun_anew(progress: Progress) -> Progress:
    """Return the progress to continue from. A token that is still good saves reading the scope again."""
    token = None if progress.restarts >= MOST_RESTARTS else progress.token
    fresh = replace(progress, part=1, steps=0, restarts=0, faults=0, deaths=0, error="", token=token)
    return replace(fresh.charged(), skipped=[], left_out=progress.left_out + len(progress.skipped))


def continuation(execution: str, part: int) -> str:
    """Return the ARN of the execution that continues this one, which is part `part` of its sweep.

    AWS: names have at most 80 characters; the log takes letters, digits, hyphens and underscores.
    """
    head, _, name = execution.rpartition(":")
    return f"{head}:{name.removesuffix(f'{PART}{part}')[:70]}{PART}{part + 1}"


def hand_over(
    states: Executions, machine: str, execution: str, request: SweepRequest, progress: Progress
) -> Progress:
    """Start an execution that continues a sweep, and return how this one ends.

    AWS: an execution fails after 25,000 events. A second call, made because the answer of the first was lost,
    starts nothing: the name is the same. Raises botocore's errors.
    """
    state = {
        "request": request.as_json(),
        "progress": replace(progress, part=progress.part + 1, steps=0).as_json(),
    }
    name = continuation(execution, progress.part).rpartition(":")[2]
    try:
        states.start_execution(stateMachineArn=machine, name=name, input=json.dumps(state))
    except API_ERRORS as error:
        if call_fault(error).code != "ExecutionAlreadyExists":
            raise
    return replace(progress, status="continued")


def kind_of(request: SweepRequest) -> str:
    """Return what the names of executions begin with, by which they know each other."""
    return TAKE_BACK if request.take_back else WHOLE if request.is_whole else NARROW


def _plain(reason: str) -> str:
    """AWS: the name of an execution has at most 80 characters, few of them special."""
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in reason)[:30].strip("-") or "sweep"


def look(states: StepFunctions, execution: str) -> SweepExecution:
    """Return how far a sweep is, from the output of its execution or the last step that it took.

    If another execution continues the sweep, that execution is read.
    """
    described = states.describe_execution(executionArn=execution)
    state = json.loads(described.get("output") or "null") or _last_state(states, execution)
    state = state or json.loads(described["input"])
    progress = Progress.from_json(state.get("progress") or {})
    if progress.status == "continued":
        return look(states, continuation(execution, progress.part))
    return SweepExecution(
        execution,
        str(described["status"]),
        SweepRequest.from_json(state.get("request") or {}),
        progress,
        f"{described.get('error') or ''} {described.get('cause') or ''}".strip(),
        state.get("report") or {},
    )


def _last_state(states: StepFunctions, execution: str) -> Any:
    """Return what the last step that ended has handed on."""
    answer = states.get_execution_history(executionArn=execution, reverseOrder=True, maxResults=100)
    for event in answer["events"]:
        output = event.get("stateExitedEventDetails", {}).get("output")
        if output and "progress" in (state := json.loads(output)):
            return state
    return None


def last_unfinished(states: StepFunctions, machine: str) -> SweepExecution | None:
    """Return the newest sweep if it failed, timed out or was stopped by hand; None if it ended by itself."""
    answer = states.list_executions(stateMachineArn=machine, maxResults=1)
    if not answer["executions"]:
        return None
    newest = look(states, answer["executions"][0]["executionArn"])
    return newest if newest.status in ("FAILED", "TIMED_OUT", "ABORTED") else None


def last_waiting(states: StepFunctions, machine: str) -> SweepExecution | None:
    """Return the newest sweep that ended because a person has to agree; None if it is not among the last."""
    answer = states.list_executions(stateMachineArn=machine, statusFilter="SUCCEEDED", maxResults=LOOKED_AT)
    for execution in answer["executions"]:
        seen = look(states, execution["executionArn"])
        if seen.progress.status == "waiting":
            return seen
        if seen.request.is_whole and seen.progress.status in ("done", "withheld"):
            return None
    return None
