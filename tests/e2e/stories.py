"""Scenarios told as stories that advance together.

A story is a generator: it lets providers and people act, yields what it waits for, and asserts. All
stories that wait for the same thing wait together, so that twenty of them take as long as the longest.
"""

import json
import shlex
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from typing import Any

from hubtriage.localaws.cloud import LocalCloud
from tests.support import aws_cli
from tests.support.deployed_stack import DeployedStack

PRODUCT = "arn:aws:securityhub:eu-central-1::product/aws/securityhub"
AUTOMATION = ":automation-rule/"
OUTDATED_AFTER = 31.0
"""Seconds after which an event's finding is read again before it is changed."""
_WHOLE_SECOND = 1.0  # AWS: the time of an event is cut to whole seconds


class Wait(IntEnum):
    """What a story waits for. Those that come first here go first."""

    REST = 0
    """Triage has nothing to do, and what comes now is surely later than its last update."""
    REDEPLOYED = 1
    """The stack was deployed again, with the rules of the second deployment."""
    OUTDATED = 2
    """The first events are too old to be trusted."""


Steps = Iterator[Wait]


class TriageStory:
    """One story's findings, and who acts on them. Ids carry the story's name."""

    def __init__(self, name: str, stack: DeployedStack, witness: Callable[[], list[dict[str, Any]]]) -> None:
        self.name = name
        self.stack = stack
        self._witness = witness
        self._sent: dict[str, dict[str, Any]] = {}
        self._set: Counter[str] = Counter()

    # Providers

    def provide(self, name: str, generator: str, severity: str = "LOW", **members: Any) -> str:
        """A provider sends a new finding; returns its Id."""
        finding_id = f"{self.name}/{name}"
        self._send(provided(finding_id, generator, severity) | members)
        return finding_id

    def refresh(self, finding_id: str, *, severity: str | None = None, **members: Any) -> None:
        """The provider sends the finding again, with these changes."""
        if severity is not None:
            members["FindingProviderFields"] = {"Severity": {"Label": severity}, "Types": [TYPE]}
        self._send(self._sent[finding_id] | members)

    def _send(self, finding: dict[str, Any]) -> None:
        finding = finding | {"UpdatedAt": now()}
        self.stack.import_findings([finding])
        self._sent[finding["Id"]] = finding

    # People and other tools

    def set(self, finding_id: str, **fields: Any) -> None:
        """Somebody who is not triage updates the finding."""
        self._set[finding_id] += 1
        answer = self.stack.hub.batch_update_findings(
            FindingIdentifiers=[{"Id": finding_id, "ProductArn": PRODUCT}], **fields
        )
        assert answer["UnprocessedFindings"] == [], answer

    # The same by the AWS CLI

    def aws(self, command: str, **options: Any) -> dict[str, Any]:
        """Run a command of `aws securityhub`; each option is `--name` with JSON, or a word as it is."""
        words = (
            f"--{name.replace('_', '-')} {shlex.quote(v if isinstance(v, str) else json.dumps(v))}"
            for name, v in options.items()
        )
        return aws_cli.answer(self.stack.cloud, f"aws securityhub {command} {' '.join(words)}", attempts=10)

    def aws_import(self, *names: str, generator: str, severity: str = "LOW", **members: Any) -> list[str]:
        """A provider imports new findings; returns their Ids."""
        for finding_id in self._ids(names):
            self._sent[finding_id] = provided(finding_id, generator, severity)
        return self.aws_refresh(*names, **members)

    def aws_refresh(self, *names: str, severity: str | None = None, **members: Any) -> list[str]:
        """A provider imports a new state of findings."""
        if severity is not None:
            members["FindingProviderFields"] = {"Severity": {"Label": severity}, "Types": [TYPE]}
        ids = self._ids(names)
        for finding_id in ids:
            self._sent[finding_id] |= {"UpdatedAt": now(), **members}
        answer = self.aws("batch-import-findings", findings=[self._sent[finding_id] for finding_id in ids])
        assert answer["FailedCount"] == 0, answer
        return ids

    def _ids(self, names: Iterable[str]) -> list[str]:
        return [f"{self.name}/{name}" for name in names]

    def aws_update(self, *ids: str, **fields: Any) -> None:
        """Another tool updates findings."""
        self._set.update(ids)
        identifiers = [{"Id": finding_id, "ProductArn": PRODUCT} for finding_id in ids]
        answer = self.aws("batch-update-findings", finding_identifiers=identifiers, **fields)
        assert answer["UnprocessedFindings"] == [], answer

    def aws_findings(self, *ids: str) -> list[dict[str, Any]]:
        """The findings as anybody reads them, in the same order."""
        filters = {"Id": [{"Value": finding_id, "Comparison": "EQUALS"} for finding_id in ids]}
        found = {finding["Id"]: finding for finding in self.aws("get-findings", filters=filters)["Findings"]}
        return [found[finding_id] for finding_id in ids]

    def aws_statuses(self, *ids: str) -> list[str]:
        return [finding["Workflow"]["Status"] for finding in self.aws_findings(*ids)]

    # Witnesses

    def first_event(self, finding_id: str) -> dict[str, Any]:
        """The event that the finding's first import made, as EventBridge had it."""
        return next(e for e in self._witness() if e["detail"]["findings"][0]["Id"] == finding_id)

    # What came of it

    def finding(self, finding_id: str) -> dict[str, Any]:
        return self.stack.findings()[finding_id]

    def status(self, finding_id: str) -> str:
        return str(self.finding(finding_id)["Workflow"]["Status"])

    def severity(self, finding_id: str) -> str:
        return str(self.finding(finding_id)["Severity"]["Label"])

    def user_fields(self, finding_id: str) -> dict[str, str]:
        fields: dict[str, str] = self.finding(finding_id).get("UserDefinedFields", {})
        return fields

    def updates_by_triage(self, finding_id: str) -> int:
        """How often triage wrote to the finding, by the service's own history of it."""
        records = self.stack.hub.get_finding_history(
            FindingIdentifier={"Id": finding_id, "ProductArn": PRODUCT}
        )["Records"]
        sources = [record["UpdateSource"] for record in records]
        updates = [
            s for s in sources if s["Type"] == "BATCH_UPDATE_FINDINGS" and AUTOMATION not in s["Identity"]
        ]
        return len(updates) - self._set[finding_id]

    def held(self, finding_id: str) -> dict[str, Any]:
        """What the ledger says of the finding: the claims of its item, by field; none without an item."""
        item = self.stack.ledger().get((PRODUCT, finding_id))
        entry: dict[str, Any] = {} if item is None else json.loads(item["entry"]["S"])
        return entry.get("claims", {})

    def log(self, finding_id: str) -> list[dict[str, Any]]:
        """The finding's lines in the decision log."""
        return [line for line in self.stack.decisions() if line["finding_id"] == finding_id]


