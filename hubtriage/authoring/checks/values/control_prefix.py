"""W107: a control's id as a prefix."""

import re
from collections.abc import Iterator

from hubtriage.authoring.checks.linted_rule import LintedRule
from hubtriage.authoring.problems import Problem

CODE = "W107"
_FIELDS = ("GeneratorId", "SecurityControlId", "ControlId", "RuleId")
_ENDS_IN_NUMBER = re.compile(r"\.[0-9]+\*?")
_PATTERN_TESTS = ("prefix", "wildcard")
_OPERATORS = ("starts_with", "glob")


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report prefixes such as `security-control/Config.1`, which also match Config.10."""
    for match_field in rule.match_fields:
        for operator, operand, place in match_field.operators:
            if match_field.keys[-1] in _FIELDS and operator in _PATTERN_TESTS and _is_open(operator, operand):
                yield rule.problem(CODE, place, *_message_and_hint(operand))
    for operation in rule.operations:
        texts = [one for one in operation.arguments if isinstance(one, str)]
        keys = [operation.keys_of(one) for one in operation.arguments]
        if not texts or not any(one and one[-1] in _FIELDS for one in keys):
            continue
        is_substring = operation.name == "in" and isinstance(operation.arguments[0], str)
        is_test = is_substring or operation.name in _OPERATORS
        if is_test and _is_open("prefix" if is_substring else operation.name, texts[0]):
            yield rule.problem(CODE, operation.place, *_message_and_hint(texts[0]), key=True)


def _is_open(operator: str, text: object) -> bool:
    if not isinstance(text, str):
        return False
    if operator in ("wildcard", "glob") and not text.endswith("*"):
        return False
    return _ENDS_IN_NUMBER.fullmatch(text, max(text.rfind("."), 0)) is not None


def _message_and_hint(text: object) -> tuple[str, str]:
    stem = str(text).rstrip("*")
    message = f"{stem!r} is also the beginning of {stem + '0'!r}"
    return message, f"compare Compliance.SecurityControlId with {stem.rpartition('/')[2].lstrip('*')}"
