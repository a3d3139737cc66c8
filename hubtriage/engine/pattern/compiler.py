"""EventBridge event patterns over one finding, compiled to closures.

AWS: fields are and-ed, the values of one field or-ed, and a list in the finding stands for its elements,
whatever their nesting. Conditions below one list must hold in the same element. `exists` sees leaves only:
objects and empty lists do not exist. `{"exists": false}` is about the element in which a field next to it
holds: the path must lead to no value there. If no such field names an element, the path must lead to no value
in any element. `$or` multiplies out: each branch is joined with the fields next to it.

More is refused than EventBridge refuses, where a pattern is surely a mistake. That is an operator in the
place of a field name, a field that a `$or` tests twice (EventBridge keeps the last), a network with host
bits. A dot in a key is a plain character.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from hubtriage.engine.errors import Path, PatternError
from hubtriage.engine.pattern.fields import OPERATOR_NAMES, FieldTest, compile_field

__all__ = ["PatternError", "compile_pattern", "pattern_errors"]

MAX_DEPTH = 32
MAX_BRANCHES = 1_000  # AWS: rule combinations that `$or` may make

Matcher = Callable[[Mapping[str, Any]], bool]
_NO, _BY_ABSENCE, _BY_VALUE = 0, 1, 2
"""Whether an object satisfies a part of the pattern: not, with nothing there at all, or with a value.

