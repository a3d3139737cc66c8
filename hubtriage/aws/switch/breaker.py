"""The breaker: when too much is hidden, an alarm switches triage to `reopen`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import botocore.session
from aws_lambda_powertools.logging import Logger

from hubtriage.aws.clock import Clock, SystemClock
from hubtriage.aws.decision_events.bus import EventBridgeBus, EventBus, EventNotPutError, eventbridge
from hubtriage.aws.decision_events.event import DecisionEvent
from hubtriage.aws.decision_events.operations import mode_changed
from hubtriage.aws.decision_events.putting import OperationEvents
from hubtriage.aws.decision_events.variables import BUS_VARIABLE
from hubtriage.aws.environment import EnvironmentConfig, setting, text
from hubtriage.aws.logger import logger as make_logger
from hubtriage.aws.switch.mode import ALLOWED_PATTERN
from hubtriage.aws.switch.parameters import ModeParameters

NAMESPACE = "hubtriage"
"""Of the metrics."""
TRIPPED = "ALARM"
SUBJECT_LENGTH = 100  # AWS: characters of the subject of a message


class Topic(Protocol):
    """botocore's client of SNS, as far as it is used here."""

    def publish(self, **request: Any) -> Any:
        """Send a message to a topic."""


@dataclass(frozen=True, slots=True)
class BreakerConfig(EnvironmentConfig):
    """What a deployment sets."""

    stack: str = setting("HUBTRIAGE_STACK", text, "the stack that the breaker belongs to")
    mode_parameter: str = setting("HUBTRIAGE_MODE_PARAMETER", text, "SSM parameter that holds the mode")
    topic: str = setting("HUBTRIAGE_ALARM_TOPIC", text, "ARN of the topic that alarms go to")
    service: str = setting("POWERTOOLS_SERVICE_NAME", text, "name in logs", "hubtriage")
    runbook: str = setting("HUBTRIAGE_RUNBOOK", text, "link to what to do when the breaker has tripped", "")
    event_bus: str = setting(
        BUS_VARIABLE,
        text,
        "EventBridge bus for decision events; without one, none is sent",
        "",
        explicit=False,
    )


class Breaker:
    """What CloudWatch calls when the alarm changes its state.

    An alarm that is over changes nothing: people decide when triage hides again. It leaves every mode but
    `enforce` as it is: `observe` is more of a stop. Errors are raised, and Lambda calls again; a second run
    does no harm.
    """

    def __init__(
        self,
        parameters: ModeParameters,
        topics: Topic,
        config: BreakerConfig,
        logger: Logger,
        bus: EventBus | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._parameters = parameters
        self._topics = topics
        self._config = config
        self._logger = logger
        self._clock = clock or SystemClock()
        self._events = OperationEvents(bus, config.stack, NAMESPACE, self._clock, self._fail)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Breaker":
        """Read the settings and make the clients; raises ConfigError."""
        config = BreakerConfig.from_environment(environment)
        make = botocore.session.get_session().create_client
        bus = EventBridgeBus(eventbridge, config.event_bus, SystemClock()) if config.event_bus else None
        return cls(make("ssm"), make("sns"), config, make_logger(config.service, "INFO"), bus)

    def __call__(self, event: Mapping[str, Any], _context: object) -> dict[str, str]:
        """Stop hiding on an alarm; returns what was done.

        Raises botocore's errors, and EventNotPutError once people know: the next run puts the same event.
        """
        alarm = event["alarmData"]
        state = alarm["state"]
        if state["value"] != TRIPPED:
            return {"done": "nothing"}
        mode, is_ours = self._stop_hiding(_moment(state))
        record = {"alarm": alarm["alarmName"], "reason": str(state.get("reason", ""))}
        self._logger.error("breaker tripped", extra=record | {"mode": mode})
        is_put = not is_ours or self._events.put(self._event(record, state))
        self._topics.publish(
            TopicArn=self._config.topic,
            Subject=f"{self._config.stack}: breaker tripped, triage hides nothing new"[:SUBJECT_LENGTH],
            Message=message(self._config.stack, mode, record["reason"], self._config.runbook),
        )
        if not is_put:
            raise EventNotPutError("mode-changed: the log says why")
        return {"done": mode}

    def _event(self, record: Mapping[str, str], state: Mapping[str, Any]) -> DecisionEvent:
        """Return the event of this alarm. A second run for the same alarm makes the same one."""
        now = self._clock.now()
        named_by = (record["alarm"], str(state.get("timestamp") or now))
        return mode_changed(
            self._config.stack,
            now,
            ("enforce", "reopen"),
            "breaker",
            None,
            record["reason"],
            named_by,
        )

    def _fail(self, text: str, error: Exception) -> None:
        self._logger.error(text, exc_info=error)

    def _stop_hiding(self, tripped: datetime | None) -> tuple[str, bool]:
        """Switch from `enforce` to `reopen`; returns the mode from now on, and whether this alarm set it.

        It did so too if the mode is `reopen` since the alarm: then a run before this one has failed.
        """
        name = self._config.mode_parameter
        parameter = self._parameters.get_parameter(Name=name)["Parameter"]
        mode, since = str(parameter["Value"]), parameter.get("LastModifiedDate")
        if mode in _STANDS:
            is_later = tripped is not None and since is not None and since >= tripped
            return mode, mode == "reopen" and is_later
        self._parameters.put_parameter(
            Name=name, Value="reopen", Type="String", AllowedPattern=ALLOWED_PATTERN, Overwrite=True
        )
        return "reopen", True


def _moment(state: Mapping[str, Any]) -> datetime | None:
    """Return when an alarm went off; None if that cannot be read. AWS: as 2026-12-01T10:00:00.000+0000."""
    try:
        return datetime.strptime(str(state["timestamp"]), "%Y-%m-%dT%H:%M:%S.%f%z")
    except (KeyError, ValueError):
        return None


_STANDS = {
    "reopen": "It stands at reopen now: nothing new is hidden; taking back and following providers go on.",
    "observe": "It stood at observe already, in which nothing is written, and was left so.",
}


def message(stack: str, mode: str, reason: str, runbook: str) -> str:
    """Return the message to people: what happened, and what they can do."""
    return (
        f"Triage of stack {stack} was to hide more findings in 5 minutes than its breaker-limit allows. "
        f"{_STANDS[mode]} What was hidden stays so.\n"
        f"{reason}\n\n"
        f"What it did: hubtriage logs --stack {stack}\n"
        f"When it is right, or the rule is corrected and deployed: hubtriage mode enforce --stack {stack} "
        "--budget N (N: the most findings that may change)\n"
        f"Runbook: {runbook or 'docs/operating.md, breaker-tripped'}\n"
    )
