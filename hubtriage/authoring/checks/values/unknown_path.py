"""W101: a path that no finding has."""

from collections.abc import Iterator

from hubtriage.authoring.asff.fields import UnknownPath, look_up
from hubtriage.authoring.checks.linted_rule import LintedRule, dotted
from hubtriage.authoring.problems import Problem
from hubtriage.engine.ruleset.templates import PLACEHOLDER

CODE = "W101"


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report paths in conditions and placeholders that are not in AWS's model of a finding."""
    yield from _in_conditions(rule)
    yield from _in_placeholders(rule)


def _in_conditions(rule: LintedRule) -> Iterator[Problem]:
    for keys, place, is_key in rule.paths:
        found = look_up(keys)
        if isinstance(found, UnknownPath):
            # in a pattern the wrong name is a key further out than the field itself
            at = place[: len(place) - (len(keys) - 1 - found.step)] if is_key else place
            yield rule.problem(CODE, at, f"no finding has {dotted(keys)}", found.hint, key=is_key)


def _in_placeholders(rule: LintedRule) -> Iterator[Problem]:
    for place, text in rule.templates:
        for placeholder in PLACEHOLDER.finditer(text):
            if placeholder[1] != "finding":
                continue
            found = look_up(tuple(placeholder[2].split(".")))
            if isinstance(found, UnknownPath):
                hint = f"did you mean `{{finding.{found.meant}}}`?" if found.meant else ""
                yield rule.problem(CODE, place, f"no finding has what {placeholder[0]} names", hint)
            elif found.in_list or found.kind == "object":
                hint = "name one value, in a list by its position: {finding.Resources.0.Id}"
                yield rule.problem(CODE, place, f"{placeholder[0]} is not one value", hint)
