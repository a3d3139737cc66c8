"""Tickets as people and programs read them."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from hubtriage.aws.deliveries.tickets.records.record import TicketRecord
from hubtriage.cli.text import counted, quoted, stamp
from hubtriage.cli.views.tables import table

Standing = Literal["open", "closed", "failed", "waiting", "done"]
STANDINGS: tuple[Standing, ...] = ("open", "closed", "failed", "waiting", "done")
_HEAD = ("ticket", "stands", "open", "done", "queue", "rule", "group", "remark")
_CLOSED_BY = {"hubtriage": "by hubtriage", "person": "by a person", "gone": "deleted, or not visible"}


def standing(record: TicketRecord) -> Standing:
    """Return how a group's ticket stands.

    `failed`: a person has to change something. `waiting`: not yet as its findings want it, and worked on.
    `done`: there was never a ticket, and no finding is open.
    """
    if record.failed:
        return "failed"
    is_settled = record.settled == record.wants and record.last_error is None
    if record.state == "closed" and (is_settled or record.closed_by != "hubtriage"):
        return "closed"
    if record.state == "none" and is_settled:
        return "done"
    return "open" if record.state == "open" and is_settled else "waiting"


def ticket_record(record: TicketRecord) -> dict[str, Any]:
    """Return a group's ticket, JSON-ready."""
    return {
        "queue": record.group.queue,
        "rule": record.group.rule,
        "group": record.group.name,
        "ticket": record.key,
        "url": record.url,
        "standing": standing(record),
        "open_findings": record.open_findings,
        "done_findings": record.done_findings,
        "closed_by": record.closed_by,
        "resolution": record.resolution,
        "follows": record.former,
        "tries": record.tries,
        "last_error": record.last_error,
        "due": _stamp(record.due),
    }


def ticket_lines(records: Sequence[TicketRecord], now: float) -> Iterator[str]:
    """Yield the lines of a table of tickets, and how many there are of each kind."""
    if records:
        yield from table(_HEAD, [_row(record, now) for record in records])
    counts = {each: sum(standing(record) == each for record in records) for each in STANDINGS}
    parts = [f"{count:,} {each}" for each, count in counts.items() if count]
    yield ": ".join(filter(None, [counted(len(records), "ticket"), ", ".join(parts)]))


def _row(record: TicketRecord, now: float) -> tuple[object, ...]:
    return (
        record.key or "-",
        standing(record),
        record.open_findings,
        record.done_findings,
        record.group.queue,
        record.group.rule,
        record.group.name,
        _remark(record, now),
    )


def _remark(record: TicketRecord, now: float) -> str:
    """Return what a person may want to know of a ticket besides."""
    if record.last_error is not None:
        again = f"; again at {stamp(record.due)}" if record.due is not None and record.due > now else ""
        return f"{record.last_error}{again}"
    if record.state == "creating":
        return "hubtriage looks whether it was created"
    if record.state == "closed" and record.closed_by is not None:
        resolution = f" as {quoted(record.resolution)}" if record.resolution else ""
        return f"{_CLOSED_BY[record.closed_by]}{resolution}"
    return f"follows {record.former}" if record.former else ""


def _stamp(at: float | None) -> str | None:
    return None if at is None else stamp(at)
