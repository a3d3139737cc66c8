"""Let one sweep run at a time, and lose the work of none.

| runs already | a newer one of all findings | a newer one of some | a newer one takes all back |
|---|---|---|---|
| of all findings | ends: the newer one does its work | waits until that is done | ends |
| of some findings | ends | waits | ends |
| takes everything back | goes on; the newer one ends: the intake is shut | goes on | ends |
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from hubtriage.aws.clock import Clock
from hubtriage.aws.securityhub.faults import API_ERRORS, Fault, call_fault
from hubtriage.aws.sweep.progress import Status

TAKE_BACK = "take-back-"
"""What the names of executions that take everything back begin with."""
NARROW = "some-"
"""What the names of executions begin with that look at some findings only."""
WHOLE = ""
PART = "-part-"
"""What comes before the number in the name of an execution that continues another."""
_CONTINUES = re.compile(rf"{PART}\d+$")


class Executions(Protocol):
    """boto3's client of Step Functions, as far as it is used here."""

    def list_executions(self, **request: Any) -> Mapping[str, Any]:
        """List executions of a state machine, the newest first."""

    def start_execution(self, **request: Any) -> Mapping[str, Any]:
        """Start a state machine."""


@dataclass(frozen=True, slots=True)
class _Others:
    """The names of other executions that run, by whether they began later; `runs`: does this one?

    `runs` is None if AWS cannot say.
    """

    newer: tuple[str, ...] = ()
    older: tuple[str, ...] = ()
    runs: bool | None = None


class RunLock:
    """Decides which of the running executions of a state machine may sweep.

    `execution` is this one's ARN, and `kind` what the names of its kind begin with. AWS: lists of executions
    lag a little. The list is read again every `every` seconds, so that two sweeps run side by side for
    seconds at most.
    """

    def __init__(
        self,
        states: Executions,
        machine: str,
        execution: str,
        clock: Clock,
        *,
        kind: str = WHOLE,
        every: float = 5.0,
    ) -> None:
        self._states = states
        self._machine = machine
        self._execution = execution
        self._kind = kind
        self._clock = clock
        self._every = every
        self._asked_at: float | None = None
        self._was_running = False

    def stop_reason(self) -> Status | None:
        """Return `superseded` to end, `more` to wait for another sweep, or None; asks AWS now and then."""
        now = self._clock.monotonic()
        if self._asked_at is not None and now - self._asked_at < self._every:
            return None
        self._asked_at = now
        others = self._others()
        was_stopped = self._was_running and others.runs is False
        self._was_running = self._was_running or bool(others.runs)
        if was_stopped or any(self._yields_to(name) for name in others.newer):
            return "superseded"
        return "more" if any(self._waits_for(name) for name in others.newer) else None

    def has_older(self) -> bool:
        """Return whether an older execution still runs; within seconds it ends, or waits for this one."""
        others = self._others()
        return not others.newer and bool(others.older)

    def _yields_to(self, newer: str) -> bool:
        if _CONTINUES.search(newer):
            return False  # it goes on with a sweep that is older than it looks
        if self._kind == TAKE_BACK:
            return newer.startswith(TAKE_BACK)
        return not newer.startswith(NARROW)

    def _waits_for(self, newer: str) -> bool:
        return newer.startswith(NARROW) and self._kind != TAKE_BACK

    def _others(self) -> _Others:
        try:
            answer = self._states.list_executions(stateMachineArn=self._machine, statusFilter="RUNNING")
        except API_ERRORS as error:
            if call_fault(error).kind in (Fault.DENIED, Fault.REFUSED):
                raise
            return _Others()
        running = sorted((item["startDate"], item["executionArn"]) for item in answer["executions"])
        arns = [arn for _start, arn in running]
        if self._execution not in arns:
            return _Others(runs=False)
        place = arns.index(self._execution)
        return _Others(tuple(map(_name, arns[place + 1 :])), tuple(map(_name, arns[:place])), runs=True)


def _name(execution: str) -> str:
    return execution.rpartition(":")[2]
