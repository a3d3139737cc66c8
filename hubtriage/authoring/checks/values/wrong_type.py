"""W102: a value that is compared with a field of another type."""

from collections.abc import Iterator
from typing import Any

from hubtriage.authoring.asff.fields import Kind
from hubtriage.authoring.checks.linted_rule import LintedRule, dotted, field_at
from hubtriage.authoring.problems import Problem
from hubtriage.authoring.yaml.scalars import type_word

CODE = "W102"
_WANTED: dict[Kind, str] = {"text": "text", "number": "a number", "boolean": "true or false"}
_TEXT_TESTS = ("prefix", "suffix", "equals-ignore-case", "wildcard", "cidr")
_TEXT_OPERATORS = ("starts_with", "ends_with", "glob", "regex", "cidr", "lower", "before", "after")


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report values and operators of `match`, and operators of `when`, that never fit their field's type."""
    for match_field in rule.match_fields:
        field = field_at(match_field.keys)
        kind = field.kind if field else "unknown"
        for value, place in match_field.plain_values:
            wrong = None if value is None else misfit(kind, value)
            if wrong:
                yield rule.problem(CODE, place, f"{dotted(match_field.keys)} is {wrong[0]}", wrong[1])
        for operator, _operand, place in match_field.operators:
            wanted = "number" if operator == "numeric" else "text" if operator in _TEXT_TESTS else kind
            if kind in _WANTED and kind != wanted:
                message = (
                    f"`{operator}` looks at {_WANTED[wanted]}; {dotted(match_field.keys)} is {_WANTED[kind]}"
                )
                yield rule.problem(CODE, place, message, "the field would never match")
    for operation in rule.operations:
        keys = operation.keys_of(operation.arguments[0]) if operation.arguments else None
        field = field_at(keys) if keys and operation.name in _TEXT_OPERATORS else None
        if keys and field and field.kind not in ("text", "unknown"):
            shown = _WANTED.get(field.kind, "an object")
            message = f"`{operation.name}` looks at text; {dotted(keys)} is {shown}"
            yield rule.problem(CODE, operation.place, message, "it would always be false", key=True)


def misfit(kind: Kind, value: Any) -> tuple[str, str] | None:
    """Return what the field is and the value is not, and a hint; None if the value has its field's type."""
    if kind not in _WANTED or _fits(kind, value):
        return None
    return f"{_WANTED[kind]}, never {type_word(value)}", _hint(kind, value)


def _fits(kind: Kind, value: Any) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    return isinstance(value, str) is (kind == "text") and not isinstance(value, bool)


def _hint(kind: Kind, value: Any) -> str:
    if kind == "text":
        return f'write "{str(value).lower() if isinstance(value, bool) else value}"'
    return "write it without quotes" if isinstance(value, str) else "the field would never match"
