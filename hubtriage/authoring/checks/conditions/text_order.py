"""E212: an order among texts, or arithmetic with them."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from hubtriage.asff.fields import Keys, is_of_map, is_timestamp
from hubtriage.authoring.checks.linted_rule import LintedRule, dotted, field_at, source_of_value
from hubtriage.authoring.problems import Problem
from hubtriage.authoring.yaml.flow import flow
from hubtriage.engine.fields import SEVERITY_RANK
from hubtriage.engine.jsonlogic.syntax import Operation

CODE = "E212"
ORDER = {"<": "before", "<=": "after", ">": "after", ">=": "before"}
ARITHMETIC = {"+", "-", "*", "/", "%", "min", "max"}
_SECONDS_A_DAY = 86_400
_MAY_BE_NUMBER = {"Original", "Value", "Values"}  # texts in which providers write numbers


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report `<`, `>` and arithmetic where texts stand, and numbers are meant.

    JsonLogic: texts are ordered by their letters, so that LOW is above HIGH, and CRITICAL below it. From a
    text that is not a number, arithmetic makes NaN, which equals nothing and is in no order.
    """
    for operation in rule.operations:
        if operation.name in ORDER:
            yield from _of_order(rule, operation)
        elif operation.name in ARITHMETIC:
            yield from _of_arithmetic(rule, operation)


def _of_order(rule: LintedRule, operation: Operation) -> Iterator[Problem]:
    sources = [_text_at(operation, argument) for argument in operation.arguments]
    text = next((keys for keys in sources if keys), None)
    constant = next((one for one in operation.arguments if isinstance(one, str)), None)
    if text is None and (constant is None or _has_number(operation)):
        return
    if text is not None and constant is None and may_be_number(text):
        return  # a number that is written as text is converted
    name = operation.name
    if text is None:
        message = f"`{name}` compares these texts by their letters"
        hint = "compare a number, a timestamp with before and after, or name the values: {in: [..., [...]]}"
    elif is_timestamp(text):
        message, hint = f"`{name}` compares {dotted(text)} as a text, not as a time", _as_times(operation)
    elif field_at(text) and field_at(text).values:  # type: ignore[union-attr]
        message = f"`{name}` compares {dotted(text)} by its letters: {_sorted(text)}"
        hint = _as_choice(operation, text)
    elif constant is None:
        message = f"{dotted(text)} is text: `{name}` with a number is never true"
        hint = "name the values: " + flow({"in": [_var(operation), ["...", "..."]]})
    else:
        message = f"`{name}` compares {dotted(text)} by its letters: 10 comes before 9"
        hint = "name the values: " + flow({"in": [_var(operation), [constant]]})
    yield rule.problem(CODE, operation.place, message, hint, key=True)


def _has_number(operation: Operation) -> bool:
    """Say whether a field that holds a number is compared, so that a text is converted to one."""
    fields = (field_at(keys) for keys in map(operation.keys_of, operation.arguments) if keys)
    return any(field is not None and field.kind == "number" for field in fields)


def _sorted(keys: Keys) -> str:
    field = field_at(keys)
    return " < ".join(sorted(field.values)) if field else ""


def _text_at(operation: Operation, argument: Any) -> Keys | None:
    """Return the path of an argument that is a text of the finding."""
    keys, _lowered = source_of_value(operation, argument)
    field = field_at(keys) if keys else None
    return keys if keys and field and field.kind == "text" else None


def may_be_number(keys: Keys) -> bool:
    """Say whether a text of the finding may be a number that is written as text."""
    field = field_at(keys)
    return is_of_map(keys) or keys[-1] in _MAY_BE_NUMBER or field is None


def _as_times(operation: Operation) -> str:
    """Return the comparison with `before` and `after`."""
    if any(isinstance(one, int | float) for one in operation.arguments):
        return "write " + flow({operation.name: [{"age_days": [_var(operation)]}, 30]}) + ", in days"
    if len(operation.arguments) != 2:
        return "write {and: [{after: [...]}, {before: [...]}]}"
    test = {ORDER[operation.name]: list(operation.arguments)}
    return f"write {flow({'!': [test]} if '=' in operation.name else test)}"


def _var(operation: Operation) -> Any:
    return next(one for one in operation.arguments if isinstance(one, dict))


def _as_choice(operation: Operation, keys: Keys) -> str:
    """Return the comparison of an enumeration as a choice of its values."""
    field = field_at(keys)
    known = field.values if field else ()
    numbers = [SEVERITY_RANK.get(one) if isinstance(one, str) else one for one in operation.arguments]
    source = next(one for one in operation.arguments if isinstance(one, dict))
    if set(known) == set(SEVERITY_RANK) and all(isinstance(one, int | dict) for one in numbers):
        fitting = [label for label in SEVERITY_RANK if _holds(operation.name, numbers, SEVERITY_RANK[label])]
        if fitting:
            return f"write {flow({'in': [source, fitting]})}"
    return f"name the values: {flow({'in': [source, list(known[:2])]})}"


def _holds(name: str, numbers: list[Any], rank: int) -> bool:
    values = [rank if isinstance(one, dict) else one for one in numbers]
    pairs = pairwise(values)
    tests = {"<": int.__lt__, "<=": int.__le__, ">": int.__gt__, ">=": int.__ge__}
    return all(tests[name](one, other) for one, other in pairs)


def _of_arithmetic(rule: LintedRule, operation: Operation) -> Iterator[Problem]:
    texts = [keys for keys in (_text_at(operation, one) for one in operation.arguments) if keys]
    text = next((keys for keys in texts if not may_be_number(keys)), None)
    if text is None:
        return
    if is_timestamp(text):
        message = f"`{operation.name}` cannot make a number of a time such as {dotted(text)}"
        hint = _difference(operation) if len(texts) == 2 and operation.name == "-" else _age(operation)
    else:
        message = f"`{operation.name}` cannot make a number of {dotted(text)}, because it is text"
        hint = "the result is not a number and cannot be compared: calculate with a number"
    yield rule.problem(CODE, operation.place, message, hint, key=True)


def _difference(operation: Operation) -> str:
    later, earlier = operation.arguments
    days = {"-": [{"age_days": [earlier]}, {"age_days": [later]}]}
    outer = operation.outer[-1] if operation.outer else None
    if outer and outer.name in ORDER and len(outer.arguments) == 2:
        return (
            "write "
            + flow({outer.name: [_in_days(one, operation, days) for one in outer.arguments]})
            + ", in days"
        )
    return f"write {flow(days)}, in days"


def _in_days(argument: Any, operation: Operation, days: Any) -> Any:
    if argument == {operation.name: operation.arguments}:
        return days
    if isinstance(argument, int) and argument % _SECONDS_A_DAY == 0:
        return argument // _SECONDS_A_DAY
    return argument


def _age(operation: Operation) -> str:
    return f"write {flow({'age_days': [_var(operation)]})}: its age in days"
