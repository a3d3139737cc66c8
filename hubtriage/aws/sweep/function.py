"""The sweep Lambda: one invocation is one step of a sweep, between which the state machine waits."""

import json
import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import botocore.session

from hubtriage.aws.clock import Clock, SystemClock
from hubtriage.aws.logger import logger
from hubtriage.aws.securityhub.api import SecurityHubApi
from hubtriage.aws.securityhub.backoff import Backoff
from hubtriage.aws.securityhub.client import security_hub
from hubtriage.aws.securityhub.faults import API_ERRORS
from hubtriage.aws.securityhub.ratelimit import TokenBucket
from hubtriage.aws.securityhub.reading import Getter
from hubtriage.aws.sweep.config import SweepConfig
from hubtriage.aws.sweep.destination import Destination, DestinationError, QueueDestination, Sqs
from hubtriage.aws.sweep.intake import Events, IntakeRule
from hubtriage.aws.sweep.progress import CAREFUL_PAGES, Progress, Status
from hubtriage.aws.sweep.report import emit_step, report
from hubtriage.aws.sweep.request import SweepRequest
from hubtriage.aws.sweep.run_lock import Executions, RunLock
from hubtriage.aws.sweep.start import continuation, hand_over
from hubtriage.aws.sweep.walk import MOST_FAULTS, Pace, SweepDeniedError, SweepError, Walk
from hubtriage.aws.switch.mode import ModeSwitch, ModeUnreadableError, always_enforce
from hubtriage.aws.switch.parameters import ParameterReader
from hubtriage.aws.triage.config import TriageConfig
from hubtriage.aws.triage.events import SweepOrder
from hubtriage.engine.ruleset.ruleset import Ruleset, load_ruleset

FAILURES = (SweepDeniedError, DestinationError, ModeUnreadableError, *API_ERRORS)
"""What a step may fail of without dying: it returns how far it came."""
LONGEST_ERROR = 500
WAIT_FOR_LOCK = 5
"""Most seconds between two looks at whether the sweep before has ended, or the queue is empty."""
MOST_DEATHS = 8
"""Steps in a row that may die: the next finding is left out before, so the cause is another."""
MOST_SKIPPED = 20
"""Findings that a sweep leaves out before it fails."""
MOST_STEPS = 1000
"""Steps of one execution. AWS: it may have 25,000 events; a step has 9, and 4 more each time it fails."""


@dataclass(frozen=True, slots=True)
class Clients:
    """The services that a sweep talks to."""

    security_hub: SecurityHubApi
    sqs: Sqs
    states: Executions
    events: Events


