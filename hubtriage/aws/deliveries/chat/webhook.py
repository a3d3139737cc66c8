"""Any program that takes webhooks, signed as Standard Webhooks says: one request for each event.

The secret has the `url` and the `signing_keys`, each `whsec_` and base64. With two keys there are two
signatures, so that a key can be replaced without a gap. An event keeps its id over all attempts; the time is
that of the attempt.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any

from hubtriage.aws.clock import Clock
from hubtriage.aws.decision_events.event import event_time
from hubtriage.aws.deliveries.chat.grouping import EventGroup
from hubtriage.aws.deliveries.chat.post import ChannelError, Post
from hubtriage.aws.deliveries.chat.sending import SecretSender
from hubtriage.aws.deliveries.chat.wording import post_of
from hubtriage.aws.deliveries.envelope import ReceivedEvent
from hubtriage.aws.deliveries.http import Answer, Request
from hubtriage.aws.deliveries.secrets import Credentials

PREFIX = "whsec_"
SHORTEST_KEY, LONGEST_KEY = 24, 64
"""Standard Webhooks: bytes of a key."""
TYPE_PREFIX = "hubtriage."
TRIAL = "test"


class WebhookChannel:
    """Sends each event as it is: the data of a program, not a text for people."""

    pause = 0.0

    def __init__(self, sender: SecretSender, stack: str, clock: Clock) -> None:
        self._sender = sender
        self._stack = stack
        self._clock = clock

    def posts(self, groups: Sequence[EventGroup]) -> list[Post]:
        """Return a message for each event."""
        alone = (
            EventGroup(group.kind, group.rule, group.common, (event,))
            for group in groups
            for event in group.events
        )
        return [post_of([group], self._stack) for group in alone]

    def send(self, post: Post) -> Answer:
        """Send the event of a message; one without an event as it says, under an id of its own."""
        event = post.events[0] if post.events else None
        now = self._clock.now()
        name = event.id if event else f"{TRIAL}{now:.0f}"
        body = json.dumps(_payload(event) if event else self._notice(post, name), allow_nan=False)

        def request(secret: Credentials) -> Request:
            return signed(secret.text("url"), keys_of(secret), name, int(now), body.encode("ascii"))

        return self._sender.send(request)

    def _notice(self, post: Post, name: str) -> dict[str, Any]:
        """Return what is sent of a message that shows no event: a test, or that a limit is reached."""
        lines = [line for part in post.paragraphs for line in (part.headline, *part.lines)]
        data = {"id": name, "stack": self._stack, "title": post.title, "lines": lines}
        return {"type": f"{TYPE_PREFIX}notice", "timestamp": event_time(self._clock.now()), "data": data}


def signed(url: str, keys: Sequence[bytes], name: str, at: int, body: bytes) -> Request:
    """Return the request with its signatures. `at`: epoch seconds of this attempt."""
    content = f"{name}.{at}.".encode() + body
    signatures = [base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode() for key in keys]
    headers = {
        "Content-Type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
    return Request("POST", url, headers, body)


def keys_of(secret: Credentials) -> list[bytes]:
    """Return the keys of a secret. Raises ChannelError for one that is none, without a word of it."""
    return [_key(text, place, secret.name) for place, text in enumerate(secret.texts("signing_keys"), 1)]


def _key(text: str, place: int, secret: str) -> bytes:
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(PREFIX) or not SHORTEST_KEY <= len(key) <= LONGEST_KEY:
        raise ChannelError(
            f"signing key {place} of the secret {secret} is none: write {PREFIX} and the base64 of "
            f"{SHORTEST_KEY} to {LONGEST_KEY} random bytes"
        )
    return key


def _payload(event: ReceivedEvent) -> dict[str, Any]:
    return {"type": f"{TYPE_PREFIX}{event.kind}", "timestamp": event.time, "data": event.detail}
