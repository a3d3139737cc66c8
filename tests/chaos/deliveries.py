"""Accounts for decisions that leave the system, by the bus, the ledger, the decision log, and Jira.

The witnesses are a queue of its own on the bus, and the tickets as Jira holds them. What the functions
counted, and what their table says, does not matter here.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hubtriage.engine.planning.entry import Entry
from tests.chaos.ledger import Key

MOST_TOLD = 20
"""Problems of one kind that are told one by one."""
CLOSED_BECAUSE = "No finding of this ticket is open any more"
Place = tuple[str, str, str]
"""A queue, a rule, and what the findings of a ticket have in common."""


@dataclass(frozen=True, slots=True)
class Announced:
    """A decision as it was put on the bus: of which finding, and the whole event."""

    key: Key
    detail: Mapping[str, Any]

    @property
    def sequence(self) -> int:
        """Its place among the events of its finding."""
        return int(self.detail["sequence"])

    def tickets(self) -> Iterator[tuple[Place, bool]]:
        """Which tickets it is for, and whether the finding is open there."""
        for each in self.detail["deliver"]:
            if each["as"] == "ticket":
                yield (each["to"], each["rule"], each["group"]), each["state"] == "open"


@dataclass(frozen=True, slots=True)
class DeliveryEvidence:
    """What was seen from outside, when all is at rest.

    `announced`: the events of decisions as they arrived; `logged`: (finding, sequence) of the lines of the
    decision log whose event was due; `entries`: the ledger; `issues`: those of Jira, deleted ones too;
    `waiting`: messages that no channel or queue has taken, or has given up.
    """

    announced: Sequence[Announced]
    logged: frozenset[tuple[Key, int]]
    entries: Mapping[Key, Entry]
    issues: Sequence[Mapping[str, Any]]
    waiting: Mapping[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class DeliveryBalance:
    """What there was, and what is wrong."""

    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def blame(self, problems: Iterable[str]) -> None:
        """Tell of problems of one kind, as long as they are few."""
        told = list(problems)
        self.problems += told[:MOST_TOLD]
        if len(told) > MOST_TOLD:
            self.problems.append(f"… and {len(told) - MOST_TOLD} more like that")

    def as_record(self) -> dict[str, Any]:
        """JSON-ready."""
        return {**dict(self.counts), "problems": self.problems}


def account_for(evidence: DeliveryEvidence) -> DeliveryBalance:
    """Hold the witnesses against each other."""
    balance = DeliveryBalance()
    balance.blame(_unannounced(evidence))
    balance.blame(_before_the_fact(evidence))
    balance.blame(_told_differently(evidence))
    wanted = _wanted(evidence.announced)
    balance.blame(_not_as_reported(evidence, wanted))
    balance.blame(_tickets(evidence, wanted))
    balance.blame(f"{count} messages in {name}" for name, count in evidence.waiting.items() if count)
    states = Counter(issue["category"] for issue in evidence.issues if not issue["deleted"])
    balance.counts.update(
        {
            "events": len(evidence.announced),
            "decisions announced": len({(each.key, each.sequence) for each in evidence.announced}),
            "decisions logged": len(evidence.logged),
            "groups": len(wanted),
            "tickets": len(evidence.issues),
            "tickets open": sum(states.values()) - states["done"],
            "tickets closed": states["done"],
            **{
                f"tickets of {rule}": count
                for rule, count in sorted(Counter(rule for _queue, rule, _group in wanted).items())
            },
            "comments": sum(len(issue["comments"]) for issue in evidence.issues),
        }
    )
    return balance


def _unannounced(evidence: DeliveryEvidence) -> Iterator[str]:
    """Decisions that were made, as the log or the ledger says, and of which the bus never had word."""
    known = {(each.key, each.sequence) for each in evidence.announced}
    for key, sequence in sorted(evidence.logged - known):
        yield f"the decision {sequence} on {key} is in the log and was never put on the bus"
    for key, entry in evidence.entries.items():
        if entry.news:
            yield f"the ledger still has news of {key}: {[news.kind for news in entry.news]}"
        elif entry.told and (key, entry.told) not in known:
            yield f"the ledger says that {entry.told} of {key} was told, and it was never put on the bus"


def _before_the_fact(evidence: DeliveryEvidence) -> Iterator[str]:
    """Events of decisions that the ledger does not have: an update that was never confirmed."""
    for each in evidence.announced:
        entry = evidence.entries.get(each.key)
        if each.detail["kind"] != "refused" and entry is not None and each.sequence > entry.told:
            yield f"the event {each.sequence} of {each.key} is ahead of the ledger, which is at {entry.told}"


def _told_differently(evidence: DeliveryEvidence) -> Iterator[str]:
    """Events of one id that say different things, or one decision under two ids."""
    by_id: dict[str, tuple[Key, int, str]] = {}
    ids: dict[tuple[Key, int, str], set[str]] = defaultdict(set)
    for each in evidence.announced:
        what = (each.key, each.sequence, str(each.detail["kind"]))
        ids[what].add(each.detail["id"])
        if by_id.setdefault(each.detail["id"], what) != what:
            yield f"the id {each.detail['id']} is that of two decisions: {by_id[each.detail['id']]}, {what}"
    yield from (f"{what} was told under {len(found)} ids" for what, found in ids.items() if len(found) > 1)


def _wanted(announced: Sequence[Announced]) -> dict[Place, set[Key]]:
    """The findings that each ticket is about, by the last event that speaks of them; none: it is over."""
    last: dict[tuple[Place, Key], tuple[int, bool]] = {}
    for each in announced:
        for place, is_open in each.tickets():
            if each.sequence >= last.get((place, each.key), (-1, False))[0]:
                last[place, each.key] = (each.sequence, is_open)
    wanted: dict[Place, set[Key]] = {}
    for (place, key), (_sequence, is_open) in last.items():
        found = wanted.setdefault(place, set())
        if is_open:
            found.add(key)
    return wanted


def _not_as_reported(evidence: DeliveryEvidence, wanted: Mapping[Place, set[Key]]) -> Iterator[str]:
    """Findings that the ledger has in a ticket where the events do not, or the other way round."""
    by_ledger: dict[Place, set[Key]] = defaultdict(set)
    for key, entry in evidence.entries.items():
        for rule, ticket in entry.reported.items():
            if ticket.is_open:
                by_ledger[ticket.to, rule, ticket.group].add(key)
    for place in sorted(by_ledger.keys() | wanted.keys()):
        if missing := by_ledger.get(place, set()) - wanted.get(place, set()):
            yield f"{place}: {len(missing)} findings by the ledger, by no event: {min(missing)}"
        if left := wanted.get(place, set()) - by_ledger.get(place, set()):
            yield f"{place}: {len(left)} findings by their events, not by the ledger: {min(left)}"


def _tickets(evidence: DeliveryEvidence, wanted: Mapping[Place, set[Key]]) -> Iterator[str]:
    """Tickets that are there twice, not at all, in the wrong state, or that say a wrong number."""
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for issue in evidence.issues:
        found[about(issue)].append(issue)
    for (_queue, rule, group), keys in sorted(wanted.items()):
        issues = found.pop((rule, group), [])
        if len(issues) > 1:
            yield f"{rule}, {group}: {len(issues)} tickets: {[issue['key'] for issue in issues]}"
        elif issues:
            yield from _flaws(issues[0], len(keys))
        elif keys:
            yield f"{rule}, {group}: no ticket, and {len(keys)} findings"
    yield from (f"a ticket for nothing: {place}" for place in found)


def _flaws(issue: Mapping[str, Any], count: int) -> Iterator[str]:
    name, is_closed = f"{issue['key']} {about(issue)}", issue["category"] == "done"
    if is_closed and count:
        yield f"{name} is closed, and {count} findings are open: {issue['history'][-5:]}"
    if is_closed and not any(CLOSED_BECAUSE in comment["shown"] for comment in issue["comments"]):
        yield f"{name} is closed, and no comment says why"
    if not is_closed and not count:
        yield f"{name} is open, and no finding is"
    shown = re.search(r"([\d,]+) findings? (?:is|are) open", issue["shown"])
    said = int(shown[1].replace(",", "")) if shown else 0
    if said != count:
        yield f"{name} says that {said} findings are open, and {count} are"


def about(issue: Mapping[str, Any]) -> tuple[str, str]:
    """The rule and the group of a ticket, as its text says."""
    rule = re.search(r"^Rule: ([\w-]+)\.", issue["shown"], re.MULTILINE)
    group = re.search(r"\((?:account|control|rule|resource) ([^()]+)\)$", issue["summary"])
    return (rule[1] if rule else "?", group[1] if group else "?")
