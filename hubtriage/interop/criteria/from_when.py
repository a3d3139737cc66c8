"""A rule's `when` as criteria, where AWS's filters can ask exactly the same; all else is refused.

It knows what `rule_conditions` writes, and the other common ways to write the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import Any

from hubtriage.engine.jsonlogic.syntax import split_operation
from hubtriage.interop.automation_rules import MOST_RULES
from hubtriage.interop.criteria.attributes import AUTOMATION_RULES, AttributeTable, FindingAttribute
from hubtriage.interop.criteria.comparisons import parse_wildcard, supported, unsupported
from hubtriage.interop.criteria.input import Path, Refused
from hubtriage.interop.criteria.model import Criterion, DateTest, How, TextTest, joined_dates

Steps = tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class _Inside:
    """Where a condition looks: the steps to the list whose elements it looks at, if it looks at some."""

    table: AttributeTable
    steps: Steps = ()


Reader = Callable[[list[Any], _Inside, Path], Criterion]


def criteria_from_when(logic: Any, table: AttributeTable = AUTOMATION_RULES) -> list[list[Criterion]]:
    """Return the criteria of each branch that `or` makes; one branch must hold. Raises Refused."""
    return [list(branch) for branch in _branches(logic, _Inside(table), ("when",))]


def _branches(logic: Any, whole: _Inside, path: Path) -> list[tuple[Criterion, ...]]:
    if logic is True:
        return [()]
    operator, arguments = _call(logic, path)
    at = (*path, operator)
    if operator == "and":
        found = [_branches(one, whole, (*at, index)) for index, one in enumerate(arguments)]
        count = prod(map(len, found))
        if count > MOST_RULES:
            reason = f"it would take {count} automation rules; AWS allows {MOST_RULES}"
            raise Refused(at, reason, "split the rule")
        return [tuple(one for branch in branches for one in branch) for branches in product(*found)]
    if operator == "or":
        return _alternatives(arguments, whole, at)
    if operator == "!":
        return [(_negated(_positive(arguments[0], whole, at), path),)]
    if operator == "none":
        return [(_negated(_positive({"some": arguments}, whole, path), path),)]
    return [(_positive(logic, whole, path),)]


def _alternatives(arguments: list[Any], whole: _Inside, path: Path) -> list[tuple[Criterion, ...]]:
    """Return the branches of an `or`; values of one attribute that are wanted stay in one."""
    found = [
        branch for index, one in enumerate(arguments) for branch in _branches(one, whole, (*path, index))
    ]
    criteria = [one for branch in found for one in branch if len(branch) == 1 and not one.unwanted]
    if len(criteria) == len(found) and len({one.attribute for one in criteria}) == 1:
        return [(_either(criteria, path),)]
    return found


def _call(logic: Any, path: Path) -> tuple[str, list[Any]]:
    if not isinstance(logic, Mapping) or len(logic) != 1:
        raise unsupported(f"the value {logic!r:.60}", path)
    return split_operation(logic)


def _negated(criterion: Criterion, path: Path) -> Criterion:
    unwanted = tuple(test for test in criterion.wanted if isinstance(test, TextTest))
    if len(unwanted) != len(criterion.wanted):
        raise unsupported("the opposite of this", path)
    return replace(criterion, wanted=(), unwanted=unwanted)


def _positive(logic: Any, inside: _Inside, path: Path) -> Criterion:
    """Return the criterion of a condition; `inside` says in which list it looks at elements, if in any."""
    operator, arguments = _call(logic, path)
    at = (*path, operator)
    if operator in ("or", "and"):
        parts = [_positive(one, inside, (*at, index)) for index, one in enumerate(arguments)]
        return _either(parts, at) if operator == "or" else _both(parts, at)
    if operator == "some":
        steps = (*inside.steps, *_steps(arguments[0], (*at, 0), is_list=True))
        return _positive(arguments[1], replace(inside, steps=steps), (*at, 1))
    reader = _READERS.get(operator)
    if reader is None:
        raise unsupported(f"`{operator}`", path)
    return reader(arguments, inside, at)


def _either(criteria: list[Criterion], path: Path) -> Criterion:
    if len({criterion.attribute for criterion in criteria}) != 1:
        raise Refused(path, "automation rules cannot join different attributes by `or`", "split the rule")
    return replace(criteria[0], wanted=tuple(test for one in criteria for test in one.wanted))


def _both(criteria: list[Criterion], path: Path) -> Criterion:
    """Join two bounds of one date."""
    tests = [test for one in criteria for test in one.wanted]
    if len(tests) == 2 and criteria[0].attribute == criteria[-1].attribute:
        joined = joined_dates(tests[0], tests[1])
        if joined is not None:
            return replace(criteria[0], wanted=(joined,))
    raise unsupported("`and` here", path)


def _steps(logic: Any, path: Path, *, is_list: bool) -> Steps:
    """Return the steps of `{var: path}`; the last one is a list where it says so."""
    operator, arguments = _call(logic, path)
    name = arguments[0] if len(arguments) == 1 else None
    if operator != "var" or not isinstance(name, str):
        raise unsupported(f"`{operator}` of something", path)
    names = name.split(".") if name else []
    return tuple((one, is_list and index == len(names)) for index, one in enumerate(names, 1))


def _subject(logic: Any, inside: _Inside, path: Path) -> tuple[FindingAttribute, str | None]:
    """Return the attribute that a condition looks at and, for a map, its member."""
    operator, arguments = _call(logic, path)
    if operator == "get":
        steps = (*inside.steps, *_steps(arguments[0], path, is_list=False))
        key = arguments[1]
    else:
        steps, key = (*inside.steps, *_steps(logic, path, is_list=False)), None
        if steps not in inside.table.by_steps and steps[:-1] in inside.table.by_steps:
            steps, key = steps[:-1], steps[-1][0]
    attribute = inside.table.by_steps.get(steps)
    if attribute is None or (attribute.kind == "map") != (key is not None):
        names = [name for name, _is_list in steps]
        raise unsupported(".".join(names), path, inside.table.hint(names))
    return attribute, key


def _texts(subject: Any, how: How, values: Any, inside: _Inside, path: Path) -> Criterion:
    attribute, key = _subject(subject, inside, (*path, 0))
    listed = values if isinstance(values, list) else [values]
    if attribute.kind not in ("text", "map") or not all(isinstance(value, str) for value in listed):
        raise unsupported(f"this of {attribute.name}", path)
    tests = (supported(attribute, TextTest(how, value, key), path) for value in listed)
    return Criterion(attribute, tuple(tests))


def _comparison(how: How) -> Reader:
    return lambda arguments, inside, path: _texts(arguments[0], how, arguments[1], inside, path)


def _glob(arguments: list[Any], inside: _Inside, path: Path) -> Criterion:
    how, value = parse_wildcard(arguments[1], path, wild="*?")
    return _texts(arguments[0], how, value, inside, path)


def _in(arguments: list[Any], inside: _Inside, path: Path) -> Criterion:
    """Read a field in a list written out; or a text written out in a field that is a list, or is text."""
    needle, haystack = arguments
    if isinstance(haystack, list):
        return _texts(needle, "equals", haystack, inside, path)
    steps = (*inside.steps, *_steps(haystack, (*path, 1), is_list=True))
    if steps in inside.table.by_steps and isinstance(needle, str):
        return Criterion(inside.table.by_steps[steps], (TextTest("equals", needle),))
    return _texts(haystack, "contains", needle, inside, path)


def _after(arguments: list[Any], inside: _Inside, path: Path) -> Criterion:
    attribute, moment = _moment(arguments, inside, path)
    return Criterion(attribute, (DateTest(after=moment),))


def _before(arguments: list[Any], inside: _Inside, path: Path) -> Criterion:
    attribute, moment = _moment(arguments, inside, path)
    return Criterion(attribute, (DateTest(before=moment),))


def _moment(arguments: list[Any], inside: _Inside, path: Path) -> tuple[FindingAttribute, str]:
    attribute, _key = _subject(arguments[0], inside, (*path, 0))
    if attribute.kind != "date" or not isinstance(arguments[1], str):
        raise unsupported("this", path)
    return attribute, arguments[1]


def _older(arguments: list[Any], inside: _Inside, path: Path) -> Criterion:
    """`{">": [{age_days: [subject]}, days]}`."""
    attribute = _aged(arguments[0], inside, path)
    return Criterion(attribute, (DateTest(days_more_than=_days(arguments[1:], path)),))


def _within(arguments: list[Any], inside: _Inside, path: Path) -> Criterion:
    """`{"<=": [0, {age_days: [subject]}, days]}`."""
    if path[-1] != "<=" or len(arguments) != 3 or arguments[0] != 0:
        hint = 'the last 90 days are {"<=": [0, {age_days: [{var: CreatedAt}]}, 90]}'
        raise Refused(path, "automation rules cannot express this", hint)
    attribute = _aged(arguments[1], inside, path)
    return Criterion(attribute, (DateTest(days_most=_days(arguments[2:], path)),))


def _aged(logic: Any, inside: _Inside, path: Path) -> FindingAttribute:
    operator, arguments = _call(logic, path)
    if operator != "age_days":
        raise unsupported(f"`{operator}`", path)
    attribute, _key = _subject(arguments[0], inside, path)
    if attribute.kind != "date":
        raise unsupported(f"the age of {attribute.name}", path)
    return attribute


def _days(arguments: list[Any], path: Path) -> int:
    if len(arguments) != 1 or not isinstance(arguments[0], int) or arguments[0] < 1:
        raise Refused(path, "automation rules count whole days, at least one")
    return arguments[0]


_READERS: Mapping[str, Reader] = {
    "===": _comparison("equals"),
    "==": _comparison("equals"),
    "in_list": _comparison("equals"),
    "starts_with": _comparison("prefix"),
    "glob": _glob,
    "in": _in,
    "after": _after,
    "before": _before,
    ">": _older,
    "<=": _within,
    "<": _within,
}
