"""Conjunctions of constraints, and how two of them become one.

A constraint is a source (a path of the finding, or a short calculation) and the set of values that it may
have there. A conjunction is a set of constraints that must all hold. Below a list, all constraints of a
conjunction are about the same element.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache, reduce
from itertools import product
from typing import TypeAlias

from hubtriage.engine.index.asff_lists import LISTS
from hubtriage.engine.index.value_sets import ValueSet

# A path of member names, in which lists do not show; or an expression in JSON.
Source: TypeAlias = tuple[str, ...] | str


@dataclass(frozen=True, slots=True)
class Conjunction:
    """And-ed constraints; if exact, they hold only if the condition does."""

    constraints: Mapping[Source, ValueSet]
    exact: bool = True


TRUE = [Conjunction({})]
UNKNOWN = [Conjunction({}, exact=False)]
FALSE: list[Conjunction] = []
MAX_CONJUNCTIONS = 32


@lru_cache(maxsize=4096)
def lists_on(path: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
    """Return which beginnings of a path, or the path itself, are lists.

    A member that ASFF's model does not know may turn out to be a list too; the index then decides nothing.
    """
    return frozenset(path[:length] for length in range(1, len(path) + 1)) & LISTS


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an expression is evaluated: on the finding, or on each element of nested lists."""

    path: tuple[str, ...] = ()
    opened: frozenset[tuple[str, ...]] = frozenset()

    def place(self, keys: tuple[str, ...]) -> tuple[str, ...] | None:
        """Return the path of one value; None if it leads into a list that is not walked."""
        path = self.path + keys
        return path if lists_on(path) == self.opened else None

    def list_at(self, keys: tuple[str, ...]) -> tuple[str, ...] | None:
        """Return the path of a list to be walked; None if it is no list, or lies in another."""
        path = self.path + keys
        return path if lists_on(path) == self.opened | {path} else None

    def within(self, path: tuple[str, ...]) -> Scope:
        """Return the scope of the elements of a list."""
        return Scope(path, self.opened | {path})


WHOLE = Scope()


def both(left: list[Conjunction], right: list[Conjunction], scope: Scope) -> list[Conjunction]:
    """Return "left and right": each conjunction of the one joined with each of the other."""
    if len(left) * len(right) > MAX_CONJUNCTIONS:
        left, right = ([_common(left)], right) if len(left) > len(right) else (left, [_common(right)])
    return bounded([_joined(one, other, scope) for one, other in product(left, right)])


def either(parts: Iterable[list[Conjunction]]) -> list[Conjunction]:
    """Return "one of the parts"; lone constraints on one source become one constraint."""
    single: dict[tuple[Source, bool], ValueSet] = {}
    conjunctions: list[Conjunction] = []
    for conjunction in (conjunction for part in parts for conjunction in part):
        if len(conjunction.constraints) == 1:
            ((source, values),) = conjunction.constraints.items()
            key = source, conjunction.exact
            single[key] = single[key].united(values) if key in single else values
        else:
            conjunctions.append(conjunction)
    return bounded(
        [*(Conjunction({source: values}, exact) for (source, exact), values in single.items()), *conjunctions]
    )


def _joined(left: Conjunction, right: Conjunction, scope: Scope) -> Conjunction:
    """Join two conjunctions. Of constraints that may be about different elements keep the narrower."""
    if not left.constraints or not right.constraints:
        return Conjunction(left.constraints or right.constraints, left.exact and right.exact)
    shared = _walked(left, scope) & _walked(right, scope)
    if shared:
        # below a shared list each side is about an element of its own: only the narrower side is looked up
        left, right = sorted((left, right), key=lambda one: _narrowest(one, shared))
        outside = {key: values for key, values in right.constraints.items() if not _is_below(key, shared)}
        right = Conjunction(outside, exact=False)
    joined = dict(left.constraints)
    for source, values in right.constraints.items():
        if source not in joined or width(values) < width(joined[source]):
            joined[source] = values
    is_whole = len(joined) == len(left.constraints) + len(right.constraints)
    return Conjunction(joined, left.exact and right.exact and is_whole)


_Lists: TypeAlias = frozenset[tuple[str, ...]]


def _walked(conjunction: Conjunction, scope: Scope) -> _Lists:
    """Return the lists that the constraints walk within a scope, each for an element of its own."""
    walked: _Lists = frozenset()
    for source in conjunction.constraints:
        if isinstance(source, tuple):
            walked |= lists_on(source)
    return walked - scope.opened


def _narrowest(conjunction: Conjunction, lists: _Lists) -> float:
    return min(
        width(values) for source, values in conjunction.constraints.items() if _is_below(source, lists)
    )


def _is_below(source: Source, lists: _Lists) -> bool:
    return isinstance(source, tuple) and not lists.isdisjoint(lists_on(source))


def bounded(conjunctions: list[Conjunction]) -> list[Conjunction]:
    """Return the conjunctions, or what all of them have in common if they are too many."""
    return conjunctions if len(conjunctions) <= MAX_CONJUNCTIONS else [_common(conjunctions)]


def _common(conjunctions: list[Conjunction]) -> Conjunction:
    """Return what all of them ask for: one conjunction that holds whenever any of them does."""
    constraints = [conjunction.constraints for conjunction in conjunctions]
    shared = set.intersection(*map(set, constraints))
    return Conjunction(
        {source: reduce(ValueSet.united, (one[source] for one in constraints)) for source in shared},
        exact=False,
    )


def width(values: ValueSet) -> float:
    """Return roughly how many texts a set has, to tell narrow from wide."""
    if values.other_texts:
        return 1e9
    return (
        len(values.texts) + 10.0 * (len(values.prefixes) + len(values.networks)) + 1e3 * len(values.numbers)
    )
