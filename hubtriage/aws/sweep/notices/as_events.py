"""Put the notices that are due on the bus of decision events, each once, whatever became of the messages.

An event is put first and noted second, as with messages. What cannot be put is due with the next sweep, under
the same id.
"""

from collections.abc import Callable, Collection, Mapping, Sequence

from hubtriage.aws.clock import Clock
from hubtriage.aws.decision_events.bus import EventBus, EventNotPutError
from hubtriage.aws.decision_events.operations import expires_soon
from hubtriage.aws.securityhub.faults import API_ERRORS
from hubtriage.aws.sweep.notices.announcing import still_of_use
from hubtriage.aws.sweep.notices.due import Notice, SweepFacts, due, notices_of
from hubtriage.aws.sweep.notices.given import GivenNotice, NoticeMemory
from hubtriage.aws.sweep.notices.tally import EndingTally
from hubtriage.engine.ruleset.ruleset import Rule

NOT_PUT = "events of exceptions that end are not put; the next sweep of all findings tries again"
NOT_NOTED = "events of exceptions that end cannot be noted as put; the next sweep puts them again"
LONGEST_PUT = 10.0
"""Seconds for all of them: a bus that does not answer must not cost the step."""


class EventAnnouncer:
    """Puts each notice on the bus once. `warn` logs what failed, and why."""

    def __init__(
        self,
        memory: NoticeMemory,
        bus: EventBus,
        stack: str,
        clock: Clock,
        warn: Callable[[str, Exception], None],
    ) -> None:
        self._memory = memory
        self._bus = bus
        self._stack = stack
        self._clock = clock
        self._warn = warn

    def announce(
        self, rules: Mapping[str, Rule], tally: EndingTally, days: Collection[int], around: SweepFacts
    ) -> int:
        """Put the notices of these rules that are due; return how many rules still wait for theirs."""
        waiting = 1
        try:
            known = self._memory.read()
            dues = list(due(rules.values(), tally, days, known, around.now))
            waiting = len(dues)
            put = self._put(
                {each: notices_of(rules[each.rule], each.days, tally, around) for each in dues}, around.now
            )
            if put:
                self._memory.write(still_of_use({*known, *put}, around.now))
            waiting -= len(put)
        except API_ERRORS as error:
            self._warn(NOT_NOTED, error)
        return waiting

    def _put(self, notices: Mapping[GivenNotice, Sequence[Notice]], now: float) -> list[GivenNotice]:
        """Put all notices; return those whose events are all on the bus."""
        events = {
            each: [expires_soon(self._stack, now, notice) for notice in of_rule]
            for each, of_rule in notices.items()
        }
        everything = [event for of_rule in events.values() for event in of_rule]
        not_put = self._bus.put(everything, self._clock.monotonic() + LONGEST_PUT)
        for code, message in sorted({(why.code, why.message) for why in not_put.values()}):
            self._warn(NOT_PUT, EventNotPutError(f"{code}: {message}"))
        return [each for each, of_rule in events.items() if not any(event.id in not_put for event in of_rule)]
