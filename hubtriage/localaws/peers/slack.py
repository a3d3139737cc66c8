"""Slack as a double: incoming webhooks and chat.postMessage, and a reader that says what became live.

Whatever a message holds, a reader of it sees texts, and mentions and links that act. `stored` has both, so
that a test can demand that nothing of a finding came to act.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from hubtriage.localaws.peers.peer import Clock, PeerAnswer, PeerError, PeerRequest, with_fields

LONGEST_TEXT = 40_000
MOST_BLOCKS = 50
LONGEST_SECTION, LONGEST_FIELD, LONGEST_HEADER = 3000, 2000, 150
MOST_FIELDS, MOST_ELEMENTS = 10, 10
MOST_CHARACTERS = 13_200
_ANGLES = re.compile(r"<([^<>]*)>")
_BARE_LINK = re.compile(
    r"(?:https?://|www\.)[^\s<>|]+|(?<![\w@./-])[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}\b", re.I
)
_FORMATTING = re.compile(r"(?<!\w)([*_~`])(?=\S)[^\n]+?(?<=\S)\1(?!\w)")
_EMOJI = re.compile(r":[a-z0-9_+-]+:")
_AT_WORD = re.compile(r"@(channel|here|everyone)\b")


@dataclass(frozen=True, slots=True)
class SlackSettings:
    """How Slack behaves.

    path: of the webhook. token: of the bot. per_second and burst: messages that a channel takes. state: of
    the webhook, "alive", "revoked", "archived" or "prohibited".
    """

    path: str = "/services/T00000000/B00000000/wq7f3k2m9x4c8v1b6n5z0a"
    token: str = "xoxb-000000000000-local"  # noqa: S105 - of the double
    per_second: float = 1.0
    burst: int = 5
    state: str = "alive"


@dataclass(slots=True)
class SlackMessage:
    """A message that is shown. live: what acts in it, each as kind, value and where it stands."""

    ts: str
    via: str
    title: str
    texts: list[str]
    live: list[tuple[str, str, str]]
    thread_ts: str | None = None
    body: dict[str, Any] = field(default_factory=dict)


class _RefusedError(ValueError):
    """Slack does not take a message, and says this code."""


_DEAD = {"revoked": (404, "no_service"), "archived": (410, "channel_is_archived")}
_DEAD |= {"prohibited": (403, "action_prohibited")}


class SlackPeer:
    """One workspace with one channel."""

    def __init__(self, clock: Clock, settings: SlackSettings | None = None) -> None:
        self._clock = clock
        self.settings = settings or SlackSettings()
        self.messages: list[SlackMessage] = []
        self._tokens = float(self.settings.burst)
        self._counted_at = clock()

    def answer(self, request: PeerRequest) -> PeerAnswer:
        """Answer a request to a webhook in plain text, one to the API in JSON."""
        if request.path == "/api/chat.postMessage":
            return self._post_message(request)
        return self._webhook(request)

    def stored(self) -> dict[str, Any]:
        """Return the messages, oldest first."""
        return {"messages": [asdict(message) for message in self.messages]}

    def act(self, act: str, given: Mapping[str, Any]) -> Any:
        """Act as an administrator: `revoke`, `archive`, `prohibit` or `revive` the webhook."""
        states = {"revoke": "revoked", "archive": "archived", "prohibit": "prohibited", "revive": "alive"}
        if act not in states:
            raise PeerError(f"no act {act!r}; there are {', '.join(states)}")
        self.configure({**given, "state": states[act]})

    def configure(self, changes: Mapping[str, Any]) -> None:
        """Change settings."""
        self.settings = SlackSettings(**with_fields(changes, asdict(self.settings)))

    def _webhook(self, request: PeerRequest) -> PeerAnswer:
        if request.path != self.settings.path:
            return PeerAnswer.text(
                404, "no_team" if not request.path.startswith("/services/") else "no_service"
            )
        if self.settings.state in _DEAD:
            return PeerAnswer.text(*_DEAD[self.settings.state])
        if request.method != "POST":
            return PeerAnswer.text(400, "invalid_payload")
        if (wait := self._wait()) is not None:
            return PeerAnswer.text(429, "rate_limited", {"Retry-After": str(wait)})
        try:
            self._take(_payload(request), "webhook")
        except _RefusedError as error:
            return PeerAnswer.text(400, str(error))
        return PeerAnswer.text(200, "ok")

    def _post_message(self, request: PeerRequest) -> PeerAnswer:
        if request.headers.get("authorization") != f"Bearer {self.settings.token}":
            return PeerAnswer.json(200, {"ok": False, "error": "invalid_auth"})
        if (wait := self._wait()) is not None:
            return PeerAnswer.json(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": str(wait)})
        try:
            payload = _payload(request)
            if not payload.get("channel"):
                return PeerAnswer.json(200, {"ok": False, "error": "channel_not_found"})
            message = self._take(payload, "api")
        except _RefusedError as error:
            return PeerAnswer.json(200, {"ok": False, "error": str(error)})
        return PeerAnswer.json(200, {"ok": True, "channel": payload["channel"], "ts": message.ts})

    def _wait(self) -> int | None:
        """Take one of the channel's messages; return the seconds to wait if there is none."""
        now, rate = self._clock(), self.settings.per_second
        self._tokens = min(float(self.settings.burst), self._tokens + (now - self._counted_at) * rate)
        self._counted_at = now
        if self._tokens < 1:
            return max(1, round((1 - self._tokens) / rate))
        self._tokens -= 1
        return None

    def _take(self, payload: Mapping[str, Any], via: str) -> SlackMessage:
        _demand_shape(payload)
        texts = [text for _where, text, _is_live in _texts(payload)]
        message = SlackMessage(
            ts=f"{self._clock():.6f}",
            via=via,
            title=str(payload.get("text", ""))[:LONGEST_TEXT],
            texts=texts,
            live=list(_live(payload)),
            thread_ts=payload.get("thread_ts"),
            body=dict(payload),
        )
        self.messages.append(message)
        return message


