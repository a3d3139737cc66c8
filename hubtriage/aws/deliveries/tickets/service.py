"""What a ticket service does for us, whichever product it is, and what a ticket says, without any markup.

No service can be asked to create something once only. So a ticket carries its *claim key* from its first
instant, and a comment its own key. A request whose answer was lost is looked for before it is sent again.
Every method sends each request at most once, and never waits: trying again is decided by the desk.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from hubtriage.aws.deliveries.http import NotDone, Unknown


@dataclass(frozen=True, slots=True)
class Link:
    """A link. The text comes from findings; the URL is ours, and begins with https://."""

    text: str
    url: str


Span = str | Link
"""A piece of a line. A text is data: the adapter renders it so that no character of it is markup."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph. No text has a line break."""

    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list, each item one line."""

    items: tuple[tuple[Span, ...], ...]


Text = tuple[Paragraph | Bullets, ...]
"""What a description or a comment says."""


@dataclass(frozen=True, slots=True)
class TicketDraft:
    """What a ticket shows: a line of at most 200 characters, its description, and the highest severity.

    `severity` is one of INFORMATIONAL, LOW, MEDIUM, HIGH and CRITICAL.
    """

    summary: str
    text: Text
    severity: str


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket as the service has it now.

    `id` never changes; `key` is what people call it, and changes if it is moved. `resolution`: the resolution
    (Jira) or close code (ServiceNow) of a closed ticket, in the words of the service; None if there is none.
    """

    id: str
    key: str
    url: str
    is_closed: bool
    resolution: str | None = None


Refusal = NotDone | Unknown
"""Certainly not done, or not known. After `Unknown` a request may still be carried out, minutes later."""


class TicketService(Protocol):
    """The tickets of one queue: a project of Jira, or a table of ServiceNow."""

    def find(self, claim: str) -> tuple[Ticket, ...] | Refusal:
        """Return the tickets that surely carry this claim key, closed ones too, the oldest first.

        A search may be minutes late: that it finds none does not say that there is none. What it finds is
        verified by the ticket itself, because a search may also find too much.
        """

    def create(self, draft: TicketDraft, claim: str) -> Ticket | Refusal:
        """Create a ticket that carries the claim key from its first instant, with one request."""

    def update(self, ticket: str, draft: TicketDraft) -> Ticket | Literal["gone"] | Refusal:
        """Make the ticket with this id show the draft; return it as it is after that, open or closed."""

    def comment(self, ticket: str, text: Text, key: str) -> Literal["done", "gone"] | Refusal:
        """Add a comment that carries `key`, unless the ticket has one with this key.

        `key` has 32 hexadecimal digits.
        """

    def close(self, ticket: str, why: str) -> Literal["done", "gone"] | Refusal:
        """Close the ticket, for a reason in one line; done if it is closed already.

        Done means that the service shows it as closed. A workflow that refuses is a final NotDone.
        """

    def reopen(self, ticket: str) -> Literal["done", "gone", "forbidden"] | Refusal:
        """Open the ticket again; done if it is open. `forbidden`: it stays closed, so a new one is due."""

    def look(self, tickets: Collection[str]) -> Mapping[str, Ticket] | Refusal:
        """Return the tickets with these ids as they are now. One that is left out is deleted, or not visible.

        Reads what the service holds, not its search index. Any number of ids.
        """


def plain(text: Text) -> str:
    """Return a text as people read it without markup: one line for each paragraph and each item of a list."""
    lines: list[str] = []
    for block in text:
        if isinstance(block, Paragraph):
            lines.append(_line(block.spans))
        else:
            lines += [f"- {_line(item)}" for item in block.items]
    return "\n".join(lines)


def _line(spans: tuple[Span, ...]) -> str:
    return "".join(span if isinstance(span, str) else f"{span.text} ({span.url})" for span in spans)
