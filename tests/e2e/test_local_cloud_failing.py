"""What the local AWS does when things go wrong: refused events, dead letters that are moved, a restart."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hubtriage.localaws.cloud import LocalCloud, LocalCloudError
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.support.deployed_stack import drained

pytestmark = pytest.mark.e2e

REFUSAL = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}],
}


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloud]:
    with LocalCloud(HubSettings.still(), durable=True) as running:
        yield running


def _queue(cloud: LocalCloud, name: str, **attributes: str) -> tuple[str, str]:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return url, arn


def _finding(name: str) -> dict[str, Any]:
    return {"Id": name, "ProductArn": "arn:aws:securityhub:eu-central-1::product/aws/securityhub"}


def test_an_event_that_the_queue_refuses_goes_to_the_dead_letter_queue_of_the_target(
    cloud: LocalCloud,
) -> None:
    sqs, bus = cloud.client("sqs"), cloud.client("events")
    queue, arn = _queue(cloud, "wanted")
    refused, refused_arn = _queue(cloud, "refused")
    bus.put_rule(Name="all", EventPattern='{"source": ["aws.securityhub"]}')
    target = {"Id": "q", "Arn": arn, "DeadLetterConfig": {"Arn": refused_arn}}
    bus.put_targets(Rule="all", Targets=[target])
    cloud.control.plant([_finding("a")])
    cloud.wait_until_idle()
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(REFUSAL)})
    cloud.control.plant([_finding("b")])
    cloud.wait_until_idle()
    received = sqs.receive_message(QueueUrl=refused, MessageAttributeNames=["All"], VisibilityTimeout=0)
    said = received["Messages"][0]["MessageAttributes"]
    assert said["TARGET_ARN"]["StringValue"] == arn, "that is how it can be sent on"
    found = [[json.loads(body)["detail"]["findings"][0]["Id"] for body in drained(sqs, url)]
             for url in (queue, refused)]  # fmt: skip
    assert found == [["a"], ["b"]]
    bus.remove_targets(Rule="all", Ids=["q"])


def test_dead_letters_move_back_to_where_they_came_from_as_new_messages(cloud: LocalCloud) -> None:
    sqs = cloud.client("sqs")
    _dead, dead_arn = _queue(cloud, "dead")
    policy = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 1})
    queue, arn = _queue(cloud, "source", RedrivePolicy=policy, VisibilityTimeout="0")
    sent = sqs.send_message(QueueUrl=queue, MessageBody="poison")["MessageId"]
    sqs.receive_message(QueueUrl=queue)
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)
    sqs.start_message_move_task(SourceArn=dead_arn)
    (task,) = sqs.list_message_move_tasks(SourceArn=dead_arn)["Results"]
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 1)
    (message,) = sqs.receive_message(QueueUrl=queue, AttributeNames=["All"])["Messages"]
    assert (message["Body"], message["Attributes"]["ApproximateReceiveCount"]) == ("poison", "1")
    assert message["MessageId"] != sent
    with pytest.raises(ClientError, match="must be a dead letter queue"):
        sqs.start_message_move_task(SourceArn=arn)


def test_a_restart_keeps_findings_events_under_way_queues_and_their_messages(cloud: LocalCloud) -> None:
    url, arn = _queue(cloud, "kept")
    cloud.client("events").put_rule(Name="kept", EventPattern='{"source": ["aws.securityhub"]}')
    cloud.client("events").put_targets(Rule="kept", Targets=[{"Id": "q", "Arn": arn}])
    cloud.control.plant([_finding("before")])
    cloud.wait_until_idle()
    cloud.control.configure(event_delay=[2, 2])
    cloud.control.plant([_finding("under way")])
    before = cloud.control.findings()
    cloud.restart()
    assert cloud.control.findings() == before
    cloud.wait_until_idle()
    bodies = drained(cloud.client("sqs"), url, quiet=1.0)
    shown = [json.loads(body)["detail"]["findings"][0]["Id"] for body in bodies]
    assert shown == ["before", "under way"]
    told = [event["detail"]["findings"][0]["Id"] for event in cloud.control.delivered_events(page=1)]
    assert told[-2:] == ["before", "under way"]


def test_only_a_durable_one_can_be_started_again() -> None:
    with pytest.raises(LocalCloudError, match="only a durable"):
        LocalCloud().restart()
