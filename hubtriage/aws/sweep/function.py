"""The sweep Lambda: one invocation is one step of a sweep, between which the state machine waits."""

import json
import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import botocore.session
from botocore.config import Config

from hubtriage.aws.clock import Clock, SystemClock
from hubtriage.aws.decision_events.bus import EventBus
from hubtriage.aws.decision_events.operations import sweep_finished
from hubtriage.aws.decision_events.outbox import Outbox, outbox_of
from hubtriage.aws.decision_events.putting import OperationEvents
from hubtriage.aws.ledger.client import dynamodb
from hubtriage.aws.ledger.dynamodb import DynamoLedger
from hubtriage.aws.ledger.ledger import Ledger, LedgerError
from hubtriage.aws.logger import logger
from hubtriage.aws.queue import MessageQueue, QueueError, Sqs
from hubtriage.aws.securityhub.api import SecurityHubApi
from hubtriage.aws.securityhub.backoff import Backoff
from hubtriage.aws.securityhub.client import security_hub
from hubtriage.aws.securityhub.faults import API_ERRORS
from hubtriage.aws.securityhub.ratelimit import TokenBucket
from hubtriage.aws.securityhub.reading import Getter, Reader
from hubtriage.aws.sweep.config import SweepConfig
from hubtriage.aws.sweep.destination import QueueDestination, SweepDestination
from hubtriage.aws.sweep.intake import Events, IntakeRule
from hubtriage.aws.sweep.notices.ahead import LookAhead
from hubtriage.aws.sweep.notices.announcing import Announcer
from hubtriage.aws.sweep.notices.as_events import EventAnnouncer
from hubtriage.aws.sweep.notices.due import DAY, SweepFacts
from hubtriage.aws.sweep.notices.given import EVENTS_KEY, NoticeMemory, ProcessNotices, TableNotices
from hubtriage.aws.sweep.notices.tally import EndingTally, together
from hubtriage.aws.sweep.occasions.memory import DynamoDb, SweepMemory, TableMemory
from hubtriage.aws.sweep.occasions.moments import ending_within
from hubtriage.aws.sweep.pages import Sources
from hubtriage.aws.sweep.progress import CAREFUL_PAGES, Progress, Status
from hubtriage.aws.sweep.report import emit_ahead, emit_step, report
from hubtriage.aws.sweep.request import SweepRequest
from hubtriage.aws.sweep.run_lock import NARROW, Executions, RunLock
from hubtriage.aws.sweep.setting_out import SettingOut
from hubtriage.aws.sweep.start import hand_over, kind_of
from hubtriage.aws.sweep.walk import MOST_FAULTS, MOST_SKIPPED, Pace, SweepDeniedError, SweepError, Walk
from hubtriage.aws.switch.breaker import Topic
from hubtriage.aws.switch.mode import ModeSwitch, ModeUnreadableError, always_enforce
from hubtriage.aws.switch.parameters import ParameterReader
from hubtriage.aws.triage.config import TriageConfig
from hubtriage.aws.triage.events import SweepOrder
from hubtriage.engine.ruleset.ruleset import Rule, Ruleset, load_ruleset

FAILURES = (SweepDeniedError, QueueError, LedgerError, ModeUnreadableError, *API_ERRORS)
"""What a step may fail of without dying: it returns how far it came."""
COMPLETE = ("done", "withheld", "skipped")
"""Ends of a sweep that looked at every finding, except those that it names."""
LONGEST_ERROR = 500
WAIT_FOR_LOCK = 5
"""Most seconds between two looks at whether the sweep before has ended, or the queue is empty."""
GIVE_WAY = 10.0
"""Seconds after which a sweep that runs has noticed a newer one, and waits for it."""
MOST_DEATHS = 8
"""Steps in a row that may die: the next finding is left out before, so the cause is another."""
LONGEST_COUNT = 2 * DAY
"""Seconds after which what a sweep counted is too old for a notice: no execution takes longer."""
IMPATIENT = Config(retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=2, read_timeout=5)
"""For messages that can wait for the next sweep: a topic that does not answer must not cost the step."""
MOST_STEPS = 1000
"""Steps of one execution. AWS: it may have 25,000 events; a step has 9, and 4 more each time it fails."""


