"""What changes between two rule sets, on all possible findings: rule by rule, and in what is hidden.

All rules count as in force, whatever their dates and windows. A finding is taken as its provider sends it,
before triage or people changed it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

from hubtriage.engine.fields import SEVERITY, WORKFLOW, ParsedFinding
from hubtriage.engine.planning.baseline import baseline
from hubtriage.engine.planning.fold import fold
from hubtriage.engine.ruleset.ruleset import Rule, Ruleset, is_hiding
from hubtriage.proof.comparison import NONE, Finding, Proof, find
from hubtriage.proof.rules import ProvenRule, severity_of, whole_second, with_severity

Edit = Literal["added", "removed", "edited"]
Relation = Literal["the same", "narrower", "wider", "other", "undecided"]

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
        now = whole_second(now)
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
        then, now = self.old.known(before), self.new.known(rule)
        more, less = self._only(now, then), self._only(then, now)
        also = tuple(sorted(edited - {"match", "when", "lists", "ceiling"}))
        return RuleChange(rule.id, "edited", more, less, also)

    def _acts(self, side: _Side, rule: Rule) -> Proof:
        known = side.known(rule)
        return find([(known.acts, True)], [known.asked], known.acts_on, self._now)

    def _only(self, one: ProvenRule, other: ProvenRule) -> Proof:
        return find(
            [(one.acts, True), (other.acts, False)],
            [one.asked, other.asked],
            lambda finding: one.acts_on(finding) and not other.acts_on(finding),
            self._now,
        )

    def _hidden(self, before: _Side, after: _Side) -> Iterator[HiddenChange]:
        changed = {change.rule for change in self.rules}
        for rule in after.ruleset.rules:
            known = after.known(rule)
            if rule.mode != "enforce" or not known.may_hide:
                continue
            if rule.id in changed or self._meets_changed(known, changed):
                yield HiddenChange(rule.id, self._hidden_by(known, before, after))

    def _meets_changed(self, known: ProvenRule, changed: Collection[str]) -> bool:
        """Say whether a changed rule, as it was or as it is, decides about findings of an unchanged one."""
        return any(each.meeting(known, changed) for each in (self.old, self.new))

    def _hidden_by(self, known: ProvenRule, before: _Side, after: _Side) -> Proof:
        """Say whether a finding that a rule hides was not hidden before."""
        earlier, now = before.meeting(known), after.meeting(known)
        return find(
            [
                (known.acts, True),
                (lambda finding: _hide(earlier, finding), False),
                (lambda finding: _hide(now, finding), True),
            ],
            [known.asked, *(one.asked for one in (*earlier, *now))],
            lambda finding: after.hides_finding(finding) and not before.hides_finding(finding),
            self._now,
        )


def uses_accounts(rule: Rule) -> bool:
    """Say whether a rule's conditions may look at the account directory."""
    return "account" in repr(rule.source.get("when"))


class _Side:
    """One of the rule sets, with its rules as proofs see them."""

    def __init__(self, ruleset: Ruleset, now: float) -> None:
        self.ruleset = ruleset
        self._now = now
        self._known: dict[str, ProvenRule] = {}
        self._timeless = replace(
            ruleset, rules=tuple(replace(one, starts=None, ends=None, during=()) for one in ruleset.rules)
        )

    def known(self, rule: Rule) -> ProvenRule:
        """Return a rule as proofs see it, the same one each time."""
        if rule.id not in self._known:
            self._known[rule.id] = ProvenRule(rule, self.ruleset.accounts, self._now)
        return self._known[rule.id]

    def meeting(self, other: ProvenRule, among: Collection[str] | None = None) -> Sequence[ProvenRule]:
        """Return the rules, or those of some, that may decide whether another rule's findings are hidden."""
        deciding = [
            self.known(rule)
            for rule in self.ruleset.rules
            if among is None or rule.id in among
            if rule.mode != "observe" and (rule.terminal or {WORKFLOW, SEVERITY} & set(rule.proposals.fields))
        ]
        return [known for known in deciding if known is other or self._may_meet(known, other)]

    def _may_meet(self, one: ProvenRule, other: ProvenRule) -> bool:
        if one.is_apart_from(other):
            return False
        conditions = [(other.acts, True), (one.acts, True)]
        return find(conditions, [other.asked, one.asked], lambda _finding: True, self._now).verdict != "none"

    def hides_finding(self, finding: Finding) -> bool:
        """Ask the engine whether the rules hide a complete finding."""
        base = baseline(ParsedFinding(finding), {})
        folded = fold(self._timeless, base, {}, self._now)
        return any(is_hiding(name, found[1].value, base) for name, found in folded.proposals.items())


def _hide(rules: Sequence[ProvenRule], finding: Finding) -> bool:
    """Say whether rules, in their order, hide a finding known in part, as the engine folds them."""
    wanted: dict[str, Any] = {}
    for known in rules:
        if not known.acts(finding):
            continue
        if known.rule.mode == "enforce":
            base = with_severity(*severity_of(finding))
            wanted |= {proposal.field: proposal.value for proposal in known.rule.proposals.of(base)}
        if known.rule.terminal:
            break
    if not wanted:
        return False
    base = with_severity(*severity_of(finding))
    return any(is_hiding(name, value, base) for name, value in wanted.items())
