"""Problems of rule files as data: where, what, and what to do about it.

Every problem has a stable code. `CODES` lists them all. A code never changes its meaning, and a retired code
is not used again.

A fix says what replaces which part of the text, and what that changes in the content. The code that makes it
keeps the two together: the new text has to be read as the content with the changes, and as nothing else.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from hubtriage.authoring.excerpt import excerpt, printable


class Severity(StrEnum):
    """An error stops lint and build; a warning does not, unless asked to."""

    ERROR = "error"
    WARNING = "warning"


CODES = {
    # the file
    "E001": "unreadable-file",
    "E002": "yaml-syntax",
    "E003": "duplicate-key",
    "E004": "unquoted-value",
    "E005": "several-documents",
    "E006": "nesting-too-deep",
    "E007": "unsupported-yaml",
    "E008": "empty-file",
    # the shape of a rule
    "E101": "unknown-key",
    "E102": "missing-key",
    "E103": "wrong-type",
    "E104": "unknown-value",
    "E105": "value-out-of-limits",
    "E106": "malformed-value",
    "E107": "contradictory-values",
    # the conditions
    "E201": "bad-pattern",
    "E202": "bad-logic",
    "E203": "unknown-list",
    "E204": "empty-match",
    "E205": "no-condition",
    "E206": "no-account-directory",
    "E207": "misspelt-path",
    "E208": "path-through-list",
    "E209": "constant-when",
    "E210": "pattern-in-exact-value",
    "E211": "value-that-cannot-occur",
    "E212": "meaningless-comparison",
    "E213": "wrong-type-for-path",
    "E214": "constant-operator",
    "E215": "malformed-account-id",
    "E216": "odd-character",
    "E217": "negation-of-what-v2-lacks",
    # the update
    "E302": "unknown-placeholder",
    "E303": "placeholder-without-value",
    "E304": "unsettable-field",
    "E305": "field-never-set",
    "E306": "hides-without-note",
    "E307": "hides-above-its-ceiling",
    # what is delivered
    "E308": "unknown-channel-or-queue",
    "E309": "channel-for-queue",
    # the folder
    "E401": "duplicate-id",
    "E402": "duplicate-list",
    "E403": "no-rule-in-force",
    "E404": "no-such-folder",
    "E405": "unread-rules",
    # the house policy
    "E501": "breaks-the-policy",
    "E502": "policy-not-proved",
    "E503": "policy-requires-more",
    "E504": "policy-says-nothing",
    # warnings: what a condition looks at
    "W101": "unknown-path",
    "W103": "doubtful-value",
    "W105": "anything-but-on-list",
    "W107": "control-id-as-prefix",
    "W108": "deprecated-field",
    "W109": "pattern-in-text",
    # warnings: what a condition says
    "W201": "constant-condition",
    "W202": "contradictory-conditions",
    "W203": "less-than-missing",
    "W204": "negation-of-missing",
    "W205": "loose-comparison",
    "W206": "unseen-on-v2",
    "W207": "differs-on-v2",
    # warnings: what a rule does
    "W301": "hidden-by-terminal-rule",
    "W302": "overridden-rule",
    "W303": "conflicting-rules",
    "W304": "hides-critical-for-ever",
    "W305": "hides-everything-for-ever",
    "W306": "suppression-without-owner",
    "W307": "suppression-by-subject",
    "W308": "expired-rule",
    "W309": "expires-soon",
    "W310": "text-differs-by-finding",
    "W311": "note-may-be-cut",
    "W312": "untested-rule",
    "W313": "needless-ignore",
    "W314": "hides-by-one-of-several",
    "W315": "hides-nearly-everything",
    "W316": "end-out-of-sight",
    "W317": "placeholder-may-be-missing",
    "W318": "silent-above-its-ceiling",
    "W319": "owner-gets-no-notice",
    "W320": "not-set-on-v2",
    "W321": "blank-on-v2",
    "W322": "route-by-what-is-not-known",
    "W323": "route-that-no-value-takes",
}


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a text: line and column, both counted from 1, the column in characters."""

    line: int
    column: int


