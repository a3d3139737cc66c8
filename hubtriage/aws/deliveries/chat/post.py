"""One message of a channel, without the markup of any product, and what can send it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hubtriage.aws.deliveries.chat.grouping import EventGroup
from hubtriage.aws.deliveries.envelope import ReceivedEvent
from hubtriage.aws.deliveries.http import Answer


@dataclass(frozen=True, slots=True)
class PostParagraph:
    """What a message says of one group. All texts are harmless; `link` leads to AWS's console."""

    headline: str
    lines: tuple[str, ...] = ()
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """A message: its title, what it says, and the groups that it shows. Webhooks send `events` alone."""

    title: str
    paragraphs: tuple[PostParagraph, ...]
    groups: tuple[EventGroup, ...] = ()

    @property
    def events(self) -> tuple[ReceivedEvent, ...]:
        """The events that are sent with it."""
        return tuple(event for group in self.groups for event in group.events)


class ChannelService(Protocol):
    """What a channel's product does for us."""

    pause: float
    """Seconds to let pass between two messages."""

    def posts(self, groups: Sequence[EventGroup]) -> list[Post]:
        """Return the messages that send these groups, each within the limits of the product."""

    def send(self, post: Post) -> Answer:
        """Send a message once. Raises ChannelError and SecretError, whose texts hold no secret."""


class ChannelError(RuntimeError):
    """A channel is not set up so that a message could be sent; the text says what to mend, and no secret."""
