"""W201: a part of a condition that is the same for every finding."""

from collections.abc import Iterator
from typing import Any

from hubtriage.authoring.checks.conditions.constant_when import field_meant
from hubtriage.authoring.checks.constraints import constraint_of
from hubtriage.authoring.checks.linted_rule import LintedRule
from hubtriage.authoring.checks.set_relations import is_everything
from hubtriage.authoring.problems import Problem
from hubtriage.authoring.yaml.tree import YamlPath
from hubtriage.engine.index.from_match import values_of
from hubtriage.engine.jsonlogic.syntax import Operation, operations

CODE = "W201"
_LOOKS_AT_FINDING = ("var", "account", "missing", "missing_some")
_OF_TIME = ("age_days", "before", "after")
_TIMES = "write starts: and expires: for the days of a rule, during: for hours and weekdays"
_ALWAYS = "this is true for every finding"
_COMPARISONS = ("==", "===", "!=", "!==", "<", "<=", ">", ">=")
_CONDITIONS = {"and": None, "or": None, "!": None, "!!": None, "if": 0, "?:": 0}


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report parts of `when` that do not look at the finding, and alternatives that leave nothing out."""
    yield from _that_hold_always(rule)
    if not rule.loaded.has_when:
        return
    when = rule.loaded.when
    if not isinstance(when, dict):
        return
    for operation in rule.operations:
        if _is_constant(operation.logic) and not any(_is_constant(one.logic) for one in operation.outer):
            yield _constant(rule, operation.place, operation.logic, key=True)
        yield from _operands(rule, operation)
        yield from _with_itself(rule, operation)


def _that_hold_always(rule: LintedRule) -> Iterator[Problem]:
    """Report alternatives that leave nothing out, such as `exists: true` next to `exists: false`."""
    hint = "remove one of the alternatives"
    for match_field in rule.match_fields:
        if ("exists", False) in ((name, operand) for name, operand, _place in match_field.operators):
            values = values_of(match_field.values)
            if is_everything(values):
                yield rule.problem(CODE, match_field.place, _ALWAYS, hint, key=True)
    for operation in rule.operations:
        constraint = constraint_of(operation.logic) if operation.name == "or" else None
        if constraint and constraint.exact and is_everything(constraint.values):
            yield rule.problem(CODE, operation.place, _ALWAYS, hint, key=True)


def _operands(rule: LintedRule, operation: Operation) -> Iterator[Problem]:
    """Report plain values in the place of conditions."""
    if operation.name not in _CONDITIONS or _is_constant(operation.logic):
        return
    only = _CONDITIONS[operation.name]
    for index, argument in enumerate(operation.arguments):
        if not isinstance(argument, dict) and only in (None, index):
            yield _constant(rule, (*operation.place, index), argument, key=False)


def _with_itself(rule: LintedRule, operation: Operation) -> Iterator[Problem]:
    """Report a comparison of something with itself."""
    if operation.name in _COMPARISONS and not _is_constant(operation.logic):
        first, *others = operation.arguments
        if others and all(other == first for other in others):
            yield rule.problem(
                CODE, operation.place, "both sides are the same", "compare it with a value", key=True
            )


def _constant(rule: LintedRule, place: YamlPath, logic: Any, *, key: bool) -> Problem:
    hint = "compare something of the finding, or write when: true to mean every finding"
    if any(operation.name in _OF_TIME for operation in operations(logic)):
        hint = _TIMES
    meant = field_meant(logic)
    if meant is not None:
        hint = f'a field of the finding is {{var: "{meant}"}}'
    return rule.problem(CODE, place, "this is the same for every finding", hint, key=key)


def _is_constant(logic: Any) -> bool:
    return not any(operation.name in _LOOKS_AT_FINDING for operation in operations(logic))
