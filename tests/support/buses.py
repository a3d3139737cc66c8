"""Events for tests, and buses: the one in memory, and one of the local AWS with a queue behind it."""

import itertools
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from jsonschema import Draft7Validator

from hubtriage.aws.decision_events.bus import EventBridgeBus, NotPut
from hubtriage.aws.decision_events.event import DecisionEvent, EventOrigin, finding_event
from hubtriage.aws.decision_events.memory import DOWN, MemoryBus
from hubtriage.aws.decision_events.schema import event_schema
from hubtriage.aws.securityhub.api import Finding
from hubtriage.aws.securityhub.backoff import Backoff
from hubtriage.engine.planning.news import News
from hubtriage.engine.ruleset.ruleset import Ruleset, load_ruleset
from hubtriage.localaws.cloud import LocalCloud
from hubtriage.localaws.securityhub.inprocess import ManualClock
from tests.support.deployed_stack import drained
from tests.support.ledgers import BrokenDynamo, losing_the_answer, plainly, raising

NOW = 1_790_000_000.0
ORIGIN = EventOrigin("hubtriage", "eu-central-1")
RULE = {
    "id": "sandbox",
    "owner": {"account": "team"},
    "ticket": "SEC-1",
    "reason": "risk-accepted",
    "match": {"AwsAccountId": ["111122223333"]},
    "update": {"Workflow": {"Status": "SUPPRESSED"}},
}
RULES = load_ruleset(
    {
        "format": 1,
        "hash": "0123456789abcdef",
        "revision": "abc1234",
        "rules": [RULE],
        "accounts": {"111122223333": {"team": "cloud-platform"}},
    }
)
HIDING = {"field": "Workflow.Status", "from": "NEW", "to": "SUPPRESSED", "rule": "sandbox", "why": "rule"}
_NUMBERS = itertools.count()
_SCHEMA = Draft7Validator(event_schema(strict=True))


def found(**members: Any) -> dict[str, Any]:
    """A finding of Security Hub CSPM."""
    return {
        "Id": "arn:aws:securityhub:eu-central-1:111122223333:security-control/S3.5/finding/1",
        "ProductArn": "arn:aws:securityhub:eu-central-1::product/aws/securityhub",
        "ProductName": "Security Hub",
        "AwsAccountId": "111122223333",
        "Region": "eu-west-1",
        "Title": "S3 general purpose buckets should require requests to use SSL",
        "Types": ["Software and Configuration Checks/Industry Standards"],
        "Severity": {"Label": "MEDIUM"},
        "Compliance": {"Status": "FAILED", "SecurityControlId": "S3.5"},
        "Resources": [{"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::logs"}],
        "Workflow": {"Status": "NEW"},
    } | members


def news_of(kind: Any = "hidden", sequence: int = 7, **members: Any) -> News:
    given: dict[str, Any] = {"rule": "sandbox", "rules": ("sandbox",), "changes": (HIDING,)} | members
    return News(kind, NOW, sequence, **given)


def event_of(
    news: News | None = None, finding: Finding | None = None, rules: Ruleset = RULES
) -> DecisionEvent:
    return finding_event(news or news_of(), finding or found(), rules, ORIGIN)


def events(count: int, title: str = "T") -> list[DecisionEvent]:
    return [event_of(finding=found(Id=f"finding-{number}", Title=title)) for number in range(count)]


def detail_of(event: DecisionEvent) -> dict[str, Any]:
    """What the readers of an event get, which fits the schema of this version exactly."""
    return valid(json.loads(event.detail))


def valid(detail: dict[str, Any]) -> dict[str, Any]:
    """Return a detail, if it is one of this version."""
    problems = [f"{error.json_path}: {error.message}" for error in _SCHEMA.iter_errors(detail)]
    assert problems == []
    return detail


class BusBench(Protocol):
    """A bus under test, what was put on it, and the ways to break it."""

    bus: MemoryBus | EventBridgeBus
    late: float

    def seen(self) -> list[str]:
        """Return the details that were put since the last look, in the order of their texts."""

    def break_down(self) -> None:
        """Let no event be put from now on."""

    def lose_answers(self) -> None:
        """Let every event be put, and every answer be lost."""

    def mend(self) -> None:
        """Let all go well again."""

    def refuse(self, event: DecisionEvent) -> None:
        """Let the service call an event malformed."""


@dataclass
class MemoryBusBench:
    bus: MemoryBus = field(default_factory=MemoryBus)
    late: float = float("inf")

    def seen(self) -> list[str]:
        details, self.bus.events = [event.detail for event in self.bus.events], []
        return sorted(details)

    def break_down(self) -> None:
        self.bus.fault = DOWN

    def lose_answers(self) -> None:
        self.bus.fault, self.bus.lose_answers = DOWN, True

    def mend(self) -> None:
        self.bus.fault, self.bus.lose_answers = None, False

    def refuse(self, event: DecisionEvent) -> None:
        self.bus.refused[event.id] = NotPut("MalformedDetail", "so it is", is_final=True)


@dataclass
class CloudBusBench:
    api: BrokenDynamo
    sqs: Any
    url: str
    name: str
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))
    bus: EventBridgeBus = field(init=False)
    late: float = float("inf")

    def __post_init__(self) -> None:
        self.bus = EventBridgeBus(lambda: self.api, self.name, self.clock, Backoff(lambda: 0.5, base=0.05))

    def seen(self) -> list[str]:
        envelopes = [json.loads(body) for body in drained(self.sqs, self.url)]
        assert {each["source"] for each in envelopes} <= {"hubtriage"}
        return sorted(
            json.dumps(each["detail"], ensure_ascii=False, separators=(",", ":")) for each in envelopes
        )

    def break_down(self) -> None:
        self.api.always = raising("InternalException", 500)

    def lose_answers(self) -> None:
        self.api.always = losing_the_answer

    def mend(self) -> None:
        self.api.always = plainly

    def refuse(self, event: DecisionEvent) -> None:
        def refusing(call: Any, request: dict[str, Any]) -> Any:
            entries = [
                each | {"Detail": "no JSON"} if event.id in each["Detail"] else each
                for each in request["Entries"]
            ]
            return call(Entries=entries)

        self.api.always = refusing


@contextmanager
def cloud_bus_bench(cloud: LocalCloud) -> Iterator[CloudBusBench]:
    """Make a bus of its own, with a queue behind it, and remove both at the end."""
    client, sqs = cloud.client("events"), cloud.client("sqs")
    name = f"bus-{os.getpid()}-{next(_NUMBERS)}"
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    client.create_event_bus(Name=name)
    client.put_rule(Name=name, EventBusName=name, EventPattern=json.dumps({"source": ["hubtriage"]}))
    client.put_targets(Rule=name, EventBusName=name, Targets=[{"Id": "queue", "Arn": arn}])
    try:
        yield CloudBusBench(BrokenDynamo(client), sqs, url, name)
    finally:
        client.remove_targets(Rule=name, EventBusName=name, Ids=["queue"])
        client.delete_rule(Name=name, EventBusName=name)
        client.delete_event_bus(Name=name)
        sqs.delete_queue(QueueUrl=url)
