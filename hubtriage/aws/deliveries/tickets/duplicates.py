"""Second tickets of one claim key: a search came too late, and the ticket was created twice."""

from collections.abc import Iterable

from hubtriage.aws.deliveries.tickets.service import Ticket


def chosen(found: tuple[Ticket, ...]) -> Ticket:
    """Return which of several tickets of a group stays: the oldest that is open, or else the oldest."""
    return next((ticket for ticket in found if not ticket.is_closed), found[0])


def superfluous(found: Iterable[Ticket], kept: str) -> list[Ticket]:
    """Return the open tickets of a group besides the one with the id `kept`."""
    return [ticket for ticket in found if ticket.id != kept and not ticket.is_closed]
