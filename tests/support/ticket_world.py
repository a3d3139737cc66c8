"""A queue's function with a table and a ticket service in memory, and the events that reach it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from hubtriage.aws.deliveries.limits import MemoryLimit
from hubtriage.aws.deliveries.tickets.desk import Desk
from hubtriage.aws.deliveries.tickets.function import TicketFunction
from hubtriage.aws.deliveries.tickets.held import DeskReport
from hubtriage.aws.deliveries.tickets.intake import Intake
from hubtriage.aws.deliveries.tickets.records.group import TicketGroup
from hubtriage.aws.deliveries.tickets.records.memory import MemoryTickets
from hubtriage.aws.deliveries.tickets.records.record import TicketRecord
from hubtriage.aws.deliveries.tickets.steps import TicketRules
from hubtriage.aws.logger import logger
from hubtriage.localaws.securityhub.inprocess import ManualClock
from tests.support.ticket_service import KeptTicket, MemoryTicketService

QUEUE, RULE = "cloud-tickets", "public-buckets"
ACCOUNT = "111122223333"
GROUP = TicketGroup(QUEUE, RULE, ACCOUNT)
START = 1_796_000_000.0


class Context:
    """Lambda's context with a minute left."""

    def get_remaining_time_in_millis(self) -> int:
        """Return a minute."""
        return 60_000


def event_detail(
    finding: str,
    sequence: int,
    at: float,
    state: str = "open",
    *,
    why: str | None = None,
    group: str = ACCOUNT,
    kind: str = "changed",
    **members: Any,
) -> dict[str, Any]:
    """The detail of an event about a ticket; `finding_…` sets a member of the finding."""
    about = {name.removeprefix("finding_"): value for name, value in members.items() if "finding_" in name}
    others = {name: value for name, value in members.items() if "finding_" not in name}
    asked = {"to": QUEUE, "as": "ticket", "rule": RULE, "per": "account"}
    deliver = {**asked, "group": group, "state": state, "why": why}
    return {
        "version": "1",
        "id": "0" * 32,
        "kind": kind,
        "time": datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "stack": "hubtriage",
        "hub": "cspm",
        "finding": {
            "id": finding,
            "product_arn": "arn:aws:securityhub:eu-central-1::product/aws/securityhub",
            "account": ACCOUNT,
            "region": "eu-central-1",
            "title": f"{finding} is public",
            "severity": "HIGH",
            "control": "S3.1",
            "type": None,
            "product": "Security Hub",
            "resources": [{"type": "AwsS3Bucket", "id": f"arn:aws:s3:::{finding}"}],
            "url": f"https://eu-central-1.console.aws.amazon.com/securityhub/{finding}",
            **about,
        },
        "sequence": sequence,
        "rule": RULE,
        "rules": [RULE],
        "owner": "cloud-platform",
        "ticket": None,
        "reason": "Buckets are public only after a review.",
        "changes": [],
        "overruled": [],
        "refused": None,
        "ruleset": "abc",
        "revision": None,
        "deliver": [deliver],
        **others,
    }


def message(detail: Mapping[str, Any], number: int = 0) -> dict[str, Any]:
    """An SQS record with an event of the bus."""
    envelope = {"source": "hubtriage", "detail-type": "Triage Decision", "detail": detail}
    return {"messageId": f"m{number}", "receiptHandle": f"r{number}", "body": json.dumps(envelope)}


@dataclass
class TicketWorld:
    """All that one queue has to do with."""

    rules: TicketRules = field(default_factory=TicketRules)
    limit: int = 50
    lag: float = 0.0
    clock: ManualClock = field(default_factory=lambda: ManualClock(START))
    table: MemoryTickets = field(default_factory=MemoryTickets)
    counts: dict[str, int] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.service = MemoryTicketService(self.clock, lag=self.lag)
        self.daily = MemoryLimit(self.limit)
        self.function = self.container()

    def container(self) -> TicketFunction:
        """A new container."""
        log = logger("tickets-test", "CRITICAL")
        return TicketFunction(Intake(self.table, QUEUE, self.clock), self.desk(), self._count, log)

    def desk(self) -> Desk:
        """A desk on this table and service."""
        log = logger("tickets-test", "CRITICAL")
        return Desk(self.table, self.service, self.daily, self.clock, self.rules, "scope", log)

    def _count(self, counts: Mapping[str, int]) -> None:
        for name, count in counts.items():
            self.counts[name] = self.counts.get(name, 0) + count

    def detail(self, finding: str, state: str = "open", **members: Any) -> dict[str, Any]:
        """The next event of a finding."""
        self.sequences[finding] = self.sequences.get(finding, 0) + 1
        return event_detail(finding, self.sequences[finding], self.clock.now(), state, **members)

    def tell(self, finding: str, state: str = "open", **members: Any) -> dict[str, Any]:
        """A finding's next event reaches the function."""
        return self.deliver([self.detail(finding, state, **members)])

    def deliver(self, details: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
        """Events reach the function in one batch."""
        records = [message(detail, number) for number, detail in enumerate(details)]
        return self.function({"Records": records}, Context())

    def tick(self, seconds: float = 300.0) -> None:
        """Time passes, then the schedule calls."""
        self.clock.sleep(seconds)
        self.function({"source": "schedule"}, Context())

    def rest(self, hours: float = 2.0) -> None:
        """The schedule calls for some hours."""
        for _ in range(int(hours * 12)):
            self.tick()

    @property
    def tickets(self) -> list[KeptTicket]:
        """All tickets, the oldest first."""
        self.service.arrive()
        return list(self.service.tickets.values())

    @property
    def ticket(self) -> KeptTicket:
        """The only ticket."""
        (only,) = self.tickets
        return only

    def record(self, group: TicketGroup = GROUP) -> TicketRecord:
        """What the table remembers of a group."""
        found = self.table.read(group)
        assert found is not None
        return found

    def work(self, group: TicketGroup = GROUP) -> DeskReport:
        """Let the desk work on a group."""
        report = DeskReport()
        self.desk().work(group, report, self.clock.monotonic() + 60)
        return report
