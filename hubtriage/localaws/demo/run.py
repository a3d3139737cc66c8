"""Run the demonstration: start, synthesize, deploy, import, wait, gather what is to be seen."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from botocore.config import Config

from hubtriage.localaws.cloud import LocalCloud
from hubtriage.localaws.demo.evidence import DemoEvidence, by_key
from hubtriage.localaws.demo.hubs import CSPM, HUBS, V2, V2_PRODUCT, Key
from hubtriage.localaws.demo.signals import SignalTally, tally_signals
from hubtriage.localaws.demo.steps import DemoStep, Stopwatch, Watcher
from hubtriage.localaws.demo.tickets import (
    Destinations,
    TicketTally,
    doubles,
    keep_secrets,
    tally_tickets,
    work_on_tickets,
)
from hubtriage.localaws.demo.verdict import DemoVerdict, judge
from hubtriage.localaws.findings import generate
from hubtriage.localaws.ocsf_findings import in_v2, is_touched
from hubtriage.localaws.peers.process import PeersProcess
from hubtriage.localaws.securityhub.hub import Hub
from hubtriage.localaws.securityhub.settings import HubSettings
from hubtriage.localaws.synth import synthesize

IMPORT_BATCH: Final = 100
"""AWS: the most findings that BatchImportFindings takes."""

_PATIENT: Final = Config(retries={"mode": "standard", "total_max_attempts": 10})
_POLL: Final = 0.2


class DemoError(RuntimeError):
    """A step could not be done; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """What to demonstrate: how many findings from which seed, by which rules; `build` takes what is built.

    `hubs` are those whose findings are triaged. `destinations` are where rules deliver decisions, if they do.
    `timeout` is how long triage of one hub may take, `window` how long the queue waits to fill a batch, in
    seconds.
    """

    rules: Path
    build: Path
    findings: int = 2_500
    seed: int = 0
    timeout: float = 60.0
    window: float = 5.0
    hubs: tuple[str, ...] = (CSPM,)
    destinations: Destinations | None = None


@dataclass(frozen=True, slots=True)
class Performance:
    """What was seen in each hub, what it amounts to, and the deployed ruleset.json.

    `signals` is there if both hubs were triaged, `tickets` if decisions were delivered.
    """

    evidence: Mapping[str, DemoEvidence]
    verdicts: Mapping[str, DemoVerdict]
    ruleset: Mapping[str, Any]
    signals: SignalTally | None = None
    tickets: TicketTally | None = None

    @property
    def problems(self) -> list[str]:
        """Whatever is not as it should be, in any hub or outside of AWS."""
        found = [problem for verdict in self.verdicts.values() for problem in verdict.problems]
        return found + list(self.tickets.problems if self.tickets else ())

    def as_summary(self) -> dict[str, Any]:
        """Return the JSON-ready summary: that of CSPM if it is alone, otherwise one for each hub."""
        tickets = {} if self.tickets is None else {"tickets": self.tickets.as_summary()}
        if list(self.verdicts) == [CSPM]:
            return {**self.verdicts[CSPM].as_summary(), **tickets, "problems": self.problems}
        hubs = {name: verdict.as_summary() for name, verdict in self.verdicts.items()}
        signals = {} if self.signals is None else {"signals": self.signals.as_summary()}
        return {"hubs": hubs, **signals, **tickets, "problems": self.problems}


@dataclass(frozen=True, slots=True)
class Provided:
    """The findings that the hubs get, each in the form of its hub."""

    cspm: list[dict[str, Any]]
    v2: list[dict[str, Any]]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.cspm) + len(self.v2)


def perform(scenario: Scenario, watcher: Watcher) -> Performance:
    """Run the whole demonstration; nothing is left running, however it ends.

    Raises DemoError, SynthesisError, LocalCloudError or DeploymentError when a step could not be done.
    """
    with ExitStack() as stack:
        peers = stack.enter_context(doubles()) if scenario.destinations else None
        return _performed(scenario, watcher, peers)


