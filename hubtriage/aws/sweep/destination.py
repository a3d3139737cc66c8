"""Where a sweep hands its findings: the triage queue, triage in this process, or nowhere."""

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Protocol

from hubtriage.aws.clock import Clock
from hubtriage.aws.securityhub.backoff import Backoff
from hubtriage.aws.securityhub.faults import API_ERRORS, Fault, call_fault
from hubtriage.aws.sweep.bundles import Bundle
from hubtriage.aws.switch.mode import Mode
from hubtriage.aws.triage.batch import Triage
from hubtriage.aws.triage.events import FINDINGS_DETAIL_TYPE, SWEEP_SOURCE, SweepOrder
from hubtriage.aws.triage.results import Sink

MOST_ENTRIES = 10  # AWS: messages in one SendMessageBatch
LARGEST_BATCH = 1_000_000  # AWS: 1 MiB for all messages of one call together


class DestinationError(RuntimeError):
    """Findings could not be handed on. The step is taken again from where it began.

    `refused`: the queue will not take these messages, however often they are sent.
    """

    def __init__(self, message: str, *, refused: bool = False) -> None:
        super().__init__(message)
        self.refused = refused


class Destination(Protocol):
    """Takes bundles of findings that get the same update."""

    def depth(self) -> int:
        """Return how many messages wait there for triage."""

    def send(self, bundles: Sequence[Bundle]) -> int:
        """Hand the bundles on, and say how many messages that took. Raises DestinationError."""


class Sqs(Protocol):
    """boto3's client of SQS, as far as it is used here."""

    def get_queue_attributes(self, **request: Any) -> Mapping[str, Any]:
        """Read attributes of a queue."""

    def send_message_batch(self, **request: Any) -> Mapping[str, Any]:
        """Send up to ten messages."""


def event(bundle: Bundle, order: SweepOrder) -> dict[str, Any]:
    """Findings in the shape in which EventBridge delivers them, stamped with when they were read."""
    sweep = {
        "id": order.id,
        "take_back": order.take_back,
        "hides": bundle.hides,
    }
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": FINDINGS_DETAIL_TYPE,
        "source": SWEEP_SOURCE,
        "time": datetime.fromtimestamp(bundle.read_at, tz=UTC).isoformat().replace("+00:00", "Z"),
        "resources": [],
        "detail": {"findings": list(bundle.findings), "sweep": sweep},
    }


class QueueDestination:
    """The queue that the triage function reads."""

    def __init__(self, sqs: Sqs, url: str, order: SweepOrder, backoff: Backoff, clock: Clock) -> None:
        self._sqs = sqs
        self._url = url
        self._order = order
        self._backoff = backoff
        self._clock = clock

    def depth(self) -> int:
        """Return the messages waiting, in flight and delayed. AWS: approximate, and up to a minute old."""
        names = ["", "NotVisible", "Delayed"]
        wanted = [f"ApproximateNumberOfMessages{name}" for name in names]
        answer = self._call(self._sqs.get_queue_attributes, AttributeNames=wanted)
        return sum(int(answer["Attributes"][name]) for name in wanted)

    def send(self, bundles: Sequence[Bundle]) -> int:
        """Send each bundle as one message, as many in a call as it takes."""
        bodies = [json.dumps(event(bundle, self._order), separators=(",", ":")) for bundle in bundles]
        for batch in _batches(bodies):
            self._send(batch)
        return len(bodies)

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
        raise DestinationError(
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
                    raise DestinationError(f"SQS: {fault.code}: {fault.message}", refused=refused) from error
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


class TriageDestination:
    """Triage in this process, at once; `patience` is how long it may take over a bundle, seconds.

    `mode` is asked before each batch, and may raise ModeUnreadableError.
    """

    def __init__(
        self,
        triage: Triage,
        order: SweepOrder,
        clock: Clock,
        sink: Sink,
        mode: Callable[[], Mode],
        patience: float = 600.0,
    ) -> None:
        self._mode = mode
        self.failed = 0
        self._triage = triage
        self._order = order
        self._clock = clock
        self._sink = sink
        self._patience = patience

    def depth(self) -> int:
        """Nothing waits: what is sent is triaged before `send` returns."""
        return 0

    def send(self, bundles: Sequence[Bundle]) -> int:
        """Triage the bundles, ten in a batch; findings that failed are counted in `failed`."""
        waiting = iter(bundles)
        while some := list(islice(waiting, MOST_ENTRIES)):
            bodies = [event(bundle, self._order) for bundle in some]
            records = [{"messageId": str(at), "body": body} for at, body in enumerate(bodies)]
            report = self._triage.run(
                {"Records": records},
                self._clock.monotonic() + self._patience,
                self._sink,
                self._mode(),
            )
            self.failed += sum(outcome.result.status == "failed" for outcome in report.outcomes)
        return len(bundles)


class NoDestination:
    """Nowhere: a dry run."""

    def depth(self) -> int:
        """Nothing waits."""
        return 0

    def send(self, bundles: Sequence[Bundle]) -> int:
        """Forget the bundles."""
        return len(bundles)
