"""The common part of reading `match` and reading `when`.

Reading a condition takes two steps. A walk over the file's content puts lists in and finds ambiguous values.
Then the engine's compiler checks the result, and its errors get their places in the file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from hubtriage.authoring.problems import Problem
from hubtriage.authoring.yaml.ambiguous import ambiguity
from hubtriage.authoring.yaml.tree import YamlDocument, YamlPath
from hubtriage.engine.errors import ConditionError
from hubtriage.engine.text.suggestions import did_you_mean

MAX_ERRORS = 50  # of one condition: more would help no one

Lists: TypeAlias = Mapping[str, Sequence[Any]]
Accounts: TypeAlias = Mapping[str, Mapping[str, str]]


@dataclass(slots=True)
class LoadedCondition:
    """A condition ready for the rule set, and its problems; `value` is complete only without errors.

    `origins` maps the path of each alternative of a pattern to its path in the file, relative to the pattern.
    """

    value: Any = None
    problems: list[Problem] = field(default_factory=list)
    uses_regex: bool = False
    origins: Mapping[YamlPath, YamlPath] = field(default_factory=dict)


class ConditionReader:
    """The base of both readers: it knows the condition's place and the lists, and collects problems."""

    def __init__(self, document: YamlDocument, path: YamlPath, lists: Lists):
        self.problems: list[Problem] = []
        self._document = document
        self._path = path
        self._lists = lists

    def report(self, code: str, path: YamlPath, message: str, hint: str = "", *, key: bool = False) -> None:
        """Report a problem of the value (or key) at a path inside the condition."""
        self.problems.append(self._document.problem(code, (*self._path, *path), message, hint, key=key))

    def refuse(self, code: str, error: ConditionError, path: YamlPath) -> None:
        """Report an error of the engine's compiler; `path` is its place inside the condition."""
        self.report(code, path, error.message, error.hint, key=bool(path))

    def scalar(self, value: Any, path: YamlPath, *, number_meant: bool) -> Any:
        """Return a scalar; report an ambiguous one, and go on with its text."""
        node = self._document.node((*self._path, *path))
        ambiguous = ambiguity(node, number_meant=number_meant)
        if ambiguous is None:
            return value
        self.report("E004", path, *ambiguous)
        return node.unquoted

    def list_values(self, name: object, path: YamlPath) -> list[Any]:
        """Return the values of a list; report a name that no list has."""
        values = self._lists.get(name) if isinstance(name, str) else None
        if values is None:
            hint = did_you_mean(name, self._lists) or "define it under lists: in any rule file"
            self.report("E203", path, f"there is no list {str(name)!r}", hint)
        return list(values or [""])  # an empty list is reported where it is defined
