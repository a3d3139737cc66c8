"""What an import comes to: rules, what was refused, and what a reader should know about the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hubtriage.interop.criteria.input import Path, Refused, shown

Line = Callable[[Path], int | None]


class UnreadableError(Exception):
    """A file in which no rules of its kind can be found; `hint` says what to do."""

    def __init__(self, reason: str, hint: str = ""):
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rule of the source that was left out: which, where in the file, why, and what to do."""

    rule: str
    where: str
    reason: str
    hint: str = ""
    line: int | None = None

    def as_record(self) -> dict[str, Any]:
        """Return the refusal as JSON-ready data."""
        record = {"rule": self.rule, "where": self.where, "line": self.line, "reason": self.reason}
        return {**record, "hint": self.hint or None}


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that a reader should know about an imported rule."""

    rule: str
    text: str

    def as_record(self) -> dict[str, Any]:
        """Return the remark as JSON-ready data."""
        return {"rule": self.rule, "text": self.text}


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule of the source, translated, without its id.

    `label` names it in messages, `name` is what its id is made from, `path` is where the source has it.
    """

    label: str
    name: str
    path: Path
    body: dict[str, Any]
    remarks: tuple[str, ...] = ()


@dataclass(slots=True)
class Translation:
    """What one file comes to before it is checked: drafts and refusals, both in the order of the file."""

    drafts: list[Draft] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    line: Line = lambda _path: None

    def add(self, label: str, translate: Callable[[], Draft]) -> None:
        """Take a rule's draft, or its refusal."""
        try:
            self.drafts.append(translate())
        except Refused as error:
            self.refuse(label, error)

    def refuse(self, label: str, error: Refused) -> None:
        """Take a refusal."""
        refusal = Refusal(label, shown(error.path), error.reason, error.hint, self.line(error.path))
        self.refusals.append(refusal)


@dataclass(frozen=True, slots=True)
class Imported:
    """The rules, as a rule file's `rules:` holds them, and what else came of the import."""

    rules: tuple[dict[str, Any], ...]
    refusals: tuple[Refusal, ...]
    remarks: tuple[Remark, ...]
