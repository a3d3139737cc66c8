"""E210 and W109: a wildcard, a regular expression or a network in a value that is compared as it is."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hubtriage.asff.fields import Keys, lists_passed
from hubtriage.authoring.checks.linted_rule import LintedRule, dotted, source_of_value
from hubtriage.authoring.checks.matcher_syntax import Syntax, syntax_of
from hubtriage.authoring.checks.rewriting import walked
from hubtriage.authoring.problems import Fix, Problem
from hubtriage.authoring.yaml.flow import flow
from hubtriage.authoring.yaml.rewriting import as_wildcard, with_name
from hubtriage.authoring.yaml.tree import YamlPath
from hubtriage.engine.shared_values import IN_LIST

CERTAIN, DOUBTFUL = "E210", "W109"
_PLAIN_OPERATORS = ("prefix", "suffix", "equals-ignore-case", "cidr")
_STARS_ALONE = re.compile(r"[^*?\[\]{}\\]*(?:\*[^*?\[\]{}\\]+)*\*?")
_PLAIN_LOGIC = ("starts_with", "ends_with")


def check_certain(rule: LintedRule) -> Iterator[Problem]:
    """Report values with another matcher's syntax in fields that never hold such values."""
    return (problem for certain, problem in _found(rule) if certain)


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report values with another matcher's syntax in texts that may hold them."""
    return (problem for certain, problem in _found(rule) if not certain)


def _found(rule: LintedRule) -> Iterator[tuple[bool, Problem]]:
    told = set()
    for keys, value, place in rule.suspect_values:
        syntax = syntax_of(keys, value) if isinstance(value, str) else None
        if syntax is not None and (place, value) not in told:
            told.add((place, value))
            yield syntax.certain, _problem(rule, keys, value, place, syntax, "")
    for keys, operator, text, place in _operands(rule):
        syntax = syntax_of(keys, text)
        if syntax is not None:
            yield syntax.certain, _problem(rule, keys, text, place, syntax, operator)
    yield from _regex_in_wildcard(rule)


def _operands(rule: LintedRule) -> Iterator[tuple[Keys, str, str, YamlPath]]:
    """Yield (path, operator, text, place) of each operand that is not a pattern either."""
    for match_field in rule.match_fields:
        for operator, operand, place in match_field.operators:
            if operator in _PLAIN_OPERATORS and isinstance(operand, str) and operator != "cidr":
                yield match_field.keys, operator, operand, place
    for operation in rule.operations:
        if len(operation.arguments) != 2:
            continue
        first, second = operation.arguments
        if operation.name in _PLAIN_LOGIC and isinstance(second, str):
            keys, _lowered = source_of_value(operation, first)
            if keys:
                yield keys, operation.name, second, (*operation.place, 1)
        elif operation.name == "in" and isinstance(first, str):
            keys, _lowered = source_of_value(operation, second)
            if keys:
                yield keys, "in", first, (*operation.place, 0)


def _regex_in_wildcard(rule: LintedRule) -> Iterator[tuple[bool, Problem]]:
    """Report a regular expression, or a `?`, in the place of a wildcard."""
    for match_field in rule.match_fields:
        for operator, operand, place in match_field.operators:
            if operator != "wildcard" or not isinstance(operand, str):
                continue
            syntax = syntax_of(match_field.keys, operand)
            if syntax is not None and syntax.kind == "regular expression" and syntax.certain:
                yield True, _problem(rule, match_field.keys, operand, place, syntax, operator)


def _problem(
    rule: LintedRule, keys: Keys, text: str, place: YamlPath, syntax: Syntax, operator: str
) -> Problem:
    code = CERTAIN if syntax.certain else DOUBTFUL
    shown = f"{text!r}{rule.source_of(text, place)}".rstrip(",")
    how = f"`{operator}` takes it" if operator else "it is compared"
    article = "an" if syntax.kind[0] in "aeiou" else "a"
    message = f"{shown} looks like {article} {syntax.kind}, but {how} literally"
    fix = _fix(rule, text, place) if syntax.certain and syntax.kind == "wildcard" and not operator else None
    return rule.problem(code, place, message, _hint(rule, keys, text, place, syntax), fix=fix)


def _fix(rule: LintedRule, text: str, place: YamlPath) -> Fix | None:
    """Return the fix that makes a wildcard of a value with stars; None where it has other signs as well."""
    if rule.raw(place) != text or not _STARS_ALONE.fullmatch(text):
        return None
    document, at = rule.loaded.document, rule.at(place)
    if place[:1] == ("match",):
        return as_wildcard(document, at)
    if place[-2:] == ("==", 1):
        fix = with_name(document, at[:-1], "glob")
        return fix and replace(fix, words="compares it with `glob`, which matches more", unsafe=True)
    return None


def _hint(rule: LintedRule, keys: Keys, text: str, place: YamlPath, syntax: Syntax) -> str:
    in_match = place[:1] == ("match",)
    name = _list_named(rule, place)
    if _is_excluded(rule, place):
        test = {"wildcard": syntax.wildcard or text} if in_match else {"glob": [{"var": dotted(keys)}, text]}
        return f"write {flow({'anything-but': test} if in_match else {'!': [test]})}"
    if syntax.kind == "network":
        if not in_match:
            return f"write {flow({'cidr': [{'var': dotted(keys)}, text]})}"
        return f"write {flow([{'cidr': {IN_LIST: name}} if name else {'cidr': text}])}"
    if text.strip("*") == "":
        return "for any value write [{exists: true}]"
    if in_match and syntax.wildcard:
        tail = "" if name or "*" not in text else r'; a star itself is written "\*" there'
        return (
            f"write {flow([{'wildcard': {IN_LIST: name}} if name else {'wildcard': syntax.wildcard}])}{tail}"
        )
    if name and syntax.wildcard:
        return f"ask for it in match: {flow([{'wildcard': {IN_LIST: name}}])}"
    operator = ("glob", syntax.wildcard) if syntax.wildcard else ("regex", text)
    where = "" if not in_match else "in when: "
    return f"write {where}{flow(_logic(keys, *operator))}"


def _is_excluded(rule: LintedRule, place: YamlPath) -> bool:
    """Say whether a value is one that the field must not have."""
    written = rule.raw(place)
    return place[-2:-1] in (("!=",), ("!==",)) or (isinstance(written, dict) and "anything-but" in written)


def _list_named(rule: LintedRule, place: YamlPath) -> str | None:
    source = rule.source_of(None, place)
    return source.removeprefix(", in the list ").rstrip(",") if source else None


def _logic(keys: Keys, operator: str, text: str) -> Any:
    """Return a test of the field at a path, of any element if it is in lists."""
    lengths = lists_passed(keys)
    if not lengths:
        return {operator: [{"var": dotted(keys)}, text]}
    starts = (0, *lengths[:-1])
    paths = [dotted(keys[start:end]) for start, end in zip(starts, lengths, strict=True)]
    return walked(paths, {operator: [{"var": dotted(keys[lengths[-1] :])}, text]}, loop="some")
