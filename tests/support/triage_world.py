"""A Security Hub in memory with findings, and time that stands still until somebody waits."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from hubtriage.aws.clock import Clock
from hubtriage.aws.decision_events.outbox import Outbox
from hubtriage.aws.ledger.ledger import Ledger
from hubtriage.aws.ledger.memory import MemoryLedger
from hubtriage.aws.securityhub.api import BY_DEFAULT, Key, SecurityHubApi
from hubtriage.aws.securityhub.authorship import Authorship
from hubtriage.aws.securityhub.backoff import Backoff
from hubtriage.aws.securityhub.ratelimit import TokenBucket
from hubtriage.aws.securityhub.reading import Reader
from hubtriage.aws.securityhub.sending import Sender, always
from hubtriage.aws.switch.hide_limit import HideLimit
from hubtriage.aws.switch.mode import Mode
from hubtriage.aws.triage.batch import Triage
from hubtriage.aws.triage.policy import Policy
from hubtriage.aws.triage.results import Outcome, Report
from hubtriage.engine.planning.entry import NO_ENTRY, Entry
from hubtriage.engine.planning.plan import Settings
from hubtriage.engine.ruleset.ruleset import load_ruleset
from hubtriage.localaws.securityhub.faults import ScriptedFault
from hubtriage.localaws.securityhub.hub import Hub
from hubtriage.localaws.securityhub.inprocess import InProcessSecurityHub, ManualClock
from hubtriage.localaws.securityhub.settings import HubSettings

NOW = 1_800_000_000.0
MACIE = "arn:aws:securityhub:eu-west-1::product/aws/macie"
FOREVER = NOW + 1e9
ROLE = "arn:aws:iam::000000000000:role/hubtriage-triage"
TRIAGE = "arn:aws:sts::000000000000:assumed-role/hubtriage-triage/hubtriage-triage"
"""Whom the history of a finding names where triage changed it: the session of the function's role."""
SUPPRESS = {"Workflow": {"Status": "SUPPRESSED"}}


SUPPRESS_BUCKETS = {
    "id": "buckets",
    "match": {"Resources": {"Type": ["AwsS3Bucket"]}},
    "update": {
        "Workflow": {"Status": "SUPPRESSED"},
        "Note": {"Text": "Accepted.", "UpdatedBy": "hubtriage/buckets"},
    },
}


def key(number: int) -> Key:
    return MACIE, f"finding-{number}"


def finding(number: int = 0, **members: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "SchemaVersion": "2018-10-08",
        "Id": f"finding-{number}",
        "ProductArn": MACIE,
        "GeneratorId": "policy",
        "AwsAccountId": "111122223333",
        "CreatedAt": "2027-01-01T00:00:00Z",
        "UpdatedAt": "2027-01-01T00:00:00Z",
        "Title": "A bucket is public",
        "Description": "A bucket is public",
        "Types": ["Effects/Data Exposure"],
        "Severity": {"Label": "MEDIUM"},
        "Resources": [{"Type": "AwsS3Bucket", "Id": f"arn:aws:s3:::bucket-{number}"}],
        "Workflow": {"Status": "NEW"},
        "RecordState": "ACTIVE",
    }
    return base | members


class TriageWorld:
    """A hub holding `count` findings, its clock, and a client of it."""

    def __init__(self, count: int = 0, **settings: Any) -> None:
        self.clock = ManualClock(NOW)
        self.hub = Hub(settings=HubSettings.still(**settings))
        self.api = InProcessSecurityHub(self.hub, self.clock, caller=TRIAGE)
        self.ledger = MemoryLedger()
        for number in range(count):
            self.hub.plant(finding(number), NOW)

    def fault(self, **fault: Any) -> None:
        self.hub.faults.add(ScriptedFault(**fault))

    def stored(self, number: int) -> Mapping[str, Any]:
        found = self.hub.finding(*key(number))
        assert found is not None
        return found

    def entry(self, number: int) -> Entry:
        """What the ledger holds of a finding."""
        return self.ledger.read([key(number)]).entries.get(key(number), NO_ENTRY)

    def suppressed(self, numbers: Iterable[int]) -> list[int]:
        return [n for n in numbers if self.stored(n)["Workflow"]["Status"] == "SUPPRESSED"]

    def calls(self, operation: str) -> int:
        return sum(count for (name, _), count in self.hub.call_log.counts.items() if name == operation)


