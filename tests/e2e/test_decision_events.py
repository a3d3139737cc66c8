"""Decision events of the deployed stack, with IAM in force: what is on the bus, and who may put it there."""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import boto3
import pytest
from click.testing import CliRunner

from hubtriage.cli.main import cli
from hubtriage.localaws.findings import generate
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.support.acting import acting_as, answer_of, created_role, role_arn, session_of
from tests.support.buses import valid
from tests.support.deployed_stack import DeployedStack, built_stack, deployed_stack, drained, function_named

pytestmark = pytest.mark.e2e

BUS = "hubtriage-decisions"
RULES = """\
rules:
  - id: accepted
    owner: cloud-platform
    ticket: SEC-1
    match: {ProductName: [GuardDuty]}
    ceiling: CRITICAL
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}
"""
COUNT = 30


class Read:
    """A queue that a rule of its own hands everything on the bus."""

    def __init__(self, stack: DeployedStack) -> None:
        events, self._sqs = stack.cloud.client("events"), stack.cloud.client("sqs")
        self._url = self._sqs.create_queue(QueueName="reader")["QueueUrl"]
        asked = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        arn = asked["Attributes"]["QueueArn"]
        pattern = json.dumps({"source": ["hubtriage"], "detail": {"version": ["1"]}})
        events.put_rule(Name="reader", EventBusName=BUS, EventPattern=pattern)
        events.put_targets(Rule="reader", EventBusName=BUS, Targets=[{"Id": "queue", "Arn": arn}])

    def take(self) -> list[dict[str, Any]]:
        """The details that arrived since the last look; each fits the schema."""
        return [valid(json.loads(body)["detail"]) for body in drained(self._sqs, self._url, 1.0)]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedStack]:
    folder = tmp_path_factory.mktemp("events")
    (folder / "rules").mkdir()
    (folder / "rules" / "rules.yaml").write_text(RULES)
    assembly = built_stack(
        folder / "rules", folder / "out", decision_events="true", event_readers="444455556666"
    )
    with deployed_stack(assembly, HubSettings.still(), auth=True) as deployed:
        yield deployed


@pytest.fixture(scope="module")
def reader(stack: DeployedStack) -> Read:
    return Read(stack)


def test_the_stack_says_where_its_bus_is_and_who_may_read_it(stack: DeployedStack) -> None:
    assert stack.outputs["EventBusName"] == BUS
    policy = json.loads(stack.cloud.client("events").describe_event_bus(Name=BUS)["Policy"])
    (statement,) = policy["Statement"]
    assert "444455556666" in json.dumps(statement["Principal"])
    assert "events:PutEvents" not in statement["Action"]


def test_each_decision_arrives_once_it_is_done(stack: DeployedStack, reader: Read) -> None:
    reader.take()
    stack.import_findings(list(generate(COUNT, seed=3, producers=("guardduty",), touched=0)))
    stack.settle()
    hidden = {f["Id"] for f in stack.findings().values() if f["Workflow"]["Status"] == "SUPPRESSED"}
    told = [detail for detail in reader.take() if "finding" in detail]
    assert {detail["finding"]["id"] for detail in told if detail["kind"] == "hidden"} == hidden
    assert len({detail["id"] for detail in told}) == len(told)
    assert {(detail["rule"], detail["owner"], detail["ticket"]) for detail in told} == {
        ("accepted", "cloud-platform", "SEC-1")
    }


def test_a_person_and_the_breaker_and_a_sweep_are_told_of(
    stack: DeployedStack, reader: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in stack.cloud.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    reader.take()
    assert CliRunner().invoke(cli, ["mode", "observe"]).exit_code == 0
    assert CliRunner().invoke(cli, ["mode", "enforce"]).exit_code == 0
    stack.rest()
    event = {"alarmData": {"alarmName": "a", "state": {"value": "ALARM", "reason": "too much"}}}
    answer = stack.cloud.client("lambda").invoke(
        FunctionName=function_named(stack.cloud, "BreakerFunction"), Payload=json.dumps(event).encode()
    )
    assert "FunctionError" not in answer, answer["Payload"].read()
    operations = [detail for detail in reader.take() if "operation" in detail]
    switches = [each["operation"] for each in operations if each["kind"] == "mode-changed"]
    assert [(each["from"], each["to"], each["by"]) for each in switches] == [
        ("enforce", "observe", "person"),
        ("observe", "enforce", "person"),
        ("enforce", "reopen", "breaker"),
    ]
    (swept,) = [each["operation"] for each in operations if each["kind"] == "sweep-finished"]
    assert (swept["reason"], swept["status"]) == ("mode", "done")


@pytest.mark.parametrize("role", ["TriageRole", "BreakerRole", "SweepStepRole", "SweepDeployedRole"])
def test_a_function_puts_events_on_this_bus_and_does_nothing_else_there(
    stack: DeployedStack, role: str
) -> None:
    entry = {"Source": "hubtriage", "DetailType": "Triage Decision", "Detail": "{}"}
    tried: dict[str, tuple[str, dict[str, Any]]] = {
        "put on its bus": ("put_events", {"Entries": [entry | {"EventBusName": BUS}]}),
        "put elsewhere": ("put_events", {"Entries": [entry | {"EventBusName": "default"}]}),
        "delete the bus": ("delete_event_bus", {"Name": BUS}),
        "open the bus": (
            "put_permission",
            {"EventBusName": BUS, "Action": "events:PutEvents", "Principal": "*", "StatementId": "x"},
        ),
        "read along": ("put_rule", {"Name": "x", "EventBusName": BUS, "EventPattern": '{"source": ["x"]}'}),
        "silence a reader": ("disable_rule", {"Name": "reader", "EventBusName": BUS}),
    }
    with acting_as(stack.cloud, role_arn(stack.cloud, "hubtriage", role)) as client:
        events = client("events")
        found = {
            name: answer_of(partial(getattr(events, operation), **request))
            for name, (operation, request) in tried.items()
        }
    assert found == dict.fromkeys(tried, "denied") | {"put on its bus": found["put on its bus"]}
    assert found["put on its bus"] != "denied"


def test_doctor_examines_the_bus(stack: DeployedStack, reader: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in stack.cloud.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    done = CliRunner().invoke(cli, ["doctor", "--json"])
    checks = {check["check"]: check for check in json.loads(done.stdout)["checks"]}
    assert (checks["events"]["status"], checks["events"]["data"]["rules"]) == ("ok", 1)


def test_a_person_without_the_right_switches_all_the_same(
    stack: DeployedStack, reader: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = {"Effect": "Allow", "Resource": "*", "Action": ["ssm:*", "cloudformation:*", "cloudwatch:*"]}
    role = created_role(stack.cloud, "operator", allowed)
    for name, value in (stack.cloud.environment | session_of(stack.cloud, role)).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    done = CliRunner().invoke(cli, ["mode", "observe"])
    assert done.exit_code == 0
    assert "-> observe" in done.stdout
    assert "its event is not put: AccessDenied" in done.stderr
