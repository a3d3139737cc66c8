"""The stacks of a chaotic run: built so that nothing takes hours, deployed, and looked at from outside."""

import json
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from hubtriage.aws.clock import SystemClock
from hubtriage.aws.ledger.dynamodb import DynamoLedger
from hubtriage.aws.ledger.entry_format import read_entry
from hubtriage.aws.ledger.table import LEASE_VARIABLE
from hubtriage.aws.sweep.request import SweepRequest
from hubtriage.aws.sweep.start import last_unfinished, start_sweep
from hubtriage.aws.triage.events import SWEEP_SOURCE
from hubtriage.aws.triage.settling import is_shown
from hubtriage.engine.fields import ParsedFinding
from hubtriage.engine.planning.entry import NO_ENTRY, Entry
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.ruleset.ruleset import Ruleset, load_ruleset
from hubtriage.localaws.cloud import LocalCloud
from tests.chaos.deliveries import Announced
from tests.chaos.ledger import SWEEP, Key, RefusedFinding, as_rules_see, key_of
from tests.chaos.plan_tickets import HURRY, with_tickets
from tests.chaos.witness import StackRules
from tests.support.delivering import TAP, delivery_settings, tap_bus
from tests.support.deployed_stack import built_stack, decision_lines, drained

RULES = Path(__file__).parent / "rules"
MAIN, OTHER = "hubtriage", "other"
_UNSEEN = 600
"""Seconds for which messages that were looked at stay hidden, unless they are shown again at once."""


@dataclass(frozen=True, slots=True)
class ChaosPace:
    """How fast all goes.

    visibility: seconds until a message is delivered again (in an account half an hour); longer than a batch
    takes in a storm, or messages would be given up for no reason. calm: the same when no storm is left.
    receives: how often a message is delivered. lease: seconds for which an intent is left to the function
    that recorded it, longer than a batch takes, and shorter than all deliveries of a message. batch: the
    most messages of one invocation. most_waiting: messages in the queue at which the load waits. patience:
    seconds to wait for a function that can be killed; longer than `visibility` if only few messages come.
    """

    visibility: int
    lease: int
    receives: int
    batch: int
    calm: int
    most_waiting: int
    patience: float


@dataclass(frozen=True, slots=True)
class Assemblies:
    """What is deployed: the stack under load, the same with other rules, and the other stack."""

    first: Path
    second: Path
    other: Path


def build(folder: Path, pace: ChaosPace, hubs: str, jira: str | None = None) -> Assemblies:
    """Synthesize all three, for short waits and without quotas of our own.

    With the address of a Jira the stack under load opens tickets there.
    """

    def one(name: str, **settings: Any) -> Path:
        delivers = jira is not None and name != "other"
        rules = with_tickets(RULES / name, folder / "rules" / name) if delivers else RULES / name
        if jira is not None and delivers:
            settings |= delivery_settings(jira)
        assembly = built_stack(
            rules,
            folder / name,
            batch_size=pace.batch,
            hubs=hubs,
            sweep_wait_seconds=1,
            sweep_reopen_limit=1_000_000,
            **settings,
        )
        _hurry(assembly, pace)
        return assembly

    return Assemblies(
        first=one("first"),
        second=one("second"),
        other=one("other", stack_name=OTHER),
    )


def _hurry(assembly: Path, pace: ChaosPace) -> None:
    """Have messages delivered again soon, and calls made as fast as can be: what else takes hours."""
    for path in assembly.glob("*.template.json"):
        template = json.loads(path.read_text())
        for resource in template["Resources"].values():
            properties = resource.get("Properties", {})
            if "RedrivePolicy" in properties:
                properties["VisibilityTimeout"] = pace.visibility
                properties["RedrivePolicy"]["maxReceiveCount"] = pace.receives
            variables = properties.get("Environment", {}).get("Variables", {})
            variables |= {name: "40" for name in variables if name.endswith("S_PER_SECOND")}
            variables |= {name: str(pace.lease) for name in variables if name == LEASE_VARIABLE}
            if "QUEUE" in variables:
                variables["HUBTRIAGE_TICKETS_HURRY"] = str(HURRY)
        tap_bus(template)
        path.write_text(json.dumps(template))


