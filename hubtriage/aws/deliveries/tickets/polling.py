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
from hubtriage.aws.deliveries.tickets.service import Ticket
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
        for group in _touched(desk, report, due):
            if is_over(desk, report, deadline):
                return
            desk.work(group, report, deadline)


def is_over(desk: Desk, report: DeskReport, deadline: float) -> bool:
    """Say whether a run has to end."""
    is_left_alone = report.pause is not None or report.failures_in_a_row >= MOST_FAILURES
    return is_left_alone or desk.clock.monotonic() >= deadline


def _touched(desk: Desk, report: DeskReport, due: list[TicketGroup]) -> list[TicketGroup]:
    """Return the groups that need work: those at rest only if the service shows something else."""
    resting: list[TicketRecord] = []
    others: list[TicketGroup] = []
    for group in due:
        record = _readable(desk, group)
        if record is not None and is_at_rest(record, desk.clock.now()):
            resting.append(record)
        else:
            others.append(group)
    report.counts[TICKETS_DUE] += len(others)
    return others + _changed(desk, report, resting)


def _readable(desk: Desk, group: TicketGroup) -> TicketRecord | None:
    """Return the record of a group; None if it is damaged, which the desk reports."""
    try:
        return desk.table.read(group)
    except DamagedItemError:
        return None


def _changed(desk: Desk, report: DeskReport, resting: list[TicketRecord]) -> list[TicketGroup]:
    """Look at tickets at rest together; return the groups of those that are not as recorded."""
    if not resting:
        return []
    found = desk.service.look([record.id for record in resting if record.id is not None])
    if isinstance(found, NotDone | Unknown):
        report.counts[FAILED] += 1
        report.counts[REFUSED] += isinstance(found, NotDone) and found.is_unauthorized
        report.pause = found.retry_after or UNAUTHORIZED_PAUSE
        desk.log.warning("tickets could not be looked at", extra={"reason": found.reason})
        return []
    changed: list[TicketGroup] = []
    for record in resting:
        if is_as_recorded(record, found.get(record.id or "")):
            desk.table.write(replace(record, due=desk.clock.now() + POLL), settled=True)
        else:
            changed.append(record.group)
    return changed


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