def _performed(scenario: Scenario, watcher: Watcher, peers: PeersProcess | None) -> Performance:
    watch = Stopwatch(watcher)
    with watch.step("Build the stack", "synth") as step:
        assembly = synthesize(scenario.rules, scenario.build / "cdk.out", **_choices(scenario, peers))
        ruleset = _deployed_ruleset(assembly)
        step.outcome = f"{len(ruleset['rules'])} rules, rule set {ruleset['hash']}"
    with LocalCloud(batching_window=scenario.window) as cloud:
        with watch.step("Start the local AWS", "start") as step:
            _check_hubs(cloud, scenario.hubs)
            step.outcome = f"Security Hub in {cloud.region}, at {cloud.endpoint}"
        if peers is not None:
            keep_secrets(cloud, peers)
        with watch.step("Deploy the stack", "deploy") as step:
            outputs = _only_stack(cloud.deploy(assembly))
            cloud.wait_until_idle()  # the sweep that a deployment starts
            step.outcome = f"{_resources(assembly)} resources by CloudFormation"
        provided = _provided(scenario, time.time())
        with watch.step("Import findings", "import", provided.count) as step:
            _import(cloud, provided.cspm, step)
            _provide_v2(cloud, provided.v2, step, len(provided.cspm))
            step.outcome = _imported(provided)
        with watch.step("Triage", "triage") as step:
            _await_triage(cloud, step, scenario.timeout * len(scenario.hubs))
            step.outcome = f"{len(cloud.control.updates())} API calls; the queue is empty"
        tickets = _tickets(cloud, outputs, peers, watch)
        evidence = _gather(cloud, outputs, provided, ruleset, watch.seconds, scenario.hubs)
    verdicts = {name: judge(seen) for name, seen in evidence.items()}
    signals = tally_signals(evidence[CSPM], evidence[V2]) if len(evidence) == len(HUBS) else None
    return Performance(evidence, verdicts, ruleset, signals, tickets)


def _choices(scenario: Scenario, peers: PeersProcess | None) -> dict[str, Any]:
    hubs = {} if scenario.hubs == (CSPM,) else {"hubs": ",".join(scenario.hubs)}
    return hubs | (scenario.destinations.settings(peers) if scenario.destinations and peers else {})


def _tickets(
    cloud: LocalCloud, outputs: Mapping[str, str], peers: PeersProcess | None, watch: Stopwatch
) -> TicketTally | None:
    """Wait until tickets and messages are as they should be, and count them."""
    if peers is None:
        return None
    with watch.step("Open tickets", "tickets") as step:
        functions = [arn for name, arn in outputs.items() if name.startswith("QueueFunction")]
        work_on_tickets(cloud, peers, functions)
        tally = tally_tickets(_decisions(cloud.log_messages(outputs["LogGroupName"])), peers)
        step.outcome = f"{tally.tickets:,} in a double of Jira, {tally.messages:,} messages in one of Slack"
    return tally


def _provided(scenario: Scenario, now: float) -> Provided:
    """Draw findings for the hubs. Most signals have one in each; each hub has some that the other lacks."""
    signals = list(generate(scenario.findings, scenario.seed, now=now))
    return Provided(
        signals if CSPM in scenario.hubs else [],
        in_v2(signals, scenario.seed, now=now) if V2 in scenario.hubs else [],
    )


def _imported(provided: Provided) -> str:
    texts = []
    if provided.cspm:
        texts.append(f"{len(provided.cspm):,} findings of {_producers(provided.cspm)} producers")
    if provided.v2:
        texts.append(f"{len(provided.v2):,} findings in Security Hub V2")
    return ", ".join(texts)


def _deployed_ruleset(assembly: Path) -> dict[str, Any]:
    """Read ruleset.json from the function's package, as it is deployed."""
    manifest = json.loads((assembly / "manifest.json").read_text(encoding="utf-8"))["artifacts"]
    assets = (assembly / name for name in _asset_folders(assembly, manifest))
    packaged = next(
        (folder / "ruleset.json" for folder in assets if (folder / "ruleset.json").exists()), None
    )
    if packaged is None:
        raise DemoError(f"no package in {assembly} holds a ruleset.json")
    ruleset: dict[str, Any] = json.loads(packaged.read_text(encoding="utf-8"))
    return ruleset


def _asset_folders(assembly: Path, manifest: Mapping[str, Any]) -> Iterator[str]:
    for artifact in manifest.values():
        if artifact["type"] == "cdk:asset-manifest":
            text = (assembly / artifact["properties"]["file"]).read_text(encoding="utf-8")
            yield from (file["source"]["path"] for file in json.loads(text)["files"].values())


def _resources(assembly: Path) -> int:
    templates = (json.loads(path.read_text(encoding="utf-8")) for path in assembly.glob("*.template.json"))
    return sum(len(template["Resources"]) for template in templates)


def _check_hubs(cloud: LocalCloud, hubs: tuple[str, ...]) -> None:
    client = cloud.client("securityhub")
    if CSPM in hubs:
        client.describe_hub()
    if V2 in hubs:
        client.describe_security_hub_v2()


def _only_stack(outputs: dict[str, dict[str, str]]) -> dict[str, str]:
    if len(outputs) != 1:
        raise DemoError(f"expected one stack, found {', '.join(outputs) or 'none'}")
    return next(iter(outputs.values()))


