"""What is put on the bus of decision events: news of findings, and that findings were refused."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hubtriage.aws.clock import Clock
from hubtriage.aws.decision_events.bus import EventBridgeBus, EventBus, NotPut, eventbridge
from hubtriage.aws.decision_events.event import DecisionEvent, EventOrigin, EventRefusal, finding_event
from hubtriage.aws.securityhub.api import Finding
from hubtriage.engine.planning.news import News
from hubtriage.engine.ruleset.delivery import Routes
from hubtriage.engine.ruleset.ruleset import Ruleset

DELIVERIES = "deliveries.json"
"""The file next to the rule set that has the stack's routes."""
LONGEST_PUTTING = 20.0
"""Seconds of a batch in which events are put: those that are left come again with their messages."""
UNMADE = "EventNotMade"
"""Our code for an event that cannot be made, which is a bug of ours."""


@dataclass(frozen=True, slots=True)
class EventLetter:
    """News of a finding, and the finding in any state from before the news on. `refused`: why it was."""

    news: News
    finding: Finding
    refused: EventRefusal | None = None


@dataclass(frozen=True, slots=True)
class Outbox:
    """The way of a function to the bus. `routes` are those of the deployment."""

    bus: EventBus
    origin: EventOrigin
    routes: Routes

    def put(
        self, letters: Iterable[EventLetter], ruleset: Ruleset, clock: Clock, deadline: float
    ) -> dict[int, NotPut]:
        """Put the events of letters; return what is not on the bus, or not known to be, by its place.

        No call starts after `deadline` (monotonic), nor long after this one. The order is kept, as far as the
        bus keeps one.
        """
        not_put: dict[int, NotPut] = {}
        events: dict[int, DecisionEvent] = {}
        for place, letter in enumerate(letters):
            try:
                events[place] = finding_event(
                    letter.news, letter.finding, ruleset, self.origin, letter.refused
                )
            except Exception as error:  # noqa: BLE001 - our bug on one finding must not keep the others' events
                not_put[place] = NotPut(UNMADE, f"{type(error).__name__}: {error}", is_final=True)
        if events:
            until = min(deadline, clock.monotonic() + LONGEST_PUTTING)
            missing = self.bus.put(list(events.values()), until)
            not_put |= _by_place(events, missing)
        return not_put


def outbox_of(
    bus: str, stack: str, ruleset: str, environment: Mapping[str, str], clock: Clock
) -> Outbox | None:
    """Return the way to a bus, by its name; None without one, where decisions are not announced.

    The stack's routes are next to its rule set, which has this path. Raises OSError without them.
    """
    if not bus:
        return None
    document = json.loads(Path(ruleset).with_name(DELIVERIES).read_bytes())
    origin = EventOrigin(stack, environment["AWS_REGION"])
    return Outbox(EventBridgeBus(eventbridge, bus, clock), origin, Routes.of(document))


def _by_place(events: Mapping[int, DecisionEvent], missing: Mapping[str, NotPut]) -> dict[int, NotPut]:
    return {place: missing[event.id] for place, event in events.items() if event.id in missing}
