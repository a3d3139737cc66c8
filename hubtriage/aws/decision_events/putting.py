"""Put the events of the stack itself: what cannot be put is logged and counted, and stops nothing."""

from collections.abc import Callable
from dataclasses import dataclass

from aws_lambda_powertools.metrics import MetricUnit, single_metric

from hubtriage.aws.clock import Clock
from hubtriage.aws.decision_events.bus import EventBus, EventNotPutError, NotPut
from hubtriage.aws.decision_events.event import DecisionEvent
from hubtriage.aws.decision_events.variables import NOT_PUT_METRIC

LONGEST_PUT = 10.0
"""Seconds: what the event is about has happened, and the function has more to do."""
MESSAGE = "event not put"


@dataclass(frozen=True, slots=True)
class OperationEvents:
    """Puts events for a function of a stack; without a `bus` there are none.

    `fail` logs what a person has to look at. The metric is in `namespace`, of the `stack`.
    """

    bus: EventBus | None
    stack: str
    namespace: str
    clock: Clock
    fail: Callable[[str, Exception], None]

    def put(self, event: DecisionEvent) -> bool:
        """Put an event; return whether it is on the bus, or there is none."""
        if self.bus is None:
            return True
        not_put = self.bus.put([event], self.clock.monotonic() + LONGEST_PUT)
        for why in not_put.values():
            self._count(event, why)
        return not not_put

    def _count(self, event: DecisionEvent, why: NotPut) -> None:
        self.fail(MESSAGE, EventNotPutError(f"{event.kind} {event.id}: {why.code}: {why.message}"))
        with single_metric(
            NOT_PUT_METRIC,
            MetricUnit.Count,
            1,
            namespace=self.namespace,
            default_dimensions={"service": self.stack},
        ):
            pass
