"""Accounts for every event of a chaotic run, by what the service and the queues have.

Pure, and blind to what the function counted. Whether a finding is as it should be is the engine's word on the
finding as the service has it: now, and in the events, which show what it was then. An event is lost if some
stack would still change its finding and no event since showed it as it should be, unless the finding was
refused since, for a reason that somebody can read.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from math import inf
from typing import Any

from hubtriage.engine.ocsf.view import HUB_V2, asff_view, is_ocsf, is_view
from tests.faults.ledger import FATES, UNACCOUNTED, Fate

Key = tuple[str, str]
Finding = Mapping[str, Any]
Wanted = Callable[[Finding, float], bool]
"""Whether a stack would have changed a finding, as an event shows it, at a time."""
UNUSABLE = "(no finding)"
SWEEP = "(sweep)"
"""What all messages of sweeps are known by: they tell of no event, and another sweep tells again."""
MOST_TOLD = 20
"""Problems of one kind that are told one by one."""


@dataclass(frozen=True, slots=True)
class SentEvent:
    """One event, as it was put on the bus or into the queue: its name, its finding if any, and its time.

    That is when it was made, in epoch seconds, exact enough to put the events of a finding in order.
    """

    name: str
    finding: Finding | None
    time: float = 0.0

    @property
    def key(self) -> Key | None:
        """What `key_of` says of the finding."""
        return None if self.finding is None else key_of(self.finding)


@dataclass(frozen=True, slots=True)
class RefusedFinding:
    """What a decision log says of a finding that could not be changed, and when (epoch seconds)."""

    time: float
    reason: str


@dataclass(frozen=True, slots=True)
class ChaosEvidence:
    """What was seen from outside.

    `waiting`, `dead`: copies of events by name in the queues of the functions and in dead-letter queues.
    `open`: every finding that there is, and whether a stack would still change it. `unswept`: those of them
    that no sweep looks at, as they are archived and no stack holds them, and since when the rules are in
    force that want them: only an event after that could tell. `swept_in_vain`: findings of which a dead
    letter of a sweep tells. `written`: how often functions updated each. `refusals`: those in the decision
    logs.
    """

    open: Mapping[Key, bool]
    unswept: Mapping[Key, float] = field(default_factory=dict)
    swept_in_vain: frozenset[Key] = frozenset()
    written: Mapping[Key, int] = field(default_factory=dict)
    waiting: Counter[str] = field(default_factory=Counter)
    dead: Counter[str] = field(default_factory=Counter)
    refusals: Mapping[Key, tuple[RefusedFinding, ...]] = field(default_factory=dict)


@dataclass(slots=True)
class Balance:
    """All events by producer and fate, and what is wrong."""

    fates: dict[str, Counter[Fate]] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    events: int = 0

    def add(self, event: SentEvent, fate: Fate, reason: str = "") -> None:
        """Count an event in."""
        self.events += 1
        producer = UNUSABLE if event.finding is None else producer_of(event.finding)
        self.fates.setdefault(producer, Counter())[fate] += 1
        if reason:
            self.reasons[reason] += 1
        if fate in UNACCOUNTED:
            self.blame([f"the event {event.name[:80]} of {event.key} is {fate}"])

    def blame(self, problems: Iterable[str]) -> None:
        """Tell of problems, as long as they are few."""
        self.problems += islice(problems, max(0, MOST_TOLD - len(self.problems)))

    @property
    def unaccounted(self) -> int:
        """Events that nobody can account for."""
        return sum(fates[fate] for fates in self.fates.values() for fate in UNACCOUNTED)

    @property
    def totals(self) -> dict[Fate, int]:
        """How many events ended how."""
        return {fate: sum(fates[fate] for fates in self.fates.values()) for fate in FATES}

    def as_record(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "events": self.events,
            "unaccounted": self.unaccounted,
            "fates": self.totals,
            "by producer": {name: dict(fates) for name, fates in sorted(self.fates.items())},
            "refused because": dict(self.reasons.most_common()),
            "problems": self.problems,
        }


def account(events: Iterable[SentEvent], evidence: ChaosEvidence, wanted: Wanted) -> Balance:
    """The fate of every event. Of two copies of an event each has its own."""
    books = _Books(evidence, wanted, Counter(evidence.dead), Counter(evidence.waiting))
    for event in events:
        books.enter(event)
    books.close()
    return books.balance


@dataclass(slots=True)
class _Books:
    """The account while it is made.

    Of findings that some stack would still change: `seen`, all their events; `kept`, the time of the newest
    event of each that a queue has; `left`, the events still to be judged.
    """

    evidence: ChaosEvidence
    wanted: Wanted
    dead: Counter[str]
    waiting: Counter[str]
    balance: Balance = field(default_factory=Balance)
    seen: dict[Key, list[SentEvent]] = field(default_factory=dict)
    kept: dict[Key, float] = field(default_factory=dict)
    left: list[SentEvent] = field(default_factory=list)

    def enter(self, event: SentEvent) -> None:
        """Say what became of an event, if that can be said before all are known."""
        key = event.key
        still_open = key is not None and self.evidence.open.get(key, False)
        if key is not None and still_open:
            self.seen.setdefault(key, []).append(event)
        queue = next((fate for fate, copies in self._queues() if _take(copies, event.name)), None)
        if queue is not None:
            self.balance.add(event, queue)
            if key is not None:
                self.kept[key] = max(event.time, self.kept.get(key, event.time))
        elif still_open:
            self.left.append(event)
        else:
            self.balance.add(event, "lost" if key not in self.evidence.open else self._done(event))

    def _queues(self) -> tuple[tuple[Fate, Counter[str]], ...]:
        return ("dead letter", self.dead), ("waiting", self.waiting)

    def close(self) -> None:
        """Judge what is left, and look for what no event tells of."""
        right = {key: self._right(events) for key, events in self.seen.items()}
        unexplained = {key for key, still_open in self.evidence.open.items() if still_open}
        unexplained -= (
            self.evidence.unswept.keys() | self.evidence.swept_in_vain | self.evidence.refusals.keys()
        )
        # One that showed the finding as it should be counts too: what a function recorded and died over is in
        # no log, so that the finding may look like a person's here, and like its own to the stack.
        unexplained -= {key for key, time in self.kept.items() if time >= right.get(key, -1.0)}
        for event in self.left:
            self._judge(event, right, unexplained)
        self.balance.blame(
            f"a stack would still change {key}, and no event tells of it: {self._story(key)}"
            for key in unexplained
        )
        if self.dead[SWEEP]:
            self.balance.fates[SWEEP] = Counter({"dead letter": self.dead.pop(SWEEP)})
        self.balance.problems += [
            f"{count} more of {name[:80]} in a queue than there were events"
            for name, count in _left(self.dead, self.waiting)
        ]

    def _story(self, key: Key) -> str:
        """The events of a finding in their order: what each showed, and whether a queue had it last."""
        told = []
        for event in sorted(self.seen.get(key, ()), key=lambda event: event.time):
            shown = (event.finding or {}).get
            status, label = (shown("Workflow") or {}).get("Status"), (shown("Severity") or {}).get("Label")
            state = "wanted" if self._wants(event) else "right"
            where = "in a queue" if self.kept.get(key) == event.time else "gone"
            told.append(f"{event.time:.3f} {status} {label} {shown('RecordState')}: {state}, {where}")
        return "; ".join(told) or "it has none"

    def _right(self, events: list[SentEvent]) -> float:
        """The time of the last event of a finding that showed it as it should be; -1 where none did.

        Or as it should be by rules that came into force before the next event.
        """
        events = sorted(events, key=lambda event: event.time)
        until = [*(event.time for event in events[1:]), inf]
        times = (
            event.time
            for event, end in zip(events, until, strict=True)
            if not (self._wants(event) and self._wants(event, end))
        )
        return max(times, default=-1.0)

    def _judge(self, event: SentEvent, right: Mapping[Key, float], unexplained: set[Key]) -> None:
        """An event of a finding that some stack would still change."""
        key = event.key or ("", "")
        refused = [one for one in self.evidence.refusals.get(key, ()) if one.time >= event.time]
        if event.time <= max(right.get(key, -1.0), self.evidence.unswept.get(key, -1.0)):
            self.balance.add(event, self._done(event))
        elif refused:
            self.balance.add(event, "refused", max(refused, key=lambda one: one.time).reason)
            unexplained.discard(key)
        else:
            self.balance.add(event, "lost")
            unexplained.discard(key)

    def _done(self, event: SentEvent) -> Fate:
        written = event.key is not None and self.evidence.written.get(event.key)
        return "updated" if written and self._wants(event) else "unchanged"

    def _wants(self, event: SentEvent, at: float | None = None) -> bool:
        """Whether a stack would have changed what an event shows, then or at another time."""
        return event.finding is not None and self.wanted(event.finding, event.time if at is None else at)


def _left(*queues: Counter[str]) -> Iterator[tuple[str, int]]:
    """What is in the queues and was never sent there."""
    for queue in queues:
        yield from ((name, count) for name, count in queue.items() if count > 0)


def as_rules_see(finding: Finding) -> Finding:
    """The finding in ASFF; the view of one of Security Hub V2."""
    return asff_view(dict(finding)) if is_ocsf(finding) else finding


def producer_of(finding: Finding) -> str:
    """The name of the product, and which hub has the finding if it is V2."""
    return f"{finding.get('ProductName')}{' in V2' if is_view(finding) else ''}"


def key_of(finding: Finding) -> Key:
    """(ProductArn, Id), or the `metadata.uid` of a view."""
    if is_view(finding):
        return HUB_V2, str(finding["Ocsf"].get("uid"))
    return str(finding.get("ProductArn")), str(finding.get("Id"))


def _take(copies: Counter[str], name: str) -> bool:
    if copies[name] <= 0:
        return False
    copies[name] -= 1
    return True
