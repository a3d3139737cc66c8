"""How rules of one rule set get in each other's way, on all possible findings.

All rules count as in force: which of them can be so at the same time, the caller has to say. A finding is
taken with any severity of its provider, so that an answer holds for one too whose severity a person changed.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from operator import eq
from typing import TypeAlias

from hubtriage.engine.fields import NOTE, SEVERITY, TYPES, ParsedFinding, same
from hubtriage.engine.planning.baseline import baseline
from hubtriage.engine.planning.fold import Fold, fold
from hubtriage.engine.ruleset.ruleset import Rule, Ruleset, is_above
from hubtriage.proof.abstraction import Asked
from hubtriage.proof.comparison import Finding, Proof, find
from hubtriage.proof.partial import Condition, TooMany
from hubtriage.proof.questions import Question
from hubtriage.proof.rules import ProvenRule, severity_of, whole_second, with_severity

MOST_TOGETHER = 12
"""So many rules are looked at together as to whether they leave anything to another one."""
MOST_STEPS = 60_000
"""So many evaluations all answers about one rule set may take; what is asked beyond is undecided."""
_MOST_TRIED = 20
_STEPS_OF_A_SEARCH = 30
"""What a search and what asking the engine cost, in evaluations."""

_PROVIDED = Asked(questions=[(("FindingProviderFields", "Severity", "Label"), Question(lambda _value: True))])


@dataclass(frozen=True)
class Covered:
    """Whether some rules take all findings of another one; `by` names as few of them as are needed.

    `verdict` is `none` if it is proved that they leave none. Where the search could not decide, `by` has one
    that plainly leaves none, if there is one.
    """

    verdict: str
    by: tuple[str, ...] = ()


_NOT_COVERED = Covered("some")


@dataclass(frozen=True, eq=False)
class _Taker:
    """A rule with the findings that it takes from another one, as far as these are known in part.

    `really_takes` asks the engine about a complete finding. One that `is_plain` takes all findings that its
    conditions hold on.
    """

    rule: str
    takes: Condition
    asked: Sequence[Asked]
    really_takes: Callable[[_Decided], bool]
    is_plain: bool = False


@dataclass(frozen=True)
class _Decided:
    """A complete finding, with the rules whose conditions the engine holds to be met."""

    base: ParsedFinding
    matching: frozenset[str]


Plainly: TypeAlias = Callable[[str, str], bool]
"""Says of two rules whether the conditions of the first plainly hold wherever those of the second do."""


@dataclass(frozen=True)
class _LeftOver:
    """Whether some finding is left to a rule; `decided` is one, by the engine too."""

    verdict: str
    decided: _Decided | None


class RuleRelations:
    """A rule set at a time (epoch seconds) from which ages count, with `most_steps` as the effort for it.

    What `plainly` says is not searched for, and holds where the search cannot decide.
    """

    def __init__(
        self, ruleset: Ruleset, now: float, plainly: Plainly = eq, most_steps: int = MOST_STEPS
    ) -> None:
        self._ruleset = ruleset
        self._now = whole_second(now)
        self._plainly = plainly
        self._left = most_steps
        self._known: dict[str, ProvenRule] = {}
        self._positions = {rule.id: index for index, rule in enumerate(ruleset.rules)}
        self._terminal = [index for index, rule in enumerate(ruleset.rules) if _is_terminal(rule)]
        self._first: dict[str, _Decided] = {}
        self._beside: dict[frozenset[str], Ruleset] = {}

    @property
    def is_spent(self) -> bool:
        """Whether all effort is spent, so that nothing further will be decided."""
        return self._left <= 0

    def stopped(self, rule: str, by: Iterable[str]) -> Covered:
        """Say whether terminal rules among some take every finding that a later rule acts on."""
        takers = [self._stopping(one, rule) for one in by if self._may_meet(one, rule)]
        return self._covered(rule, [taker for taker in takers if taker is not None])

    def overwritten(self, rule: str, field: str, by: Iterable[str]) -> Covered:
        """Say whether rules among some set a field after a rule on every finding that it acts on.

        No terminal rule may stand between them: on its findings, what the first rule sets would stay. Where a
        rule fails, it freezes its fields, so one that may fail is never without effect.
        """
        if self._rule(rule).may_fail:
            return _NOT_COVERED
        takers = [self._overwriting(one, rule, field) for one in by if self._may_meet(one, rule)]
        return self._covered(rule, [taker for taker in takers if taker is not None])

    def contested_fields(self, one: str, other: str) -> Sequence[str]:
        """Return the fields that two rules may set differently, on whatever finding.

        Notes may differ: each is about its own rule.
        """
        first, second = (self._ruleset.by_id[name] for name in (one, other))
        shared = [name for name in first.proposals.fields if name in second.proposals.fields]
        return [name for name in shared if name != NOTE and may_differ(first, second, name)]

    def contested(self, one: str, other: str, field: str, beside: Collection[str]) -> Proof:
        """Look for a finding on which two rules of one order and mode set a field differently.

        No rule of a higher order sets the field there, and no terminal one of a lower order stops both.
        `beside` are the rules in force at the same time, both of them included.
        """
        first, second = self._rule(one), self._rule(other)
        if first.is_apart_from(second):
            return Proof("none")
        ruleset = self._ruleset_of(frozenset(beside))
        return self._find(
            [
                (first.acts, True),
                (second.acts, True),
                (lambda finding: field != SEVERITY or _severities_differ(first, second, finding), True),
            ],
            [first.asked, second.asked],
            lambda finding: self._is_contested(finding, ruleset, first.rule, second.rule, field),
        )

    def _is_contested(self, finding: Finding, ruleset: Ruleset, one: Rule, other: Rule, field: str) -> bool:
        """Ask the engine whether two rules want a field differently, and their order decides it."""
        decided = self._decided(finding)
        if not all(self._acts(rule, decided) for rule in (one, other)):
            return False
        if not _sets_differ(one, other, decided.base, field):
            return False
        return _is_last_word(fold(ruleset, decided.base, {}, self._now), one, field)

    def _covered(self, rule: str, takers: Sequence[_Taker]) -> Covered:
        """Say whether takers leave a rule no finding.

        The search begins with none of them. Each finding that it shows names one that takes it, and with
        this one the search begins again.
        """
        used: list[_Taker] = []
        while takers and len(used) < MOST_TOGETHER:
            shown = self._left_over(rule, used)
            if shown.verdict == "none":
                return Covered("none", self._fewest(rule, used)) if used else _NOT_COVERED
            if shown.decided is None:
                return Covered("undecided", self._plain(rule, takers))
            taking = [one for one in takers if one not in used and one.really_takes(shown.decided)]
            if not taking:
                return _NOT_COVERED
            if plain := self._plain(rule, taking):
                return Covered("none", plain)
            used.append(taking[0])
        return Covered("undecided") if takers else _NOT_COVERED

    def _plain(self, rule: str, takers: Sequence[_Taker]) -> tuple[str, ...]:
        """Return one that takes all findings because its conditions plainly hold wherever the rule's do."""
        plain = (one.rule for one in takers if one.is_plain and self._plainly(one.rule, rule))
        return tuple(islice(plain, 1))

    def _left_over(self, rule: str, used: Sequence[_Taker]) -> _LeftOver:
        """Look for a finding that some takers leave to a rule.

        Any finding of the rule is as good as another one for a first question, so it is kept.
        """
        if not used and rule in self._first:
            return _LeftOver("some", self._first[rule])
        known = self._rule(rule)
        shown: list[_Decided] = []

        def confirm(finding: Finding) -> bool:
            decided = self._decided(finding)
            is_shown = self._acts(known.rule, decided) and not any(one.really_takes(decided) for one in used)
            shown.extend([decided] if is_shown else [])
            return is_shown

        proof = self._find(
            [
                (known.conditions.holds, True),
                (lambda finding: any(one.takes(finding) for one in used), False),
                (known.may_act, True),
            ],
            [known.asked, _PROVIDED, *(asked for one in used for asked in one.asked)],
            confirm,
        )
        if shown and not used:
            self._first[rule] = shown[0]
        return _LeftOver(proof.verdict, shown[0] if shown else None)

    def _fewest(self, rule: str, used: Sequence[_Taker]) -> tuple[str, ...]:
        """Return the names of as few takers as leave nothing, in the order of evaluation."""
        for one in used:
            others = [taker for taker in used if taker is not one]
            if others and self._left_over(rule, others).verdict == "none":
                return self._fewest(rule, others)
        return tuple(sorted((one.rule for one in used), key=self._positions.__getitem__))

    def _stopping(self, name: str, rule: str) -> _Taker | None:
        """Return a rule with the findings that it keeps from a later one; None if it may keep none."""
        known = self._rule(name)
        # where a rule fails, it stops nothing
        if not _is_terminal(known.rule) or known.may_fail:
            return None
        if known.rule.mode == "enforce":
            return self._taker(known, rule)
        return _Taker(
            name,
            # one on hold may keep what it hid when it set something else, and stops only below its ceiling
            lambda finding: not _is_above(known.rule, finding) and known.acts(finding),
            [known.asked],
            lambda decided: (
                self._acts(known.rule, decided) and not is_above(known.rule.ceiling, decided.base)
            ),
        )

    def _overwriting(self, name: str, rule: str, field: str) -> _Taker | None:
        """Return a later rule with the findings on which it sets a field; None if it may not set it."""
        known = self._rule(name)
        # where it fails, it freezes the field, and what was set before has no effect either
        if known.rule.mode != "enforce" or not _always_sets(known.rule, field):
            return None
        taker = self._taker(known, rule)
        first, last = self._positions[rule], self._positions[name]
        between = self._terminal[bisect_right(self._terminal, first) : bisect_left(self._terminal, last)]
        ending = [self._rule(self._ruleset.rules[index].id) for index in between]
        ending = [one for one in ending if self._may_meet(one.rule.id, rule)]
        if not ending:
            return taker
        return _Taker(
            name,
            lambda finding: taker.takes(finding) and not any(one.acts(finding) for one in ending),
            [*taker.asked, *(one.asked for one in ending)],
            lambda decided: (
                taker.really_takes(decided) and not any(self._acts(one.rule, decided) for one in ending)
            ),
        )

    def _taker(self, known: ProvenRule, rule: str) -> _Taker:
        """Return a rule with all findings that it acts on.

        If it acts on all severities that the other one acts on, no severity matters.
        """
        is_wide = self._rule(rule).severities_acted_on <= known.severities_acted_on
        return _Taker(
            known.rule.id,
            known.conditions.holds if is_wide else known.acts,
            [known.conditions.asked if is_wide else known.asked],
            lambda decided: self._acts(known.rule, decided),
            is_plain=is_wide,
        )

    def _may_meet(self, name: str, rule: str) -> bool:
        return not self._rule(name).is_apart_from(self._rule(rule))

    def _acts(self, rule: Rule, decided: _Decided) -> bool:
        return rule.id in decided.matching and not rule.is_above_ceiling(decided.base)

    def _decided(self, finding: Finding) -> _Decided:
        self._spend(_STEPS_OF_A_SEARCH)
        base = baseline(ParsedFinding(finding), {})
        matching, _errors = self._timeless.match(base.raw, self._now)
        return _Decided(base, frozenset(rule.id for rule in matching))

    def _find(
        self,
        conditions: Sequence[tuple[Condition, bool]],
        asked: Sequence[Asked],
        confirm: Callable[[Finding], bool],
    ) -> Proof:
        try:
            self._spend(_STEPS_OF_A_SEARCH)
            counted = [(self._counted(condition), wanted) for condition, wanted in conditions]
            return find(counted, asked, confirm, self._now, _MOST_TRIED)
        except TooMany:
            return Proof("undecided", reasons=("there are too many rules to look at together",))

    def _counted(self, condition: Condition) -> Condition:
        def counted(finding: Finding) -> bool:
            self._spend(1)
            return condition(finding)

        return counted

    def _spend(self, steps: int) -> None:
        self._left -= steps
        if self._left < 0:
            raise TooMany

    def _rule(self, name: str) -> ProvenRule:
        if name not in self._known:
            rule = self._ruleset.by_id[name]
            self._known[name] = ProvenRule(rule, self._ruleset.accounts, self._now)
        return self._known[name]

    @cached_property
    def _timeless(self) -> Ruleset:
        return self._ruleset_of(frozenset(self._ruleset.by_id))

    def _ruleset_of(self, in_force: frozenset[str]) -> Ruleset:
        """Return the rule set with some of its rules in force at any time, and the others at none."""
        if in_force not in self._beside:
            rules = tuple(
                replace(one, starts=None, ends=None if one.id in in_force else float("-inf"), during=())
                for one in self._ruleset.rules
            )
            self._beside[in_force] = replace(self._ruleset, rules=rules)
        return self._beside[in_force]


