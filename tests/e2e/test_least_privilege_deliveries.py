"""What delivers decisions, with IAM in force: it opens tickets, sends messages, and can do nothing else."""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from hubtriage.aws.ledger.table import KEY
from tests.e2e.test_tickets import FAR, PRODUCT, finding, write_rules
from tests.support.acting import acting_as, answer_of, role_arn
from tests.support.delivering import DeliveringStack, delivering_stack

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeliveringStack]:
    folder = tmp_path_factory.mktemp("guarded")
    with delivering_stack(folder, write_rules(folder / "rules", FAR), auth=True) as stack:
        stack.cloud.control.plant([finding(number) for number in range(24)])
        stack.calm()
        yield stack


def test_tickets_are_opened_and_messages_sent(guarded: DeliveringStack) -> None:
    assert guarded.failures() == []
    assert len(guarded.issues()) == 12
    assert guarded.peers.stored("slack")["messages"]
    assert not any(depth for name, depth in guarded.cloud.queue_depths().items() if "Dead" in name)


def _item(group: str) -> dict[str, Any]:
    return {"group": {"S": group}, "item": {"S": "ticket"}}


ATTEMPTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "change a finding": (
        "securityhub",
        "batch_update_findings",
        {
            "FindingIdentifiers": [{"Id": "finding-00001", "ProductArn": PRODUCT}],
            "Workflow": {"Status": "SUPPRESSED"},
        },
    ),
    "read findings": ("securityhub", "get_findings", {}),
    "read the ledger": ("dynamodb", "scan", {"TableName": "{LedgerTableName}"}),
    "read an entry": (
        "dynamodb",
        "get_item",
        {"TableName": "{LedgerTableName}", "Key": {KEY: {"S": "x"}}},
    ),
    "read the whole table of tickets": ("dynamodb", "scan", {"TableName": "{TicketsTableName}"}),
    "write an item of another": (
        "dynamodb",
        "put_item",
        {"TableName": "{TicketsTableName}", "Item": _item("another#rule#group")},
    ),
    "read another secret": ("secretsmanager", "get_secret_value", {"SecretId": "hubtriage/other"}),
    "list secrets": ("secretsmanager", "list_secrets", {}),
    "announce a decision": (
        "events",
        "put_events",
        {
            "Entries": [
                {
                    "Source": "hubtriage",
                    "DetailType": "Triage Decision",
                    "Detail": "{{}}",
                    "EventBusName": "{EventBusName}",
                }
            ]
        },
    ),
    "send to the queue of findings": (
        "sqs",
        "send_message",
        {"QueueUrl": "{QueueUrl}", "MessageBody": "forged"},
    ),
    "change the mode": (
        "ssm",
        "put_parameter",
        {"Name": "{ModeParameterName}", "Value": "observe", "Overwrite": True},
    ),
}


@pytest.mark.parametrize("part", ["DeliveriesQueuecloudRole", "DeliveriesChannelsecchatRole"])
def test_it_can_do_nothing_else(guarded: DeliveringStack, part: str) -> None:
    guarded.cloud.client("secretsmanager").describe_secret(SecretId="hubtriage/jira")

    def filled(value: Any) -> Any:
        if isinstance(value, str):
            return value.format_map(guarded.outputs)
        if isinstance(value, dict):
            return {name: filled(each) for name, each in value.items()}
        return [filled(each) for each in value] if isinstance(value, list) else value

    with acting_as(guarded.cloud, role_arn(guarded.cloud, "hubtriage", part)) as client:

        def attempt(service: str, operation: str, request: dict[str, Any]) -> str:
            return answer_of(partial(getattr(client(service), operation), **filled(request)))

        assert {name: attempt(*each) for name, each in ATTEMPTS.items()} == dict.fromkeys(ATTEMPTS, "denied")


def test_each_reads_its_own_secret_and_items_alone(guarded: DeliveringStack) -> None:
    table = guarded.outputs["TicketsTableName"]
    own = {"DeliveriesQueuecloudRole": ("hubtriage/jira", "cloud"),
           "DeliveriesChannelsecchatRole": ("hubtriage/slack", "sec-chat")}  # fmt: skip
    for part in own:
        with acting_as(guarded.cloud, role_arn(guarded.cloud, "hubtriage", part)) as client:
            for other, (secret, name) in own.items():
                wanted = "allowed" if other == part else "denied"
                read = partial(client("secretsmanager").get_secret_value, SecretId=secret)
                item = partial(client("dynamodb").get_item, TableName=table, Key=_item(f"{name}#r#g"))
                assert (answer_of(read), answer_of(item)) == (wanted, wanted), (part, other)


def test_doctor_finds_them_ready(guarded: DeliveringStack) -> None:
    functions = guarded.cloud.client("lambda")
    for output, event in (("QueueFunctioncloud", {"tickets": "check"}),
                          ("ChannelFunctionsecDashchat", {"notify": "check"})):  # fmt: skip
        answer = functions.invoke(FunctionName=guarded.outputs[output], Payload=json.dumps(event).encode())
        said = json.loads(answer["Payload"].read())
        assert said["ready"], said
