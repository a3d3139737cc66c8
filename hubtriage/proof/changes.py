"""What changes between two rule sets, on all possible findings: rule by rule, and in what is hidden.

All rules count as in force, whatever their dates and windows. A finding is taken as its provider sends it,
before triage or people changed it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, TypeAlias

from hubtriage.engine.fields import SEVERITIES, SEVERITY, WORKFLOW, ParsedFinding
from hubtriage.engine.index.conjunctions import Conjunction, Source, lists_on
from hubtriage.engine.index.dnf import conjunctions_of
from hubtriage.engine.index.value_sets import ValueSet
from hubtriage.engine.planning.fold import fold
from hubtriage.engine.ruleset.ruleset import Rule, Ruleset, is_hiding
from hubtriage.proof.abstraction import Asked
from hubtriage.proof.comparison import NONE, Finding, Proof, find
from hubtriage.proof.conditions import Conditions, applies, conditions_of
from hubtriage.proof.questions import Question

Edit = Literal["added", "removed", "edited"]
Relation = Literal["the same", "narrower", "wider", "other", "undecided"]

_LABEL = ("Severity", "Label")
_DESCRIPTIVE = frozenset(("description",))


@dataclass(frozen=True)
class RuleChange:
    """How the findings that a rule acts on have changed.

    `more` says whether it acts on a finding that it did not act on, `less` the reverse. `also` names the
    other keys that have changed.
    """

    rule: str
    edit: Edit
    more: Proof
    less: Proof
    also: tuple[str, ...] = ()

    @property
    def relation(self) -> Relation:
        """How the findings that the rule acts on now relate to those that it acted on."""
        verdicts = (self.more.verdict, self.less.verdict)
        if "undecided" in verdicts:
            return "undecided"
        relations: Mapping[tuple[str, str], Relation] = {
            ("none", "none"): "the same",
            ("some", "none"): "wider",
            ("none", "some"): "narrower",
        }
        return relations.get(verdicts, "other")


@dataclass(frozen=True)
class HiddenChange:
    """Whether the rules together hide a finding that they did not hide, and by which changed rule."""

    rule: str
    answer: Proof


class RulesetChanges:
    """Two rule sets side by side, at a time (epoch seconds) from which ages count."""

    def __init__(self, old: Ruleset, new: Ruleset, now: float) -> None:
        self.old = _Side(old, now)
        self.new = _Side(new, now)
        self._now = now

    @cached_property
    def rules(self) -> list[RuleChange]:
        """Each rule that was added, removed, or edited in what it does, in the order of evaluation."""
        changes = [self._change(rule) for rule in self.new.ruleset.rules]
        gone = [rule for rule in self.old.ruleset.rules if rule.id not in self.new.ruleset.by_id]
        removed = [RuleChange(rule.id, "removed", NONE, self._acts(self.old, rule)) for rule in gone]
        return [change for change in changes if change is not None] + removed

    def hidden(self) -> Iterator[HiddenChange]:
        """Yield, for each rule that could be why, whether the new rules hide what the old did not."""
        yield from self._hidden(self.old, self.new)

    def shown(self) -> Iterator[HiddenChange]:
        """Yield, for each rule that could be why, whether the old rules hid what the new do not."""
        yield from self._hidden(self.new, self.old)

    def _change(self, rule: Rule) -> RuleChange | None:
        before = self.old.ruleset.by_id.get(rule.id)
        if before is None:
            return RuleChange(rule.id, "added", self._acts(self.new, rule), NONE)
        accounts_differ = self.old.ruleset.accounts != self.new.ruleset.accounts and uses_accounts(rule)
        names = rule.source.keys() | before.source.keys()
        edited = {name for name in names if rule.source.get(name) != before.source.get(name)} - _DESCRIPTIVE
        if not edited and not accounts_differ:
            return None
        more = self._only(self.new, rule, self.old, before)
        less = self._only(self.old, before, self.new, rule)
        also = tuple(sorted(edited - {"match", "when", "lists", "ceiling"}))
        return RuleChange(rule.id, "edited", more, less, also)

    def _acts(self, side: _Side, rule: Rule) -> Proof:
        return find(
            [(lambda finding: side.acts(rule, finding), True)],
            [side.asked(rule)],
            lambda finding: side.acts_on(rule, finding),
            self._now,
        )

    def _only(self, side: _Side, rule: Rule, other_side: _Side, other: Rule) -> Proof:
        return find(
            [
                (lambda finding: side.acts(rule, finding), True),
                (lambda finding: other_side.acts(other, finding), False),
            ],
            [side.asked(rule), other_side.asked(other)],
            lambda finding: side.acts_on(rule, finding) and not other_side.acts_on(other, finding),
            self._now,
        )

    def _hidden(self, before: _Side, after: _Side) -> Iterator[HiddenChange]:
        changed = {change.rule for change in self.rules}
        hiding = (rule for rule in after.ruleset.rules if rule.mode == "enforce" and after.may_hide(rule))
        for rule in hiding:
            if rule.id in changed or self._meets_changed(rule, after, changed):
                yield HiddenChange(rule.id, self._hidden_by(rule, before, after))

    def _meets_changed(self, rule: Rule, side: _Side, changed: Collection[str]) -> bool:
        """Say whether a changed rule, as it was or as it is, decides about findings of an unchanged one."""
        return any(
            other.id in changed
            for each in (self.old, self.new)
            for other in each.meeting(rule, side, changed)
        )

    def _hidden_by(self, rule: Rule, before: _Side, after: _Side) -> Proof:
        """Say whether a finding that a rule hides was not hidden before."""
        earlier, now = before.meeting(rule, after), after.meeting(rule, after)
        return find(
            [
                (lambda finding: after.acts(rule, finding), True),
                (lambda finding: before.hides(earlier, finding), False),
                (lambda finding: after.hides(now, finding), True),
            ],
            [after.asked(rule), *map(before.asked, earlier), *map(after.asked, now)],
            lambda finding: after.hides_finding(finding) and not before.hides_finding(finding),
            self._now,
        )


def uses_accounts(rule: Rule) -> bool:
    """Say whether a rule's conditions may look at the account directory."""
    return "account" in repr(rule.source.get("when"))


