"""Containers that take of a queue, a service that fails, and people: all that may happen to an event.

A history is a row of acts, some seconds apart. Containers are the real triage, the hub is the local one, and
what a container writes is watched: whatever happens, it must not undo what a person did.
"""

import json
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, reduce
from typing import Any, Literal

from hubtriage.aws.securityhub.api import Finding, SecurityHubApi
from hubtriage.aws.securityhub.ratelimit import TokenBucket
from hubtriage.aws.securityhub.reading import Getter
from hubtriage.aws.sweep.bundles import Bundle
from hubtriage.aws.sweep.destination import event
from hubtriage.aws.sweep.progress import Progress
from hubtriage.aws.sweep.request import SweepRequest
from hubtriage.aws.sweep.walk import Pace, Walk
from hubtriage.aws.switch.mode import FRESH, Mode, ModeSwitch
from hubtriage.aws.triage.events import SWEEP_SOURCE, SweepOrder
from hubtriage.engine.planning.plan import decide
from hubtriage.engine.text.timestamps import parse_timestamp
from hubtriage.localaws.securityhub.asff.timestamps import write_timestamp
from hubtriage.localaws.securityhub.faults import FaultScript
from tests.support.triage_world import TriageBench, TriageWorld, backoff, finding, key

CONTAINERS = 2
MOST_RECEIVES = 5
"""Deliveries of a message before it is a dead letter."""
SLOWEST = 1.0
"""Seconds that an event is under way at most."""
BATCH_SECONDS = 60.0
TRUSTED = 30.0
"""Seconds for which a container believes an event that comes for the first time."""
RULES = (
    {
        "id": "high",
        "ceiling": "HIGH",
        "match": {"Severity": {"Label": ["HIGH"]}},
        "update": {
            "Workflow": {"Status": "SUPPRESSED"},
            "Note": {"Text": "High.", "UpdatedBy": "hubtriage/high"},
        },
    },
    {"id": "low", "match": {"Severity": {"Label": ["LOW"]}}, "update": {"Confidence": 50}},
    {"id": "web", "match": {"UserDefinedFields": {"team": ["web"]}}, "update": {"Criticality": 10}},
)
"""What is MEDIUM and of no team asks for nothing."""
FIRST = ("HIGH", "MEDIUM")
"""What the findings are at first."""
What = Literal["all", "half", "newest", "oldest"]
"""Which of the messages in the queue; `half` is any half, `newest` and `oldest` are one."""
FIELDS = ("Workflow.Status", "Confidence", "UserDefinedFields.team", "Note.Text")
"""What both people and triage change."""


@dataclass(frozen=True)
class Provide:
    """The provider says how severe a finding is."""

    finding: int
    severity: str


@dataclass(frozen=True)
class Edit:
    """A person changes a finding and writes a note to it that nobody else writes.

    `told`: the container that handles the event of it at once, and nothing else.
    """

    finding: int
    update: Mapping[str, Any]
    told: int | None = None


@dataclass(frozen=True)
class Fail:
    """Calls of the service that come next will go wrong."""

    fault: Mapping[str, Any]


@dataclass(frozen=True)
class Switch:
    """A person switches what triage may do. A sweep follows when it may write again."""

    mode: Mode


@dataclass(frozen=True)
class StartSweep:
    """Findings are read, and those that ask for a change are put into the queue; `amid` as below."""

    amid: "Amid | None" = None


@dataclass(frozen=True)
class Repeat:
    """One of the last events comes again, alone. AWS: EventBridge may deliver an event more than once."""

    container: int
    back: int


@dataclass(frozen=True)
class Handle:
    """A container takes messages of the queue. `amid` happens during one of its calls."""

    container: int
    what: What
    amid: "Amid | None" = None


@dataclass(frozen=True)
class Amid:
    """What happens around the `call`th call of a batch: before it takes effect, or after that."""

    call: int
    is_after: bool
    acts: Sequence[Any]
    dies: bool


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
        return {"messageId": f"m{self.number}", "body": self.body, "attributes": attributes}

    def findings(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.body)["detail"]["findings"]
        return found


Watch = Callable[[Mapping[str, Any]], Callable[[], None]]
"""Told of a request that writes, and once it was made."""


class Died(BaseException):
    """A container is no more."""


