"""The guard of the ledger: when it pauses the intake, when it resumes it, and what it leaves to people."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from aws_lambda_powertools.logging import Logger
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.aws.switch.ledger_guard import LedgerGuard, LedgerGuardConfig, mark_name

MAPPING, MARK = "11111111-2222-3333-4444-555555555555", mark_name("triage")
CONFIG = LedgerGuardConfig("triage-ledger", MAPPING, MARK, "triage")
UNREACHABLE = EndpointConnectionError(endpoint_url="https://dynamodb")


def refused(code: str, operation: str = "PutItem") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, operation)


class World:
    """A table, a mapping and a parameter; `dies_at` is the change before which the guard dies."""

    def __init__(self) -> None:
        self.trouble: Exception | None = None
        self.state = "Enabled"
        self.mark: str | None = None
        self.dies_at: int | None = None
        self.changes = 0

    def put_item(self, **request: Any) -> None:
        assert request["TableName"] == "triage-ledger"
        assert request["Item"] == {"k": {"S": "probe"}}
        assert request["ConditionExpression"] == "attribute_exists(#key)", "nothing is ever written"
        assert request["ExpressionAttributeNames"] == {"#key": "k"}
        raise self.trouble or refused("ConditionalCheckFailedException")

    def get_event_source_mapping(self, **request: Any) -> dict[str, str]:
        assert request == {"UUID": MAPPING}
        return {"State": self.state}

    def update_event_source_mapping(self, **request: Any) -> None:
        assert request.keys() == {"UUID", "Enabled"}
        assert request["UUID"] == MAPPING
        if self.state not in ("Enabled", "Disabled"):
            raise refused("ResourceInUseException", "UpdateEventSourceMapping")
        self._change()
        self.state = "Enabled" if request["Enabled"] else "Disabled"

    def get_parameter(self, **request: Any) -> dict[str, Any]:
        assert request == {"Name": MARK}
        if self.mark is None:
            raise refused("ParameterNotFound", "GetParameter")
        return {"Parameter": {"Value": self.mark}}

    def put_parameter(self, **request: Any) -> None:
        assert (request["Name"], request["Type"], request["Overwrite"]) == (MARK, "String", True)
        self._change()
        self.mark = request["Value"]

    def delete_parameter(self, **request: Any) -> None:
        assert request == {"Name": MARK}
        self._change()
        self.mark = None

    def _change(self) -> None:
        self.changes += 1
        if self.changes == self.dies_at:
            raise RuntimeError("killed")


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def guard(world: World) -> Callable[[], str]:
    made = LedgerGuard(world, world, world, CONFIG, Logger(service="triage"))
    return lambda: made({}, None)["done"]


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(UNREACHABLE, id="it cannot be reached"),
        pytest.param(refused("ResourceNotFoundException"), id="there is no such table"),
        pytest.param(refused("AccessDeniedException"), id="the key or a policy forbids it"),
        pytest.param(refused("ProvisionedThroughputExceededException"), id="it takes no more"),
        pytest.param(refused("InternalServerError"), id="the service fails"),
    ],
)
def test_a_ledger_that_takes_no_write_pauses_the_intake_until_it_does(
    world: World, guard: Callable[[], str], trouble: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    world.trouble = trouble
    assert [guard(), world.state] == ["paused", "Disabled"]
    assert [guard(), world.state] == ["paused", "Disabled"]
    world.trouble = None
    assert [guard(), world.state] == ["resumed", "Enabled"]
    assert [guard(), world.mark] == ["nothing", None]
    assert caplog.messages == ["intake paused", "intake resumed"]


def test_a_ledger_that_answers_is_left_alone(world: World, guard: Callable[[], str]) -> None:
    assert guard() == "nothing"
    assert world.changes == 0


def test_what_people_have_paused_stays_paused(world: World, guard: Callable[[], str]) -> None:
    world.state = "Disabled"
    assert guard() == "nothing"
    world.trouble = UNREACHABLE
    assert guard() == "nothing"
    world.trouble = None
    assert [guard(), world.state] == ["nothing", "Disabled"]


def test_a_mark_that_another_mapping_left_says_nothing(world: World, guard: Callable[[], str]) -> None:
    world.state, world.mark = "Disabled", "99999999-2222-3333-4444-555555555555"
    assert [guard(), world.state] == ["nothing", "Disabled"]


@pytest.mark.parametrize("state", ["Creating", "Enabling", "Disabling", "Updating"])
@pytest.mark.parametrize("trouble", [None, UNREACHABLE])
def test_a_mapping_that_is_changing_is_left_to_the_next_run(
    world: World, guard: Callable[[], str], state: str, trouble: Exception | None
) -> None:
    world.state, world.trouble = state, trouble
    assert [guard(), world.changes] == ["nothing", 0]


def test_only_what_the_guard_has_paused_is_counted(
    world: World, guard: Callable[[], str], capsys: pytest.CaptureFixture[str]
) -> None:
    world.trouble, world.state = UNREACHABLE, "Disabled"
    guard()
    assert capsys.readouterr().out == ""
    world.state = "Enabled"
    guard()
    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert (line["IntakePaused"], line["service"]) == ([1.0], "triage")
    assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "hubtriage"


def test_a_parameter_that_cannot_be_read_is_no_answer(world: World, guard: Callable[[], str]) -> None:
    def denied(**_request: Any) -> None:
        raise refused("AccessDeniedException", "GetParameter")

    world.get_parameter = denied  # type: ignore[method-assign, assignment]
    with pytest.raises(ClientError, match="AccessDenied"):
        guard()
    assert world.changes == 0


STEPS = st.lists(
    st.sampled_from(["run", "run that dies at once", "run that dies midway", "fails", "answers", "by hand"])
)


@given(STEPS)
def test_a_ledger_that_answers_ends_every_pause_but_those_of_people(steps: list[str]) -> None:
    world, by_hand = World(), False
    guard = LedgerGuard(world, world, world, CONFIG, Logger(service="triage"))
    for step in steps:
        world.dies_at = None
        match step:
            case "fails":
                world.trouble = UNREACHABLE
            case "answers":
                world.trouble = None
            case "by hand" if world.mark is None and world.state == "Enabled":
                world.state, by_hand = "Disabled", True
            case "run that dies at once" | "run that dies midway":
                world.dies_at = world.changes + (1 if step.endswith("once") else 2)
                with suppress(RuntimeError):
                    guard({}, None)
            case "run":
                guard({}, None)
        if world.state == "Disabled" and not by_hand:
            assert world.mark == MAPPING, "a pause is marked as long as it lasts"
    world.trouble, world.dies_at = None, None
    for _run in range(2):
        guard({}, None)
    assert (world.state, world.mark) == ("Disabled" if by_hand else "Enabled", None)
