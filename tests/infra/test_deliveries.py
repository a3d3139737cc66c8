"""Channels and queues in the template: what they may do, what they get, and what is not there without."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from hubtriage.aws import deliveries
from hubtriage.aws.deliveries.numbers import DELIVERY_METRICS
from hubtriage.aws.deliveries.outputs import channel_functions, queue_functions
from hubtriage.engine.pattern import compile_pattern
from infra.alarm_texts import ALARM_TEXTS
from tests.infra.samples import DEPLOYMENTS

SETTINGS = DEPLOYMENTS["deliveries"].settings
DELIVERIES = Path(deliveries.__file__).parent
NAMES = (*SETTINGS["channels"], *SETTINGS["queues"])
OF_DELIVERIES = {name for name, text in ALARM_TEXTS.items() if text.feature == "deliveries"}


@pytest.fixture(scope="module")
def delivering(template_of: Any) -> dict[str, Any]:
    made: dict[str, Any] = template_of(SETTINGS)
    return made


def _all(template: Mapping[str, Any], kind: str, begin: str = "Deliveries") -> dict[str, Mapping[str, Any]]:
    return {
        name: item["Properties"]
        for name, item in template["Resources"].items()
        if item["Type"] == kind and name.startswith(begin)
    }


def _of(template: Mapping[str, Any], name: str, kind: str, part: str) -> Mapping[str, Any]:
    """The one resource of a channel or queue."""
    begin = f"Deliveries(Channel|Queue){name.replace('-', '')}{part}[0-9A-F]{{8}}$"
    (found,) = [each for key, each in _all(template, kind).items() if re.match(begin, key)]
    return found


def _statements(role: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    (policy,) = role["Policies"]
    return {item["Sid"]: item for item in policy["PolicyDocument"]["Statement"]}


def _actions(statement: Mapping[str, Any]) -> set[str]:
    actions = statement["Action"]
    return {actions} if isinstance(actions, str) else set(actions)


def _roles(template: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name in NAMES:
        yield name, _of(template, name, "AWS::IAM::Role", "Role")


def test_events_alone_make_no_channel_and_no_table(template_of: Any) -> None:
    template = template_of({"decision-events": True})
    kinds = [item["Type"] for name, item in template["Resources"].items() if name.startswith("Deliver")]
    assert kinds == []
    assert "TicketsTableName" not in template["Outputs"]


def test_what_delivers_can_reach_neither_security_hub_nor_the_ledger_nor_the_bus(
    delivering: Mapping[str, Any],
) -> None:
    (ledger,) = [name for name in delivering["Resources"] if name.startswith("LedgerTable")]
    for name, role in _roles(delivering):
        text = json.dumps(role)
        assert ledger not in text, name
        services = {action.split(":")[0] for each in _statements(role).values() for action in _actions(each)}
        expected = {"sqs", "dynamodb", "logs", "xray"}
        expected |= {"sns", "kms"} if name == "mail" else {"secretsmanager"}
        assert services == expected, name
    for policy in _all(delivering, "AWS::IAM::Policy", "").values():
        assert not re.search("Deliveries", json.dumps(policy)), "nothing adds to the roles"


def test_each_function_reads_its_own_queue_its_own_secret_and_its_own_items(
    delivering: Mapping[str, Any],
) -> None:
    for name, role in _roles(delivering):
        found = _statements(role)
        queue = json.dumps(found["ReadQueue"]["Resource"])
        assert re.search(rf"Deliveries(Channel|Queue){name.replace('-', '')}Queue", queue)
        for sid, statement in found.items():
            if any(action.startswith("dynamodb:") for action in _actions(statement)):
                keys = statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
                assert keys == [f"{name}#*"], sid
                assert "dynamodb:Scan" not in _actions(statement), "a scan has no leading keys"
        secret = {**SETTINGS["channels"], **SETTINGS["queues"]}[name].get("secret")
        if secret is None:
            assert "ReadSecret" not in found
        elif secret.startswith("arn:"):
            assert found["ReadSecret"]["Resource"] == secret
        else:
            assert json.dumps(found["ReadSecret"]["Resource"]).count(f":secret:{secret}-??????") == 1
        assert sum("Secret" in sid for sid in found) == (secret is not None)


def test_a_function_may_do_to_its_items_what_its_code_does(delivering: Mapping[str, Any]) -> None:
    for name, role in _roles(delivering):
        folder = "tickets" if name in SETTINGS["queues"] else "chat"
        files = [DELIVERIES / "limits.py", *(DELIVERIES / folder).rglob("*.py")]
        code = "".join(file.read_text(encoding="utf-8") for file in files)
        calls = {call.replace("_", "") for call in re.findall(r"client\.(\w+_item|query)\b", code)}
        allowed = {action.split(":")[1].lower() for action in _actions(_statements(role)["UseItems"])}
        assert allowed == calls, name


def test_the_settings_of_a_function_hold_no_more_than_the_file_says(delivering: Mapping[str, Any]) -> None:
    for name in NAMES:
        variables = _of(delivering, name, "AWS::Lambda::Function", "Function")["Environment"]["Variables"]
        document = json.loads(variables.get("CHANNEL") or variables["QUEUE"])
        chosen = {**SETTINGS["channels"], **SETTINGS["queues"]}[name]
        assert document.pop("name") == name
        assert {key: document[key] for key in chosen} == dict(chosen)
        assert set(variables) <= {
            "CHANNEL", "QUEUE", "TOPIC", "TICKETS_TABLE", "TICKETS_SCOPE",
            "POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE",
        }  # fmt: skip


EVENT = {
    "source": "hubtriage",
    "detail-type": "Triage Decision",
    "detail": {"kind": "hidden", "deliver": [{"to": "sec-chat", "as": "message"}, {"to": "cloud"}]},
}


@pytest.mark.parametrize(
    ("event", "wanted"),
    [
        pytest.param(EVENT, {"sec-chat", "cloud"}, id="what a rule asks for"),
        pytest.param(
            EVENT | {"detail": {"kind": "expires-soon", "deliver": []}},
            {"sec-chat"},
            id="an operation that a channel wants to hear of",
        ),
        pytest.param(
            EVENT | {"detail": {"kind": "refused", "deliver": []}}, {"soc"}, id="a kind of decision likewise"
        ),
        pytest.param(EVENT | {"source": "somebody"}, set(), id="another source"),
        pytest.param(EVENT | {"detail": {"kind": "hidden", "deliver": []}}, set(), id="nothing asked for"),
    ],
)
def test_each_channel_and_queue_gets_what_is_for_it(
    delivering: Mapping[str, Any], event: Mapping[str, Any], wanted: set[str]
) -> None:
    taken = set()
    for name in NAMES:
        rule = _of(delivering, name, "AWS::Events::Rule", "Rule")
        assert "EventBusName" in rule
        if compile_pattern(rule["EventPattern"])(event):
            taken.add(name)
    assert taken == wanted


def test_a_message_is_not_given_to_a_second_function_while_the_first_may_be_at_work(
    delivering: Mapping[str, Any],
) -> None:
    for name in NAMES:
        function = _of(delivering, name, "AWS::Lambda::Function", "Function")
        queue = _of(delivering, name, "AWS::SQS::Queue", "Queue")
        batches = _of(delivering, name, "AWS::Lambda::EventSourceMapping", "Batches")
        window = batches["MaximumBatchingWindowInSeconds"]
        assert queue["VisibilityTimeout"] >= 6 * function["Timeout"] + window
        assert batches["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert "DeliveriesDeadLetters" in json.dumps(queue["RedrivePolicy"])
        assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_queues_are_there_before_a_function_decides_for_them(delivering: Mapping[str, Any]) -> None:
    """A bus keeps no event: one that no rule takes is gone, and its ticket is never opened."""
    waited_for = {*_all(delivering, "AWS::Events::Rule"), *_all(delivering, "AWS::SQS::QueuePolicy")}
    for begin in ("TriageFunction", "SweepStep"):
        (function,) = [
            item
            for name, item in delivering["Resources"].items()
            if name.startswith(begin) and item["Type"] == "AWS::Lambda::Function"
        ]
        assert waited_for <= set(function["DependsOn"])


def test_only_its_rule_and_a_redrive_may_send_to_a_queue(delivering: Mapping[str, Any]) -> None:
    policies = _all(delivering, "AWS::SQS::QueuePolicy")
    assert len(policies) == len(NAMES) + 2
    for name, policy in policies.items():
        statements = {item.get("Sid"): item for item in policy["PolicyDocument"]["Statement"]}
        refusal = statements["RefuseOtherSenders"]
        assert (refusal["Effect"], refusal["Action"]) == ("Deny", "sqs:SendMessage")
        assert ("Condition" in refusal) == ("DeadLetters" not in name)


def test_queues_of_tickets_are_worked_on_by_the_clock_too(delivering: Mapping[str, Any]) -> None:
    rules = _all(delivering, "AWS::Events::Rule").items()
    scheduled = {name: rule for name, rule in rules if "ScheduleExpression" in rule}
    assert len(scheduled) == len(SETTINGS["queues"])
    assert {rule["ScheduleExpression"] for rule in scheduled.values()} == {"rate(5 minutes)"}


def test_the_table_outlives_the_stack_and_can_be_restored(delivering: Mapping[str, Any]) -> None:
    (table,) = [item for name, item in delivering["Resources"].items() if name.startswith("DeliveriesTable")]
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
    properties = table["Properties"]
    assert properties["TableName"] == "hubtriage-tickets"
    assert properties["DeletionProtectionEnabled"] is True
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}
    assert [index["IndexName"] for index in properties["GlobalSecondaryIndexes"]] == ["due"]


def test_a_table_of_before_can_be_used_again(template_of: Any) -> None:
    template = template_of(DEPLOYMENTS["own-key-deliveries"].settings)
    assert not _all(template, "AWS::DynamoDB::Table")
    assert template["Outputs"]["TicketsTableName"]["Value"] == "tickets-of-before"


def test_its_alarms_and_its_row_of_the_dashboard_come_with_the_first_channel(
    delivering: Mapping[str, Any], template: Mapping[str, Any]
) -> None:
    assert len(OF_DELIVERIES) == 6
    for made, expected in ((delivering, OF_DELIVERIES), (template, set())):
        alarms = _all(made, "AWS::CloudWatch::Alarm", "").values()
        names = {alarm["AlarmName"].removeprefix("hubtriage-") for alarm in alarms}
        assert names & OF_DELIVERIES == expected
        (page,) = _all(made, "AWS::CloudWatch::Dashboard", "").values()
        text = json.dumps(page)
        assert ("DecisionEvents" in text) == bool(expected)
        assert ("Decisions that are delivered" in text) == bool(expected)
        assert {name for name in DELIVERY_METRICS if name in text} == set(
            DELIVERY_METRICS if expected else ()
        )


def test_the_outputs_name_the_functions_of_channels_and_of_queues(delivering: Mapping[str, Any]) -> None:
    values = {key: json.dumps(output["Value"]) for key, output in delivering["Outputs"].items()}
    functions = channel_functions(values)
    assert set(functions) == set(SETTINGS["channels"])
    for name, arn in functions.items():
        assert f"DeliveriesChannel{name.replace('-', '')}Function" in arn
    of_queues = queue_functions(values)
    assert set(of_queues) == set(SETTINGS["queues"])
    for name, arn in of_queues.items():
        assert f"DeliveriesQueue{name.replace('-', '')}Function" in arn
