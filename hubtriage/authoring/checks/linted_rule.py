"""A rule under check: what it looks at, and where that stands in its file."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from hubtriage.asff.fields import AsffField, Keys, UnknownPath, lists_passed, look_up
from hubtriage.authoring.checks.set_relations import is_choice_of_texts
from hubtriage.authoring.checks.suspicion import suspects
from hubtriage.authoring.loaded import LoadedRule
from hubtriage.authoring.placeholders import templates
from hubtriage.authoring.problems import Fix, Problem
from hubtriage.authoring.yaml.rewriting import as_text
from hubtriage.authoring.yaml.tree import YamlPath, lost_in
from hubtriage.engine.fields import HIDING_STATUSES, SEVERITY_RANK, label_of
from hubtriage.engine.index.conjunctions import Conjunction
from hubtriage.engine.index.dnf import conjunctions_of
from hubtriage.engine.jsonlogic.syntax import Operation, operations
from hubtriage.engine.ruleset.delivery import Route
from hubtriage.engine.shared_values import IN_LIST, derive

Findings: TypeAlias = Callable[[], Sequence[Mapping[str, Any]]]
SEVERITY: Keys = ("Severity", "Label")
_DECIDE: tuple[YamlPath, ...] = (
    ("match",),
    ("when",),
    ("update", "Severity"),
)  # whether a severity is lowered


@dataclass(frozen=True)
class MatchField:
    """A field of `match`: its path in the finding, its place, and its alternatives.

    The values of lists stand in the place of their names. `origin` says where an alternative is written.
    """

    keys: Keys
    place: YamlPath
    values: Sequence[Any]
    origin: Callable[[int], YamlPath]

    @cached_property
    def alternatives(self) -> list[tuple[Any, YamlPath]]:
        """The alternatives, each with its place."""
        return [(value, self.origin(index)) for index, value in enumerate(self.values)]

    @property
    def plain_count(self) -> int:
        """How many alternatives are plain values."""
        return len(self.values) - len(derive(_with_operator, self.values))

    @cached_property
    def operators(self) -> list[tuple[str, Any, YamlPath]]:
        """(operator, operand, place) of the alternatives that are not plain values."""
        return [
            (operator, operand, self.origin(index))
            for index in derive(_with_operator, self.values)
            for operator, operand in self.values[index].items()
        ]


def _with_operator(values: Sequence[Any]) -> list[int]:
    return [index for index, value in enumerate(values) if isinstance(value, dict)]


class LintedRule:
    """A rule under check, at a time (epoch seconds)."""

    @classmethod
    def of(cls, loaded: LoadedRule, lists: Mapping[str, Sequence[Any]], now: float = 0.0) -> "LintedRule":
        """Return the rule under check, the same one each time: what was found out about it is kept."""
        known = loaded.kept.setdefault(cls.__name__, None) or cls(loaded, lists, now)
        loaded.kept[cls.__name__] = known
        known.now = now
        return known

    def __init__(self, loaded: LoadedRule, lists: Mapping[str, Sequence[Any]], now: float):
        self.accounts: Mapping[str, Mapping[str, str]] = {}
        self.findings: Findings = tuple
        self.subscribed: Collection[str] = ()
        self.routes: Mapping[str, Route] = {}
        self.loaded = loaded
        self.model = loaded.model
        self.now = now
        self._lists = lists

    @property
    def id(self) -> str:
        """The rule's id."""
        return self.loaded.id

    def problem(
        self,
        code: str,
        place: YamlPath,
        message: str,
        hint: str = "",
        *,
        key: bool = False,
        fix: Fix | None = None,
    ) -> Problem:
        """Return a problem at a place in the rule; with `key`, at the key instead of its value."""
        return self.loaded.document.problem(code, self.at(place), message, hint, key=key, fix=fix)

    def at(self, place: YamlPath) -> YamlPath:
        """Return the path in its file of a place in the rule."""
        return (*self.loaded.path, *place)

    def reworded(self, place: YamlPath, value: Any, meant: str) -> Fix | None:
        """Return the fix that writes another text for a value; None if the value is not written there."""
        if not meant or self.raw(place) != value:
            return None
        return as_text(self.loaded.document, self.at(place), meant)

    def may_have_named(self, keys: Keys) -> bool:
        """Say whether a part of the conditions that an error took away may have been about a field."""
        conditions = ("match",), ("when",)
        if self.loaded.is_whole(*conditions):
            return False
        root = self.loaded.document.node(self.loaded.path)
        children = [(root.children or {}).get(name) for (name,) in conditions]
        lost = [
            *(root.mended.lost if root.mended else ()),
            *(one for child in children for one in lost_in(child)),
        ]
        return any(step in ("match", "when") or keys[-1] in str((step, value)) for step, value in lost)

    def source_of(self, value: object, place: YamlPath) -> str:
        """Return words that name the list that a value comes from, empty if it is written at its place."""
        name = self._list_at(place)
        return "" if name is None or name == value else f", in the list {name},"

    def _list_at(self, place: YamlPath) -> str | None:
        """Return the name of the list that a place in the rule names."""
        named = self.raw(place)
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
        return self.suppresses or self._lowers

    @cached_property
    def suppresses(self) -> bool:
        """Whether the rule suppresses or resolves."""
        workflow = self.model.update.Workflow
        return workflow is not None and workflow.Status in HIDING_STATUSES

    @property
    def _lowers(self) -> bool:
        """Whether a severity that the rule matches may be above the one that it sets."""
        severity = self.model.update.Severity
        if severity is None or not self.loaded.is_whole(*_DECIDE):
            return False  # what is left does not say
        label: str | None = severity.Label or severity.AtMost
        if label is None and severity.Normalized is not None:
            label = label_of(severity.Normalized)
        above = () if label is None else [one for one in self._may_match if is_above(one, label)]
        return bool(above)

    @property
    def _may_match(self) -> Collection[str]:
        return tuple(SEVERITY_RANK) if self.severities is None else self.severities

    @cached_property
    def severities(self) -> frozenset[str] | None:
        """The only severities that the rule can match; None if its conditions do not say."""
        if all(keys != SEVERITY for keys, _place, _is_key in self.paths):
            return None
        found: frozenset[str] = frozenset()
        for conjunction in self.conjunctions:
            values = conjunction.constraints.get(SEVERITY)
            if values is None or not is_choice_of_texts(values):
                return None
            found |= values.texts
        return found or None

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
    def suspect_values(self) -> tuple[tuple[Keys, Any, YamlPath], ...]:
        """(path in the finding, value, its place) of each value that its field hardly has.

        They are those that a field is tested to equal, or not to equal.
        """
        found: list[tuple[Keys, Any, YamlPath]] = []
        for one in self.match_fields:
            found += ((one.keys, one.values[at], one.origin(at)) for at in suspects(one.keys, one.values))
            for operator, operand, place in one.operators:
                if operator == "anything-but" and not isinstance(operand, dict):
                    values = operand if isinstance(operand, list) else [operand]
                    found += ((one.keys, values[at], place) for at in suspects(one.keys, values))
        found += (one for operation in self.operations for one in _suspects_of(operation))
        return tuple(found)

    @cached_property
    def conjunctions(self) -> list[Conjunction]:
        """What the rule's conditions need, as the engine sees them."""
        return conjunctions_of(self.loaded.conditions)

    @cached_property
    def paths(self) -> tuple[tuple[Keys, YamlPath, bool], ...]:
        """(path in the finding, place, whether the place is a key) of each value that the rule looks at."""
        found = [(match_field.keys, match_field.place, True) for match_field in self.match_fields]
        for operation in self.operations:
            if operation.name == "var":
                keys = operation.keys_of({"var": list(operation.arguments[:1])})
                found += [(keys, operation.place, False)] if keys else []
            elif operation.name in ("missing", "missing_some"):
                found += ((keys, place, False) for keys, place in _asked_for(operation))
        return tuple(found)

    @cached_property
    def positions_in_match(self) -> tuple[tuple[Keys, YamlPath, bool], ...]:
        """The paths of `match` in which a list is followed by a position."""
        return tuple(
            (match_field.keys, match_field.place, True)
            for match_field in self.match_fields
            if any(key.isdecimal() for key in match_field.keys) and _has_position(match_field.keys)
        )

    @cached_property
    def templates(self) -> tuple[tuple[YamlPath, str], ...]:
        """(place, text) of each text of the update that may hold placeholders."""
        update = self.raw(("update",)) if self.model.update.model_fields_set else None
        return tuple((("update", *place), text) for place, text, _limit in templates(update))

    def raw(self, place: YamlPath) -> Any:
        """Return the value at a place in the rule as its file has it, with the names of lists."""
        return self.loaded.document.node((*self.loaded.path, *place)).value

    def operation_at(self, place: YamlPath) -> Operation | None:
        """Return the operation whose operator stands at a place in the rule."""
        return next((one for one in self.operations if one.place == place), None)

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
                yield self._match_field((*keys, name), here, value)

    def _match_field(self, keys: Keys, path: YamlPath, values: Sequence[Any]) -> MatchField:
        origins = self.loaded.match_origins

        def origin(index: int) -> YamlPath:
            return ("match", *origins.of((*path, index)))

        if derive(_has_blank, values):
            kept = [at for at, value in enumerate(values) if not self._is_stand_in(value, origin(at))]
            return MatchField(
                keys, ("match", *path), [values[at] for at in kept], lambda at: origin(kept[at])
            )
        return MatchField(keys, ("match", *path), values, origin)

    def _is_stand_in(self, value: Any, place: YamlPath) -> bool:
        """Say whether a value stands in for those of an empty list, which is an error by itself."""
        return value == "" and self._lists.get(self._list_at(place) or "") == []


