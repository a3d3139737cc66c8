"""E209: a `when` that is the same for every finding."""

import re
from collections.abc import Iterator
from typing import Any

from hubtriage.asff.fields import AsffField, look_up
from hubtriage.authoring.checks.linted_rule import LintedRule
from hubtriage.authoring.problems import Problem
from hubtriage.authoring.yaml.flow import flow
from hubtriage.authoring.yaml.rewriting import as_conjunction
from hubtriage.authoring.yaml.scalars import type_word
from hubtriage.engine.errors import EvaluationError
from hubtriage.engine.jsonlogic.compiler import LogicError, compile_logic, truthy
from hubtriage.engine.jsonlogic.syntax import operations, split_operation

CODE = "E209"
_DEPENDS = {"var", "account", "missing", "missing_some", "age_days", "before", "after"}
_CONDITIONS = {"and": None, "or": None, "!": None, "!!": None, "if": 0, "?:": 0}
_WRITTEN = re.compile(r"\s*([A-Za-z][A-Za-z0-9_.]*)\s*(==|!=|=|<=|>=|<|>)\s*['\"]?([^'\"]+?)['\"]?\s*")
_PATHS = "a field of the finding is {var: PATH}"


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report a `when` that always holds or never, except `true`, and texts and lists among conditions."""
    if not rule.loaded.has_when or rule.loaded.when is True:
        return
    when = rule.loaded.when
    if not isinstance(when, dict):
        raw = rule.raw(("when",))
        is_list = isinstance(raw, list) and all(isinstance(one, dict) for one in raw)
        fix = as_conjunction(rule.loaded.document, rule.at(("when",))) if is_list else None
        yield rule.problem(CODE, ("when",), _said_of(when), _mended(raw), fix=fix)
        return
    inside = list(_constant_operands(rule))
    yield from inside
    known, value = constant_of(when)
    if known and not inside:
        holds = "is true for every finding" if truthy(value) else "is true for no finding"
        yield rule.problem(CODE, ("when",), f"this when {holds}", _hint_inside(when), key=True)


def _said_of(value: Any) -> str:
    ever = "is true for every finding" if truthy(value) else "is true for no finding"
    return f"{type_word(value)} is not a condition: it {ever}"


def _mended(value: Any) -> str:
    """Return what to write instead of a `when` that is not an operation."""
    if isinstance(value, list):
        conditions = [one for one in value if isinstance(one, dict)]
        if len(conditions) == len(value) == 1:
            return f"write when: {flow(value[0])}"
        return (
            f"write when: {flow({'and': [*value]})}" if conditions else "combine conditions with and: [...]"
        )
    if isinstance(value, str):
        return _mended_text(value)
    return 'to mean every finding write when: true; to stop the rule write mode: "off"'


def _mended_text(text: str) -> str:
    if isinstance(look_up(tuple(text.strip().split("."))), AsffField):
        return f"a field of the finding is {flow({'var': text.strip()})}; compare it with a value"
    written = _WRITTEN.fullmatch(text)
    if written and isinstance(look_up(tuple(written[1].split("."))), AsffField):
        sign = {"=": "=="}.get(written[2], written[2])
        return f"write when: {flow({sign: [{'var': written[1]}, written[3]]})}"
    return f"a condition is an operation, such as {flow({'==': [{'var': 'Region'}, 'eu-west-1']})}"


def _constant_operands(rule: LintedRule) -> Iterator[Problem]:
    """Report texts, lists and numbers in the place of conditions."""
    for operation in rule.operations:
        if operation.name not in _CONDITIONS:
            continue
        only = _CONDITIONS[operation.name]
        for index, argument in enumerate(operation.arguments):
            if isinstance(argument, dict | bool) or only not in (None, index):
                continue
            place = (*operation.place, index) if len(operation.arguments) > 1 else operation.place
            raw = rule.raw(place) if not isinstance(argument, list) else argument
            hint = (
                _mended_text(raw)
                if isinstance(raw, str)
                else _mended(argument).replace("write when: ", "write ")
            )
            yield rule.problem(CODE, place, _said_of(argument), hint)


def _hint_inside(logic: Any) -> str:
    meant = field_meant(logic)
    if meant is not None:
        return f"a field of the finding is {flow({'var': meant})}"
    return f"to mean every finding write when: true; {_PATHS}"


def field_meant(logic: Any) -> str | None:
    """Return the first text of some logic that is the path of a field, and was meant as such."""
    if isinstance(logic, str):
        return logic if "." in logic and isinstance(look_up(tuple(logic.split("."))), AsffField) else None
    inside = logic.values() if isinstance(logic, dict) else logic if isinstance(logic, list) else ()
    return next((found for found in map(field_meant, inside) if found is not None), None)


def constant_of(logic: Any) -> tuple[bool, Any]:
    """Return whether logic has one value for every finding and at every time, and which."""
    if not isinstance(logic, dict) or not logic:
        return (True, logic) if not isinstance(logic, list) or not logic else _constant_list(logic)
    if not any(operation.name in _DEPENDS for operation in operations(logic)):
        return _evaluated(logic)
    name, arguments = split_operation(logic)
    if name in ("and", "or"):
        return _constant_junction(name == "or", arguments)
    if name in ("!", "!!"):
        known, value = constant_of(arguments[0])
        return (known, truthy(value) is (name == "!!")) if known else (False, None)
    if name in ("if", "?:") and len(arguments) == 3:
        return _constant_choice(arguments)
    return False, None


def _constant_list(items: list[Any]) -> tuple[bool, Any]:
    return True, items  # a list is true whatever is in it


def _constant_junction(is_or: bool, arguments: list[Any]) -> tuple[bool, Any]:
    """Return the value of and-ed or or-ed parts if one decides it, or all are constant."""
    parts = [constant_of(one) for one in arguments]
    if any(known and truthy(value) is is_or for known, value in parts):
        return True, is_or
    return all(known for known, _value in parts), not is_or


def _constant_choice(arguments: list[Any]) -> tuple[bool, Any]:
    (known, condition), *branches = (constant_of(one) for one in arguments)
    if known:
        return branches[0] if truthy(condition) else branches[1]
    both = all(one[0] for one in branches) and truthy(branches[0][1]) is truthy(branches[1][1])
    return both, branches[0][1]


def _evaluated(logic: Any) -> tuple[bool, Any]:
    try:
        return True, compile_logic(logic)({})
    except (LogicError, EvaluationError):
        return False, None
