"""E208: a path that leads into a list, where `var` finds nothing."""

from collections.abc import Iterator
from typing import Any

from hubtriage.asff.fields import Keys, holds_objects, lists_passed
from hubtriage.authoring.checks.linted_rule import LintedRule, dotted, field_at
from hubtriage.authoring.checks.rewriting import negated, replaced, walked
from hubtriage.authoring.problems import Problem
from hubtriage.authoring.yaml.flow import flow
from hubtriage.authoring.yaml.tree import YamlPath
from hubtriage.engine.jsonlogic.syntax import LOOPS, Operation
from hubtriage.engine.ruleset.templates import PLACEHOLDER

CODE = "E208"
_COMPARISONS = {"==", "===", "!=", "!==", "<", "<=", ">", ">=", "in", "in_list", "starts_with", "ends_with"}
_COMPARISONS |= {"glob", "regex", "cidr", "before", "after"}
_TRUTH = {"and", "or", "!", "!!", "if", "?:"}
_TAKE_LISTS = {*LOOPS, "reduce", "merge", "cat", *_TRUTH}
_EQUALITY = {"==", "===", "!=", "!=="}


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report paths through lists in `when` and in placeholders, and lists in the place of a value.

    JsonLogic: `var` follows names and positions. A list has no names, so that the path is null for every
    finding, and its negation is true for every finding.
    """
    for operation in rule.operations:
        if operation.name == "var" and operation.scope is not None and operation.arguments:
            yield from _of_var(rule, operation, operation.scope)
        elif operation.name in ("missing", "missing_some"):
            yield from _of_missing(rule, operation)
    for keys, place, _name in rule.positions_in_match:
        message = f"a pattern cannot use positions: {dotted(keys)} never matches"
        hint = "leave the position out (any element matches), or write in when: " + flow(
            {"var": dotted(keys)}
        )
        yield rule.problem(CODE, place, message, hint, key=True)
    for place, text in rule.templates:
        yield from _of_placeholders(rule, place, text)


def _of_var(rule: LintedRule, operation: Operation, scope: Keys) -> Iterator[Problem]:
    keys = operation.keys_of({"var": list(operation.arguments[:1])})
    if not keys or len(keys) <= len(scope) or field_at(keys) is None:
        return
    passed = [length for length in lists_passed(keys) if length > len(scope)]
    if not passed or (passed == [len(keys)] and _takes_list(operation, keys)):
        return
    through = passed[0] < len(keys)
    name, of_list = dotted(keys[len(scope) :]), dotted(keys[len(scope) : passed[0]])
    if through:
        message = f"{name} is always missing: {of_list} is a list, and a path cannot lead through a list"
    else:
        message = f"{name} is a list, not a single value"
    yield rule.problem(CODE, operation.place, message, _hint(rule, operation, keys, passed), key=True)


def _takes_list(operation: Operation, keys: Keys) -> bool:
    """Say whether what is around a `var` makes sense of a list."""
    outer = operation.outer[-1] if operation.outer else None
    if outer is None:
        return True
    index = operation.place[len(outer.place)] if len(operation.place) > len(outer.place) + 1 else 0
    if outer.name in _TAKE_LISTS:
        return True
    if outer.name == "in":
        return index == 1 and not holds_objects(keys)
    others = [one for at, one in enumerate(outer.arguments) if at != index]
    return outer.name in _EQUALITY and others == [None]


def _hint(rule: LintedRule, operation: Operation, keys: Keys, passed: list[int]) -> str:
    """Return the condition on the elements, and what to write for the first element alone."""
    start = len(operation.scope or ())
    rewritten = _on_elements(rule, operation, keys, passed)
    shown = flow(rewritten)
    first = _with_positions(keys[start:], [length - start for length in passed])
    return f"write {shown}; the first one alone is {{var: {first}}}"


def _with_positions(keys: Keys, lengths: list[int]) -> str:
    """Return a path with position 0 in each list that it passes."""
    parts: list[str] = []
    for index, key in enumerate(keys, start=1):
        parts.append(key)
        if index in lengths:
            parts.append("0")
    return ".".join(parts)


def _on_elements(rule: LintedRule, operation: Operation, keys: Keys, passed: list[int]) -> Any:
    start = len(operation.scope or ())
    ends = [start, *passed]
    paths = [dotted(keys[one:other]) for one, other in zip(ends, passed, strict=False)]
    rest = {"var": dotted(keys[passed[-1] :])}
    target = next(
        (one for one in reversed(operation.outer) if one.name in (*_COMPARISONS, *_TRUTH, *LOOPS)), None
    )
    if target is None or target.name not in _COMPARISONS:
        return walked(paths, {"!!": [rest]}, loop="some")
    if _is_membership(target, operation, keys, passed):
        others = [one for one in rule.raw(target.place) if one != rule.raw(operation.place[:-1])]
        return {"in": [*others, {"var": paths[0]}]}
    raw = {target.name: rule.raw(target.place)}
    inner = (target.name, *operation.place[len(target.place) : -1])
    condition, was_negated = negated(replaced(raw, inner, rest))
    return walked(paths, condition, loop="none" if was_negated else "some")


def _is_membership(target: Operation, operation: Operation, keys: Keys, passed: list[int]) -> bool:
    """Say whether a list is compared with a value that it may contain."""
    return (
        target.name in ("==", "===")
        and target is operation.outer[-1]
        and len(passed) == 1
        and passed[0] == len(keys)
        and not holds_objects(keys)
        and len(target.arguments) == 2
    )


def _of_missing(rule: LintedRule, operation: Operation) -> Iterator[Problem]:
    for keys, place, _is_key in rule.paths:
        if place[: len(operation.place)] != operation.place or len(place) == len(operation.place):
            continue
        lengths = lists_passed(keys)
        if field_at(keys) is None or not lengths or lengths[0] == len(keys):
            continue
        holder = dotted(keys[: lengths[0]])
        there = walked([holder], {"!!": [{"var": dotted(keys[lengths[0] :])}]}, loop="some")
        message = (
            f"{dotted(keys)} is always missing: {holder} is a list, and a path cannot lead through a list"
        )
        yield rule.problem(CODE, place, message, f"to ask whether any has it, write {flow(there)}")


def _of_placeholders(rule: LintedRule, place: YamlPath, text: str) -> Iterator[Problem]:
    for placeholder in PLACEHOLDER.finditer(text):
        keys = tuple(placeholder[2].split("."))
        lengths = list(lists_passed(keys)) if placeholder[1] == "finding" and field_at(keys) else []
        if lengths:
            message = f"{placeholder[0]} is always missing: {dotted(keys[: lengths[0]])} is a list"
            hint = f"name one element: {{finding.{_with_positions(keys, lengths)}}}"
            yield rule.problem(CODE, place, message, hint)