Only a value chooses the element of a list that the fields next to it are about.
"""
_Part = Callable[[Mapping[str, Any]], int]
_NOTHING: Mapping[str, Any] = {}
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class PatternField:
    """One field of the pattern: its path in the finding, its alternatives, and where the pattern says so."""

    keys: tuple[str, ...]
    alternatives: list[Any]
    where: Path


def compile_pattern(pattern: Mapping[str, Any]) -> Matcher:
    """Compile a pattern to a function finding -> bool.

    A scalar in the place of a field's list stands for a list of one. Raises PatternError.
    """
    branches = [_compile_branch(branch) for branch in expand(pattern)]
    if len(branches) == 1:
        only = branches[0]
        return lambda finding: only(finding) != _NO
    return lambda finding: any(branch(finding) for branch in branches)


def pattern_errors(pattern: Mapping[str, Any]) -> list[PatternError]:
    """Return the flaws of a pattern: that of its structure, otherwise the first of each field."""
    try:
        branches = expand(pattern)
    except PatternError as error:
        return [error]
    errors = []
    for leaf in {leaf.where: leaf for branch in branches for leaf in branch}.values():
        try:
            compile_field(leaf.alternatives, leaf.where)
        except PatternError as error:
            errors.append(error)
    return errors


def expand(pattern: Mapping[str, Any]) -> list[tuple[PatternField, ...]]:
    """Multiply out every `$or`: a finding matches if all leaves of one branch hold. Raises PatternError."""
    if not isinstance(pattern, Mapping):
        raise PatternError("a pattern is an object of fields", ())
    branches = _expand_object(pattern, (), (), 0)
    for branch in branches:
        _check_distinct(branch)
    return branches


def _expand_object(
    node: Mapping[str, Any], keys: tuple[str, ...], where: Path, depth: int
) -> list[tuple[PatternField, ...]]:
    if not node:
        raise PatternError("an empty object matches nothing", where, "name the fields that must hold")
    if depth > MAX_DEPTH:
        raise PatternError(f"nested more than {MAX_DEPTH} deep", where)
    parts = [_expand_member(name, value, keys, (*where, name), depth) for name, value in node.items()]
    count = 1
    for part in parts:
        count *= len(part)
    if count > MAX_BRANCHES:
        raise PatternError(
            f"`$or` makes {count} combinations, more than {MAX_BRANCHES}", where, "split the rule"
        )
    return [tuple(leaf for branch in choice for leaf in branch) for choice in product(*parts)]


def _expand_member(
    name: Any, value: Any, keys: tuple[str, ...], where: Path, depth: int
) -> list[tuple[PatternField, ...]]:
    if not isinstance(name, str):
        raise PatternError(f"the field name {name!r} is no text", where, "put it in quotes")
    if name == "$or":
        return _expand_or(value, keys, where, depth)
    if name in OPERATOR_NAMES:
        raise PatternError(
            f"`{name}` stands where a field's name belongs", where, f"put it in a list: [{{{name}: ...}}]"
        )
    if isinstance(value, Mapping):
        return _expand_object(value, (*keys, name), where, depth + 1)
    return [(PatternField((*keys, name), value if isinstance(value, list) else [value], where),)]


def _expand_or(value: Any, keys: tuple[str, ...], where: Path, depth: int) -> list[tuple[PatternField, ...]]:
    if not isinstance(value, list) or len(value) < 2 or not all(isinstance(one, Mapping) for one in value):
        raise PatternError("`$or` needs a list of two or more objects", where)
    return [
        branch
        for index, one in enumerate(value)
        for branch in _expand_object(one, keys, (*where, index), depth + 1)
    ]


def _check_distinct(branch: tuple[PatternField, ...]) -> None:
    """Refuse a path that a branch tests twice, or both as a value and as an object."""
    seen: set[tuple[str, ...]] = set()
    for leaf in branch:
        if leaf.keys in seen:
            name = ".".join(leaf.keys)
            raise PatternError(
                f"`{name}` is tested twice",
                leaf.where,
                "EventBridge would keep only the last; use `when` for one",
            )
        seen.add(leaf.keys)
    for leaf in branch:
        for length in range(1, len(leaf.keys)):
            if leaf.keys[:length] in seen:
                name = ".".join(leaf.keys[:length])
                raise PatternError(f"`{name}` is tested both as a value and as an object", leaf.where)


@dataclass(slots=True)
class _Node:
    """The leaves of a branch, gathered into the tree of their paths."""

    leaves: dict[str, PatternField] = field(default_factory=dict)
    inner: dict[str, _Node] = field(default_factory=dict)


def _compile_branch(branch: tuple[PatternField, ...]) -> _Part:
    root = _Node()
    for leaf in branch:
        node = root
        for key in leaf.keys[:-1]:
            node = node.inner.setdefault(key, _Node())
        node.leaves[leaf.keys[-1]] = leaf
    return _compile_node(root)


def _compile_node(node: _Node) -> _Part:
    parts = [_compile_leaf(key, leaf) for key, leaf in node.leaves.items()]
    parts += [_compile_inner(key, _compile_node(inner)) for key, inner in node.inner.items()]
    if len(parts) == 1:
        return parts[0]

    def holds(value: Mapping[str, Any]) -> int:
        best = _BY_ABSENCE
        for part in parts:
            outcome = part(value)
            if outcome != _BY_VALUE:
                if outcome == _NO:
                    return _NO
            else:
                best = _BY_VALUE
        return best

    return holds


def _compile_inner(key: str, part: _Part) -> _Part:
    def holds(value: Mapping[str, Any]) -> int:
        inner = value.get(key, _NOTHING)
        if isinstance(inner, dict):
            return part(inner)
        absent, empty = True, True
        for element in flatten(inner) if isinstance(inner, list) else ():
            if isinstance(element, dict):
                outcome = part(element)
                if outcome == _BY_VALUE:
                    return _BY_VALUE
                absent, empty = absent and outcome == _BY_ABSENCE, False
        if empty:  # without any object only absence can satisfy
            return part(_NOTHING)
        return _BY_ABSENCE if absent else _NO

    return holds


def _compile_leaf(key: str, leaf: PatternField) -> _Part:
    test = compile_field(leaf.alternatives, leaf.where)
    value_holds = test.holds

    def holds(value: Mapping[str, Any]) -> int:
        found = value.get(key, _ABSENT)
        if type(found) is str:
            return _BY_VALUE if value_holds(found) else _NO
        if type(found) is list:
            for element in found:
                if type(element) is str and value_holds(element):
                    return _BY_VALUE
        return _leaf_holds(test, found)

    return holds


def _leaf_holds(test: FieldTest, found: Any) -> int:
    """Say whether any value at a leaf satisfies it; with none there, whether absence does."""
    values = leaf_values(found)
    if values:
        return _BY_VALUE if any(test.holds(value) for value in values) else _NO
    return _BY_ABSENCE if test.holds_when_absent else _NO


def leaf_values(found: Any) -> list[Any]:
    """Return the scalars that a member holds: itself, or the elements of a list; objects hold none."""
    if found is _ABSENT or isinstance(found, dict):
        return []
    return [value for value in flatten(found) if not isinstance(value, dict)]


def flatten(value: Any) -> Iterator[Any]:
    """Yield the elements of a list and of the lists in it, or the value itself."""
    if not isinstance(value, list):
        yield value
        return
    waiting = [iter(value)]
    while waiting:
        element = next(waiting[-1], _ABSENT)
        if element is _ABSENT:
            waiting.pop()
        elif isinstance(element, list):
            waiting.append(iter(element))
        else:
            yield element


def has_leaf(value: Any, keys: tuple[str, ...]) -> bool:
    """Say whether a path leads to a scalar in any element of the lists on its way."""
    return next(values_at(value, keys), _ABSENT) is not _ABSENT


def values_at(value: Any, keys: tuple[str, ...]) -> Iterator[Any]:
    """Yield every scalar that a path leads to."""
    for one in objects_at(value, keys[:-1]):
        yield from leaf_values(one.get(keys[-1], _ABSENT))


def objects_at(value: Any, keys: tuple[str, ...]) -> Iterator[Any]:
    """Yield every object that a path leads to, in each element of the lists on its way."""
    objects = [value]
    for key in keys:
        objects = [
            element
            for one in objects
            if key in one
            for element in flatten(one[key])
            if isinstance(element, dict)
        ]
    yield from objects
