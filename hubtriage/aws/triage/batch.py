"""One batch, from the event of the Lambda to the result of each finding. The steps, in order:

1. `events`, `deduplication`   parse the records; each finding once
   (`hand_backs`)              leave out what people handed back only just now
2. `steps.memory`              recall what the ledger knows
3. `staleness`                 date each event against that
4. `deciding`                  decide; most findings need nothing and end here
5. `steps.asking`, `.rereading`  ask who changed a finding, read it again, settle what was left open
6. `steps.dispatch`            record the intents, send, confirm: what reopens goes first
7. `steps.telling`             announce what has become true, where decisions are announced
"""

from collections.abc import Callable, Collection
from dataclasses import replace

from hubtriage.aws.clock import Clock
from hubtriage.aws.decision_events.outbox import Outbox
from hubtriage.aws.ledger.ledger import Ledger
from hubtriage.aws.securityhub.api import BY_DEFAULT
from hubtriage.aws.securityhub.authorship import Authorship
from hubtriage.aws.securityhub.namesakes import Owners, accounts_on_record
from hubtriage.aws.securityhub.reading import Reader
from hubtriage.aws.securityhub.sending import Sender, always
from hubtriage.aws.switch.hide_limit import HideLimit
from hubtriage.aws.switch.mode import Mode
from hubtriage.aws.triage.case import Case
from hubtriage.aws.triage.deciding import Decider
from hubtriage.aws.triage.deduplication import newest
from hubtriage.aws.triage.events import parse_event
from hubtriage.aws.triage.hand_backs import HandBacks
from hubtriage.aws.triage.policy import Policy
from hubtriage.aws.triage.results import OBSERVE, Report, Result, Sink
from hubtriage.aws.triage.steps.asking import Questions
from hubtriage.aws.triage.steps.cases import Cases
from hubtriage.aws.triage.steps.dispatch import Dispatch
from hubtriage.aws.triage.steps.looking import Looking
from hubtriage.aws.triage.steps.memory import Memory
from hubtriage.aws.triage.steps.rereading import Rereading
from hubtriage.aws.triage.steps.telling import Telling
from hubtriage.engine.excerpt import Members
from hubtriage.engine.planning.plan import Settings
from hubtriage.engine.ruleset.members import ANNOUNCED, members_read
from hubtriage.engine.ruleset.ruleset import Ruleset


class Triage:
    """Triage batches. One instance lives as long as its container; the rate budgets are in its parts.

    `hand_back_action` is the ARN of the Custom Action that hands findings back; empty if there is none.
    Findings of `hubs` are triaged, and of no other. Decisions are announced through `outbox`, if there is
    one.
    What it knows of a finding from one batch to the next is in the ledger.
    """

    def __init__(
        self,
        ruleset: Ruleset,
        settings: Settings,
        policy: Policy,
        sender: Sender,
        reader: Reader,
        authorship: Authorship,
        ledger: Ledger,
        clock: Clock,
        hide_limit: HideLimit | None = None,
        may_hide: Callable[[], bool] = always,
        hand_back_action: str = "",
        hubs: Collection[str] = BY_DEFAULT,
        outbox: Outbox | None = None,
    ) -> None:
        self.ruleset = ruleset
        self.settings = settings if outbox is None else replace(settings, routes=outbox.routes)
        self.outbox = outbox
        self.policy = policy
        self.sender = sender
        self.reader = reader
        self.authorship = authorship
        self.ledger = ledger
        self.clock = clock
        self.hide_limit = hide_limit or HideLimit(None)
        self.may_hide = may_hide
        self.hand_back_action = hand_back_action
        self.hubs = hubs
        self.hand_backs = HandBacks(clock.monotonic, clock.now)
        self.owners = Owners()
        self.members = self._members()

    def _members(self) -> Members:
        rules, policy = self.ruleset.rules, self.ruleset.policy.statements
        read = members_read((rule.source for rule in rules), (one.source for one in policy))
        return read if read is None or self.outbox is None else read | ANNOUNCED

    def run(self, event: object, deadline: float, sink: Sink, mode: Mode = "enforce") -> Report:
        """Triage an SQS event, or one EventBridge event. `deadline`: monotonic; no call starts later.

        `sink` gets each outcome as soon as it is known, so that a container that dies has logged what
        it did. In `observe` nothing is written, the ledger included, and no history is asked: decisions are
        made and reported, that is all. In `reopen` nothing new is hidden. Never raises for what an event
        contains or the services do.
        """
        parsed = parse_event(event, self.hand_back_action, self.members, self.hubs)
        report = Report(parsed.messages, parsed.unusable)
        now = self.clock.now()
        due = self.hand_backs.due(parsed.finding_events, now, mode)
        report.end_early(due.outcomes, sink)
        seen = newest(due.events)
        cases = Cases(seen, report, sink, now, self.owners, self.ruleset.highest_ceiling(now))
        batch = _Batch(self, cases, Decider(self.ruleset, self.settings, now, mode != "reopen"), deadline)
        batch.recall()
        if mode == "observe":
            batch.observe()
        else:
            batch.decide()
            batch.reopen()
            batch.send()
            batch.tell()
        report.intents_left = sum(case.intent is not None for case in cases)
        return report


