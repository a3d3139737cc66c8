"""What a group's ticket needs next, from its record, what it should be, and the time. Pure.

What the service shows comes first: people close, open and delete tickets, and an answer of our own may have
been lost. Then one step at a time, until the ticket is as it should be, or has to wait.
"""

from dataclasses import dataclass, replace
from enum import Enum

from hubtriage.aws.deliveries.days import day_of, next_day
from hubtriage.aws.deliveries.tickets.desired import Desired
from hubtriage.aws.deliveries.tickets.records.record import Saying, Speech, TicketRecord
from hubtriage.aws.deliveries.tickets.service import Ticket

SEARCH_LAG = 900.0
"""Seconds after which a search finds a ticket that was created. Jira says minutes, and is seldom later."""
SEARCH_AGAIN = 120.0
"""Seconds between two searches for a ticket that may have been created."""
QUIET = 60.0
"""Seconds between two edits of a ticket: one that grows by hundreds of findings is edited a few times."""
POLL = 900.0
"""Seconds between two looks at a ticket that has open findings."""
GONE_AFTER = 1800.0
"""Seconds for which a ticket must be missing until it counts as deleted: it may be hidden for a while."""
CHECKED_FOR = 86_400.0
"""Seconds for which a second ticket is looked for if a request to create one was sent twice."""
MOST_SPOKEN = 20
"""Comments that hubtriage makes in a ticket on a day. More wait for the next day, and what they explain too:
that it closes the ticket, or opens it again."""


@dataclass(frozen=True, slots=True)
class TicketRules:
    """What a queue sets: whether a closed ticket is opened again; `accepted` resolutions, in any case."""

    reopen: bool = True
    accepted: frozenset[str] = frozenset()
    search_lag: float = SEARCH_LAG

    def accepts(self, resolution: str | None) -> bool:
        """Say whether a person who closes a ticket so accepts its findings."""
        accepted = {each.casefold() for each in self.accepted}
        return resolution is not None and resolution.casefold() in accepted


class Step(Enum):
    """What is to be done next."""

    SEARCH = "look for a ticket that may have been created"
    CREATE = "create the ticket"
    UPDATE = "show what has changed"
    SAY = "make the comment that was begun"
    CLOSE = "close the ticket"
    REOPEN = "open the ticket again"
    RENEW = "begin a new ticket in place of one that cannot be used"
    CHECK = "look for a second ticket"


@dataclass(frozen=True, slots=True)
class Begin:
    """A comment is to be begun."""

    what: Speech


@dataclass(frozen=True, slots=True)
class AtRest:
    """Nothing is to be done until `due`; None: until a finding changes."""

    due: float | None
    is_settled: bool = True


Move = Step | Begin | AtRest


def observed(record: TicketRecord, ticket: Ticket | None, desired: Desired, now: float) -> TicketRecord:
    """Return the record after a look at the ticket; None: the service does not show it."""
    if ticket is None:
        return _missed(record, now)
    seen = replace(record, key=ticket.key, url=ticket.url, missing_since=None)
    if record.state == "open" and ticket.is_closed:
        return _closed(seen, ticket, desired, now)
    if record.state == "closed" and not ticket.is_closed:
        return _opened(seen, desired, now)
    if record.state == "closed" and record.closed_by == "person":
        return replace(seen, resolution=ticket.resolution, doing=None)
    return replace(seen, doing=None)


def _missed(record: TicketRecord, now: float) -> TicketRecord:
    """Count a ticket as deleted only where it is missing for a while."""
    if record.missing_since is None:
        return replace(record, missing_since=now)
    if now - record.missing_since < GONE_AFTER or record.closed_by == "gone":
        return record
    return replace(record, state="closed", closed_by="gone", doing=None, saying=None, said_done=False)


def _closed(record: TicketRecord, ticket: Ticket, desired: Desired, now: float) -> TicketRecord:
    """Record who closed a ticket: hubtriage if it had begun to, and otherwise a person.

    A program of the service may close and open it again all day. It gets no more comments than others.
    """
    if record.doing == "close" or record.unsure_close:
        return closed_by_us(record)
    closed = replace(
        record,
        state="closed",
        closed_by="person",
        resolution=ticket.resolution,
        doing=None,
        saying=None,
        said_done=False,
    )
    if not desired.is_open or not may_speak(closed, now):
        return closed
    return counted(saying(closed, "closed-by-person"), now)


def _opened(record: TicketRecord, desired: Desired, now: float) -> TicketRecord:
    """Record that a ticket is open: because hubtriage had begun to open it, or a person did."""
    if record.doing == "reopen":
        return counted(opened_by_us(record, desired), now)
    return replace(record, state="open", closed_by=None, resolution=None, doing=None, said_done=False)


