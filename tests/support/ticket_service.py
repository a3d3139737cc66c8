"""A ticket service in memory: its search is late, answers are lost, and people do what they like."""

import itertools
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from hubtriage.aws.clock import Clock
from hubtriage.aws.deliveries.http import NotDone, Unknown
from hubtriage.aws.deliveries.tickets.service import Refusal, Text, Ticket, TicketDraft, plain

Trouble = Literal["lost", "late", "refused", "final", "unauthorized", "never"]
"""How a request ends: done with the answer `lost`; done some `late` seconds after the answer was given up;
`refused` for now, or for good (`final`, `unauthorized`); `never` done, and no answer either."""
_T = TypeVar("_T")


class DeathError(BaseException):
    """The container ends here."""


@dataclass
class KeptTicket:
    """A ticket as the service holds it, and what happened to it."""

    id: str
    claim: str
    created: float
    summary: str
    text: str
    is_closed: bool = False
    resolution: str | None = None
    is_deleted: bool = False
    comments: dict[str, str] = field(default_factory=dict)
    history: list[str] = field(default_factory=list)

    def as_ticket(self) -> Ticket:
        """As the service shows it."""
        url = f"https://tickets.example/{self.id}"
        return Ticket(
            self.id, f"SEC-{self.id}", url, self.is_closed, self.resolution if self.is_closed else None
        )


class MemoryTicketService:
    """Does what the protocol says. `lag`: seconds until a search finds a ticket.

    `script` gives how the next requests end, in order; later ones succeed. `watch` may raise a death, before
    and after each request. `late`: seconds after which a late request is done all the same.
    """

    def __init__(self, clock: Clock, *, lag: float = 0.0, late: float = 0.0) -> None:
        self.clock, self.lag, self.late = clock, lag, late
        self.tickets: dict[str, KeptTicket] = {}
        self.script: list[Trouble | None] = []
        self.watch: Callable[[str], None] = lambda _what: None
        self.calls: list[str] = []
        self.can_reopen = True
        self._coming: list[tuple[float, Callable[[], object]]] = []
        self._numbers = itertools.count(1)
        self._at: float | None = None

    # what the desk asks for

    def find(self, claim: str) -> tuple[Ticket, ...] | Refusal:
        """Find what the index has."""
        return self._do("find", lambda: self._found(claim))

    def create(self, draft: TicketDraft, claim: str) -> Ticket | Refusal:
        """Create a ticket."""
        return self._do("create", lambda: self._create(draft, claim))

    def update(self, ticket: str, draft: TicketDraft) -> Ticket | Literal["gone"] | Refusal:
        """Edit a ticket."""
        return self._do("update", lambda: self._update(ticket, draft))

    def comment(self, ticket: str, text: Text, key: str) -> Literal["done", "gone"] | Refusal:
        """Comment, unless there is a comment with the key."""
        return self._do("comment", lambda: self._comment(ticket, text, key))

    def close(self, ticket: str, why: str) -> Literal["done", "gone"] | Refusal:
        """Close a ticket."""
        return self._do("close", lambda: self._set(ticket, is_closed=True, who=f"hubtriage: {why}"))

    def reopen(self, ticket: str) -> Literal["done", "gone", "forbidden"] | Refusal:
        """Open a ticket again."""
        if not self.can_reopen:
            return self._do("reopen", lambda: self._forbidden(ticket))
        return self._do("reopen", lambda: self._set(ticket, is_closed=False, who="hubtriage"))

    def look(self, tickets: Collection[str]) -> Mapping[str, Ticket] | Refusal:
        """Show tickets."""
        return self._do("look", lambda: {
            name: self.tickets[name].as_ticket() for name in tickets if self._is_there(name)
        })  # fmt: skip

    # what people do

    def person_closes(self, ticket: str, resolution: str = "Done") -> None:
        """A person closes a ticket."""
        self.tickets[ticket].resolution = resolution
        self._set(ticket, is_closed=True, who="person", resolution=resolution)

    def person_reopens(self, ticket: str) -> None:
        """A person opens a ticket again."""
        self._set(ticket, is_closed=False, who="person")

    def person_deletes(self, ticket: str) -> None:
        """A person deletes a ticket."""
        self.tickets[ticket].is_deleted = True
        self.tickets[ticket].history.append("deleted by person")

    # how it is done

    def _do(self, name: str, act: Callable[[], _T]) -> _T | NotDone | Unknown:
        self.arrive()
        self.calls.append(name)
        self.watch(f"before {name}")
        trouble = self.script.pop(0) if self.script else None
        if trouble == "refused":
            return NotDone("HTTP 429 Too Many Requests", retry_after=30.0, status=429)
        if trouble == "final":
            return NotDone("HTTP 400 Bad Request", is_final=True, status=400)
        if trouble == "unauthorized":
            return NotDone("HTTP 401 Unauthorized", is_final=True, status=401)
        if trouble == "never":
            return Unknown("no answer in time")
        if trouble == "late":
            self._coming.append((self.clock.now() + self.late, act))
            return Unknown("no answer in time")
        answer = act()
        self.watch(f"after {name}")
        return Unknown("the connection ended before the answer") if trouble == "lost" else answer

    def arrive(self) -> None:
        """Do what comes late."""
        now = self.clock.now()
        coming, self._coming = self._coming, []
        for at, act in coming:
            if at <= now:
                self._at = at
                act()
                self._at = None
            else:
                self._coming.append((at, act))

    def _is_there(self, ticket: str) -> bool:
        return ticket in self.tickets and not self.tickets[ticket].is_deleted

    def _found(self, claim: str) -> tuple[Ticket, ...]:
        indexed = self.clock.now() - self.lag
        return tuple(
            one.as_ticket()
            for one in self.tickets.values()
            if one.claim == claim and one.created <= indexed and not one.is_deleted
        )

    def _create(self, draft: TicketDraft, claim: str) -> Ticket:
        name = str(next(self._numbers))
        created = self.clock.now() if self._at is None else self._at
        made = KeptTicket(name, claim, created, draft.summary, plain(draft.text))
        self.tickets[name] = made
        return made.as_ticket()

    def _update(self, ticket: str, draft: TicketDraft) -> Ticket | Literal["gone"]:
        if not self._is_there(ticket):
            return "gone"
        kept = self.tickets[ticket]
        kept.summary, kept.text = draft.summary, plain(draft.text)
        return kept.as_ticket()

    def _comment(self, ticket: str, text: Text, key: str) -> Literal["done", "gone"]:
        if not self._is_there(ticket):
            return "gone"
        if key not in self.tickets[ticket].comments:
            self.tickets[ticket].comments[key] = plain(text)
            self.tickets[ticket].history.append(f"comment: {plain(text)}")
        return "done"

    def _set(
        self, ticket: str, *, is_closed: bool, who: str, resolution: str | None = None
    ) -> Literal["done", "gone"]:
        if not self._is_there(ticket):
            return "gone"
        kept = self.tickets[ticket]
        if kept.is_closed != is_closed:
            kept.is_closed = is_closed
            kept.resolution = resolution
            kept.history.append(f"{'closed' if is_closed else 'opened'} by {who}")
        return "done"

    def _forbidden(self, ticket: str) -> Literal["gone", "forbidden", "done"]:
        if not self._is_there(ticket):
            return "gone"
        return "forbidden" if self.tickets[ticket].is_closed else "done"
