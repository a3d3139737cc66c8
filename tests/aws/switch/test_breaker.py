"""The breaker: what it does when its alarm goes off, and when the alarm is over."""

from typing import Any

import pytest
from aws_lambda_powertools.logging import Logger

from hubtriage.aws.switch.breaker import Breaker, BreakerConfig


class Service:
    """Takes requests, or fails."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.mode = "enforce"
        self.error: Exception | None = None

    def put_parameter(self, **request: Any) -> None:
        self._take(request)

    def get_parameter(self, **request: Any) -> dict[str, Any]:
        assert request == {"Name": "/hubtriage/triage/mode"}
        return {"Parameter": {"Value": self.mode}}

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


def test_an_alarm_switches_to_reopen_and_says_so(
    world: tuple[Breaker, Service, Service], caplog: pytest.LogCaptureFixture
) -> None:
    breaker, parameters, topics = world
    assert breaker(alarm("ALARM"), None) == {"done": "reopen"}
    (put,) = parameters.taken
    assert (put["Name"], put["Value"], put["Overwrite"]) == ("/hubtriage/triage/mode", "reopen", True)
    assert put["AllowedPattern"] == "^(enforce|reopen|observe)$", "an older stack's parameter has another one"
    (told,) = topics.taken
    assert told["TopicArn"] == "arn:topic"
    assert told["Subject"] == "triage: breaker tripped, triage hides nothing new"
    assert "3000.0 > 2000.0" in told["Message"]
    assert "hubtriage mode enforce --stack triage" in told["Message"]
    assert told["Message"].endswith("Runbook: docs/operating.md, breaker-tripped\n")
    assert caplog.messages == ["breaker tripped"]


@pytest.mark.parametrize("mode", ["reopen", "observe"])
def test_an_alarm_does_not_undo_a_stop_by_a_person(
    world: tuple[Breaker, Service, Service], mode: str
) -> None:
    breaker, parameters, topics = world
    parameters.mode = mode
    assert breaker(alarm("ALARM"), None) == {"done": mode}
    assert parameters.taken == []
    assert mode in topics.taken[0]["Message"]


def test_a_mode_that_is_none_is_no_stop(world: tuple[Breaker, Service, Service]) -> None:
    breaker, parameters, _topics = world
    parameters.mode = "Enforce"
    assert breaker(alarm("ALARM"), None) == {"done": "reopen"}


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
    assert [put["Value"] for put in parameters.taken] == ["reopen"]
