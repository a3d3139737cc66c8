"""Let one sweep run at a time: the newest goes on, and the others end.

A sweep that takes everything back is the exception. While it runs, the intake is shut and every other sweep
ends by itself; only a newer sweep of its kind replaces it.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from hubtriage.aws.clock import Clock
from hubtriage.aws.securityhub.faults import API_ERRORS, Fault, call_fault
from hubtriage.aws.sweep.progress import Status

TAKE_BACK = "take-back"
"""What the names of executions that take everything back begin with."""


class Executions(Protocol):
    """boto3's client of Step Functions, as far as it is used here."""

    def list_executions(self, **request: Any) -> Mapping[str, Any]:
        """List executions of a state machine, the newest first."""

    def start_execution(self, **request: Any) -> Mapping[str, Any]:
        """Start a state machine."""


class RunLock:
    """Decides which of the running executions of a state machine may sweep.

    `continuation` is the execution that this one hands over to; it does not replace this one. `takes_back`
    says whether this one takes everything back. AWS: lists of executions lag a little. The list is read again
    every `every` seconds, so that two sweeps run side by side for seconds at most.
    """

    def __init__(
        self,
        states: Executions,
        machine: str,
        execution: str,
        clock: Clock,
        *,
        continuation: str = "",
        takes_back: bool = False,
        every: float = 5.0,
    ) -> None:
        self._states = states
        self._machine = machine
        self._execution = execution
        self._clock = clock
        self._continuation = continuation
        self._takes_back = takes_back
        self._every = every
        self._asked_at: float | None = None
        self._was_running = False

    def superseded(self) -> Status | None:
        """`superseded` if a newer execution runs or this one was stopped; asks AWS now and then."""
        now = self._clock.monotonic()
        if self._asked_at is not None and now - self._asked_at < self._every:
            return None
        self._asked_at = now
        newer, _older, runs = self._others()
        was_stopped = self._was_running and runs is False
        self._was_running = self._was_running or bool(runs)
        return "superseded" if newer or was_stopped else None

    def must_wait(self) -> bool:
        """Return whether an older execution still runs; it ends as soon as it notices this one."""
        newer, older, _runs = self._others()
        return not newer and bool(older)

    def _others(self) -> tuple[list[str], list[str], bool | None]:
        """(newer, older) running executions, and whether this one runs; None if AWS cannot say."""
        try:
            answer = self._states.list_executions(stateMachineArn=self._machine, statusFilter="RUNNING")
        except API_ERRORS as error:
            if call_fault(error).kind in (Fault.DENIED, Fault.REFUSED):
                raise
            return [], [], None
        running = sorted((item["startDate"], item["executionArn"]) for item in answer["executions"])
        arns = [arn for _start, arn in running]
        if self._execution not in arns:
            return [], [], False
        place = arns.index(self._execution)
        return list(filter(self._replaces, arns[place + 1 :])), arns[:place], True

    def _replaces(self, newer: str) -> bool:
        """Return whether a newer execution was asked for instead of this one."""
        is_of_a_kind = not self._takes_back or newer.rpartition(":")[2].startswith(TAKE_BACK)
        return newer != self._continuation and is_of_a_kind
