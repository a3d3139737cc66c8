"""What the function of a queue asks of the table of tickets. Its twin in memory is in `memory`.

Each group has a record of its ticket, which one worker at a time may change. The worker takes the group for
as long as its lease lasts, and each of its writes names the version that it follows. Anyone may write
members, and then *asks* for the group, so that what was written is never left unseen.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from hubtriage.aws.deliveries.tickets.records.group import TicketGroup
from hubtriage.aws.deliveries.tickets.records.member import Member
from hubtriage.aws.deliveries.tickets.records.record import TicketRecord

MemberKey = tuple[TicketGroup, str]
"""A group, and the digest of a finding."""


class TableError(RuntimeError):
    """The table did not answer, or refused. A write may have happened all the same."""


class DamagedItemError(TableError):
    """An item that this version has not written, or cannot read."""


@dataclass(frozen=True, slots=True)
class AcceptedTicket:
    """A ticket that a person closed as accepted: an exception may be proposed for its open findings."""

    group: TicketGroup
    ticket: str
    url: str
    resolution: str
    at: float


class TicketTable(Protocol):
    """The items of one queue. Reads are strongly consistent, except `due`. Everything raises TableError."""

    def read_members(self, keys: Collection[MemberKey]) -> Mapping[MemberKey, Member]:
        """Return these members, as far as they are known."""

    def write_member(self, group: TicketGroup, member: Member, over: Member | None) -> bool:
        """Write a member over what was read of it; return False, and do nothing, if it has changed since."""

    def members(self, group: TicketGroup) -> tuple[Member, ...]:
        """Return all members of a group."""

    def ask(self, group: TicketGroup, now: float) -> TicketRecord:
        """Say that members of a group have changed; return its record, which is due soon if not now.

        It is due as soon as it may be edited: after `quiet_until` and `wait_until`.
        """

    def read(self, group: TicketGroup) -> TicketRecord | None:
        """Return the record of a group; None if it has none."""

    def write(self, record: TicketRecord, *, settled: bool = False) -> TicketRecord | None:
        """Write a record over its `version`; return it with the next one, or None if the version has changed.

        `wants` is never written. With `settled`, None too if `wants` has changed.
        """

    def due(self, now: float, most: int) -> list[TicketGroup]:
        """Return groups that are due, the longest due first. What was written a second ago may be missing."""

    def write_shown(self, group: TicketGroup, marks: frozenset[bytes], version: int) -> None:
        """Remember the marks of the open members that the ticket shows.

        Does nothing if a worker that came later has written it.
        """

    def shown(self, group: TicketGroup) -> frozenset[bytes]:
        """Return the marks of what the ticket has shown; none if that is not known."""

    def write_proposal(self, proposal: AcceptedTicket) -> None:
        """Remember that an exception may be proposed; again where it is known already."""