@dataclass(frozen=True, slots=True)
class Clients:
    """The services that a sweep talks to; `outbox` is there only with decision events."""

    security_hub: SecurityHubApi
    sqs: Sqs
    states: Executions
    events: Events
    ledger: Ledger
    memory: SweepMemory
    notices: NoticeMemory
    sns: Topic
    notice_events: NoticeMemory = field(default_factory=ProcessNotices)
    outbox: Outbox | None = None

    @property
    def bus(self) -> EventBus | None:
        """What events are put on."""
        return self.outbox.bus if self.outbox else None


class SweepFunction:
    """What the state machine calls. One instance per container: the budget of reads outlives a step."""

    def __init__(
        self,
        config: TriageConfig,
        sweep: SweepConfig,
        ruleset: Ruleset,
        clients: Clients,
        clock: Clock | None = None,
        read_mode: Callable[[], str] | None = None,
    ) -> None:
        self._config = config
        self._sweep = sweep
        self._ruleset = ruleset
        self._clients = clients
        self._settings = config.engine_settings()
        if clients.outbox is not None:
            self._settings = replace(self._settings, routes=clients.outbox.routes)
        self._clock = clock or SystemClock()
        self._switch = ModeSwitch(read_mode or always_enforce, self._clock.monotonic)
        self._backoff = Backoff(random.random)
        self._sources = self._make_sources()
        self.setting_out = SettingOut(
            ruleset,
            self._settings,
            clients.memory,
            clients.ledger,
            self._clock,
            sweep.reopen_limit,
            config.hubs,
        )
        self._logger = logger(config.service, config.log_level)
        self._announcer = Announcer(
            clients.notices,
            clients.sns,
            sweep.notice_topic,
            sweep.notice_owners,
            lambda message, notice: self._logger.info(message, extra=dict(notice)),
            self.fail,
        )
        self._events = OperationEvents(clients.bus, config.service, config.namespace, self._clock, self.fail)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "SweepFunction":
        """Read settings and rule set, and make the clients; raises as `TriageFunction.from_environment`."""
        config = TriageConfig.from_environment(environment)
        ruleset = load_ruleset(json.loads(Path(config.ruleset).read_bytes()))
        make = botocore.session.get_session().create_client
        table, client = config.ledger_table, dynamodb()
        clients = Clients(
            security_hub(),
            make("sqs"),
            make("stepfunctions"),
            make("events"),
            DynamoLedger(client, table, SystemClock()),
            TableMemory(cast("DynamoDb", client), table),
            TableNotices(cast("DynamoDb", client), table),
            make("sns", config=IMPATIENT),
            TableNotices(cast("DynamoDb", client), table, EVENTS_KEY),
            outbox_of(config.event_bus, config.service, config.ruleset, environment, SystemClock()),
        )
        read_mode = ParameterReader(config.mode_parameter) if config.mode_parameter else None
        return cls(config, SweepConfig.from_environment(environment), ruleset, clients, read_mode=read_mode)

    def __call__(self, event: Mapping[str, Any], _context: object) -> dict[str, Any]:
        """Take one step. The event has `state` (request and progress), `execution` and `machine` (ARNs).

        `retries` of the event says how often this step died. Such a step is not simply taken again: what it
        may have done is counted first.

        Returns the next state, at the end with the `report`; also after a step that failed, so that it
        forgets nothing. Raises SweepRequestError, ProgressError, and SweepError if it fails for good.
        """
        request = SweepRequest.from_json(event["state"].get("request") or {})
        before = Progress.from_json(event["state"].get("progress") or {})
        before.status = "more"
        if before.reserved is None:
            before.reserved = 0
        step = _SweepStep(self, request, str(event["execution"]), str(event["machine"]))
        after = before.after_death() if event.get("retries") else self._take(step, request, before)
        after.steps += 1
        emit_step(request, before, after, self._config.namespace, self._config.service)
        summary = report(step.name, request, after, self._ruleset) | self._tell_ahead(
            step.name, request, after
        )
        self._log(summary, after)
        self._remember(request, after)
        if after.is_over and after.status != "continued":
            self._put_finished(summary)
        state = {"request": request.as_json(), "progress": after.as_json()}
        return state | ({"report": summary} if after.is_over else {})

    def _take(self, step: "_SweepStep", request: SweepRequest, before: Progress) -> Progress:
        """Take a step; of a sweep that failed for good, the event says so. Raises as the step does."""
        try:
            return step.take(before)
        except SweepError as error:
            summary = report(step.name, request, before, self._ruleset)
            self._put_finished(summary, str(error))
            raise

    def _put_finished(self, summary: Mapping[str, Any], error: str | None = None) -> None:
        """Put the event of a sweep that is over, or has failed for good."""
        now, mode = self._clock.now(), self._mode_or_unknown()
        self._events.put(sweep_finished(self._config.service, now, summary, mode, error))

    def walk(self, request: SweepRequest, queue: SweepDestination, started: float) -> Walk:
        """Return what takes the steps of a sweep that began at a time (epoch seconds).

        Without a budget the stack's hide limit holds. In `reopen` nothing is hidden, so nothing counts as
        hidden. A sweep of all findings looks ahead too. Raises ModeUnreadableError.
        """
        mode = self._switch.mode()
        settings = replace(self._settings, may_hide=mode != "reopen")
        ending = self._rules_ending(started) if request.is_whole else {}
        return Walk(
            request,
            self._ruleset,
            settings,
            self._sources,
            queue,
            self._sweep.pace,
            None if request.take_back or request.budget is not None else self._sweep.hide_limit,
            ends_entries=mode != "observe",
            ahead=LookAhead(ending, self._ruleset, settings) if ending else None,
            outbox=self._clients.outbox,
        )

    @property
    def counts_by(self) -> str:
        """The name of what decides which findings are counted ahead, and for whom."""
        days = max(self._sweep.notice_days, default=0)
        return f"{self._ruleset.hash} {self.setting_out.digest} {days}"

    def _rules_ending(self, started: float) -> Mapping[str, Rule]:
        """Return the rules that end within the longest notice of a sweep that began at a time."""
        days = max(self._sweep.notice_days, default=0)
        return ending_within(self._ruleset.rules, started, started + days * DAY)

    def _tell_ahead(self, name: str, request: SweepRequest, after: Progress) -> dict[str, Any]:
        """Give the notices that are due after a sweep that looked at every finding; return what to report.

        A sweep that did not come to its end has no numbers. Neither has one by two rule sets, for two numbers
        of days, or one that was resumed days later. Then the notices wait for the next one.
        """
        if not request.is_whole or after.status not in COMPLETE or after.started is None:
            return {}
        if not self._sweep.notice_days or after.counted_by != self.counts_by:
            return {}
        now = self._clock.now()
        if now - after.started > LONGEST_COUNT:
            return {}
        tally, after.ahead = together(after.ahead), []
        around = SweepFacts(
            now,
            self._mode_or_unknown(),
            name,
            self._ruleset.hash,
            self._ruleset.revision,
            len(after.skipped) + after.left_out,
            self._ruleset.accounts,
        )
        rules, days = self._rules_ending(after.started), self._sweep.notice_days
        given = self._announcer.announce(rules, tally, days, around)
        waiting = self._put_notices(rules, tally, around)
        emit_ahead(tally.findings, given.failed + waiting, self._config.namespace, self._config.service)
        return {
            "reopening_soon": tally.findings,
            "reopening_not_known": tally.unknown,
            "notices": given.notices,
            "notices_failed": given.failed,
        }

    def _put_notices(self, rules: Mapping[str, Rule], tally: EndingTally, around: SweepFacts) -> int:
        """Put the notices that are due on the bus, if there is one; return how many rules wait for theirs."""
        bus, memory = self._clients.bus, self._clients.notice_events
        if bus is None:
            return 0
        announcer = EventAnnouncer(memory, bus, self._config.service, self._clock, self.fail)
        return announcer.announce(rules, tally, self._sweep.notice_days, around)

    def _mode_or_unknown(self) -> str:
        try:
            return self._switch.mode()
        except ModeUnreadableError:
            return "not known"

    def _make_sources(self) -> Sources:
        api, now = self._clients.security_hub, self._clock.monotonic
        budget = TokenBucket.of_a_second(self._sweep.reads_per_second, self._clock)
        return Sources(
            Getter(api, budget, self._backoff, now),
            Reader(api, budget, self._backoff, now),
            self._clients.ledger,
            self._clock,
            self._config.lease,
            self._config.hubs,
        )

    def _remember(self, request: SweepRequest, after: Progress) -> None:
        """Remember what was swept; if that fails, the next deployment sweeps what is not new once more.

        What came in while triage does not enforce the rules is not swept by them.
        """
        if not after.is_over:
            return
        try:
            if self._switch.mode() == "enforce":
                self.setting_out.remember(request, after)
        except FAILURES as error:
            self.warn("what was swept cannot be remembered", error)

    def queue(self, order: SweepOrder) -> QueueDestination:
        """Return the queue that the sweep fills."""
        return QueueDestination(self._message_queue(self._sweep.queue), order)

    def dead_letters(self) -> int:
        """Return how many messages could not be triaged and wait for an operator."""
        return self._message_queue(self._sweep.dead_letters).depth()

    def _message_queue(self, url: str) -> MessageQueue:
        return MessageQueue(self._clients.sqs, url, self._backoff, self._clock)

    @property
    def observes(self) -> bool:
        """Whether triage writes nothing. Raises ModeUnreadableError."""
        return self._switch.mode() == "observe"

    @property
    def pace(self) -> Pace:
        """How long the sweep waits for what."""
        return self._sweep.pace

    @property
    def intake(self) -> IntakeRule:
        """The rule that lets findings in."""
        return IntakeRule(self._clients.events, self._sweep.rule)

    @property
    def states(self) -> Executions:
        """The executions of the state machine."""
        return self._clients.states

    @property
    def clock(self) -> Clock:
        """The time."""
        return self._clock

    def fail(self, message: str, error: Exception) -> None:
        """Log what a person has to look at."""
        self._logger.error(message, exc_info=error)

    def warn(self, message: str, error: Exception) -> None:
        """Log what made a step fail."""
        self._logger.warning(message, exc_info=error)

    def _log(self, summary: Mapping[str, Any], progress: Progress) -> None:
        if not progress.is_over:
            self._logger.info("sweep goes on", extra=summary)
        elif progress.status in ("done", "continued", "superseded"):
            self._logger.info("sweep ended", extra=summary)
        else:
            self._logger.error("sweep ended", extra=summary)


