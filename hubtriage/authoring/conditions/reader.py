"""What reading a pattern and reading logic have in common.

A condition is read in two steps: a walk over what the file says puts lists in and finds YAML's traps; then
the engine's compiler checks the result, and what it refuses is placed in the file.
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
    """What reading a pattern and reading logic share: where they are, lists, problems."""

    def __init__(self, document: YamlDocument, path: YamlPath, lists: Lists):
        self.problems: list[Problem] = []
        self._document = document
        self._path = path
        self._lists = lists

    def report(self, code: str, path: YamlPath, message: str, hint: str = "", *, key: bool = False) -> None:
        """Tell a problem of the value (or key) at a path inside the condition."""
        self.problems.append(self._document.problem(code, (*self._path, *path), message, hint, key=key))

    def refuse(self, code: str, error: ConditionError, path: YamlPath) -> None:
        """Tell what the engine's compiler refuses; `path` is where that stands in the file."""
        self.report(code, path, error.message, error.hint, key=bool(path))

    def scalar(self, value: Any, path: YamlPath, *, number_meant: bool) -> Any:
        """A scalar as it is; a trap is told, and stands as its text from then on."""
        node = self._document.node((*self._path, *path))
        ambiguous = ambiguity(node, number_meant=number_meant)
        if ambiguous is None:
            return value
        self.report("E004", path, *ambiguous)
        return node.unquoted

    def list_values(self, name: object, path: YamlPath) -> list[Any]:
        """The values of a list by its name."""
        values = self._lists.get(name) if isinstance(name, str) else None
        if values is None:
            hint = did_you_mean(name, self._lists) or "define it under lists: in any rule file"
            self.report("E203", path, f"there is no list {str(name)!r}", hint)
        return list(values or [""])  # of a list with problems, which has been told where it stands
