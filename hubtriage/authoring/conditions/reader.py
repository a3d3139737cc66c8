"""What reading a pattern and reading logic have in common.

A condition is read in two steps: a walk over what the file says puts lists in and finds YAML's traps; then
the engine's compiler is tried on the result, and what it refuses is placed in the file.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from hubtriage.authoring.problems import Problem
from hubtriage.authoring.yaml.ambiguous import ambiguity
from hubtriage.authoring.yaml.tree import YamlDocument, YamlPath
from hubtriage.engine.errors import ConditionError
from hubtriage.engine.text.suggestions import did_you_mean

_MAX_ERRORS = 50  # of one condition: more would not help anybody

Lists: TypeAlias = Mapping[str, Sequence[Any]]
Accounts: TypeAlias = Mapping[str, Mapping[str, str]]
StandIn: TypeAlias = Callable[[Any, YamlPath], tuple[YamlPath, Any] | None]


@dataclass(slots=True)
class LoadedCondition:
    """A condition ready for the rule set, and its problems; `value` is whole only without errors."""

    value: Any = None
    problems: list[Problem] = field(default_factory=list)
    uses_regex: bool = False


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


def errors_of(compiler: Callable[[Any], object], tree: Any, stand_in: StandIn) -> Iterator[ConditionError]:
    """Every error that a compiler finds: after each one its place gets a stand-in, and it is tried again."""
    seen: set[YamlPath] = set()
    for _ in range(_MAX_ERRORS):
        try:
            compiler(tree)
        except ConditionError as error:
            yield error
            mend = stand_in(tree, tuple(error.path))
            if mend is None or mend[0] in seen:
                return
            seen.add(mend[0])
            tree = with_value(tree, *mend)
        else:
            return


def value_at(tree: Any, path: YamlPath) -> Any:
    """The value at a path of a tree, None where there is none."""
    for step in path:
        try:
            tree = tree[step]
        except (KeyError, IndexError, TypeError):
            return None
    return tree


def with_value(tree: Any, path: YamlPath, value: Any) -> Any:
    """A copy of a tree with another value at a path."""
    if not path:
        return value
    copy: Any = list(tree) if isinstance(tree, list) else dict(tree)
    copy[path[0]] = with_value(tree[path[0]], path[1:], value)
    return copy