def closed_by_us(record: TicketRecord) -> TicketRecord:
    """Return the record of a ticket that hubtriage has closed."""
    return replace(
        record, state="closed", closed_by="hubtriage", resolution=None, doing=None, said_done=False
    )


def opened_by_us(record: TicketRecord, desired: Desired) -> TicketRecord:
    """Return the record of a ticket that hubtriage has opened again, which a comment has to say."""
    opened = replace(record, state="open", closed_by=None, resolution=None, doing=None, said_done=False)
    return saying(opened, "back") if desired.is_open else opened


def saying(record: TicketRecord, what: Speech, remarks: tuple[tuple[str, int], ...] = ()) -> TicketRecord:
    """Return the record of a ticket for which a comment is begun."""
    number = record.speeches + 1
    return replace(record, saying=Saying(what, number, remarks), speeches=number)


def counted(record: TicketRecord, now: float) -> TicketRecord:
    """Return the record after one more comment today, or a change of state with its comment."""
    today = day_of(now)
    spoken = record.spoken + 1 if record.spoken_on == today else 1
    return replace(record, spoken_on=today, spoken=spoken)


def renewed(record: TicketRecord, now: float) -> TicketRecord:
    """Return the record of a group whose ticket cannot be used any more: the next one is another episode."""
    kept = TicketRecord(
        group=record.group,
        version=record.version,
        wants=record.wants,
        episode=record.episode + 1,
        former=record.key,
        spoken=record.spoken,
        spoken_on=record.spoken_on,
        lease=record.lease,
        due=record.due,
    )
    return counted(kept, now)


def next_move(
    record: TicketRecord,
    desired: Desired,
    rules: TicketRules,
    now: float,
    *,
    has_news: bool,
    is_checked: bool,
) -> Move:
    """Return what a ticket needs next.

    `has_news`: a finding is open that the ticket has not shown. `is_checked`: second tickets were looked for.
    """
    if record.state == "creating":
        return Step.SEARCH
    if record.state == "none":
        return Step.CREATE if desired.is_open else AtRest(None)
    if record.missing_since is not None and record.closed_by != "gone":
        return AtRest(record.missing_since + GONE_AFTER, is_settled=False)
    if record.saying is not None:
        return Step.SAY
    if record.state == "closed":
        return _of_closed(record, desired, rules, now, has_news=has_news)
    return _of_open(record, desired, now, is_checked=is_checked)


def _of_open(record: TicketRecord, desired: Desired, now: float, *, is_checked: bool) -> Move:
    if record.shown != desired.digest:
        return AtRest(record.quiet_until, is_settled=False) if now < record.quiet_until else Step.UPDATE
    if not desired.is_open:
        if record.said_done:
            return Step.CLOSE
        return Begin("done") if may_speak(record, now) else AtRest(next_day(now), is_settled=False)
    if desired.remarks and may_speak(record, now):
        return Begin("remarks")
    if is_watched(record, now) and not is_checked:
        return Step.CHECK
    return AtRest(now + POLL)


def _of_closed(
    record: TicketRecord, desired: Desired, rules: TicketRules, now: float, *, has_news: bool
) -> Move:
    if not desired.is_open:
        return AtRest(None)
    if record.closed_by != "hubtriage" and not has_news:
        return AtRest(now + POLL if record.closed_by == "person" else None)
    if not may_speak(record, now):
        return AtRest(next_day(now), is_settled=False)
    return Step.REOPEN if rules.reopen and record.closed_by != "gone" else Step.RENEW


def is_watched(record: TicketRecord, now: float) -> bool:
    """Say whether a second ticket of the group may turn up."""
    return record.check_until is not None and now < record.check_until


def may_speak(record: TicketRecord, now: float) -> bool:
    """Say whether a ticket may get one more comment or change of state today."""
    return record.spoken_on != day_of(now) or record.spoken < MOST_SPOKEN


def unsure(record: TicketRecord, step: Step | None, rules: TicketRules, now: float) -> TicketRecord:
    """Return the record after a request without an answer: it may still be done, over what comes later."""
    if step not in (Step.UPDATE, Step.CLOSE, Step.REOPEN):
        return record
    is_close = record.unsure_close or step is Step.CLOSE
    return replace(record, unsure_until=now + rules.search_lag, unsure_close=is_close)


def still_true(record: TicketRecord, desired: Desired, now: float) -> TicketRecord:
    """Return the record without what time, and its findings, have made untrue.

    What may have been done late over what came after it is shown again.
    """
    if record.unsure_until is not None and now >= record.unsure_until:
        record = replace(record, unsure_until=None, unsure_close=False, shown=None)
    if record.saying is not None and record.saying.what != "remarks":
        is_true = (record.saying.what == "done") != desired.is_open
        record = record if is_true else replace(record, saying=None)
    return replace(record, said_done=record.said_done and not desired.is_open)
