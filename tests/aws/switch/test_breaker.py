"""The breaker: what it does when its alarm goes off, and when the alarm is over."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aws_lambda_powertools.logging import Logger

from hubtriage.aws.decision_events.bus import EventNotPutError
from hubtriage.aws.decision_events.memory import DOWN, MemoryBus
from hubtriage.aws.switch.breaker import Breaker, BreakerConfig
from hubtriage.localaws.securityhub.inprocess import ManualClock
from tests.support.buses import NOW, detail_of

TRIPPED_TEXT = "2026-12-01T10:00:00.000+0000"
TRIPPED_AT = datetime(2026, 12, 1, 10, tzinfo=UTC)


class Service:
    """Takes requests, or fails."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.mode = "enforce"
        self.error: Exception | None = None
        self.since = TRIPPED_AT - timedelta(days=1)

    def put_parameter(self, **request: Any) -> None:
        self._take(request)

    def get_parameter(self, **request: Any) -> dict[str, Any]:
        assert request == {"Name": "/hubtriage/triage/mode"}
        return {"Parameter": {"Value": self.mode, "LastModifiedDate": self.since}}

    def publish(self, **request: Any) -> None:
        self._take(request)

    def _take(self, request: dict[str, Any]) -> None:
        if self.error is not None:
            raise self.error
        self.taken.append(request)


def alarm(state: str) -> dict[str, Any]:
    """As CloudWatch calls a function."""
    told = {"value": state, "reason": "Threshold Crossed: 3000.0 > 2000.0", "timestamp": TRIPPED_TEXT}
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


@pytest.fixture
def told(world: tuple[Breaker, Service, Service]) -> tuple[Breaker, Service, Service, MemoryBus]:
    """The same with decision events."""
    _breaker, parameters, topics = world
    bus = MemoryBus()
    config = BreakerConfig("triage", "/hubtriage/triage/mode", "arn:topic", event_bus="triage-decisions")
    breaker = Breaker(parameters, topics, config, Logger(service="triage"), bus, ManualClock(NOW))
    return breaker, parameters, topics, bus


Told = tuple[Breaker, Service, Service, MemoryBus]


def test_the_switch_is_an_event(told: Told) -> None:
    breaker, _parameters, _topics, bus = told
    breaker(alarm("ALARM"), None)
    (event,) = bus.events
    detail = detail_of(event)
    assert (event.detail_type, detail["kind"], detail["stack"]) == (
        "Triage Operation",
        "mode-changed",
        "triage",
    )
    assert detail["operation"] == {
        "from": "enforce",
        "to": "reopen",
        "by": "breaker",
        "who": None,
        "why": "Threshold Crossed: 3000.0 > 2000.0",
    }


@pytest.mark.parametrize("mode", ["reopen", "observe"])
def test_a_mode_that_the_breaker_did_not_change_is_no_event(told: Told, mode: str) -> None:
    breaker, parameters, _topics, bus = told
    parameters.mode = mode
    breaker(alarm("ALARM"), None)
    assert bus.events == []


def test_a_run_that_died_after_the_switch_is_made_up_for_by_the_next_one(told: Told) -> None:
    breaker, parameters, topics, bus = told
    topics.error = RuntimeError("killed")
    with pytest.raises(RuntimeError, match="killed"):
        breaker(alarm("ALARM"), None)
    topics.error, parameters.mode, parameters.since = None, "reopen", TRIPPED_AT + timedelta(seconds=1)
    assert breaker(alarm("ALARM"), None) == {"done": "reopen"}
    first, second = bus.events
    assert first.id == second.id
    assert len(topics.taken) == 1


def test_a_bus_that_is_down_keeps_no_one_from_being_told(
    told: Told, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    breaker, parameters, topics, bus = told
    bus.fault = DOWN
    with pytest.raises(EventNotPutError):
        breaker(alarm("ALARM"), None)
    assert ([put["Value"] for put in parameters.taken], len(topics.taken)) == (["reopen"], 1)
    assert "event not put" in caplog.messages
    assert "EventsNotPut" in capsys.readouterr().out


def test_a_time_that_cannot_be_read_is_not_guessed(told: Told) -> None:
    breaker, parameters, _topics, bus = told
    parameters.mode = "reopen"
    event = alarm("ALARM")
    event["alarmData"]["state"]["timestamp"] = "yesterday"
    breaker(event, None)
    assert bus.events == []