TYPE = "Software and Configuration Checks"


def provided(finding_id: str, generator: str, severity: str) -> dict[str, Any]:
    """A control finding as its provider sends it."""
    return {
        "SchemaVersion": "2018-10-08",
        "Id": finding_id,
        "ProductArn": PRODUCT,
        "GeneratorId": f"scenario/{generator}",
        "AwsAccountId": "111122223333",
        "CreatedAt": now(),
        "UpdatedAt": now(),
        "Title": "A finding of a scenario",
        "Description": "Nobody has to act on it.",
        "Resources": [{"Type": "AwsS3Bucket", "Id": f"arn:aws:s3:::{finding_id}"}],
        "Compliance": {"Status": "FAILED"},
        "FindingProviderFields": {"Severity": {"Label": severity}, "Types": [TYPE]},
    }


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Stage:
    """Where stories are played; `second` is the assembly of the second deployment."""

    def __init__(self, stack: DeployedStack, second: Callable[[], Path]) -> None:
        self.stack = stack
        self._second = second
        self._began = time.monotonic()

    def play(self, stories: Mapping[str, Steps]) -> dict[str, Exception | None]:
        """Play all to their ends; what went wrong, by story."""
        endings: dict[str, Exception | None] = dict.fromkeys(stories)
        waiting = dict.fromkeys(stories, Wait.REST)
        while waiting:
            reached = min(waiting.values())
            self._reach(reached)
            for name in [name for name, wait in waiting.items() if wait == reached]:
                try:
                    waiting[name] = next(stories[name])
                except StopIteration:
                    del waiting[name]
                except Exception as error:  # noqa: BLE001 - one story's failure is told at the end
                    endings[name] = error
                    del waiting[name]
        return endings

    def _reach(self, wait: Wait) -> None:
        if wait is Wait.REDEPLOYED:
            self.stack.redeploy(self._second())
        if wait is Wait.OUTDATED:
            time.sleep(max(0.0, self._began + OUTDATED_AFTER - time.monotonic()))
        self.stack.settle()
        outlast_doubt(self.stack.cloud)


def outlast_doubt(cloud: LocalCloud) -> None:
    """Wait until no event that comes now can be taken for one from before the last update by triage."""
    updates = [call.time for call in cloud.control.updates() if call.trace is not None]
    settle = float(cloud.environment["HUBTRIAGE_SETTLE_SECONDS"])
    time.sleep(max(0.0, max(updates, default=0.0) + settle + _WHOLE_SECOND - time.time()))