def _producers(findings: list[dict[str, Any]]) -> int:
    return len({finding["ProductName"] for finding in findings})


def _import(cloud: LocalCloud, findings: list[dict[str, Any]], step: DemoStep) -> None:
    hub = cloud.client("securityhub", config=_PATIENT)
    for start in range(0, len(findings), IMPORT_BATCH):
        answer = hub.batch_import_findings(Findings=findings[start : start + IMPORT_BATCH])
        if answer["FailedCount"]:
            raise DemoError(f"Security Hub did not take a finding: {answer['FailedFindings'][0]}")
        step.advance(min(start + IMPORT_BATCH, len(findings)))


def _provide_v2(cloud: LocalCloud, findings: list[dict[str, Any]], step: DemoStep, done: int) -> None:
    """Have the providers of V2 send findings; those that people had touched are there as they left them."""
    for start in range(0, len(findings), IMPORT_BATCH):
        batch = findings[start : start + IMPORT_BATCH]
        cloud.control.plant_v2([finding for finding in batch if is_touched(finding)])
        cloud.control.provide_v2([finding for finding in batch if not is_touched(finding)])
        step.advance(done + min(start + IMPORT_BATCH, len(findings)))


def _await_triage(cloud: LocalCloud, step: DemoStep, timeout: float) -> None:
    """Wait until no event is under way and the queue is empty."""
    deadline = time.monotonic() + timeout
    while not cloud.is_idle():
        if time.monotonic() > deadline:
            raise DemoError(f"triage is not done after {timeout:g} s: {cloud.queue_depths()}")
        updated = sum(call.processed for call in cloud.control.updates())
        waiting = sum(cloud.queue_depths().values())
        step.report(f"{updated:,} findings updated, {waiting:,} messages in the queue")
        time.sleep(_POLL)


def _gather(
    cloud: LocalCloud,
    outputs: Mapping[str, str],
    provided: Provided,
    ruleset: Mapping[str, Any],
    seconds: Mapping[str, float],
    hubs: tuple[str, ...],
) -> dict[str, DemoEvidence]:
    """Gather what there is to see, and share it out to the hubs."""
    depths, updates = cloud.queue_depths(), cloud.control.updates()
    lines = list(_decisions(cloud.log_messages(outputs["LogGroupName"])))
    held = frozenset(_entries(cloud, outputs["LedgerTableName"]))
    before, after = _as_provided(provided), {CSPM: cloud.control.findings(), V2: cloud.control.findings_v2()}
    return {
        name: DemoEvidence(
            before=by_key(before[name], name),
            after=by_key(after[name], name),
            updates=tuple(call for call in updates if call.operation == HUBS[name].operation),
            lines=tuple(line for line in lines if (line["product_arn"] == V2_PRODUCT) == (name == V2)),
            waiting=_depth(depths, outputs["QueueUrl"]),
            dead=_depth(depths, outputs["DeadLetterQueueUrl"])
            + _depth(depths, outputs["UndeliveredQueueUrl"]),
            rules=tuple(ruleset["rules"]),
            seconds=dict(seconds),
            name=name,
            held=held,
        )
        for name in hubs
    }


def _as_provided(provided: Provided) -> dict[str, list[dict[str, Any]]]:
    """Return the findings as their hubs store them on arrival, without triage."""
    untouched, now = Hub(settings=HubSettings.still()), time.time()
    for start in range(0, len(provided.cspm), IMPORT_BATCH):
        untouched.batch_import_findings(provided.cspm[start : start + IMPORT_BATCH], now)
    for finding in provided.v2:
        if is_touched(finding):
            untouched.v2.plant(finding, now, untouched.settings)
        else:
            untouched.v2.provide(finding, now, untouched.settings)
    return {CSPM: untouched.findings(), V2: untouched.v2.findings()}


def _entries(cloud: LocalCloud, table: str) -> Iterator[Key]:
    """Yield the keys of the findings that the ledger has an entry of."""
    pages = cloud.client("dynamodb").get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    for page in pages:
        for item in page["Items"]:
            if "finding" in item:
                product_arn, finding_id = json.loads(item["finding"]["S"])
                yield product_arn, finding_id


def _depth(depths: Mapping[str, int], url: str) -> int:
    return depths[url.rpartition("/")[2]]


def _decisions(messages: Iterator[str]) -> Iterator[dict[str, Any]]:
    """Yield the decision lines among all that the function logged."""
    for message in messages:
        for row in message.splitlines():
            if row.startswith("{") and "finding_id" in (line := json.loads(row)):
                yield line