def field_at(keys: Keys) -> AsffField | None:
    """Return what is at a path of a finding, or None if no finding has it."""
    found = look_up(keys)
    return None if isinstance(found, UnknownPath) else found


def _has_position(keys: Keys) -> bool:
    """Say whether a number in a path is a position in a list, no key of a map."""
    return any(key.isdecimal() and (index in lists_passed(keys[:index])) for index, key in enumerate(keys))


def is_above(label: str, other: str) -> bool:
    """Say whether a severity is more severe than another one."""
    return SEVERITY_RANK[label] > SEVERITY_RANK[other]


def steps(place: YamlPath) -> Keys:
    """Return the names and positions of a path as text."""
    return tuple(map(str, place))


def dotted(keys: Keys) -> str:
    """Return a path as people write it."""
    return ".".join(keys)


def _asked_for(operation: Operation) -> Iterator[tuple[Keys, YamlPath]]:
    """Yield the paths that `missing` and `missing_some` ask for, each with its place."""
    names, place = operation.arguments, operation.place
    if operation.name == "missing_some":
        names, place = operation.arguments[-1], (*place, len(operation.arguments) - 1)
    for index, name in enumerate(names if isinstance(names, list) else ()):
        keys = operation.keys_of({"var": name}) if isinstance(name, str) and name else None
        if keys:
            yield keys, (*place, index)


