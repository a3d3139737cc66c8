"""JsonLogic with the semantics of json-logic-js 2.0.5, compiled to closures.

`compile_logic` checks the whole expression and returns a function. It differs from json-logic-js on purpose:

- Unknown operators, a wrong number of arguments and objects with several members are refused on loading.
- Integers above 2^53 stay exact except in arithmetic, and there is no `log`.
- Members that JavaScript objects inherit (`toString`) are not seen, and a finding's own members of such names
  do not change how it is converted or searched.
- What a finding holds is never evaluated; json-logic-js does so with the keys given to `missing`.
- Deep nesting is refused on loading; at evaluation work and size have bounds (`EvaluationError`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hubtriage.engine.errors import EvaluationError, LogicError, Path
from hubtriage.engine.jsonlogic.expressions import (
    Accounts,
    CompiledExpression,
    Evaluate,
    EvaluationContext,
    OperatorCall,
    constant_expression,
)
from hubtriage.engine.jsonlogic.operators import OPERATORS
from hubtriage.engine.jsonlogic.triage_operators import TRIAGE_OPERATORS
from hubtriage.engine.jsonlogic.values import Value, truthy
from hubtriage.engine.text.suggestions import did_you_mean

__all__ = ["ALL_OPERATORS", "EvaluationError", "LogicError", "compile_logic", "logic_errors", "truthy"]

# Deep enough for any rule that a person can read, and far from Python's own limit.
MAX_DEPTH = 64
ALL_OPERATORS = {**OPERATORS, **TRIAGE_OPERATORS}

Observer = Callable[[Value, Evaluate], Evaluate]


def logic_errors(logic: Value, *, accounts: Accounts | None = None) -> list[LogicError]:
    """Return the flaws of an expression, at most one for each operation; none if it compiles."""
    errors: list[LogicError] = []
    try:
        Compiler(accounts or {}, errors=errors).compile(logic, (), 0)
    except LogicError as error:  # outside of any operation
        errors.append(error)
    return errors


def compile_logic(logic: Value, *, accounts: Accounts | None = None) -> Callable[..., Value]:
    """Compile an expression to a function f(data, now=None) -> value.

    `now` is in epoch seconds. `accounts` maps account ids to their attributes for the operator `account`.
    Raises LogicError for a flaw seen on loading; the function raises EvaluationError when it has no answer.
    """
    evaluate = Compiler(accounts or {}).compile(logic, (), 0).evaluate

    def run(data: Value, now: float | None = None) -> Value:
        return evaluate(data, EvaluationContext(data, now))

    return run


@dataclass(frozen=True, slots=True)
class Compiler:
    """Turns expressions into closures; an observer may wrap each closure, to see every value.

    The first flaw is raised. Given a list of `errors`, the compiler collects them there instead and goes on
    with a stand-in for the operation.
    """

    accounts: Accounts
    observe: Observer | None = None
    errors: list[LogicError] | None = None

    def compile(self, logic: Value, path: Path, depth: int) -> CompiledExpression:
        """Compile the expression at a path of the whole."""
        if depth > MAX_DEPTH:
            raise LogicError(f"nested more than {MAX_DEPTH} deep", path, "split the rule, or use lists")
        if isinstance(logic, list):
            return self._list(logic, path, depth)
        if not isinstance(logic, Mapping):
            return constant_expression(_checked_scalar(logic, path))
        try:
            expression = self._operation(logic, path, depth) if logic else constant_expression(logic)
        except LogicError as error:
            if self.errors is None:
                raise
            self.errors.append(error)
            return _STAND_IN
        return self._observed(logic, expression)

    def _list(self, items: list[Value], path: Path, depth: int) -> CompiledExpression:
        parts = [self.compile(item, (*path, index), depth + 1) for index, item in enumerate(items)]
        evaluators = [part.evaluate for part in parts]
        return CompiledExpression(
            lambda data, context: [evaluate(data, context) for evaluate in evaluators],
            is_constant=all(part.is_constant for part in parts),
            value=[part.value for part in parts],
        )

    def _operation(self, logic: Mapping[str, Value], path: Path, depth: int) -> CompiledExpression:
        if len(logic) > 1:
            names = ", ".join(f"`{name}`" for name in logic)
            raise LogicError(
                f"an object with {len(logic)} members ({names}) is not an operation",
                path,
                'one operator an object; combine them with {"and": [...]}',
            )
        name, arguments = next(iter(logic.items()))
        operator = ALL_OPERATORS.get(name) if isinstance(name, str) else None
        if operator is None:
            raise LogicError(
                f"unknown operator `{name}`", path, did_you_mean(name, ALL_OPERATORS, most=len(ALL_OPERATORS))
            )
        here = (*path, name)
        if isinstance(arguments, list):
            given = [self.compile(item, (*here, index), depth + 1) for index, item in enumerate(arguments)]
        else:
            given = [self.compile(arguments, here, depth + 1)]
        if not operator.fewest <= len(given) <= operator.most:
            raise LogicError(f"`{name}` takes {operator.arity()}, not {len(given)}", here, operator.usage)
        return CompiledExpression(
            operator.build(OperatorCall(given, here, isinstance(arguments, list), self.accounts))
        )

    def _observed(self, logic: Value, expression: CompiledExpression) -> CompiledExpression:
        if self.observe is None:
            return expression
        return CompiledExpression(
            self.observe(logic, expression.evaluate), expression.is_constant, expression.value
        )


# Not constant, like every operation: the operations around it are checked as if this one had compiled.
_STAND_IN = CompiledExpression(lambda _data, _context: None)


def _checked_scalar(value: Any, path: Path) -> Value:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        raise LogicError(f"{value} is no JSON number", path)
    raise LogicError(f"a {type(value).__name__} is no JSON value", path, "put dates and times in quotes")
