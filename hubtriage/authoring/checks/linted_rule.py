"""A rule under check: what it looks at, and where that stands in its file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hubtriage.authoring.asff.fields import AsffField, Keys, UnknownPath, look_up
from hubtriage.authoring.loader import LoadedRule
from hubtriage.authoring.placeholders import templates
from hubtriage.authoring.problems import Problem
from hubtriage.authoring.yaml.tree import YamlPath
from hubtriage.engine.fields import HIDING_STATUSES
from hubtriage.engine.index.conjunctions import Conjunction
from hubtriage.engine.index.dnf import conjunctions_of
from hubtriage.engine.jsonlogic.syntax import Operation, operations
from hubtriage.engine.shared_values import IN_LIST


@dataclass(frozen=True)
class MatchField:
    """A field of `match`: its path in the finding, and its alternatives with their places.

    The values of lists stand in the place of their names.
    """

    keys: Keys
    place: YamlPath
    alternatives: tuple[tuple[Any, YamlPath], ...]

    @cached_property
    def plain_values(self) -> list[tuple[Any, YamlPath]]:
        """The alternatives that are plain values, each with its place."""
        return [(value, place) for value, place in self.alternatives if not isinstance(value, dict)]

    @cached_property
    def operators(self) -> list[tuple[str, Any, YamlPath]]:
        """(operator, operand, place) of the other alternatives."""
        return [
            (operator, operand, place)
            for value, place in self.alternatives
            if isinstance(value, dict)
            for operator, operand in value.items()
        ]


class LintedRule:
    """A rule under check, at a time (epoch seconds)."""

    def __init__(self, loaded: LoadedRule, lists: Mapping[str, Sequence[Any]], now: float):
        self.loaded = loaded
        self.model = loaded.model
        self.now = now
        self._lists = lists

    @property
    def id(self) -> str:
        """The rule's id."""
        return self.loaded.id

    def problem(
        self, code: str, place: YamlPath, message: str, hint: str = "", *, key: bool = False
    ) -> Problem:
        """Return a problem at a place in the rule; with `key`, at the key instead of its value."""
        return self.loaded.document.problem(code, (*self.loaded.path, *place), message, hint, key=key)

    def source_of(self, value: object, place: YamlPath) -> str:
        """Return words that name the list that a value comes from, empty if it is written at its place."""
        name = self._list_at(place)
        return "" if name is None or name == value else f", in the list {name},"

    def _list_at(self, place: YamlPath) -> str | None:
        """Return the name of the list that a place in the rule names."""
        named = self.loaded.document.node((*self.loaded.path, *place)).value
        if isinstance(named, dict):
            named = next(
                (one.get(IN_LIST) for one in (named, *named.values()) if isinstance(one, dict)), None
            )
        return named if isinstance(named, str) and named in self._lists else None

    def line_of(self, place: YamlPath) -> int:
        """Return the line on which a place in the rule stands."""
        return self.loaded.document.locate((*self.loaded.path, *place)).line

    @cached_property
    def hides(self) -> bool:
        """Whether the rule can hide a finding: suppress or resolve it, or lower its severity."""
        return self.suppresses or bool(self.model.update.Severity and not self._only_raises)

    @cached_property
    def suppresses(self) -> bool:
        """Whether the rule suppresses or resolves."""
        workflow = self.model.update.Workflow
        return workflow is not None and workflow.Status in HIDING_STATUSES

    @property
    def _only_raises(self) -> bool:
        severity = self.model.update.Severity
        return severity is not None and bool(severity.AtLeast) and not severity.AtMost

    @cached_property
    def match_fields(self) -> tuple[MatchField, ...]:
        """The fields of `match`."""
        return tuple(self._match_fields(self.loaded.match, (), ())) if self.loaded.match else ()

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """The operations of `when`, each before those inside it."""
        found = operations(self.loaded.when, ("when",)) if self.loaded.has_when else ()
        return tuple(operation for operation in found if not operation.is_under("var"))

    @cached_property
    def compared_values(self) -> tuple[tuple[Keys, Any, YamlPath], ...]:
        """(path in the finding, value, its place) of each value that a field is tested to equal."""
        found = [(one.keys, value, place) for one in self.match_fields for value, place in one.plain_values]
        found += [one for operation in self.operations for one in _compared(operation)]
        return tuple(found)

    @cached_property
    def conjunctions(self) -> list[Conjunction]:
        """What the rule's conditions need, as the engine sees them."""
        conditions = {} if self.loaded.match is None else {"match": self.loaded.match}
        return conjunctions_of(
            {**conditions, "when": self.loaded.when} if self.loaded.has_when else conditions
        )

    @cached_property
    def paths(self) -> tuple[tuple[Keys, YamlPath, bool], ...]:
        """(path in the finding, place, whether the place is a key) of each value that the rule looks at."""
        found = [(match_field.keys, match_field.place, True) for match_field in self.match_fields]
        for operation in self.operations:
            if operation.name == "var":
                keys = operation.keys_of({"var": list(operation.arguments[:1])})
                found += [(keys, operation.place, False)] if keys else []
        return tuple(found)

    @cached_property
    def templates(self) -> tuple[tuple[YamlPath, str], ...]:
        """(place, text) of each text of the update that may hold placeholders."""
        update = self._raw("update") if self.model.update.model_fields_set else None
        return tuple((("update", *place), text) for place, text, _limit in templates(update))

    def _raw(self, name: str) -> Any:
        return self.loaded.document.node((*self.loaded.path, name)).value

    def _match_fields(self, pattern: Mapping[str, Any], keys: Keys, path: YamlPath) -> Iterator[MatchField]:
        """Yield the fields of the pattern at a path of `match`."""
        for name, value in pattern.items():
            here = (*path, name)
            if name == "$or" and isinstance(value, list):
                for index, branch in enumerate(value):
                    yield from self._match_fields(branch, keys, (*here, index))
            elif isinstance(value, dict):
                yield from self._match_fields(value, (*keys, name), here)
            else:
                places = [("match", *origin) for origin in self.loaded.match_origins.of_all(here, len(value))]
                written = [pair for pair in zip(value, places, strict=True) if not self._is_stand_in(*pair)]
                yield MatchField((*keys, name), ("match", *here), tuple(written))

    def _is_stand_in(self, value: Any, place: YamlPath) -> bool:
        """Say whether a value stands in for those of an empty list, which is an error by itself."""
        return value == "" and self._lists.get(self._list_at(place) or "") == []


def field_at(keys: Keys) -> AsffField | None:
    """Return what is at a path of a finding, or None if no finding has it."""
    found = look_up(keys)
    return None if isinstance(found, UnknownPath) else found


def steps(place: YamlPath) -> Keys:
    """Return the names and positions of a path as text."""
    return tuple(map(str, place))


def dotted(keys: Keys) -> str:
    """Return a path as people write it."""
    return ".".join(keys)


def _compared(operation: Operation) -> Iterator[tuple[Keys, Any, YamlPath]]:
    """Yield (path, constant, its place) for each constant that an operation compares a field with."""
    if operation.name not in ("==", "===", "!=", "!==", "in", "in_list"):
        return
    if len(operation.arguments) < 2:
        return
    for index, other in ((0, 1), (1, 0)):
        keys, constant = operation.keys_of(operation.arguments[index]), operation.arguments[other]
        if keys is None or isinstance(constant, dict):
            continue
        place = (*operation.place, other)
        if operation.name in ("in", "in_list"):
            if index == 0 and isinstance(constant, list):
                yield from ((keys, item, (*place, at)) for at, item in enumerate(constant))
        else:
            yield keys, constant, place
