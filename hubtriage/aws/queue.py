"""A queue that we put messages into: as many in a call as it takes, and again what it did not take."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from hubtriage.aws.clock import Clock
from hubtriage.aws.securityhub.backoff import Backoff
from hubtriage.aws.securityhub.faults import API_ERRORS, Fault, call_fault

MOST_ENTRIES = 10  # AWS: messages in one SendMessageBatch
LARGEST_BATCH = 1_000_000  # AWS: 1 MiB for all messages of one call together


class QueueError(RuntimeError):
    """Messages could not be sent. `refused`: the queue will not take these, however often they are sent."""

    def __init__(self, message: str, *, refused: bool = False) -> None:
        super().__init__(message)
        self.refused = refused


class Sqs(Protocol):
    """boto3's client of SQS, as far as it is used here."""

    def get_queue_attributes(self, **request: Any) -> Mapping[str, Any]:
        """Read attributes of a queue."""

    def send_message_batch(self, **request: Any) -> Mapping[str, Any]:
        """Send up to ten messages."""


class MessageQueue:
    """Sends messages to one queue. Raises QueueError."""

    def __init__(self, sqs: Sqs, url: str, backoff: Backoff, clock: Clock) -> None:
        self._sqs = sqs
        self._url = url
        self._backoff = backoff
        self._clock = clock

    def depth(self) -> int:
        """Return the messages waiting, in flight and delayed. AWS: approximate, and up to a minute old."""
        names = ["", "NotVisible", "Delayed"]
        wanted = [f"ApproximateNumberOfMessages{name}" for name in names]
        answer = self._call(self._sqs.get_queue_attributes, AttributeNames=wanted)
        return sum(int(answer["Attributes"][name]) for name in wanted)

    def send(self, bodies: Sequence[str]) -> None:
        """Send each body as one message."""
        for batch in _batches(bodies):
            self._send(batch)

    def _send(self, bodies: list[str]) -> None:
        """Send a batch; AWS: single messages of it may fail."""
        entries = {str(number): body for number, body in enumerate(bodies)}
        for attempt in range(1, self._backoff.tries_of_failures + 1):
            listed = [{"Id": name, "MessageBody": body} for name, body in entries.items()]
            answer = self._call(self._sqs.send_message_batch, Entries=listed)
            failed = {item["Id"]: item for item in answer.get("Failed", ())}
            if not failed:
                return
            entries = {name: body for name, body in entries.items() if name in failed}
            self._clock.sleep(self._backoff.delay(attempt))
        raise QueueError(
            f"SQS did not take {len(entries)} messages: {next(iter(failed.values()))}",
            refused=any(item.get("SenderFault") for item in failed.values()),
        )

    def _call(self, operation: Any, **request: Any) -> Mapping[str, Any]:
        attempt = 0
        while True:
            attempt += 1
            try:
                answer: Mapping[str, Any] = operation(QueueUrl=self._url, **request)
            except API_ERRORS as error:
                fault = call_fault(error)
                if attempt >= self._backoff.tries(fault.kind):
                    refused = fault.kind is Fault.REFUSED
                    raise QueueError(f"SQS: {fault.code}: {fault.message}", refused=refused) from error
            else:
                return answer
            self._clock.sleep(self._backoff.delay(attempt))


def _batches(bodies: Sequence[str]) -> list[list[str]]:
    """Cut into calls: at most ten messages, and their bytes within the limit of a call."""
    batches: list[list[str]] = []
    size = 0
    for body in bodies:
        if not batches or len(batches[-1]) == MOST_ENTRIES or size + len(body) > LARGEST_BATCH:
            batches.append([])
            size = 0
        batches[-1].append(body)
        size += len(body)
    return batches
