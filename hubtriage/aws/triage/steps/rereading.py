"""Read findings again: settle what was left open, date what is shown, and compare it with the event."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hubtriage.aws.clock import Clock
from hubtriage.aws.ledger.lease import LAG
from hubtriage.aws.securityhub.faults import CallFault
from hubtriage.aws.securityhub.namesakes import accounts_of
from hubtriage.aws.securityhub.reading import FoundFindings, Reader
from hubtriage.aws.triage.case import Case
from hubtriage.aws.triage.deciding import Decider
from hubtriage.aws.triage.policy import Policy
from hubtriage.aws.triage.results import Result, not_found, undecidable
from hubtriage.aws.triage.settling import settled
from hubtriage.aws.triage.staleness import Snapshot, date
from hubtriage.aws.triage.steps.asking import Questions
from hubtriage.aws.triage.steps.cases import Cases
from hubtriage.aws.triage.steps.memory import Memory
from hubtriage.engine.excerpt import Members
from hubtriage.engine.fields import ParsedFinding
from hubtriage.engine.planning.decision import Decision
from hubtriage.engine.planning.entry import Entry

DIFFERENT = "the event and GetFindings ask for different things, and it is not known which is newer"
TOO_EARLY = "it is not known yet whether this is from before our own last update"
IN_FLIGHT = "an update of the finding is under way, or was left so by a worker that died"


@dataclass(frozen=True, slots=True)
class Rereading:
    """Reads the findings of one batch again, and decides again. Of a finding these `members` are kept."""

    cases: Cases
    decider: Decider
    questions: Questions
    memory: Memory
    reader: Reader
    members: Members
    policy: Policy
    clock: Clock

    def read(self, cases: Sequence[Case], deadline: float) -> None:
        """Read the findings of cases, and decide on each by what is shown. `deadline`: monotonic."""
        found = self._found(cases, deadline) if cases else FoundFindings()
        shown = [case for case in self.cases.of(found) if case.is_open]
        self._settle([case for case in shown if case.entry.intent is not None], found, deadline)
        # A reading shows any of those that share a key; the event shows the one that it is about.
        self._decide_by_event([case for case in shown if case.is_open and case.namesakes])
        before = {case: case.found for case in shown if case.is_open and not case.namesakes}
        believed = [case for case in before if self._believe(case, found)]
        self.cases.end(self.questions.ask([case for case in believed if case.is_open], deadline))
        self._compare({case: before[case] for case in believed if case.is_open})

    def _found(self, cases: Sequence[Case], deadline: float) -> FoundFindings:
        """Return the findings that GetFindings shows; end those that it does not show."""
        for case in cases:
            case.read_at = self.clock.now()
        fresh = self.reader.read([case.key for case in cases], deadline, self.members)
        for case in cases:
            case.have_read_at = self.clock.now()
        self.cases.report.reads += fresh.calls
        self.cases.report.traffic.faults += fresh.faults
        missing = self.cases.of(fresh.missing)
        reason = "GetFindings does not show it"
        self.cases.end({case: not_found(case.receives, self.policy.patience, reason) for case in missing})
        self.cases.end(
            {self.cases[key]: Result("failed", why.code, why.message) for key, why in fresh.unread.items()}
        )
        self.cases.refuse_namesakes(fresh.accounts)
        for key in fresh.found:
            self.cases.refuse_namesakes({key: accounts_of([fresh.found[key]])})
        return fresh.found

    def _settle(self, cases: Iterable[Case], found: FoundFindings, deadline: float) -> None:
        """Find out whether the updates of old intents happened, and write that down."""
        entries: dict[Case, Entry] = {}
        results: dict[Case, Result] = {}
        for case in cases:
            happened = self.questions.happened(case, found[case.key], deadline)
            if isinstance(happened, CallFault):
                results[case] = Result("failed", happened.code, happened.message)
            else:
                finding = ParsedFinding.of(found[case.key])
                entries[case] = settled(
                    case.entry, happened=happened, lease=self.policy.lease, finding=finding
                )
        self.cases.end(results)
        self.cases.end(self.memory.settle(entries))

    def _decide_by_event(self, cases: Iterable[Case]) -> None:
        for case in cases:
            self._end_undecided(case, self.decider.decide(case))

    def _believe(self, case: Case, found: FoundFindings) -> bool:
        """Decide by a reading; return whether that can be compared with other states.

        A reading that may be from before our last update does not count against an event which is later, if
        it asks for the same. Otherwise it may as well be later than the event, and show what a person did
        since.
        """
        shown = Snapshot(ParsedFinding(found[case.key]), "reading", case.read_at)
        dated = date(shown, case.entry, self.clock.now(), self.policy.lease)
        if dated.kind == "current":
            case.found = found
            self._end_undecided(case, self.decider.decide(case))
        elif not self._event_counts(case):
            self.cases.end({case: undecidable(TOO_EARLY, dated.until)})
        elif case.decision is None or _differs(self.decider.verdict(case, found[case.key]), case.decision):
            self.cases.end({case: undecidable(DIFFERENT, dated.until)})
        return case.is_open

    def _event_counts(self, case: Case) -> bool:
        """Return whether the event is current, and later than what a reading may show."""
        event_at = case.seen.newest.event_at
        return case.dated.kind == "current" and event_at is not None and self.clock.now() - event_at <= LAG

    def _end_undecided(self, case: Case, result: Result | None) -> None:
        if result is not None:
            self.cases.end({case: result})

    def _compare(self, before: Mapping[Case, FoundFindings | None]) -> None:
        """End the cases whose other states ask for something different.

        `before` has the earlier readings, where there were any. By the next delivery readings have caught up:
        then the reading is believed.
        """
        until = self.clock.now() + LAG
        for case, earlier in before.items():
            if case.receives > 1 or case.decision is None:
                continue
            states = list(case.seen.others)
            if earlier is not None or case.seen.is_shown:
                states.append(case.seen.newest.finding if earlier is None else earlier[case.key])
            verdicts = (self.decider.verdict(case, state) for state in states)
            if any(_differs(verdict, case.decision) for verdict in verdicts):
                self.cases.end({case: undecidable(DIFFERENT, until)})


def _differs(verdict: Decision | Result, decision: Decision) -> bool:
    if isinstance(verdict, Result):
        return True
    if verdict.after.open_tickets != decision.after.open_tickets:
        return True
    return (verdict.update, verdict.after.claims) != (decision.update, decision.after.claims)
