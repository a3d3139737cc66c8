"""Microsoft Teams, by the URL of a Power Automate flow ("when a Teams webhook request is received").

The URL holds the credential, so all of it is the secret. Teams says that it accepted a message before it
shows anything; a card that it cannot show appears in the history of the flow alone. So cards are kept small
and plain. Texts are runs of a RichTextBlock, which Teams shows as they are: a TextBlock would be read as
Markdown, and links in it would be live.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from hubtriage.aws.deliveries.chat.grouping import EventGroup
from hubtriage.aws.deliveries.chat.post import Post, PostParagraph
from hubtriage.aws.deliveries.chat.sending import SecretSender, pack
from hubtriage.aws.deliveries.http import Answer, Request

LARGEST = 20_000
"""Bytes of a message as JSON. Teams takes 28 KB, and senders saw it refuse less."""
MOST_ACTIONS = 6
_CARD = "application/vnd.microsoft.card.adaptive"
_SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"


class TeamsChannel:
    """Sends messages to the channel or chat of the flow. Teams took four requests a second."""

    pause = 0.5

    def __init__(self, sender: SecretSender, stack: str) -> None:
        self._sender = sender
        self._stack = stack

    def posts(self, groups: Sequence[EventGroup]) -> list[Post]:
        """Return messages that are each small enough."""
        return pack(groups, self._stack, _fits)

    def send(self, post: Post) -> Answer:
        """Send a message. `Done` says that the flow has begun, not that the message is shown."""
        document = render(post)
        return self._sender.send(
            lambda secret: Request.with_json("POST", secret.text("url"), {}, document),
        )


def render(post: Post) -> dict[str, Any]:
    """Return the message as the flow takes it: a list of cards, here one."""
    body = [_block([_run(post.title, weight="Bolder")])]
    for paragraph in post.paragraphs:
        body += _blocks(paragraph)
    card: dict[str, Any] = {
        "$schema": _SCHEMA,
        "type": "AdaptiveCard",
        "version": "1.2",
        "body": body,
        "msteams": {"width": "Full"},
    }
    links = [paragraph.link for paragraph in post.paragraphs if paragraph.link][:MOST_ACTIONS]
    if links:
        card["actions"] = [
            {"type": "Action.OpenUrl", "title": _label(place, len(links)), "url": link}
            for place, link in enumerate(links, 1)
        ]
    return {
        "type": "message",
        "attachments": [{"contentType": _CARD, "contentUrl": None, "content": card}],
    }


def _label(place: int, count: int) -> str:
    return "Open in Security Hub" if count == 1 else f"Open finding {place}"


def _blocks(paragraph: PostParagraph) -> Iterator[dict[str, Any]]:
    yield _block([_run(paragraph.headline)], separator=True)
    for line in paragraph.lines:
        yield _block([_run(f"• {line}", is_subtle=True)])


def _block(runs: list[dict[str, Any]], *, separator: bool = False) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": runs} | ({"separator": True} if separator else {})


def _run(text: str, weight: str = "Default", *, is_subtle: bool = False) -> dict[str, Any]:
    return {"type": "TextRun", "text": text or " ", "weight": weight, "isSubtle": is_subtle}


def _fits(post: Post) -> bool:
    return len(json.dumps(render(post))) <= LARGEST
