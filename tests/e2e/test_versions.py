"""Upgrades and downgrades under load, between this version and one whose entries and rules have format 2.

`tests/support/another_version.py` makes that version. Each event is accounted for by the log or by a queue;
what is hidden, and who has written, is read from the service.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hubtriage.aws.ledger.item import ENTRY
from hubtriage.aws.ledger.table import LEASE_VARIABLE
from hubtriage.aws.sweep.request import SweepRequest
from hubtriage.aws.sweep.start import look, start_sweep
from hubtriage.localaws.cloud import LocalCloud
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.e2e.stories import outlast_doubt, provided
from tests.support.another_version import another_version, newer, rules_of_newer
from tests.support.deployed_stack import SHORT_WINDOW, DeployedStack, built_stack

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

RULES = """
rules:
  - id: accepted
    match: {GeneratorId: [scenario/accepted]}
    ceiling: MEDIUM
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}
"""
AGAIN_AFTER, RECEIVES = 5, 8
LEASE = 15
"""Seconds for which an intent is left to a function that may have ended; all deliveries take longer."""
BATCH = 20
CLOCKS = timedelta(seconds=1)
"""By how much the time of an event, in whole seconds, may be later than that of a line of the log."""


class LoadedStack(DeployedStack):
    """A stack under load: what was imported, and what became of each event."""

    def __init__(self, cloud: LocalCloud, assembly: Path) -> None:
        (outputs,) = cloud.deploy(assembly).values()
        super().__init__(cloud, outputs)
        self.deliver_again_after(AGAIN_AFTER, receives=RECEIVES)
        self.sent: dict[str, dict[str, Any]] = {}

    def update(self, assembly: Path) -> None:
        """Deploy another version; a deployment sets the queue as the template has it."""
        self.redeploy(assembly)
        self.deliver_again_after(AGAIN_AFTER, receives=RECEIVES)

    def send(self, *ids: str, severity: str = "LOW") -> None:
        """A provider imports findings, new ones or new states; every other one is accepted by the rule."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        for finding_id in ids:
            number = int(finding_id.rpartition("-")[2])
            generator = "other" if number % 2 else "accepted"
            self.sent[finding_id] = provided(finding_id, generator, severity) | {"UpdatedAt": now}
        self.import_findings([self.sent[finding_id] for finding_id in ids])

    def rest_and_outlast(self) -> None:
        """Wait until nothing is under way, and what comes now is surely later than any update."""
        self.rest()
        outlast_doubt(self.cloud)

    @contextmanager
    def under_load(self) -> Iterator[None]:
        """Import new findings and new states of old ones during the block, and just before and after it."""
        stop = threading.Event()

        def load() -> None:
            while not stop.wait(0.7):
                first = len(self.sent)
                self.send(*list(self.sent)[::-7][:BATCH])
                self.send(*(f"load-{number}" for number in range(first, first + BATCH)))

        with ThreadPoolExecutor(1) as pool:
            loading = pool.submit(load)
            try:
                time.sleep(2)
                yield
                time.sleep(2)
            finally:
                stop.set()
        loading.result()

    def formats(self) -> dict[str, int]:
        """The format of each entry in the ledger, by the Id of its finding."""
        return {key[1]: json.loads(item[ENTRY]["S"])["format"] for key, item in self.ledger().items()}

    def hidden(self) -> set[str]:
        return {
            finding["Id"] for finding in self.findings().values() if finding["Workflow"]["Status"] != "NEW"
        }

    def dead(self) -> list[dict[str, Any]]:
        """The events in the dead-letter queue, which stay there."""
        sqs, url = self.cloud.client("sqs"), self.outputs["DeadLetterQueueUrl"]
        seen: list[dict[str, Any]] = []
        while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            seen += found
        for message in seen:
            handle = message["ReceiptHandle"]
            sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
        return [json.loads(message["Body"]) for message in seen]

    def unaccounted(self) -> list[str]:
        """Events of which neither the log nor the dead-letter queue tells how they ended."""
        dead = Counter(event["id"] for event in self.dead())
        ended: dict[str, list[datetime]] = {}
        for line in self.decisions():
            if line["outcome"] in ("updated", "unchanged", "refused"):
                at = datetime.fromisoformat(line["timestamp"])
                ended.setdefault(line["finding_id"], []).append(at)
        lost = []
        for event in self.cloud.control.delivered_events():
            finding = event["detail"]["findings"][0]
            moment = datetime.fromtimestamp(event["moment"], UTC) - CLOCKS
            if not dead[event["id"]] and not any(at >= moment for at in ended.get(finding["Id"], ())):
                lost.append(f"{event['id']} of {finding['Id']}")
        return lost

    def sweep(self) -> tuple[str, int]:
        """Sweep all findings; return how that ended, and how many updates functions have made since."""
        before = Counter(self.cloud.control.updates_by_functions())
        states = self.cloud.client("stepfunctions")
        request = SweepRequest(reason="versions")
        execution = start_sweep(states, self.outputs["SweepArn"], request)
        deadline = time.monotonic() + 120
        while (seen := look(states, execution)).is_running:
            assert time.monotonic() < deadline, json.dumps(seen.progress.as_json())
            time.sleep(0.5)
        self.rest()
        updates = Counter(self.cloud.control.updates_by_functions()) - before
        return seen.progress.status, updates.total()

    def failures(self) -> Counter[str]:
        """The reasons of failed findings in the log, without what differs from finding to finding."""
        lines = (line for line in self.decisions() if line["outcome"] == "failed")
        return Counter(line["code"] for line in lines)


