"""List all warnings of `hubtriage lint`, and check the rules of a folder for them."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from hubtriage.authoring.checks.care import endless, expiry, ownerless, subject_controlled, texts, untested
from hubtriage.authoring.checks.conditions import (
    anything_but_on_list,
    constant_condition,
    contradiction,
    exists_on_object,
    loose_comparison,
    missing_field,
)
from hubtriage.authoring.checks.linted_rule import LintedRule
from hubtriage.authoring.checks.relations import conflicting_rules, hidden_rule, overridden_rule
from hubtriage.authoring.checks.relations.overlap import RuleOverlaps
from hubtriage.authoring.checks.values import (
    account_id,
    control_prefix,
    deprecated_field,
    given_finding,
    impossible_value,
    unknown_path,
    wrong_type,
)
from hubtriage.authoring.loader import LoadResult
from hubtriage.authoring.problems import Problem, in_order

NEEDLESS = "W313"

# Looks at one rule.
RuleCheck: TypeAlias = Callable[[LintedRule], Iterator[Problem]]
# Looks at one rule among the others of its folder.
FolderCheck: TypeAlias = Callable[[LintedRule, RuleOverlaps], Iterator[Problem]]

RULE_CHECKS: tuple[RuleCheck, ...] = (
    unknown_path.check,
    wrong_type.check,
    impossible_value.check,
    given_finding.check,
    account_id.check,
    anything_but_on_list.check,
    exists_on_object.check,
    control_prefix.check,
    deprecated_field.check,
    constant_condition.check,
    contradiction.check,
    missing_field.check_less,
    missing_field.check_negation,
    loose_comparison.check,
    endless.check_critical,
    endless.check_everything,
    ownerless.check,
    subject_controlled.check,
    expiry.check_over,
    expiry.check_soon,
    texts.check_differs,
    texts.check_long,
    untested.check,
)
FOLDER_CHECKS: tuple[FolderCheck, ...] = (hidden_rule.check, overridden_rule.check, conflicting_rules.check)


def warnings(loaded: LoadResult, now: float) -> tuple[Problem, ...]:
    """Return the warnings about the rules without errors, at a time (epoch seconds), by place.

    Warnings that a rule ignores are left out. A rule that ignores a warning which does not occur gets W313.
    """
    rules = [LintedRule(rule, loaded.lists, now) for rule in loaded.rules]
    overlaps = RuleOverlaps(rules)
    return in_order(problem for rule in rules for problem in _of(rule, overlaps))


def _of(rule: LintedRule, overlaps: RuleOverlaps) -> Iterator[Problem]:
    found = [problem for check in RULE_CHECKS for problem in check(rule)]
    if overlaps.includes(rule):
        found += (problem for check in FOLDER_CHECKS for problem in check(rule, overlaps))
    ignored = rule.model.lint.ignore if rule.model.lint else {}
    yield from (problem for problem in found if problem.code not in ignored)
    yield from _needless(rule, ignored, {problem.code for problem in found})


def _needless(rule: LintedRule, ignored: Iterable[str], codes: set[str]) -> Iterator[Problem]:
    for code in ignored:
        if code not in codes:
            message = f"{code} does not occur in this rule"
            place = ("lint", "ignore", code)
            yield rule.problem(NEEDLESS, place, message, "delete the line", key=True)
