"""Why a condition holds or not: every part of it with the value that it saw.

The outcome always equals the compiled one: expressions are traced by watching the compiled closures, and a
pattern's conditions all hold exactly if the compiled pattern matches.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hubtriage.engine.errors import EvaluationError, Path
from hubtriage.engine.jsonlogic.compiler import Compiler
from hubtriage.engine.jsonlogic.expressions import Accounts, Evaluate, EvaluationContext
from hubtriage.engine.jsonlogic.values import Value
from hubtriage.engine.pattern.compiler import (
    compile_pattern,
    expand,
    flatten,
    has_leaf,
    leaf_values,
    objects_at,
    values_at,
)
from hubtriage.engine.pattern.fields import compile_field

MAX_NODES = 500
MAX_VALUES = 20
MAX_ALTERNATIVES = 6
SAME_ELEMENT = "all of these in the same element"


@dataclass(frozen=True, slots=True)
class TracedCondition:
    """One condition of a pattern: path, what it asks, the values that it saw there, the outcome.

    Of more than 20 values the first are kept, those for which it holds before the others. `found` is what the
    finding as it came has there, if that is something else: rules see a finding without what triage changed,
    and in its canonical form. A `$or` has `branches`, each a list of conditions that must all hold.
    """

    path: str
    test: str
    values: tuple[Value, ...]
    holds: bool
    branches: tuple[tuple[TracedCondition, ...], ...] = ()
    found: tuple[Value, ...] | None = None


@dataclass(slots=True)
class TracedOperation:
    """One operation: its operator and text, the value it gave (or the error), and the operations below it.

    Operations that were not reached (behind a false `and`) are not there. An operation inside `some` stands
    once for each element; `omitted` counts those beyond the first 500 of the whole trace. `found` is what the
    finding as it came has at the path of a `var`, in a list of one, if that is something else.
    """

    operator: str
    expression: str
    value: Value = None
    error: str | None = None
    omitted: int = 0
    found: tuple[Value, ...] | None = None
    children: list[TracedOperation] = field(default_factory=list)


def trace_pattern(
    pattern: Mapping[str, Any], finding: Mapping[str, Any], original: Mapping[str, Any] | None = None
) -> tuple[TracedCondition, ...]:
    """Return the pattern's conditions in its order. Raises PatternError.

    `original` is the finding as it came, if `finding` is what rules see of it.
    """
    matches = compile_pattern(pattern)(finding)
    seen = _Seen(finding, finding if original is None else original, _shared_prefixes(pattern))
    conditions = _conditions(pattern, (), (), seen)
    if not matches and all(condition.holds for condition in conditions):
        conditions.append(TracedCondition(_shared_lists(pattern, finding), SAME_ELEMENT, (), False))
    return tuple(conditions)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A finding, and for each path of the pattern the longest beginning that another path shares with it."""

    finding: Mapping[str, Any]
    original: Mapping[str, Any]
    shared: Mapping[tuple[str, ...], int]

    def elsewise(self, keys: tuple[str, ...], values: list[Value]) -> tuple[Value, ...] | None:
        """Return what the finding as it came has at a path; None if a condition saw that, all of it."""
        objects = objects_at(self.original, keys[:-1])
        found = [one[keys[-1]] for one in objects if keys[-1] in one]
        scalars = [value for one in found for value in leaf_values(one)]
        is_all = all(leaf_values(one) and not _holds_object(one) for one in found)
        return None if is_all and _text(scalars) == _text(values) else tuple(found[:MAX_VALUES])

    def is_absent(self, keys: tuple[str, ...]) -> bool:
        """Say whether one of the objects that paths share lacks the field: it may be the one they mean."""
        depth = self.shared[keys]
        objects = list(objects_at(self.finding, keys[:depth]))
        return not objects or not all(has_leaf(one, keys[depth:]) for one in objects)


def _shared_prefixes(pattern: Mapping[str, Any]) -> dict[tuple[str, ...], int]:
    shared: dict[tuple[str, ...], int] = {}
    for branch in expand(pattern):
        paths = [leaf.keys for leaf in branch]
        for path in paths:
            most = max((_common_length(path, other) for other in paths if other != path), default=0)
            shared[path] = max(most, shared.get(path, 0))
    return shared


