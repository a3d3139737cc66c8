"""Security Hub V2 of the local AWS from the outside: events on their way to a queue, and updates of them."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from hubtriage.localaws.cloud import LocalCloud
from tests.support.hub_v2_world import ocsf, uid

pytestmark = pytest.mark.e2e

_PATTERN = {
    "source": ["aws.securityhub"],
    "detail-type": ["Findings Imported V2"],
    "detail": {"findings": {"metadata": {"product": {"uid": [{"suffix": "productv2/aws/securityhub"}]}}}},
}


@pytest.fixture
def queue(cloud: LocalCloud) -> Iterator[str]:
    """A queue that a rule of the bus sends findings of V2 to."""
    sqs, events = cloud.client("sqs"), cloud.client("events")
    url = sqs.create_queue(QueueName="findings-v2")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="findings-v2", EventPattern=json.dumps(_PATTERN))
    events.put_targets(Rule="findings-v2", Targets=[{"Id": "queue", "Arn": arn}])
    yield url
    events.remove_targets(Rule="findings-v2", Ids=["queue"])
    events.delete_rule(Name="findings-v2")
    sqs.delete_queue(QueueUrl=url)


def _received(cloud: LocalCloud, queue: str, count: int) -> list[dict[str, Any]]:
    """Events that reach a queue; at least `count` of them, or the test fails."""
    events: list[dict[str, Any]] = []
    deadline = time.monotonic() + 20
    while len(events) < count and time.monotonic() < deadline:
        answer = cloud.client("sqs").receive_message(
            QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1
        )
        events += [json.loads(message["Body"]) for message in answer.get("Messages", [])]
    assert len(events) >= count
    return events


def test_findings_reach_a_queue_and_updates_of_them_echo(cloud: LocalCloud, queue: str) -> None:
    [provided] = cloud.control.provide_v2([ocsf()])
    first = _received(cloud, queue, 1)[0]
    assert first["resources"] == [uid(1)]
    assert first["detail"]["findings"] == [provided]
    hub = cloud.client("securityhub")
    answer = hub.batch_update_findings_v2(MetadataUids=[uid(1)], StatusId=3, Comment="c")
    assert answer["ProcessedFindings"] == [{"MetadataUid": uid(1)}]
    statuses = [event["detail"]["findings"][0]["status"] for event in _received(cloud, queue, 1)]
    assert statuses[-1] == "Suppressed"
    [stored] = hub.get_findings_v2()["Findings"]
    assert stored == cloud.control.findings_v2()[0] == {
        **provided, "status": "Suppressed", "status_id": 3, "comment": "c",
    }  # fmt: skip
    assert cloud.control.status_v2() == {"stored": 1, "by_status": {"Suppressed": 1}, "hidden": 1}
    [call] = cloud.control.updates()
    assert (call.operation, call.processed, call.fields) == (
        "BatchUpdateFindingsV2",
        1,
        ("Comment", "StatusId"),
    )


def test_a_provider_sends_its_finding_again(cloud: LocalCloud) -> None:
    cloud.control.plant_v2([ocsf(2, status="New", status_id=1, activity_id=1)])
    [passed] = cloud.control.advance_v2(uid(2), compliance={"status_id": 1})
    assert (passed["status"], passed["activity_name"]) == ("Resolved", "Update")
    assert cloud.control.updates_by_functions_v2() == {}


def test_operations_of_an_organisation(cloud: LocalCloud) -> None:
    hub = cloud.client("securityhub")
    listed = hub.list_organization_admin_accounts(Feature="SecurityHubV2")["AdminAccounts"]
    assert listed == [{"AccountId": cloud.account, "Status": "ENABLED"}]
    assert cloud.account in hub.describe_security_hub_v2()["HubV2Arn"]
