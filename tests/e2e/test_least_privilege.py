"""The deployed stack with IAM in force: what the derived policies allow, and what they do not."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hubtriage.aws.ledger.table import KEY
from hubtriage.localaws.deploy import DeploymentError
from hubtriage.localaws.findings import generate
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.support.acting import Clients, acting_as, answer_of, created_role, role_arn
from tests.support.deployed_stack import DeployedStack, built_stack, deployed_stack

pytestmark = pytest.mark.e2e

STACK = "hubtriage"
ANNOTATING = """\
rules:
  - id: annotated
    match: {ProductName: [Inspector]}
    update: {UserDefinedFields: {team: platform}}
  - id: weighed
    match: {ProductName: [Inspector]}
    update: {Criticality: 5}
"""
SUPPRESSING = f"""{ANNOTATING}\
  - id: accepted
    match: {{ProductName: [GuardDuty]}}
    ceiling: HIGH
    update: {{Workflow: {{Status: SUPPRESSED}}, Note: {{Text: Accepted.}}}}
"""


def _assembly(folder: Path, rules: str, **settings: Any) -> Path:
    (folder / "rules").mkdir()
    (folder / "rules" / "rules.yaml").write_text(rules)
    return built_stack(folder / "rules", folder / "out", **settings)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedStack]:
    """The stack with rules that suppress; findings are triaged already."""
    assembly = _assembly(tmp_path_factory.mktemp("suppressing"), SUPPRESSING)
    with deployed_stack(assembly, HubSettings.still(), auth=True) as stack:
        stack.import_findings(list(generate(60, seed=3, producers=("guardduty", "inspector"), touched=0)))
        stack.settle()
        yield stack


@pytest.fixture
def intruder(guarded: DeployedStack) -> Iterator[Clients]:
    """Somebody with the rights of the triage function, and nothing else."""
    with acting_as(guarded.cloud, role_arn(guarded.cloud, STACK, "TriageRole")) as client:
        yield client


def _statuses(stack: DeployedStack, product: str) -> set[str]:
    return {f["Workflow"]["Status"] for f in stack.findings().values() if f["ProductName"] == product}


def _identifiers(stack: DeployedStack, product: str) -> list[dict[str, str]]:
    finding = next(f for f in stack.findings().values() if f["ProductName"] == product)
    return [{"Id": finding["Id"], "ProductArn": finding["ProductArn"]}]


def _updating(hub: Any, identifiers: list[dict[str, str]], **update: Any) -> str:
    return answer_of(lambda: hub.batch_update_findings(FindingIdentifiers=identifiers, **update))


def test_what_the_rules_want_is_allowed(guarded: DeployedStack) -> None:
    assert _statuses(guarded, "GuardDuty") == {"SUPPRESSED"}
    assert _statuses(guarded, "Inspector") == {"NEW"}


# What to try; a name in braces stands for that output of the stack.
ELSEWHERE: dict[str, tuple[str, str, dict[str, Any]]] = {
    "list members of Security Hub": ("securityhub", "list_members", {}),
    "list automation rules": ("securityhub", "list_automation_rules", {}),
    "turn Security Hub off": ("securityhub", "disable_security_hub", {}),
    "change the mode": (
        "ssm",
        "put_parameter",
        {"Name": "{ModeParameterName}", "Value": "enforce", "Overwrite": True},
    ),
    "read another parameter": ("ssm", "get_parameter", {"Name": "/cdk-bootstrap/hnb659fds/version"}),
    "send to its own queue": ("sqs", "send_message", {"QueueUrl": "{QueueUrl}", "MessageBody": "forged"}),
    "empty its queue": ("sqs", "purge_queue", {"QueueUrl": "{QueueUrl}"}),
    "read dead letters": ("sqs", "receive_message", {"QueueUrl": "{DeadLetterQueueUrl}"}),
    "shut the intake": ("events", "disable_rule", {"Name": "{IntakeRuleName}"}),
    "start a sweep": ("stepfunctions", "start_execution", {"stateMachineArn": "{SweepArn}"}),
    "read the decision log": ("logs", "filter_log_events", {"logGroupName": "{LogGroupName}"}),
    "delete the decision log": ("logs", "delete_log_group", {"logGroupName": "{LogGroupName}"}),
    "change its code": ("lambda", "update_function_code", {"FunctionName": "{FunctionName}", "ZipFile": b""}),
    "list functions": ("lambda", "list_functions", {}),
    "become a redrive": (
        "sts",
        "assume_role",
        {"RoleArn": "{RedriveRoleArn}", "RoleSessionName": "intruder"},
    ),
    "list roles": ("iam", "list_roles", {}),
    "list buckets": ("s3", "list_buckets", {}),
    "list secrets": ("secretsmanager", "list_secrets", {}),
    "read the whole ledger": ("dynamodb", "scan", {"TableName": "{LedgerTableName}"}),
    "delete the ledger": ("dynamodb", "delete_table", {"TableName": "{LedgerTableName}"}),
    "delete an entry": (
        "dynamodb",
        "delete_item",
        {"TableName": "{LedgerTableName}", "Key": {"k": {"S": "x"}}},
    ),
    "write past the conditions": (
        "dynamodb",
        "put_item",
        {"TableName": "{LedgerTableName}", "Item": {"k": {"S": "x"}}},
    ),
    "pause its own intake": (
        "lambda",
        "update_event_source_mapping",
        {"UUID": "00000000-0000-0000-0000-000000000000", "Enabled": False},
    ),
    "send alarms": ("sns", "publish", {"TopicArn": "{AlarmTopicArn}", "Message": "all is well"}),
    "give notices": ("sns", "publish", {"TopicArn": "{NoticesTopicArn}", "Message": "renew it"}),
}


def test_the_function_reaches_nothing_else(guarded: DeployedStack, intruder: Clients) -> None:
    def attempt(service: str, operation: str, request: dict[str, Any]) -> str:
        known = {
            name: value.format_map(guarded.outputs) if isinstance(value, str) else value
            for name, value in request.items()
        }
        return answer_of(partial(getattr(intruder(service), operation), **known))

    assert {name: attempt(*each) for name, each in ELSEWHERE.items()} == dict.fromkeys(ELSEWHERE, "denied")


def test_the_function_reads_findings_of_its_own_region_only(
    guarded: DeployedStack, intruder: Clients
) -> None:
    regions = (guarded.cloud.region, "us-east-1")
    answers = [answer_of(intruder("securityhub", region).get_findings) for region in regions]
    assert answers == ["allowed", "denied"]


OTHERS = {
    "the sweep": "SweepStepRole",
    "what hands back": "HandBackRole",
    "what starts sweeps": "SweepDeployedRole",
    "the clock of the sweep": "SweepClockRole",
    "the breaker": "BreakerRole",
    "the guard of the ledger": "LedgerGuardRole",
    "a redrive": "IntakeRedrive",
}


def test_no_other_role_of_the_stack_changes_findings(guarded: DeployedStack) -> None:
    answers = {}
    for name, logical_id in OTHERS.items():
        with acting_as(guarded.cloud, role_arn(guarded.cloud, STACK, logical_id)) as client:
            one = _identifiers(guarded, "Inspector")
            answers[name] = _updating(client("securityhub"), one, Workflow={"Status": "SUPPRESSED"})
    assert answers == dict.fromkeys(OTHERS, "denied")


def test_only_the_sweep_gives_notices_and_it_sends_no_alarms(guarded: DeployedStack) -> None:
    answers = {}
    for name, logical_id in {"triage": "TriageRole", **OTHERS}.items():
        with acting_as(guarded.cloud, role_arn(guarded.cloud, STACK, logical_id)) as client:
            for topic in ("NoticesTopicArn", "AlarmTopicArn"):
                message = {"TopicArn": guarded.outputs[topic], "Message": "all is well"}
                answers[name, topic] = answer_of(partial(client("sns").publish, **message))
    allowed = {each for each, answer in answers.items() if answer == "allowed"}
    assert allowed == {("the sweep", "NoticesTopicArn"), ("the breaker", "AlarmTopicArn")}


def test_only_triage_and_the_sweep_read_the_ledger(guarded: DeployedStack) -> None:
    """The guard tries to write, but reads nothing."""
    wanted = {guarded.outputs["LedgerTableName"]: {"Keys": [{KEY: {"S": "x"}}]}}
    answers = {}
    for name, logical_id in {"triage": "TriageRole", **OTHERS}.items():
        with acting_as(guarded.cloud, role_arn(guarded.cloud, STACK, logical_id)) as client:
            read = partial(client("dynamodb").batch_get_item, RequestItems=wanted)
            answers[name] = answer_of(read)
    allowed = {name for name, answer in answers.items() if answer == "allowed"}
    assert allowed == {"triage", "the sweep"}


def test_only_the_rule_the_sweep_and_a_redrive_send_to_the_queue(guarded: DeployedStack) -> None:
    cloud = guarded.cloud
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    senders = {name: role_arn(cloud, STACK, logical_id) for name, logical_id in OTHERS.items()}
    senders["an administrator"] = created_role(cloud, "administrator", everything)
    event = json.dumps(_event(next(iter(guarded.findings().values()))))
    answers = {}
    for name, role in senders.items():
        with acting_as(cloud, role) as client:
            send = partial(client("sqs").send_message, QueueUrl=guarded.outputs["QueueUrl"])
            answers[name] = answer_of(partial(send, MessageBody=event))
    assert answers == {
        "the sweep": "allowed",
        "what hands back": "allowed",
        "a redrive": "allowed",
        "what starts sweeps": "denied",
        "the clock of the sweep": "denied",
        "the breaker": "denied",
        "the guard of the ledger": "denied",
        "an administrator": "denied",
    }
    guarded.settle()


@pytest.mark.parametrize("queue", ["DeadLetterQueueUrl", "UndeliveredQueueUrl"])
def test_nobody_sends_what_a_redrive_would_bring_in(guarded: DeployedStack, queue: str) -> None:
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    sender = created_role(guarded.cloud, f"sender-to-{queue}", everything)
    with acting_as(guarded.cloud, sender) as client:
        send = partial(client("sqs").send_message, QueueUrl=guarded.outputs[queue], MessageBody="forged")
        assert answer_of(send) == "denied"


def _event(finding: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": "0",
        "id": "00000000-0000-0000-0000-000000000000",
        "source": "aws.securityhub",
        "detail-type": "Security Hub Findings - Imported",
        "time": "2026-01-01T00:00:00Z",
        "detail": {"findings": [finding]},
    }


def test_an_event_by_another_rule_does_not_reach_the_queue(guarded: DeployedStack) -> None:
    events, sqs = guarded.cloud.client("events"), guarded.cloud.client("sqs")
    asked = sqs.get_queue_attributes(QueueUrl=guarded.outputs["QueueUrl"], AttributeNames=["QueueArn"])
    events.put_rule(Name="forging", EventPattern=json.dumps({"source": ["forger"]}))
    target = {"Id": "queue", "Arn": asked["Attributes"]["QueueArn"]}
    events.put_targets(Rule="forging", Targets=[target])
    received = len(_received(guarded))
    finding = next(f for f in guarded.findings().values() if f["ProductName"] == "Inspector")
    forged = _event({**finding, "ProductName": "GuardDuty"})
    events.put_events(
        Entries=[
            {"Source": "forger", "DetailType": forged["detail-type"], "Detail": json.dumps(forged["detail"])}
        ]
    )
    guarded.settle()
    assert len(_received(guarded)) == received


def _received(stack: DeployedStack) -> list[str]:
    """The function's lines of metrics: one for each batch."""
    return [
        line for line in stack.cloud.log_messages(stack.outputs["LogGroupName"]) if "FindingsReceived" in line
    ]