def _is_terminal(rule: Rule) -> bool:
    """Say whether later rules are not evaluated on its findings. One that observes ends nothing."""
    return rule.terminal and rule.mode != "observe"


def _is_above(rule: Rule, finding: Finding) -> bool:
    return is_above(rule.ceiling, with_severity(*severity_of(finding)))


def _always_sets(rule: Rule, field: str) -> bool:
    """Say whether a rule sets a field of every finding; an edit of types may come to nothing."""
    fixed = {proposal.field for proposal in rule.proposals.constant}
    return field in rule.proposals.fields and (field != TYPES or field in fixed)


def may_differ(one: Rule, other: Rule, field: str) -> bool:
    """Say whether two rules may set a field of some finding differently.

    They also differ in whether the value of a person stays.
    """
    fixed = [
        {proposal.field: proposal.value for proposal in rule.proposals.constant} for rule in (one, other)
    ]
    if one.override is not other.override or not all(field in values for values in fixed):
        return True
    return not same(field, fixed[0][field], fixed[1][field])


def _sets_differ(one: Rule, other: Rule, base: ParsedFinding, field: str) -> bool:
    """Say whether two rules both set a field of a finding, and not in the same way."""
    values = [
        proposal.value
        for rule in (one, other)
        for proposal in rule.proposals.of(base)
        if proposal.field == field
    ]
    if len(values) < 2:
        return False
    return one.override is not other.override or not same(field, *values)


def _severities_differ(one: ProvenRule, other: ProvenRule, finding: Finding) -> bool:
    return _sets_differ(one.rule, other.rule, with_severity(*severity_of(finding)), SEVERITY)


def _is_last_word(folded: Fold, one: Rule, field: str) -> bool:
    """Say whether a rule of this rule's order decides a field, among rules in force or those that observe."""
    proposals = folded.observed if one.mode == "observe" else folded.proposals
    decided = proposals.get(field)
    return decided is not None and decided[0].order == one.order