class SweepFunction:
    """What the state machine calls. One instance per container: the budget of reads outlives a step."""

    def __init__(
        self,
        config: TriageConfig,
        sweep: SweepConfig,
        ruleset: Ruleset,
        clients: Clients,
        clock: Clock | None = None,
        read_mode: Callable[[], str] | None = None,
    ) -> None:
        self._config = config
        self._sweep = sweep
        self._ruleset = ruleset
        self._clients = clients
        self._clock = clock or SystemClock()
        self._switch = ModeSwitch(read_mode or always_enforce, self._clock.monotonic)
        self._backoff = Backoff(random.random)
        budget = TokenBucket.of_a_second(sweep.reads_per_second, self._clock)
        self._getter = Getter(clients.security_hub, budget, self._backoff, self._clock.monotonic)
        self._logger = logger(config.service, config.log_level)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "SweepFunction":
        """Read settings and rule set, and make the clients; raises as `TriageFunction.from_environment`."""
        config = TriageConfig.from_environment(environment)
        ruleset = load_ruleset(json.loads(Path(config.ruleset).read_bytes()))
        make = botocore.session.get_session().create_client
        clients = Clients(security_hub(), make("sqs"), make("stepfunctions"), make("events"))
        read_mode = ParameterReader(config.mode_parameter) if config.mode_parameter else None
        return cls(config, SweepConfig.from_environment(environment), ruleset, clients, read_mode=read_mode)

    def __call__(self, event: Mapping[str, Any], _context: object) -> dict[str, Any]:
        """Take one step. The event has `state` (request and progress), `execution` and `machine` (ARNs).

        `retries` of the event says how often this step died. Such a step is not simply taken again: what it
        may have done is counted first.

        Returns the next state, at the end with the `report`; also after a step that failed, so that it
        forgets nothing. Raises SweepRequestError, ProgressError, and SweepError if it fails for good.
        """
        request = SweepRequest.from_json(event["state"].get("request") or {})
        before = Progress.from_json(event["state"].get("progress") or {})
        before.status = "more"
        if before.reserved is None:
            before.reserved = 0
        step = _SweepStep(self, request, str(event["execution"]), str(event["machine"]))
        after = before.after_death() if event.get("retries") else step.take(before)
        after.steps += 1
        emit_step(before, after, self._config.namespace, self._config.service)
        summary = report(step.name, request, after, self._ruleset)
        self._log(summary, after)
        state = {"request": request.as_json(), "progress": after.as_json()}
        return state | ({"report": summary} if after.is_over else {})

    def walk(self, request: SweepRequest, queue: Destination) -> Walk:
        """Return what takes the steps of a sweep; without a budget the stack's hide limit holds."""
        return Walk(
            request,
            self._ruleset,
            self._config.engine_settings(),
            self._getter,
            queue,
            self._clock,
            self._sweep.pace,
            None if request.take_back or request.budget is not None else self._sweep.hide_limit,
        )

    def queue(self, order: SweepOrder) -> QueueDestination:
        """Return the queue that the sweep fills."""
        return QueueDestination(self._clients.sqs, self._sweep.queue, order, self._backoff, self._clock)

    def dead_letters(self, order: SweepOrder) -> int:
        """Return how many messages could not be triaged and wait for an operator."""
        url = self._sweep.dead_letters
        return QueueDestination(self._clients.sqs, url, order, self._backoff, self._clock).depth()

    @property
    def observes(self) -> bool:
        """Whether triage writes nothing. Raises ModeUnreadableError."""
        return self._switch.mode() == "observe"

    @property
    def pace(self) -> Pace:
        """How long the sweep waits for what."""
        return self._sweep.pace

    @property
    def intake(self) -> IntakeRule:
        """The rule that lets findings in."""
        return IntakeRule(self._clients.events, self._sweep.rule)

    @property
    def states(self) -> Executions:
        """The executions of the state machine."""
        return self._clients.states

    @property
    def clock(self) -> Clock:
        """The time."""
        return self._clock

    def warn(self, message: str, error: Exception) -> None:
        """Log what made a step fail."""
        self._logger.warning(message, exc_info=error)

    def _log(self, summary: Mapping[str, Any], progress: Progress) -> None:
        if not progress.is_over:
            self._logger.info("sweep goes on", extra=summary)
        elif progress.status in ("done", "continued", "superseded"):
            self._logger.info("sweep ended", extra=summary)
        else:
            self._logger.error("sweep ended", extra=summary)