@pytest.fixture(scope="module")
def annotating(guarded: DeployedStack, tmp_path_factory: pytest.TempPathFactory) -> DeployedStack:
    """The stack after another deployment, with rules that hide nothing."""
    assembly = _assembly(tmp_path_factory.mktemp("annotating"), ANNOTATING, never="Confidence")
    guarded.redeploy(assembly)
    guarded.settle()
    return guarded


def test_taking_back_works_under_the_policy_of_rules_that_hide_nothing(annotating: DeployedStack) -> None:
    assert _statuses(annotating, "GuardDuty") == {"NEW"}
    assert {line["outcome"] for line in annotating.decisions()} == {"updated"}


def _statuses_allowed(hub: Any, identifiers: list[dict[str, str]]) -> set[str]:
    """The workflow statuses that somebody may set, also beside a note."""
    note = {"Text": "n", "UpdatedBy": "u"}
    alone, beside = (
        {
            status
            for status in ("NEW", "NOTIFIED", "SUPPRESSED", "RESOLVED")
            if _updating(hub, identifiers, Workflow={"Status": status}, **others) == "allowed"
        }
        for others in ({}, {"Note": note})
    )
    assert alone == beside
    return alone


def test_suppressing_is_denied_where_no_rule_suppresses(annotating: DeployedStack, intruder: Clients) -> None:
    """What taking back and following the provider need stays allowed, also where no rule sets it."""
    hub, one = intruder("securityhub"), _identifiers(annotating, "GuardDuty")
    assert _statuses_allowed(hub, one) == {"NEW", "NOTIFIED", "RESOLVED"}
    beyond_the_rules: tuple[dict[str, Any], ...] = (
        {"Severity": {"Label": "INFORMATIONAL"}},
        {"VerificationState": "FALSE_POSITIVE"},
        {"Criticality": 5},
    )
    assert {_updating(hub, one, **update) for update in beyond_the_rules} == {"allowed"}
    assert _updating(hub, one, Confidence=5) == "denied"
    annotating.settle()