def _hurry(assembly: Path) -> Path:
    """Have functions leave an intent to another for seconds, and call as often as they can."""
    for path in assembly.glob("*.template.json"):
        template = json.loads(path.read_text())
        for resource in template["Resources"].values():
            variables = resource.get("Properties", {}).get("Environment", {}).get("Variables", {})
            variables |= {name: str(LEASE) for name in variables if name == LEASE_VARIABLE}
            variables |= {name: "40" for name in variables if name.endswith("S_PER_SECOND")}
        path.write_text(json.dumps(template))
    return assembly


@pytest.fixture(scope="module")
def assemblies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("versions")
    (folder / "rules").mkdir()
    (folder / "rules" / "rules.yaml").write_text(RULES)
    ours = _hurry(built_stack(folder / "rules", folder / "ours", log_level="DEBUG"))
    return {
        "ours": ours,
        "newer": another_version(ours, folder / "newer", newer),
        "broken": another_version(ours, folder / "broken", rules_of_newer),
    }


@pytest.fixture
def stack(assemblies: dict[str, Path]) -> Iterator[LoadedStack]:
    settings = HubSettings(event_delay=(0.02, 0.3), quotas=False)
    with LocalCloud(settings, batching_window=SHORT_WINDOW) as cloud:
        yield LoadedStack(cloud, assemblies["ours"])


