"""Run the demonstration: start, synthesize, deploy, import, wait, gather what is to be seen."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from botocore.config import Config

from hubtriage.localaws.cloud import LocalCloud
from hubtriage.localaws.demo.evidence import DemoEvidence, States, by_key
from hubtriage.localaws.demo.steps import DemoStep, Stopwatch, Watcher
from hubtriage.localaws.demo.verdict import DemoVerdict, judge
from hubtriage.localaws.findings import generate
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

    `timeout` is how long triage may take, `window` how long the queue waits to fill a batch, in seconds.
    """

    rules: Path
    build: Path
    findings: int = 2_500
    seed: int = 0
    timeout: float = 60.0
    window: float = 5.0


@dataclass(frozen=True, slots=True)
class Performance:
    """What was seen, what it amounts to, and the deployed ruleset.json."""

    evidence: DemoEvidence
    verdict: DemoVerdict
    ruleset: Mapping[str, Any]


def perform(scenario: Scenario, watcher: Watcher) -> Performance:
    """Run the whole demonstration; nothing is left running, however it ends.

    Raises DemoError, SynthesisError, LocalCloudError or DeploymentError when a step could not be done.
    """
    watch = Stopwatch(watcher)
    with watch.step("Build the stack", "synth") as step:
        assembly = synthesize(scenario.rules, scenario.build / "cdk.out")
        ruleset = _deployed_ruleset(assembly)
        step.outcome = f"{len(ruleset['rules'])} rules, rule set {ruleset['hash']}"
    with LocalCloud(batching_window=scenario.window) as cloud:
        with watch.step("Start the local AWS", "start") as step:
            _check_hub(cloud)
            step.outcome = f"Security Hub in {cloud.region}, at {cloud.endpoint}"
        with watch.step("Deploy the stack", "deploy") as step:
            outputs = _only_stack(cloud.deploy(assembly))
            cloud.wait_until_idle()  # the sweep that a deployment starts
            step.outcome = f"{_resources(assembly)} resources by CloudFormation"
        imported = list(generate(scenario.findings, scenario.seed, now=time.time()))
        with watch.step("Import findings", "import", len(imported)) as step:
            _import(cloud, imported, step)
            step.outcome = f"{len(imported):,} findings of {_producers(imported)} producers"
        with watch.step("Triage", "triage") as step:
            _await_triage(cloud, step, scenario.timeout)
            step.outcome = f"{len(cloud.control.updates())} API calls; the queue is empty"
        evidence = _gather(cloud, outputs, imported, ruleset, watch.seconds)
    return Performance(evidence, judge(evidence), ruleset)


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


def _check_hub(cloud: LocalCloud) -> None:
    cloud.client("securityhub").describe_hub()


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
    imported: list[dict[str, Any]],
    ruleset: Mapping[str, Any],
    seconds: Mapping[str, float],
) -> DemoEvidence:
    depths = cloud.queue_depths()
    return DemoEvidence(
        before=_as_imported(imported),
        after=by_key(cloud.control.findings()),
        updates=tuple(cloud.control.updates()),
        lines=tuple(_decisions(cloud.log_messages(outputs["LogGroupName"]))),
        waiting=_depth(depths, outputs["QueueUrl"]),
        dead=_depth(depths, outputs["DeadLetterQueueUrl"]) + _depth(depths, outputs["UndeliveredQueueUrl"]),
        rules=tuple(ruleset["rules"]),
        seconds=dict(seconds),
    )


def _as_imported(findings: list[dict[str, Any]]) -> States:
    """Return the findings as Security Hub stores them on import, without triage."""
    untouched = Hub(settings=HubSettings.still())
    for start in range(0, len(findings), IMPORT_BATCH):
        untouched.batch_import_findings(findings[start : start + IMPORT_BATCH], time.time())
    return by_key(untouched.findings())


def _depth(depths: Mapping[str, int], url: str) -> int:
    return depths[url.rpartition("/")[2]]


def _decisions(messages: Iterator[str]) -> Iterator[dict[str, Any]]:
    """Yield the decision lines among all that the function logged."""
    for message in messages:
        for row in message.splitlines():
            if row.startswith("{") and "finding_id" in (line := json.loads(row)):
                yield line
