"""W205: `==` with a value that JavaScript converts."""

from collections.abc import Iterator
from typing import Any

from hubtriage.authoring.checks.linted_rule import LintedRule
from hubtriage.authoring.problems import Problem

CODE = "W205"


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report `==` and `!=` with a value that they convert.

    JsonLogic: 0, false and "" equal each other, yet none of them equals a missing field.
    """
    for operation in rule.operations:
        if operation.name not in ("==", "!="):
            continue
        for argument in operation.arguments:
            if not isinstance(argument, dict) and _is_converted(argument):
                shown = "false" if argument is False else '""' if argument == "" else "0"
                message = f"`{operation.name}` {shown} compares loosely, but a missing field is not equal"
                hint = f'write "{operation.name}=", or {{"!": {{var: PATH}}}} for missing, false, 0 or empty'
                yield rule.problem(CODE, operation.place, message, hint, key=True)


def _is_converted(value: Any) -> bool:
    return value is False or value == "" or (value == 0 and not isinstance(value, str))
