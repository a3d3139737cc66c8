"""A channel's function with clients of its own: table, secret, queue and topic are those of the local AWS."""

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from hubtriage.aws.deliveries.chat.function import ChatFunction
from hubtriage.aws.environment import ConfigError
from hubtriage.localaws.cloud import LocalCloud
from hubtriage.localaws.peers.faults import PeerFault
from hubtriage.localaws.peers.server import Peers, PeerServer
from hubtriage.localaws.peers.slack import SlackPeer, SlackSettings
from tests.aws.deliveries.test_items import TABLE, table_of
from tests.support.chat_world import CHANNEL, STACK, Invocation, decided, record

pytestmark = pytest.mark.e2e
SECRET = "hubtriage/slack"


def settings(kind: str = "slack", **changes: Any) -> str:
    """Return the settings of a channel as the stack writes them."""
    secret = None if kind == "email" else SECRET
    given: dict[str, Any] = {
        "name": CHANNEL,
        "kind": kind,
        "secret": secret,
        "daily-limit": 200,
        "about": [],
        "address": [],
    }
    return json.dumps({**given, **changes})


@pytest.fixture
def server() -> Iterator[PeerServer]:
    """Yield a double of Slack."""
    with PeerServer(Peers({"slack": SlackPeer})) as server:
        yield server


@pytest.fixture
def aws(
    running_cloud: LocalCloud, server: PeerServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, str]]:
    """Yield the environment of a function; its channel is a double of Slack."""
    table_of(running_cloud)
    for name, value in running_cloud.environment.items():
        monkeypatch.setenv(name, value)
    secrets = running_cloud.client("secretsmanager")
    value = json.dumps({"url": f"{server.url('slack')}{SlackSettings().path}"})
    secrets.create_secret(Name=SECRET, SecretString=value)
    yield {**os.environ, "CHANNEL": settings(), "TICKETS_TABLE": TABLE, "POWERTOOLS_SERVICE_NAME": STACK}
    secrets.delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)


def test_a_batch_is_sent_once_by_whichever_container(aws: dict[str, str], server: PeerServer) -> None:
    batch = {"Records": [record(decided(7000 + number)) for number in range(20)]}
    assert ChatFunction.from_environment(aws)(batch, Invocation())["batchItemFailures"] == []
    assert ChatFunction.from_environment(aws)(batch, Invocation("request-2"))["batchItemFailures"] == []
    [message] = server.peers.stored("slack")["messages"]
    assert message["title"] == "hubtriage: 20 hidden"


def test_the_channel_is_tried_out(aws: dict[str, str], server: PeerServer) -> None:
    said = ChatFunction.from_environment(aws)({"notify": "test"}, Invocation())
    assert said["sent"]
    assert len(server.peers.stored("slack")["messages"]) == 1


def test_a_missing_secret_and_a_missing_table_are_named(aws: dict[str, str]) -> None:
    unset = {**aws, "CHANNEL": settings(secret="hubtriage/none")}
    said = ChatFunction.from_environment(unset)({"notify": "test"}, Invocation())
    assert (said["failed"], said["reason"]) == (
        "secret",
        "the secret hubtriage/none cannot be read: ResourceNotFoundException",
    )
    said = ChatFunction.from_environment({**aws, "TICKETS_TABLE": "none"})({"notify": "test"}, Invocation())
    assert (said["failed"], said["reason"]) == ("table", "DynamoDB: ResourceNotFoundException")


def test_what_fails_comes_again_when_the_service_says(
    aws: dict[str, str], server: PeerServer, running_cloud: LocalCloud
) -> None:
    sqs = running_cloud.client("sqs")
    url = sqs.create_queue(QueueName="chat", Attributes={"VisibilityTimeout": "780"})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sqs.send_message(QueueUrl=url, MessageBody=record(decided(8000))["body"])
    [got] = sqs.receive_message(QueueUrl=url, AttributeNames=["ApproximateReceiveCount"])["Messages"]
    given = {
        "messageId": got["MessageId"],
        "receiptHandle": got["ReceiptHandle"],
        "body": got["Body"],
        "attributes": got["Attributes"],
        "eventSourceARN": arn,
    }
    server.peers.faults.add(PeerFault("status", status=503, retry_after=60))
    answer = ChatFunction.from_environment(aws)({"Records": [given]}, Invocation())
    assert answer == {"batchItemFailures": [{"itemIdentifier": got["MessageId"]}]}
    assert ChatFunction.from_environment(aws)({"Records": [given]}, Invocation()) == {"batchItemFailures": []}


def test_an_e_mail_goes_to_the_topic(aws: dict[str, str], running_cloud: LocalCloud) -> None:
    topic = running_cloud.client("sns").create_topic(Name="chat")["TopicArn"]
    sqs = running_cloud.client("sqs")
    url = sqs.create_queue(QueueName="mails")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    running_cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    function = ChatFunction.from_environment({**aws, "CHANNEL": settings("email"), "TOPIC": topic})
    batch = {"Records": [record(decided(9000))]}
    assert function(batch, Invocation()) == {"batchItemFailures": []}
    assert function({"notify": "test"}, Invocation())["sent"]
    got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=2)["Messages"]
    subjects = sorted(json.loads(each["Body"])["Subject"] for each in got)
    assert subjects == ["hubtriage: 1 hidden", "hubtriage: test message"]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"CHANNEL": "{"}, id="no JSON"),
        pytest.param({"CHANNEL": "[]"}, id="a list"),
        pytest.param({"CHANNEL": settings("pager")}, id="another kind"),
        pytest.param({"CHANNEL": '{"kind": "slack"}'}, id="no name"),
        pytest.param({"CHANNEL": settings("email")}, id="e-mail without a topic"),
        pytest.param({"TICKETS_TABLE": ""}, id="no table"),
    ],
)
def test_settings_that_cannot_be_used_end_the_start(aws: dict[str, str], changes: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        ChatFunction.from_environment({**aws, **changes})
