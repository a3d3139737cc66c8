"""Ask the history of findings who changed them, where a decision depends on it."""

from collections import Counter
from collections.abc import Iterable

from hubtriage.aws.clock import Clock
from hubtriage.aws.ledger.lease import SKEW
from hubtriage.aws.securityhub.api import Finding, is_of_v2
from hubtriage.aws.securityhub.authorship import Authorship, History
from hubtriage.aws.securityhub.faults import CallFault, Fault
from hubtriage.aws.triage.case import Case
from hubtriage.aws.triage.deciding import Decider
from hubtriage.aws.triage.results import HISTORY_BEHIND, Result
from hubtriage.aws.triage.settling import is_shown, recorded_since, shows_any
from hubtriage.engine.fields import ParsedFinding
from hubtriage.engine.planning.decision import Decision

RECORD_AWAITED = 3
"""The delivery at which a record that is still missing is not awaited any more."""
WRITE_AWAITED = 5
"""The delivery at which a finding is no longer awaited that shows our own last write."""
SOON = 60.0
"""Seconds after which the history is worth asking again."""
OPTIONAL_SECONDS = 5.0
"""Seconds of a batch that questions may take whose answers can wait for the finding's next event."""


def _since(case: Case) -> float:
    """Return since when to ask: the last write of triage, or the hand-back of the finding if that was before.

    A person may have set a field between the two. Without a record of that, it would seem to be handed back.
    """
    handed_back = case.seen.hand_back
    started = case.entry.started
    return (started if handed_back is None else min(started, handed_back.time)) - SKEW


class Questions:
    """Asks for one batch; counts in `faults` the calls that failed."""

    def __init__(
        self, authorship: Authorship, decider: Decider, clock: Clock, faults: Counter[tuple[Fault, str]]
    ) -> None:
        self._authorship = authorship
        self._decider = decider
        self._clock = clock
        self._faults = faults
        self._optional_until = clock.monotonic() + OPTIONAL_SECONDS

    def ask(self, cases: Iterable[Case], deadline: float) -> dict[Case, Result]:
        """Answer what decisions depend on, and decide again; return the results of those that have to wait.

        `deadline`: monotonic. What can wait is asked last, as long as there is time.
        """
        waiting: dict[Case, Result] = {}
        listed = list(cases)
        for case in listed:
            result = self._answer(case, deadline)
            if result is not None:
                waiting[case] = result
        for case in listed:
            if case not in waiting and case.decision is not None and case.decision.optional_questions:
                self._offer(case, case.decision.optional_questions, min(deadline, self._optional_until))
        return waiting

    def _answer(self, case: Case, deadline: float) -> Result | None:
        while case.decision is not None and case.decision.questions:
            fault = self._look_up(case, case.decision.questions, _since(case), deadline)
            if fault is not None:
                return Result("failed", fault.code, fault.message)
            broken = self._decider.decide(case)
            if broken is not None:
                return broken
        return None if case.decision is None else self._wait(case, case.decision)

    def _wait(self, case: Case, decision: Decision) -> Result | None:
        """Return the result of a case whose history is behind, unless it has been awaited long enough."""
        until = self._clock.now() + SOON
        if decision.outdated and case.receives < WRITE_AWAITED:
            reason = "the finding's history shows our own last write, which the finding does not show yet"
            return Result("failed", HISTORY_BEHIND, reason, until=until)
        if decision.outdated:
            case.authors = dict.fromkeys(case.authors)
            return self._decider.decide(case)
        if decision.unrecorded and case.receives < RECORD_AWAITED:
            reason = f"the finding's history does not tell yet who changed {', '.join(decision.unrecorded)}"
            return Result("failed", HISTORY_BEHIND, reason, until=until)
        return None

    def _offer(self, case: Case, names: tuple[str, ...], deadline: float) -> None:
        """Ask about values that no claim explains; without an answer the decision stands."""
        if self._clock.monotonic() < deadline and self._look_up(case, names, None, deadline) is None:
            before = case.decision
            if self._decider.decide(case) is not None:
                case.decision = before

    def _look_up(
        self, case: Case, names: tuple[str, ...], since: float | None, deadline: float
    ) -> CallFault | None:
        history = self._history(case, since, deadline)
        if isinstance(history, CallFault):
            return history
        case.authors |= {name: history.last(name) for name in names}
        return None

    def happened(self, case: Case, shown: Finding, deadline: float) -> bool | CallFault:
        """Return whether the update of a case's old intent happened. `shown`: the finding as it was read."""
        intent = case.entry.intent
        if intent is None:
            raise ValueError("there is no intent to settle")
        if is_shown(intent, ParsedFinding(shown)):
            return True
        if is_of_v2(case.key):
            return shows_any(intent, ParsedFinding(shown))
        since = recorded_since(case.entry, intent)
        history = self._history(case, since, deadline)
        return history.has_update(intent.written, since) if isinstance(history, History) else history

    def _history(self, case: Case, since: float | None, deadline: float) -> History | CallFault:
        history = self._authorship.history(case.key, since, deadline)
        if isinstance(history, CallFault):
            self._faults[history.kind, history.code] += 1
        return history
