"""Containers that share a queue and a ledger, services that fail, people: all that may happen to an event.

A history is a row of acts, some seconds apart. Containers are the real triage; hub and ledger are in memory.
What triage writes is watched: each update has to be announced in the ledger before, must not hide while that
is stopped, and must not undo what a person did longer ago than anyone can be behind.
"""

import json
import random
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from hubtriage.aws.decision_events.bus import NotPut
from hubtriage.aws.decision_events.event import DecisionEvent
from hubtriage.aws.decision_events.memory import DOWN, MemoryBus
from hubtriage.aws.decision_events.outbox import Outbox
from hubtriage.aws.ledger.lease import LONGEST_TO_SEND, SKEW
from hubtriage.aws.ledger.ledger import LedgerFault, LedgerFaultKind
from hubtriage.aws.ledger.memory import MemoryLedger
from hubtriage.aws.securityhub.api import Key
from hubtriage.aws.securityhub.ratelimit import TokenBucket
from hubtriage.aws.securityhub.reading import Getter, Reader
from hubtriage.aws.sweep.bundles import Bundle
from hubtriage.aws.sweep.destination import event
from hubtriage.aws.sweep.pages import Sources
from hubtriage.aws.sweep.progress import Progress
from hubtriage.aws.sweep.request import SweepRequest
from hubtriage.aws.sweep.walk import Pace, SweepError, Walk
from hubtriage.aws.switch.mode import FRESH, Mode, ModeSwitch
from hubtriage.aws.triage.events import HAND_BACK_DETAIL_TYPE, HAND_BACK_SOURCE, SweepOrder
from hubtriage.aws.triage.results import OBSERVE, Report
from hubtriage.engine.fields import ParsedFinding
from hubtriage.engine.planning.decision import Decision
from hubtriage.engine.planning.entry import NO_ENTRY, Entry, stored
from hubtriage.engine.planning.plan import decide
from hubtriage.engine.ruleset.members import ANNOUNCED, members_read
from hubtriage.engine.ruleset.ruleset import Ruleset, load_ruleset
from hubtriage.engine.text.timestamps import parse_timestamp
from hubtriage.localaws.securityhub.asff.timestamps import write_timestamp
from hubtriage.localaws.securityhub.inprocess import ManualClock
from tests.laws.checks import Chronicle, RulesAtATime, changed, human_wins
from tests.laws.oracle.entries import engine_name, engine_value
from tests.laws.oracle.fields import FIELDS, HIDING, USER, held
from tests.laws.oracle.rules import could_set
from tests.support.announced import Announcements
from tests.support.announcing import outbox
from tests.support.settling_hubs import CSPM_HUB, HubOfHistory, Provide
from tests.support.triage_world import TriageBench, backoff, ruleset

AHEAD = (0.0, 10.0, -10.0)
"""Seconds by which the clocks of the containers are ahead of the service's."""
CONTAINERS = len(AHEAD)
MOST_RECEIVES = 10
"""Deliveries of a message before it is a dead letter."""
VISIBILITY = 420.0
"""Seconds after which a message that failed comes again, unless triage asks for it earlier."""
BATCH_SECONDS = 240.0
IN_CALL = 120.0
"""Seconds that a call may be under way before it takes effect."""
SHIFT = SKEW / 2 - 1
"""Seconds by which an event may be dated wrongly."""
TRUSTED = 30.0 + SHIFT + max(AHEAD) + 2.0
"""Seconds for which a batch that begins now may not know of an edit, beside those that readings lag."""
CUT = 2.0
"""Seconds after a hand-back in which an edit counts as from before it: both times are cut to whole ones."""
HOUR = 3600.0
FINDINGS = 2
What = Literal["all", "half", "newest", "oldest"]
"""Which of the messages in the queue; `half` is any half, `newest` and `oldest` are one."""
TableFault = Literal["throttled", "unreachable", "answers lost"]

