"""Keeps what events say of findings in the table of tickets, and makes their groups due."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hubtriage.aws.clock import Clock
from hubtriage.aws.deliveries.envelope import Received, ReceivedEvent
from hubtriage.aws.deliveries.numbers import DELIVERED, UNREADABLE
from hubtriage.aws.deliveries.tickets.news import NewsError, members_of
from hubtriage.aws.deliveries.tickets.records.group import TicketGroup
from hubtriage.aws.deliveries.tickets.records.member import Member, merged
from hubtriage.aws.deliveries.tickets.records.table import (
    DamagedItemError,
    MemberKey,
    TableError,
    TicketTable,
)

MOST_WRITES = 8
"""Times that a member is written before its message fails: others write it too."""


@dataclass(slots=True)
class Taken:
    """What became of a batch. `due`: groups to work on now. `failed`: messages with the reason of each."""

    due: list[TicketGroup] = field(default_factory=list)
    failed: dict[Received, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)


class Intake:
    """Takes in the events of one queue."""

    def __init__(self, table: TicketTable, queue: str, clock: Clock) -> None:
        self._table, self._queue, self._clock = table, queue, clock

    def take(self, events: Sequence[ReceivedEvent]) -> Taken:
        """Keep what the events say. A message is done when its groups are due, and not before."""
        taken = Taken()
        news = self._read(events, taken)
        touched = self._keep(news, taken)
        for group, messages in touched.items():
            self._ask(group, messages, taken)
        taken.counts[DELIVERED] = len({event.message for event, _ in news} - taken.failed.keys())
        return taken

    def _read(
        self, events: Iterable[ReceivedEvent], taken: Taken
    ) -> list[tuple[ReceivedEvent, list[tuple[TicketGroup, Member]]]]:
        news = []
        for event in events:
            try:
                news.append((event, members_of(event, self._queue)))
            except NewsError as error:
                taken.failed[event.message] = str(error)
                taken.counts[UNREADABLE] += 1
        return news

    def _keep(
        self, news: list[tuple[ReceivedEvent, list[tuple[TicketGroup, Member]]]], taken: Taken
    ) -> dict[TicketGroup, list[Received]]:
        """Write the members; return the messages that say something of each group."""
        touched: defaultdict[TicketGroup, list[Received]] = defaultdict(list)
        keys = [(group, member.digest) for _, members in news for group, member in members]
        try:
            known = dict(self._table.read_members(keys)) if keys else {}
        except DamagedItemError:  # each finding is read by itself then, and the damaged one fails alone
            known = {}
        except TableError as error:
            taken.failed.update((event.message, str(error)) for event, _ in news)
            return touched
        for event, members in news:
            try:
                for group, member in members:
                    if self._write(group, member, known):
                        touched[group].append(event.message)
            except TableError as error:
                taken.failed[event.message] = str(error)
        return touched

    def _write(self, group: TicketGroup, member: Member, known: dict[MemberKey, Member]) -> bool:
        """Write a member unless a newer event did; say whether its group has to be looked at.

        The same event again makes the group due again: its first worker may have died before that.
        """
        key = (group, member.digest)
        for _ in range(MOST_WRITES):
            old = known.get(key)
            new = merged(member, old)
            if new is None:
                return old is not None and (old.sequence, old.at) == (member.sequence, member.at)
            if self._table.write_member(group, new, old):
                known[key] = new
                return True
            known.pop(key, None)
            known.update(self._table.read_members([key]))
        raise TableError(f"finding {member.digest} of {group.key} changes all the time")

    def _ask(self, group: TicketGroup, messages: list[Received], taken: Taken) -> None:
        now = self._clock.now()
        try:
            asked = self._table.ask(group, now)
        except TableError as error:
            taken.failed.update((message, str(error)) for message in messages)
            return
        if max(asked.quiet_until, asked.wait_until, asked.lease or 0.0) <= now:
            taken.due.append(group)
