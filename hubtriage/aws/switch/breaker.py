"""The breaker: when too much is hidden, an alarm switches triage to `reopen`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import botocore.session
from aws_lambda_powertools.logging import Logger

from hubtriage.aws.decision_events.variables import BUS_VARIABLE
from hubtriage.aws.environment import EnvironmentConfig, setting, text
from hubtriage.aws.logger import logger as make_logger
from hubtriage.aws.switch.mode import ALLOWED_PATTERN
from hubtriage.aws.switch.parameters import ModeParameters

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
    ) -> None:
        self._parameters = parameters
        self._topics = topics
        self._config = config
        self._logger = logger

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Breaker":
        """Read the settings and make the clients; raises ConfigError."""
        config = BreakerConfig.from_environment(environment)
        make = botocore.session.get_session().create_client
        return cls(make("ssm"), make("sns"), config, make_logger(config.service, "INFO"))

    def __call__(self, event: Mapping[str, Any], _context: object) -> dict[str, str]:
        """Stop hiding on an alarm; returns what was done. Raises botocore's errors."""
        alarm = event["alarmData"]
        state = alarm["state"]
        if state["value"] != TRIPPED:
            return {"done": "nothing"}
        mode = self._stop_hiding()
        record = {"alarm": alarm["alarmName"], "reason": str(state.get("reason", ""))}
        self._logger.error("breaker tripped", extra=record | {"mode": mode})
        self._topics.publish(
            TopicArn=self._config.topic,
            Subject=f"{self._config.stack}: breaker tripped, triage hides nothing new"[:SUBJECT_LENGTH],
            Message=message(self._config.stack, mode, record["reason"], self._config.runbook),
        )
        return {"done": mode}

    def _stop_hiding(self) -> str:
        """Switch from `enforce` to `reopen`; returns the mode from now on."""
        name = self._config.mode_parameter
        mode = str(self._parameters.get_parameter(Name=name)["Parameter"]["Value"])
        if mode in _STANDS:
            return mode
        self._parameters.put_parameter(
            Name=name, Value="reopen", Type="String", AllowedPattern=ALLOWED_PATTERN, Overwrite=True
        )
        return "reopen"


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
