"""E213: a value or an operator that never fits its field's type."""

from collections.abc import Iterator
from typing import Any

from hubtriage.asff.fields import AsffField, Keys, Kind, members, table
from hubtriage.authoring.checks.kinds import WORDS, misfit
from hubtriage.authoring.checks.linted_rule import LintedRule, MatchField, dotted, field_at, source_of_value
from hubtriage.authoring.checks.suspicion import suspects
from hubtriage.authoring.problems import Fix, Problem
from hubtriage.authoring.yaml.rewriting import as_literal, with_quotes
from hubtriage.authoring.yaml.scalars import plain_value
from hubtriage.authoring.yaml.tree import YamlPath
from hubtriage.engine.ruleset.templates import PLACEHOLDER

CODE = "E213"
_TEXT_TESTS = ("prefix", "suffix", "equals-ignore-case", "wildcard", "cidr")
_TEXT_OPERATORS = ("starts_with", "ends_with", "glob", "regex", "cidr", "lower", "before", "after", "arn")
_STRICT = ("===", "!==", "in", "in_list")
_EQUALITY = ("==", "!=")


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report values and operators of `match`, operators of `when`, and placeholders that never fit."""
    yield from _in_match(rule)
    for operation in rule.operations:
        keys, _lowered = (
            source_of_value(operation, operation.arguments[0]) if operation.arguments else (None, False)
        )
        field = field_at(keys) if keys else None
        if keys and field and operation.name in _TEXT_OPERATORS and field.kind not in ("text", "unknown"):
            message = f"`{operation.name}` looks at text; {dotted(keys)} is {WORDS[field.kind]}"
            yield rule.problem(CODE, operation.place, message, "it would always be false", key=True)
        if operation.name in (*_STRICT, *_EQUALITY):
            yield from _in_comparison(rule, operation)
    for place, text in rule.templates:
        for placeholder in PLACEHOLDER.finditer(text):
            keys = tuple(placeholder[2].split("."))
            field = field_at(keys) if placeholder[1] == "finding" else None
            if field and field.kind == "object" and not field.in_list:
                message = f"{placeholder[0]} is not one value: {dotted(keys)} is {WORDS['object']}"
                yield rule.problem(CODE, place, message, "name one of the fields in it")


def _in_match(rule: LintedRule) -> Iterator[Problem]:
    for match_field in rule.match_fields:
        field = field_at(match_field.keys)
        kind = field.kind if field else "unknown"
        name = dotted(match_field.keys)
        for value, place in _plain_suspects(match_field):
            wrong = None if value is None and kind != "object" else misfit(kind, value)
            if wrong:
                hint = _member_hint(match_field.keys) or wrong[1]
                fix = retyped(rule, place, kind, value)
                yield rule.problem(CODE, place, f"{name} is {wrong[0]}", hint, fix=fix)
        for operator, _operand, place in match_field.operators:
            wanted: Kind = "number" if operator == "numeric" else "text" if operator in _TEXT_TESTS else kind
            if kind in WORDS and operator != "exists" and (kind != wanted or kind == "object"):
                looks = WORDS[wanted] if kind != "object" else "one value"
                message = f"`{operator}` looks at {looks}; {name} is {WORDS[kind]}"
                hint = _member_hint(match_field.keys) or "the field would never match"
                yield rule.problem(CODE, place, message, hint)


def _plain_suspects(match_field: MatchField) -> Iterator[tuple[Any, YamlPath]]:
    for index in suspects(match_field.keys, match_field.values):
        yield match_field.values[index], match_field.origin(index)


def _in_comparison(rule: LintedRule, operation: Any) -> Iterator[Problem]:
    """Report comparisons with a value of another type, as far as JavaScript does not convert it."""
    for index, other in ((0, 1), (1, 0)):
        if len(operation.arguments) != 2 or (operation.name in ("in", "in_list") and index):
            continue
        keys, _lowered = source_of_value(operation, operation.arguments[index])
        field = field_at(keys) if keys else None
        constant = operation.arguments[other]
        if keys is None or field is None or field.in_list or isinstance(constant, dict):
            continue
        strict = operation.name in _STRICT
        values = constant if isinstance(constant, list) else [constant]
        if operation.name == "in" and not isinstance(constant, list):
            continue
        for at in suspects(keys, values):
            value = values[at]
            wrong = None if value is None else misfit(field.kind, value)
            if wrong and (strict or field.kind == "object"):
                place = (
                    (*operation.place, other, at) if isinstance(constant, list) else (*operation.place, other)
                )
                hint = _member_hint(keys) or wrong[1]
                fix = retyped(rule, place, field.kind, value)
                yield rule.problem(CODE, place, f"{dotted(keys)} is {wrong[0]}", hint, fix=fix)
                break


def retyped(rule: LintedRule, place: YamlPath, kind: Kind, value: Any) -> Fix | None:
    """Return the fix that puts quotes around a number, or takes them away, as the kind of its field wants."""
    document, at = rule.loaded.document, rule.at(place)
    if isinstance(value, bool) or rule.raw(place) != value:
        return None
    if kind == "text" and isinstance(value, int | float):
        return with_quotes(document, at)
    number = plain_value(value) if kind == "number" and isinstance(value, str) and value else None
    if isinstance(number, int | float) and not isinstance(number, bool):
        return as_literal(document, at, number)
    return None


def _member_hint(keys: Keys) -> str:
    """Return the members of a structure that were probably meant; empty if it is not a structure."""
    field = field_at(keys)
    if not isinstance(field, AsffField) or field.kind != "object":
        return ""
    node: Any = table()
    for key in keys:
        while isinstance(node, list):
            node = node[0]
        node = node if key.isdecimal() else node.get(key, {})
    while isinstance(node, list):
        node = node[0]
    names = list(members(node))[:6] if isinstance(node, dict) else []
    return f"name one of its fields: {', '.join(names)}" if names else "name one of its fields"
