"""Sets of JSON scalars, described so that a value can be looked up in many of them at once.

A set stands for a test of a value and holds at least every value that passes the test. Where it may hold
more, one of its `exact_…` flags is off, and what it finds has to be evaluated. It holds no lists or objects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import NamedTuple

from hubtriage.engine.jsonlogic.numbers import Number
from hubtriage.engine.shared_values import derive


class Interval(NamedTuple):
    """All numbers from `low` to `high`; each bound belongs to it or not."""

    low: Number = -inf
    high: Number = inf
    has_low: bool = True
    has_high: bool = True


ALL_NUMBERS: tuple[Interval, ...] = (Interval(),)


@dataclass(frozen=True, slots=True)
class ValueSet:
    """A set of scalars, null, and "absent", which stands for a value that is not there.

    Its texts: those listed, those with a listed prefix, the addresses in listed networks and, with
    `other_texts`, all others but `not_texts`. Whether null and absent belong to it is always exact.
    """

    texts: frozenset[str] = frozenset()
    prefixes: frozenset[str] = frozenset()
    networks: frozenset[str] = frozenset()
    other_texts: bool = False
    not_texts: frozenset[str] = frozenset()
    numbers: tuple[Interval, ...] = ()
    booleans: bool = False
    null: bool = False
    absent: bool = False
    exact_texts: bool = True
    exact_numbers: bool = True
    exact_booleans: bool = True

    def united(self, other: ValueSet) -> ValueSet:
        """Return the union of two sets."""
        not_texts = self.not_texts if self.other_texts else other.not_texts
        if self.other_texts and other.other_texts:
            not_texts = self.not_texts & other.not_texts
        texts = self.texts | other.texts
        return ValueSet(
            texts,
            self.prefixes | other.prefixes,
            self.networks | other.networks,
            self.other_texts or other.other_texts,
            not_texts - texts,
            _merged(self.numbers + other.numbers),
            self.booleans or other.booleans,
            self.null or other.null,
            self.absent or other.absent,
            self.exact_texts and other.exact_texts and _reachable(self, other, not_texts),
            self.exact_numbers and other.exact_numbers,
            self.exact_booleans and other.exact_booleans,
        )


def union(sets: Sequence[ValueSet]) -> ValueSet:
    """Return the union of sets, at least one; sets of the same kind are joined two by two."""
    joined = list(dict.fromkeys(sets))
    while len(joined) > 1:
        pairs = [joined[at : at + 2] for at in range(0, len(joined), 2)]
        joined = [pair[0].united(pair[1]) if len(pair) == 2 else pair[0] for pair in pairs]
    return joined[0]


def _merged(numbers: tuple[Interval, ...]) -> tuple[Interval, ...]:
    return ALL_NUMBERS if Interval() in numbers else tuple(dict.fromkeys(numbers))


def _reachable(one: ValueSet, other: ValueSet, not_texts: frozenset[str]) -> bool:
    """Say whether texts that are left out stay out: a prefix or network may bring one of them in again."""
    return not (not_texts and (one.prefixes or other.prefixes or one.networks or other.networks))


EVERYTHING = ValueSet(other_texts=True, numbers=ALL_NUMBERS, booleans=True, null=True, absent=True)
PRESENT = replace(EVERYTHING, absent=False)
SOMETHING = replace(PRESENT, null=False)
ANY_TEXT = ValueSet(other_texts=True)
SOME_TEXTS = replace(ANY_TEXT, exact_texts=False)


def approximate(values: ValueSet) -> ValueSet:
    """Return the same set for a test that some of its members fail."""
    return replace(values, exact_texts=False, exact_numbers=False, exact_booleans=False)


def all_but(scalars: Sequence[object], base: ValueSet = EVERYTHING) -> ValueSet:
    """Return a set without these scalars. Only texts are left out; other kinds become approximate."""
    without = listed(scalars)
    return replace(
        base,
        not_texts=without.texts,
        exact_numbers=not without.numbers,
        exact_booleans=not without.booleans,
    )


def starting_with(prefix: str) -> ValueSet:
    """Return the set of texts with this prefix."""
    return ValueSet(prefixes=frozenset((prefix,))) if prefix else ANY_TEXT


def listed(scalars: Sequence[object]) -> ValueSet:
    """Return the set of these scalars (of all booleans, if there is one); null stands for itself alone."""
    return derive(_listed, scalars)


def _listed(known: Sequence[object]) -> ValueSet:
    booleans = any(isinstance(item, bool) for item in known)
    return ValueSet(
        texts=frozenset(item for item in known if isinstance(item, str)),
        numbers=tuple(
            Interval(item, item)
            for item in known
            if isinstance(item, int | float) and not isinstance(item, bool)
        ),
        booleans=booleans,
        null=any(item is None for item in known),
        exact_booleans=not booleans,
    )


def from_wildcard(pattern: str, special: str) -> ValueSet:
    """Return the texts that begin as the pattern does before its first special character."""
    prefix = pattern[: min((at for at in map(pattern.find, special) if at >= 0), default=len(pattern))]
    if prefix == pattern:
        return listed([pattern])
    return replace(starting_with(prefix), exact_texts=pattern == f"{prefix}*")
