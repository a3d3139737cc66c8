"""The table of tickets in memory, for tests. It keeps the texts that the table keeps, under conditions."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

from hubtriage.aws.deliveries.items import GROUP
from hubtriage.aws.deliveries.tickets.records.group import TicketGroup
from hubtriage.aws.deliveries.tickets.records.item import (
    MEMBER,
    TICKET,
    member_of,
    member_text,
    number,
    record_of,
    record_text,
)
from hubtriage.aws.deliveries.tickets.records.member import Member
from hubtriage.aws.deliveries.tickets.records.record import TicketRecord
from hubtriage.aws.deliveries.tickets.records.table import AcceptedTicket, MemberKey


@dataclass(slots=True)
class MemoryTickets:
    """Keeps the items of one queue. `watch` is called before and after each write, and may raise."""

    records: dict[TicketGroup, TicketRecord] = field(default_factory=dict)
    texts: dict[MemberKey, str] = field(default_factory=dict)
    marks: dict[TicketGroup, tuple[int, frozenset[bytes]]] = field(default_factory=dict)
    proposals: list[AcceptedTicket] = field(default_factory=list)
    watch: Callable[[str], None] = lambda _what: None

    def read_members(self, keys: Collection[MemberKey]) -> Mapping[MemberKey, Member]:
        """Return these members, as far as they are known."""
        return {key: self._member(self.texts[key]) for key in keys if key in self.texts}

    def write_member(self, group: TicketGroup, member: Member, over: Member | None) -> bool:
        """Write a member over what was read of it."""
        self.watch("before write_member")
        key = (group, member.digest)
        if self.texts.get(key) != (None if over is None else member_text(over)):
            return False
        self.texts[key] = member_text(member)
        self.watch("after write_member")
        return True

    def members(self, group: TicketGroup) -> tuple[Member, ...]:
        """Return all members of a group."""
        return tuple(self._member(text) for (of, _digest), text in self.texts.items() if of == group)

    def ask(self, group: TicketGroup, now: float) -> TicketRecord:
        """Say that members of a group have changed."""
        self.watch("before ask")
        held = self.records.get(group, TicketRecord(group))
        asked = self.records[group] = replace(held, wants=held.wants + 1)
        self.watch("within ask")
        due = max(now, asked.quiet_until, asked.wait_until)
        if asked.due is None or asked.due > due:
            asked = self.records[group] = replace(self.records[group], due=due)
        self.watch("after ask")
        return asked

    def read(self, group: TicketGroup) -> TicketRecord | None:
        """Return the record of a group."""
        held = self.records.get(group)
        return None if held is None else self._kept(held)

    def write(self, record: TicketRecord, *, settled: bool = False) -> TicketRecord | None:
        """Write a record over its version."""
        self.watch("before write")
        held = self.records.get(record.group, TicketRecord(record.group))
        if held.version != record.version or (settled and held.wants != record.wants):
            return None
        written = self.records[record.group] = replace(record, version=record.version + 1, wants=held.wants)
        self.watch("after write")
        return replace(written, wants=record.wants)

    def due(self, now: float, most: int) -> list[TicketGroup]:
        """Return groups that are due."""
        waiting = [(record.due, group) for group, record in self.records.items() if record.due is not None]
        return [group for due, group in sorted(waiting) if due <= now][:most]

    def write_shown(self, group: TicketGroup, marks: frozenset[bytes], version: int) -> None:
        """Remember the marks of what the ticket shows."""
        self.watch("before write_shown")
        if group not in self.marks or self.marks[group][0] <= version:
            self.marks[group] = (version, marks)
        self.watch("after write_shown")

    def shown(self, group: TicketGroup) -> frozenset[bytes]:
        """Return the marks of what the ticket has shown."""
        return self.marks.get(group, (0, frozenset()))[1]

    def write_proposal(self, proposal: AcceptedTicket) -> None:
        """Remember that an exception may be proposed."""
        self.watch("before write_proposal")
        self.proposals = [one for one in self.proposals if one.ticket != proposal.ticket] + [proposal]
        self.watch("after write_proposal")

    @staticmethod
    def _member(text: str) -> Member:
        return member_of({MEMBER: {"S": text}})

    @staticmethod
    def _kept(record: TicketRecord) -> TicketRecord:
        """Return a record as its item gives it back."""
        item = {
            GROUP: {"S": record.group.key},
            TICKET: {"S": record_text(record)},
            "version": number(record.version),
            "wants": number(record.wants),
        }
        for name in ("lease", "due"):
            value = getattr(record, name)
            if value is not None:
                item[name] = number(value)
        return record_of(item)
