"""Microsoft Teams as a double: a flow of Power Automate that posts Adaptive Cards.

The flow says that it accepted a message before anything is posted. Whether it was posted stands in `stored`
alone, as it does in the history of a flow.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from hubtriage.localaws.peers.peer import Clock, PeerAnswer, PeerError, PeerRequest, with_fields

LARGEST = 28 * 1024
CARD = "application/vnd.microsoft.card.adaptive"
_VERSIONS = ("1.0", "1.1", "1.2", "1.3", "1.4", "1.5")
_MARKDOWN_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)[^)]*\)")
_BARE_LINK = re.compile(r"https?://[^\s)]+", re.I)
_MARKDOWN = re.compile(r"(\*\*|__|\*|_)(?=\S).+?(?<=\S)\1|^(?:[-*] |\d+\. )", re.M)


@dataclass(frozen=True, slots=True)
class TeamsSettings:
    """How the flow behaves.

    workflow, sig: parts of its address. status: of its answer. is_on: whether the flow is switched on.
    per_second: requests that it takes.
    """

    workflow: str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
    sig: str = "u3Qm9rT2xV7bN4cK8pL1sD6fG0hJ5wZa"
    status: int = 202
    is_on: bool = True
    per_second: int = 4

    @property
    def path(self) -> str:
        """The address below the host, with what is secret in it."""
        return (
            f"/powerautomate/automations/direct/workflows/{self.workflow}/triggers/manual/paths/invoke"
            f"?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={self.sig}"
        )


@dataclass(frozen=True, slots=True)
class FlowRun:
    """One run of the flow: `posted`, or why it failed. live: what acts in the card, as kind and value."""

    at: float
    posted: bool
    why: str | None
    texts: list[str]
    live: list[tuple[str, str]]


class _FlowFailedError(ValueError):
    """The flow cannot post a message."""


class TeamsPeer:
    """One flow that posts into one channel."""

    def __init__(self, clock: Clock, settings: TeamsSettings | None = None) -> None:
        self._clock = clock
        self.settings = settings or TeamsSettings()
        self.runs: list[FlowRun] = []
        self._times: list[float] = []

    def answer(self, request: PeerRequest) -> PeerAnswer:
        """Answer a request to the flow: any JSON is accepted."""
        refused = self._refusal(request)
        if refused is not None:
            return refused
        try:
            document = json.loads(request.body)
        except ValueError:
            return _error(400, "InvalidRequestContent", "The request content is not valid JSON.")
        self.runs.append(self._run(document, len(request.body)))
        return PeerAnswer(self.settings.status)

    def stored(self) -> dict[str, Any]:
        """Return the runs, oldest first."""
        return {"runs": [asdict(run) for run in self.runs]}

    def act(self, act: str, given: Mapping[str, Any]) -> Any:  # noqa: ARG002
        """Act as the owner: turn the flow `off` or `on`."""
        if act not in ("off", "on"):
            raise PeerError(f"no act {act!r}; there are off and on")
        self.configure({"is_on": act == "on"})

    def configure(self, changes: Mapping[str, Any]) -> None:
        """Change settings."""
        self.settings = TeamsSettings(**with_fields(changes, asdict(self.settings)))

    def _refusal(self, request: PeerRequest) -> PeerAnswer | None:
        path = self.settings.path.partition("?")[0]
        if request.path != path:
            return _error(404, "WorkflowNotFound", "The workflow could not be found.")
        if request.method != "POST":
            return _error(405, "MethodNotAllowed", "The method is not allowed.")
        if request.first("sig") != self.settings.sig:
            return _error(401, "DirectApiAuthorizationRequired", "The signature is not valid.")
        if not self.settings.is_on:
            return _error(404, "WorkflowTriggerIsNotEnabled", "The workflow is not enabled.")
        if not request.is_json():
            return _error(415, "UnsupportedMediaType", "The content type is not supported.")
        now = self._clock()
        self._times = [at for at in self._times if now - at < 1]
        if len(self._times) >= self.settings.per_second:
            answer = _error(429, "TooManyRequests", "Rate limit is exceeded.")
            return PeerAnswer(answer.status, answer.body, {**answer.headers, "Retry-After": "1"})
        self._times.append(now)
        return None

    def _run(self, document: object, size: int) -> FlowRun:
        at = self._clock()
        try:
            cards = _cards(document, size)
        except _FlowFailedError as error:
            return FlowRun(at, posted=False, why=str(error), texts=[], live=[])
        texts = [text for card in cards for text, _, _ in _texts(card)]
        return FlowRun(
            at, posted=True, why=None, texts=texts, live=[each for card in cards for each in _live(card)]
        )


def _cards(document: object, size: int) -> list[dict[str, Any]]:
    """Return the cards that the flow posts; raise _FlowFailedError where a step of it fails."""
    if not isinstance(document, dict) or document.get("type") != "message":
        raise _FlowFailedError("the body is no message")
    attachments = document.get("attachments")
    if not isinstance(attachments, list) or not attachments:
        raise _FlowFailedError("the flow's loop needs attachments")
    if size > LARGEST:
        raise _FlowFailedError("the message is larger than 28 KB")
    return [_card(attachment) for attachment in attachments]


def _card(attachment: object) -> dict[str, Any]:
    if not isinstance(attachment, dict) or attachment.get("contentType") != CARD:
        raise _FlowFailedError("an attachment is no Adaptive Card")
    card = attachment.get("content")
    if not isinstance(card, dict) or card.get("type") != "AdaptiveCard":
        raise _FlowFailedError("the content is no Adaptive Card")
    if card.get("version") not in _VERSIONS:
        raise _FlowFailedError(f"version {card.get('version')} of Adaptive Cards is not supported")
    body = card.get("body")
    if not isinstance(body, list) or not body or not all(_is_element(each) for each in body):
        raise _FlowFailedError("an element of the card is not valid")
    actions = card.get("actions", [])
    if not isinstance(actions, list) or not all(_is_action(each) for each in actions):
        raise _FlowFailedError("an action of the card is not valid")
    return card


def _is_element(element: object) -> bool:
    if not isinstance(element, dict):
        return False
    if element.get("type") == "TextBlock":
        return isinstance(element.get("text"), str)
    inlines = element.get("inlines")
    return (
        element.get("type") == "RichTextBlock"
        and isinstance(inlines, list)
        and bool(inlines)
        and all(
            isinstance(run, dict) and run.get("type") == "TextRun" and isinstance(run.get("text"), str)
            for run in inlines
        )
    )


def _is_action(action: object) -> bool:
    return (
        isinstance(action, dict)
        and action.get("type") == "Action.OpenUrl"
        and isinstance(action.get("url"), str)
        and action["url"].startswith("https://")
    )


def _texts(card: Mapping[str, Any]) -> Iterator[tuple[str, bool, Mapping[str, Any]]]:
    """Yield all texts of a card: what each says, whether it is read as Markdown, and its object."""
    for element in card["body"]:
        if element["type"] == "TextBlock":
            yield element["text"], True, element
        else:
            yield from ((run["text"], False, run) for run in element["inlines"])


def _live(card: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what acts in a card: links, mentions and Markdown; `action` is a button."""
    for text, is_markdown, part in _texts(card):
        if is_markdown:
            links = _MARKDOWN_LINK.findall(text)
            yield from (("link", url) for url in links)
            yield from (("link", url) for url in _BARE_LINK.findall(_MARKDOWN_LINK.sub("", text)))
            yield from (("formatting", found[0]) for found in _MARKDOWN.finditer(text))
        if "selectAction" in part:
            yield "link", str(part["selectAction"].get("url"))
    entities = card.get("msteams", {}).get("entities", [])
    yield from (("mention", str(entity.get("text"))) for entity in entities)
    yield from (("action", action["url"]) for action in card.get("actions", []))


def _error(status: int, code: str, message: str) -> PeerAnswer:
    return PeerAnswer.json(status, {"error": {"code": code, "message": message}})
