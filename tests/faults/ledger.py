"""Accounts for every event: what the service, the queues and the decision log say became of it.

Pure, and blind to what the function counted: an event that nobody can account for is lost.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Fate = Literal["updated", "unchanged", "refused", "dead letter", "waiting", "lost"]
FATES: tuple[Fate, ...] = ("updated", "unchanged", "refused", "dead letter", "waiting", "lost")
UNACCOUNTED = frozenset({"waiting", "lost"})

WANTED = "faults/"
AUTHOR = "hubtriage/faulty"


@dataclass(frozen=True, slots=True)
class Witnesses:
    """What was seen from outside.

    `events`: all that Security Hub put on the bus, copies included, and what was put into the queue past
    it. `stored`: findings by Id, as the service has them now. `waiting`, `dead`: the events still in the
    queue and those in the dead-letter queues. `refusals`: reasons in the decision log, by finding Id.
    `held`: the Ids of the findings on which triage holds something, as its own ledger says.
    """

    events: tuple[Mapping[str, Any], ...]
    stored: Mapping[str, Mapping[str, Any]]
    waiting: tuple[Mapping[str, Any], ...] = ()
    dead: tuple[Mapping[str, Any], ...] = ()
    refusals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    held: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Entry:
    """One event and its fate; `first`: it told of a finding that triage had not yet decided."""

    event: str
    finding: str | None
    first: bool
    fate: Fate
    reason: str = ""


def account(witnesses: Witnesses) -> list[Entry]:
    """The fate of every event, in order. Of two copies each has its own."""
    dead, waiting = _copies(witnesses.dead), _copies(witnesses.waiting)
    return [_entry(event, witnesses, dead, waiting) for event in witnesses.events]


def tally(entries: Iterable[Entry]) -> Counter[Fate]:
    """How many events have each fate."""
    return Counter(entry.fate for entry in entries)


def by_finding(entries: Iterable[Entry]) -> Mapping[str | None, list[Entry]]:
    """The entries of each finding."""
    found: dict[str | None, list[Entry]] = defaultdict(list)
    for entry in entries:
        found[entry.finding].append(entry)
    return found


def is_decided(finding: Mapping[str, Any]) -> bool:
    """Whether a finding holds the decision."""
    suppressed = finding.get("Workflow", {}).get("Status") == "SUPPRESSED"
    return suppressed and finding.get("Note", {}).get("UpdatedBy") == AUTHOR


def is_wanted(finding: Mapping[str, Any]) -> bool:
    """Whether a rule wants anything of a finding."""
    return str(finding.get("GeneratorId", "")).startswith(WANTED)


def _entry(
    event: Mapping[str, Any], witnesses: Witnesses, dead: Counter[str], waiting: Counter[str]
) -> Entry:
    name, shown = event["id"], _finding(event)
    finding_id = shown.get("Id")
    first = is_wanted(shown) and not is_decided(shown)
    if _take(dead, name):
        return Entry(name, finding_id, first, "dead letter")
    if _take(waiting, name):
        return Entry(name, finding_id, first, "waiting")
    stored = witnesses.stored.get(str(finding_id))
    if stored is None:
        return Entry(name, finding_id, first, "lost")
    fate = _fate_by_state(shown, stored, held=str(finding_id) in witnesses.held)
    reasons = witnesses.refusals.get(str(finding_id), ())
    if fate == "lost" and reasons:
        return Entry(name, finding_id, first, "refused", reasons[-1])
    return Entry(name, finding_id, first, fate)


def _fate_by_state(shown: Mapping[str, Any], stored: Mapping[str, Any], *, held: bool) -> Fate:
    """The fate of an event that the queue no longer has: what its finding looked like, and looks like.

    A decision that the ledger knows nothing of would count as a person's one day: it is lost.
    """
    if is_decided(stored):
        if not is_wanted(stored) or not held:
            return "lost"
        return "unchanged" if is_decided(shown) else "updated"
    return "lost" if is_wanted(stored) else "unchanged"


def _finding(event: Mapping[str, Any]) -> Mapping[str, Any]:
    findings = event.get("detail", {}).get("findings") or [{}]
    finding: Mapping[str, Any] = findings[0]
    return finding


def _copies(events: Iterable[Mapping[str, Any]]) -> Counter[str]:
    return Counter(str(event["id"]) for event in events)


def _take(copies: Counter[str], name: str) -> bool:
    if not copies[name]:
        return False
    copies[name] -= 1
    return True