class _Batch:
    """The steps of one batch."""

    def __init__(self, triage: Triage, cases: Cases, decider: Decider, deadline: float) -> None:
        policy, clock = triage.policy, triage.clock
        questions = Questions(triage.authorship, decider, clock, cases.report.traffic.faults)
        self._cases = cases
        self._deadline = deadline
        self._memory = memory = Memory(triage.ledger, deadline)
        rereading = Rereading(cases, decider, questions, memory, triage.reader, triage.members, policy, clock)
        self._looking = Looking(cases, decider, questions, rereading, memory, policy, clock)
        outbox, rules = triage.outbox, triage.ruleset
        self._telling = (
            None if outbox is None else Telling(outbox, cases, memory, rules, policy, clock, deadline)
        )
        self._dispatch = Dispatch(
            cases=cases,
            looking=self._looking,
            memory=memory,
            sender=triage.sender,
            hide_limit=triage.hide_limit,
            may_hide=triage.may_hide,
            policy=policy,
            clock=clock,
            deadline=deadline,
        )

    def recall(self) -> None:
        """Read what the ledger knows of the findings; refuse those whose key several accounts have."""
        self._cases.end(self._memory.recall(self._cases.open))
        self._cases.refuse_namesakes(
            {case.key: (*case.seen.accounts, *accounts_on_record(case.entry)) for case in self._cases.open}
        )

    def observe(self) -> None:
        """Decide on every finding as its event shows it, and end it: nothing is to be written."""
        self._looking.decide(self._cases.open)
        self._cases.end({case: _observed(case) for case in self._cases.open})

    def decide(self) -> None:
        """Decide on every finding whose event can be trusted; those that surely need nothing end here."""
        self._looking.date(self._cases.open)
        self._looking.decide(case for case in self._cases.open if case.dated.kind == "current")
        self._looking.close(filter(self._looking.needs_nothing, self._cases.open))

    def reopen(self) -> None:
        """Send what reopens findings before anything else is so much as read.

        What hides may come as a flood, and its reading and sending takes minutes.
        """
        self._looking.consider(filter(self._may_reopen, self._cases.open), self._deadline)
        self._dispatch.send_reopening()

    def send(self) -> None:
        """Find out what is missing to decide on the rest, and send everything that is due."""
        self._looking.consider(self._cases.open, self._deadline)
        self._dispatch.send()

    def tell(self) -> None:
        """Announce what the ledger knows to be true, and what was refused."""
        if self._telling is not None:
            self._telling.tell()

    def _may_reopen(self, case: Case) -> bool:
        if case.decision is not None:
            return case.decision.reopens
        return self._cases.is_urgent(case)


def _observed(case: Case) -> Result:
    decision = case.decision
    if decision is not None and decision.refused is not None:
        return Result("refused", "CannotChange", decision.refused)
    if decision is not None and decision.update is not None:
        return Result("unchanged", OBSERVE, "nothing is written")
    return Result("unchanged")