class _SweepStep:
    """One step of a sweep, from its place among other sweeps to its progress."""

    def __init__(self, function: SweepFunction, request: SweepRequest, execution: str, machine: str) -> None:
        self.name = execution.rpartition(":")[2]
        self._function = function
        self._request = request
        self._execution = execution
        self._machine = machine
        self._order = SweepOrder(self.name, request.take_back)
        self._queue = function.queue(self._order)
        self._walk: Walk | None = None

    def take(self, before: Progress) -> Progress:
        """Go on from `before`, wait, or end; raises SweepError if it failed too often."""
        if before.faults > MOST_FAULTS:
            raise SweepError(before.error)
        if before.deaths > MOST_DEATHS:
            raise SweepError(f"{before.deaths} steps in a row died; {before.error}")
        if len(before.skipped) > MOST_SKIPPED:
            raise SweepError(f"more than {MOST_SKIPPED} findings were left out: {before.skipped[-1]}")
        try:
            return self._go_on(before)
        except FAILURES as error:
            return self._failed(before, error)

    def _failed(self, before: Progress, error: Exception) -> Progress:
        """Return the progress after a step that failed, to be taken again after a while."""
        after = before if self._walk is None else self._walk.failed_step(before)
        faults = after.faults + 1
        if isinstance(error, QueueError) and error.refused:
            # One of the findings may be at fault: find it, page by page.
            after = replace(after, deaths=after.deaths + 1, careful=CAREFUL_PAGES)
        self._function.warn("sweep step failed", error)
        reason = f"{type(error).__name__}: {error}"[:LONGEST_ERROR]
        return replace(after, faults=faults, error=reason, wait=min(60, 2**faults), ended=None)

    def _go_on(self, before: Progress) -> Progress:
        states, clock = self._function.states, self._function.clock
        run_lock = RunLock(states, self._machine, self._execution, clock, kind=kind_of(self._request))
        if status := self._obstacle(before):
            return self._ended(before, status)
        if status := run_lock.stop_reason():
            return self._stopped(before, status)
        if before.steps >= MOST_STEPS:
            return hand_over(states, self._machine, self._execution, self._request, before)
        if before.started is None:
            others_run = run_lock.has_older()
            if others_run and kind_of(self._request) != NARROW:
                return self._waiting(before)
            if (left := self._time_to_settle(before, GIVE_WAY if others_run else 0.0)) > 0:
                return self._waiting(before, left)
        return self._walk_on(self._set_out(before), run_lock)

    def _set_out(self, before: Progress) -> Progress:
        """Return the progress with which to read pages, unless it is over or has still to count."""
        function, setting_out = self._function, self._function.setting_out
        if not setting_out.needs_outset(before):
            return before
        until = function.clock.monotonic() + function.pace.step / 2  # the other half is for reading pages
        return setting_out.go_on(self._request, before, until)

    def _walk_on(self, before: Progress, run_lock: RunLock) -> Progress:
        if before.is_over or before.outset is None or before.outset.counts:
            return before
        started = before.started or self._function.clock.now()
        before = before.counting_by(self._function.counts_by)
        self._walk = self._function.walk(self._request, self._queue, started)
        after = self._walk.step(before, lambda: run_lock.stop_reason() or self._is_in_vain())
        return self._worked_off(before, after, run_lock) if self._request.take_back else after

    def _stopped(self, progress: Progress, status: Status) -> Progress:
        """Return the progress of a sweep that another one ends, or holds up for a while."""
        if status == "more":
            return replace(progress, wait=self._function.pace.wait)
        return self._ended(progress, status)

    def _obstacle(self, before: Progress) -> Status | None:
        """Return the status with which to end at once; in `observe` the intake is left alone."""
        is_open = self._function.intake.is_open()
        if is_open and before.shut:
            return "superseded"  # a person has opened it again
        if not is_open and not self._request.take_back:
            return "intake closed"
        return self._is_in_vain()

    def _is_in_vain(self) -> Status | None:
        """Return `observe` if nothing would be taken back, because triage ignores messages in that mode."""
        return "observe" if self._request.take_back and self._function.observes else None

    def _worked_off(self, before: Progress, after: Progress, run_lock: RunLock) -> Progress:
        """End a sweep that takes everything back, but only once all that it sent has been triaged."""
        if after.pages > before.pages:
            after.calm_since = None
        if after.status != "done":
            return after
        if status := run_lock.stop_reason():
            return self._stopped(replace(after, status="more", ended=None), status)
        if (left := self._time_to_calm(after, self._function.pace.quiet)) > 0:
            return self._waiting(replace(after, status="more", ended=None), left)
        after.dead_letters = self._function.dead_letters()
        return self._ended(after, "dead letters" if after.dead_letters else "done")

    def _time_to_calm(self, progress: Progress, seconds: float) -> float:
        """Look at the queue; return how long it has still to stay empty until it was empty for `seconds`."""
        now = self._function.clock.now()
        if self._queue.depth():
            progress.calm_since = None
            return max(seconds, 1.0)
        if progress.calm_since is None:
            progress.calm_since = now
        return progress.calm_since + seconds - now

    def _time_to_settle(self, before: Progress, least: float) -> float:
        """Return the seconds until the first page may be read: by then earlier updates show.

        It is `least` in all, so that other sweeps notice this one before both read.

        To take everything back, the intake is shut first. The time begins again with every finding that still
        comes in: triage may hide it, and the sweep would not find it.
        """
        settle, now = self._function.pace.settle, self._function.clock.now()
        if self._request.take_back:
            if not before.shut:
                self._function.intake.shut()
                self._function.setting_out.forget()
                before.shut = True
            return self._time_to_calm(before, settle)
        seconds = max(least, settle if self._request.settle else 0.0)
        if before.calm_since is None:
            before.calm_since = now
        return before.calm_since + seconds - now

    def _ended(self, progress: Progress, status: Status) -> Progress:
        return replace(progress, status=status, ended=self._function.clock.now())

    def _waiting(self, progress: Progress, left: float = WAIT_FOR_LOCK) -> Progress:
        return replace(progress, wait=math.ceil(min(left, WAIT_FOR_LOCK, self._function.pace.wait)))
