"""News: what has become true of a finding and is still to be announced, as data.

A ledger entry keeps its news until they are announced, so that a worker that dies loses none. They hold only
what cannot be made again from the finding, the rules and the rest of the entry.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from json import dumps
from typing import Any, Literal, get_args

Kind = Literal[
    "hidden",
    "escalated",
    "reopened",
    "lowered",
    "raised",
    "overruled",
    "resolved",
    "returned",
    "changed",
    "refused",
]
KINDS: tuple[str, ...] = get_args(Kind)
"""What can happen to a finding. A decision that is several of them at once is the first."""
WhyDone = Literal["rule no longer applies", "moved", "archived", "passed", "resolved", "suppressed", "gone"]
WHYS_DONE: tuple[str, ...] = get_args(WhyDone)
"""Why a ticket is done with a finding; `moved`: another ticket has it from now on."""
MOST_BYTES = 16 * 1024
"""Bytes of all news of an entry. AWS: an item has 400 KB at most, and one that is too large hides nothing
less."""
MOST_TAKEN_OVER = 100
"""Deliveries of news that also have those of others: what is taken over has no bound of its own."""


@dataclass(frozen=True, slots=True)
class Reported:
    """The ticket that a finding was reported to: its queue, and what its findings have in common.

    Without `is_open` it was announced since that the finding is done, for a reason that may pass.
    """

    to: str
    per: str
    group: str
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class Delivered:
    """Where news go: to a channel as a message, or to a queue as a ticket.

    `group` is the canonical text of what is grouped by. `per`, `state` and `why` are those of a ticket: what
    it is made for, whether the finding is open for the rule, and if not, why.
    """

    to: str
    kind: Literal["message", "ticket"]
    rule: str
    group: str
    per: str | None = None
    state: Literal["open", "done"] | None = None
    why: str | None = None

    @property
    def ticket(self) -> tuple[str, ...] | None:
        """Which ticket this is about, and for which rule; None for a message."""
        return (self.to, self.rule, self.per or "", self.group) if self.kind == "ticket" else None

    def as_record(self) -> dict[str, Any]:
        """Return the JSON shape; what only tickets have is left out of messages."""
        record: dict[str, Any] = {"to": self.to, "as": self.kind, "rule": self.rule, "group": self.group}
        own = {"per": self.per, "state": self.state, "why": self.why}
        return record | {name: value for name, value in own.items() if value is not None}


@dataclass(frozen=True, slots=True)
class News:
    """What happened to a finding.

    `at` (epoch seconds) is when it was decided. `sequence` goes up with all news of a finding, also after its
    entry was lost or has ended. `rule` is the one that decided, `rules` are all that applied. `changes` are
    as of `Change.as_record`, with long values as digests; `is_cut` says that some were left out.
    """

    kind: Kind
    at: float
    sequence: int
    rule: str | None = None
    rules: tuple[str, ...] = ()
    changes: tuple[Mapping[str, Any], ...] = ()
    overruled: tuple[str, ...] = ()
    deliver: tuple[Delivered, ...] = ()
    is_cut: bool = False

    def short(self) -> "News":
        """Return the news without their changes."""
        return replace(self, changes=(), is_cut=True) if self.changes else self

    def taking_over(self, older: "News") -> "News":
        """Return the news with what older ones say of tickets, as far as these say nothing newer of them.

        The entry takes that for said: no one would say it again.
        """
        said = {each.ticket for each in self.deliver}
        others = [each for each in older.deliver if each.kind == "ticket" and each.ticket not in said]
        room = max(0, MOST_TAKEN_OVER - len(self.deliver))
        return replace(self, deliver=(*others[len(others) - min(room, len(others)) :], *self.deliver))

    def as_record(self) -> dict[str, Any]:
        """Return the JSON shape; what is empty is left out."""
        record = {
            "kind": self.kind,
            "at": self.at,
            "sequence": self.sequence,
            "rule": self.rule,
            "rules": list(self.rules),
            "changes": [dict(change) for change in self.changes],
            "overruled": list(self.overruled),
            "deliver": [each.as_record() for each in self.deliver],
            "cut": self.is_cut,
        }
        return {name: value for name, value in record.items() if value or name in ("at", "sequence")}


def next_sequence(told: int, now: float) -> int:
    """Return the sequence of news at a time (epoch seconds); `told` is that of the last ones, or 0.

    Whatever the clock says, it goes up. It is a time, so that it goes up after the last one was forgotten.
    """
    return max(told + 1, int(now * 1000))


def appended(untold: tuple[News, ...], news: News) -> tuple[News, ...]:
    """Return the news of an entry with others after them, within `MOST_BYTES` if there are several.

    The oldest lose their changes first. Then they give way, but for what they say of tickets.
    """
    together = [*untold, news]
    sizes = [_size(each) for each in together]
    for place, older in enumerate(untold):
        if sum(sizes) > MOST_BYTES:
            together[place] = older.short()
            sizes[place] = _size(together[place])
    while len(together) > 1 and sum(sizes) > MOST_BYTES:
        oldest = together.pop(0)
        together[0] = together[0].taking_over(oldest)
        sizes = [_size(together[0]), *sizes[2:]]
    return tuple(together)


def _size(news: News) -> int:
    return len(dumps(news.as_record()))


def reported_after(reported: Mapping[str, Reported], news: News) -> dict[str, Reported]:
    """Return which tickets have a finding once news are announced."""
    after = dict(reported)
    for each in news.deliver:
        if each.kind != "ticket" or each.per is None:
            continue
        if each.state == "open":
            after[each.rule] = Reported(each.to, each.per, each.group)
        elif each.why in ("rule no longer applies", "moved"):
            after.pop(each.rule, None)
        else:
            after[each.rule] = Reported(each.to, each.per, each.group, is_open=False)
    return after
