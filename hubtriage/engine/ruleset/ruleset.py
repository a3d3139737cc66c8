"""The compiled rule set: read from `ruleset.json`, ready to match findings.

`hubtriage.authoring` writes `ruleset.json` and checks it before. It leaves out keys at their default.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from hubtriage.engine.fields import (
    LABEL_RANK,
    SEVERITY,
    SEVERITY_RANK,
    WORKFLOW,
    Finding,
    ParsedFinding,
)
from hubtriage.engine.index.rule_index import RuleIndex
from hubtriage.engine.ruleset.condition import Holds, condition
from hubtriage.engine.ruleset.delivery import Delivery, compile_deliveries
from hubtriage.engine.ruleset.hiding import is_hiding
from hubtriage.engine.ruleset.on_v2 import ConditionsOnV2
from hubtriage.engine.ruleset.owner import Accounts, owner_attribute
from hubtriage.engine.ruleset.policy import NO_POLICY, HousePolicy, compile_policy
from hubtriage.engine.ruleset.update import Proposals, compile_update
from hubtriage.engine.ruleset.windows import Window, ZoneTable, compile_windows
from hubtriage.engine.shared_values import SharedValues, put_in

FORMAT = 1
CONDITIONS: Final = ("match", "when")
DEFAULT_ORDER = 500
DEFAULT_CEILING: Final = "MEDIUM"

Mode = Literal["enforce", "observe", "hold"]
_MOMENT = 0.001  # seconds; the resolution of times in rule files


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule in force or yet to be; `starts` and `ends` (exclusive) are epoch seconds.

    A rule with windows in `during` is in force while one of them is open. `deliveries` says where its
    decisions are delivered.
    """

    id: str
    order: int
    mode: Mode
    terminal: bool
    override: bool
    ceiling: str
    starts: float | None
    ends: float | None
    matches: Holds
    proposals: Proposals
    source: Mapping[str, Any]
    during: tuple[Window, ...] = ()
    deliveries: tuple[Delivery, ...] = ()

    def in_force(self, now: float) -> bool:
        """Say whether the rule has started, has not ended, and has an open window if it has any."""
        if (self.starts is not None and now < self.starts) or (self.ends is not None and self.ends <= now):
            return False
        return not self.during or any(window.is_open(now) for window in self.during)

    def turns(self, after: float, until: float) -> Iterator[tuple[float, bool]]:
        """Yield each moment after one time and until another at which the rule comes into force, or ends.

        In order of time, each as (epoch seconds, whether the rule is in force from then on).
        """
        bounds = {at for at in (self.starts, self.ends) if at is not None and after < at <= until}
        for window in self.during:
            bounds.update(window.candidates(after, until))
        for moment in sorted(bounds):
            in_force = self.in_force(moment)
            if in_force != self.in_force(moment - _MOMENT):
                yield moment, in_force

    def is_above_ceiling(self, baseline: ParsedFinding) -> bool:
        """Say whether the rule would hide a finding that is too severe for it."""
        return is_above(self.ceiling, baseline) and self.hides(baseline)

    def hides(self, baseline: ParsedFinding) -> bool:
        """Say whether the rule would hide a finding that it applies to."""
        return bool(self.hiding_fields(baseline))

    def hiding_fields(self, baseline: ParsedFinding) -> frozenset[str]:
        """Return the fields by which the rule would hide a finding that it applies to."""
        return frozenset(
            proposal.field
            for proposal in self.proposals.of(baseline)
            if is_hiding(proposal.field, proposal.value, baseline)
        )


def is_above(ceiling: str, baseline: ParsedFinding) -> bool:
    """Say whether the finding is more severe than a ceiling."""
    label = gravest_severity(baseline)
    return label is not None and LABEL_RANK[label] > LABEL_RANK[ceiling]


def gravest_severity(baseline: ParsedFinding) -> str | None:
    """Return the higher of what the provider says now and what a person says; None where both are silent.

    Both count: a person who lowered a severity did not know what the provider says since.
    """
    said: str | None = baseline.value(SEVERITY)
    provided: str | None = baseline.provider_value(SEVERITY)[1]
    if said is None or provided is None or said == provided:
        return said or provided
    return said if LABEL_RANK[said] > LABEL_RANK[provided] else provided


@dataclass(frozen=True, slots=True)
class RuleError:
    """A rule that could not be evaluated on a finding."""

    rule: str
    message: str


