"""Errors of a rule's conditions, as data that a caller can place in its own file."""

from __future__ import annotations

Path = tuple[str | int, ...]


class ConditionError(ValueError):
    """A condition is refused on loading.

    `path` leads from the root of the condition to the flaw: member names and list positions. `message` says
    what is wrong there, `hint` what to write instead (may be empty).
    """

    def __init__(self, message: str, path: Path = (), hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.hint = hint

    def __str__(self) -> str:
        where = "/".join(map(str, self.path)) or "(root)"
        return f"{where}: {self.message}" + (f"; {self.hint}" if self.hint else "")


class LogicError(ConditionError):
    """A `when` that is not JsonLogic, or whose meaning must be a mistake."""


class PatternError(ConditionError):
    """A `match` that EventBridge would refuse, or whose meaning must be a mistake."""


class EvaluationError(RuntimeError):
    """A condition has no answer for this finding. Never the same as "does not match"."""