class Line:
    """A container's line to the hub: something may happen during a call, and what is written is watched."""

    def __init__(self, api: SecurityHubApi, allow: Callable[[], None], watch: Watch) -> None:
        self._api = api
        self._allow = allow
        self._watch = watch
        self._calls = 0
        self._amid: tuple[Amid, Callable[[Amid], None]] | None = None

    def disturb(self, amid: Amid | None, happen: Callable[[Amid], None]) -> None:
        """Let something happen during a call to come."""
        self._calls = 0
        self._amid = None if amid is None else (amid, happen)

    def batch_update_findings(self, **request: Any) -> Mapping[str, Any]:
        def call() -> Mapping[str, Any]:
            written = self._watch(request)
            try:
                return self._api.batch_update_findings(**request)
            finally:
                written()

        self._allow()
        return self._disturbed(call)

    def get_findings(self, **request: Any) -> Mapping[str, Any]:
        return self._disturbed(lambda: self._api.get_findings(**request))

    def _disturbed(self, call: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
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


@dataclass
class Batch:
    """What a container is at, since which step of the history, and how old the events were then."""

    letters: Sequence[Letter]
    began: int
    now: float

    def of(self, number: int) -> Iterator[tuple[Letter, Finding]]:
        """The letters that show a finding, with what they show."""
        for letter in self.letters:
            for found in letter.findings():
                if found["Id"] == key(number)[1]:
                    yield letter, found

    def shows(self, number: int, edit: int) -> bool:
        """Whether it tells of a person's edit, or a later one."""
        return any(_edit_of(found) >= edit for _, found in self.of(number))

    def read_at(self, number: int) -> float:
        """When the sweep read what it goes by, or else the soonest that the container could."""
        newest = max((letter for letter, _ in self.of(number)), key=lambda letter: _time(letter.body))
        is_swept = json.loads(newest.body)["source"] == SWEEP_SOURCE
        return _time(newest.body) if is_swept else self.now

    def is_trusted(self, number: int) -> bool:
        """Whether the newest of its events is one that triage believes."""
        times = {letter: _time(letter.body) for letter, _ in self.of(number)}
        newest = max(times.values())
        first = any(letter.receives == 1 for letter, time in times.items() if int(time) == int(newest))
        return first and self.now - newest <= TRUSTED


class Container:
    """Triage with a memory of its own, and the edits of each finding that it was told of."""

    def __init__(self, settling: "Settling") -> None:
        world = settling.world
        self.line = Line(world.api, settling.allow, lambda request: settling.watch(self, request))
        self.switch = ModeSwitch(lambda: settling.mode, world.clock.monotonic)
        self.bench = TriageBench(world, *RULES, api=self.line, may_write=self.switch.may_write)
        self.told: dict[int, int] = {}
        self.batch: Batch | None = None


@dataclass
class Stand:
    """A person's edit as it stands: the values that nobody but a person may change from now on.

    `heard`: the step at which the first batch ended that was told of it; `shown_at`: when readers see it.
    """

    name: int
    values: dict[str, Any]
    shown_at: float
    heard: int | None = None


@dataclass
class _Bundled:
    """Where the sweep puts its messages."""

    settling: "Settling"
    order: SweepOrder = field(default_factory=lambda: SweepOrder("sweep"))

    def depth(self) -> int:
        return 0

    def send(self, bundles: Sequence[Bundle]) -> int:
        self.settling.post(event(bundle, self.order) for bundle in bundles)
        return len(bundles)


class Settling:
    """A history. `act` takes it on; `settle` ends it, with all events handled."""

    def __init__(self, seed: int, lag: float = 0.0) -> None:
        """`lag`: how many seconds readers are behind. A message that failed does not come again sooner."""
        self.lag = lag
        self.world = TriageWorld(
            event_delay=(0.0, SLOWEST), duplicate_share=0.3, seed=seed, visible_after=lag
        )
        self.clock = self.world.clock
        self.chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self.mode: Mode = "enforce"
        self.switched_at = 0.0
        self.left_observe = False
        self.containers = [Container(self) for _ in range(CONTAINERS)]
        self.queue: list[Letter] = []
        self.bodies: list[str] = []
        self.given_up: list[Letter] = []
        self.stands: dict[int, Stand] = {}
        self.posted = self.edits = self.steps = 0
        for number, severity in enumerate(FIRST):
            self.act(Provide(number, severity))

    def act(self, act: Any, seconds: float = 0.0) -> None:
        """Take the history one act on, so many seconds after the last."""
        self.steps += 1
        self.clock.sleep(seconds)
        match act:
            case Provide(number, severity):
                self._provide(number, severity)
            case Edit(number, update, told):
                self._edit(number, update)
                if told is not None:
                    self._tell(self.containers[told])
            case Fail(fault):
                self.world.fault(**fault)
            case Switch(mode):
                self._switch(mode)
            case StartSweep(amid):
                self._sweep(amid)
            case Repeat(container, back):
                again = self.bodies[-1 - back : len(self.bodies) - back]
                self._triage(self.containers[container], [self._letter(body) for body in again], None)
            case Handle(container, what, amid):
                self._handle(self.containers[container], what, amid)

    def settle(self) -> None:
        """Handle all events, those of triage's own updates too."""
        self.act(Switch("enforce"))
        if self.lag and self.left_observe:
            self.act(StartSweep(), self.lag)  # the daily one: the other may have read what was before
        for turn in range(40):
            self.clock.sleep(3.0)
            self._collect()
            if not self.queue:
                return
            self.clock.sleep(min(letter.visible_at for letter in self.queue) - self.clock.now())
            self._handle(self.containers[turn % CONTAINERS], "all", None)
        raise AssertionError("triage does not come to rest")

    def left_to_do(self, number: int) -> Mapping[str, Any] | None:
        """What the rules ask for of a finding as it is."""
        triage = self.containers[0].bench.triage
        return decide(self.world.stored(number), triage.ruleset, self.clock.now(), triage.settings).update

    def is_given_up(self, number: int) -> bool:
        """Whether the event that shows a finding as it is now was refused, or is a dead letter."""
        now = json.loads(json.dumps(self.world.stored(number)))
        return any(found == now for letter in self.given_up for found in letter.findings())

    def allow(self) -> None:
        """Look at whether a container may write."""
        is_new = self.clock.now() - self.switched_at < FRESH
        assert self.mode == "enforce" or is_new, "it writes, though it was switched off"

    def watch(self, container: Container, request: Mapping[str, Any]) -> Callable[[], None]:
        """Look at what a container writes: it must not undo an edit that was heard."""
        names = {each["Id"] for each in request["FindingIdentifiers"]}
        numbers = [number for number in range(len(FIRST)) if key(number)[1] in names]
        before = {number: self.world.stored(number) for number in numbers}

        def written() -> None:
            for number in numbers:
                self._compare(container, number, before[number], self.world.stored(number))

        return written

    def post(self, events: Iterable[Mapping[str, Any]]) -> None:
        bodies = [json.dumps(each) for each in events]
        self.queue += [self._letter(body) for body in bodies]
        self.bodies += bodies

    def _letter(self, body: str) -> Letter:
        self.posted += 1
        return Letter(body, self.posted, self.clock.now(), self.clock.now())

    # What others do

    def _provide(self, number: int, severity: str) -> None:
        now = self.clock.now()
        provided = {"Severity": {"Label": severity}}
        updated = finding(number, FindingProviderFields=provided, UpdatedAt=write_timestamp(now))
        with self._without_faults():
            answer = self.world.hub.batch_import_findings([updated], now)
        assert not answer["FailedCount"]
        stand = self.stands.get(number)
        if stand is not None and stand.values.get("Workflow.Status") == "NEW":
            del stand.values["Workflow.Status"]  # nobody's again, once no rule wants the status

    def _edit(self, number: int, update: Mapping[str, Any]) -> None:
        self.edits += 1
        before, (arn, name) = self.world.stored(number), key(number)
        note = {"Text": f"edit {self.edits}", "UpdatedBy": "jo"}
        request = {"FindingIdentifiers": [{"Id": name, "ProductArn": arn}], "Note": note, **update}
        with self._without_faults():
            answer = self.world.hub.batch_update_findings(request, self.clock.now())
        assert answer["ProcessedFindings"]
        values = _a_persons(update, before, self.world.stored(number))
        self.stands[number] = Stand(self.edits, values, self.clock.now() + self.lag)

    @contextmanager
    def _without_faults(self) -> Iterator[None]:
        """What goes wrong goes wrong for triage."""
        faults, self.world.hub.faults = self.world.hub.faults, FaultScript()
        yield
        self.world.hub.faults = faults

    def _switch(self, mode: Mode) -> None:
        if mode == self.mode:
            return
        self.mode, self.switched_at = mode, self.clock.now()
        if mode == "enforce":
            self.left_observe = True
            self._sweep()

    def _sweep(self, amid: Amid | None = None) -> None:
        triage, now = self.containers[0].bench.triage, self.clock.monotonic
        line = Line(self.world.api, self.allow, lambda _request: lambda: None)
        line.disturb(amid, self._happen)
        getter = Getter(line, TokenBucket(1000.0, 1000.0, self.clock), backoff(), now)
        destination = _Bundled(self)
        walk = Walk(
            SweepRequest(), triage.ruleset, triage.settings, getter, destination, self.clock, Pace(hold=0.0)
        )
        progress = Progress()
        while not progress.is_over:
            try:
                progress = walk.step(progress)
            except Died:  # the step is taken again
                continue
            self.clock.sleep(progress.wait)

    # What triage does

    def _collect(self) -> None:
        self.post(self.world.hub.take_events(self.clock.now()))

    def _handle(self, container: Container, what: What, amid: Amid | None) -> None:
        if container.batch is None:
            self._collect()
            self._triage(container, self._take(what), amid)

    def _triage(self, container: Container, letters: Sequence[Letter], amid: Amid | None) -> None:
        if container.batch is not None:
            self.queue += letters
            return
        container.batch = Batch(letters, self.steps, self.clock.now())
        container.line.disturb(amid, self._happen)
        try:
            report = container.bench.run(
                *(letter.record() for letter in letters),
                deadline=self.clock.monotonic() + BATCH_SECONDS,
                mode=container.switch.mode(),
            )
        except Died:
            self.containers[self.containers.index(container)] = Container(self)
            self._again(letters)
            return
        failed = {message.id for message in report.failed_messages()}
        self._hear(container, [letter for letter in letters if f"m{letter.number}" not in failed])
        self._again([letter for letter in letters if f"m{letter.number}" in failed])
        refused = {o.seen.newest.key[1] for o in report.outcomes if o.result.status == "refused"}
        self.given_up += [one for one in letters if any(found["Id"] in refused for found in one.findings())]
        container.batch = None

    def _tell(self, container: Container) -> None:
        """Hand it the last event alone."""
        self.clock.sleep(SLOWEST)
        self._collect()
        name = f"edit {self.edits}"
        letters = [letter for letter in self.queue if f'"{name}"' in letter.body]
        self.queue = [letter for letter in self.queue if letter not in letters]
        self._triage(container, letters, None)

    def _take(self, what: What) -> list[Letter]:
        """AWS: SQS keeps no order, and a batch is whatever a poller got."""
        self.chance.shuffle(self.queue)
        if what in ("newest", "oldest"):
            self.queue.sort(key=lambda letter: _time(letter.body), reverse=what == "newest")
        visible = [letter for letter in self.queue if letter.visible_at <= self.clock.now()]
        count = {"all": len(visible), "half": (len(visible) + 1) // 2}.get(what, 1)
        self.queue = [letter for letter in self.queue if letter not in visible[:count]]
        return visible[:count]

    def _happen(self, amid: Amid) -> None:
        for act, seconds in amid.acts:
            self.act(act, seconds)
        if amid.dies:
            raise Died

    def _again(self, letters: Sequence[Letter]) -> None:
        for letter in letters:
            again = replace(letter, receives=letter.receives + 1, visible_at=self.clock.now() + self.lag)
            (self.given_up if letter.receives == MOST_RECEIVES else self.queue).append(again)

    def _hear(self, container: Container, handled: Sequence[Letter]) -> None:
        """Note the edits of which the events are handled."""
        self.steps += 1
        for found in (found for letter in handled for found in letter.findings()):
            number = int(found["Id"].removeprefix("finding-"))
            edit, stand = _edit_of(found), self.stands.get(number)
            container.told[number] = max(edit, container.told.get(number, 0))
            if stand is not None and stand.heard is None and edit >= stand.name:
                stand.heard = self.steps

    def _compare(self, container: Container, number: int, before: Finding, after: Finding) -> None:
        stand = self.stands.get(number)
        if stand is None:
            return
        undone = [
            name for name, value in stand.values.items() if read(before, name) == value != read(after, name)
        ]
        if undone and stand.heard is not None:
            assert self._cannot_know(container, number, stand), (undone, before, after)
        for name in undone:
            del stand.values[name]

    def _cannot_know(self, container: Container, number: int, stand: Stand) -> bool:
        """Whether it is one of the cases that docs/concepts.md names under "What the API makes impossible".

        The edit was handled at the same moment, or by another container less than 30 seconds before; or what
        was read, by a sweep too, was behind and did not show it yet.
        """
        batch = container.batch
        assert batch is not None
        assert stand.heard is not None
        if batch.began < stand.heard or (self.lag and batch.read_at(number) < stand.shown_at):
            return True
        if container.told.get(number, 0) >= stand.name or batch.shows(number, stand.name):
            return False
        return batch.is_trusted(number)


def read(found: Finding, name: str) -> Any:
    """The value at a path."""
    return reduce(lambda part, member: (part or {}).get(member), name.split("."), found)  # type: ignore[arg-type, return-value]


def _a_persons(update: Mapping[str, Any], before: Finding, after: Finding) -> dict[str, Any]:
    """The fields of an edit that are a person's: their values, but a status that is nobody's.

    NEW is a person's where it overrules triage.
    """
    values = {name: read(after, name) for name in FIELDS if name.split(".")[0] in (*update, "Note")}
    ours = " WS." in str(read(before, "UserDefinedFields.hubtriage/memo"))
    if values.get("Workflow.Status") == "NEW" and not (
        ours and read(before, "Workflow.Status") == "SUPPRESSED"
    ):
        del values["Workflow.Status"]
    return {name: value for name, value in values.items() if value is not None}


def _edit_of(found: Finding) -> int:
    """Which edit a finding shows; 0 for none."""
    text = read(found, "Note.Text") or ""
    return int(text.removeprefix("edit ")) if text.startswith("edit ") else 0


@cache
def _time(body: str) -> float:
    time = parse_timestamp(json.loads(body)["time"])
    assert time is not None
    return time
