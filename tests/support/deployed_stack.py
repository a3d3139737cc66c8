"""A stack deployed to a local AWS of its own: what it did, and its log and queues."""

import json
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config

from hubtriage.localaws.cloud import LocalCloud
from hubtriage.localaws.securityhub.settings import HubSettings
from hubtriage.localaws.synth import FOR_THIS_MACHINE, context

IMPORT_BATCH = 100
SHORT_WINDOW = 0.3
"""Seconds for which a queue waits to fill a batch, where no one counts calls."""
_ONE_AT_A_TIME = threading.Lock()
PATIENT = Config(retries={"mode": "standard", "total_max_attempts": 10})
"""People and providers share the quotas with triage, and wait when they are used up."""


class DeployedStack:
    """A local AWS with the stack deployed to it. What can be seen is as of the last time it was at rest."""

    def __init__(self, cloud: LocalCloud, outputs: Mapping[str, str]) -> None:
        self.cloud = cloud
        self.outputs = outputs
        self.hub = cloud.client("securityhub", config=PATIENT)
        self._findings: dict[str, dict[str, Any]] | None = None
        self._decisions: list[dict[str, Any]] | None = None

    def import_findings(self, findings: list[dict[str, Any]]) -> None:
        for start in range(0, len(findings), IMPORT_BATCH):
            answer = self.hub.batch_import_findings(Findings=findings[start : start + IMPORT_BATCH])
            assert answer["FailedCount"] == 0, answer["FailedFindings"]

    def rest(self, timeout: float = 120.0) -> None:
        """Wait until no event is under way and the queue is empty."""
        self.cloud.wait_until_idle(timeout)
        self._findings = self._decisions = None

    def settle(self) -> None:
        """Wait until triage is at rest, with nothing in a dead-letter queue."""
        self.rest()
        depths = self.cloud.queue_depths()
        assert not any(depths[self._queue(name)] for name in ("DeadLetterQueueUrl", "UndeliveredQueueUrl"))

    def redeploy(self, assembly: Path) -> None:
        """Update the stack; the function starts anew."""
        self.cloud.deploy(assembly)

    def findings(self) -> dict[str, dict[str, Any]]:
        """All findings as they are stored, by Id."""
        if self._findings is None:
            self._findings = {finding["Id"]: finding for finding in self.cloud.control.findings()}
        return self._findings

    def send_to_queue(self, event: Mapping[str, Any]) -> None:
        """Deliver an event once more, as EventBridge and SQS may at any time."""
        self.cloud.client("sqs").send_message(
            QueueUrl=self.outputs["QueueUrl"], MessageBody=json.dumps(event)
        )

    def decisions(self) -> list[dict[str, Any]]:
        """The lines of the decision log, oldest first."""
        if self._decisions is None:
            self._decisions = list(decision_lines(self.cloud, self.outputs["LogGroupName"]))
        return self._decisions

    def ledger(self) -> dict[tuple[str, str], dict[str, Any]]:
        """The items of the ledger's table, as they are stored, by (ProductArn, Id) of their finding."""
        return dict(ledger_items(self.cloud, self.outputs["LedgerTableName"]))

    def deliver_again_after(self, seconds: int, receives: int) -> None:
        """Have messages that fail delivered again so soon, and given up after so many deliveries."""
        policy = {"deadLetterTargetArn": self.outputs["DeadLetterQueueArn"], "maxReceiveCount": receives}
        self.cloud.client("sqs").set_queue_attributes(
            QueueUrl=self.outputs["QueueUrl"],
            Attributes={"VisibilityTimeout": str(seconds), "RedrivePolicy": json.dumps(policy)},
        )

    def counted(self, metric: str) -> float:
        """The sum of a metric since the deployment, as the function has logged it."""
        return sum(
            sum(json.loads(row)[metric])
            for message in self.cloud.log_messages(self.outputs["LogGroupName"])
            for row in message.splitlines()
            if f'"{metric}":[' in row.replace(" ", "")
        )

    def _queue(self, name: str) -> str:
        return self.outputs[name].rpartition("/")[2]


def log_lines(cloud: LocalCloud, log_group: str) -> Iterator[dict[str, Any]]:
    """The lines of a log that are JSON objects, oldest first."""
    for message in cloud.log_messages(log_group):
        yield from (json.loads(row) for row in message.splitlines() if row.startswith("{"))


