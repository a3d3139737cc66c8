"""Buses of one's own on the local AWS: what decisions are put on, and what takes them from there."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hubtriage.localaws.cloud import LocalCloud
from hubtriage.localaws.ministack.faults import ServiceFault
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.support.deployed_stack import drained

pytestmark = pytest.mark.e2e

BUS = "decisions"
READER = "111122223333"
TEMPLATE = {
    "Resources": {
        "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": BUS}},
        "Readers": {
            "Type": "AWS::Events::EventBusPolicy",
            "Properties": {
                "EventBusName": {"Ref": "Bus"},
                "StatementId": "Readers",
                "Statement": {
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{READER}:root"},
                    "Action": ["events:PutRule"],
                    "Resource": "*",
                },
            },
        },
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "tickets"}},
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventBusName": {"Ref": "Bus"},
                "EventPattern": {
                    "source": ["hubtriage"],
                    "$or": [
                        {"detail": {"deliver": {"to": ["cloud"]}}},
                        {"detail": {"kind": ["expires-soon"]}},
                    ],
                },
                "Targets": [{"Id": "queue", "Arn": {"Fn::GetAtt": ["Queue", "Arn"]}}],
            },
        },
    }
}


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloud]:
    with LocalCloud(HubSettings.still()) as running:
        formation = running.client("cloudformation")
        formation.create_stack(StackName="bus", TemplateBody=json.dumps(TEMPLATE))
        formation.get_waiter("stack_create_complete").wait(StackName="bus", WaiterConfig={"Delay": 1})
        yield running


def _put(cloud: LocalCloud, *details: str, **entry: Any) -> list[dict[str, str]]:
    entries = [
        {"Source": "hubtriage", "DetailType": "Triage Decision", "EventBusName": BUS, "Detail": text, **entry}
        for text in details
    ]
    answer = cloud.client("events").put_events(Entries=entries)
    found: list[dict[str, str]] = answer["Entries"]
    assert answer["FailedEntryCount"] == sum("ErrorCode" in each for each in found)
    return found


def _taken(cloud: LocalCloud) -> list[dict[str, Any]]:
    sqs = cloud.client("sqs")
    url = sqs.get_queue_url(QueueName="tickets")["QueueUrl"]
    return [json.loads(body)["detail"] for body in drained(sqs, url)]


def test_a_rule_takes_what_is_to_be_delivered_to_one_of_several_and_kinds_of_operations(
    cloud: LocalCloud,
) -> None:
    wanted = [
        {"kind": "hidden", "deliver": [{"to": "chat"}, {"to": "cloud"}]},
        {"kind": "expires-soon", "deliver": []},
    ]
    others = [{"kind": "hidden", "deliver": [{"to": "chat"}]}, {"kind": "hidden", "deliver": []}]
    _put(cloud, *map(json.dumps, [*others, *wanted]))
    assert _taken(cloud) == wanted


def test_each_entry_has_its_own_answer_and_the_others_are_put(cloud: LocalCloud) -> None:
    good, other = (json.dumps({"kind": "expires-soon", "name": name}) for name in "ab")
    fault = ServiceFault("events", part_error="ThrottlingException", part='\\"b\\"')
    cloud.control.break_service(fault)
    answers = _put(cloud, "no JSON", good, "[1]", other, other)
    codes = [each.get("ErrorCode") for each in answers]
    assert codes == ["MalformedDetail", None, "MalformedDetail", "ThrottlingException", None]
    assert [each["name"] for each in _taken(cloud)] == ["a", "b"]


def test_a_source_that_is_missing_fails_its_entry(cloud: LocalCloud) -> None:
    entry = {"DetailType": "Triage Decision", "EventBusName": BUS, "Detail": "{}"}
    answer = cloud.client("events").put_events(Entries=[entry])
    assert (answer["FailedEntryCount"], answer["Entries"][0]["ErrorCode"]) == (1, "InvalidArgument")


def test_a_call_may_fail_or_its_answer_be_lost(cloud: LocalCloud) -> None:
    cloud.control.break_service(ServiceFault("events", error="InternalFailure"))
    with pytest.raises(ClientError, match="InternalFailure"):
        _put(cloud, '{"kind": "expires-soon"}')
    assert _taken(cloud) == []


def test_a_request_of_a_megabyte_is_refused_as_a_whole(cloud: LocalCloud) -> None:
    with pytest.raises(ClientError, match="Total size"):
        _put(cloud, *[json.dumps({"text": "x" * 220_000})] * 5)


def test_a_policy_of_a_template_is_that_of_the_bus(cloud: LocalCloud) -> None:
    policy = json.loads(cloud.client("events").describe_event_bus(Name=BUS)["Policy"])
    (statement,) = policy["Statement"]
    assert (statement["Sid"], statement["Principal"]) == ("Readers", {"AWS": f"arn:aws:iam::{READER}:root"})
