"""The breaker: an alarm on what triage hides and takes back switches it to `observe`, and says so."""

from collections.abc import Mapping
from typing import Any, Protocol

import botocore.session
from aws_lambda_powertools.logging import Logger

from hubtriage.aws.logger import logger as make_logger

TRIPPED = "ALARM"
SUBJECT_LENGTH = 100  # AWS: characters of the subject of a message
RUNBOOK = "docs/operating.md"


class Parameters(Protocol):
    """botocore's client of Systems Manager, as far as it is used here."""

    def put_parameter(self, **request: Any) -> Any:
        """Set a parameter."""


class Topic(Protocol):
    """botocore's client of SNS, as far as it is used here."""

    def publish(self, **request: Any) -> Any:
        """Send a message to a topic."""


class Breaker:
    """What CloudWatch calls when the alarm changes its state. `parameter` is the stack's mode switch.

    An alarm that is over changes nothing: people decide when triage writes again. Whatever fails is raised,
    and Lambda calls again; doing all of it twice does no harm.
    """

    def __init__(
        self,
        parameters: Parameters,
        topics: Topic,
        stack: str,
        parameter: str,
        topic: str,
        logger: Logger,
        runbook: str = RUNBOOK,
    ) -> None:
        self._parameters = parameters
        self._topics = topics
        self._stack = stack
        self._parameter = parameter
        self._topic = topic
        self._logger = logger
        self._runbook = runbook

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Breaker":
        """Make the clients; raises KeyError when a setting is missing."""
        make = botocore.session.get_session().create_client
        return cls(
            make("ssm"),
            make("sns"),
            environment["HUBTRIAGE_STACK"],
            environment["HUBTRIAGE_MODE_PARAMETER"],
            environment["HUBTRIAGE_ALARM_TOPIC"],
            make_logger(environment.get("POWERTOOLS_SERVICE_NAME", "hubtriage"), "INFO"),
            environment.get("HUBTRIAGE_RUNBOOK", RUNBOOK),
        )

    def __call__(self, event: Mapping[str, Any], _context: object) -> dict[str, str]:
        """Switch off on an alarm; returns what was done. Raises botocore's errors."""
        alarm = event["alarmData"]
        state = alarm["state"]
        if state["value"] != TRIPPED:
            return {"done": "nothing"}
        self._parameters.put_parameter(Name=self._parameter, Value="observe", Type="String", Overwrite=True)
        told = {"alarm": alarm["alarmName"], "reason": str(state.get("reason", ""))}
        self._logger.error("breaker tripped", extra=told | {"mode": "observe"})
        self._topics.publish(
            TopicArn=self._topic,
            Subject=f"{self._stack}: breaker tripped, triage writes nothing"[:SUBJECT_LENGTH],
            Message=message(self._stack, told["reason"], self._runbook),
        )
        return {"done": "observe"}


def message(stack: str, reason: str, runbook: str) -> str:
    """What people are told, and what they can do."""
    return (
        f"Triage of stack {stack} hid or took back more findings in 5 minutes than its breaker-limit allows, "
        "so it was switched to observe: nothing is written any more, what was done stays.\n"
        f"{reason}\n\n"
        f"What it did: hubtriage logs --stack {stack}\n"
        f"When it is right, or the rule is corrected and deployed: hubtriage mode enforce --stack {stack} "
        "--budget N (N: the most findings that may change)\n"
        f"Runbook: {runbook}#the-breaker\n"
    )