class ChangeKind(StrEnum):
    """How the value at a path changes; `argument` of the change is what is named here.

    SET: it becomes the argument. RENAME: its key becomes the argument. LISTED: it becomes the only value of a
    list. UNDER: it becomes the value of a mapping with the argument as its only key. ONLY: a list becomes its
    only value. SPLIT: a mapping becomes a list of mappings with one key each.
    """

    SET = "set"
    RENAME = "rename"
    LISTED = "listed"
    UNDER = "under"
    ONLY = "only"
    SPLIT = "split"


@dataclass(frozen=True, slots=True)
class ContentChange:
    """A change of a file's content: of the value at a path."""

    kind: ChangeKind
    path: tuple[str | int, ...]
    argument: Any = None


@dataclass(frozen=True, slots=True)
class Fix:
    """What mends a problem: the text from `start` up to (not with) `end` becomes `replacement`.

    `words` says it in one line. `changes` is what that does to the content, in this order. An `unsafe` fix
    lets a rule match more than is written: its author has to want that.
    """

    start: Position
    end: Position
    replacement: str
    words: str
    changes: tuple[ContentChange, ...] = ()
    unsafe: bool = False

    def as_record(self) -> dict[str, Any]:
        """Return the fix as JSON-ready data."""
        return {
            "message": self.words,
            "safe": not self.unsafe,
            "line": self.start.line,
            "column": self.start.column,
            "end_line": self.end.line,
            "end_column": self.end.column,
            "replacement": self.replacement,
        }


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem of one file. `source` is the line that it is in, empty if there is none to show.

    `path` leads to it in the tree in which it was found, `fix` mends it; both may be missing.
    """

    file: str
    position: Position
    code: str
    message: str
    hint: str = ""
    source: str = ""
    severity: Severity = Severity.ERROR
    path: tuple[str | int, ...] = field(default=(), compare=False)
    fix: Fix | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        """The flaw's name, such as `duplicate-key`."""
        return CODES[self.code]

    @property
    def order(self) -> tuple[str, int, int, str, str]:
        """The key that sorts problems by place."""
        return (self.file, self.position.line, self.position.column, self.code, self.message)

    def moved(self, folder: str, other: str) -> "Problem":
        """Return the problem as it would be if the folder had another name."""
        return replace(
            self,
            file=self.file.replace(folder, other),
            message=self.message.replace(folder, other),
            hint=self.hint.replace(folder, other),
        )

    def render(self) -> str:
        """Return `file:line:col: CODE message`, then the source line with a caret, and the hint, if any."""
        place = f"{self.file}:{self.position.line}:{self.position.column}"
        lines = [f"{place}: {self.code} {self.message}"]
        if self.source.strip():
            lines += (f"    {line}" for line in excerpt(self.source, self.position.column))
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(map(printable, lines))

    def as_record(self) -> dict[str, Any]:
        """Return the problem as JSON-ready data."""
        return {
            "file": self.file,
            "line": self.position.line,
            "column": self.position.column,
            "severity": self.severity.value,
            "code": self.code,
            "name": self.name,
            "message": self.message,
            "hint": self.hint or None,
            "fix": self.fix.as_record() if self.fix else None,
        }


class RuleErrors(ValueError):  # noqa: N818 - it carries several
    """Rule files that cannot be compiled; `problems` holds every error of every file, by place."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = in_order(problems)
        super().__init__("\n".join(problem.render() for problem in self.problems))


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return the problems sorted by file, line and column, each once.

    What aliases share has a problem at several paths: its fix changes them all.
    """
    found: dict[Problem, Problem] = {}
    for problem in problems:
        found[problem] = _joined(found[problem], problem) if problem in found else problem
    return tuple(sorted(found.values(), key=lambda problem: problem.order))


def _joined(problem: Problem, other: Problem) -> Problem:
    if problem.fix is None or other.fix is None:
        return problem
    changes = tuple(dict.fromkeys((*problem.fix.changes, *other.fix.changes)))
    return replace(problem, fix=replace(problem.fix, changes=changes))
