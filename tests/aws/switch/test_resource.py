"""The mode switch as CloudFormation has it made: once, and then left to people and to the breaker."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hubtriage.aws.custom_resource import PAUSES, CustomResources
from hubtriage.aws.decision_events.memory import DOWN, MemoryBus
from hubtriage.aws.switch.resource import SwitchResource
from hubtriage.localaws.securityhub.inprocess import ManualClock
from tests.support.buses import NOW, detail_of

NAME = "/hubtriage/hubtriage/mode"
TYPE = "Custom::HubtriageMode"


class Systems:
    """Systems Manager with at most one parameter, which denies the first calls."""

    def __init__(self, mode: str | None = None, denials: int = 0) -> None:
        self.mode = mode
        self.denials = denials

    def put_parameter(self, **request: Any) -> None:
        self._deny("PutParameter")
        if self.mode is not None and not request["Overwrite"]:
            raise _error("ParameterAlreadyExists", "PutParameter")
        self.mode = request["Value"]

    def delete_parameter(self, **_request: Any) -> None:
        self._deny("DeleteParameter")
        if self.mode is None:
            raise _error("ParameterNotFound", "DeleteParameter")
        self.mode = None

    def _deny(self, operation: str) -> None:
        self.denials -= 1
        if self.denials >= 0:
            raise _error("AccessDeniedException", operation)


def _error(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, operation)


def _answer(systems: Systems, kind: str, bus: MemoryBus | None = None) -> Mapping[str, Any]:
    told: list[Mapping[str, Any]] = []
    resources = {TYPE: SwitchResource(systems, lambda _seconds: None, bus, ManualClock(NOW))}
    CustomResources(resources, lambda _url, body: told.append(json.loads(body)))(
        {
            "RequestType": kind,
            "ResourceType": TYPE,
            "ResponseURL": "https://answer",
            "StackId": "s",
            "RequestId": "r",
            "LogicalResourceId": "l",
            "ResourceProperties": {
                "Name": NAME,
                "InitialMode": "enforce",
                "AllowedPattern": "^(a|b)$",
                "Stack": "s",
            },
        },
        None,
    )
    (answer,) = told
    assert answer["PhysicalResourceId"] == NAME
    return answer


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        pytest.param("Create", None, "enforce", id="a new stack begins in its initial mode"),
        pytest.param("Create", "observe", "observe", id="a switch that is there stays as it is"),
        pytest.param("Update", "observe", "observe", id="a deployment does not undo a stop"),
        pytest.param("Update", None, "enforce", id="a switch that somebody deleted is made again"),
        pytest.param("Delete", "observe", None, id="it goes with the stack"),
        pytest.param("Delete", None, None, id="one that is gone already may go"),
    ],
)
def test_switch(kind: str, before: str | None, after: str | None) -> None:
    systems = Systems(before)
    assert _answer(systems, kind)["Status"] == "SUCCESS"
    assert systems.mode == after


@pytest.mark.parametrize(
    ("denials", "status"),
    [
        pytest.param(len(PAUSES), "SUCCESS", id="a policy that takes a while is waited for"),
        pytest.param(len(PAUSES) + 1, "FAILED", id="a denial that stays fails the deployment"),
    ],
)
def test_a_call_that_is_denied(denials: int, status: str) -> None:
    answer = _answer(Systems(denials=denials), "Create")
    assert answer["Status"] == status
    assert ("AccessDeniedException" in answer["Reason"]) is (status == "FAILED")


@pytest.mark.parametrize(
    ("kind", "before", "events"),
    [
        pytest.param("Create", None, 1, id="a new stack's first mode is an event"),
        pytest.param("Update", None, 1, id="that of a switch that is made again too"),
        pytest.param("Create", "observe", 0, id="a switch that is there has not changed"),
        pytest.param("Update", "observe", 0, id="nor does a deployment change it"),
        pytest.param("Delete", "observe", 0, id="the bus goes with the stack"),
    ],
)
def test_the_first_mode_is_an_event(kind: str, before: str | None, events: int) -> None:
    bus = MemoryBus()
    assert _answer(Systems(before), kind, bus)["Status"] == "SUCCESS"
    assert len(bus.events) == events
    for event in bus.events:
        assert detail_of(event)["operation"] == {
            "from": None, "to": "enforce", "by": "deployment", "who": None, "why": None
        }  # fmt: skip


def test_a_deployment_does_not_fail_because_its_event_is_not_put() -> None:
    systems = Systems()
    answer = _answer(systems, "Create", MemoryBus(fault=DOWN))
    assert (answer["Status"], systems.mode) == ("SUCCESS", "enforce")
    assert "event not put" in answer["Reason"]


def test_a_repeated_call_for_the_same_request_has_the_same_event() -> None:
    bus = MemoryBus()
    for _time in range(2):
        _answer(Systems(), "Create", bus)
    assert len({event.id for event in bus.events}) == 1
