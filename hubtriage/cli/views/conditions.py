"""Conditions of a rule as people read them: all of them, or the one that fails."""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence

import click

from hubtriage.cli.text import quoted, shown
from hubtriage.engine.jsonlogic.values import truthy
from hubtriage.engine.trace import TracedCondition, TracedOperation
from hubtriage.simulation.explain import RuleExplanation

MOST_SEEN, MOST_CHARACTERS = 5, 200
_NO_WORD = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?|true|false|null|none|nothing|NaN|-?Infinity")
EVERY, NONE = "applies to every finding", "applies to no finding"
NOT = {
    "in": "not in",
    "in_list": "not in the list",
    "==": "not",
    "===": "not",
    "starts_with": "does not start with",
    "ends_with": "does not end with",
    "glob": "not like",
    "regex": "not like",
    "cidr": "not in",
    "before": "not before",
    "after": "not after",
    "<": "not below",
    "<=": "not at most",
    ">": "not above",
    ">=": "not at least",
}
"""The words between the two operands of an operator that is false."""


def all_conditions(rule: RuleExplanation) -> Iterator[str]:
    """Yield each condition with the value that it saw and whether it holds."""
    for condition in rule.match:
        yield from _condition(condition)
    if rule.when is not None:
        yield from _root(rule.when)


def first_failure(rule: RuleExplanation) -> Iterator[str]:
    """Yield what keeps a rule from matching: the first condition that does not hold, down to its parts."""
    failing = next((condition for condition in rule.match if not condition.holds), None)
    if failing is not None:
        yield from _failing_condition(failing)
    elif rule.when is not None:
        yield f"{_mark(False)} {_why_false(rule.when)}"


def _failing_condition(condition: TracedCondition, depth: int = 0) -> Iterator[str]:
    yield _line(condition, depth)
    for branch in condition.branches:
        first = next((part for part in branch if not part.holds), None)
        if first is not None:
            yield from _failing_condition(first, depth + 1)


def _condition(condition: TracedCondition, depth: int = 0) -> Iterator[str]:
    yield _line(condition, depth)
    for branch in condition.branches:
        for inner in branch:
            yield from _condition(inner, depth + 1)


def _line(condition: TracedCondition, depth: int) -> str:
    head = f"{'  ' * depth}{_mark(condition.holds)} "
    path = f"{quoted(condition.path)}: " if condition.path else ""
    saw = "" if condition.branches else f"; saw {_seen(condition.values)}{_elsewise(condition.found)}"
    return f"{head}{path}{quoted(condition.test)}{saw}"


def _seen(values: Sequence[object]) -> str:
    more = " …" if len(values) > MOST_SEEN else ""
    return ", ".join(map(seen, values[:MOST_SEEN])) + more if values else "nothing"


def seen(value: object) -> str:
    """Return a value of a finding as JSON has it, plain words without quotes; what is long ends in …

    A text that reads like a number, a boolean or nothing keeps its quotes: it is not one of them.
    """
    text = json.dumps(value) if isinstance(value, str) and _NO_WORD.fullmatch(value) else shown(value)
    if len(text) <= MOST_CHARACTERS:
        return text
    if isinstance(value, str) and text.startswith('"'):
        return f"{shown(value[:MOST_CHARACTERS])}…"
    return f"{text[:MOST_CHARACTERS]}…"


def _elsewise(found: Sequence[object] | None) -> str:
    """Return what the finding has, if a condition saw something else."""
    if found is None:
        return ""
    return f" (the finding has {'nothing' if tuple(found) == (None,) else _seen(found)})"


def _root(node: TracedOperation) -> Iterator[str]:
    """Yield the whole `when`. It holds if its value is truthy, as for the rule."""
    if node.operator == "" and node.value is True:
        yield f"{_mark(True)} {EVERY}"
        return
    yield f"{_mark(node.error is None and truthy(node.value))} {_outcome(node)}"
    for child in node.children:
        yield from _node(child, 1)


def _node(node: TracedOperation, depth: int) -> Iterator[str]:
    mark = _mark(node.value) if isinstance(node.value, bool) and node.error is None else " "
    yield f"{'  ' * depth}{mark} {_outcome(node)}"
    for child in node.children:
        yield from _node(child, depth + 1)


def _outcome(node: TracedOperation) -> str:
    value = quoted(f"error: {node.error}") if node.error else _value(node)
    return f"{quoted(node.expression)} is {value}{_elsewise(node.found)}"


def _value(node: TracedOperation) -> str:
    """Return a value as text. Days are cut, not rounded: 29.96 must not look as if it had reached 30."""
    if node.operator == "age_days" and isinstance(node.value, float) and math.isfinite(node.value):
        return f"{math.floor(node.value * 10) / 10:.1f}"
    return seen(node.value)


def _why_false(node: TracedOperation) -> str:
    """Return the part that makes an expression false, with the value that it saw."""
    if node.operator == "and" and node.children and not truthy(node.children[-1].value):
        return _why_false(node.children[-1])
    if node.operator == "or" and len(node.children) > 1:
        return ", and ".join(_why_false(child) for child in node.children)
    if node.operator == "" and node.value is False:
        return NONE
    return _comparison(node) or _outcome(node)


def _comparison(node: TracedOperation) -> str | None:
    """Return `Severity.Label is HIGH, not in LOW, INFORMATIONAL`; None without two operands."""
    logic = json.loads(node.expression) if node.operator in NOT else None
    operands = logic.get(node.operator) if isinstance(logic, Mapping) else None
    if not isinstance(operands, list) or len(operands) != 2 or not isinstance(operands[0], Mapping):
        return None
    texts = {child.expression: child for child in node.children}
    first = texts.get(_text(operands[0]))
    if first is None:
        return None
    second = texts.get(_text(operands[1]))
    bound = _operand(operands[1]) if second is None else f"{_name(operands[1])}, which is {_stood(second)}"
    return f"{_name(operands[0])} is {_stood(first)}, {NOT[node.operator]} {bound}"


def _stood(node: TracedOperation) -> str:
    return f"{_value(node)}{_elsewise(node.found)}"


def _operand(value: object) -> str:
    return ", ".join(map(seen, value)) if isinstance(value, list) and value else seen(value)


def _name(operand: object) -> str:
    """Return the name of an operand: a path, `age_days of CreatedAt`, else its JSON."""
    if not isinstance(operand, Mapping) or len(operand) != 1:
        return quoted(_text(operand))
    ((operator, argument),) = operand.items()
    inner = argument[0] if isinstance(argument, list) and argument else argument
    if operator == "var" and isinstance(inner, str) and inner:
        return quoted(inner)
    if operator in ("age_days", "lower") and isinstance(inner, Mapping):
        return f"{operator} of {_name(inner)}"
    return quoted(_text(operand))


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _mark(holds: object) -> str:
    return click.style("✓", fg="green") if holds else click.style("✗", fg="red")
