"""A rule's `match` as conjunctions: what each alternative of a field needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from hubtriage.engine.index.conjunctions import Conjunction, Source, lists_on
from hubtriage.engine.index.value_sets import (
    PRESENT,
    SOME_TEXTS,
    Interval,
    ValueSet,
    all_but,
    from_wildcard,
    listed,
    starting_with,
    union,
)
from hubtriage.engine.pattern.compiler import PatternField
from hubtriage.engine.shared_values import derive


def conjunction_of(leaves: Sequence[PatternField]) -> Conjunction:
    """Return what the leaves of one branch need together."""
    constraints: dict[Source, ValueSet] = {leaf.keys: values_of(leaf.alternatives) for leaf in leaves}
    paths = [leaf.keys for leaf in leaves]
    unsure = {path for path in paths if constraints[path].absent and _shares_a_list(path, paths)}
    kept = {path: values for path, values in constraints.items() if path not in unsure}
    return Conjunction(kept, exact=not unsure)


def _shares_a_list(path: tuple[str, ...], paths: Iterable[tuple[str, ...]]) -> bool:
    """Say whether another path leads through a list of this one's.

    Absence is then about one element, and the field may be there in others, which the index does not tell
    apart.
    """
    lists = lists_on(path[:-1])
    return any(other != path and lists & lists_on(other[:-1]) for other in paths)


def values_of(alternatives: Sequence[Any]) -> ValueSet:
    """Return the values that one of the alternatives of a pattern's field holds for."""
    return derive(_values_of, alternatives)


def _values_of(alternatives: Sequence[Any]) -> ValueSet:
    plain = [one for one in alternatives if not isinstance(one, dict)]
    tests = [_tested(one) for one in alternatives if isinstance(one, dict)]
    return union([listed(plain), *tests] if plain else tests)


def _tested(alternative: Mapping[str, Any]) -> ValueSet:
    """Return the values that an alternative with an operator holds for."""
    ((operator, operand),) = alternative.items()
    if operator == "exists":
        return PRESENT if operand else ValueSet(absent=True)
    if operator == "anything-but":
        return _but(operand)
    if operator == "numeric":
        return ValueSet(numbers=(_interval(operand),))
    if operator == "cidr":
        return ValueSet(networks=frozenset((operand,)))
    if operator == "prefix" and isinstance(operand, str):
        return starting_with(operand)
    return from_wildcard(operand, "*\\") if operator == "wildcard" else SOME_TEXTS


def _but(operand: Any) -> ValueSet:
    if isinstance(operand, dict):
        return replace(PRESENT, exact_texts=False)
    return all_but(operand if isinstance(operand, list) else [operand], PRESENT)


def _interval(operand: Sequence[Any]) -> Interval:
    interval = Interval()
    for sign, bound in zip(operand[::2], operand[1::2], strict=True):
        if sign in ("=", ">", ">="):
            interval = interval._replace(low=bound, has_low=sign != ">")
        if sign in ("=", "<", "<="):
            interval = interval._replace(high=bound, has_high=sign != "<")
    return interval
