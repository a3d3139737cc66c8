"""The rules of a folder, and what is proved about several of them; pairs that cannot meet are left out."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice

from hubtriage.authoring.checks.linted_rule import LintedRule
from hubtriage.authoring.checks.relations.overlap import RuleOverlaps, fields_set, implies
from hubtriage.authoring.checks.relations.times import InForce
from hubtriage.engine.fields import NOTE
from hubtriage.engine.ruleset.owner import Accounts
from hubtriage.engine.ruleset.ruleset import FORMAT, load_ruleset
from hubtriage.proof.comparison import Finding
from hubtriage.proof.relations import Covered, RuleRelations

MOST_CANDIDATES = 100
"""So many rules are looked at that may take findings from another one."""
MOST_PAIRS = 20
"""So many rules are looked at that may contest a field with another one."""
_MOST_NAMED = 3
_TIMES = ("starts", "ends", "during")


class FolderRelations:
    """The rules of a folder at a time (epoch seconds). Left out: what is off or over, and ids used twice."""

    def __init__(self, rules: Sequence[LintedRule], accounts: Accounts, now: float) -> None:
        ids = Counter(rule.id for rule in rules)
        known = [InForce(rule, now) for rule in rules if ids[rule.id] == 1 and rule.loaded.conditions]
        self._in_force = {one.rule.id: one for one in known if not one.is_over}
        self._overlaps = RuleOverlaps([one.rule for one in self._in_force.values()])
        self._accounts = accounts
        self._now = now
        self._fields: dict[str, Mapping[str, object]] = {}
        self._beside: dict[float, frozenset[str]] = {}

    def includes(self, rule: LintedRule) -> bool:
        """Say whether a rule is one of them."""
        return self._overlaps.includes(rule)

    def fields(self, rule: LintedRule) -> Mapping[str, object]:
        """Return what a rule sets, by the engine's names of fields."""
        if rule.id not in self._fields:
            self._fields[rule.id] = fields_set(rule)
        return self._fields[rule.id]

    def may_differ(self, rule: LintedRule, other: LintedRule, field: str) -> bool:
        """Say whether two rules may set a field differently, or only one replaces a person's value."""
        is_alike = rule.model.override is other.model.override
        return not is_alike or self.fields(rule)[field] != self.fields(other)[field]

    def hidden_by(self, rule: LintedRule) -> Sequence[LintedRule]:
        """Return the terminal rules that take all findings of a rule; empty if that is not proved."""
        terminal = [
            one
            for one in self._overlaps.earlier(rule)
            if one.model.terminal and one.model.mode in ("enforce", "hold") and self._outlasts(one, rule)
        ][:MOST_CANDIDATES]
        if not terminal:
            return ()
        return self._named_by(self._proofs.stopped(rule.id, [one.id for one in terminal]))

    def setters_after(self, rule: LintedRule) -> Mapping[str, Sequence[LintedRule]]:
        """Return, by field of a rule, the later rules that set it too, whenever the rule is in force."""
        mine = self.fields(rule)
        setters: dict[str, list[LintedRule]] = {name: [] for name in mine}
        for other in self._overlaps.later(rule):
            if other.model.mode == "enforce" and self._outlasts(other, rule):
                for name in self.fields(other).keys() & mine.keys():
                    setters[name].append(other)
        return {name: found[:MOST_CANDIDATES] for name, found in setters.items()}

    def overridden_by(
        self, rule: LintedRule, field: str, setters: Sequence[LintedRule]
    ) -> Sequence[LintedRule]:
        """Return those later rules that set a field on all findings of a rule; empty if not proved."""
        if not setters:
            return ()
        return self._named_by(self._proofs.overwritten(rule.id, field, [one.id for one in setters]))

    def conflicts(self, rule: LintedRule) -> Iterator[tuple[LintedRule, str, Finding]]:
        """Yield later rules of the same order, a field that each contests, and the finding that shows it."""
        for other in islice(self._of_same_order(rule), MOST_PAIRS):
            if self._proofs.is_spent:
                return
            moment = self._in_force[rule.id].first_with(self._in_force[other.id])
            if moment is None:
                continue
            for field in self._proofs.contested_fields(rule.id, other.id):
                proof = self._proofs.contested(rule.id, other.id, field, self._in_force_at(moment))
                if proof.verdict == "some":
                    yield other, field, proof.needed or {}
                    break

    def _of_same_order(self, rule: LintedRule) -> Iterator[LintedRule]:
        for other in self._overlaps.later(rule):
            if other.model.order != rule.model.order:
                return
            shared = self.fields(rule).keys() & self.fields(other).keys() - {NOTE}
            if other.model.mode == rule.model.mode and any(
                self.may_differ(rule, other, name) for name in shared
            ):
                yield other

    def _named_by(self, found: Covered) -> Sequence[LintedRule]:
        return [self._in_force[name].rule for name in found.by]

    def _implies(self, wide: str, narrow: str) -> bool:
        return implies(self._in_force[narrow].rule, self._in_force[wide].rule)

    def _outlasts(self, wide: LintedRule, narrow: LintedRule) -> bool:
        return self._in_force[wide.id].outlasts(self._in_force[narrow.id])

    def _in_force_at(self, moment: float) -> frozenset[str]:
        if moment not in self._beside:
            self._beside[moment] = frozenset(name for name, rule in self._in_force.items() if rule.at(moment))
        return self._beside[moment]

    @cached_property
    def _proofs(self) -> RuleRelations:
        rules = [
            {name: value for name, value in compiled.items() if name not in _TIMES}
            for one in self._overlaps.rules
            for compiled in (one.loaded.compiled(one.loaded.conditions),)
        ]
        document = {"format": FORMAT, "hash": "", "accounts": self._accounts, "rules": rules}
        return RuleRelations(load_ruleset(document), self._now, self._implies)


def named(rules: Sequence[LintedRule]) -> str:
    """Return the ids of some rules as words; the third stands for all further ones."""
    ids = [one.id for one in rules]
    if len(ids) > _MOST_NAMED:
        return f"{', '.join(ids[: _MOST_NAMED - 1])} and {len(ids) - _MOST_NAMED + 1} more rules"
    return " and ".join(filter(None, (", ".join(ids[:-1]), ids[-1])))
