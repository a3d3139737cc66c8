"""The common part of reading `match` and reading `when`.

Reading a condition takes two steps. A walk over the file's content puts lists in and finds ambiguous values.
Then the engine's compiler checks the result, and its errors get their places in the file.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Any, TypeAlias

from hubtriage.authoring.problems import Fix, Problem
from hubtriage.authoring.yaml.ambiguous import ambiguity
from hubtriage.authoring.yaml.rewriting import as_conjunction_of_keys, as_text, with_name, with_quotes
from hubtriage.authoring.yaml.tree import YamlDocument, YamlPath
from hubtriage.engine.errors import ConditionError
from hubtriage.engine.shared_values import SharedValues
from hubtriage.engine.text.suggestions import did_you_mean, only_candidate

NO_OPERATION = "is not an operation"  # how the compiler of logic speaks of several operators in one object
MAX_ERRORS = 50  # of one condition: more would help no one

Lists: TypeAlias = Mapping[str, SharedValues]
Accounts: TypeAlias = Mapping[str, Mapping[str, str]]


class Origins:
    """Where the alternatives of a pattern stand in the file; paths are relative to the pattern.

    A list of values that a file names is many alternatives in one place.
    """

    def __init__(self) -> None:
        self._items: dict[YamlPath, tuple[list[int], list[YamlPath]]] = {}

    def add(self, field_path: YamlPath, first: int, origin: YamlPath) -> None:
        """Note that the alternatives of a field from one on, in ascending order, stand at a place."""
        firsts, origins = self._items.setdefault(field_path, ([], []))
        firsts.append(first)
        origins.append(origin)

    def of_all(self, field_path: YamlPath, count: int) -> list[YamlPath]:
        """Return the paths in the file for all `count` alternatives of a field."""
        firsts, origins = self._items.get(field_path, ([], []))
        ends = [*firsts[1:], count] if firsts else []
        spread = chain.from_iterable(
            repeat(origin, end - first) for first, end, origin in zip(firsts, ends, origins, strict=True)
        )
        return list(spread) or [(*field_path, index) for index in range(count)]

    def of(self, path: Sequence[str | int]) -> YamlPath:
        """Return the path in the file for a path in the pattern."""
        path = tuple(path)
        for length in range(len(path) - 1, -1, -1):
            at, step = self._items.get(path[:length]), path[length]
            if at is not None and isinstance(step, int):
                firsts, origins = at
                return (*origins[bisect_right(firsts, step) - 1], *path[length + 1 :])
        return path


@dataclass(slots=True)
class LoadedCondition:
    """A condition ready for the rule set, and its problems; `value` is complete only without errors.

    `origins` says where in the file an alternative of a pattern stands.
    """

    value: Any = None
    problems: list[Problem] = field(default_factory=list)
    uses_regex: bool = False
    origins: Origins = field(default_factory=Origins)


class ConditionReader:
    """The base of both readers: it knows the condition's place and the lists, and collects problems."""

    def __init__(self, document: YamlDocument, path: YamlPath, lists: Lists):
        self.problems: list[Problem] = []
        self._document = document
        self._path = path
        self._lists = lists

    def report(
        self,
        code: str,
        path: YamlPath,
        message: str,
        hint: str = "",
        *,
        key: bool = False,
        fix: Fix | None = None,
    ) -> None:
        """Report a problem of the value (or key) at a path inside the condition."""
        at = (*self._path, *path)
        self.problems.append(self._document.problem(code, at, message, hint, key=key, fix=fix))

    def refuse(
        self, code: str, error: ConditionError, path: YamlPath, hint: str, operators: Iterable[str]
    ) -> None:
        """Report an error of the engine's compiler; `path` is its place inside the condition.

        `operators` are those of the language; one that is nearly another is mended.
        """
        fix, (at, written) = None, self._operator_at(path)
        if error.message == f"unknown operator `{written}`":
            meant = only_candidate(written, operators)
            fix = with_name(self._document, at, meant) if meant else None
        elif error.message.endswith(NO_OPERATION):
            fix = as_conjunction_of_keys(self._document, at[:-1])
        self.report(code, path, error.message, hint, key=bool(path), fix=fix)

    def _operator_at(self, path: YamlPath) -> tuple[YamlPath, str]:
        """Return the place of the first operator at a path, and the operator; empty if there is none."""
        at = (*self._path, *path)
        keys = self._document.node(at).keys if self._document.root.has(at) else None
        name = next(iter(keys or ()), "")
        return (*at, name), name

    def written(self, path: YamlPath) -> Any:
        """Return the value at a path inside the condition as the file has it."""
        return self._document.node((*self._path, *path)).value

    def scalar(self, value: Any, path: YamlPath, *, number_meant: bool) -> Any:
        """Return a scalar; report an ambiguous one, and go on with its text."""
        node = self._document.node((*self._path, *path))
        ambiguous = ambiguity(node, number_meant=number_meant)
        if ambiguous is None:
            return value
        self.report("E004", path, *ambiguous, fix=with_quotes(self._document, (*self._path, *path)))
        return node.unquoted

    def list_values(self, name: object, path: YamlPath) -> SharedValues:
        """Return the values of a list; report a name that no list has."""
        values = self._lists.get(name) if isinstance(name, str) else None
        if values is None:
            hint = did_you_mean(name, self._lists) or "define it under lists: in any rule file"
            meant = only_candidate(name, self._lists) if isinstance(name, str) else None
            fix = as_text(self._document, (*self._path, *path), meant) if meant else None
            self.report("E203", path, f"there is no list {str(name)!r}", hint, fix=fix)
        return values or SharedValues([""], str(name))  # an empty list is reported where it is defined
