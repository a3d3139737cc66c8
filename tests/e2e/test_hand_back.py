"""An analyst overrules, then hands back, by the command and by a Custom Action, with IAM in force."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner, Result

from hubtriage.cli.main import cli
from hubtriage.localaws.findings import generate
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.e2e.documented import statements
from tests.support.acting import acting_as, answer_of, created_role, session_of
from tests.support.deployed_stack import DeployedStack, built_stack, deployed_stack

pytestmark = pytest.mark.e2e

RULES = """\
rules:
  - id: accepted
    match: {ProductName: [GuardDuty]}
    ceiling: HIGH
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted., UpdatedBy: hubtriage}}
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedStack]:
    folder = tmp_path_factory.mktemp("handing-back")
    (folder / "rules").mkdir()
    (folder / "rules" / "rules.yaml").write_text(RULES)
    assembly = built_stack(folder / "rules", folder / "out", hand_back_action="handback")
    with deployed_stack(assembly, HubSettings.still(), auth=True) as made:
        made.import_findings(list(generate(8, seed=5, producers=("guardduty",), touched=0)))
        made.settle()
        yield made


@pytest.fixture(scope="module")
def analyst(stack: DeployedStack) -> str:
    """A role with the documented policy, and nothing else."""
    rights = statements("operating", "Handing findings back", stack.cloud.account)
    return created_role(stack.cloud, "Analyst", *rights)


@pytest.fixture
def reopened(stack: DeployedStack) -> tuple[str, str]:
    """A finding that triage had suppressed and that a person has reopened; (ProductArn, Id)."""
    found = next(f for f in stack.findings().values() if f["Workflow"]["Status"] == "SUPPRESSED")
    key = (found["ProductArn"], found["Id"])
    reopen(stack, key)
    return key


def reopen(stack: DeployedStack, key: tuple[str, str]) -> None:
    named = [{"ProductArn": key[0], "Id": key[1]}]
    stack.hub.batch_update_findings(FindingIdentifiers=named, Workflow={"Status": "NEW"})
    stack.settle()
    assert status(stack, key) == "NEW", "a person's decision stays"


def status(stack: DeployedStack, key: tuple[str, str]) -> str:
    return str(stack.findings()[key[1]]["Workflow"]["Status"])


def run_as(stack: DeployedStack, role: str, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    for name, value in {**stack.cloud.environment, **session_of(stack.cloud, role)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    return CliRunner().invoke(cli, ["hand-back", *arguments])


def last_decision(stack: DeployedStack, key: tuple[str, str]) -> dict[str, Any]:
    return [line for line in stack.decisions() if line["finding_id"] == key[1] and "hand_back" in line][-1]


def test_by_the_command_with_the_documented_policy(
    stack: DeployedStack,
    analyst: str,
    reopened: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (tmp_path / "rules.yaml").write_text(RULES)
    done = run_as(stack, analyst, monkeypatch, reopened[1], "--yes", "--rules", str(tmp_path))
    assert done.exit_code == 0, done.output
    assert "then Workflow.Status: NEW -> SUPPRESSED  accepted" in done.output
    stack.settle()
    assert status(stack, reopened) == "SUPPRESSED"
    line = last_decision(stack, reopened)
    assert line["hand_back"]["by"] == f"arn:aws:sts::{stack.cloud.account}:assumed-role/Analyst/intruder"
    assert line["handed_back"] == ["Workflow.Status"]


def test_by_the_custom_action_in_the_console(stack: DeployedStack, reopened: tuple[str, str]) -> None:
    actions = {
        each["Name"]: each["ActionTargetArn"] for each in stack.hub.describe_action_targets()["ActionTargets"]
    }
    arn = actions["Hand back to triage"]
    stack.cloud.control.choose(arn, reopened)
    stack.settle()
    assert status(stack, reopened) == "SUPPRESSED"
    assert last_decision(stack, reopened)["hand_back"]["by"] == arn


def test_another_custom_action_does_nothing(stack: DeployedStack, reopened: tuple[str, str]) -> None:
    arn = stack.hub.create_action_target(Name="Accept", Description="d", Id="accept")["ActionTargetArn"]
    before = len(stack.decisions())
    stack.cloud.control.choose(arn, reopened)
    stack.settle()
    assert status(stack, reopened) == "NEW"
    assert len(stack.decisions()) == before


def test_who_hands_back_can_do_nothing_else(
    stack: DeployedStack, analyst: str, reopened: tuple[str, str]
) -> None:
    with acting_as(stack.cloud, analyst) as client:
        url, table = stack.outputs["QueueUrl"], stack.outputs["LedgerTableName"]
        named = [{"ProductArn": reopened[0], "Id": reopened[1]}]
        tried = {
            "send to the queue": lambda: client("sqs").send_message(QueueUrl=url, MessageBody="forged"),
            "call triage": lambda: client("lambda").invoke(FunctionName=stack.outputs["FunctionName"]),
            "write the ledger": lambda: client("dynamodb").put_item(TableName=table, Item={"k": {"S": "x"}}),
            "update findings": lambda: client("securityhub").batch_update_findings(
                FindingIdentifiers=named, Workflow={"Status": "SUPPRESSED"}
            ),
        }
        assert {name: answer_of(call) for name, call in tried.items()} == dict.fromkeys(tried, "denied")


def test_without_a_right_to_call_it_nothing_is_handed_back(
    stack: DeployedStack, reopened: tuple[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rights = statements("operating", "Handing findings back", stack.cloud.account)
    role = created_role(stack.cloud, "Reader", *(each for each in rights if each["Sid"] != "HandBack"))
    done = run_as(stack, role, monkeypatch, reopened[1], "--yes", "--rules", str(tmp_path / "none"))
    assert done.exit_code == 1
    assert "AccessDenied" in done.output