def _payload(request: PeerRequest) -> dict[str, Any]:
    if not request.is_json():
        raise _RefusedError("invalid_payload")
    try:
        payload = json.loads(request.body)
    except ValueError:
        raise _RefusedError("invalid_payload") from None
    if not isinstance(payload, dict):
        raise _RefusedError("invalid_payload")
    return payload


def _demand_shape(payload: Mapping[str, Any]) -> None:
    """Refuse what Slack refuses as a whole because of one part."""
    blocks = payload.get("blocks", [])
    if not payload.get("text") and not blocks and not payload.get("attachments"):
        raise _RefusedError("no_text")
    if not isinstance(blocks, list) or len(blocks) > MOST_BLOCKS:
        raise _RefusedError("invalid_blocks")
    if not all(isinstance(block, dict) and _is_block(block) for block in blocks):
        raise _RefusedError("invalid_blocks")
    if sum(len(text) for where, text, _ in _texts(payload) if where != "text") > MOST_CHARACTERS:
        raise _RefusedError("msg_blocks_too_long")


def _is_block(block: Mapping[str, Any]) -> bool:
    kind = block.get("type")
    if kind == "divider":
        return True
    if kind == "header":
        text = block.get("text")
        return _is_text(text, LONGEST_HEADER) and isinstance(text, dict) and text["type"] == "plain_text"
    if kind == "section":
        fields = block.get("fields", [])
        has_text = "text" in block
        if not isinstance(fields, list) or not (has_text or fields) or len(fields) > MOST_FIELDS:
            return False
        return (not has_text or _is_text(block["text"], LONGEST_SECTION)) and all(
            _is_text(each, LONGEST_FIELD) for each in fields
        )
    elements = block.get("elements")
    return (
        kind == "context"
        and isinstance(elements, list)
        and 0 < len(elements) <= MOST_ELEMENTS
        and all(_is_text(each, LONGEST_FIELD) for each in elements)
    )


def _is_text(text: object, longest: int) -> bool:
    if not isinstance(text, dict) or text.get("type") not in ("plain_text", "mrkdwn"):
        return False
    allowed = {"type", "text", "emoji"} if text["type"] == "plain_text" else {"type", "text", "verbatim"}
    value = text.get("text")
    return isinstance(value, str) and 0 < len(value) <= longest and text.keys() <= allowed


def _texts(payload: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield all texts of a message: where each stands, what it says, and its object."""
    if payload.get("text"):
        yield "text", str(payload["text"])[:LONGEST_TEXT], {"type": "mrkdwn"}
    for place, block in enumerate(payload.get("blocks", [])):
        parts = [block.get("text"), *block.get("fields", []), *block.get("elements", [])]
        for part in parts:
            if isinstance(part, dict):
                yield f"blocks[{place}]", str(part.get("text", "")), part


def _live(payload: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield what acts in a message: mentions, links, formatting and emoji, and previews of links."""
    links = 0
    for where, text, part in _texts(payload):
        if part["type"] == "plain_text":
            if part.get("emoji", True):
                yield from (("emoji", found, where) for found in _EMOJI.findall(text))
            continue
        acting = list(_acting(text, where, part, payload))
        links += sum(kind == "link" for kind, _, _ in acting)
        yield from acting
    if links and payload.get("unfurl_links") is not False:
        yield "preview", str(links), "text"


def _acting(
    text: str, where: str, part: Mapping[str, Any], payload: Mapping[str, Any]
) -> Iterator[tuple[str, str, str]]:
    for inner in _ANGLES.findall(text):
        yield ("mention" if inner[:1] in ("!", "@", "#") else "link"), inner, where
    rest = _ANGLES.sub(" ", text)
    if not part.get("verbatim"):
        yield from (("link", found, where) for found in _BARE_LINK.findall(rest))
        if payload.get("link_names") or payload.get("parse") == "full":
            yield from (("mention", found, where) for found in _AT_WORD.findall(rest))
    if where != "text" or payload.get("mrkdwn") is not False:
        yield from (("formatting", found[0], where) for found in _FORMATTING.finditer(rest))
