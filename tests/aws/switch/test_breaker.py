"""The breaker: what it does when its alarm goes off, and when the alarm is over."""

from typing import Any

import pytest
from aws_lambda_powertools.logging import Logger

from hubtriage.aws.switch.breaker import Breaker, BreakerConfig


class Service:
    """Takes requests, or fails."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.error: Exception | None = None

    def put_parameter(self, **request: Any) -> None:
        self._take(request)

    def publish(self, **request: Any) -> None:
        self._take(request)

    def _take(self, request: dict[str, Any]) -> None:
        if self.error is not None:
            raise self.error
        self.taken.append(request)


def alarm(state: str) -> dict[str, Any]:
    """As CloudWatch calls a function."""
    told = {"value": state, "reason": "Threshold Crossed: 3000.0 > 2000.0"}
    return {"source": "aws.cloudwatch", "alarmData": {"alarmName": "triage-breaker", "state": told}}


@pytest.fixture
def world() -> tuple[Breaker, Service, Service]:
    parameters, topics = Service(), Service()
    logger = Logger(service="triage")
    return (
        Breaker(parameters, topics, BreakerConfig("triage", "/hubtriage/triage/mode", "arn:topic"), logger),
        parameters,
        topics,
    )


def test_an_alarm_switches_to_observe_and_says_so(
    world: tuple[Breaker, Service, Service], caplog: pytest.LogCaptureFixture
) -> None:
    breaker, parameters, topics = world
    assert breaker(alarm("ALARM"), None) == {"done": "observe"}
    (put,) = parameters.taken
    assert (put["Name"], put["Value"], put["Overwrite"]) == ("/hubtriage/triage/mode", "observe", True)
    (told,) = topics.taken
    assert told["TopicArn"] == "arn:topic"
    assert told["Subject"] == "triage: breaker tripped, triage writes nothing"
    assert "3000.0 > 2000.0" in told["Message"]
    assert "hubtriage mode enforce --stack triage" in told["Message"]
    assert told["Message"].endswith("Runbook: docs/operating.md#the-breaker\n")
    assert caplog.messages == ["breaker tripped"]


@pytest.mark.parametrize("state", ["OK", "INSUFFICIENT_DATA"])
def test_what_is_over_changes_nothing(world: tuple[Breaker, Service, Service], state: str) -> None:
    breaker, parameters, topics = world
    assert breaker(alarm(state), None) == {"done": "nothing"}
    assert parameters.taken == topics.taken == []


def test_a_switch_that_cannot_be_set_is_tried_again_by_lambda(
    world: tuple[Breaker, Service, Service],
) -> None:
    breaker, parameters, _topics = world
    parameters.error = RuntimeError("throttled")
    with pytest.raises(RuntimeError, match="throttled"):
        breaker(alarm("ALARM"), None)


def test_triage_is_off_even_if_nobody_can_be_told(world: tuple[Breaker, Service, Service]) -> None:
    breaker, parameters, topics = world
    topics.error = RuntimeError("no topic")
    with pytest.raises(RuntimeError, match="no topic"):
        breaker(alarm("ALARM"), None)
    assert [put["Value"] for put in parameters.taken] == ["observe"]
