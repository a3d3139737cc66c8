"""How findings are now, as far as a batch has to know: date their events, ask, read again, decide."""

from collections.abc import Iterable
from dataclasses import dataclass

from hubtriage.aws.clock import Clock
from hubtriage.aws.ledger.lease import SKEW
from hubtriage.aws.triage.case import Case
from hubtriage.aws.triage.deciding import Decider
from hubtriage.aws.triage.policy import Policy
from hubtriage.aws.triage.results import HIDING_STOPPED, SUPERSEDED, Result, undecidable
from hubtriage.aws.triage.staleness import date
from hubtriage.aws.triage.steps.asking import Questions
from hubtriage.aws.triage.steps.cases import Cases
from hubtriage.aws.triage.steps.memory import Memory
from hubtriage.aws.triage.steps.rereading import IN_FLIGHT, TOO_EARLY, Rereading
from hubtriage.engine.planning.entry import NO_ENTRY

SHARE = 0.5
"""Of the time left, how much may go into asking, and again into reading: what is read must still be sent."""
LEAST_AGE = 10.0
"""Seconds for which a batch trusts what it has read, even if it trusts no event: calls wait their turn."""
LATER_UPDATE = "our own update is later, and its event is still to come"
OVER_LIMIT = "this container has hidden as many findings in 5 minutes as breaker-limit allows"


@dataclass(frozen=True, slots=True)
class Looking:
    """What one batch does to know its findings."""

    cases: Cases
    decider: Decider
    questions: Questions
    rereading: Rereading
    memory: Memory
    policy: Policy
    clock: Clock

    def date(self, cases: Iterable[Case]) -> None:
        """Date the events; end those that are superseded, or that even a reading could not decide yet."""
        results: dict[Case, Result] = {}
        for case in cases:
            if case.entry is NO_ENTRY and case.seen.hand_back is None:
                continue
            case.dated = dated = date(case.event, case.entry, self.cases.now, self.policy.lease)
            if dated.kind == "superseded":
                results[case] = Result("unchanged", SUPERSEDED, LATER_UPDATE)
            elif dated.kind == "undecidable" and self.cases.now < dated.until:
                results[case] = undecidable(
                    TOO_EARLY if case.entry.intent is None else IN_FLIGHT, dated.until
                )
        self.cases.end(results)

    def decide(self, cases: Iterable[Case]) -> None:
        """Decide on cases as they are shown."""
        results = {case: self.decider.decide(case) for case in cases}
        self.cases.end({case: result for case, result in results.items() if result is not None})

    def consider(self, cases: Iterable[Case], deadline: float) -> None:
        """Ask and read what decisions depend on; end what needs no update. `deadline`: monotonic."""
        listed = [case for case in cases if case.is_open]
        decided = [case for case in listed if case.decision is not None]
        self.cases.end(self.questions.ask(decided, self._share(deadline)))
        self.read([case for case in listed if case.is_open and self._must_be_read(case)], deadline)
        self.close(listed)

    def read(self, cases: Iterable[Case], deadline: float) -> None:
        """Read findings again, and decide again."""
        self.rereading.read(list(cases), self._share(deadline))

    def close(self, cases: Iterable[Case]) -> None:
        """End the cases that need no update; what they have to remember is written down before."""
        closing = [case for case in cases if case.is_open and case.decision is not None and not case.is_due]
        self.cases.end(self.memory.keep(closing))
        self.cases.end({case: _closed(case) for case in closing})

    def is_outdated(self, case: Case) -> bool:
        """Return whether the finding was seen too long ago for an update to be sent.

        A reading counts from its end: in a backlog all are read first, and reading is slower than sending.
        """
        if case.have_read_at is not None:
            return self.clock.now() - case.have_read_at > max(self.policy.refresh_age, LEAST_AGE)
        return self.clock.now() - (case.seen.newest.event_at or 0.0) > self.policy.refresh_age

    def needs_nothing(self, case: Case) -> bool:
        """Return whether a decision on the event is the end of it."""
        decision = case.decision
        return (
            decision is not None
            and decision.update is None
            and not (case.changes_memory or decision.questions or decision.optional_questions)
            and not case.seen.others
        )

    def _must_be_read(self, case: Case) -> bool:
        """Return whether the event does not suffice, and the finding has not been read yet.

        Of events that are as new as each other, the one that is shown may not be the last.
        """
        if case.read_at is not None or (case.namesakes and case.decision is not None):
            return False
        if case.dated.kind != "current" or case.seen.others:
            return True
        decision = case.decision
        acts = decision is not None and (
            decision.update is not None
            or decision.after.claims != case.entry.claims
            or decision.news is not None
        )
        return acts and self._is_stale(case)

    def _is_stale(self, case: Case) -> bool:
        """Return whether the event may not show the present state of a finding."""
        event_at = case.seen.newest.event_at
        if case.receives > 1 or event_at is None:
            return True
        return not -SKEW <= self.cases.now - event_at <= self.policy.refresh_age

    def _share(self, deadline: float) -> float:
        now = self.clock.monotonic()
        return now + SHARE * (deadline - now)


def _closed(case: Case) -> Result:
    refused = case.decision.refused if case.decision else None
    if refused is not None:
        return Result("refused", "CannotChange", refused)
    return Result("unchanged", HIDING_STOPPED, OVER_LIMIT) if case.is_over_limit else Result("unchanged")
