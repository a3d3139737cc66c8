"""A stack that opens tickets and sends messages, with doubles of the services, and a witness on its bus."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hubtriage.localaws.cloud import LocalCloud
from hubtriage.localaws.peers.process import PeersProcess
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.support.deployed_stack import SHORT_WINDOW, DeployedStack, built_stack, drained, log_lines

HURRY = 60
"""How many times as fast as a clock the queues of tickets wait: a minute takes a second."""
TAP = "tap-of-events"
"""The name of the queue of `tap_bus`."""
JIRA_TOKEN = {"email": "bot@acme.example", "token": "jira-token-0123456789"}


def delivery_settings(url: str) -> dict[str, Any]:
    """The settings of one queue in Jira and one channel in Slack."""
    jira = {
        "kind": "jira",
        "url": url,
        "secret": "hubtriage/jira",
        "project": "SEC",
        "accepted": ["Won't Do"],
        "daily-limit": 10_000,
    }
    return {
        "decision_events": True,
        "queues": {"cloud": jira},
        "channels": {"sec-chat": {"kind": "slack", "secret": "hubtriage/slack", "daily-limit": 1000}},
    }


def built_delivering(rules: Path, assembly: Path, url: str, **settings: Any) -> Path:
    """The cloud assembly of a stack that delivers to Jira at an address, and whose queues hurry."""
    built_stack(rules, assembly, **delivery_settings(url), **settings)
    for path in assembly.glob("*.template.json"):
        template = json.loads(path.read_text())
        for resource in template["Resources"].values():
            variables = resource.get("Properties", {}).get("Environment", {}).get("Variables", {})
            if "QUEUE" in variables:
                variables["HUBTRIAGE_TICKETS_HURRY"] = str(HURRY)
        tap_bus(template)
        path.write_text(json.dumps(template))
    return assembly


def tap_bus(template: dict[str, Any]) -> None:
    """Add a queue to a template that gets every event of the stack's bus from its first instant.

    A bus keeps no event, so the queue is there before anything decides.
    """
    resources = template["Resources"]
    bus = next((name for name, each in resources.items() if each["Type"] == "AWS::Events::EventBus"), None)
    if bus is None:
        return
    arn = {"Fn::GetAtt": ["TapQueue", "Arn"]}
    resources["TapQueue"] = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": TAP}}
    rule = {
        "EventBusName": {"Ref": bus},
        "EventPattern": {"source": ["hubtriage"]},
        "Targets": [{"Id": "tap", "Arn": arn}],
    }
    resources["TapRule"] = {"Type": "AWS::Events::Rule", "Properties": rule}
    for name, each in resources.items():
        if each["Type"] == "AWS::Lambda::Function" and name.startswith(("Triage", "SweepStep")):
            each["DependsOn"] = [*each.get("DependsOn", ()), "TapRule"]


class BusTap:
    """What `tap_bus` sees: every event of the stack's bus, as it was put."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._sqs = cloud.client("sqs")
        self._url = self._sqs.get_queue_url(QueueName=TAP)["QueueUrl"]
        self.seen: list[dict[str, Any]] = []

    def details(self) -> list[dict[str, Any]]:
        """The details of all events so far, in order of arrival."""
        self.seen += [json.loads(body)["detail"] for body in drained(self._sqs, self._url, 0.2)]
        return self.seen


class DeliveringStack(DeployedStack):
    """The stack with its peers; `tap` sees every event."""

    def __init__(self, cloud: LocalCloud, outputs: Mapping[str, str], peers: PeersProcess) -> None:
        super().__init__(cloud, outputs)
        self.peers = peers.control
        self.tap = BusTap(cloud)

    def work(self) -> None:
        """Have the queue work on what is due, as its schedule does every five minutes."""
        (name,) = self.functions("Queue")
        answer = self.cloud.client("lambda").invoke(FunctionName=name, Payload=b'{"work": "due"}')
        assert "FunctionError" not in answer, answer["Payload"].read()

    def functions(self, part: str) -> list[str]:
        """The names of the functions that deliver, which have this in their names."""
        listed = self.cloud.client("lambda").list_functions()["Functions"]
        return [
            str(each["FunctionName"])
            for each in listed
            if f"Deliveries{part}" in each["FunctionName"] and "Function" in each["FunctionName"]
        ]

    def calm(self, times: int = 3) -> None:
        """Wait until all is delivered and every ticket is as it should be."""
        for _ in range(times):
            self.rest()
            time.sleep(90 / HURRY)
            self.work()
        self.rest()

    def wait(self, seconds: float) -> None:
        """Let so much time pass for the queue of tickets, then have it work."""
        time.sleep(seconds / HURRY)
        self.work()

    def send_again(self, detail: Mapping[str, Any]) -> None:
        """Deliver an event once more to the queue of each channel and queue that it is for."""
        kind = "Triage Decision" if "finding" in detail else "Triage Operation"
        body = json.dumps({"source": "hubtriage", "detail-type": kind, "detail": detail})
        wanted = {each["to"].replace("-", "") for each in detail.get("deliver", ())}
        for name in self.cloud.queue_depths():
            if any(f"Deliveries{kind}{to}Queue" in name for kind in ("Channel", "Queue") for to in wanted):
                url = self.cloud.client("sqs").get_queue_url(QueueName=name)["QueueUrl"]
                self.cloud.client("sqs").send_message(QueueUrl=url, MessageBody=body)

    def failures(self) -> list[dict[str, Any]]:
        """The lines of errors in the logs of the functions that deliver."""
        return [
            line
            for name in (*self.functions("Queue"), *self.functions("Channel"))
            for line in log_lines(self.cloud, self._log_of(name))
            if line.get("level") in ("ERROR", "CRITICAL")
        ]

    def _log_of(self, function: str) -> str:
        asked = self.cloud.client("lambda").get_function_configuration(FunctionName=function)
        return str(asked["LoggingConfig"]["LogGroup"])

    def issues(self) -> dict[str, dict[str, Any]]:
        """The issues of Jira that are there, by key."""
        return {each["key"]: each for each in self.peers.stored("jira")["issues"] if not each["deleted"]}


@contextmanager
def delivering_stack(
    folder: Path, rules: Path, settings: HubSettings | None = None, *, auth: bool = False, **chosen: Any
) -> Iterator[DeliveringStack]:
    """Start a local AWS and the doubles of Jira and Slack, and deploy a stack that delivers to them."""
    options: dict[str, Any] = {"batching_window": SHORT_WINDOW, "auth": auth}
    with (
        PeersProcess({"jira": "jira", "slack": "slack"}) as peers,
        LocalCloud(settings or HubSettings.still(), **options) as cloud,
    ):
        assembly = built_delivering(rules, folder / "cdk.out", peers.url("jira"), **chosen)
        keep_secrets(cloud, peers)
        (outputs,) = cloud.deploy(assembly).values()
        cloud.wait_until_idle()  # the sweep that a deployment starts
        yield DeliveringStack(cloud, outputs, peers)


def keep_secrets(cloud: LocalCloud, peers: PeersProcess) -> None:
    """Keep the credentials of the doubles where the functions look for them."""
    secrets = cloud.client("secretsmanager")
    slack = {"url": f"{peers.url('slack')}/services/T00000000/B00000000/wq7f3k2m9x4c8v1b6n5z0a"}
    for name, value in {"hubtriage/jira": JIRA_TOKEN, "hubtriage/slack": slack}.items():
        secrets.create_secret(Name=name, SecretString=json.dumps(value))
