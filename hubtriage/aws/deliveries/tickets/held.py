"""A group that a worker has taken: what it writes and calls, and how it gives the group back.

Each write names the version that it follows. So a worker whose lease has ended meanwhile writes nothing.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

from hubtriage.aws.clock import Clock
from hubtriage.aws.deliveries.http import NotDone, Unknown
from hubtriage.aws.deliveries.limits import DailyLimit
from hubtriage.aws.deliveries.numbers import FAILED, REFUSED, TICKETS_FAILED
from hubtriage.aws.deliveries.tickets.desired import Desired
from hubtriage.aws.deliveries.tickets.records.group import claim_key
from hubtriage.aws.deliveries.tickets.records.record import TicketRecord
from hubtriage.aws.deliveries.tickets.records.table import TicketTable
from hubtriage.aws.deliveries.tickets.service import Refusal, TicketService
from hubtriage.aws.deliveries.tickets.steps import AtRest, Step, TicketRules, unsure

LEASE = 300.0
"""Seconds for which a worker has a group to itself after each of its writes."""
LONGEST_CALL = 100.0
"""Seconds: no call of a service, which may be several requests, lasts longer."""
FIRST_WAIT, LONGEST_WAIT = 60.0, 3600.0
"""Seconds until another try after a failure, doubled with each."""
FINAL_WAIT, LONGEST_FINAL_WAIT = 3600.0, 86_400.0
"""The same after a failure that another try will hardly mend."""
UNAUTHORIZED_PAUSE = 240.0
"""Seconds for which a service is left alone that refuses the credentials: until the schedule calls again.
Then one ticket tries, so that a new token is used soon."""
_T = TypeVar("_T")


class DeskLog(Protocol):
    """Where the desk says what it did."""

    def info(self, message: str, /, **members: Any) -> Any:
        """Say what was done."""

    def warning(self, message: str, /, **members: Any) -> Any:
        """Say what was not."""

    def error(self, message: str, /, **members: Any) -> Any:
        """Say what a person has to mend."""

    def exception(self, message: str, /, **members: Any) -> Any:
        """Say what should never happen."""


@dataclass(slots=True)
class DeskReport:
    """What the desk did, by metric. `pause`: seconds for which the service should be left alone."""

    counts: Counter[str] = field(default_factory=Counter)
    pause: float | None = None
    failures_in_a_row: int = 0


@dataclass(frozen=True, slots=True)
class DeskParts:
    """What a desk works with."""

    table: TicketTable
    service: TicketService
    limit: DailyLimit
    clock: Clock
    rules: TicketRules
    scope: str
    log: DeskLog


class GroupLostError(Exception):
    """Another worker has the group."""


class NoTimeLeftError(Exception):
    """There is no time for another call."""


class NotYetError(Exception):
    """Nothing can be done before a time."""

    def __init__(self, until: float) -> None:
        super().__init__(f"not before {until}")
        self.until = until


class ServiceRefusalError(Exception):
    """The service did not do what it was asked."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


