"""The bus that events are put on: as many in a call as it takes, and again only what it did not take.

An event may be on the bus twice: when an answer is lost, no one can say whether it was put. Its id is the
same then. What could not be put is reported, event by event, and is never taken for put.
"""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, cast

from botocore.config import Config
from botocore.session import Session, get_session

from hubtriage.aws.clock import Clock
from hubtriage.aws.decision_events.event import SOURCE, DecisionEvent
from hubtriage.aws.securityhub.backoff import Backoff
from hubtriage.aws.securityhub.faults import API_ERRORS, Fault, call_fault

MOST_ENTRIES = 10  # AWS: events in one PutEvents
LARGEST_CALL = 240_000
"""Bytes of the events of one call. AWS: 256 KB by its older documents, 1 MB by its present model."""
BACKOFF = Backoff(random.random, base=0.1, longest=2.0)
TOO_LARGE, LATE, UNMENTIONED = "TooLarge", "Deadline", "Unmentioned"
"""Our codes for an event that no call takes, one that there was no time for, and an answer that lacks it."""
THROTTLED = "ThrottlingException"
_OF_EVENT = frozenset({"InvalidArgument", "MalformedDetail", "NotAuthorizedForDetailTypeException"})
"""AWS: codes that are about one event; others may be put."""
_FINAL = _OF_EVENT | {
    "AccessDeniedException",
    "InvalidAccountIdException",
    "NotAuthorizedForSourceException",
    "RedactionFailure",
}
"""AWS: codes of an event that would fare no better again. All others are worth another try."""


@dataclass(frozen=True, slots=True)
class NotPut:
    """Why an event is not on the bus: AWS's code or ours, and a message for people.

    `is_final`: another try at once would not help; a later delivery may, once what is wrong was put right.
    `concerns_bus`: other events would fare no better.
    """

    code: str
    message: str
    is_final: bool = False
    concerns_bus: bool = False


class EventNotPutError(RuntimeError):
    """An event that is not on the bus; the message has the code and what the service says."""


class EventBus(Protocol):
    """What events are put on."""

    def put(self, events: Sequence[DecisionEvent], deadline: float) -> Mapping[str, NotPut]:
        """Put events, each id once; return by id those that are not put, or not known to be, and why.

        No call starts after `deadline` (monotonic seconds). Never raises for what the service does.
        """


class EventsApi(Protocol):
    """botocore's client of EventBridge, as far as it is used here."""

    def put_events(self, **request: Any) -> Mapping[str, Any]:
        """Put up to ten events."""


def eventbridge(session: Session | None = None, **options: Any) -> EventsApi:
    """Return a client for the environment's Region, credentials and endpoint; `options` of `create_client`.

    It makes one attempt a call: retries are ours, because each must keep to the deadline.
    """
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 1},
        connect_timeout=1.1,
        read_timeout=5.0,
        tcp_keepalive=True,
    )
    return cast("EventsApi", (session or get_session()).create_client("events", config=config, **options))