def ruleset_of(assembly: Path) -> Ruleset:
    """The rule set in the function's package, as it is deployed."""
    (packaged, *_same) = assembly.glob("asset.*/ruleset.json")
    return load_ruleset(json.loads(packaged.read_text()))


def rules_as_written(assembly: Path) -> list[dict[str, Any]]:
    """The rules that an assembly was built from, as their file has them."""
    text = (RULES / assembly.name / "rules.yaml").read_text(encoding="utf-8")
    rules: list[dict[str, Any]] = yaml.safe_load(text)["rules"]
    return rules


class ChaosStack:
    """One deployed stack: its queues, its log, its ledger, its sweeps, and what it wants of a finding.

    That depends on its ledger, which is known as of the last `take_stock`.
    """

    def __init__(self, cloud: LocalCloud, name: str) -> None:
        self.name = name
        self._cloud = cloud
        self._settings = Settings()
        self._rules: list[tuple[float, Ruleset]] = []
        self._written: list[dict[str, Any]] = []
        self._written_before: list[dict[str, Any]] = []
        self._entries: dict[Key, Entry] = {}
        self._history: dict[Key, list[tuple[float, Entry]]] = {}
        self._announced: list[Announced] = []
        self.outputs: Mapping[str, str] = {}

    def deploy(self, assembly: Path) -> None:
        """Create or update the stack."""
        (self.outputs,) = self._cloud.deploy(assembly).values()
        self._rules.append((time.time(), ruleset_of(assembly)))
        self._written_before += self._written
        self._written = rules_as_written(assembly)

    @property
    def as_written(self) -> StackRules:
        """Its rules as their files have them."""
        return StackRules(self.name, self._written, self._written_before)

    def wants(self, finding: Mapping[str, Any]) -> bool:
        """Whether the stack would change the finding, by its present rules and what its ledger says now."""
        entry = self._entries.get(key_of(finding), NO_ENTRY)
        return self._would_change(finding, entry, self._rules[-1][1])

    def take_stock(self) -> None:
        """Read the ledger, and what it said before in the decision log: a line has the entry from then on."""
        ledger = DynamoLedger(self._cloud.client("dynamodb"), self.outputs["LedgerTableName"], SystemClock())
        self._entries, token = {}, None
        while True:
            page = ledger.scan(None, token)
            self._entries |= dict(page.entries)
            if (token := page.token) is None:
                break
        self._history = defaultdict(list)
        for line in decision_lines(self._cloud, self.outputs["LogGroupName"]):
            if "entry" in line:
                entry = read_entry(json.dumps(line["entry"]), 1)
                logged = datetime.fromisoformat(line["timestamp"]).timestamp()
                began = entry.started if line["outcome"] == "updated" else logged
                self._history[line["product_arn"], line["finding_id"]].append((began, entry))

    @property
    def since(self) -> float:
        """When its present rules came into force, epoch seconds."""
        return self._rules[-1][0]

    def sweeps(self, finding: Mapping[str, Any]) -> bool:
        """Whether its sweeps look at the finding: one that is archived only if the stack holds it."""
        return key_of(finding) in self._entries or finding.get("RecordState") == "ACTIVE"

    def wanted(self, finding: Mapping[str, Any], at: float) -> bool:
        """Whether it would have, by the ledger and the rules of that time, or else by its first rules."""
        rules = [rules for since, rules in self._rules if since <= at] or [self._rules[0][1]]
        known = [entry for since, entry in self._history.get(key_of(finding), ()) if since <= at]
        return self._would_change(finding, known[-1] if known else NO_ENTRY, rules[-1])

    def _would_change(self, finding: Mapping[str, Any], entry: Entry, rules: Ruleset) -> bool:
        """An intent that no one has settled yet happened if the finding shows what it wrote."""
        if entry.intent is not None:
            shown = is_shown(entry.intent, ParsedFinding(finding))
            entry = entry.confirmed(entry.intent.time) if shown else entry.abandoned()
        return decide(finding, entry, rules, time.time(), self._settings).update is not None

    # Queues

    def send(self, body: str) -> None:
        """Put a message into the queue, past the bus."""
        self._sqs.send_message(QueueUrl=self.outputs["QueueUrl"], MessageBody=body)

    def depth(self) -> int:
        """Messages in the queue, those in flight included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        asked = self._sqs.get_queue_attributes(QueueUrl=self.outputs["QueueUrl"], AttributeNames=names)
        return sum(int(asked["Attributes"][name]) for name in names)

    def waiting(self) -> Counter[str]:
        """The events in the queue, by name."""
        return self._names("QueueUrl")

    def dead(self) -> Counter[str]:
        """The events in the dead-letter queues, by name: what failed, and what was never delivered."""
        return self._names("DeadLetterQueueUrl") + self.undelivered()

    def swept_in_vain(self) -> frozenset[Key]:
        """The findings that dead letters of sweeps tell of."""
        bodies = self._looked_at(self.outputs["DeadLetterQueueUrl"])
        swept = [json.loads(body) for body in bodies if name_of(body) == SWEEP]
        return frozenset(
            key_of(as_rules_see(finding)) for event in swept for finding in event["detail"]["findings"]
        )

    def undelivered(self) -> Counter[str]:
        """The events that EventBridge could not put into the queue."""
        return self._names("UndeliveredQueueUrl")

    def _names(self, output: str) -> Counter[str]:
        return Counter(name_of(body) for body in self._looked_at(self.outputs[output]))

    def _looked_at(self, url: str) -> list[str]:
        """The bodies of all messages of a queue, which are visible again afterwards."""
        bodies, handles = [], []
        while messages := self._received(url):
            bodies += [message["Body"] for message in messages]
            handles += [message["ReceiptHandle"] for message in messages]
        for handle in handles:
            self._sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
        return bodies

    def _received(self, url: str) -> list[dict[str, Any]]:
        answer = self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=_UNSEEN)
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages

    def deliver_again_after(self, seconds: int) -> None:
        """Have messages that fail from now on delivered again after so many seconds."""
        attributes = {"VisibilityTimeout": str(seconds)}
        self._sqs.set_queue_attributes(QueueUrl=self.outputs["QueueUrl"], Attributes=attributes)

    def give_up_after(self, receives: int) -> None:
        """Have messages that fail from now on given up after so many deliveries."""
        policy = {"deadLetterTargetArn": self.outputs["DeadLetterQueueArn"], "maxReceiveCount": receives}
        self._sqs.set_queue_attributes(
            QueueUrl=self.outputs["QueueUrl"], Attributes={"RedrivePolicy": json.dumps(policy)}
        )

    def refuse_events(self) -> Callable[[], None]:
        """Have the queue refuse whatever is sent, as after a change by hand; returns what undoes it."""
        url = self.outputs["QueueUrl"]
        asked = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
        policy = asked["Attributes"]["Policy"]
        self._sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(_REFUSAL)})
        return lambda: self._sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})

    # Sweeps, and what a person does

    def sweep(self) -> None:
        """Start a sweep over all that the rules could want, and all that the stack holds."""
        start_sweep(self._states, self.outputs["SweepArn"], SweepRequest(reason="chaos"))

    def resume_sweep(self) -> bool:
        """Have the last sweep go on where it ended, if it failed."""
        unfinished = last_unfinished(self._states, self.outputs["SweepArn"])
        if unfinished is not None:
            start_sweep(self._states, self.outputs["SweepArn"], unfinished.request, unfinished.progress)
        return unfinished is not None

    def redrive(self) -> str:
        """Run `hubtriage redrive`; what it says."""
        return self._redrive()

    def _redrive(self, *options: str) -> str:
        program = str(Path(sys.executable).with_name("hubtriage"))
        command = [program, "redrive", "--stack", self.name, *options]
        done = subprocess.run(
            command, env=self._cloud.environment, capture_output=True, text=True, check=False, timeout=300
        )
        if done.returncode:
            raise RuntimeError(f"hubtriage redrive failed:\n{done.stderr}")
        return done.stdout

    # What it announces

    @property
    def delivers(self) -> bool:
        """Whether it has a queue of tickets and a channel."""
        return "TicketsTableName" in self.outputs

    def announced(self) -> list[Announced]:
        """The decisions that were put on its bus so far, in order of arrival, copies included."""
        if self.delivers:
            url = self._sqs.get_queue_url(QueueName=TAP)["QueueUrl"]
            details = [json.loads(body)["detail"] for body in drained(self._sqs, url)]
            self._announced += [
                Announced((detail["finding"]["product_arn"], detail["finding"]["id"]), detail)
                for detail in details
                if "finding" in detail
            ]
        return self._announced

    def logged_events(self) -> frozenset[tuple[Key, int]]:
        """The decisions whose event was due, as the decision log says: findings and sequences."""
        return frozenset(
            ((line["product_arn"], line["finding_id"]), line["event"]["sequence"])
            for line in decision_lines(self._cloud, self.outputs["LogGroupName"])
            if "event" in line and line["outcome"] in ("updated", "unchanged")
        )

    def entries(self) -> Mapping[Key, Entry]:
        """The entries of its ledger as of the last `take_stock`."""
        return self._entries

    def work_on_tickets(self, *, wait: bool = True) -> None:
        """Have the queue of tickets work on what is due, as its schedule does; it may fail."""
        how = "RequestResponse" if wait else "Event"
        for name, function in self.outputs.items():
            if name.startswith("QueueFunction"):
                request = {"FunctionName": function, "Payload": b'{"work": "due"}', "InvocationType": how}
                self._cloud.client("lambda").invoke(**request)

    def undelivered_decisions(self) -> dict[str, int]:
        """How many decisions are in dead-letter queues and in those of channels and tickets."""
        depths = self._cloud.queue_depths()
        return {name: depth for name, depth in depths.items() if "-Deliveries" in name}

    def redrive_decisions(self) -> str:
        """Run `hubtriage redrive --deliveries`; what it says."""
        return self._redrive("--deliveries")

    def refusals(self) -> dict[Key, tuple[RefusedFinding, ...]]:
        """The refusals in the decision log, by finding."""
        found: dict[Key, tuple[RefusedFinding, ...]] = defaultdict(tuple)
        for line in decision_lines(self._cloud, self.outputs["LogGroupName"]):
            if line["outcome"] == "refused" and line.get("code") and line.get("reason"):
                time = datetime.fromisoformat(line["timestamp"]).timestamp()
                refusal = RefusedFinding(time, f"{line['code']}: {line['reason']}")
                found[line["product_arn"], line["finding_id"]] += (refusal,)
        return found

    @property
    def _sqs(self) -> Any:
        return self._cloud.client("sqs")

    @property
    def _states(self) -> Any:
        return self._cloud.client("stepfunctions")


_REFUSAL = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}],
}


def name_of(body: str) -> str:
    """What an event is known by: its id, or a digest where it has none; all messages of sweeps are one."""
    try:
        event = json.loads(body)
        return SWEEP if event.get("source") == SWEEP_SOURCE else str(event["id"])
    except (ValueError, LookupError, AttributeError, RecursionError):
        return f"body {sha256(body.encode()).hexdigest()[:16]}"
