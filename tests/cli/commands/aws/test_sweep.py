"""`hubtriage sweep`: which sweep it starts, and from which ledger it decides here."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner, Result

from hubtriage.aws.ledger.former_roles import no_former_roles
from hubtriage.aws.ledger.ledger import Ledger
from hubtriage.aws.ledger.table import LEASE_VARIABLE, TABLE_VARIABLE
from hubtriage.aws.sweep.occasions.outset import Outset
from hubtriage.aws.sweep.progress import Progress
from hubtriage.cli import stack
from hubtriage.cli.commands.aws import sweep
from hubtriage.cli.inputs import ledger as inputs
from hubtriage.cli.main import cli
from tests.aws.sweep.test_by_rule import held_by
from tests.support.triage_world import NOW, ROLE, TriageWorld, finding, key

MACHINE = "arn:aws:states:eu-west-1:1:stateMachine:sweep"
OUTPUTS = {"SweepArn": MACHINE, "LedgerTableName": "hubtriage-ledger", "FunctionName": "triage"}


def execution(status: str, reason: str = "deploy", **request: Any) -> dict[str, Any]:
    """An execution that has ended so, of the rule set `then`."""
    progress = Progress(status, outset=Outset(objection="why" if status == "waiting" else ""))  # type: ignore[arg-type]
    output = {
        "request": {"reason": reason, **request},
        "progress": progress.as_json(),
        "report": {"ruleset": "then"},
    }
    return {"status": "SUCCEEDED", "input": "{}", "output": json.dumps(output)}


class SweptAccount:
    """An account with a stack: its executions, the newest first, and what was started."""

    def __init__(self, *executions: Mapping[str, Any]) -> None:
        self.executions = {f"{MACHINE}:{number}": each for number, each in enumerate(executions)}
        self.started: list[dict[str, Any]] = []

    def list_executions(self, **_request: Any) -> dict[str, Any]:
        return {"executions": [{"executionArn": arn} for arn in self.executions]}

    def describe_execution(self, **request: Any) -> Mapping[str, Any]:
        return self.executions.get(request["executionArn"]) or execution("done")

    def start_execution(self, **request: Any) -> dict[str, Any]:
        self.started.append(json.loads(request["input"])["request"])
        return {"executionArn": "arn:started"}


def run(monkeypatch: pytest.MonkeyPatch, account: SweptAccount, *arguments: str) -> Result:
    monkeypatch.setattr(sweep, "client", lambda _service: account)
    monkeypatch.setattr(sweep, "outputs", lambda _stack: OUTPUTS)
    return CliRunner().invoke(cli, ["sweep", *arguments])


def test_confirming_starts_the_sweep_that_waits_and_names_the_rules_that_it_waits_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account = SweptAccount(
        execution("done", "rule ended", scopes=["managed"], rules=["a"]),
        execution("waiting", changed=True, settle=True),
        execution("done"),
    )
    result = run(monkeypatch, account, "--confirm")
    assert result.exit_code == 0, result.stderr
    assert account.started == [{"reason": "deploy", "changed": True, "confirmed": "then"}]


@pytest.mark.parametrize(
    "executions",
    [
        pytest.param((), id="no sweep"),
        pytest.param((execution("done"), execution("waiting")), id="one that was made up for"),
        pytest.param((execution("superseded"),), id="one that was ended"),
    ],
)
def test_there_is_nothing_to_confirm(executions: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    account = SweptAccount(*executions)
    result = run(monkeypatch, account, "--confirm")
    assert (result.exit_code, account.started) == (1, [])
    assert "no sweep waits for a person" in result.stderr


@pytest.mark.parametrize("option", ["--dry-run", "--local", "--resume", "--take-back", "--budget=7"])
def test_a_sweep_is_confirmed_as_it_waits(option: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, SweptAccount(), "--confirm", option).exit_code == 2


class ReadStack:
    """CloudFormation, Lambda and STS of an account with a stack, or with none."""

    def __init__(self, outputs: Mapping[str, str] | None) -> None:
        self.outputs = outputs

    def describe_stacks(self, **request: Any) -> dict[str, Any]:
        if self.outputs is None:
            said = f"Stack with id {request['StackName']} does not exist"
            raise ClientError({"Error": {"Code": "ValidationError", "Message": said}}, "DescribeStacks")
        listed = [{"OutputKey": name, "OutputValue": value} for name, value in self.outputs.items()]
        return {"Stacks": [{"Outputs": listed}]}

    def get_function_configuration(self, **_request: Any) -> dict[str, Any]:
        return {"Role": ROLE, "Environment": {"Variables": {LEASE_VARIABLE: "900"}}}

    def get_caller_identity(self) -> dict[str, Any]:
        return {"Arn": "arn:aws:iam::000000000000:user/operator"}


def see(monkeypatch: pytest.MonkeyPatch, account: ReadStack) -> None:
    """Let commands see this account."""
    for module in (inputs, stack):
        monkeypatch.setattr(module, "client", lambda _service: account)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> TriageWorld:
    """A hub with a finding that a rule holds which the folder no longer has."""
    world = TriageWorld()
    world.hub.plant(finding(0, Workflow={"Status": "SUPPRESSED"}), NOW)
    world.ledger.write({key(0): replace(held_by("gone"), started=1.0, ended=2.0)})
    rule = {
        "id": "other",
        "match": {"GeneratorId": ["other"]},
        "update": {"Workflow": {"Status": "NOTIFIED"}},
    }
    (tmp_path / "rules.yaml").write_text(json.dumps({"rules": [rule]}))
    monkeypatch.delenv(TABLE_VARIABLE, raising=False)
    monkeypatch.setattr(inputs, "security_hub", lambda: world.api)
    monkeypatch.setattr(inputs, "dynamodb", lambda: None)
    monkeypatch.setattr(
        inputs, "DynamoLedger", lambda _client, table, _clock: UnmovedLedger(world.ledger) if table else None
    )
    return world


class UnmovedLedger:
    """A ledger for which no other role has written before."""

    former_roles = SimpleNamespace(read=no_former_roles)

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)


def decide_here(
    monkeypatch: pytest.MonkeyPatch, folder: Path, outputs: Mapping[str, str] | None, *arguments: str
) -> Result:
    see(monkeypatch, ReadStack(outputs))
    monkeypatch.setattr(sweep, "_mode_of", lambda _stack: lambda: "enforce")
    return CliRunner().invoke(cli, ["sweep", "--json", "--rules", str(folder), *arguments])


def test_a_dry_run_knows_what_the_stack_holds(
    here: TriageWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dict(here.ledger.items)
    result = decide_here(monkeypatch, tmp_path, OUTPUTS, "--dry-run")
    assert result.exit_code == 0, result.stderr
    report = json.loads(result.stdout)
    assert (report["taken_back"], report["changed"], report["dry_run"]) == (1, 1, True)
    assert (here.ledger.items, here.calls("BatchUpdateFindings")) == (before, 0)


def test_without_a_stack_a_dry_run_says_that_it_takes_findings_as_untouched(
    here: TriageWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = decide_here(monkeypatch, tmp_path, None, "--dry-run")
    assert (result.exit_code, json.loads(result.stdout)["changed"]) == (0, 0)
    assert "there is no stack hubtriage: findings count as if triage had never touched them" in result.stderr


@pytest.mark.parametrize("outputs", [None, {"SweepArn": MACHINE}], ids=["no stack", "a stack of before"])
def test_nothing_is_swept_from_here_without_a_ledger(
    outputs: Mapping[str, str] | None, here: TriageWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = decide_here(monkeypatch, tmp_path, outputs, "--local", "--yes")
    assert (result.exit_code, here.calls("GetFindings")) == (1, 0)
    assert "stack hubtriage has no ledger" in result.stderr
    assert TABLE_VARIABLE in result.stderr


def test_a_sweep_from_here_takes_back_what_the_stack_holds_and_keeps_the_ledger(
    here: TriageWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = decide_here(monkeypatch, tmp_path, OUTPUTS, "--local", "--yes")
    assert result.exit_code == 0, result.stderr
    assert here.stored(0)["Workflow"]["Status"] == "NEW"
    assert here.entry(0).rules == ()


def test_the_environment_can_name_the_ledger(here: TriageWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TABLE_VARIABLE, "restored")
    see(monkeypatch, ReadStack(None))
    services = inputs.services_from_here("hubtriage", writes=True)
    assert (services.ledger.items, services.roles) == (here.ledger.items, ())  # type: ignore[attr-defined]
    see(monkeypatch, ReadStack(OUTPUTS))
    services = inputs.services_from_here("hubtriage", writes=True)
    assert (services.roles, services.lease) == ((ROLE,), 900.0)