def decision_lines(cloud: LocalCloud, log_group: str) -> Iterator[dict[str, Any]]:
    """The lines of a decision log, oldest first."""
    return (line for line in log_lines(cloud, log_group) if "finding_id" in line)


def function_named(cloud: LocalCloud, part: str) -> str:
    """The name of the one deployed function that has this in its name."""
    found = cloud.client("lambda").list_functions()["Functions"]
    (name,) = [str(each["FunctionName"]) for each in found if part in each["FunctionName"]]
    return name


def set_variables(cloud: LocalCloud, function: str, **variables: str) -> None:
    """Give a function other values of some environment variables."""
    functions = cloud.client("lambda")
    before = functions.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    functions.update_function_configuration(
        FunctionName=function, Environment={"Variables": before | variables}
    )


def tick(cloud: LocalCloud) -> None:
    """Have the clock of the sweep look, as its schedule does every few minutes."""
    answer = cloud.client("lambda").invoke(FunctionName=function_named(cloud, "SweepClock"), Payload=b"{}")
    assert "FunctionError" not in answer, answer["Payload"].read()


def ledger_items(cloud: LocalCloud, table: str) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    """The items of a ledger's table that are entries: each with (ProductArn, Id) of its finding."""
    for page in cloud.client("dynamodb").get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        for item in page["Items"]:
            if "finding" in item:
                product_arn, finding_id = json.loads(item["finding"]["S"])
                yield (product_arn, finding_id), item


@contextmanager
def deployed_stack(assembly: Path, settings: HubSettings, **options: Any) -> Iterator[DeployedStack]:
    """Start a local AWS, deploy the assembly's only stack to it, and stop it at the end.

    Queues fill batches for a moment only, unless the options say otherwise.
    """
    with LocalCloud(settings, **{"batching_window": SHORT_WINDOW, **options}) as cloud:
        (outputs,) = cloud.deploy(assembly).values()
        cloud.wait_until_idle()  # the sweep that a deployment starts
        yield DeployedStack(cloud, outputs)


def built_stack(rules: Path, assembly: Path, **settings: Any) -> Path:
    """The cloud assembly with these rules, for short waits, and much at once. They may replace any others.

    Made in this process: starting CDK takes several times as long as each assembly. CDK does not check the
    templates, because starting its check takes as long again; `infra/test_template_checks.py` does.
    """
    chosen = {"batch_window_seconds": 1, "breaker_limit": 1_000_000, "replace": "true"} | settings
    # Importing CDK starts Node, and jsii warns of its age: only where it is needed.
    os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")
    import aws_cdk as cdk

    from infra import app

    with _ONE_AT_A_TIME, pytest.MonkeyPatch.context() as patch:
        patch.setenv(FOR_THIS_MACHINE, "1")
        whole = {**app.project_context(), **context(rules, **chosen)}
        unchecked = cdk.App(
            outdir=str(assembly.resolve()), context=whole, builtin_cloud_formation_validation=False
        )
        app.synthesize(unchecked)
    return assembly


class Tap:
    """An independent witness: a queue of its own that gets every event of Security Hub, as it was sent."""

    def __init__(self, cloud: LocalCloud) -> None:
        sqs, events = cloud.client("sqs"), cloud.client("events")
        self._sqs = sqs
        self._url = sqs.create_queue(QueueName="witness")["QueueUrl"]
        asked = sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        arn = asked["Attributes"]["QueueArn"]
        events.put_rule(Name="witness", EventPattern=json.dumps({"source": ["aws.securityhub"]}))
        events.put_targets(Rule="witness", Targets=[{"Id": "witness", "Arn": arn}])

    def take(self, quiet: float = 0.3) -> list[dict[str, Any]]:
        """Take the events that arrived since the last time, in order of arrival."""
        return [json.loads(body) for body in drained(self._sqs, self._url, quiet)]


def drained(sqs: Any, url: str, quiet: float = 0.3) -> list[str]:
    """Take all messages out of a queue; it counts as empty after `quiet` seconds without any."""
    bodies: list[str] = []
    deadline = time.monotonic() + quiet
    while time.monotonic() < deadline:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            bodies.append(message["Body"])
        if messages:
            deadline = time.monotonic() + quiet
    return bodies
