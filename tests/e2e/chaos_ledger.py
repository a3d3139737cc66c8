"""Accounts for every event of a chaotic run, by what the service and the queues have.

Pure, and blind to what the function counted. Whether a finding is as it should be is the engine's word on the
finding as the service has it now: an event whose finding some stack would still change is lost, unless the
finding was refused, for a reason that somebody can read.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fault_ledger import FATES, UNACCOUNTED, Fate

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
class Event:
    """One event, as it was put on the bus or into the queue: its name, its finding if any, its time."""

    name: str
    finding: Finding | None
    time: float = 0.0

    @property
    def key(self) -> Key | None:
        """(ProductArn, Id) of the finding."""
        return None if self.finding is None else key_of(self.finding)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen from outside.

    `waiting`, `dead`: copies of events by name in the queues of the functions and in dead-letter queues.
    `open`: every finding that there is, and whether a stack would still change it. `unswept`: those of them
    that no sweep looks at, as they are archived and no stack holds them, and since when the rules are in
    force that want them: only an event after that could tell. `written`: how often functions updated each.
    `refusals`: reasons in the decision logs.
    """

    open: Mapping[Key, bool]
    unswept: Mapping[Key, float] = field(default_factory=dict)
    written: Mapping[Key, int] = field(default_factory=dict)
    waiting: Counter[str] = field(default_factory=Counter)
    dead: Counter[str] = field(default_factory=Counter)
    refusals: Mapping[Key, tuple[str, ...]] = field(default_factory=dict)


@dataclass(slots=True)
class Balance:
    """All events by producer and fate, and what is wrong."""

    fates: dict[str, Counter[Fate]] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    events: int = 0

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


def account(events: Iterable[Event], evidence: Evidence, wanted: Wanted) -> Balance:
    """The fate of every event. Of two copies of an event each has its own."""
    balance = Balance()
    dead, waiting = Counter(evidence.dead), Counter(evidence.waiting)
    for event in events:
        fate, reason = _fate(event, evidence, dead, waiting, wanted)
        balance.events += 1
        producer = UNUSABLE if event.finding is None else str(event.finding.get("ProductName"))
        balance.fates.setdefault(producer, Counter())[fate] += 1
        if reason:
            balance.reasons[reason] += 1
        if fate in UNACCOUNTED and len(balance.problems) < MOST_TOLD:
            balance.problems.append(f"the event {event.name[:80]} of {event.key} is {fate}")
    if dead[SWEEP]:
        balance.fates[SWEEP] = Counter({"dead letter": dead.pop(SWEEP)})
    for name, count in _left(dead, waiting):
        balance.problems.append(f"{count} more of {name[:80]} in a queue than there were events")
    return balance


def _left(*queues: Counter[str]) -> Iterator[tuple[str, int]]:
    """What is in the queues and was never sent there."""
    for queue in queues:
        yield from ((name, count) for name, count in queue.items() if count > 0)


def _fate(
    event: Event, evidence: Evidence, dead: Counter[str], waiting: Counter[str], wanted: Wanted
) -> tuple[Fate, str]:
    if _take(dead, event.name):
        return "dead letter", ""
    if _take(waiting, event.name):
        return "waiting", ""
    if event.finding is None or event.key not in evidence.open:
        return "lost", ""
    key = key_of(event.finding)
    if not evidence.open[key]:
        return (
            "updated" if evidence.written.get(key) and wanted(event.finding, event.time) else "unchanged"
        ), ""
    if event.time <= evidence.unswept.get(key, -1.0):
        return "unchanged", ""
    reasons = evidence.refusals.get(key)
    return ("refused", reasons[-1]) if reasons else ("lost", "")


def key_of(finding: Finding) -> Key:
    """(ProductArn, Id)."""
    return str(finding.get("ProductArn")), str(finding.get("Id"))


def _take(copies: Counter[str], name: str) -> bool:
    if copies[name] <= 0:
        return False
    copies[name] -= 1
    return True