_Texts: TypeAlias = Mapping[Source, frozenset[str]]


@dataclass(frozen=True)
class _Known:
    """A rule's conditions, the severities above its ceiling, and the texts that some fields have to have."""

    conditions: Conditions
    above: frozenset[str]
    texts: _Texts


def _known(rule: Rule, ruleset: Ruleset, now: float) -> _Known:
    above = frozenset(label for label in SEVERITIES if rule.is_above_ceiling(_with_severity(label)))
    return _Known(conditions_of(rule, ruleset.accounts, now), above, _texts(conjunctions_of(rule.source)))


def _texts(conjunctions: Sequence[Conjunction]) -> _Texts:
    """Return the fields that have one value, which must be one of some texts, each with these texts."""
    if not conjunctions:
        return {}
    shared = set.intersection(*(set(one.constraints) for one in conjunctions))
    return {
        source: frozenset().union(*(one.constraints[source].texts for one in conjunctions))
        for source in shared
        if isinstance(source, tuple) and not lists_on(source)
        if all(_is_listed(one.constraints[source]) for one in conjunctions)
    }


def _is_listed(values: ValueSet) -> bool:
    return bool(values.texts) and values == ValueSet(texts=values.texts)


def _are_apart(one: _Texts, other: _Texts) -> bool:
    return any(source in other and texts.isdisjoint(other[source]) for source, texts in one.items())


class _Side:
    """One of the rule sets, with what its rules ask of findings."""

    def __init__(self, ruleset: Ruleset, now: float) -> None:
        self.ruleset = ruleset
        self._now = now
        self._known: dict[str, _Known] = {}
        self._timeless = replace(
            ruleset, rules=tuple(replace(one, starts=None, ends=None, during=()) for one in ruleset.rules)
        )

    def known(self, rule: Rule) -> _Known:
        """Return what is known of a rule; it is found out once."""
        if rule.id not in self._known:
            self._known[rule.id] = _known(rule, self.ruleset, self._now)
        return self._known[rule.id]

    def asked(self, rule: Rule) -> Asked:
        """Return what has to be known of a finding to say whether a rule acts on it, and hides it."""
        asked = Asked()
        asked.take_in(self.known(rule).conditions.asked)
        asked.questions.append((_LABEL, Question(lambda _value: True)))
        return asked

    def acts(self, rule: Rule, finding: Finding) -> bool:
        """Say whether a rule's conditions hold on a finding known in part that is not above its ceiling."""
        known = self.known(rule)
        if not known.conditions.holds(finding):
            return False
        above = known.above
        return not above or finding["Severity"]["Label"] not in above

    def acts_on(self, rule: Rule, finding: Finding) -> bool:
        """Ask the engine whether a rule acts on a complete finding."""
        return applies(rule, finding, self._now) and not rule.is_above_ceiling(ParsedFinding(finding))

    def may_hide(self, rule: Rule) -> bool:
        """Say whether a rule would hide a finding of any severity."""
        return any(rule.hides(_with_severity(label)) for label in SEVERITIES)

    def meeting(self, other: Rule, side: _Side, among: Collection[str] | None = None) -> Sequence[Rule]:
        """Return the rules, or those of some, that may decide whether another rule's findings are hidden."""
        deciding = [
            rule
            for rule in self.ruleset.rules
            if among is None or rule.id in among
            if rule.mode != "observe" and (rule.terminal or {WORKFLOW, SEVERITY} & set(rule.proposals.fields))
        ]
        return [rule for rule in deciding if rule is other or self._may_meet(rule, other, side)]

    def _may_meet(self, rule: Rule, other: Rule, side: _Side) -> bool:
        if _are_apart(self.known(rule).texts, side.known(other).texts):
            return False
        found = find(
            [
                (lambda finding: side.acts(other, finding), True),
                (lambda finding: self.acts(rule, finding), True),
            ],
            [side.asked(other), self.asked(rule)],
            lambda _finding: True,
            self._now,
        )
        return found.verdict != "none"

    def hides(self, rules: Sequence[Rule], finding: Finding) -> bool:
        """Say whether rules, in their order, hide a finding known in part, as the engine folds them."""
        wanted: dict[str, Any] = {}
        for rule in rules:
            if not self.acts(rule, finding):
                continue
            if rule.mode == "enforce":
                base = _with_severity(finding["Severity"]["Label"])
                wanted |= {proposal.field: proposal.value for proposal in rule.proposals.of(base)}
            if rule.terminal:
                break
        return bool(wanted) and any(
            is_hiding(name, value, _with_severity(finding["Severity"]["Label"]))
            for name, value in wanted.items()
        )

    def hides_finding(self, finding: Finding) -> bool:
        """Ask the engine whether the rules hide a complete finding."""
        base = ParsedFinding(finding)
        folded = fold(self._timeless, base, {}, self._now)
        return any(is_hiding(name, found[1].value, base) for name, found in folded.proposals.items())


def _with_severity(label: str) -> ParsedFinding:
    severity = {"Label": label}
    return ParsedFinding({"Severity": severity, "FindingProviderFields": {"Severity": severity}})
