"""Makes the ticket of one group as it should be, step by step, so that a death after any step does no harm.

Before each request that may do something twice, the record says that it was begun. A worker that finds this
looks first. So a group has one ticket in each of its episodes, whatever is lost on the way.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol, TypeVar

from hubtriage.aws.clock import Clock
from hubtriage.aws.deliveries.http import NotDone, Unknown
from hubtriage.aws.deliveries.limits import DailyLimit
from hubtriage.aws.deliveries.numbers import (
    FAILED,
    REFUSED,
    TICKETS_CLOSED,
    TICKETS_FAILED,
    TICKETS_OPENED,
    TICKETS_REOPENED,
    WITHHELD,
)
from hubtriage.aws.deliveries.tickets.desired import (
    Desired,
    closing_reason,
    comment,
    desire,
    duplicate_comment,
)
from hubtriage.aws.deliveries.tickets.duplicates import chosen, superfluous
from hubtriage.aws.deliveries.tickets.records.group import TicketGroup, claim_key, comment_key
from hubtriage.aws.deliveries.tickets.records.member import marks_of
from hubtriage.aws.deliveries.tickets.records.record import TicketRecord
from hubtriage.aws.deliveries.tickets.records.table import (
    AcceptedTicket,
    DamagedItemError,
    TableError,
    TicketTable,
)
from hubtriage.aws.deliveries.tickets.service import Refusal, Text, Ticket, TicketService
from hubtriage.aws.deliveries.tickets.steps import (
    CHECKED_FOR,
    QUIET,
    SEARCH_AGAIN,
    AtRest,
    Begin,
    Step,
    TicketRules,
    closed_by_us,
    counted,
    next_day,
    next_move,
    observed,
    opened_by_us,
    renewed,
    saying,
    still_true,
    unsure,
)

LEASE = 300.0
"""Seconds for which a worker has a group to itself after each of its writes."""
LONGEST_CALL = 100.0
"""Seconds: no call of a service, which may be several requests, lasts longer."""
MOST_MOVES = 40
"""Steps on one ticket in a row, each of them seldom needed twice."""
FIRST_WAIT, LONGEST_WAIT = 60.0, 3600.0
"""Seconds until another try after a failure, doubled with each."""
FINAL_WAIT, LONGEST_FINAL_WAIT = 3600.0, 86_400.0
"""The same after a failure that another try will hardly mend."""
LIMIT_REACHED = "the daily limit of new tickets is reached"
UNAUTHORIZED = 401
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


class _LostError(Exception):
    """Another worker has the group."""


class _LateError(Exception):
    """There is no time for another call."""


class _WaitError(Exception):
    """Nothing can be done before a time."""

    def __init__(self, until: float) -> None:
        super().__init__(f"not before {until}")
        self.until = until


class _RefusalError(Exception):
    """The service did not do what it was asked."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


class Desk:
    """Works on the tickets of one queue. `scope` tells stacks apart that share a project."""

    def __init__(
        self,
        table: TicketTable,
        service: TicketService,
        limit: DailyLimit,
        clock: Clock,
        rules: TicketRules,
        scope: str,
        log: DeskLog,
    ) -> None:
        self.table, self.service, self.limit, self.clock = table, service, limit, clock
        self.rules, self.scope, self.log = rules, scope, log

    def work(self, group: TicketGroup, report: DeskReport, deadline: float) -> None:
        """Make the ticket of a group as it should be, as far as that can be done now.

        `deadline`: in monotonic seconds. Raises TableError; then the group stays due. A damaged item stops
        its own group only.
        """
        try:
            self._work(group, report, deadline)
        except DamagedItemError as error:
            report.counts[TICKETS_FAILED] += 1
            self.log.error(
                "an item of the table is damaged", extra={"group": group.key, "reason": str(error)}
            )

    def _work(self, group: TicketGroup, report: DeskReport, deadline: float) -> None:
        record, now = self.table.read(group), self.clock.now()
        if record is None or max(record.lease or 0.0, record.wait_until) > now:
            return
        taken = self.table.write(replace(record, lease=now + LEASE, due=now + LEASE))
        if taken is not None:
            _Job(self, taken, report, deadline).run()


