"""Parse what Lambda is handed into findings.

An event is parsed leniently where it describes a finding (unknown members are kept, missing ones
are the engine's affair) and strictly where it says which finding it is. Whatever cannot be used
fails its own message only, so that it ends in the dead-letter queue where it can be looked at.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn

from hubtriage.aws.securityhub.api import BY_DEFAULT, CSPM, V2, Finding, Key
from hubtriage.aws.securityhub.hub_v2 import as_asff
from hubtriage.engine.excerpt import NO_REST, Members, Rest, excerpt, size_of_rest
from hubtriage.engine.ocsf.view import HUB_V2, asff_view, key_of
from hubtriage.engine.text.timestamps import parse_timestamp

SWEEP_SOURCE = "hubtriage.sweep"
"""Who made an event, as it says itself; what keeps others from saying so is who may hand us events.

AWS: only Security Hub can send events of its source, which alone the intake's rule lets in; the queue
refuses other senders. Only IAM keeps others from invoking the function or changing that rule.
"""
FINDINGS_SOURCE = "aws.securityhub"
FINDINGS_DETAIL_TYPE = "Security Hub Findings - Imported"
V2_DETAIL_TYPE = "Findings Imported V2"
DETAIL_TYPES = {CSPM: FINDINGS_DETAIL_TYPE, V2: V2_DETAIL_TYPE}
"""The detail-type of the findings of each hub."""
HAND_BACK_SOURCE = "hubtriage.hand-back"
"""The source of a hand-back that the stack's own function has checked; kept from others as the sweep's is."""
HAND_BACK_DETAIL_TYPE = "Hand Back"
ACTION_DETAIL_TYPE = "Security Hub Findings - Custom Action"
LONGEST_NAME = 2048  # AWS: an ARN
LONGEST_ID = 512  # AWS: AwsSecurityFinding.Id
LONGEST_PRODUCT_ARN = 2048  # AWS: AwsSecurityFinding.ProductArn
LONGEST_UID = 512  # AWS: a metadata.uid has 64 characters; whether it has to is for the service to say
EXCERPT = 100  # characters of foreign text that a reason may quote


@dataclass(frozen=True, slots=True)
class Message:
    """How an event came: its SQS message id (None: handed over directly), deliveries, time of sending.

    `handle` is SQS's receipt of this delivery, by which its visibility is changed.
    """

    id: str | None
    receives: int = 1
    sent_at: float | None = None
    handle: str | None = None


@dataclass(frozen=True, slots=True)
class SweepOrder:
    """What the sweep says of the findings it sends: its id, and by which rules to plan them.

    `take_back`: by no rule at all. `hides`: the sweep has counted these findings among those that it may
    hide, so that the breaker does not count them again.
    """

    id: str
    take_back: bool = False
    hides: bool = False


@dataclass(frozen=True, slots=True)
class HandBack:
    """That a person hands a finding back: who, as far as AWS says so, and when (epoch seconds).

    `by` is the ARN of an identity, or of the Custom Action that a person chose in the console.
    """

    by: str
    time: float


@dataclass(frozen=True, slots=True)
class FindingEvent:
    """A finding as one event showed it. `event_at`: epoch seconds of the envelope, else of SQS, else None.

    An event with a `hand_back` names the finding, and does not show it.
    """

    key: Key
    finding: Finding
    message: Message
    event_at: float | None
    order: SweepOrder | None = None
    hand_back: HandBack | None = None


@dataclass(frozen=True, slots=True)
class UnusableEvent:
    """An event, or one finding of it, that no rule can ever see."""

    message: Message
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ParsedEvent:
    """All that one invocation brought."""

    messages: tuple[Message, ...]
    finding_events: tuple[FindingEvent, ...]
    unusable: tuple[UnusableEvent, ...]


class _UnusableEventError(ValueError):
    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail[:EXCERPT]


def parse_event(
    event: object, action: str = "", members: Members = None, hubs: Collection[str] = BY_DEFAULT
) -> ParsedEvent:
    """Parse an SQS event, or one EventBridge event handed over directly. Never raises.

    `action` is the ARN of the one Custom Action that hands findings back; without one there is none. Of a
    finding that came as text these `members` are kept. Findings of other hubs than `hubs` cannot be used;
    those of V2 come as views.
    """
    messages: list[Message] = []
    finding_events: list[FindingEvent] = []
    unusable: list[UnusableEvent] = []
    for message, body in _deliveries(event):
        messages.append(message)
        for found in _read(message, body, action, members, hubs):
            if isinstance(found, FindingEvent):
                finding_events.append(found)
            else:
                unusable.append(found)
    return ParsedEvent(tuple(messages), tuple(finding_events), tuple(unusable))


def is_of(queue: str, event: object) -> bool:
    """Return whether an invocation brings nothing but messages of this queue (ARN).

    AWS: Lambda names the queue that an event source mapping reads. A caller that may invoke the function can
    write any name there, so this keeps out mistakes and other sources, not a forger.
    """
    records = event.get("Records") if isinstance(event, dict) else None
    return isinstance(records, list) and all(
        isinstance(record, dict) and record.get("eventSourceARN") == queue for record in records
    )


def _deliveries(event: object) -> Iterator[tuple[Message, object]]:
    if isinstance(event, dict) and isinstance(event.get("Records"), list):
        for record in event["Records"]:
            yield _delivery(record)
    else:
        yield Message(None), event


def _delivery(record: object) -> tuple[Message, object]:
    if not isinstance(record, dict):
        return Message(None), None
    attributes = record.get("attributes")
    attributes = attributes if isinstance(attributes, dict) else {}
    sent = _count(attributes.get("SentTimestamp"))
    message = Message(
        id=_text(record.get("messageId")),
        receives=_count(attributes.get("ApproximateReceiveCount")) or 1,
        sent_at=None if sent is None else sent / 1000,
        handle=_text(record.get("receiptHandle")),
    )
    return message, record.get("body")


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _count(text: object) -> int | None:
    """SQS: attributes are decimal numbers in strings."""
    usable = isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) < 20
    return int(str(text)) if usable else None


def _read(
    message: Message, body: object, action: str, members: Members, hubs: Collection[str]
) -> Iterator[FindingEvent | UnusableEvent]:
    try:
        event = _event(body)
        hand_back = _hand_back(event, action)
        hub = CSPM if hand_back is not None else _hub(event, hubs)
        findings = _findings(event)
        order = _order(event)
    except _UnusableEventError as error:
        yield UnusableEvent(message, error.reason, error.detail)
        return
    event_at = parse_timestamp(event.get("time"))
    event_at = message.sent_at if event_at is None else event_at
    for finding in findings:
        try:
            if hub == V2:
                key, shown = _of_v2(finding, members)
            else:
                key = _key(finding)
                whole = as_asff(finding)
                shown = (
                    _excerpt(whole, members, body, len(findings)) if hand_back is None else _named(finding)
                )
            yield FindingEvent(key, shown, message, event_at, order, hand_back)
        except _UnusableEventError as error:
            yield UnusableEvent(message, error.reason, error.detail)


def _excerpt(finding: Finding, members: Members, body: object, together: int) -> Finding:
    """Keep what can be read of a finding, one of so many of a body of text. Others are whole already.

    How much the rest of a lone finding takes is seldom asked, and then the body is parsed again. Written as
    UTF-8, no JSON takes more than four bytes for each character that it had.
    """
    if members is None or not isinstance(body, str):
        return finding
    if together > 1:
        return excerpt(finding, members)
    return excerpt(finding, members, Rest(4 * len(body), partial(_size_of_rest, body, members)))


def _size_of_rest(body: str, members: frozenset[str]) -> int:
    return size_of_rest(_event(body)["detail"]["findings"][0], members)


def _event(body: object) -> Mapping[str, Any]:
    event = _loads(body) if isinstance(body, str) else body
    if not isinstance(event, dict):
        raise _UnusableEventError("not an event", f"a JSON {type(event).__name__}")
    return event


def _loads(text: str) -> object:
    try:
        return _decode(text)
    except (ValueError, RecursionError) as error:  # deep nesting ends in RecursionError
        raise _UnusableEventError("not JSON", str(error)) from error


def _no_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


_decode = json.JSONDecoder(parse_constant=_no_json).decode  # made once: `loads` would make one a call


def _hub(event: Mapping[str, Any], hubs: Collection[str]) -> str:
    """Return the hub that an event of findings comes from."""
    hub = next((hub for hub, name in DETAIL_TYPES.items() if event.get("detail-type") == name), None)
    if hub is None:
        raise _UnusableEventError("not a findings event", f"detail-type {event.get('detail-type')!r}")
    if hub not in hubs:
        raise _UnusableEventError("an event of a hub that is not triaged", f"hubs does not name {hub}")
    return hub


def _findings(event: Mapping[str, Any]) -> list[Any]:
    detail = event.get("detail")
    findings = detail.get("findings") if isinstance(detail, dict) else None
    if not isinstance(findings, list) or not findings:
        raise _UnusableEventError("no findings in the event")
    return findings


def _order(event: Mapping[str, Any]) -> SweepOrder | None:
    """Return the sweep's order; what any other source says of one means nothing."""
    if event.get("source") != SWEEP_SOURCE:
        return None
    sweep = event["detail"].get("sweep")
    if not isinstance(sweep, dict) or not isinstance(sweep.get("id"), str):
        raise _UnusableEventError("an event of the sweep that does not name it")
    return SweepOrder(sweep["id"], sweep.get("take_back") is True, sweep.get("hides") is True)