def source_of_value(operation: Operation, argument: Any) -> tuple[Keys | None, bool]:
    """Return the path of what an argument looks at, through `lower` and `get`, and whether it is lowered."""
    lowered = False
    if isinstance(argument, dict) and list(argument) == ["lower"]:
        inner = argument["lower"]
        argument, lowered = inner[0] if isinstance(inner, list) and inner else inner, True
    if isinstance(argument, dict) and list(argument) == ["get"] and isinstance(argument["get"], list):
        parts = argument["get"]
        holder = operation.keys_of(parts[0]) if len(parts) == 2 and isinstance(parts[1], str) else None
        return ((*holder, parts[1]) if holder else None), lowered
    return operation.keys_of(argument), lowered


def _suspects_of(operation: Operation) -> Iterator[tuple[Keys, Any, YamlPath]]:
    """Yield (path, constant, its place) of constants that a field is compared with and hardly has."""
    if operation.name not in ("==", "===", "!=", "!==", "in", "in_list"):
        return
    if len(operation.arguments) < 2:
        return
    for index, other in ((0, 1), (1, 0)):
        keys, lowered = source_of_value(operation, operation.arguments[index])
        constant = operation.arguments[other]
        if keys is None or lowered or isinstance(constant, dict):
            continue
        place = (*operation.place, other)
        if operation.name in ("in", "in_list"):
            if index == 0 and isinstance(constant, list):
                yield from ((keys, constant[at], (*place, at)) for at in suspects(keys, constant))
        elif suspects(keys, [constant]):
            yield keys, constant, place


def _has_blank(values: Sequence[Any]) -> bool:
    return "" in values