def test_a_field_in_which_the_ledger_holds_something_cannot_be_forbidden(
    annotating: DeployedStack, intruder: Clients, tmp_path: Path
) -> None:
    """IAM would freeze what the rule has set. The deployment ends before the role is changed."""
    taken_out = ANNOTATING.replace("update: {Criticality: 5}", "update: {Note: {Text: heavy}}")
    with pytest.raises(DeploymentError, match=r"fields of `never` .*: Criticality \(\d+\)"):
        annotating.redeploy(_assembly(tmp_path, taken_out, never="Criticality"))
    hub, one = intruder("securityhub"), _identifiers(annotating, "GuardDuty")
    assert _updating(hub, one, Criticality=5) == "allowed"
    assert _updating(hub, one, Confidence=5) == "denied"


def test_a_field_in_never_is_denied_in_all_its_spellings_but_the_workflow_can_be_reopened(
    annotating: DeployedStack, intruder: Clients, tmp_path: Path
) -> None:
    annotating.redeploy(_assembly(tmp_path, ANNOTATING, never="Severity.Label,Workflow.Status"))
    annotating.settle()
    hub, one = intruder("securityhub"), _identifiers(annotating, "GuardDuty")
    severities = ({"Label": "LOW"}, {"Normalized": 1}, {"Product": 1.0}, {"Label": "LOW", "Normalized": 1})
    assert {_updating(hub, one, Severity=severity) for severity in severities} == {"denied"}
    assert _statuses_allowed(hub, one) == {"NEW", "RESOLVED"}
    assert _updating(hub, one, Confidence=5) == "allowed"
