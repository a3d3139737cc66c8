"""W103: a value that its field never has."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from hubtriage.authoring.asff.fields import Keys, members, table
from hubtriage.authoring.checks.linted_rule import LintedRule, dotted, field_at
from hubtriage.authoring.problems import Problem
from hubtriage.authoring.yaml.tree import YamlPath
from hubtriage.engine.text.suggestions import did_you_mean

CODE = "W103"
_CONTROL: Keys = ("Compliance", "SecurityControlId")
_RESOURCE_TYPE: Keys = ("Resources", "Type")
_CONTROL_ID = re.compile(r"[A-Z][A-Za-z0-9]*\.[1-9][0-9]*")  # AWS: such as EC2.19
_PARTS = {"prefix": str.startswith, "suffix": str.endswith}


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report values outside an enumeration, malformed control ids, and resource types in the wrong case."""
    for keys, value, place in _values(rule):
        hint = impossible_value_hint(keys, value)
        if hint is not None:
            shown = f"{value!r}{rule.source_of(value, place)}".rstrip(",")
            yield rule.problem(CODE, place, f"{dotted(keys)} is never {shown}", hint)
    for match_field in rule.match_fields:
        field = field_at(match_field.keys)
        for operator, operand, place in match_field.operators:
            part = _PARTS.get(operator)
            if not (part and field and field.values and isinstance(operand, str)):
                continue
            if not any(part(known, operand) for known in field.values):
                message = f"no value of {dotted(match_field.keys)} has the {operator} {operand!r}"
                yield rule.problem(CODE, place, message, f"known: {', '.join(field.values)}")


def _values(rule: LintedRule) -> Iterator[tuple[Keys, Any, YamlPath]]:
    yield from rule.compared_values
    for match_field in rule.match_fields:
        for operator, operand, place in match_field.operators:
            if operator == "anything-but" and not isinstance(operand, dict):
                for value in operand if isinstance(operand, list) else [operand]:
                    yield match_field.keys, value, place


def impossible_value_hint(keys: Keys, value: Any) -> str | None:
    """Return what to write instead of a value that the field never has, or None if the field may have it."""
    field = field_at(keys)
    if field is None or not isinstance(value, str):
        return None
    if field.values and value not in field.values:
        return did_you_mean(value, field.values)
    plain = tuple(key for key in keys if not key.isdecimal())
    if plain == _CONTROL and not _CONTROL_ID.fullmatch(value):
        return "a control id looks like S3.8; use prefix for several"
    if plain == _RESOURCE_TYPE and value not in _types().values() and value.casefold() in _types():
        return f"did you mean `{_types()[value.casefold()]}`?"
    return None


@cache
def _types() -> dict[str, str]:
    return {name.casefold(): name for name in members(table()["Resources"][0]["Details"])}
