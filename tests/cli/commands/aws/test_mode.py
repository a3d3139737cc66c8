"""`hubtriage mode`: what it switches, and the sweep that goes with it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner, Result

from hubtriage.aws.switch.mode import parameter_name
from hubtriage.cli.commands.aws import mode, sweep
from hubtriage.cli.main import cli

OUTPUTS = {"SweepArn": "arn:aws:states:eu-west-1:1:stateMachine:sweep", "BreakerAlarmName": "breaker"}


class SwitchedAccount:
    """An account with a stack: its switch, its breaker's alarm, and the sweeps that were started."""

    def __init__(self, value: str) -> None:
        self.value = value
        self.name = parameter_name("hubtriage")
        self.alarm = "OK"
        self.sweeps = 0
        self.denied = False
        self.bus_denied = False
        self.events: list[tuple[str, dict[str, Any]]] = []

    def get_parameter(self, **request: Any) -> dict[str, Any]:
        if request["Name"] != self.name:
            raise ClientError({"Error": {"Code": "ParameterNotFound", "Message": "no"}}, "GetParameter")
        since = datetime(2026, 12, 1, tzinfo=UTC)
        return {"Parameter": {"Name": self.name, "Value": self.value, "LastModifiedDate": since}}

    def put_parameter(self, **request: Any) -> None:
        assert request["Name"] == self.name
        assert request["AllowedPattern"] == "^(enforce|reopen|observe)$"
        self.value = request["Value"]

    def describe_alarms(self, **_request: Any) -> dict[str, Any]:
        return {"MetricAlarms": [{"StateValue": self.alarm}]}

    def get_caller_identity(self) -> dict[str, str]:
        return {"Arn": "arn:aws:sts::111122223333:assumed-role/ops/eve"}

    def put_events(self, **request: Any) -> dict[str, Any]:
        if self.bus_denied:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "PutEvents")
        self.events += [(entry["EventBusName"], json.loads(entry["Detail"])) for entry in request["Entries"]]
        return {"Entries": [{"EventId": "e"} for _entry in request["Entries"]]}

    def start_execution(self, **request: Any) -> dict[str, Any]:
        if self.denied:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "StartExecution")
        self.sweeps += 1
        return {"executionArn": f"arn:execution:{request['name']}"}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> SwitchedAccount:
    account = SwitchedAccount("observe")
    monkeypatch.setattr(mode, "client", lambda _service, _config=None: account)
    monkeypatch.setattr(mode, "outputs", lambda _stack: OUTPUTS)
    return account


def switch(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["mode", *arguments])


@pytest.mark.parametrize(
    ("before", "wanted", "told", "sweeps"),
    [
        pytest.param("observe", "enforce", "observe -> enforce", 1, id="leaving observe starts a sweep"),
        pytest.param(
            "enforce",
            "enforce",
            "enforce, as before",
            1,
            id="enforce again starts one too: the first switch may have failed to",
        ),
        pytest.param("enforce", "observe", "enforce -> observe", 0, id="stopping starts none"),
        pytest.param("enforce", "reopen", "enforce -> reopen", 0, id="nor does hiding no more"),
        pytest.param("reopen", "enforce", "reopen -> enforce", 1, id="leaving reopen starts a sweep"),
        pytest.param(
            "observe", "reopen", "observe -> reopen", 1, id="what became too severe meanwhile is reopened"
        ),
    ],
)
def test_a_switch(before: str, wanted: str, told: str, sweeps: int, account: SwitchedAccount) -> None:
    account.value = before
    done = switch(wanted)
    assert (done.exit_code, account.value, account.sweeps) == (0, wanted, sweeps)
    assert done.output.startswith(told)


def test_a_sweep_that_cannot_be_started_is_told_and_made_up_for_by_the_same_command(
    account: SwitchedAccount,
) -> None:
    account.denied = True
    failed = switch("enforce")
    assert (failed.exit_code, account.value) == (1, "enforce")
    assert "no sweep was started: " in failed.stderr
    assert "hint: findings that arrived meanwhile wait for a sweep" in failed.stderr
    account.denied = False
    assert switch("enforce").exit_code == 0
    assert account.sweeps == 1


def test_nothing_is_switched_while_the_breakers_alarm_is_on(account: SwitchedAccount) -> None:
    account.alarm = "ALARM"
    assert switch("enforce").exit_code == 1
    assert (account.value, account.sweeps) == ("observe", 0)


STACK_SET = "StackSet-hubtriage-0a1b2c3d-0000-1111-2222-333344445555"


@pytest.fixture
def of_stack_set(account: SwitchedAccount, monkeypatch: pytest.MonkeyPatch) -> SwitchedAccount:
    """A stack that CloudFormation calls otherwise than its settings do."""
    named = {**OUTPUTS, "ModeParameterName": account.name}
    monkeypatch.setattr(
        "hubtriage.cli.stack.outputs_if_deployed", lambda stack: named if stack == STACK_SET else None
    )
    return account


def test_a_stack_of_a_stack_set_is_switched_by_the_name_in_its_outputs(of_stack_set: SwitchedAccount) -> None:
    assert switch("--stack", STACK_SET).stdout.startswith("observe: ")
    done = switch("--stack", STACK_SET, "enforce")
    assert (done.exit_code, of_stack_set.value) == (0, "enforce")


def test_a_stack_that_is_not_there_has_no_mode(of_stack_set: SwitchedAccount) -> None:
    done = switch("--stack", "another")
    assert (done.exit_code, of_stack_set.value) == (2, "observe")


def test_a_sweep_from_here_heeds_the_mode_of_a_stack_of_a_stack_set(
    of_stack_set: SwitchedAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It took the stack for one that is not there, and so for one in `enforce`."""
    monkeypatch.setattr(sweep, "client", lambda _service: of_stack_set)
    assert sweep._mode_of(STACK_SET)() == "observe"
    assert sweep._mode_of("another")() == "enforce"


@pytest.fixture
def with_bus(account: SwitchedAccount, monkeypatch: pytest.MonkeyPatch) -> SwitchedAccount:
    monkeypatch.setattr(mode, "outputs", lambda _stack: OUTPUTS | {"EventBusName": "hubtriage-decisions"})
    return account


def test_a_switch_is_an_event_that_names_the_person(with_bus: SwitchedAccount) -> None:
    assert switch("reopen").exit_code == 0
    ((bus, detail),) = with_bus.events
    assert (bus, detail["kind"], detail["stack"]) == ("hubtriage-decisions", "mode-changed", "hubtriage")
    assert detail["operation"] == {
        "from": "observe",
        "to": "reopen",
        "by": "person",
        "who": "arn:aws:sts::111122223333:assumed-role/ops/eve",
        "why": None,
    }


def test_a_switch_to_the_same_mode_is_no_event(with_bus: SwitchedAccount) -> None:
    assert switch("observe").exit_code == 0
    assert with_bus.events == []


def test_without_a_bus_nothing_is_put(account: SwitchedAccount) -> None:
    assert switch("reopen").exit_code == 0
    assert account.events == []


def test_an_event_that_cannot_be_put_does_not_undo_the_switch(with_bus: SwitchedAccount) -> None:
    with_bus.bus_denied = True
    done = switch("enforce")
    assert (done.exit_code, with_bus.value, with_bus.sweeps) == (0, "enforce", 1)
    assert "the mode is switched, but its event is not put: AccessDeniedException" in done.stderr
