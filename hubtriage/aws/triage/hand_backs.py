"""Which hand-backs of a batch are due: not too young, not too old, not too many.

GetFindings may be minutes behind. So a hand-back waits until a reading surely shows what people had done
before. What a person does afterwards is not meant by it, and the longer it waits, the likelier that is. One
that was held up for a day is void.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hubtriage.aws.ledger.lease import LAG
from hubtriage.aws.switch.hide_limit import WINDOW, HideLimit
from hubtriage.aws.switch.mode import Mode
from hubtriage.aws.triage.deduplication import DeduplicatedFinding
from hubtriage.aws.triage.events import FindingEvent, HandBack
from hubtriage.aws.triage.results import (
    HAND_BACK_LIMIT,
    HAND_BACK_TOO_OLD,
    HAND_BACK_WAITS,
    OBSERVE,
    Outcome,
    Result,
)

VOID_AFTER = 86_400.0
"""Seconds after which a hand-back is void."""
MOST_HAND_BACKS = 300
"""Hand-backs that a container takes in five minutes: each asks for a history, as other findings do too."""


@dataclass(frozen=True, slots=True)
class Due:
    """The events that are to be triaged now, and how the hand-backs ended that are not."""

    events: tuple[FindingEvent, ...]
    outcomes: tuple[Outcome, ...]


class HandBacks:
    """The hand-backs that one container takes. `clocks` as those of the limit on hiding."""

    def __init__(self, *clocks: Callable[[], float]) -> None:
        self._limit = HideLimit(MOST_HAND_BACKS, *clocks)

    def due(self, events: Iterable[FindingEvent], now: float, mode: Mode) -> Due:
        """Sort out the hand-backs that are not due. Other events stay, whatever was handed back at the same
        time.

        `now`: epoch seconds.
        """
        staying, outcomes = [], []
        for event in events:
            result = None if event.hand_back is None else self._result(event.hand_back, now, mode)
            if result is None:
                staying.append(event)
            else:
                outcomes.append(_ended(event, result, now))
        return Due(tuple(staying), tuple(outcomes))

    def _result(self, hand_back: HandBack, now: float, mode: Mode) -> Result | None:
        """Return how a hand-back ends at once; None if it is due."""
        if mode == "observe":
            return Result("unchanged", OBSERVE, "nothing is written")
        if now - hand_back.time > VOID_AFTER:
            reason = "it was held up for more than a day, and people may have decided again: hand back again"
            return Result("refused", HAND_BACK_TOO_OLD, reason)
        due_at = hand_back.time + LAG
        if now < due_at:
            reason = "GetFindings may not show yet what people had done before"
            return Result("failed", HAND_BACK_WAITS, reason, until=due_at)
        if not self._limit.take(1):
            reason = f"more than {MOST_HAND_BACKS} findings were handed back in 5 minutes"
            return Result("failed", HAND_BACK_LIMIT, reason, until=now + WINDOW)
        self._limit.close(1, 1)
        return None


def _ended(event: FindingEvent, result: Result, now: float) -> Outcome:
    seen = DeduplicatedFinding(event, (event.message,), hand_back=event.hand_back)
    age = None if event.event_at is None else max(0.0, now - event.event_at)
    return Outcome(seen, None, result, age)