class HeldGroup:
    """A group, for as long as one worker has it."""

    def __init__(
        self, desk: DeskParts, record: TicketRecord, desired: Desired, report: DeskReport, deadline: float
    ) -> None:
        self._desk, self._table, self._service = desk, desk.table, desk.service
        self._record, self._desired = record, desired
        self._report, self._deadline = report, deadline
        self._step: Step | None = None

    def _now(self) -> float:
        return self._desk.clock.now()

    @property
    def _claim(self) -> str:
        return claim_key(self._desk.scope, self._record.group, self._record.episode)

    # how it ends

    def _rest(self, rest: AtRest) -> None:
        """Give the group back. What was written meanwhile by others makes it due again."""
        unsure_until = self._record.unsure_until
        is_settled = rest.is_settled and unsure_until is None
        at_rest = replace(
            self._record,
            lease=None,
            due=min((due for due in (rest.due, unsure_until) if due is not None), default=None),
            settled=self._record.wants if is_settled else self._record.settled,
            tries=0,
            failed=False,
            last_error=None,
            wait_until=0.0,
            open_findings=len(self._desired.open),
            done_findings=len(self._desired.done),
        )
        if self._table.write(at_rest, settled=True) is None:
            self._write(replace(at_rest, due=max(self._now(), at_rest.quiet_until)))

    def _give_back(self, due: float) -> None:
        """Give the group back before it is as it should be."""
        self._write(
            replace(
                self._record,
                lease=None,
                due=due,
                open_findings=len(self._desired.open),
                done_findings=len(self._desired.done),
            )
        )

    def _fail(self, refusal: Refusal) -> None:
        """Record what the service did not do, and when to try again."""
        record, now = self._record, self._now()
        is_final = isinstance(refusal, NotDone) and refusal.is_final
        is_unauthorized = isinstance(refusal, NotDone) and refusal.is_unauthorized
        lasts = is_final and not is_unauthorized
        first, longest = (FINAL_WAIT, LONGEST_FINAL_WAIT) if lasts else (FIRST_WAIT, LONGEST_WAIT)
        wait = max(refusal.retry_after or 0.0, 0.0) or min(longest, first * 2.0 ** min(record.tries, 10))
        self._report.counts[FAILED] += 1
        self._report.failures_in_a_row += 1
        if is_unauthorized:
            self._report.counts[REFUSED] += 1
            self._report.pause = max(self._report.pause or 0.0, UNAUTHORIZED_PAUSE)
        if refusal.retry_after is not None and isinstance(refusal, NotDone):
            self._report.pause = max(self._report.pause or 0.0, refusal.retry_after)
        if is_final and not record.failed:
            self._report.counts[TICKETS_FAILED] += 1
        if isinstance(refusal, Unknown):
            record = unsure(record, self._step, self._desk.rules, now)
        doing = None if isinstance(refusal, NotDone) else record.doing
        failed = replace(
            record,
            tries=record.tries + 1,
            failed=is_final,
            last_error=refusal.reason,
            wait_until=now + wait,
            due=now + wait,
            lease=None,
            doing=doing,
            open_findings=len(self._desired.open),
            done_findings=len(self._desired.done),
        )
        self._log_trouble(refusal.reason)
        self._write(failed)

    def _write(self, record: TicketRecord) -> None:
        """Write the record and keep the group; raise GroupLostError if another worker has it."""
        if record.lease is not None:
            record = replace(record, lease=self._now() + LEASE, due=self._now() + LEASE)
        written = self._table.write(record)
        if written is None:
            raise GroupLostError
        self._record = written

    def _call(self, operation: Callable[..., _T | NotDone | Unknown], *arguments: Any) -> _T:
        """Call the service; raise ServiceRefusalError unless it did what it was asked."""
        self._demand_time()
        answer = operation(*arguments)
        if isinstance(answer, NotDone | Unknown):
            raise ServiceRefusalError(answer)
        return answer

    def _demand_time(self) -> None:
        """Raise an error if a call could last longer than the group is ours, or than the function runs."""
        clock = self._desk.clock
        if clock.monotonic() + 1.0 > self._deadline:
            raise NoTimeLeftError
        if self._record.lease is None or clock.now() + LONGEST_CALL > self._record.lease:
            self._write(self._record)

    def _well(self, record: TicketRecord) -> TicketRecord:
        """Return a record for which the service has just done something."""
        self._report.failures_in_a_row = 0
        return replace(record, tries=0, failed=False, last_error=None)

    def _id(self) -> str:
        if self._record.id is None:
            raise GroupLostError
        return self._record.id

    # what is said of it

    def _count(self, metric: str, message: str) -> None:
        self._report.counts[metric] += 1
        self._log(message)

    def _log(self, message: str, **members: Any) -> None:
        self._desk.log.info(message, extra=self._named() | members)

    def _log_trouble(self, reason: str) -> None:
        members = {"reason": reason, "tries": self._record.tries + 1}
        self._desk.log.warning("ticket not as it should be", extra=self._named() | members)

    def _named(self) -> dict[str, Any]:
        record = self._record
        group = record.group
        return {"queue": group.queue, "rule": group.rule, "group": group.name, "ticket": record.key}