def _hand_back(event: Mapping[str, Any], action: str) -> HandBack | None:
    """Return who hands the event's findings back; None if it is no hand-back, or one of another action.

    AWS: the event of a Custom Action names the action, and not the person who chose it.
    """
    if event.get("source") == HAND_BACK_SOURCE:
        detail = event.get("detail")
        by = detail.get("by") if isinstance(detail, dict) else None
    elif action and (event.get("source"), event.get("detail-type"), event.get("resources")) == (
        FINDINGS_SOURCE,
        ACTION_DETAIL_TYPE,
        [action],
    ):
        by = action
    else:
        return None
    time = parse_timestamp(event.get("time"))
    if not isinstance(by, str) or not 0 < len(by) <= LONGEST_NAME or time is None:
        raise _UnusableEventError("a hand-back that does not say by whom, or when")
    return HandBack(by, time)


def _named(finding: Mapping[str, Any]) -> Finding:
    """Return a finding without its state, which nothing may be decided by."""
    return {name: finding[name] for name in ("ProductArn", "Id", "AwsAccountId") if name in finding}


def _key(finding: Any) -> Key:
    if not isinstance(finding, dict):
        raise _UnusableEventError("a finding that is no object", f"a JSON {type(finding).__name__}")
    product_arn = _name(finding, "ProductArn", LONGEST_PRODUCT_ARN)
    return product_arn, _name(finding, "Id", LONGEST_ID)


def _of_v2(finding: Any, members: Members) -> tuple[Key, Finding]:
    """Return the key and the view of a finding in OCSF. AWS names no limit of its size."""
    if not isinstance(finding, dict):
        raise _UnusableEventError("a finding that is no object", f"a JSON {type(finding).__name__}")
    view = asff_view(finding)
    named = key_of(view)
    uid = _name({"metadata.uid": named and named[1]}, "metadata.uid", LONGEST_UID)
    return (HUB_V2, uid), excerpt(view, members, NO_REST)


def _name(finding: Mapping[str, Any], member: str, longest: int) -> str:
    value = finding.get(member)
    if not isinstance(value, str) or not value.strip():
        raise _UnusableEventError(f"a finding without {member}")
    if len(value) > longest:
        raise _UnusableEventError(f"{member} longer than {longest} characters", value)
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise _UnusableEventError(f"{member} that is no text", "half of a surrogate pair")
    return value
