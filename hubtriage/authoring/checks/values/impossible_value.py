"""E211 and W103: a value that its field never has, or hardly."""

from collections.abc import Iterator
from typing import Any

from hubtriage.asff.fields import Keys
from hubtriage.authoring.checks.known_values import ValueFlaw, flaw_of, flaw_of_part
from hubtriage.authoring.checks.linted_rule import LintedRule, dotted, source_of_value
from hubtriage.authoring.checks.matcher_syntax import syntax_of
from hubtriage.authoring.checks.odd_characters import odd_character
from hubtriage.authoring.problems import Problem
from hubtriage.authoring.yaml.tree import YamlPath

CERTAIN, DOUBTFUL = "E211", "W103"
_ACCOUNT: Keys = ("AwsAccountId",)
_MATCH_PARTS = {"prefix": "prefix", "suffix": "suffix", "wildcard": "prefix"}
_WHEN_PARTS = {"starts_with": "prefix", "ends_with": "suffix", "glob": "prefix"}

Found = tuple[Keys, Any, YamlPath, ValueFlaw, str]


def check_certain(rule: LintedRule) -> Iterator[Problem]:
    """Report values that AWS's documentation rules out."""
    for found in _flaws(rule):
        if found[3].certain:
            yield _problem(rule, CERTAIN, *found)
    yield from _in_capitals(rule)


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report values that AWS's model does not know, and that may be new or a provider's own."""
    for found in _flaws(rule):
        if not found[3].certain:
            yield _problem(rule, DOUBTFUL, *found)


def _problem(
    rule: LintedRule, code: str, keys: Keys, value: Any, place: YamlPath, flaw: ValueFlaw, part: str
) -> Problem:
    name, shown = dotted(keys), f"{value!r}{rule.source_of(value, place)}".rstrip(",")
    fix = rule.reworded(place, value, flaw.meant) if flaw.certain and not part else None
    return rule.problem(code, place, message_of(name, shown, flaw, part), flaw.hint, fix=fix)


def message_of(name: str, shown: str, flaw: ValueFlaw, part: str = "") -> str:
    """Return what is said of a value that has a flaw."""
    reason = f": {flaw.reason}" if flaw.reason else ""
    if flaw.certain:
        ever = f"never has the {part}" if part else "is never"
        return f"{name} {ever} {shown}{reason}"
    which = f"a value with the {part}" if part else "the value"
    return f"AWS is not known to give {name} {which} {shown}{reason}"


def _flaws(rule: LintedRule) -> Iterator[Found]:
    for keys, value, place in rule.suspect_values:
        if keys != _ACCOUNT and not _is_told_otherwise(keys, value):
            flaw = flaw_of(keys, value)
            if flaw is not None:
                yield keys, value, place, flaw, ""
    for keys, part, text, place in _parts(rule):
        if not _is_told_otherwise(keys, text):
            flaw = flaw_of_part(keys, part, text)
            if flaw is not None:
                yield keys, text, place, flaw, part


def _is_told_otherwise(keys: Keys, value: Any) -> bool:
    """Say whether a value has the syntax of a pattern, or odd characters; other checks say that better."""
    if not isinstance(value, str):
        return False
    return syntax_of(keys, value) is not None or odd_character(value) is not None


def _parts(rule: LintedRule) -> Iterator[tuple[Keys, str, str, YamlPath]]:
    """Yield (path, "prefix" or "suffix", text, place) of each part of a value that is asked for."""
    for match_field in rule.match_fields:
        for operator, operand, place in match_field.operators:
            part = _MATCH_PARTS.get(operator)
            if part and isinstance(operand, str):
                text = operand.partition("*")[0] if operator == "wildcard" else operand
                yield match_field.keys, part, text, place
    for operation in rule.operations:
        part = _WHEN_PARTS.get(operation.name)
        if part and len(operation.arguments) == 2 and isinstance(operation.arguments[1], str):
            keys, lowered = source_of_value(operation, operation.arguments[0])
            text = operation.arguments[1]
            if operation.name == "glob":
                text = text.partition("*")[0].partition("?")[0].partition("[")[0]
            if keys and not lowered:
                yield keys, part, text, (*operation.place, 1)


def _in_capitals(rule: LintedRule) -> Iterator[Problem]:
    """Report a text with capitals that is compared with what `lower` returns."""
    for operation in rule.operations:
        if operation.name not in ("==", "===", "in", "in_list") or len(operation.arguments) != 2:
            continue
        for index, other in ((0, 1), (1, 0)):
            keys, lowered = source_of_value(operation, operation.arguments[index])
            values = operation.arguments[other]
            if not (keys and lowered) or isinstance(values, dict) or (index and operation.name[:2] == "in"):
                continue
            for value in values if isinstance(values, list) else [values]:
                if isinstance(value, str) and value != value.lower():
                    message = f"`lower` never returns {value!r}"
                    yield rule.problem(
                        CERTAIN, (*operation.place, other), message, f'write "{value.lower()}"'
                    )