def test_every_event_of_an_upgrade_and_a_downgrade_under_load_is_accounted_for(
    stack: LoadedStack, assemblies: dict[str, Path]
) -> None:
    stack.send(*(f"load-{number}" for number in range(2 * BATCH)))
    stack.rest_and_outlast()
    with stack.under_load():
        stack.update(assemblies["newer"])
    stack.rest_and_outlast()
    assert set(stack.formats().values()) == {1, 2}, "entries of both versions"
    assert stack.unaccounted() == []
    assert stack.dead() == []
    assert stack.hidden() == accepted(stack)

    old = next(finding_id for finding_id, number in stack.formats().items() if number == 1)
    stack.send(old, severity="CRITICAL")
    stack.rest_and_outlast()
    assert old not in stack.hidden(), "the newer version reads the older one's entry, and reopens"

    with stack.under_load():
        stack.update(assemblies["ours"])
    stack.rest_and_outlast()
    assert stack.unaccounted() == []
    newer_entries = {finding_id for finding_id, number in stack.formats().items() if number == 2}
    assert {event["detail"]["findings"][0]["Id"] for event in stack.dead()} <= newer_entries
    assert set(stack.failures()) <= {"LedgerUnreadable", "Undecidable", "Conflict", "HistoryBehind"}
    assert stack.hidden() <= accepted(stack), "nothing is hidden without a rule"

    hidden = next(iter(sorted(newer_entries & stack.hidden())))
    stack.send(hidden, severity="CRITICAL")
    stack.rest()
    assert hidden in stack.hidden(), "no one knows whether triage or a person has hidden it"
    assert hidden in {event["detail"]["findings"][0]["Id"] for event in stack.dead()}
    reasons = [line["reason"] for line in stack.decisions() if line.get("code") == "LedgerUnreadable"]
    assert all("format 2 is not 1, the one that this version reads" in reason for reason in reasons)
    assert stack.counted("LedgerFailed") == len(reasons)
    assert {finding_id for finding_id, number in stack.formats().items() if number == 2} == newer_entries

    stack.update(assemblies["newer"])
    redrive(stack)
    stack.rest_and_outlast()
    assert stack.dead() == []
    assert hidden not in stack.hidden(), "what had failed is triaged by the version that can read it"
    assert stack.sweep()[0] == "done"
    outlast_doubt(stack.cloud)
    assert stack.sweep() == ("done", 0)
    assert stack.hidden() == accepted(stack)
    assert stack.unaccounted() == []


def test_a_sweep_leaves_out_what_a_newer_version_has_written_and_says_so(
    stack: LoadedStack, assemblies: dict[str, Path]
) -> None:
    stack.update(assemblies["newer"])
    stack.send(*(f"load-{number}" for number in range(10)))
    stack.rest_and_outlast()
    stack.update(assemblies["ours"])
    stack.send(*(f"load-{number}" for number in range(10, 20)))
    stack.rest_and_outlast()
    assert Counter(stack.formats().values()) == {1: 5, 2: 5}
    assert stack.sweep() == ("skipped", 0)
    assert stack.hidden() == accepted(stack)


def test_a_function_that_meets_rules_of_another_format_stops_and_loses_no_message(
    stack: LoadedStack, assemblies: dict[str, Path]
) -> None:
    stack.send("load-0")
    stack.rest_and_outlast()
    stack.redeploy(assemblies["broken"])
    stack.send("load-2")
    stack.send("load-0", severity="CRITICAL")
    wait_for_message(stack, "ruleset.json has format 2, this version reads 1: build it again")
    assert stack.hidden() == {"load-0"}, "it does nothing, and guesses at nothing"
    assert stack.dead() == []
    stack.update(assemblies["ours"])
    stack.rest_and_outlast()
    assert stack.hidden() == {"load-2"}, "both messages were still there"
    assert (stack.unaccounted(), stack.dead()) == ([], [])


def accepted(stack: LoadedStack) -> set[str]:
    """The findings that the rule hides, by what their provider says now."""
    return {
        finding_id
        for finding_id, finding in stack.sent.items()
        if finding["GeneratorId"] == "scenario/accepted"
        and finding["FindingProviderFields"]["Severity"]["Label"] != "CRITICAL"
    }


def redrive(stack: LoadedStack) -> None:
    """Run `hubtriage redrive`, which waits until the dead letters are back in the queue."""
    command = [str(Path(sys.executable).with_name("hubtriage")), "redrive"]
    environment = {**os.environ, **stack.cloud.environment, "HUBTRIAGE_CONFIG": ""}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr


def wait_for_message(stack: LoadedStack, text: str, timeout: float = 60.0) -> None:
    """Wait until a function has ended with a text, which the local AWS has in a log of its own."""
    deadline = time.monotonic() + timeout
    while text not in stack.cloud.process_log():
        assert time.monotonic() < deadline, text
        time.sleep(0.5)
