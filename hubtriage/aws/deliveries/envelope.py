"""Read the events of decisions out of the messages of a queue. What cannot be read fails its message only.

AWS: a message holds the envelope that EventBridge puts around an event. The queue takes messages only from
the rule of its channel, and the rule only events of the stack's own bus; the source says who made them.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

SOURCE = "hubtriage"
DECISION, OPERATION = "Triage Decision", "Triage Operation"
VERSION = "1"
LONGEST_ID = 64
_EXCERPT = 100

DeliveryKind = Literal["message", "ticket"]


@dataclass(frozen=True, slots=True)
class Received:
    """A message as SQS delivered it: its id, its receipt, and how often it was delivered so far."""

    id: str
    handle: str | None = None
    receives: int = 1


@dataclass(frozen=True, slots=True)
class Order:
    """What an event asks of one channel or queue: by which rule, for which group.

    `state` and `why` are there for tickets: whether the finding is `open` or `done` for the rule.
    """

    rule: str
    group: str
    per: str | None
    state: str | None
    why: str | None


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """One event of the bus, and the message that brought it.

    `detail` has every member of the event's schema, but its values come from findings and rules: they are
    data. `replayed`: an archive of EventBridge sent it again.
    """

    message: Received
    id: str
    kind: str
    detail: Mapping[str, Any]
    is_operation: bool
    replayed: bool = False

    @property
    def time(self) -> str:
        """When it was decided, in ISO 8601."""
        return str(self.detail.get("time", ""))

    @property
    def sequence(self) -> int:
        """Grows with each change of the finding; 0 for operations."""
        value = self.detail.get("sequence")
        return value if isinstance(value, int) else 0

    @property
    def finding(self) -> Mapping[str, Any]:
        """The finding, empty for operations."""
        return _mapping(self.detail.get("finding"))

    @property
    def operation(self) -> Mapping[str, Any]:
        """The operation's own members, empty for decisions."""
        return _mapping(self.detail.get("operation"))

    def orders(self, name: str, kind: DeliveryKind) -> tuple[Order, ...]:
        """Return what the event asks of a channel or queue; usually one order, one for each rule at most."""
        return tuple(_orders(self.detail.get("deliver"), name, kind))


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A message that holds no event that this version knows. It can only fail."""

    message: Received
    reason: str
    excerpt: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryBatch:
    """All that one invocation brought, in the order of the messages."""

    events: tuple[ReceivedEvent, ...]
    unreadable: tuple[Unreadable, ...]


class NotABatchError(ValueError):
    """An invocation that brings no messages of a queue, so that no single one of them can fail."""


class _UnreadableError(ValueError):
    def __init__(self, reason: str, excerpt: object = "") -> None:
        super().__init__(reason)
        self.reason, self.excerpt = reason, str(excerpt)[:_EXCERPT]


def read_batch(event: object) -> DeliveryBatch:
    """Read the messages of an SQS event. Raises NotABatchError for anything else."""
    records = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(records, list):
        raise NotABatchError("no messages of a queue")
    events: list[ReceivedEvent] = []
    unreadable: list[Unreadable] = []
    for record in records:
        message = _received(record)
        try:
            events.append(_event(message, record.get("body")))
        except _UnreadableError as error:
            unreadable.append(Unreadable(message, error.reason, error.excerpt))
    return DeliveryBatch(tuple(events), tuple(unreadable))


def failures(messages: Iterable[Received]) -> dict[str, Any]:
    """Return SQS's partial batch response: these messages come again, each named once."""
    names = dict.fromkeys(message.id for message in messages)
    return {"batchItemFailures": [{"itemIdentifier": name} for name in names]}


def _received(record: object) -> Received:
    if not isinstance(record, dict) or not isinstance(record.get("messageId"), str):
        raise NotABatchError("a message without an id")
    handle = record.get("receiptHandle")
    count = str(_mapping(record.get("attributes")).get("ApproximateReceiveCount", ""))
    return Received(
        id=record["messageId"],
        handle=handle if isinstance(handle, str) else None,
        receives=int(count) if count.isascii() and count.isdecimal() and len(count) < 10 else 1,
    )


def _event(message: Received, body: object) -> ReceivedEvent:
    envelope = _loads(body)
    if not isinstance(envelope, dict):
        raise _UnreadableError("not an event", f"a JSON {type(envelope).__name__}")
    if envelope.get("source") != SOURCE:
        raise _UnreadableError("an event of another source", repr(envelope.get("source")))
    detail_type = envelope.get("detail-type")
    if detail_type not in (DECISION, OPERATION):
        raise _UnreadableError("an event of another detail-type", repr(detail_type))
    detail = envelope.get("detail")
    if not isinstance(detail, dict):
        raise _UnreadableError("an event without detail")
    if detail.get("version") != VERSION:
        raise _UnreadableError("an event of a version that is not known", repr(detail.get("version")))
    return ReceivedEvent(
        message=message,
        id=_id(detail.get("id")),
        kind=_text(detail, "kind"),
        detail=detail,
        is_operation=detail_type == OPERATION,
        replayed="replay-name" in envelope,
    )


def _loads(body: object) -> object:
    if not isinstance(body, str):
        raise _UnreadableError("a message without text")
    try:
        return json.loads(body, parse_constant=_no_json)
    except (ValueError, RecursionError) as error:  # deep nesting ends in RecursionError
        raise _UnreadableError("not JSON", error) from error


def _no_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _id(value: object) -> str:
    """Return the id of an event. It becomes part of a key and of a header, so it is plain."""
    usable = isinstance(value, str) and 0 < len(value) <= LONGEST_ID and value.isascii() and value.isalnum()
    if not usable:
        raise _UnreadableError("an event without a usable id", repr(value))
    return str(value)


def _text(detail: Mapping[str, Any], name: str) -> str:
    value = detail.get(name)
    if not isinstance(value, str) or not value:
        raise _UnreadableError(f"an event without {name}")
    return value


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _orders(deliver: object, name: str, kind: DeliveryKind) -> Iterator[Order]:
    for one in deliver if isinstance(deliver, list) else ():
        if isinstance(one, dict) and one.get("to") == name and one.get("as") == kind:
            yield Order(
                rule=str(one.get("rule") or ""),
                group=str(one.get("group") or ""),
                per=_text_or_none(one.get("per")),
                state=_text_or_none(one.get("state")),
                why=_text_or_none(one.get("why")),
            )


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
