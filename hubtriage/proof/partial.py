"""Findings that are decided only as far as a condition looks at them, and the search through all of them.

The engine's own conditions are evaluated on a finding whose members are undecided. Looking at one of them
stops the evaluation. The search then tries each value that tests can tell apart there, and evaluates again.
Whatever the other members hold, the answer is the same. So a search that ends without a finding has proved
that there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations_with_replacement, islice, product
from typing import Any, TypeAlias

from hubtriage.asff.fields import AsffField, look_up, table
from hubtriage.asff.table import ANY_NAME, REQUIRED
from hubtriage.engine.fields import label_of
from hubtriage.engine.index.asff_lists import LISTS
from hubtriage.proof.abstraction import OPAQUE, Asked
from hubtriage.proof.domains import ABSENT, Domain, domain_of
from hubtriage.proof.questions import Keys, Question

Place: TypeAlias = tuple[str | int, ...]
"""A path with positions: ("Resources", 0, "Type")."""
Assignment: TypeAlias = dict[Place, Any]
Condition: TypeAlias = Callable[[Mapping[str, Any]], bool]

MOST_ELEMENTS = 5
MOST_LISTS = 20_000
MOST_EVALUATIONS = 20_000


@dataclass
class _AskedMember:
    """What conditions look at below one member; its `choices` are found once they are needed."""

    keys: Keys
    inner: dict[str, _AskedMember] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    choices: tuple[Any, ...] | None = None
    is_object: bool = False
    gap: str = ""

    @property
    def holds_objects(self) -> bool:
        """Whether it is a list of objects."""
        return self.keys in LISTS and _kind(self.keys) == "object"


class FindingSpace:
    """All findings, as far as conditions can distinguish them.

    `gaps` says what keeps the space from being complete, as far as a search has met it: then a search that
    finds nothing proves nothing. `looked_at` are the paths that its conditions have asked for.
    """

    def __init__(self, asked: Sequence[Asked]) -> None:
        self.gaps: list[str] = []
        self.looked_at: set[Keys] = set()
        self._root = _AskedMember(())
        self._asked = asked
        for one in asked:
            for keys, question in one.questions:
                self._add(keys).questions.append(question)
            for keys in (*one.opaque, *one.elements):
                self._add(keys)
        self._tell_objects(self._root)

    def _add(self, keys: Keys) -> _AskedMember:
        node = self._root
        for index, key in enumerate(keys):
            node = node.inner.setdefault(key, _AskedMember(keys[: index + 1]))
        return node

    def _tell_objects(self, node: _AskedMember) -> None:
        kind = _kind(node.keys)
        is_unknown_object = kind == "unknown" and not node.questions and bool(node.inner)
        node.is_object = node.keys not in LISTS and (not node.keys or kind == "object" or is_unknown_object)
        if node.is_object or node.holds_objects:  # a value has no members, whatever conditions look for
            for inner in node.inner.values():
                self._tell_objects(inner)

    def _choices(self, node: _AskedMember) -> tuple[Any, ...]:
        if node.choices is None:
            node.choices = self._lists(node) if node.keys in LISTS else self._domain(node).values
        return node.choices

    def _domain(self, node: _AskedMember) -> Domain:
        domain = domain_of(node.keys, tuple(node.questions))
        node.gap = domain.gap
        return domain

    def _lists(self, node: _AskedMember) -> tuple[Any, ...]:
        """Return the lengths of a list of objects, or the lists of values, that have to be tried."""
        positions = max(one.positions[node.keys] for one in self._asked)
        most = max(positions + sum(one.elements[node.keys] for one in self._asked), 1)
        few = min(most, MOST_ELEMENTS)
        model = look_up(node.keys)
        absent = () if isinstance(model, AsffField) and not model.optional else (ABSENT,)
        if node.holds_objects:
            lists: list[Any] = [*range(1, few + 1)]
        else:
            values = [value for value in self._domain(node).values if value is not ABSENT]
            found = (one for size in range(1, few + 1) for one in _lists_of(values, size, positions))
            lists = [*islice(found, MOST_LISTS)]
            if len(lists) == MOST_LISTS:
                node.gap = "there are too many lists of such values"
        if most > few:
            node.gap = f"{most} elements may matter at once"
        return (*lists, *absent)

    def search(self, conditions: Sequence[tuple[Condition, bool]]) -> Iterator[Assignment]:
        """Yield what a finding has to hold so that each condition has the answer that is wanted of it.

        Every such finding agrees with one of these. Raises TooMany where the search has to be given up.
        """
        chosen: Assignment = {}
        self.gaps.clear()
        self.looked_at.clear()
        self._left = MOST_EVALUATIONS
        yield from self._search(list(conditions), chosen)

    def _search(self, conditions: list[tuple[Condition, bool]], chosen: Assignment) -> Iterator[Assignment]:
        while conditions:
            self._left -= 1
            if self._left < 0:
                raise TooMany
            condition, wanted = conditions[0]
            try:
                if condition(_Partial(self._root, (), chosen)) is not wanted:
                    return
            except Undecided as member:
                yield from self._tried(member, conditions, chosen)
                return
            conditions = conditions[1:]
        yield dict(chosen)

    def _tried(
        self, member: Undecided, conditions: list[tuple[Condition, bool]], chosen: Assignment
    ) -> Iterator[Assignment]:
        self.looked_at.add(member.node.keys)
        choices = self._choices(member.node)
        gap = f"{'.'.join(member.node.keys)}: {member.node.gap}"
        if member.node.gap and gap not in self.gaps:
            self.gaps.append(gap)
        for value in choices:
            if _fits(member.place, value, chosen):
                chosen[member.place] = value
                yield from self._search(conditions, chosen)
                del chosen[member.place]


class TooMany(Exception):  # noqa: N818 - it ends a search, and is no error
    """There are too many findings to go through."""


class Undecided(Exception):  # noqa: N818 - it stops an evaluation, and is no error
    """A condition looks at a member that is not decided yet."""

    def __init__(self, place: Place, node: _AskedMember) -> None:
        super().__init__(place)
        self.place = place
        self.node = node


class _Partial(dict[str, Any]):
    """An object of a finding; only its chosen members are decided."""

    __slots__ = ("_chosen", "_node", "_place")

    def __init__(self, node: _AskedMember, place: Place, chosen: Assignment) -> None:
        super().__init__()
        self._node = node
        self._place = place
        self._chosen = chosen

    def get(self, key: str, default: Any = None) -> Any:
        node = self._node.inner.get(key)
        if node is None:
            return default
        place = (*self._place, key)
        if node.is_object:
            return _Partial(node, place, self._chosen)
        value = self._chosen.get(place, _UNDECIDED)
        if value is _UNDECIDED:
            raise Undecided(place, node)
        if value is ABSENT:
            return default
        if isinstance(value, tuple):
            return list(value)
        if node.holds_objects:
            return [_Partial(node, (*place, index), self._chosen) for index in range(value)]
        return value

    def __getitem__(self, key: str) -> Any:
        value = self.get(key, ABSENT)
        if value is ABSENT:
            raise KeyError(key)
        return value

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.get(key, ABSENT) is not ABSENT


_UNDECIDED = object()


def _fits(place: Place, value: Any, chosen: Assignment) -> bool:
    """Say whether a value goes with what is chosen, as AWS's model of a finding asks for.

    AWS: the label of a severity follows from its number; what an object must have is there if anything is.
    """
    if place[:1] == ("Severity",) and place[1:] in (("Label",), ("Normalized",)):
        other = chosen.get(("Severity", "Normalized" if place[1] == "Label" else "Label"), ABSENT)
        if other is not ABSENT and value is not ABSENT:
            label, number = (value, other) if place[1] == "Label" else (other, value)
            return bool(label_of(number) == label)
    return _beside_fits(place, value, chosen)


def _beside_fits(place: Place, value: Any, chosen: Assignment) -> bool:
    """Say whether what an object must have, and what else it has, are there together."""
    parent = place[:-1]
    if not parent:
        return True
    if isinstance(parent[-1], int):  # the element itself is there
        return value is not ABSENT or not _is_required(_names(place))
    beside = [(at, held) for at, held in chosen.items() if at[:-1] == parent]
    if value is ABSENT and _is_required(_names(place)):
        return all(held is ABSENT for _at, held in beside)
    if value is not ABSENT:
        return not any(held is ABSENT and _is_required(_names(at)) for at, held in beside)
    return True


def _lists_of(values: Sequence[Any], size: int, positions: int) -> Iterator[tuple[Any, ...]]:
    """Yield the lists of a length, each once: only as many elements as have positions are in an order."""
    ordered = min(size, positions)
    for first in product(values, repeat=ordered):
        for rest in combinations_with_replacement(values, size - ordered):
            yield (*first, *rest)


def _names(place: Place) -> Keys:
    return tuple(one for one in place if isinstance(one, str))


def _kind(keys: Keys) -> str:
    model = look_up(keys)
    return model.kind if isinstance(model, AsffField) else "unknown"


@cache
def _is_required(keys: Keys) -> bool:
    """Say whether the member is there wherever the object around it is."""
    node: Any = table()
    for key in keys[:-1]:
        node = node.get(key, node.get(ANY_NAME)) if isinstance(node, dict) else None
        while isinstance(node, list):
            node = node[0]
    return isinstance(node, dict) and keys[-1] in node.get(REQUIRED, ())


def finding_of(assignment: Assignment) -> dict[str, Any]:
    """Return the members that an assignment asks for, as a partial finding; None stands for absence."""
    finding: dict[str, Any] = {}
    for place, value in sorted(assignment.items(), key=lambda item: len(item[0])):
        if any(isinstance(one, str) and one.startswith(OPAQUE) for one in place):
            continue
        holder: Any = finding
        for key in place[:-1]:
            holder = holder.setdefault(key, {}) if isinstance(key, str) else holder[key]
        held = value
        if value is ABSENT:
            held = None
        elif isinstance(value, tuple):
            held = list(value)
        elif _names(place) in LISTS:
            held = [{} for _index in range(value)]
        holder[place[-1]] = held
    return finding
