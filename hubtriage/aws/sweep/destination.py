"""Where a sweep hands its findings: the triage queue, triage in this process, or nowhere."""

import json
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Protocol

from hubtriage.aws.clock import Clock
from hubtriage.aws.queue import MOST_ENTRIES, MessageQueue
from hubtriage.aws.sweep.bundles import Bundle
from hubtriage.aws.switch.mode import Mode
from hubtriage.aws.triage.batch import Triage
from hubtriage.aws.triage.events import DETAIL_TYPES, SWEEP_SOURCE, SweepOrder
from hubtriage.aws.triage.results import Sink


class SweepDestination(Protocol):
    """Takes bundles of findings that get the same update."""

    def depth(self) -> int:
        """Return how many messages wait there for triage."""

    def send(self, bundles: Sequence[Bundle]) -> int:
        """Hand the bundles on, and say how many messages that took. Raises QueueError."""


def event(bundle: Bundle, order: SweepOrder) -> dict[str, Any]:
    """Findings in the shape in which EventBridge delivers those of their hub, stamped with when they were
    read.
    """
    sweep = {
        "id": order.id,
        "take_back": order.take_back,
        "hides": bundle.hides,
    }
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": DETAIL_TYPES[bundle.hub],
        "source": SWEEP_SOURCE,
        "time": datetime.fromtimestamp(bundle.read_at, tz=UTC).isoformat().replace("+00:00", "Z"),
        "resources": [],
        "detail": {"findings": list(bundle.findings), "sweep": sweep},
    }


class QueueDestination:
    """The queue that the triage function reads. Raises QueueError."""

    def __init__(self, queue: MessageQueue, order: SweepOrder) -> None:
        self._queue = queue
        self._order = order

    def depth(self) -> int:
        """Return how many messages wait there."""
        return self._queue.depth()

    def send(self, bundles: Sequence[Bundle]) -> int:
        """Send each bundle as one message, as many in a call as it takes."""
        self._queue.send(
            [json.dumps(event(bundle, self._order), separators=(",", ":")) for bundle in bundles]
        )
        return len(bundles)


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
