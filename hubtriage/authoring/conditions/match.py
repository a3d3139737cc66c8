"""Read a rule's `match`: put lists in, and report ambiguous values and what the compiler refuses.

The list's values take the place of `{in-list: NAME}`, so that the engine knows no lists. Each becomes an
alternative of its own (`[{in-list: NAME}]`, `[{prefix: {in-list: NAME}}]`); inside `anything-but` they stay
together. Rules that name the same lists in the same way share the alternatives.
"""

from collections.abc import Callable, Iterable
from itertools import chain
from json import dumps
from typing import Any

from hubtriage.authoring.conditions.other_languages import pattern_hint
from hubtriage.authoring.conditions.reader import (
    MAX_ERRORS,
    ConditionReader,
    Lists,
    LoadedCondition,
    Origins,
)
from hubtriage.authoring.yaml.scalars import AmbiguousScalar
from hubtriage.authoring.yaml.tree import YamlDocument, YamlPath
from hubtriage.engine.pattern import pattern_errors
from hubtriage.engine.pattern.fields import OPERATOR_NAMES
from hubtriage.engine.shared_values import IN_LIST, SharedValues


def read_match(
    document: YamlDocument, path: YamlPath, lists: Lists, shared: dict[str, SharedValues]
) -> LoadedCondition:
    """Return the pattern at a path of a file, with its lists put in and every leaf as a list.

    `shared` keeps, by what is written, the alternatives that were made of lists.
    """
    reader = _PatternReader(document, path, lists, shared)
    if not document.node(path).value:
        hint = "to mean every finding, write when: true instead of match"
        return LoadedCondition(problems=[document.problem("E204", path, "match is empty", hint, key=True)])
    pattern = reader.fields(document.node(path).value, ())
    if "detail" in pattern:
        hint = "write only the pattern of the finding: what an event pattern has under detail.findings"
        reader.report("E201", ("detail",), "a finding has no `detail`", hint, key=True)
    for error in pattern_errors(pattern)[:MAX_ERRORS]:
        place = reader.origins.of(error.path)
        reader.refuse("E201", error, place, pattern_hint(error, reader.written(place), lists), OPERATOR_NAMES)
    return LoadedCondition(pattern, reader.problems, origins=reader.origins)


class _PatternReader(ConditionReader):
    """Walks a pattern, and remembers where in the file each item of the result comes from."""

    def __init__(self, document: YamlDocument, path: YamlPath, lists: Lists, shared: dict[str, SharedValues]):
        super().__init__(document, path, lists)
        self.origins = Origins()
        self._shared = shared

    def fields(self, value: Any, path: YamlPath) -> Any:
        """Return a mapping of fields with lists put in; the compiler refuses anything else."""
        if not isinstance(value, dict):
            return value
        return {name: self._field(name, inner, (*path, name)) for name, inner in value.items()}

    def _field(self, name: str, value: Any, path: YamlPath) -> Any:
        if name == "$or" and isinstance(value, list):
            return [self.fields(item, (*path, index)) for index, item in enumerate(value)]
        if isinstance(value, dict):
            return self.fields(value, path)
        return self._alternatives(value, path)

    def _alternatives(self, value: Any, path: YamlPath) -> list[Any]:
        if not isinstance(value, list):
            self.origins.add(path, 0, path)
            return [self.scalar(value, path, number_meant=False)]
        parts = [self._alternative(item, (*path, index)) for index, item in enumerate(value)]
        first = 0
        for index, part in enumerate(parts):
            self.origins.add(path, first, (*path, index))
            first += len(part)
        if len(parts) == 1:
            return parts[0]
        if any(isinstance(part, SharedValues) for part in parts):
            return self._made(value, lambda: chain.from_iterable(parts))
        return list(chain.from_iterable(parts))

    def _made(self, written: Any, make: Callable[[], Iterable[Any]]) -> SharedValues:
        """Return the alternatives for what is written with lists; the same for every rule."""
        name = dumps(written, sort_keys=True, default=str)
        if name not in self._shared:
            self._shared[name] = SharedValues(make(), name)
        return self._shared[name]

    def _alternative(self, item: Any, path: YamlPath) -> list[Any]:
        """Return the alternatives that an item stands for: itself, or the values of a list."""
        if not isinstance(item, dict):
            return [self.scalar(item, path, number_meant=False)]
        if len(item) != 1:
            return [item]  # the compiler refuses it
        ((test, argument),) = item.items()
        return self._test(test, argument, (*path, test))

    def _test(self, test: str, argument: Any, path: YamlPath) -> list[Any]:
        if test == IN_LIST:
            return self.list_values(argument, path)
        if test != "anything-but" and _names_list(argument):
            values = self.list_values(argument[IN_LIST], (*path, IN_LIST))
            return self._made([{test: argument}], lambda: ({test: value} for value in values))
        return [{test: self._argument(argument, path, number_meant=test == "numeric")}]

    def _argument(self, value: Any, path: YamlPath, *, number_meant: bool) -> Any:
        if _names_list(value):
            return self.list_values(value[IN_LIST], (*path, IN_LIST))
        if isinstance(value, dict | list):
            items = value.items() if isinstance(value, dict) else enumerate(value)
            read = {key: self._argument(item, (*path, key), number_meant=number_meant) for key, item in items}
            return read if isinstance(value, dict) else list(read.values())
        scalar = self.scalar(value, path, number_meant=number_meant)
        return 0 if number_meant and isinstance(value, AmbiguousScalar) else scalar


def _names_list(value: object) -> bool:
    return isinstance(value, dict) and list(value) == [IN_LIST]