def backoff(**changes: Any) -> Backoff:
    return Backoff(lambda: 0.5, **changes)


def sqs(*records: Mapping[str, Any]) -> dict[str, Any]:
    return {"Records": list(records)}


def record(
    name: str, *findings: Any, age: float = 1.0, receives: int = 1, body: str | None = None
) -> dict[str, Any]:
    """An SQS record whose event was made `age` seconds ago."""
    envelope = {
        "detail-type": "Security Hub Findings - Imported",
        "source": "aws.securityhub",
        "time": _timestamp(NOW - age),
        "detail": {"findings": list(findings)},
    }
    return {
        "messageId": name,
        "body": json.dumps(envelope) if body is None else body,
        "attributes": {
            "SentTimestamp": str(int((NOW - age) * 1000)),
            "ApproximateReceiveCount": str(receives),
        },
    }


def _timestamp(seconds: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, tz=UTC).isoformat().replace("+00:00", "Z")


def ruleset(*rules: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"format": 1, "hash": "0123456789abcdef", "revision": None, "rules": list(rules)}


def again(sent: Mapping[str, Any], receives: int = 2) -> dict[str, Any]:
    """A record as it is delivered once more."""
    attributes = {**sent["attributes"], "ApproximateReceiveCount": str(receives)}
    return {**sent, "attributes": attributes}


def endings(report: Report) -> dict[str, tuple[str, str]]:
    """How each finding ended, and its code."""
    return {o.seen.newest.key[1]: (o.result.status, o.result.code) for o in report.outcomes}


def by_a_person(world: "TriageWorld", number: int = 0, **update: Any) -> None:
    """A person updates a finding now."""
    named = {"Id": key(number)[1], "ProductArn": MACIE}
    world.hub.batch_update_findings({"FindingIdentifiers": [named], **update}, world.clock.now())


def lags(world: "TriageWorld", seconds: float) -> None:
    """From now on neither GetFindings nor histories show the writes of the last seconds."""
    world.hub.configure(replace(world.hub.settings, visible_after=seconds))


class TriageBench:
    """A triage over a world, keeping what it reports."""

    def __init__(
        self,
        world: TriageWorld,
        *rules: Mapping[str, Any],
        rate: float = 1000.0,
        reads: float = 1000.0,
        histories: float = 1000.0,
        policy: Policy | None = None,
        api: SecurityHubApi | None = None,
        ledger: Ledger | None = None,
        may_write: Callable[[], bool] = always,
        may_hide: Callable[[], bool] = always,
        hide_limit: int | None = None,
        clock: Clock | None = None,
        hubs: Collection[str] = BY_DEFAULT,
        policy_statements: Sequence[Mapping[str, Any]] = (),
        outbox: Outbox | None = None,
    ) -> None:
        clock, api = clock or world.clock, api or world.api
        self.world = world
        self.told: list[Outcome] = []
        self.triage = Triage(
            ruleset=load_ruleset({**ruleset(*(rules or (SUPPRESS_BUCKETS,))), "policy": policy_statements}),
            settings=Settings(),
            policy=policy or Policy(),
            sender=Sender(api, TokenBucket(rate, max(1, rate), clock), backoff(), clock.monotonic, may_write),
            reader=Reader(api, TokenBucket(reads, max(1, reads), clock), backoff(), clock.monotonic),
            authorship=Authorship(
                api, lambda: ROLE, TokenBucket(histories, histories, clock), backoff(), clock.monotonic
            ),
            ledger=ledger or world.ledger,
            clock=clock,
            hide_limit=HideLimit(hide_limit, clock.monotonic, clock.now),
            may_hide=may_hide,
            hubs=hubs,
            outbox=outbox,
        )

    def see(
        self, number: int = 0, name: str = "m", receives: int = 1, ago: float = 0.0, **members: Any
    ) -> Report:
        """Triage the event that shows a finding as it is stored, made `ago` seconds ago."""
        stored = {**self.world.stored(number), **members}
        sent = record(name, stored, age=NOW - self.world.clock.now() + ago, receives=receives)
        return self.run(sent, deadline=self.world.clock.now() + 600)

    def run(self, *records: Mapping[str, Any], deadline: float = FOREVER, mode: Mode = "enforce") -> Report:
        return self.triage.run(sqs(*records), deadline, self._tell, mode)

    def _tell(self, outcomes: Sequence[Outcome]) -> None:
        self.told.extend(outcomes)
