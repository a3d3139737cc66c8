"""The breaker: when too much is hidden or taken back, an alarm switches triage to `observe`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import botocore.session
from aws_lambda_powertools.logging import Logger

from hubtriage.aws.environment import EnvironmentConfig, setting, text
from hubtriage.aws.logger import logger as make_logger
from hubtriage.aws.switch.parameters import ParameterWriter

TRIPPED = "ALARM"
SUBJECT_LENGTH = 100  # AWS: characters of the subject of a message
RUNBOOK = "docs/operating.md"


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
    runbook: str = setting("HUBTRIAGE_RUNBOOK", text, "address of the page about alarms", RUNBOOK)


class Breaker:
    """What CloudWatch calls when the alarm changes its state.

    An alarm that is over changes nothing: people decide when triage writes again. Errors are raised, and
    Lambda calls again; a second run does no harm.
    """

    def __init__(
        self,
        parameters: ParameterWriter,
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
        """Switch off on an alarm; returns what was done. Raises botocore's errors."""
        alarm = event["alarmData"]
        state = alarm["state"]
        if state["value"] != TRIPPED:
            return {"done": "nothing"}
        self._parameters.put_parameter(
            Name=self._config.mode_parameter, Value="observe", Type="String", Overwrite=True
        )
        record = {"alarm": alarm["alarmName"], "reason": str(state.get("reason", ""))}
        self._logger.error("breaker tripped", extra=record | {"mode": "observe"})
        self._topics.publish(
            TopicArn=self._config.topic,
            Subject=f"{self._config.stack}: breaker tripped, triage writes nothing"[:SUBJECT_LENGTH],
            Message=message(self._config.stack, record["reason"], self._config.runbook),
        )
        return {"done": "observe"}


def message(stack: str, reason: str, runbook: str) -> str:
    """Return the message to people: what happened, and what they can do."""
    return (
        f"Triage of stack {stack} hid or took back more findings in 5 minutes than its breaker-limit allows, "
        "so it was switched to observe: nothing is written any more, what was done stays.\n"
        f"{reason}\n\n"
        f"What it did: hubtriage logs --stack {stack}\n"
        f"When it is right, or the rule is corrected and deployed: hubtriage mode enforce --stack {stack} "
        "--budget N (N: the most findings that may change)\n"
        f"Runbook: {runbook}#the-breaker\n"
    )
