"""Announce what has become true: put the news of a batch on the bus, and take them out of the ledger.

This comes last, so that a bus that is slow or down delays no update. News that are not on the bus stay in
their entry, and their messages come again.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from hubtriage.aws.clock import Clock
from hubtriage.aws.decision_events.bus import NotPut
from hubtriage.aws.decision_events.event import EventRefusal
from hubtriage.aws.decision_events.outbox import EventLetter, Outbox
from hubtriage.aws.triage.case import Case
from hubtriage.aws.triage.policy import Policy
from hubtriage.aws.triage.results import EVENT_NOT_PUT, Result
from hubtriage.aws.triage.steps.cases import Cases
from hubtriage.aws.triage.steps.memory import AFTERWARDS, Memory
from hubtriage.engine.planning.news import News
from hubtriage.engine.planning.telling import messages
from hubtriage.engine.ruleset.ruleset import Ruleset

GAVE_WAY = "NoRoom"
"""Our code for news that were taken out of a full entry before the bus took them."""
NOT_CONFIRMED = "it is not known to the ledger that the update has happened, so that cannot be announced yet"


@dataclass(slots=True)
class Telling:
    """Announces for one batch. `deadline`: monotonic."""

    outbox: Outbox
    cases: Cases
    memory: Memory
    ruleset: Ruleset
    policy: Policy
    clock: Clock
    deadline: float
    _letters: list[EventLetter] = field(default_factory=list)
    _senders: list[Case] = field(default_factory=list)

    def tell(self) -> None:
        """Put all that is to be announced; let come again what cannot be."""
        for case in self.cases:
            for letter in self._letters_of(case):
                self._letters.append(letter)
                self._senders.append(case)
        not_put: dict[int, NotPut] = {}
        if self._letters:
            until = self.deadline + AFTERWARDS
            not_put = self.outbox.put(self._letters, self.ruleset, self.clock, until)
            self._forget(not_put)
        self._count(not_put)
        results = {self._senders[place]: _failed(why) for place, why in not_put.items()}
        results |= {case: _UNCONFIRMED for case in self.cases if _is_unconfirmed(case)}
        self.cases.fail_after_all(results)

    def _letters_of(self, case: Case) -> Iterator[EventLetter]:
        if case.entry.intent is None and case.intent is None and self._is_ours(case):
            yield from (EventLetter(news, case.shown) for news in case.entry.news)
        if case.result is not None and _is_refusal(case.result, case):
            refused = EventRefusal(case.result.code, case.result.reason)
            yield EventLetter(self._refusal(case), case.shown, refused)

    def _is_ours(self, case: Case) -> bool:
        """Say whether this batch has to put the news of an entry.

        What another one has written just now is left to it: either it puts them, or its message comes again.
        """
        if not case.entry.news:
            return False
        if case.is_noted or any(message.receives > 1 for message in case.seen.messages):
            return True
        return self.cases.now - case.entry.news[0].at >= self.policy.lease

    def _refusal(self, case: Case) -> News:
        decision = case.decision
        rules = decision.rules if decision else ()
        changing = [change.rule for change in decision.changes if change.rule] if decision else []
        return News(
            kind="refused",
            at=self.cases.now,
            sequence=case.entry.told,
            rule=changing[0] if changing else rules[-1] if rules else None,
            rules=rules,
            deliver=tuple(messages(rules, case.shown, self.ruleset, self.outbox.routes)),
        )

    def _forget(self, not_put: dict[int, NotPut]) -> None:
        """Take out of the ledger what was put; what a fault leaves there is put again, with its id."""
        told: dict[Case, set[int]] = {}
        for place, (case, letter) in enumerate(zip(self._senders, self._letters, strict=True)):
            if place not in not_put and letter.refused is None:
                told.setdefault(case, set()).add(letter.news.sequence)
        self.memory.forget(told)

    def _count(self, not_put: dict[int, NotPut]) -> None:
        self.cases.report.events_put += len(self._letters) - len(not_put)
        self.cases.report.events_not_put += Counter(why.code for why in not_put.values())
        if self.memory.given_way:
            self.cases.report.events_not_put[GAVE_WAY] += self.memory.given_way


def _is_refusal(result: Result, case: Case) -> bool:
    """Say whether a finding was refused for good: by triage, or its update by the service."""
    return result.status == "refused" or (result.final and case.decision is not None)


def _is_unconfirmed(case: Case) -> bool:
    """Say whether an update was sent that the ledger could not take for done, and that there is news of."""
    is_done = case.result is not None and case.result.status == "updated"
    return is_done and case.intent is not None and case.intent.news is not None


def _failed(why: NotPut) -> Result:
    return Result("failed", EVENT_NOT_PUT, f"{why.code}: {why.message}")


_UNCONFIRMED = Result("failed", EVENT_NOT_PUT, NOT_CONFIRMED)