@dataclass(frozen=True, slots=True)
class Ruleset:
    """All rules in the order of evaluation, with what a log line says about them.

    `may_hide` are those that set a status or a severity, or keep one; the highest ceiling first. `fields` are
    all that the rules set. `has_account_owners`: the owner of some rules depends on the finding's account.
    `policy` is what no rule does, whatever it says.
    """

    rules: tuple[Rule, ...]
    hash: str
    revision: str | None
    accounts: Accounts
    by_id: Mapping[str, Rule]
    may_hide: tuple[Rule, ...]
    index: RuleIndex
    on_v2: ConditionsOnV2
    fields: frozenset[str]
    is_emptied: bool = False
    has_account_owners: bool = False
    policy: HousePolicy = NO_POLICY

    def without_rules(self) -> "Ruleset":
        """Return the rule set without any rule: planning with it takes everything back."""
        return replace(
            self, rules=(), by_id={}, may_hide=(), index=_NO_RULES, on_v2=_NO_CONDITIONS, is_emptied=True
        )

    def highest_ceiling(self, now: float) -> str:
        """Return the highest ceiling of the rules in force that may hide a finding; else the default."""
        return next((rule.ceiling for rule in self.may_hide if rule.in_force(now)), DEFAULT_CEILING)

    def match_finding(
        self, baseline: ParsedFinding, now: float
    ) -> tuple[list[Rule], dict[str, RuleError], frozenset[str]]:
        """Return what `match` does, and the ids of rules that may match, which V2 does not show.

        Those are among the matching ones.
        """
        if baseline.is_v2:
            return self._match_on_v2(baseline.raw, now)
        return *self.match(baseline.raw, now), frozenset()

    def _match_on_v2(
        self, baseline: Finding, now: float
    ) -> tuple[list[Rule], dict[str, RuleError], frozenset[str]]:
        matching: list[Rule] = []
        errors: dict[str, RuleError] = {}
        undecided: list[str] = []
        for position, certain in self.on_v2.candidates(baseline, now):
            rule = self.rules[position]
            if not rule.in_force(now):
                continue
            try:
                holds = self.on_v2.holds(position, certain, baseline, now)
            except Exception as error:  # noqa: BLE001 - as in `match`
                errors[rule.id] = RuleError(rule.id, f"{type(error).__name__}: {error}")
                holds = True
            if holds is not False:
                matching.append(rule)
            if holds is None:
                undecided.append(rule.id)
        return matching, errors, frozenset(undecided)

    def match(self, baseline: Finding, now: float) -> tuple[list[Rule], dict[str, RuleError]]:
        """Return the rules in force that match, in order, and the errors of those that failed, by rule id.

        A failed rule is among the matching ones: an error never means "no match".
        """
        matching: list[Rule] = []
        errors: dict[str, RuleError] = {}
        for position, certain in self.index.candidates(baseline, now):
            rule = self.rules[position]
            if not rule.in_force(now):
                continue
            try:
                if certain or rule.matches(baseline, now):
                    matching.append(rule)
            except Exception as error:  # noqa: BLE001 - whatever a rule's failure is, it must stay the rule's own
                errors[rule.id] = RuleError(rule.id, f"{type(error).__name__}: {error}")
                matching.append(rule)
        return matching, errors


_NO_RULES = RuleIndex(())
_NO_CONDITIONS = ConditionsOnV2((), {})


def load_ruleset(document: Mapping[str, Any]) -> Ruleset:
    """Load the rule set of a `ruleset.json` document.

    Conditions are compiled when first evaluated, because most rules of a large set never are. Raises
    ValueError for a document of another format; a condition that the loader should have refused is an
    error here, or of its rule on every finding.
    """
    if document.get("format") != FORMAT:
        raise ValueError(
            f"ruleset.json has format {document.get('format')!r}, this version reads {FORMAT}: build it again"
        )
    accounts, zones = document.get("accounts") or {}, document.get("zones") or {}
    lists = {name: SharedValues(values, name) for name, values in (document.get("lists") or {}).items()}
    loaded = (_rule(_with_lists(raw, lists), accounts, zones) for raw in document["rules"])
    rules = tuple(sorted(loaded, key=lambda rule: (rule.order, rule.id)))
    return Ruleset(
        rules=rules,
        hash=document["hash"],
        revision=document.get("revision"),
        accounts=accounts,
        by_id={rule.id: rule for rule in rules},
        may_hide=_that_may_hide(rules),
        index=RuleIndex([rule.source for rule in rules], accounts),
        has_account_owners=any(owner_attribute(rule.source) is not None for rule in rules),
        fields=frozenset(name for rule in rules for name in rule.proposals.fields),
        on_v2=ConditionsOnV2([rule.source for rule in rules], accounts),
        policy=compile_policy([put_in(one, lists) for one in document.get("policy") or ()], accounts),
    )


def _that_may_hide(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """Return the rules that set a status or a severity, or keep one; the highest ceiling first."""
    acting = (rule for rule in rules if rule.mode != "observe")
    hiding = (rule for rule in acting if {WORKFLOW, SEVERITY} & set(rule.proposals.fields))
    return tuple(sorted(hiding, key=lambda rule: SEVERITY_RANK[rule.ceiling], reverse=True))


def _with_lists(raw: Mapping[str, Any], lists: Mapping[str, SharedValues]) -> Mapping[str, Any]:
    """Return a rule with the lists that its conditions name."""
    if "lists" not in raw:
        return raw
    return {**raw, **{name: put_in(raw[name], lists) for name in CONDITIONS if name in raw}}


def _rule(raw: Mapping[str, Any], accounts: Accounts, zones: Mapping[str, ZoneTable]) -> Rule:
    return Rule(
        id=raw["id"],
        order=raw.get("order", DEFAULT_ORDER),
        mode=raw.get("mode", "enforce"),
        terminal=raw.get("terminal", False),
        override=raw.get("override", False),
        ceiling=raw.get("ceiling", DEFAULT_CEILING),
        starts=raw.get("starts"),
        ends=raw.get("ends"),
        matches=_condition(raw, accounts),
        proposals=compile_update(raw["update"], raw, accounts),
        source=raw,
        during=compile_windows(raw.get("during", ()), zones),
        deliveries=compile_deliveries(raw),
    )


def _condition(raw: Mapping[str, Any], accounts: Accounts) -> Holds:
    """Return the test of the rule's condition; a rule has at least one of the two."""
    if not any(name in raw for name in CONDITIONS):
        raise ValueError(f"rule {raw['id']} has neither match nor when")
    return condition(raw, accounts)