_NOTE = {"Text": "Accepted.", "UpdatedBy": "hubtriage/hide"}
_HIDE = {
    "id": "hide",
    "ceiling": "HIGH",
    "match": {"Severity": {"Label": ["MEDIUM", "HIGH"]}},
    "update": {"Workflow": {"Status": "SUPPRESSED"}, "Note": _NOTE},
}
_LOWER = {
    "id": "lower",
    "match": {"Severity": {"Label": ["MEDIUM", "HIGH", "CRITICAL"]}},
    "update": {"Severity": {"AtMost": "LOW"}, "Note": _NOTE, "UserDefinedFields": {"lowered": "yes"}},
}
_NOTIFY = {
    "id": "notify",
    "match": {"Workflow": {"Status": ["NEW"]}},
    "update": {"Workflow": {"Status": "NOTIFIED"}},
}
_SCORE = {"id": "score", "match": {"Severity": {"Label": ["LOW"]}}, "update": {"Confidence": 50}}
RULESETS: tuple[tuple[dict[str, Any], ...], ...] = (
    (_HIDE, _SCORE),
    (_LOWER, _NOTIFY),
    ({**_HIDE, "override": True}, _LOWER),
    (_NOTIFY, _SCORE),
    (),
)


def key(number: int) -> Key:
    return CSPM_HUB.key(number)


@dataclass(frozen=True)
class Edit:
    """A person or a tool changes a finding, in the words of its hub.

    `UserDefinedFields` as if there were no others.
    """

    finding: int
    update: Mapping[str, Any]


@dataclass(frozen=True)
class HandBack:
    """A person hands a finding back."""

    finding: int


@dataclass(frozen=True)
class Fail:
    """Calls of Security Hub that come next go wrong."""

    fault: Mapping[str, Any]


@dataclass(frozen=True)
class BreakTable:
    """The next calls of the ledger go wrong."""

    fault: TableFault
    calls: int


@dataclass(frozen=True)
class BreakBus:
    """The next calls of the bus of decision events go wrong."""

    answers_lost: bool
    calls: int


@dataclass(frozen=True)
class Restore:
    """The table is restored to how it was an hour ago. A person switches to `reopen` before."""


@dataclass(frozen=True)
class Switch:
    """A person switches what triage may do. A sweep follows when it may do more again."""

    mode: Mode


@dataclass(frozen=True)
class Deploy:
    """Other rules come into force, and a sweep is started."""

    rules: int


@dataclass(frozen=True)
class Delay:
    """From now on readers, and the history, show only what is so many seconds old."""

    readings: float
    history: float


@dataclass(frozen=True)
class StartSweep:
    """Findings are read, and those that ask for a change are put into the queue."""


@dataclass(frozen=True)
class Repeat:
    """One of the last events comes again, alone. AWS: EventBridge may deliver an event more than once."""

    container: int
    back: int


@dataclass(frozen=True)
class Amid:
    """What happens around the `call`th call of a batch: before it takes effect, or after that.

    Calls of the ledger count too, so a container may die before its intent, after it, and before it confirms.
    """

    call: int
    is_after: bool
    acts: Sequence[tuple[Any, float]]
    dies: bool


@dataclass(frozen=True)
class Handle:
    """A container takes messages of the queue. `amid` happens during one of its calls."""

    container: int
    what: What
    amid: Amid | None = None


@dataclass(frozen=True)
class Letter:
    """A message as SQS keeps it."""

    body: str
    number: int
    sent_at: float
    visible_at: float
    receives: int = 1

    def record(self) -> dict[str, Any]:
        attributes = {
            "SentTimestamp": str(int(self.sent_at * 1000)),
            "ApproximateReceiveCount": str(self.receives),
        }
        return {
            "messageId": f"m{self.number}",
            "receiptHandle": f"r{self.number}",
            "body": self.body,
            "attributes": attributes,
        }

    @property
    def time(self) -> float:
        return parse_timestamp(json.loads(self.body)["time"]) or 0.0

    @property
    def names(self) -> set[str]:
        """Ids of findings as keys have them."""
        findings = json.loads(self.body)["detail"]["findings"]
        return {found["Id"] if "Id" in found else found["metadata"]["uid"] for found in findings}

    @property
    def hands_back(self) -> bool:
        return bool(json.loads(self.body)["source"] == HAND_BACK_SOURCE)


class Died(BaseException):
    """A container is no more."""


