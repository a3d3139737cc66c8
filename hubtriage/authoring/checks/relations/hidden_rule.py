"""W301: a rule that is never evaluated because of an earlier terminal rule."""

from collections.abc import Iterator

from hubtriage.authoring.checks.linted_rule import LintedRule
from hubtriage.authoring.checks.relations.overlap import RuleOverlaps, ceiling_covers, implies
from hubtriage.authoring.problems import Problem

CODE = "W301"


def check(rule: LintedRule, overlaps: RuleOverlaps) -> Iterator[Problem]:
    """Report a rule if an earlier terminal rule matches wherever it does."""
    for other in overlaps.earlier(rule):
        is_terminal = other.model.terminal and other.model.mode in ("enforce", "hold")
        if is_terminal and implies(rule, other) and ceiling_covers(other, rule):
            message = (
                f"never evaluated: {other.id} is terminal and matches every finding that this rule matches"
            )
            yield rule.problem(CODE, ("id",), message, "give it a lower order, or delete it")
            return