class _Job:
    """One worker's work on one group, which it has taken."""

    def __init__(self, desk: Desk, record: TicketRecord, report: DeskReport, deadline: float) -> None:
        self._desk, self._table, self._service = desk, desk.table, desk.service
        self._record, self._report, self._deadline = record, report, deadline
        self._is_checked = False
        self._step: Step | None = None
        self._desired: Desired = desire(record.group, desk.table.members(record.group), record.former)
        self._shown = desk.table.shown(record.group)

    def run(self) -> None:
        """Look, then do what is needed until nothing is, or it has to wait."""
        try:
            self._look()
            for _ in range(MOST_MOVES):
                move = self._next()
                if isinstance(move, AtRest):
                    self._rest(move)
                    return
                self._do(move)
            self._rest(AtRest(self._now() + QUIET, is_settled=False))
        except _RefusalError as error:
            self._fail(error.refusal)
        except _LateError:
            self._give_back(self._now())
        except _WaitError as error:
            self._give_back(error.until)
        except _LostError:
            return
        except TableError:
            raise
        except Exception as error:  # an answer that no adapter foresaw: it may have been done all the same
            self._desk.log.exception("a ticket could not be worked on", extra=self._named())
            self._fail(Unknown(f"internal error: {type(error).__name__}"))

    # what is so

    def _now(self) -> float:
        return self._desk.clock.now()

    @property
    def _claim(self) -> str:
        return claim_key(self._desk.scope, self._record.group, self._record.episode)

    def _next(self) -> Step | Begin | AtRest:
        marks = marks_of(self._desired.open)
        return next_move(
            self._record,
            self._desired,
            self._desk.rules,
            self._now(),
            has_news=not marks <= self._shown,
            is_checked=self._is_checked,
        )

    def _look(self) -> None:
        """Take in what the service shows, before anything is decided."""
        record = self._record
        is_over = record.closed_by == "hubtriage" and not self._desired.is_open
        is_left_alone = is_over and record.unsure_until is None
        if record.id is not None and not is_left_alone:
            found = self._call(self._service.look, [record.id])
            self._observe(found.get(record.id))
        current = still_true(self._record, self._desired, self._now())
        if current != self._record:
            self._write(current)

    def _observe(self, ticket: Ticket | None) -> None:
        """Record what a look at the ticket showed."""
        before = self._record
        after = observed(before, ticket, self._desired, self._now())
        if after == before:
            return
        if after.closed_by == "person":
            self._propose(after)
        self._write(after)
        if after.state != before.state:
            self._log("ticket closed by a person" if after.state == "closed" else "ticket is open again")

    def _propose(self, record: TicketRecord) -> None:
        """Remember a ticket that was closed as accepted: before its record, so that it is not forgotten."""
        resolution = record.resolution or ""
        if resolution.casefold() in self._desk.rules.accepted and self._desired.is_open and record.key:
            self._table.write_proposal(
                AcceptedTicket(record.group, record.key, record.url or "", resolution, self._now())
            )
            self._log("ticket closed as accepted: an exception may be proposed", resolution=resolution)

    # what is done

    def _do(self, move: Step | Begin) -> None:
        if isinstance(move, Begin):
            self._begin(move)
            return
        self._step = move
        _STEPS[move](self)

    def _search(self) -> None:
        """Look for a ticket that may have been created; allow another one only after the search lag."""
        found = self._call(self._service.find, self._claim)
        doubt_at = self._record.doubt_at or 0.0
        if found:
            self._adopt(found)
        elif self._now() < doubt_at + self._desk.rules.search_lag:
            until = min(self._now() + SEARCH_AGAIN, doubt_at + self._desk.rules.search_lag)
            self._record = replace(self._record, quiet_until=until)
            raise _WaitError(until)
        else:
            self._record = replace(self._record, state="none", doubt_at=None)

    def _adopt(self, found: tuple[Ticket, ...]) -> None:
        """Take a ticket as the group's that a lost answer was about."""
        ticket = chosen(found)
        is_doubtful = self._record.attempts > 1 or len(found) > 1
        check_until = self._now() + CHECKED_FOR if is_doubtful else None
        adopted = replace(
            self._record,
            state="open",
            id=ticket.id,
            key=ticket.key,
            url=ticket.url,
            doubt_at=None,
            check_until=check_until,
        )
        self._write(self._well(adopted))
        self._count(TICKETS_OPENED, "ticket found that had been created")
        self._observe(ticket)

    def _create(self) -> None:
        """Claim the group's ticket, then create it. The record says so before the request is sent."""
        now = self._now()
        self._demand_time()
        if not self._desk.limit.take(now):
            self._withhold()
            return
        self._write(replace(
            self._record, state="creating", doubt_at=now, attempts=self._record.attempts + 1
        ))  # fmt: skip
        answer = self._service.create(self._desired.draft, self._claim)
        if isinstance(answer, NotDone):
            self._desk.limit.give_back(now)
            attempts = self._record.attempts - 1
            self._record = replace(self._record, state="none", doubt_at=None, attempts=attempts)
        if isinstance(answer, NotDone | Unknown):
            raise _RefusalError(answer)
        self._table.write_shown(self._record.group, marks_of(self._desired.open), self._record.version)
        check_until = now + CHECKED_FOR if self._record.attempts > 1 else None
        self._write(self._well(replace(
            self._record,
            state="open",
            id=answer.id,
            key=answer.key,
            url=answer.url,
            doubt_at=None,
            check_until=check_until,
            shown=self._desired.digest,
            quiet_until=self._now() + QUIET,
        )))  # fmt: skip
        self._shown = marks_of(self._desired.open)
        self._count(TICKETS_OPENED, "ticket opened")

    def _withhold(self) -> None:
        """Leave a new ticket to the next day."""
        until = next_day(self._now())
        if self._record.last_error != LIMIT_REACHED:
            self._desk.limit.count_withheld(1, self._now())
            self._report.counts[WITHHELD] += 1
            self._log_trouble(LIMIT_REACHED)
        self._record = replace(self._record, last_error=LIMIT_REACHED, wait_until=until)
        raise _WaitError(until)

    def _update(self) -> None:
        """Make the ticket show its findings. Only what it showed while it was open counts as seen."""
        answer: Ticket | Literal["gone"] = self._call(self._service.update, self._id(), self._desired.draft)
        if answer == "gone" or answer.is_closed:
            self._observe(None if answer == "gone" else answer)
            return
        marks = marks_of(self._desired.open)
        self._table.write_shown(self._record.group, marks, self._record.version)
        self._shown = marks
        quiet_until = self._now() + QUIET
        shown = replace(self._record, key=answer.key, url=answer.url, shown=self._desired.digest)
        self._write(self._well(replace(shown, quiet_until=quiet_until)))

    def _begin(self, begin: Begin) -> None:
        """Record a comment before it is made: then it is made once, by whichever worker."""
        remarks = tuple((member.digest, member.sequence) for member in self._desired.remarks)
        self._write(counted(saying(self._record, begin.what, remarks), self._now()))

    def _say(self) -> None:
        """Make the comment that was begun; then no remark that it says is said again."""
        said = self._record.saying
        if said is None:
            return
        text = comment(said, self._desired)
        if text:
            key = comment_key(self._claim, said.what, said.number)
            if self._comment(text, key) == "gone":
                self._observe(None)
                return
        self._forget(said.remarks)
        done = replace(self._record, saying=None, said_done=self._record.said_done or said.what == "done")
        self._write(self._well(done))

    def _comment(self, text: Text, key: str) -> Literal["done", "gone"]:
        """Make a comment. One that is refused for good is left out: its ticket says the same."""
        try:
            return self._call(self._service.comment, self._id(), text, key)
        except _RefusalError as error:
            refusal = error.refusal
            if isinstance(refusal, Unknown) or not refusal.is_final or refusal.status == UNAUTHORIZED:
                raise
            self._report.counts[FAILED] += 1
            self._desk.log.warning("comment refused", extra=self._named() | {"reason": refusal.reason})
            return "done"

    def _forget(self, remarks: tuple[tuple[str, int], ...]) -> None:
        """Take the remarks from the members that a comment has said."""
        group = self._record.group
        for digest, sequence in remarks:
            is_written = False
            while not is_written:
                known = self._table.read_members([(group, digest)]).get((group, digest))
                less = known and known.without_remarks(sequence)
                if known is None or less is None or less == known:
                    break
                is_written = self._table.write_member(group, less, known)
        until = dict(remarks)
        self._desired = replace(
            self._desired,
            open=tuple(one.without_remarks(until.get(one.digest, -1)) for one in self._desired.open),
            done=tuple(one.without_remarks(until.get(one.digest, -1)) for one in self._desired.done),
        )

    def _close(self) -> None:
        """Close the ticket. It counts as closed only where the service says so."""
        self._write(replace(self._record, doing="close"))
        answer = self._call(self._service.close, self._id(), closing_reason(self._desired))
        if answer == "gone":
            self._observe(None)
            return
        self._write(self._well(closed_by_us(self._record)))
        self._count(TICKETS_CLOSED, "ticket closed")

    def _reopen(self) -> None:
        """Open the ticket again, or begin a new one where its workflow forbids that."""
        self._write(replace(self._record, doing="reopen"))
        answer = self._call(self._service.reopen, self._id())
        if answer == "gone":
            self._observe(None)
        elif answer == "forbidden":
            self._renew()
        else:
            opened = opened_by_us(self._record, self._desired)
            self._write(self._well(counted(opened, self._now())))
            self._count(TICKETS_REOPENED, "ticket opened again")

    def _renew(self) -> None:
        """Begin the next episode: its ticket names the one that it follows."""
        self._write(renewed(self._record, self._now()))
        group = self._record.group
        self._desired = desire(group, (*self._desired.open, *self._desired.done), self._record.former)

    def _check(self) -> None:
        """Close second tickets of the group, each with a comment that names the one that stays."""
        self._is_checked = True
        found = self._call(self._service.find, self._claim)
        for extra in superfluous(found, self._id()):
            key = comment_key(self._claim, f"duplicate {extra.id}", 0)
            text = duplicate_comment(self._record.key or "")
            self._call(self._service.comment, extra.id, text, key)
            self._call(self._service.close, extra.id, f"Duplicate of {self._record.key}.")
            self._log("second ticket closed", duplicate=extra.key)

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
        first, longest = (FINAL_WAIT, LONGEST_FINAL_WAIT) if is_final else (FIRST_WAIT, LONGEST_WAIT)
        wait = max(refusal.retry_after or 0.0, 0.0) or min(longest, first * 2.0 ** min(record.tries, 10))
        self._report.counts[FAILED] += 1
        self._report.failures_in_a_row += 1
        if isinstance(refusal, NotDone) and refusal.is_unauthorized:
            self._report.counts[REFUSED] += 1
            self._report.pause = max(self._report.pause or 0.0, wait)
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
        """Write the record and keep the group; raise _LostError if another worker has it."""
        if record.lease is not None:
            record = replace(record, lease=self._now() + LEASE, due=self._now() + LEASE)
        written = self._table.write(record)
        if written is None:
            raise _LostError
        self._record = written

    def _call(self, operation: Callable[..., _T | NotDone | Unknown], *arguments: Any) -> _T:
        """Call the service; raise _RefusalError unless it did what it was asked."""
        self._demand_time()
        answer = operation(*arguments)
        if isinstance(answer, NotDone | Unknown):
            raise _RefusalError(answer)
        return answer

    def _demand_time(self) -> None:
        """Raise an error if a call could last longer than the group is ours, or than the function runs."""
        clock = self._desk.clock
        if clock.monotonic() + 1.0 > self._deadline:
            raise _LateError
        if self._record.lease is None or clock.now() + LONGEST_CALL > self._record.lease:
            self._write(self._record)

    @staticmethod
    def _well(record: TicketRecord) -> TicketRecord:
        """Return a record for which the service has just done something."""
        return replace(record, tries=0, failed=False, last_error=None)

    def _id(self) -> str:
        if self._record.id is None:
            raise _LostError
        return self._record.id

    # what is said of it

    def _count(self, metric: str, message: str) -> None:
        self._report.counts[metric] += 1
        self._report.failures_in_a_row = 0
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


_STEPS: dict[Step, Callable[[_Job], None]] = {
    Step.SEARCH: _Job._search,
    Step.CREATE: _Job._create,
    Step.UPDATE: _Job._update,
    Step.SAY: _Job._say,
    Step.CLOSE: _Job._close,
    Step.REOPEN: _Job._reopen,
    Step.RENEW: _Job._renew,
    Step.CHECK: _Job._check,
}