class Wire:
    """All calls of a container. Something may happen during one of them."""

    def __init__(self) -> None:
        self._calls = 0
        self._amid: tuple[Amid, Callable[[Amid], None]] | None = None

    def disturb(self, amid: Amid | None, happen: Callable[[Amid], None]) -> None:
        """Let something happen during a call to come."""
        self._calls = 0
        self._amid = None if amid is None else (amid, happen)

    def through(self, call: Callable[[], Any]) -> Any:
        amid, happen = self._amid or (None, None)
        is_now = amid is not None and amid.call == self._calls
        self._calls += 1
        if not is_now or amid is None or happen is None:
            return call()
        if not amid.is_after:
            happen(amid)
            return call()
        try:
            return call()
        finally:
            happen(amid)


class Line:
    """A container's line to the hub; each update is watched as it takes effect."""

    def __init__(self, settling: "Settling", container: "Container") -> None:
        self._settling = settling
        self._container = container
        self._api = settling.world.api

    def batch_update_findings(self, **request: Any) -> Mapping[str, Any]:
        def call() -> Mapping[str, Any]:
            with self._settling.watched(self._container, request):
                return self._api.batch_update_findings(**request)

        return self._through(call)

    def get_findings(self, **request: Any) -> Mapping[str, Any]:
        return self._through(partial(self._api.get_findings, **request))

    def get_finding_history(self, **request: Any) -> Mapping[str, Any]:
        return self._through(partial(self._api.get_finding_history, **request))

    def _through(self, call: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = self._container.wire.through(call)
        return answer


class Table:
    """A container's line to the ledger."""

    def __init__(self, settling: "Settling", wire: Wire) -> None:
        self._settling = settling
        self._wire = wire

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            return self._wire.through(partial(self._once, operation, *arguments, **named))

        return call

    def _once(self, operation: str, *arguments: Any, **named: Any) -> Any:
        with self._settling.table_fault() as ledger, self._settling.write_watched():
            return getattr(ledger, operation)(*arguments, **named)


class BusLine:
    """A container's line to the bus."""

    def __init__(self, settling: "Settling", announced: Announcements, container: "Container") -> None:
        self._settling = settling
        self._announced = announced
        self._container = container

    def put(self, events: Sequence[DecisionEvent], deadline: float) -> Mapping[str, NotPut]:
        def once() -> Mapping[str, NotPut]:
            is_restored = self._settling.restored_at >= self._container.began
            self._announced.about_to_put(events, is_restored=is_restored)
            with self._settling.bus_fault(self._announced.bus):
                return self._announced.bus.put(events, deadline)

        answer: Mapping[str, NotPut] = self._container.wire.through(once)
        return answer


@dataclass(frozen=True)
class SkewedClock:
    """A container's clock, which differs from the service's."""

    clock: ManualClock
    ahead: float

    def now(self) -> float:
        return self.clock.now() + self.ahead

    def monotonic(self) -> float:
        return self.clock.monotonic()

    def sleep(self, seconds: float) -> None:
        self.clock.sleep(seconds)


class Container:
    """Triage with a memory of its own, as far as containers have one."""

    def __init__(self, settling: "Settling", ahead: float) -> None:
        world = settling.world
        self.wire = Wire()
        self.switch = ModeSwitch(lambda: settling.mode, world.clock.monotonic)
        self.bench = TriageBench(
            world,
            *settling.rulesets[0],
            hubs={settling.of.name},
            api=Line(settling, self),
            ledger=Table(settling, self.wire),
            may_write=self.switch.may_write,
            may_hide=self.switch.may_hide,
            outbox=settling.outbox_of(self),
        )
        self.clock = SkewedClock(world.clock, ahead)
        self.bench.triage.clock = self.clock
        self.use(settling.ruleset)
        self.is_busy = False
        self.began = 0.0

    def use(self, rules: Ruleset) -> None:
        """Take these rules from now on."""
        triage = self.bench.triage
        triage.ruleset, triage.members = rules, members_read((rule.source for rule in rules.rules), ())
        if triage.outbox is not None and triage.members is not None:
            triage.members |= ANNOUNCED


@dataclass
class _Bundled:
    """Where the sweep puts its messages."""

    settling: "Settling"

    def depth(self) -> int:
        return 0

    def send(self, bundles: Sequence[Bundle]) -> int:
        for bundle in bundles:
            self.settling.post(json.dumps(event(bundle, SweepOrder("sweep"))))
        return len(bundles)


class Settling:
    """A history. `act` takes it on; `settle` ends it, with all events handled and swept once.

    `chronicle` is what the laws need to know of it; `ghost` is a hub without triage to which all else happens
    too. `of` is the hub that has the findings. What is announced is in `announced`, if decisions are.
    """

    def __init__(
        self,
        seed: int,
        of: HubOfHistory = CSPM_HUB,
        rulesets: Sequence[Sequence[dict[str, Any]]] = RULESETS,
        announced: Announcements | None = None,
    ) -> None:
        self.of, self.rulesets, self.announced = of, rulesets, announced
        self.world = of.world(event_delay=(0.0, 1.0), duplicate_share=0.3, seed=seed)
        self.ghost = of.ghost()
        self.clock = self.world.clock
        self.chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self.mode: Mode = "enforce"
        self.switched_at = 0.0
        self.rules = tuple(rulesets[0])
        self.ruleset = load_ruleset(ruleset(*self.rules))
        self.overriding: dict[str, float] = {}
        self.containers = [Container(self, ahead) for ahead in AHEAD]
        self.queue: list[Letter] = []
        self.bodies: list[str] = []
        self.given_up: set[str] = set()
        self.chronicle = Chronicle(late=not of.has_history)
        self.edited_at: dict[tuple[Key, str], float] = {}
        self.at_work: list[Letter] = []
        self.tables = [(self.clock.now(), dict(self.world.ledger.items))]
        self.restored_at = self.lag = 0.0
        self.broken: tuple[TableFault, int] | None = None
        self.broken_bus: tuple[bool, int] | None = None
        self.posted = 0
        self.updates: Counter[int] = Counter()
        self._acts: dict[type, Callable[[Any], None]] = {
            Provide: self._provide,
            Edit: self._edit,
            HandBack: self._hand_back,
            Fail: lambda act: self.world.fault(**act.fault),
            BreakTable: self._break,
            BreakBus: self._break_bus,
            Restore: lambda _act: self._restore(),
            Switch: lambda act: self._switch(act.mode),
            Deploy: lambda act: self._deploy(tuple(self.rulesets[act.rules])),
            Delay: lambda act: self._delay(act.readings, act.history),
            StartSweep: lambda _act: self._sweep(),
            Repeat: self._repeat,
            Handle: lambda act: self._handle(self.containers[act.container], act.what, act.amid),
        }
        for number in range(FINDINGS):
            self.act(Provide(number, of.first_severity))

    # The history

    def act(self, act: Any, seconds: float = 0.0) -> None:
        """Take the history one act on, so many seconds after the last."""
        self.clock.sleep(seconds)
        self._acts[type(act)](act)
        self._look_at_all()
        self.tables.append((self.clock.now(), dict(self.world.ledger.items)))

    def settle(self) -> None:
        """Handle all events, with nothing going wrong any more; then sweep, and handle what that finds.

        Once nothing comes from outside any more, a finding needs one update. It may need a second: what was
        seen last was not certain, or an update that no one knew of came to light.
        """
        self.updates.clear()
        self.world.hub.faults.clear()
        self.broken = self.broken_bus = None
        self._delay(0.0, 0.0)
        self.act(Switch("enforce"), HOUR)
        self._drain()
        self.act(StartSweep(), HOUR)
        self._drain()
        assert all(count <= 2 for count in self.updates.values()), f"an echo: {self.updates}"

    def take_back(self) -> None:
        """Settle without any rule."""
        self._deploy(())
        self.settle()

    def left_to_do(self, number: int) -> Decision | None:
        """Return what triage would do with a finding as it is; None if nothing."""
        triage = self.containers[0].bench.triage
        entry = self.entry(number)
        finding = self.of.as_rules_see_it(self.world.hub, number)
        decision = decide(finding, entry, self.ruleset, self.clock.now(), triage.settings)
        is_done = decision.update is None and not decision.questions
        return None if is_done and not decision.after.remembers_more_than(entry) else decision

    def stored(self, number: int) -> dict[str, Any]:
        """Return a finding as it is, in the words of the laws."""
        return self.of.shown(self.world.hub, number)

    def key(self, number: int) -> Key:
        return self.of.key(number)

    def entry(self, number: int) -> Entry:
        """Return what the ledger holds of a finding."""
        name = self.key(number)
        return self.world.ledger.read([name]).entries.get(name, NO_ENTRY)

    def is_closed(self, number: int) -> bool:
        """Say whether the provider of a finding has closed it."""
        return bool(self.of.as_rules_see_it(self.world.hub, number).get("RecordState") == "ARCHIVED")

    def moment(self) -> RulesAtATime:
        return RulesAtATime(list(self.rules), self.clock.now())

    def is_given_up(self, number: int) -> bool:
        """Say whether an event of a finding is a dead letter."""
        return self.key(number)[1] in self.given_up

    def ghost_of(self, number: int) -> dict[str, Any]:
        """Return the finding as it would be without triage."""
        return self.of.shown(self.ghost, number)

    # What is watched

    @contextmanager
    def watched(self, container: Container, request: Mapping[str, Any]) -> Iterator[None]:
        """Look at an update as it takes effect, and at what it makes of the findings."""
        numbers = [self.of.number(each["Id"]) for each in request["FindingIdentifiers"]]
        before = {number: self.stored(number) for number in numbers}
        seen = {number: self.of.as_rules_see_it(self.world.hub, number) for number in numbers}
        self._demand_allowed()
        for number in numbers:
            self._demand_intent(container, number, request)
        try:
            yield
        finally:
            for number in numbers:
                self.updates[number] += 1
                self._look_at(number, seen[number])
                raced = self._note_races(container, number, request, before[number])
                self._compare(container, number, before[number], self.stored(number), raced)

    def _demand_allowed(self) -> None:
        is_new = self.clock.now() - self.switched_at < FRESH + IN_CALL
        assert self.mode != "observe" or is_new, "it writes, though it only observes"

    def _demand_intent(self, container: Container, number: int, request: Mapping[str, Any]) -> None:
        """An update is recorded before it is sent, with what it writes, and no longer than a minute ago."""
        if self.restored_at >= container.began:
            return
        intent = self.entry(number).intent
        assert intent is not None, "an update of which the ledger does not know"
        assert container.clock.now() - intent.time <= LONGEST_TO_SEND + IN_CALL, (
            "an update long after its intent"
        )
        shown = ParsedFinding(self.of.updated(self.world.hub, number, request))
        assert {name: stored(shown.value(name)) for name in intent.written} == intent.written

    def _compare(
        self,
        container: Container,
        number: int,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
        raced: Collection[str],
    ) -> None:
        identifier, old, new = self.key(number), dict(before), dict(after)
        is_hidden = held(new, "Workflow") in HIDING and held(old, "Workflow") not in HIDING
        is_hidden = is_hidden and "Workflow" not in raced  # what was taken back was reopened a moment before
        may_hide = self.mode == "enforce" or self.clock.now() - self.switched_at < FRESH + IN_CALL
        assert may_hide or not is_hidden, "it hides, though that is stopped"
        overriding = {field for field, until in self.overriding.items() if container.began <= until}
        rules = [{"id": "then", "override": True, "update": {name: {} for name in overriding}}, *self.rules]
        human_wins(identifier, old, new, RulesAtATime(rules, self.clock.now()), self.chronicle)
        for name in changed(old, new):
            self.chronicle.set_by_triage(identifier, name, old, held(new, name))
        self.chronicle.look_at(identifier, new)

    def _note_races(
        self, container: Container, number: int, request: Mapping[str, Any], before: dict[str, Any]
    ) -> set[str]:
        """Note the edits that an update overwrites or repeats because it may not know of them yet: which."""
        raced = set()
        written = self.of.fields(request)
        keys = {USER + name for name in {**before.get("UserDefinedFields", {}), **self._fields(number)}}
        for name in written | (keys if "UserDefinedFields" in request else set()):
            place = (self.key(number), name)
            edited_at = self.edited_at.get(place, float("-inf"))
            if self.chronicle.persons.get(place) == held(before, name) and (
                self._may_miss(container, edited_at) or self._is_handed_back(number, name, edited_at)
            ):
                raced.add(name)
                self.chronicle.raced.add(place)
                self.chronicle.drop(place)
        return raced

    def _fields(self, number: int) -> dict[str, str]:
        fields: dict[str, str] = self.stored(number).get("UserDefinedFields", {})
        return fields

    def _may_miss(self, container: Container, edited_at: float) -> bool:
        """Say whether a batch may not know yet of an edit, or no longer: the ledger lost who made it."""
        return edited_at >= container.began - TRUSTED - self.lag or edited_at <= self.restored_at

    def _is_handed_back(self, number: int, name: str, edited_at: float) -> bool:
        """Say whether an edit ends with a hand-back that is under way.

        One that came after it does too, except where the history knows that it came after.
        """
        letters = (*self.queue, *self.at_work)
        times = [
            letter.time for letter in letters if letter.hands_back and self.key(number)[1] in letter.names
        ]
        is_known = name in ("Workflow", "Severity") and not self.chronicle.late
        return any(edited_at <= time + CUT or not is_known for time in times)

    def _note_hand_backs(self, report: Report) -> None:
        """Note what people hold no longer."""
        for outcome in report.outcomes:
            hand_back = outcome.seen.hand_back
            is_done = outcome.result.status in ("updated", "unchanged") and outcome.result.code != OBSERVE
            if hand_back is not None and is_done and outcome.decision is not None:
                known = {engine_name(name): name for name in FIELDS}
                names = [known.get(name, name) for name in outcome.decision.handed_back]
                self.chronicle.hand_back(outcome.seen.newest.key, names)

    # What others do

    def _hand_back(self, act: HandBack) -> None:
        product_arn, name = self.key(act.finding)
        body = {
            "source": HAND_BACK_SOURCE,
            "detail-type": HAND_BACK_DETAIL_TYPE,
            "time": write_timestamp(self.clock.now()),
            "detail": {"findings": [{"ProductArn": product_arn, "Id": name}], "by": "ana"},
        }
        self.post(json.dumps(body))

    def _provide(self, act: Provide) -> None:
        number, hubs = act.finding, (self.world.hub, self.ghost)
        before = self.stored(number)
        with self.world.hub.faults.set_aside():
            for hub in hubs:
                is_renumbered = self.of.provide(hub, act, self.clock.now())
        self.chronicle.set_by_service(self.key(number), before, self.stored(number))
        if is_renumbered:
            self.chronicle.renumbered.add(self.key(number))
        if not self.of.shows_providers:
            self.chronicle.unseen.add((self.key(number), "Severity"))

    def _edit(self, act: Edit) -> None:
        number, update = act.finding, act.update
        identifier, before = self.key(number), self.stored(number)
        with self.world.hub.faults.set_aside():
            for hub in (self.world.hub, self.ghost):
                self.of.edit(hub, number, update, self.clock.now())
        after = self.stored(number)
        for name in {*self.of.fields(update), *changed(before, after)}:
            self.chronicle.set_by_hand(identifier, name, held(before, name), held(after, name))
            self.edited_at[identifier, name] = self.clock.now()
            if self._is_ours(number, name, held(after, name)):
                self.chronicle.unseen.add((identifier, name))

    def _is_ours(self, number: int, name: str, value: Any) -> bool:
        """Say whether triage holds this very value, or was about to set it: then it is not seen who did.

        So it is with a key that is gone after no rule had wanted it any more, also if triage has not noticed
        yet that its rule has ended.
        """
        entry, text = self.entry(number), stored(engine_value(value))
        claim, intent = entry.claims.get(engine_name(name)), entry.intent
        if intent is not None and intent.written.get(engine_name(name)) == text:
            return True
        if intent is not None and not self.of.has_history and engine_name(name) in intent.written:
            return True  # once overwritten, no one can tell that the update happened
        if claim is None or claim.person:
            return False
        is_wanted = any(name in could_set(rule) for rule in self.moment().enforced())
        if name == "Workflow" and value == "NEW" and claim.rule is None:
            return True  # no rule was overruled: triage had put there what the service would have
        return claim.value == text or (value is None and (claim.rule is None or not is_wanted))

    def _break(self, act: BreakTable) -> None:
        self.broken = (act.fault, act.calls)

    def _break_bus(self, act: BreakBus) -> None:
        self.broken_bus = (act.answers_lost, act.calls)

    def _delay(self, readings: float, history: float) -> None:
        self.chronicle.late = self.chronicle.late or history > 0
        self.lag = max(self.lag, readings)
        settings = self.world.hub.settings
        self.world.hub.configure(replace(settings, visible_after=readings, history_after=history))

    def _switch(self, mode: Mode) -> None:
        if mode == self.mode:
            return
        self.mode, self.switched_at = mode, self.clock.now()
        if mode != "observe":
            self._sweep()

    def _deploy(self, rules: tuple[dict[str, Any], ...]) -> None:
        now = self.clock.now()
        for rule in self.rules:
            if rule.get("override"):
                self.overriding |= dict.fromkeys(rule["update"], now)
        self.rules, self.ruleset = rules, load_ruleset(ruleset(*rules))
        self.chronicle.overridden |= {
            field for rule in rules if rule.get("override") for field in rule["update"]
        }
        for container in self.containers:
            container.use(self.ruleset)
        self._sweep()

    def _restore(self) -> None:
        """Restore the table, as the runbook says: nothing new is hidden until a person says so."""
        self._switch("reopen")
        at = self.clock.now() - HOUR
        self.world.ledger.items = dict(next((t for time, t in reversed(self.tables) if time <= at), {}))
        self.restored_at = self.clock.now()
        for number in range(FINDINGS):
            self.chronicle.lose(self.key(number))
        if self.announced is not None:
            self.announced.lose(map(self.key, range(FINDINGS)), self.world.ledger.items)

    @contextmanager
    def write_watched(self) -> Iterator[None]:
        """Look at what a call makes of the ledger."""
        before = dict(self.world.ledger.items)
        try:
            yield
        finally:
            if self.announced is not None:
                self.announced.written(before, self.world.ledger.items)

    @contextmanager
    def bus_fault(self, bus: MemoryBus) -> Iterator[None]:
        """Break the bus for as many calls as it was said."""
        if self.broken_bus is not None:
            answers_lost, left = self.broken_bus
            self.broken_bus = (answers_lost, left - 1) if left > 1 else None
            bus.fault, bus.lose_answers = DOWN, answers_lost
        try:
            yield
        finally:
            bus.fault, bus.lose_answers = None, False

    def outbox_of(self, container: "Container") -> Outbox | None:
        """Return a container's way to the bus, if decisions are announced."""
        return None if self.announced is None else outbox(BusLine(self, self.announced, container))

    def _look_at(self, number: int, before: Mapping[str, Any]) -> None:
        """Look at a finding after an update of triage."""
        if self.announced is not None:
            after, key = self.of.as_rules_see_it(self.world.hub, number), self.key(number)
            self.announced.look(key, after)
            self.announced.hides(key, before, after, self.clock.now())

    def _look_at_all(self) -> None:
        for number in range(FINDINGS) if self.announced is not None else ():
            if self.announced is not None and self.stored(number):
                finding = self.of.as_rules_see_it(self.world.hub, number)
                self.announced.look(self.key(number), finding)

    @contextmanager
    def table_fault(self) -> Iterator[MemoryLedger]:
        """Give the table, broken for as many calls as it was said."""
        ledger = self.world.ledger
        if self.broken is not None:
            kind, left = self.broken
            self.broken = (kind, left - 1) if left > 1 else None
            fault = LedgerFaultKind.THROTTLED if kind == "throttled" else LedgerFaultKind.UNREACHABLE
            ledger.fault, ledger.lose_answers = LedgerFault(fault, kind, kind), kind == "answers lost"
        try:
            yield ledger
        finally:
            ledger.fault, ledger.lose_answers = None, False

    # What triage does

    def post(self, body: str, late_by: float = 0.0) -> None:
        self.queue.append(replace(self._letter(body), visible_at=self.clock.now() + late_by))
        self.bodies.append(body)

    def _letter(self, body: str) -> Letter:
        self.posted += 1
        return Letter(body, self.posted, self.clock.now(), self.clock.now())

    def _collect(self) -> None:
        """Take what the hub sent: some of it late, and dated by a clock that is not ours."""
        for each in self.world.hub.take_events(self.clock.now()):
            shift = self.chance.choice([0.0, 0.0, -SHIFT, SHIFT])
            time = int((parse_timestamp(each["time"]) or 0.0) + shift)
            late_by = self.chance.choice([0.0, 0.0, 0.0, 20.0, 90.0, 1000.0])
            self.post(json.dumps({**each, "time": write_timestamp(time)}), late_by)

    def _repeat(self, act: Repeat) -> None:
        again = self.bodies[-1 - act.back : len(self.bodies) - act.back]
        self._triage(self.containers[act.container], [self._letter(body) for body in again], None)

    def _handle(self, container: Container, what: What, amid: Amid | None) -> None:
        if not container.is_busy:
            self._collect()
            self._triage(container, self._take(what), amid)

    def _triage(self, container: Container, letters: Sequence[Letter], amid: Amid | None) -> None:
        if container.is_busy or not letters:
            self.queue += letters
            return
        container.is_busy, container.began = True, self.clock.now()
        self.at_work += letters
        container.wire.disturb(amid, self._happen)
        try:
            report = container.bench.run(
                *(letter.record() for letter in letters),
                deadline=self.clock.monotonic() + BATCH_SECONDS,
                mode=container.switch.mode(),
            )
        except Died:
            self._no_longer(letters)
            self.containers[self.containers.index(container)] = Container(self, container.clock.ahead)
            self._again(letters, {})
            return
        self._no_longer(letters)
        self._note_hand_backs(report)
        failed = {message.id for message in report.failed_messages()}
        again_at = {message.id: at for message, at in report.again_at.items()}
        self._again([letter for letter in letters if f"m{letter.number}" in failed], again_at)
        container.is_busy = False

    def _no_longer(self, letters: Sequence[Letter]) -> None:
        numbers = {letter.number for letter in letters}
        self.at_work = [letter for letter in self.at_work if letter.number not in numbers]

    def _take(self, what: What) -> list[Letter]:
        """AWS: SQS keeps no order, and a batch is whatever a poller got."""
        self.chance.shuffle(self.queue)
        if what in ("newest", "oldest"):
            self.queue.sort(key=lambda letter: letter.time, reverse=what == "newest")
        visible = [letter for letter in self.queue if letter.visible_at <= self.clock.now()]
        count = {"all": len(visible), "half": (len(visible) + 1) // 2}.get(what, 1)
        self.queue = [letter for letter in self.queue if letter not in visible[:count]]
        return visible[:count]

    def _happen(self, amid: Amid) -> None:
        for act, seconds in amid.acts:
            self.act(act, seconds)
        if amid.dies:
            raise Died

    def _again(self, letters: Sequence[Letter], again_at: Mapping[str | None, float]) -> None:
        for letter in letters:
            at = again_at.get(f"m{letter.number}", self.clock.now() + VISIBILITY)
            if letter.receives == MOST_RECEIVES:
                self.given_up |= letter.names
            else:
                self.queue.append(replace(letter, receives=letter.receives + 1, visible_at=at))

    def _drain(self) -> None:
        for turn in range(80):
            self.clock.sleep(3.0)
            self._collect()
            if not self.queue:
                return
            self.clock.sleep(min(letter.visible_at for letter in self.queue) - self.clock.now())
            self._handle(self.containers[turn % CONTAINERS], "all", None)
        raise AssertionError("triage does not come to rest")

    def _sweep(self) -> None:
        """Sweep; one that a fault ends is left to the next."""
        triage, now = self.containers[0].bench.triage, self.clock.monotonic
        budget = TokenBucket(1000.0, 1000.0, self.clock)
        getter, reader = (each(self.world.api, budget, backoff(), now) for each in (Getter, Reader))
        sources = Sources(getter, reader, Table(self, Wire()), self.clock, 600.0, {self.of.name})  # type: ignore[arg-type]
        walk = Walk(
            SweepRequest(),
            self.ruleset,
            triage.settings,
            sources,
            _Bundled(self),
            Pace(hold=0.0),
            outbox=triage.outbox,
        )
        progress = Progress()
        try:
            for _ in range(50):
                progress = walk.step(progress)
                if progress.is_over:
                    return
                self.clock.sleep(progress.wait)
        except SweepError:
            return


def live(
    acts: Iterable[tuple[Any, float]],
    seed: int = 0,
    of: HubOfHistory = CSPM_HUB,
    rulesets: Sequence[Sequence[dict[str, Any]]] = RULESETS,
    announced: Announcements | None = None,
) -> Settling:
    """Return a history so far. It is watched: see `Settling.watched`."""
    settling = Settling(seed, of, rulesets, announced)
    for act, seconds in acts:
        settling.act(act, seconds)
    return settling
