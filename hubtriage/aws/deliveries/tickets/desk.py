"""Makes the ticket of one group as it should be, step by step, so that a death after any step does no harm.

Before each request that may do something twice, the record says that it was begun. A worker that finds this
looks first. So a group has one ticket in each of its episodes, whatever is lost on the way.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from hubtriage.aws.clock import Clock
from hubtriage.aws.deliveries.days import next_day
from hubtriage.aws.deliveries.http import NotDone, Unknown
from hubtriage.aws.deliveries.limits import DailyLimit
from hubtriage.aws.deliveries.numbers import (
    FAILED,
    TICKETS_CLOSED,
    TICKETS_FAILED,
    TICKETS_OPENED,
    TICKETS_REOPENED,
    WITHHELD,
)
from hubtriage.aws.deliveries.tickets.desired import (
    closing_reason,
    comment,
    desire,
    duplicate_comment,
)
from hubtriage.aws.deliveries.tickets.duplicates import chosen, superfluous
from hubtriage.aws.deliveries.tickets.held import (
    LEASE,
    DeskLog,
    DeskParts,
    DeskReport,
    GroupLostError,
    HeldGroup,
    NoTimeLeftError,
    NotYetError,
    ServiceRefusalError,
)
from hubtriage.aws.deliveries.tickets.records.group import TicketGroup, comment_key
from hubtriage.aws.deliveries.tickets.records.member import marks_of
from hubtriage.aws.deliveries.tickets.records.record import TicketRecord
from hubtriage.aws.deliveries.tickets.records.table import (
    AcceptedTicket,
    DamagedItemError,
    TableError,
    TicketTable,
)
from hubtriage.aws.deliveries.tickets.service import Text, Ticket, TicketService
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
    next_move,
    observed,
    opened_by_us,
    renewed,
    saying,
    still_true,
)

MOST_MOVES = 40
"""Steps on one ticket in a row, each of them seldom needed twice."""
LIMIT_REACHED = "the daily limit of new tickets is reached"
UNAUTHORIZED = 401


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
        self.table, self.service, self.clock, self.log = table, service, clock, log
        self._parts = DeskParts(table, service, limit, clock, rules, scope, log)

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
            _Job(self._parts, taken, report, deadline).run()


class _Job(HeldGroup):
    """One worker's work on one group, which it has taken."""

    def __init__(self, desk: DeskParts, record: TicketRecord, report: DeskReport, deadline: float) -> None:
        desired = desire(record.group, desk.table.members(record.group), record.former)
        super().__init__(desk, record, desired, report, deadline)
        self._is_checked = False
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
        except ServiceRefusalError as error:
            self._fail(error.refusal)
        except NoTimeLeftError:
            self._give_back(self._now())
        except NotYetError as error:
            self._give_back(error.until)
        except GroupLostError:
            return
        except TableError:
            raise
        except Exception as error:  # an answer that no adapter foresaw: it may have been done all the same
            self._desk.log.exception("a ticket could not be worked on", extra=self._named())
            self._fail(Unknown(f"internal error: {type(error).__name__}"))

    # what is so

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
        if self._desk.rules.accepts(record.resolution) and self._desired.is_open and record.key:
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
            raise NotYetError(until)
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
            raise ServiceRefusalError(answer)
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
        """Leave a new ticket to the next day. That is said on each day that it waits."""
        until = next_day(self._now())
        if self._record.last_error != LIMIT_REACHED or self._record.wait_until > 0:
            self._desk.limit.count_withheld(1, self._now())
            self._report.counts[WITHHELD] += 1
            self._log_trouble(LIMIT_REACHED)
        self._record = replace(self._record, last_error=LIMIT_REACHED, wait_until=until)
        raise NotYetError(until)

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
        except ServiceRefusalError as error:
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
