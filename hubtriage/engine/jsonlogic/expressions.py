"""What the parts of a compiled expression share: evaluation context, operators, their arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

from hubtriage.engine.errors import EvaluationError, LogicError, Path
from hubtriage.engine.jsonlogic.values import Value

# Elements that `map`, `some` and the like may visit in one evaluation, inner loops included.
# AWS: a finding has at most 240 KB, so a rule that needs more than this multiplies.
MAX_STEPS = 1_000_000

Accounts: TypeAlias = Mapping[str, Mapping[str, Value]]


class EvaluationContext:
    """One evaluation: the whole finding, which operators see from inside `some` too, and the time."""

    __slots__ = ("now", "root", "steps")

    def __init__(self, root: Value, now: float | None) -> None:
        self.root = root
        self.now = now
        self.steps = MAX_STEPS

    def spend(self, steps: int) -> None:
        """Account for elements about to be visited. Raises EvaluationError when there were too many."""
        self.steps -= steps
        if self.steps < 0:
            raise EvaluationError(f"more than {MAX_STEPS} list elements were to be visited")


Evaluate: TypeAlias = Callable[[Value, EvaluationContext], Value]


@dataclass(frozen=True, slots=True)
class CompiledExpression:
    """A compiled part; the value of a constant one is known already."""

    evaluate: Evaluate
    is_constant: bool = False
    value: Value = None


def constant_expression(value: Value) -> CompiledExpression:
    """Return the expression that always has this value."""
    return CompiledExpression(lambda _data, _context: value, True, value)


@dataclass(frozen=True, slots=True)
class OperatorCall:
    """An operator's arguments on loading, with what it takes to refuse them."""

    arguments: list[CompiledExpression]
    path: Path
    in_list: bool
    accounts: Accounts

    def evaluators(self) -> list[Evaluate]:
        """Return the arguments' closures in order."""
        return [argument.evaluate for argument in self.arguments]

    def is_constant(self, index: int) -> bool:
        """Say whether the argument is written out in the rule."""
        return self.arguments[index].is_constant

    def refuse(self, index: int, message: str, hint: str = "") -> NoReturn:
        """Raise LogicError about one argument."""
        raise LogicError(message, (*self.path, index) if self.in_list else self.path, hint)

    def constant(self, index: int, hint: str) -> Value:
        """Return an argument that must be written out in the rule. Raises LogicError if it is calculated."""
        if not self.is_constant(index):
            self.refuse(index, f"`{self.path[-1]}` needs this argument written out", hint)
        return self.arguments[index].value


@dataclass(frozen=True, slots=True)
class Operator:
    """How many arguments an operator takes, and how it becomes a closure."""

    fewest: int
    most: float
    build: Callable[[OperatorCall], Evaluate]
    usage: str = ""

    def arity(self) -> str:
        """Say in words how many arguments are right."""
        if self.most == self.fewest:
            return f"{self.fewest} argument" + ("s" if self.fewest != 1 else "")
        if self.most == float("inf"):
            return f"{self.fewest} or more arguments"
        return f"{self.fewest} to {self.most:g} arguments"
