"""The bus in memory, for tests: what was put, and what goes wrong with a bus."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from json import loads
from typing import Any

from hubtriage.aws.decision_events.bus import LARGEST_CALL, TOO_LARGE, NotPut
from hubtriage.aws.decision_events.event import DecisionEvent

Happening = Callable[[DecisionEvent], NotPut | None]
"""Says of an event why it is not put; None if it is. May raise, as a container that dies does."""
DOWN = NotPut("InternalFailure", "the bus does not answer", concerns_bus=True)


@dataclass(slots=True)
class MemoryBus:
    """Keeps the events in the order in which they were put, repetitions too. Deadlines do not matter.

    `fault`: why no event is put until it is None again; with `lose_answers` they are put all the same.
    `refused`: why single events are not put, by id. `script`: what happens to the next events, one by one;
    each later one is put. `calls` counts `put`.
    """

    events: list[DecisionEvent] = field(default_factory=list)
    fault: NotPut | None = None
    lose_answers: bool = False
    refused: dict[str, NotPut] = field(default_factory=dict)
    script: list[Happening] = field(default_factory=list)
    calls: int = 0

    @property
    def details(self) -> list[dict[str, Any]]:
        """What was put, as readers see it."""
        return [loads(event.detail) for event in self.events]

    def put(self, events: Sequence[DecisionEvent], deadline: float) -> Mapping[str, NotPut]:  # noqa: ARG002
        """Put events, each id once, as the script says."""
        self.calls += 1
        not_put: dict[str, NotPut] = {}
        for event in {event.id: event for event in events}.values():
            why = self._why_not(event)
            if why is None or self.lose_answers:
                self.events.append(event)
            if why is not None:
                not_put[event.id] = why
        return not_put

    def _why_not(self, event: DecisionEvent) -> NotPut | None:
        if event.size > LARGEST_CALL:
            return NotPut(TOO_LARGE, f"{event.size} bytes are more than a call takes", is_final=True)
        if self.fault is not None:
            return self.fault
        if event.id in self.refused:
            return self.refused[event.id]
        return self.script.pop(0)(event) if self.script else None
