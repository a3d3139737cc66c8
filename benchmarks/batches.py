"""A batch for the triage function as Lambda hands it over, and Security Hub as the network would show it."""

from __future__ import annotations

import contextlib
import io
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, NoReturn

from benchmarks import workload
from hubtriage.aws.ledger.memory import MemoryLedger
from hubtriage.aws.securityhub.api import Key
from hubtriage.aws.triage.config import TriageConfig
from hubtriage.aws.triage.function import Services, TriageFunction
from hubtriage.engine.ruleset.ruleset import Ruleset, load_ruleset
from hubtriage.localaws.findings import NOW
from hubtriage.localaws.securityhub.hub import Hub
from hubtriage.localaws.securityhub.inprocess import InProcessSecurityHub, ManualClock
from hubtriage.localaws.securityhub.settings import HubSettings

CONTEXT = SimpleNamespace(aws_request_id="benchmark", get_remaining_time_in_millis=lambda: 900_000)
CONFIG = TriageConfig(calls_per_second=1e6, reads_per_second=1e6)
ROLE = "arn:aws:iam::999900001111:role/hubtriage"
Items = dict[Key, tuple[int, str]]
"""What the ledger has: the version and the text of each entry, as `MemoryLedger` keeps them."""
UPDATES: list[dict[str, Any]] = [
    {
        "Workflow": {"Status": "SUPPRESSED"},
        "Note": {"Text": "Accepted until {rule.expires} ({rule.ticket})."},
    },
    {"Severity": {"Label": "LOW"}, "UserDefinedFields": {"ticket": "SEC-1042"}},
    {"Workflow": {"Status": "NOTIFIED"}, "UserDefinedFields": {"team": "platform"}},
    {"VerificationState": "BENIGN_POSITIVE", "Confidence": 90},
]


class AcceptingSecurityHub:
    """Take every update and count the calls: what is measured is our side of the network."""

    def __init__(self) -> None:
        self.calls = 0

    def batch_update_findings(self, **request: Any) -> Mapping[str, Any]:
        """Answer that all findings were updated."""
        self.calls += 1
        identifiers = request["FindingIdentifiers"]
        answer = {"RequestId": "benchmark", "HTTPStatusCode": 200}
        return {"ProcessedFindings": identifiers, "UnprocessedFindings": [], "ResponseMetadata": answer}

    def get_findings(self, **_request: Any) -> Mapping[str, Any]:
        """Fail: events of this benchmark are current and come once, so nothing is read."""
        raise AssertionError("nothing should be read again")

    def get_finding_history(self, **_request: Any) -> Mapping[str, Any]:
        """Answer that nobody is known to have changed a finding: some were hidden before triage saw them."""
        answer = {"RequestId": "benchmark", "HTTPStatusCode": 200}
        return {"Records": [], "ResponseMetadata": answer}


def ruleset_document(count: int) -> dict[str, Any]:
    """Return a `ruleset.json` of the workload's rules, each with an update."""
    rules = [
        {
            **rule,
            "order": 500,
            "ceiling": "HIGH",
            "update": UPDATES[at % len(UPDATES)],
            "ticket": "SEC-1042",
            "expires": "2027-03-31",
        }
        for at, rule in enumerate(workload.rules(count))
    ]
    return {"format": 1, "hash": "0" * 16, "revision": None, "rules": rules}


def function(ruleset: Ruleset, api: Any, items: Items | None = None) -> TriageFunction:
    """Return the triage function with time standing still at the findings' present.

    Its ledger is in memory and has these entries, as texts: what is measured is our side of the network.
    """
    services = Services(api, MemoryLedger(dict(items or {})), lambda: ROLE, no_queue)
    return TriageFunction(CONFIG, ruleset, services, ManualClock(NOW))


def no_queue() -> NoReturn:
    """Fail: no message of these benchmarks is to come again earlier."""
    raise AssertionError("nothing should come again earlier")


def sqs_event(findings: list[workload.Finding]) -> dict[str, Any]:
    """Return the findings as one SQS batch of Security Hub's events."""
    time = datetime.fromtimestamp(NOW, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    envelope = {
        "version": "0",
        "source": "aws.securityhub",
        "detail-type": "Security Hub Findings - Imported",
        "account": "999900001111",
        "region": "eu-central-1",
        "time": time,
        "resources": [],
    }
    bodies = [
        json.dumps({**envelope, "id": str(at), "detail": {"findings": [finding]}})
        for at, finding in enumerate(findings)
    ]
    attributes = {"ApproximateReceiveCount": "1", "SentTimestamp": str(int(NOW * 1000))}
    return {
        "Records": [
            {"messageId": f"message-{at}", "body": body, "attributes": attributes, "eventSource": "aws:sqs"}
            for at, body in enumerate(bodies)
        ]
    }


@dataclass(frozen=True, slots=True)
class Mixed:
    """Findings of which triage has changed some and is to change others, and the entries of the former."""

    findings: list[workload.Finding]
    items: Items


def mostly_settled(ruleset: Ruleset, count: int, *, known: float, changing: float = 0.1) -> Mixed:
    """Return findings of which a share needs a change, and of another share triage holds something.

    No rule wants anything of the others, as far as the workload has enough of them.
    """
    drawn = workload.findings(count * 8, seed=9)
    settled, items = _triaged(ruleset, drawn)
    wanted = [at for at, finding in enumerate(drawn) if _key(finding) in items]
    to_change, held = wanted[: int(count * changing)], wanted[int(count * changing) :][: int(count * known)]
    unwanted = [at for at, finding in enumerate(drawn) if _key(finding) not in items]
    rest = [*unwanted, *wanted[len(to_change) + len(held) :]][: count - len(to_change) - len(held)]
    mixed = [*(drawn[at] for at in to_change), *(settled[at] for at in (*held, *rest))]
    random.Random(9).shuffle(mixed)
    kept = {_key(drawn[at]) for at in (*held, *rest)}
    return Mixed(mixed, {key: item for key, item in items.items() if key in kept})


def _key(finding: workload.Finding) -> Key:
    return finding["ProductArn"], finding["Id"]


def _triaged(ruleset: Ruleset, findings: list[workload.Finding]) -> tuple[list[workload.Finding], Items]:
    """Return the findings as triage leaves them, and its ledger."""
    clock, ledger = ManualClock(NOW), MemoryLedger()
    hub = Hub(settings=HubSettings.still())
    for finding in findings:
        hub.plant(finding, clock.now())
    services = Services(InProcessSecurityHub(hub, clock), ledger, lambda: ROLE, no_queue)
    run = TriageFunction(CONFIG, ruleset, services, clock)
    with contextlib.redirect_stdout(io.StringIO()):
        for start in range(0, len(findings), 500):
            run(sqs_event(findings[start : start + 500]), CONTEXT)
    known = {_key(one): one for one in hub.findings()}
    return [known[_key(finding)] for finding in findings], ledger.items


def load(count: int) -> Ruleset:
    """Return a compiled rule set."""
    return load_ruleset(json.loads(json.dumps(ruleset_document(count))))
