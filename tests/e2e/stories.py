"""Scenarios told as stories that advance together.

A story is a generator: it lets providers and people act, yields what it waits for, and asserts. All
stories that wait for the same thing wait together, so that twenty of them take as long as the longest.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from typing import Any

from tests.support.deployed_stack import DeployedStack

PRODUCT = "arn:aws:securityhub:eu-central-1::product/aws/securityhub"
AUTOMATION = ":automation-rule/"
OUTDATED_AFTER = 31.0
"""Seconds after which an event's finding is read again before it is changed."""


class Wait(IntEnum):
    """What a story waits for. Those that come first here go first."""

    REST = 0
    """Triage has nothing to do."""
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
        """The user-defined fields that are not triage's own."""
        fields: Mapping[str, str] = self.finding(finding_id).get("UserDefinedFields", {})
        return {name: value for name, value in fields.items() if not name.startswith("hubtriage/")}

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
