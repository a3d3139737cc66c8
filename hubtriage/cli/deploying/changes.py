"""What a deployment changes in the rules, and how many findings these rules hold. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from hubtriage.aws.sweep.occasions.changes import SweptRule, swept_rules
from hubtriage.aws.sweep.occasions.guard import hides_by
from hubtriage.engine.planning.entry import Entry
from hubtriage.engine.planning.plan import Settings
from hubtriage.engine.ruleset.delivery import Delivery
from hubtriage.engine.ruleset.ruleset import load_ruleset

Kind = Literal["ended", "changed", "added"]
KINDS: Final[tuple[Kind, ...]] = ("ended", "changed", "added")
"""In the order in which they are shown: what reopens findings comes first."""


@dataclass(frozen=True, slots=True)
class ChangedRule:
    """One rule that a deployment ends, changes or adds, with the findings that it holds now."""

    rule: str
    kind: Kind
    held: int = 0
    hidden: int = 0

    def as_record(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        return {"rule": self.rule, "change": self.kind, "held": self.held, "hidden": self.hidden}


@dataclass(slots=True)
class Holdings:
    """Findings by the rule that holds them: all, and those that it hides; without `damaged` entries."""

    held: Counter[str] = field(default_factory=Counter)
    hidden: Counter[str] = field(default_factory=Counter)
    damaged: int = 0

    def count(self, entries: Iterable[Entry], rules: Collection[str]) -> None:
        """Count some entries for these rules."""
        for entry in entries:
            for rule in set(entry.rules).intersection(rules):
                self.held[rule] += 1
                self.hidden[rule] += hides_by(entry, {rule})


def changed_rules(deployed: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Kind]:
    """Return which rules differ between two compiled rule sets. Raises ValueError for an unknown format.

    A rule counts as changed if it decides otherwise, also by a list or an account that it uses, or at other
    times, or if it delivers otherwise.
    """
    before, after = _rules(deployed), _rules(new)
    found: dict[str, Kind] = dict.fromkeys(sorted(before.keys() - after.keys()), "ended")
    found |= {name: "changed" for name in sorted(before.keys() & after.keys()) if before[name] != after[name]}
    return found | dict.fromkeys(sorted(after.keys() - before.keys()), "added")


def _rules(document: Mapping[str, Any]) -> dict[str, tuple[SweptRule, tuple[Delivery, ...]]]:
    ruleset = load_ruleset(document)
    swept = swept_rules(ruleset, Settings())
    return {name: (rule, ruleset.by_id[name].deliveries) for name, rule in swept.items()}


def with_holdings(kinds: Mapping[str, Kind], holdings: Holdings) -> tuple[ChangedRule, ...]:
    """Return the changes with what each rule holds: ended ones first, of these the one that hides most."""
    found = [
        ChangedRule(name, kind, holdings.held[name], holdings.hidden[name]) for name, kind in kinds.items()
    ]
    return tuple(sorted(found, key=lambda one: (KINDS.index(one.kind), -one.hidden, -one.held, one.rule)))
