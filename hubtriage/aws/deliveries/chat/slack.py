"""Slack, by an incoming webhook. Its URL is the secret.

Slack reads `<...>` as a mention or a link, in `mrkdwn` texts and in the `text` that notifications show. So
what a finding says stands in `plain_text` alone, which Slack does not parse; and `text` holds our own words,
escaped all the same.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hubtriage.aws.deliveries.chat.grouping import EventGroup
from hubtriage.aws.deliveries.chat.post import Post, PostParagraph
from hubtriage.aws.deliveries.chat.sending import SecretSender, pack
from hubtriage.aws.deliveries.http import Answer, Done, NotDone, Request, Unknown

LONGEST_SECTION = 3000
LONGEST_HEADER = 150
MOST_BLOCKS = 50
MOST_CHARACTERS = 12_000
"""Slack refuses about 13,200 characters in all blocks together, which it does not document."""
_CODE = re.compile(r"[a-z][a-z_]{1,39}")


class SlackChannel:
    """Sends messages to the channel that the webhook belongs to. Slack takes one message a second."""

    pause = 1.0

    def __init__(self, sender: SecretSender, stack: str) -> None:
        self._sender = sender
        self._stack = stack

    def posts(self, groups: Sequence[EventGroup]) -> list[Post]:
        """Return messages that Slack takes whole: it refuses one that has too much anywhere."""
        return pack(groups, self._stack, _fits)

    def send(self, post: Post) -> Answer:
        """Send a message. Slack answers `ok` if it took the message, and a code if it did not."""
        document = render(post)
        answer = self._sender.send(
            lambda secret: Request.with_json("POST", secret.text("url"), {}, document),
        )
        if isinstance(answer, Done) and answer.text.strip() != "ok":
            return Unknown("an answer that is not Slack's", status=answer.status)
        if isinstance(answer, NotDone) and _CODE.fullmatch(answer.text.strip()):
            return replace(answer, reason=f"{answer.reason}, {answer.text.strip()}")
        return answer


def render(post: Post) -> dict[str, Any]:
    """Return the message as Slack takes it."""
    blocks: list[dict[str, Any]] = [{"type": "header", "text": _plain(post.title, LONGEST_HEADER)}]
    for paragraph in post.paragraphs:
        blocks += _blocks(paragraph)
    return {
        "text": escaped(post.title),
        "mrkdwn": False,
        "unfurl_links": False,
        "unfurl_media": False,
        "blocks": blocks,
    }


def escaped(text: str) -> str:
    """Return a text that Slack shows as it is. Slack: escape these three characters, and no others."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _blocks(paragraph: PostParagraph) -> list[dict[str, Any]]:
    text = "\n".join((paragraph.headline, *(f"• {line}" for line in paragraph.lines)))
    blocks: list[dict[str, Any]] = [{"type": "section", "text": _plain(text, LONGEST_SECTION)}]
    if paragraph.link:
        link = {"type": "mrkdwn", "text": f"<{escaped(paragraph.link)}|Open in Security Hub>"}
        blocks.append({"type": "context", "elements": [{**link, "verbatim": True}]})
    return blocks


def _plain(text: str, longest: int) -> dict[str, Any]:
    cut = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return {"type": "plain_text", "text": cut, "emoji": False}


def _fits(post: Post) -> bool:
    blocks = render(post)["blocks"]
    return len(blocks) <= MOST_BLOCKS and len(str(blocks)) <= MOST_CHARACTERS
