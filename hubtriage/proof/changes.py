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
from hubtriage.engine.ruleset.delivery import Delivery
from hubtriage.engine.ruleset.hiding import is_hiding
from hubtriage.engine.ruleset.policy import NO_POLICY
from hubtriage.engine.ruleset.ruleset import Rule, Ruleset
from hubtriage.proof.comparison import NONE, Finding, Proof, find
from hubtriage.proof.rules import ProvenRule, severity_of, whole_second, with_severity

Edit = Literal["added", "removed", "edited"]
Relation = Literal["the same", "narrower", "wider", "other", "undecided"]

_DESCRIPTIVE = frozenset(("description",))


@dataclass(frozen=True)
class RuleChange:
    """How the findings that a rule acts on have changed.

    `more` says whether it acts on a finding that it did not act on, `less` the reverse. `also` names the
    other keys that have changed. `delivered` are the deliveries that it asked for, `delivers` those now.
    """

    rule: str
    edit: Edit
    more: Proof
    less: Proof
    also: tuple[str, ...] = ()
    delivered: tuple[Delivery, ...] = ()
    delivers: tuple[Delivery, ...] = ()

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
        removed = [
            RuleChange(rule.id, "removed", NONE, self._acts(self.old, rule), delivered=rule.deliveries)
            for rule in gone
        ]
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
            return RuleChange(rule.id, "added", self._acts(self.new, rule), NONE, delivers=rule.deliveries)
        accounts_differ = self.old.ruleset.accounts != self.new.ruleset.accounts and uses_accounts(rule)
        names = rule.source.keys() | before.source.keys()
        edited = {name for name in names if rule.source.get(name) != before.source.get(name)} - _DESCRIPTIVE
        if not edited and not accounts_differ:
            return None
        then, now = self.old.known(before), self.new.known(rule)
        more, less = self._only(now, then), self._only(then, now)
        also = tuple(sorted(edited - {"match", "when", "lists", "ceiling"}))
        return RuleChange(rule.id, "edited", more, less, also, before.deliveries, rule.deliveries)

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
            if rule.mode != "enforce" or not known.hides_at:
                continue
            # an unchanged rule hides other findings only where another one had undone what it does
            if rule.id in changed or (before.undoing(known) and self._meets_changed(known, changed)):
                yield HiddenChange(rule.id, self._hidden_by(known, before, after))

    def _meets_changed(self, known: ProvenRule, changed: Collection[str]) -> bool:
        """Say whether a changed rule, as it was or as it is, decides about findings of an unchanged one."""
        return any(each.meeting(known, changed) for each in (self.old, self.new))

    def _hidden_by(self, known: ProvenRule, before: _Side, after: _Side) -> Proof:
        """Say whether a finding that a rule hides, and no rule undoes, was not hidden before.

        What other rules do is looked at once a finding shows that it matters. Until then the search goes
        through more findings than needed: further rules can only hide a finding before, or undo it now. So
        those that undo what hid it before are there from the start.
        """
        rule = known.rule.id
        earlier = {rule} & before.ruleset.by_id.keys() | {one.rule.id for one in before.undoing(known)}
        now = {rule}
        for _round in range(MOST_ROUNDS):
            try:
                return self._hidden_as_far_as(known, before.some(earlier), after.some(now), before, after)
            except _Learnt as learnt:
                earlier |= learnt.before
                now |= learnt.after
        return Proof("undecided", reasons=("too many rules decide about the same findings",))

    def _hidden_as_far_as(
        self,
        known: ProvenRule,
        earlier: Sequence[ProvenRule],
        now: Sequence[ProvenRule],
        before: _Side,
        after: _Side,
    ) -> Proof:
        def confirm(finding: Finding) -> bool:
            hides_now, hid_before = after.hides_finding(finding), before.hides_finding(finding)
            if hides_now and not hid_before:
                return True
            learnt = _Learnt(
                before.acting_on(finding).difference(one.rule.id for one in earlier) if hid_before else set(),
                set() if hides_now else after.acting_on(finding).difference(one.rule.id for one in now),
            )
            if learnt.before or learnt.after:
                raise learnt
            return False

        return find(
            [
                (known.acts, True),
                (lambda finding: severity_of(finding) in known.hides_at, True),
                (lambda finding: _hide(now, finding, by=known), True),
                (lambda finding: _hide(earlier, finding), False),
            ],
            [known.asked, *(one.asked for one in (*earlier, *now))],
            confirm,
            self._now,
        )


MOST_ROUNDS = 60
"""So often a search begins again with more rules."""


class _Learnt(Exception):  # noqa: N818 - it ends a search, and is no error
    """Further rules decide about a finding: ids of those before and of those now."""

    def __init__(self, before: set[str], after: set[str]) -> None:
        super().__init__()
        self.before = before
        self.after = after


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
            ruleset,
            rules=tuple(replace(one, starts=None, ends=None, during=()) for one in ruleset.rules),
            policy=NO_POLICY,  # what is proved is what the rules do by themselves
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

    def some(self, ids: Collection[str]) -> Sequence[ProvenRule]:
        """Return some rules, in the order of evaluation."""
        return [self.known(rule) for rule in self.ruleset.rules if rule.id in ids]

    def undoing(self, other: ProvenRule) -> Sequence[ProvenRule]:
        """Return the rules that may undo what another one hides, or end the evaluation before it."""
        undoing = {known.rule.id for known in self._undoing if known.rule.id != other.rule.id}
        return self.meeting(other, undoing) if undoing else ()

    @cached_property
    def _undoing(self) -> Sequence[ProvenRule]:
        return [
            known
            for known in map(self.known, self.ruleset.rules)
            if known.rule.mode != "observe" and (known.rule.terminal or known.may_undo)
        ]

    def acting_on(self, finding: Finding) -> set[str]:
        """Ask the engine which rules decide about a complete finding."""
        base = baseline(ParsedFinding(finding), {})
        folded = fold(self._timeless, base, {}, self._now)
        return {*folded.rules, *(rule.id for rule, _proposal in folded.proposals.values())}

    def hides_finding(self, finding: Finding) -> bool:
        """Ask the engine whether the rules hide a complete finding."""
        base = baseline(ParsedFinding(finding), {})
        folded = fold(self._timeless, base, {}, self._now)
        return any(is_hiding(name, found[1].value, base) for name, found in folded.proposals.items())


def _hide(rules: Sequence[ProvenRule], finding: Finding, *, by: ProvenRule | None = None) -> bool:
    """Say whether rules, in their order, hide a finding known in part, as the engine folds them.

    Or whether one of them hides it, and none of the others undoes that.
    """
    wanted: dict[str, tuple[ProvenRule, Any]] = {}
    for known in rules:
        if known.rule.mode == "observe" or not known.acts(finding):
            continue
        if known.rule.mode == "enforce":
            base = with_severity(*severity_of(finding))
            wanted |= {proposal.field: (known, proposal.value) for proposal in known.rule.proposals.of(base)}
        if known.rule.terminal:
            break
    if not wanted:
        return False
    base = with_severity(*severity_of(finding))
    return any(
        is_hiding(name, value, base) for name, (known, value) in wanted.items() if by is None or known is by
    )
