"""The sweep Lambda: one invocation is one step of a sweep, between which the state machine waits."""

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.session

from hubtriage.aws.api import SecurityHubApi
from hubtriage.aws.backoff import Backoff
from hubtriage.aws.client import security_hub
from hubtriage.aws.clock import Clock, SystemClock
from hubtriage.aws.config import Config
from hubtriage.aws.events import SweepOrder
from hubtriage.aws.logger import logger
from hubtriage.aws.ratelimit import TokenBucket
from hubtriage.aws.reading import Getter
from hubtriage.aws.sweep.config import SweepConfig
from hubtriage.aws.sweep.destination import Destination, QueueDestination, Sqs
from hubtriage.aws.sweep.intake import Events, Intake
from hubtriage.aws.sweep.progress import Progress
from hubtriage.aws.sweep.report import emit_step, report
from hubtriage.aws.sweep.request import SweepRequest
from hubtriage.aws.sweep.turn import Executions, Turn
from hubtriage.aws.sweep.walk import Walk
from hubtriage.engine.ruleset import Ruleset, load_ruleset

WAIT_FOR_TURN = 5
"""Seconds until a sweep looks again whether the one before it has ended, or the queue is empty."""


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
        config: Config,
        sweep: SweepConfig,
        ruleset: Ruleset,
        clients: Clients,
        clock: Clock | None = None,
    ) -> None:
        self._config = config
        self._sweep = sweep
        self._ruleset = ruleset
        self._clients = clients
        self._clock = clock or SystemClock()
        self._backoff = Backoff(random.random)
        budget = TokenBucket(sweep.reads_per_second, max(1.0, sweep.reads_per_second), self._clock)
        self._getter = Getter(clients.security_hub, budget, self._backoff, self._clock.monotonic)
        self._logger = logger(config.service, config.log_level)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "SweepFunction":
        """Read settings and rule set, and make the clients; raises as `TriageFunction.from_environment`."""
        config = Config.from_environment(environment)
        ruleset = load_ruleset(json.loads(Path(config.ruleset).read_bytes()))
        make = botocore.session.get_session().create_client
        clients = Clients(security_hub(), make("sqs"), make("stepfunctions"), make("events"))
        return cls(config, SweepConfig.from_environment(environment), ruleset, clients)

    def __call__(self, event: Mapping[str, Any], _context: object) -> dict[str, Any]:
        """Take one step. The event has `state` (request and progress), `execution` and `machine` (ARNs).

        Returns the next state. Raises SweepRequestError, ProgressError, SweepError, DestinationError and
        botocore's errors; the state machine then takes the step again.
        """
        request = SweepRequest.from_json(event["state"].get("request") or {})
        before = Progress.from_json(event["state"].get("progress") or {})
        before.status = "more"
        name = str(event["execution"]).rpartition(":")[2]
        turn = Turn(self._clients.states, event["machine"], event["execution"], self._clock)
        after = self._step(request, before, name, turn)
        emit_step(before, after, self._config.namespace, self._config.service)
        self._tell(name, request, after)
        return {"request": request.as_json(), "progress": after.as_json()}

    def _step(self, request: SweepRequest, before: Progress, name: str, turn: Turn) -> Progress:
        order = SweepOrder(name, request.take_back, request.adopt, request.is_declared)
        queue = QueueDestination(self._clients.sqs, self._sweep.queue, order, self._backoff, self._clock)
        is_first = before.started is None
        if is_first and turn.must_wait():
            return _waiting(before)
        if not request.take_back and not Intake(self._clients.events, self._sweep.rule).is_open():
            return self._ended(before, "intake closed")
        if is_first and request.take_back and not self._is_shut_off(queue):
            return _waiting(before)
        walk = Walk(
            request,
            self._ruleset,
            self._config.engine_settings(),
            self._getter,
            queue,
            self._clock,
            self._sweep.pace,
        )
        return walk.step(before, turn.superseded)

    def _is_shut_off(self, queue: Destination) -> bool:
        """Shut the intake; True once the findings that had come in by then are triaged."""
        Intake(self._clients.events, self._sweep.rule).shut()
        return queue.depth() == 0

    def _ended(self, progress: Progress, status: Any) -> Progress:
        ended = progress.copy()
        ended.status, ended.ended = status, self._clock.now()
        return ended

    def _tell(self, name: str, request: SweepRequest, progress: Progress) -> None:
        told = report(name, request, progress, self._ruleset)
        if not progress.is_over:
            self._logger.info("sweep goes on", extra=told)
        elif progress.status in ("done", "superseded"):
            self._logger.info("sweep ended", extra=told)
        else:
            self._logger.error("sweep ended", extra=told)


def _waiting(progress: Progress) -> Progress:
    waiting = progress.copy()
    waiting.wait = WAIT_FOR_TURN
    return waiting