def _common_length(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    return next((at for at, (left, right) in enumerate(zip(one, other, strict=False)) if left != right), 0)


def _conditions(
    node: Mapping[str, Any], keys: tuple[str, ...], where: Path, seen: _Seen
) -> list[TracedCondition]:
    conditions: list[TracedCondition] = []
    for name, value in node.items():
        here = (*where, name)
        if name == "$or":
            conditions.append(_either(value, keys, here, seen))
        elif isinstance(value, Mapping):
            conditions += _conditions(value, (*keys, name), here, seen)
        else:
            alternatives = value if isinstance(value, list) else [value]
            conditions.append(_condition(alternatives, (*keys, name), here, seen))
    return conditions


def _either(
    branches: list[Mapping[str, Any]], keys: tuple[str, ...], where: Path, seen: _Seen
) -> TracedCondition:
    traced = tuple(
        tuple(_conditions(branch, keys, (*where, index), seen)) for index, branch in enumerate(branches)
    )
    holds = any(all(condition.holds for condition in branch) for branch in traced)
    return TracedCondition(".".join(keys), "any of these branches", (), holds, traced)


def _condition(alternatives: list[Any], keys: tuple[str, ...], where: Path, seen: _Seen) -> TracedCondition:
    test = compile_field(alternatives, where)
    values = list(values_at(seen.finding, keys))
    holds = any(map(test.holds, values)) or (test.holds_when_absent and seen.is_absent(keys))
    kept = tuple(sorted(values, key=lambda value: not test.holds(value))[:MAX_VALUES])
    found = seen.elsewise(keys, values)
    return TracedCondition(".".join(keys), describe(alternatives), kept, holds, found=found)


def _holds_object(value: Value) -> bool:
    return any(isinstance(one, dict) for one in flatten(value))


def _shared_lists(pattern: Mapping[str, Any], finding: Mapping[str, Any]) -> str:
    """Name the lists below which several conditions would have to hold together."""
    users: dict[str, set[tuple[str, ...]]] = {}
    for leaf in {leaf.keys for branch in expand(pattern) for leaf in branch}:
        node: Any = [finding]
        for depth, key in enumerate(leaf[:-1], 1):
            node = [one[key] for one in node if isinstance(one, dict) and key in one]
            if any(isinstance(one, list) for one in node):
                users.setdefault(".".join(leaf[:depth]), set()).add(leaf)
                node = [element for one in node for element in (one if isinstance(one, list) else [one])]
    return ", ".join(sorted(path for path, leaves in users.items() if len(leaves) > 1))


def describe(alternatives: list[Any]) -> str:
    """Say in words what a field of a pattern asks, such as `prefix "arn:" or does not exist`."""
    shown = [_describe_one(alternative) for alternative in alternatives[:MAX_ALTERNATIVES]]
    more = len(alternatives) - len(shown)
    return " or ".join(shown) + (f" or {more} more" if more else "")


def _describe_one(alternative: Any) -> str:
    if not isinstance(alternative, Mapping):
        return _text(alternative)
    ((operator, operand),) = alternative.items()
    if operator == "exists":
        return "exists" if operand else "does not exist"
    if operator == "numeric":
        return " and ".join(
            f"{sign} {bound}" for sign, bound in zip(operand[::2], operand[1::2], strict=True)
        )
    words = operator.replace("-", " ")
    if isinstance(operand, Mapping):
        return f"{words} {_describe_one(operand)}"
    if isinstance(operand, list):
        return f"{words} any of {describe(operand)}" if len(operand) > 1 else f"{words} {describe(operand)}"
    return f"{words} {_text(operand)}"


def _text(value: Value) -> str:
    return json.dumps(value, ensure_ascii=False)


def trace_logic(
    logic: Value,
    data: Value,
    now: float | None = None,
    accounts: Accounts | None = None,
    original: Value = None,
) -> TracedOperation:
    """Evaluate an expression and return what every operation gave. Raises LogicError.

    `original` is the finding as it came, if `data` is what rules see of it.
    """
    root = TracedOperation("", _text(logic))
    recorder = _Recorder([root], data if original is None else original)
    evaluate = Compiler(accounts or {}, recorder.observe).compile(logic, (), 0).evaluate
    try:
        root.value = evaluate(data, EvaluationContext(data, now))
    except EvaluationError as error:
        root.error = str(error)
    return root.children[0] if isinstance(logic, Mapping) and root.children else root


@dataclass(slots=True)
class _Recorder:
    """Hangs a node for each running operation below the one that called it."""

    stack: list[TracedOperation]
    original: Value
    count: int = 0

    def observe(self, logic: Value, evaluate: Evaluate) -> Evaluate:
        """Wrap an operation's closure."""
        operator, expression = next(iter(logic), ""), _text(logic)

        def observed(data: Value, context: EvaluationContext) -> Value:
            self.count += 1
            if self.count > MAX_NODES:
                self.stack[-1].omitted += 1
                return evaluate(data, context)
            node = TracedOperation(operator, expression)
            self.stack[-1].children.append(node)
            self.stack.append(node)
            try:
                node.value = evaluate(data, context)
            except EvaluationError as error:
                node.error = str(error)
                raise
            finally:
                self.stack.pop()
            if operator == "var" and data is context.root:
                node.found = self._elsewise(evaluate, context, node.value)
            return node.value

        return observed

    def _elsewise(
        self, evaluate: Evaluate, context: EvaluationContext, value: Value
    ) -> tuple[Value, ...] | None:
        """Return what the finding as it came has where `var` looks, if that is another value."""
        stack, count = self.stack, self.count
        self.stack = [TracedOperation("", "")]  # what a calculated path is made of is traced already
        try:
            found = evaluate(self.original, EvaluationContext(self.original, context.now))
        except EvaluationError:
            return None
        finally:
            self.stack, self.count = stack, count
        return None if _text(found) == _text(value) else (found,)
