"""Starts a sweep, and tells how it goes on: for the command line, a deployment, the mode switch."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from hubtriage.aws.sweep.progress import Progress
from hubtriage.aws.sweep.request import SweepRequest


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
class Sighting:
    """A sweep as Step Functions shows it: its status there, how far it is, and why it failed if it did."""

    execution: str
    status: str
    request: SweepRequest
    progress: Progress
    cause: str = ""

    @property
    def is_running(self) -> bool:
        """Whether it goes on."""
        return self.status == "RUNNING"


def start_sweep(
    states: StepFunctions, machine: str, request: SweepRequest, progress: Progress | None = None
) -> str:
    """Start a sweep on the state machine `machine` (ARN), and return the execution's ARN.

    A sweep that runs already ends as soon as it notices. With `progress` it goes on from there. Raises
    botocore's ClientError.
    """
    state: dict[str, Any] = {"request": request.as_json()}
    if progress is not None:
        state["progress"] = progress.as_json()
    name = f"{_plain(request.reason)}-{uuid.uuid4()}"
    answer = states.start_execution(stateMachineArn=machine, name=name, input=json.dumps(state))
    return str(answer["executionArn"])


def _plain(reason: str) -> str:
    """AWS: the name of an execution has at most 80 characters, few of them special."""
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in reason)[:40].strip("-") or "sweep"


def look(states: StepFunctions, execution: str) -> Sighting:
    """How an execution stands, from its own words: its output, or the last step that it took."""
    told = states.describe_execution(executionArn=execution)
    state = json.loads(told.get("output") or "null") or _last_state(states, execution)
    state = state or json.loads(told["input"])
    return Sighting(
        execution,
        str(told["status"]),
        SweepRequest.from_json(state.get("request") or {}),
        Progress.from_json(state.get("progress") or {}),
        f"{told.get('error') or ''} {told.get('cause') or ''}".strip(),
    )


def _last_state(states: StepFunctions, execution: str) -> Any:
    """What the last step that ended handed on."""
    answer = states.get_execution_history(executionArn=execution, reverseOrder=True, maxResults=100)
    for event in answer["events"]:
        output = event.get("stateExitedEventDetails", {}).get("output")
        if output and "progress" in (state := json.loads(output)):
            return state
    return None


def last_unfinished(states: StepFunctions, machine: str) -> Sighting | None:
    """The newest sweep, if it failed, timed out or was stopped by hand; None if it came to its end."""
    answer = states.list_executions(stateMachineArn=machine, maxResults=1)
    if not answer["executions"]:
        return None
    newest = look(states, answer["executions"][0]["executionArn"])
    return newest if newest.status in ("FAILED", "TIMED_OUT", "ABORTED") else None
