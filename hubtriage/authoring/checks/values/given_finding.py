"""W101, W102 and W103 in the findings of tests: a slip there lets a test pass for the wrong reason."""

from collections.abc import Iterator, Mapping
from typing import Any

from hubtriage.authoring.asff.fields import UnknownPath, look_up
from hubtriage.authoring.checks.linted_rule import LintedRule, dotted, field_at, steps
from hubtriage.authoring.checks.values.impossible_value import impossible_value_hint
from hubtriage.authoring.checks.values.wrong_type import misfit
from hubtriage.authoring.problems import Problem
from hubtriage.authoring.yaml.tree import YamlPath

UNKNOWN_PATH, WRONG_TYPE, IMPOSSIBLE = "W101", "W102", "W103"


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report members that no finding has, and values that they never have, in the finding of each test."""
    for index, test in enumerate(rule.model.tests):
        yield from _inside(rule, test.finding, ("tests", index, "finding"))
        if test.before is not None:
            yield from _inside(rule, test.before.finding, ("tests", index, "before", "finding"))


def _inside(rule: LintedRule, value: Any, root: YamlPath, path: YamlPath = ()) -> Iterator[Problem]:
    """Yield the problems of a value at a path inside the finding at `root`."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            found = look_up(steps((*path, name)))
            if isinstance(found, UnknownPath):
                message = f"no finding has {dotted(steps((*path, name)))}"
                yield rule.problem(UNKNOWN_PATH, (*root, *path, name), message, found.hint, key=True)
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
        yield rule.problem(WRONG_TYPE, place, f"{dotted(keys)} is {wrong[0]}", wrong[1])
    hint = impossible_value_hint(keys, value)
    if hint is not None:
        yield rule.problem(IMPOSSIBLE, place, f"{dotted(keys)} is never {value!r}", hint)
