"""What hides each finding, counted: a rule, the service, or people and other tools.

Every hidden finding is in exactly one of these groups, so that the counts add up to all hidden findings.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from hubtriage.aws.securityhub.api import V2, Key, hub_of, key_of
from hubtriage.engine.fields import SEVERITY, WORKFLOW, Finding, ParsedFinding, has_passed
from hubtriage.engine.planning.entry import Entry, stored
from hubtriage.engine.planning.plan import Settings, reason
from hubtriage.engine.ruleset.hiding import is_hiding
from hubtriage.engine.ruleset.ruleset import Ruleset, gravest_severity
from hubtriage.simulation.exceptions.hidden_signals import Cause, HiddenSignals
from hubtriage.simulation.exported import ExportedFinding

Group = Literal["rules", "service", "others", "not known"]
"""`others`: people and other tools. `not known`: the input does not say what the ledger knows."""

MOST_EXAMPLES = 20
_HIDING_FIELDS = (WORKFLOW, SEVERITY)


@dataclass
class RuleHoldings:
    """What a rule holds: findings that it hides by severity, account, product and hub.

    `overruled` counts findings on which people overruled it, `waiting` those that are above its ceiling.
    """

    findings: int = 0
    severities: Counter[str] = field(default_factory=Counter)
    accounts: Counter[str] = field(default_factory=Counter)
    products: Counter[str] = field(default_factory=Counter)
    hubs: Counter[str] = field(default_factory=Counter)
    overruled: int = 0
    waiting: int = 0


@dataclass
class HiddenFindings:
    """All findings, counted. `others` are findings that people or other tools hide, at most `most_others`.

    `keys` name them, in the same order.
    `by_whom` says who hides them, as the register has it; None if no one was asked. `read_in` and `groups_in`
    are counts of each hub.
    """

    most_others: int = MOST_EXAMPLES
    read: int = 0
    groups: Counter[Group] = field(default_factory=Counter)
    rules: defaultdict[str, RuleHoldings] = field(default_factory=lambda: defaultdict(RuleHoldings))
    others: list[Mapping[str, Any]] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    undecidable: int = 0
    by_whom: Mapping[str, Any] | None = None
    read_in: Counter[str] = field(default_factory=Counter)
    groups_in: defaultdict[str, Counter[Group]] = field(default_factory=lambda: defaultdict(Counter))
    signals: HiddenSignals = field(default_factory=lambda: HiddenSignals(MOST_EXAMPLES))

    @property
    def hidden(self) -> int:
        """How many findings are hidden."""
        return sum(self.groups.values())

    @property
    def has_v2(self) -> bool:
        """Whether findings of Security Hub V2 were read."""
        return self.read_in[V2] > 0

    def add(self, item: ExportedFinding, ruleset: Ruleset, now: float, settings: Settings) -> None:
        """Count a finding with its entry, as it is at a time (epoch seconds)."""
        self.read += 1
        finding = item.finding
        key = key_of(finding)
        hub = hub_of(key)
        self.read_in[hub] += 1
        if finding.get("RecordState") == "ARCHIVED":
            return
        self.undecidable += item.undecidable is not None
        self._waiting(item, ruleset, now, settings)
        parsed = ParsedFinding(finding)
        causes = dict(_causes(parsed, None if item.entry is None else item.known))
        for name in {cause for cause in causes.values() if cause.startswith(_RULE)}:
            _count(self.rules[name.removeprefix(_RULE)], finding, parsed, hub)
        self.signals.add(
            finding, frozenset(Cause(name, parsed.value(name), cause) for name, cause in causes.items())
        )
        if not causes:
            return
        group = _group(causes.values())
        self.groups[group] += 1
        self.groups_in[hub][group] += 1
        if group == "others" and len(self.others) < self.most_others:
            self.others.append(_example(finding, parsed, causes))
            self.keys.append(key)

    def _waiting(self, item: ExportedFinding, ruleset: Ruleset, now: float, settings: Settings) -> None:
        known = reason(item.finding, item.known, ruleset, now, settings)
        for name in known.fold.above_ceiling:
            self.rules[name].waiting += 1
        people = {claim.rule for claim in item.known.claims.values() if claim.person and claim.rule}
        for rule in people:
            self.rules[rule].overruled += 1


_RULE = "rule "


def by_rule(name: str) -> str:
    """Return the cause that stands for a rule."""
    return f"{_RULE}{name}"


def _causes(parsed: ParsedFinding, entry: Entry | None) -> Iterator[tuple[str, str]]:
    """Yield each field that hides a finding, with what it was set by."""
    for name in _HIDING_FIELDS:
        value = parsed.value(name)
        if not is_hiding(name, value, parsed):
            continue
        claim = entry.claims.get(name) if entry is not None else None
        if claim is not None and not claim.person and claim.value == stored(value):
            yield name, by_rule(claim.rule or "")
        elif name == WORKFLOW and value == "RESOLVED" and has_passed(parsed.raw):
            yield name, "service"
        else:
            yield name, "others" if entry is not None else "not known"


def _group(causes: Any) -> Group:
    """Return the group of a finding that several fields may hide; what rules do not account for is first."""
    found = set(causes)
    if "not known" in found:
        return "not known"
    if "others" in found:
        return "others"
    return "rules" if any(cause.startswith(_RULE) for cause in found) else "service"


def _count(held: RuleHoldings, finding: Finding, parsed: ParsedFinding, hub: str) -> None:
    held.findings += 1
    held.hubs[hub] += 1
    held.severities[gravest_severity(parsed) or "none"] += 1
    held.accounts[str(finding.get("AwsAccountId", "none"))] += 1
    held.products[str(finding.get("ProductName") or finding.get("ProductArn", "none"))] += 1


def _example(finding: Finding, parsed: ParsedFinding, causes: Mapping[str, str]) -> Mapping[str, Any]:
    return {
        "id": finding.get("Id"),
        "product_arn": finding.get("ProductArn"),
        "account": finding.get("AwsAccountId"),
        "severity": gravest_severity(parsed),
        "hidden_by": {name: parsed.value(name) for name, cause in causes.items() if cause == "others"},
    }
