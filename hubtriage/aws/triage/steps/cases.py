"""The findings of one batch, and how each of them ends: once, and told at once."""

from collections.abc import Iterable, Iterator, Mapping

from hubtriage.aws.securityhub.api import Key
from hubtriage.aws.securityhub.namesakes import Owners
from hubtriage.aws.triage.case import Case
from hubtriage.aws.triage.deciding import has_namesakes
from hubtriage.aws.triage.deduplication import DeduplicatedFinding
from hubtriage.aws.triage.results import Outcome, Report, Result, Sink
from hubtriage.aws.triage.urgency import is_hidden, is_hidden_above
from hubtriage.engine.fields import ParsedFinding


class Cases:
    """`now` is the batch's time, epoch seconds. `sink` gets each outcome as soon as it is known.

    `owners` are the accounts known of each key; they outlive the batch. `ceiling`: a finding above it that
    triage hides is decided as soon as that is possible.
    """

    def __init__(
        self,
        seen: Mapping[Key, DeduplicatedFinding],
        report: Report,
        sink: Sink,
        now: float,
        owners: Owners,
        ceiling: str,
    ) -> None:
        self.now = now
        self._owners = owners
        self.report = report
        self._by_key = {key: Case(one) for key, one in seen.items()}
        self._open = dict.fromkeys(self._by_key.values())  # a set that keeps its order
        self._sink = sink
        self._ceiling = ceiling

    def __iter__(self) -> Iterator[Case]:
        return iter(self._by_key.values())

    def __getitem__(self, key: Key) -> Case:
        return self._by_key[key]

    def of(self, keys: Iterable[Key]) -> list[Case]:
        """Return the cases of some findings."""
        return [self._by_key[key] for key in keys]

    @property
    def open(self) -> list[Case]:
        """The cases that have not ended."""
        return list(self._open)

    def is_urgent(self, case: Case) -> bool:
        """Return whether triage hides the finding, and no rule in force may hide one so severe."""
        return is_hidden_above(self._ceiling, ParsedFinding(case.shown), case.entry)

    def refuse_namesakes(self, accounts: Mapping[Key, Iterable[str]]) -> None:
        """End findings whose key other accounts have too: no one can say which AWS would update.

        Those stay open that triage has hidden, as their events show: they are reopened.
        """
        known = {key: self._owners.note(key, some) for key, some in accounts.items()}
        shared = {self[key]: some for key, some in known.items() if len(some) > 1}
        for case, some in shared.items():
            case.namesakes = some
        self.end({case: has_namesakes(case) for case in shared if not _is_hidden_by_us(case)})

    def end(self, results: Mapping[Case, Result]) -> None:
        """End these cases; those that have ended already keep their result."""
        ending = {case: result for case, result in results.items() if case.is_open}
        for case, result in ending.items():
            case.result = result
            del self._open[case]
            self._ask_for_early_delivery(case, result)
        outcomes = [self._outcome(case, result) for case, result in ending.items()]
        if outcomes:
            self.report.outcomes.extend(outcomes)
            self._sink(outcomes)

    def fail_after_all(self, results: Mapping[Case, Result]) -> None:
        """Let messages come again of cases that have ended otherwise: what was said of these stays true."""
        failing = [
            Outcome(case.seen, None, result, self._age(case))
            for case, result in results.items()
            if case.result is not None and case.result.status != "failed"
        ]
        if failing:
            self.report.outcomes.extend(failing)
            self._sink(failing)

    def _outcome(self, case: Case, result: Result) -> Outcome:
        return Outcome(case.seen, case.decision, result, self._age(case), case.remembered)

    def _age(self, case: Case) -> float | None:
        event_at = case.seen.newest.event_at
        return None if event_at is None else max(0.0, self.now - event_at)

    def _ask_for_early_delivery(self, case: Case, result: Result) -> None:
        if result.status != "failed" or result.until is None or not self.is_urgent(case):
            return
        for message in case.seen.messages:
            known = self.report.again_at.get(message, result.until)
            self.report.again_at[message] = min(known, result.until)


def _is_hidden_by_us(case: Case) -> bool:
    shown = (case.seen.newest.finding, *case.seen.others)
    return any(is_hidden(ParsedFinding(finding), case.entry) for finding in shown)
