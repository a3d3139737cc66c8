"""Works on what is due: tickets that are not as they should be, and looks at those that are.

Most of the time nothing has happened to a ticket. So those that are at rest are looked at together, and only
where a person has changed one, its group is taken.
"""

from dataclasses import replace

from hubtriage.aws.deliveries.http import NotDone, Unknown
from hubtriage.aws.deliveries.numbers import FAILED, REFUSED, TICKETS_DUE
from hubtriage.aws.deliveries.tickets.desk import Desk
from hubtriage.aws.deliveries.tickets.held import UNAUTHORIZED_PAUSE, DeskReport
from hubtriage.aws.deliveries.tickets.records.group import TicketGroup
from hubtriage.aws.deliveries.tickets.records.record import TicketRecord
from hubtriage.aws.deliveries.tickets.records.table import DamagedItemError
from hubtriage.aws.deliveries.tickets.service import Refusal, Ticket
from hubtriage.aws.deliveries.tickets.steps import POLL, is_watched

MOST_DUE = 200
"""Groups that are read at once."""
MOST_FAILURES = 3
"""Failures in a row after which the service is left alone until the next run."""


def work_on_due(desk: Desk, report: DeskReport, deadline: float) -> None:
    """Work on the groups that are due, until none is, time is up, or the service wants to be left alone.

    `deadline`: in monotonic seconds. Raises TableError.
    """
    done: set[TicketGroup] = set()
    while not is_over(desk, report, deadline):
        due = [group for group in desk.table.due(desk.clock.now(), MOST_DUE + len(done)) if group not in done]
        if not due:
            return
        done.update(due)
        resting, others = _parted(desk, due)
        report.counts[TICKETS_DUE] += len(others)
        _work(desk, report, others, deadline)
        if not is_over(desk, report, deadline):
            _work(desk, report, _changed(desk, report, resting), deadline)


def _work(desk: Desk, report: DeskReport, groups: list[TicketGroup], deadline: float) -> None:
    for group in groups:
        if is_over(desk, report, deadline):
            return
        desk.work(group, report, deadline)


def is_over(desk: Desk, report: DeskReport, deadline: float) -> bool:
    """Say whether a run has to end."""
    is_left_alone = report.pause is not None or report.failures_in_a_row >= MOST_FAILURES
    return is_left_alone or desk.clock.monotonic() >= deadline


def _parted(desk: Desk, due: list[TicketGroup]) -> tuple[list[TicketRecord], list[TicketGroup]]:
    """Return the records of the groups at rest, and the groups that need work."""
    resting: list[TicketRecord] = []
    others: list[TicketGroup] = []
    for group in due:
        record = _readable(desk, group)
        if record is not None and is_at_rest(record, desk.clock.now()):
            resting.append(record)
        else:
            others.append(group)
    return resting, others


def _readable(desk: Desk, group: TicketGroup) -> TicketRecord | None:
    """Return the record of a group; None if it is damaged, which the desk reports."""
    try:
        return desk.table.read(group)
    except DamagedItemError:
        return None


def _changed(desk: Desk, report: DeskReport, resting: list[TicketRecord]) -> list[TicketGroup]:
    """Look at tickets at rest together; return the groups of those that are not as recorded.

    One of them may be odd, so that the service does not show any, or not so that it can be read. Then all are
    returned: each is looked at by itself, and the odd one fails and waits alone.
    """
    if not resting:
        return []
    found = desk.service.look([record.id for record in resting if record.id is not None])
    if isinstance(found, NotDone | Unknown):
        return _not_seen(desk, report, resting, found)
    changed: list[TicketGroup] = []
    for record in resting:
        if is_as_recorded(record, found.get(record.id or "")):
            desk.table.write(replace(record, due=desk.clock.now() + POLL), settled=True)
        else:
            changed.append(record.group)
    return changed


def _not_seen(
    desk: Desk, report: DeskReport, resting: list[TicketRecord], refusal: Refusal
) -> list[TicketGroup]:
    """Report that a look failed; return the groups to look at one by one, if the service may be asked."""
    is_unauthorized = isinstance(refusal, NotDone) and refusal.is_unauthorized
    report.counts[FAILED] += 1
    report.counts[REFUSED] += is_unauthorized
    desk.log.warning("tickets could not be looked at", extra={"reason": refusal.reason})
    if is_unauthorized or refusal.retry_after is not None:
        report.pause = refusal.retry_after or UNAUTHORIZED_PAUSE
        return []
    return [record.group for record in resting]


def is_at_rest(record: TicketRecord, now: float) -> bool:
    """Say whether a ticket is as its findings want it, so that a person alone can have changed something."""
    is_begun = record.doing or record.saying or record.failed or record.unsure_until is not None
    is_free = record.lease is None and not is_watched(record, now)
    is_known = record.id is not None and record.settled == record.wants
    return is_known and is_free and not is_begun and record.missing_since is None


def is_as_recorded(record: TicketRecord, ticket: Ticket | None) -> bool:
    """Say whether a ticket is as the table has it."""
    if ticket is None or ticket.is_closed != (record.state == "closed"):
        return False
    is_same_end = not ticket.is_closed or record.resolution == ticket.resolution
    return is_same_end and ticket.key == record.key