class _SweepStep:
    """One step of a sweep, from its place among other sweeps to its progress."""

    def __init__(self, function: SweepFunction, request: SweepRequest, execution: str, machine: str) -> None:
        self.name = execution.rpartition(":")[2]
        self._function = function
        self._request = request
        self._execution = execution
        self._machine = machine
        self._order = SweepOrder(self.name, request.take_back, request.adopt)
        self._queue = function.queue(self._order)
        self._walk: Walk | None = None

    def take(self, before: Progress) -> Progress:
        """Go on from `before`, wait, or end; raises SweepError if it failed too often."""
        if before.faults > MOST_FAULTS:
            raise SweepError(before.error)
        if before.deaths > MOST_DEATHS:
            raise SweepError(f"{before.deaths} steps in a row died; {before.error}")
        if len(before.skipped) > MOST_SKIPPED:
            raise SweepError(f"more than {MOST_SKIPPED} findings were left out: {before.skipped[-1]}")
        try:
            return self._go_on(before)
        except FAILURES as error:
            return self._failed(before, error)

    def _failed(self, before: Progress, error: Exception) -> Progress:
        """Return the progress after a step that failed, to be taken again after a while."""
        after = before if self._walk is None else self._walk.failed_step(before)
        faults = after.faults + 1
        if isinstance(error, DestinationError) and error.refused:
            # One of the findings may be at fault: find it, page by page.
            after = replace(after, deaths=after.deaths + 1, careful=CAREFUL_PAGES)
        self._function.warn("sweep step failed", error)
        reason = f"{type(error).__name__}: {error}"[:LONGEST_ERROR]
        return replace(after, faults=faults, error=reason, wait=min(60, 2**faults), ended=None)

    def _go_on(self, before: Progress) -> Progress:
        run_lock, takes_back = self._run_lock(before), self._request.take_back
        if before.steps >= MOST_STEPS:
            return self._handed_over(before, run_lock)
        if status := self._obstacle(before):
            return self._ended(before, status)
        if before.started is None:
            if status := run_lock.superseded():
                return self._ended(before, status)
            if run_lock.must_wait():
                return self._waiting(before)
            if (left := self._time_to_settle(before)) > 0:
                return self._waiting(before, left)
        self._walk = self._function.walk(self._request, self._queue)
        after = self._walk.step(before, lambda: run_lock.superseded() or self._is_in_vain())
        return self._worked_off(before, after, run_lock) if takes_back else after

    def _obstacle(self, before: Progress) -> Status | None:
        """Return the status with which to end at once; in `observe` the intake is left alone."""
        is_open = self._function.intake.is_open()
        if is_open and before.shut:
            return "superseded"  # a person has opened it again
        if not is_open and not self._request.take_back:
            return "intake closed"
        return self._is_in_vain()

    def _is_in_vain(self) -> Status | None:
        """Return `observe` if nothing would be taken back, because triage ignores messages in that mode."""
        return "observe" if self._request.take_back and self._function.observes else None

    def _worked_off(self, before: Progress, after: Progress, run_lock: RunLock) -> Progress:
        """End a sweep that takes everything back, but only once all that it sent has been triaged."""
        if after.pages > before.pages:
            after.calm_since = None
        if after.status != "done":
            return after
        if status := run_lock.superseded():
            return self._ended(after, status)
        if (left := self._time_to_calm(after, self._function.pace.quiet)) > 0:
            return self._waiting(replace(after, status="more", ended=None), left)
        after.dead_letters = self._function.dead_letters(self._order)
        return self._ended(after, "dead letters" if after.dead_letters else "done")

    def _time_to_calm(self, progress: Progress, seconds: float) -> float:
        """Look at the queue; return how long it has still to stay empty until it was empty for `seconds`."""
        now = self._function.clock.now()
        if self._queue.depth():
            progress.calm_since = None
            return max(seconds, 1.0)
        if progress.calm_since is None:
            progress.calm_since = now
        return progress.calm_since + seconds - now

    def _time_to_settle(self, before: Progress) -> float:
        """Return the seconds until the first page may be read: by then earlier updates show.

        To take everything back, the intake is shut first. The time begins anew with every finding that still
        comes in: triage may hide it, and the sweep would not find it.
        """
        settle, now = self._function.pace.settle, self._function.clock.now()
        if self._request.take_back:
            if not before.shut:
                self._function.intake.shut()
                before.shut = True
            return self._time_to_calm(before, settle)
        if not self._request.settle:
            return 0.0
        if before.calm_since is None:
            before.calm_since = now
        return before.calm_since + settle - now

    def _run_lock(self, before: Progress) -> RunLock:
        function = self._function
        return RunLock(
            function.states,
            self._machine,
            self._execution,
            function.clock,
            continuation=continuation(self._execution, before.part),
            takes_back=self._request.take_back,
        )

    def _handed_over(self, before: Progress, run_lock: RunLock) -> Progress:
        """Continue the sweep in another execution, unless a newer sweep was started."""
        status = run_lock.superseded()
        if status is not None:
            return self._ended(before, status)
        return hand_over(self._function.states, self._machine, self._execution, self._request, before)

    def _ended(self, progress: Progress, status: Status) -> Progress:
        return replace(progress, status=status, ended=self._function.clock.now())

    def _waiting(self, progress: Progress, left: float = WAIT_FOR_LOCK) -> Progress:
        return replace(progress, wait=math.ceil(min(left, WAIT_FOR_LOCK, self._function.pace.wait)))
