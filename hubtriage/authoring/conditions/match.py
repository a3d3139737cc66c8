"""Read a rule's `match`: put lists in, and report ambiguous values and what the compiler refuses.

The list's values take the place of `{in-list: NAME}`, so that the engine knows no lists. Each becomes an
alternative of its own (`[{in-list: NAME}]`, `[{prefix: {in-list: NAME}}]`); inside `anything-but` they stay
together.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from hubtriage.authoring.conditions.reader import MAX_ERRORS, ConditionReader, Lists, LoadedCondition
from hubtriage.authoring.yaml.scalars import AmbiguousScalar
from hubtriage.authoring.yaml.tree import YamlDocument, YamlPath
from hubtriage.engine.pattern import pattern_errors

IN_LIST = "in-list"


def read_match(document: YamlDocument, path: YamlPath, lists: Lists) -> LoadedCondition:
    """Return the pattern at a path of a file, with its lists put in and every leaf as a list."""
    reader = _PatternReader(document, path, lists)
    if not document.node(path).value:
        hint = "to mean every finding, write when: true instead of match"
        return LoadedCondition(problems=[document.problem("E204", path, "match is empty", hint, key=True)])
    pattern = reader.fields(document.node(path).value, ())
    if "detail" in pattern:
        hint = "write only the pattern of the finding: what an event pattern has under detail.findings"
        reader.report("E201", ("detail",), "a finding has no `detail`", hint, key=True)
    for error in pattern_errors(pattern)[:MAX_ERRORS]:
        reader.refuse("E201", error, reader.source_of(error.path))
    return LoadedCondition(pattern, reader.problems, origins=reader.origins)


class _PatternReader(ConditionReader):
    """Walks a pattern, and remembers where in the file each item of the result comes from."""

    def __init__(self, document: YamlDocument, path: YamlPath, lists: Lists):
        super().__init__(document, path, lists)
        self.origins: dict[YamlPath, YamlPath] = {}

    def source_of(self, path: Sequence[str | int]) -> YamlPath:
        """Return the path in the file for a path in the result."""
        path = tuple(path)
        for length in range(len(path), 0, -1):
            origin = self.origins.get(path[:length])
            if origin is not None:
                return (*origin, *path[length:])
        return path

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
            self.origins[(*path, 0)] = path
            return [self.scalar(value, path, number_meant=False)]
        result: list[Any] = []
        for index, item in enumerate(value):
            origin = (*path, index)
            for alternative in self._alternative(item, origin):
                self.origins[(*path, len(result))] = origin
                result.append(alternative)
        return result

    def _alternative(self, item: Any, path: YamlPath) -> Iterator[Any]:
        """Yield the alternatives that an item stands for: itself, or the values of a list."""
        if not isinstance(item, dict):
            yield self.scalar(item, path, number_meant=False)
        elif len(item) != 1:
            yield item  # the compiler refuses it
        else:
            ((test, argument),) = item.items()
            yield from self._test(test, argument, (*path, test))

    def _test(self, test: str, argument: Any, path: YamlPath) -> Iterator[Any]:
        if test == IN_LIST:
            yield from self.list_values(argument, path)
        elif test != "anything-but" and _names_list(argument):
            yield from ({test: value} for value in self.list_values(argument[IN_LIST], (*path, IN_LIST)))
        else:
            yield {test: self._argument(argument, path, number_meant=test == "numeric")}

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