class EventBridgeBus:
    """A bus of EventBridge, by name or ARN.

    `connect` makes the client when the first event is put: most batches have none. While the bus is down,
    each batch tries once: while one waits, the findings of the next wait too.
    """

    def __init__(
        self, connect: Callable[[], EventsApi], name: str, clock: Clock, backoff: Backoff = BACKOFF
    ) -> None:
        self._connect = connect
        self._client: EventsApi | None = None
        self._name = name
        self._clock = clock
        self._backoff = backoff
        self._was_down = False

    def put(self, events: Sequence[DecisionEvent], deadline: float) -> Mapping[str, NotPut]:
        """Put events as the protocol says.

        Once no event of a call could be put because of the bus itself, the calls that follow are not made.
        """
        once = {event.id: event for event in events}
        not_put = {
            event.id: NotPut(TOO_LARGE, f"{event.size} bytes are more than a call takes", is_final=True)
            for event in once.values()
            if event.size > LARGEST_CALL
        }
        down: NotPut | None = None
        for call in _calls(event for event in once.values() if event.id not in not_put):
            failed = self._put(call, deadline) if down is None else _all(call, down)
            not_put |= failed
            if len(failed) == len(call):
                down = down or next((why for why in failed.values() if why.concerns_bus), None)
        self._was_down = down is not None and down.code not in (LATE, THROTTLED)
        return not_put

    def _put(self, events: Sequence[DecisionEvent], deadline: float) -> dict[str, NotPut]:
        """Put the events of one call, and those of them again that failed."""
        waiting, not_put, attempt = list(events), dict[str, NotPut](), 1
        while True:
            failed = self._call(waiting, deadline)
            for event in waiting:
                before = not_put.pop(event.id, None)
                if (why := failed.get(event.id)) is not None:
                    not_put[event.id] = before if before and why.code == LATE else why
            waiting = [event for event in waiting if event.id in failed and not failed[event.id].is_final]
            if not waiting or not self._wait(attempt, failed[waiting[0].id], deadline):
                return not_put
            attempt += 1

    def _call(self, events: Sequence[DecisionEvent], deadline: float) -> dict[str, NotPut]:
        """Make one call; one that is refused is made again in halves, to find the event that is wrong."""
        if self._clock.monotonic() >= deadline:
            return _all(events, NotPut(LATE, "no time was left to put the event", concerns_bus=True))
        try:
            self._client = self._client or self._connect()
            answer = self._client.put_events(Entries=[self._entry(event) for event in events])
        except API_ERRORS as error:
            fault = call_fault(error)
            if fault.kind is Fault.REFUSED and len(events) > 1:
                half = len(events) // 2
                return self._call(events[:half], deadline) | self._call(events[half:], deadline)
            is_final = fault.kind in (Fault.REFUSED, Fault.DENIED)
            return _all(events, self._not_put(fault.code, fault.message, is_final, fault.kind))
        return dict(self._failed(events, answer))

    def _failed(
        self, events: Sequence[DecisionEvent], answer: Mapping[str, Any]
    ) -> Iterator[tuple[str, NotPut]]:
        """Yield what an answer does not say to be put. AWS: it has an entry for each event, in order."""
        entries = answer.get("Entries") or ()
        is_whole = len(entries) == len(events)
        for number, event in enumerate(events):
            entry = entries[number] if is_whole else {}
            if not entry.get("EventId"):
                code = entry.get("ErrorCode") or UNMENTIONED
                message = entry.get("ErrorMessage") or "the answer does not say whether the event was put"
                yield event.id, self._not_put(code, message, code in _FINAL)

    def _not_put(self, code: str, message: str, is_final: bool, kind: Fault | None = None) -> NotPut:
        concerns_bus = code not in _OF_EVENT and kind is not Fault.REFUSED
        return NotPut(code, f"bus {self._name}: {message}", is_final, concerns_bus)

    def _entry(self, event: DecisionEvent) -> dict[str, Any]:
        return {
            "EventBusName": self._name,
            "Source": SOURCE,
            "DetailType": event.detail_type,
            "Detail": event.detail,
            "Time": datetime.fromtimestamp(event.at, tz=UTC),
        }

    def _wait(self, attempt: int, why: NotPut, deadline: float) -> bool:
        """Wait before another try; say whether there is one, and time for it."""
        kind = Fault.THROTTLED if why.code == THROTTLED else Fault.TRANSIENT
        delay = self._backoff.delay(attempt)
        tries = 1 if self._was_down else self._backoff.tries(kind)
        if attempt >= tries or self._clock.monotonic() + delay >= deadline:
            return False
        self._clock.sleep(delay)
        return True


def _calls(events: Iterable[DecisionEvent]) -> Iterator[list[DecisionEvent]]:
    """Yield the events of each call: at most ten, and their bytes within the limit."""
    call: list[DecisionEvent] = []
    size = 0
    for event in events:
        if call and (len(call) == MOST_ENTRIES or size + event.size > LARGEST_CALL):
            yield call
            call, size = [], 0
        call.append(event)
        size += event.size
    if call:
        yield call


def _all(events: Iterable[DecisionEvent], why: NotPut) -> dict[str, NotPut]:
    return {event.id: why for event in events}
