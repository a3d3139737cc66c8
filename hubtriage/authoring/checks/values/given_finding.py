"""Slips in the findings of tests: each lets a test pass for the wrong reason."""

from collections.abc import Iterator, Mapping
from typing import Any

from hubtriage.asff.fields import UnknownPath, look_up
from hubtriage.authoring.checks.kinds import misfit
from hubtriage.authoring.checks.known_values import flaw_of
from hubtriage.authoring.checks.linted_rule import LintedRule, dotted, field_at, steps
from hubtriage.authoring.checks.matcher_syntax import syntax_of
from hubtriage.authoring.checks.values.impossible_value import CERTAIN, DOUBTFUL, message_of
from hubtriage.authoring.checks.values.pattern_in_value import CERTAIN as PATTERN
from hubtriage.authoring.checks.values.unknown_path import (
    MISSPELT,
    NEWER,
    UNKNOWN,
    renamed_member,
    unknown_message,
)
from hubtriage.authoring.checks.values.wrong_type import CODE as WRONG_TYPE
from hubtriage.authoring.checks.values.wrong_type import retyped
from hubtriage.authoring.problems import Problem
from hubtriage.authoring.yaml.tree import YamlPath


def check_certain(rule: LintedRule) -> Iterator[Problem]:
    """Report members and values that no finding has, in the finding of each test."""
    return (problem for problem in _found(rule) if problem.code.startswith("E"))


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report members and values that AWS's model does not know, in the finding of each test."""
    return (problem for problem in _found(rule) if problem.code.startswith("W"))


def _found(rule: LintedRule) -> Iterator[Problem]:
    for index, test in enumerate(rule.model.tests):
        yield from _inside(rule, test.finding, ("tests", index, "finding"))
        if test.before is not None:
            yield from _inside(rule, test.before.finding, ("tests", index, "before", "finding"))


def _inside(rule: LintedRule, value: Any, root: YamlPath, path: YamlPath = ()) -> Iterator[Problem]:
    """Yield the problems of a value at a path inside the finding at `root`."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            keys = steps((*path, name))
            found = look_up(keys)
            if isinstance(found, UnknownPath):
                code = MISSPELT if found.misspelt or found.below else UNKNOWN
                hint = found.hint if found.meant else NEWER
                at = (*root, *path, name)
                fix = renamed_member(rule, at, found) if code == MISSPELT else None
                yield rule.problem(code, at, unknown_message(keys), hint, key=True, fix=fix)
            else:
                yield from _inside(rule, inner, root, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _inside(rule, inner, root, (*path, index))
    elif value is not None and path:  # null removes a member of the sample
        yield from _of_scalar(rule, value, root, path)


def _of_scalar(rule: LintedRule, value: Any, root: YamlPath, path: YamlPath) -> Iterator[Problem]:
    keys, place = steps(path), (*root, *path)
    field = field_at(keys)
    wrong = misfit(field.kind, value) if field else None
    if wrong:
        fix = retyped(rule, place, field.kind if field else "unknown", value)
        yield rule.problem(WRONG_TYPE, place, f"{dotted(keys)} is {wrong[0]}", wrong[1], fix=fix)
    syntax = syntax_of(keys, value) if isinstance(value, str) else None
    if syntax is not None and syntax.certain:
        message = f"a finding holds values, and {value!r} looks like a {syntax.kind}"
        yield rule.problem(PATTERN, place, message, "write a value that the pattern should match")
        return
    flaw = flaw_of(keys, value)
    if flaw is not None:
        code = CERTAIN if flaw.certain else DOUBTFUL
        fix = rule.reworded(place, value, flaw.meant) if flaw.certain else None
        yield rule.problem(code, place, message_of(dotted(keys), repr(value), flaw), flaw.hint, fix=fix)
