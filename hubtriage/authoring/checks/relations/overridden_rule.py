"""W302: a rule, or a field of it, that a later rule always overrides."""

from collections.abc import Iterator, Mapping

from hubtriage.authoring.checks.linted_rule import LintedRule
from hubtriage.authoring.checks.relations.overlap import RuleOverlaps, ceiling_covers, fields_set, implies
from hubtriage.authoring.problems import Problem

CODE = "W302"


def check(rule: LintedRule, overlaps: RuleOverlaps) -> Iterator[Problem]:
    """Report a rule if a later rule matches wherever it does and sets all or some of its fields."""
    mine = fields_set(rule)
    if rule.model.terminal or not mine or rule.model.mode != "enforce":
        return
    for other in overlaps.later(rule):
        theirs = fields_set(other)
        if other.model.mode != "enforce" or mine.keys().isdisjoint(theirs):
            continue
        if implies(rule, other) and ceiling_covers(other, rule):
            found = _message(rule, other.id, mine, theirs)
            if found:
                yield found
                return


def _message(
    rule: LintedRule, other: str, mine: Mapping[str, object], theirs: Mapping[str, object]
) -> Problem | None:
    """Return the warning: the whole rule has no effect, or the field that the later rule sets differently."""
    if mine.keys() <= theirs.keys():
        message = f"has no effect: {other} comes later, matches as well and sets the same fields"
        hint = "delete one of them, or give this one a higher order"
        return rule.problem(CODE, ("id",), message, hint)
    lost = next((name for name in mine if name in theirs and mine[name] != theirs[name]), None)
    if lost is None:
        return None
    message = f"{lost} has no effect: {other} comes later, matches as well and sets it differently"
    hint = "take the field out of one of them, or give this one a higher order"
    return rule.problem(CODE, ("update",), message, hint, key=True)
