"""Sets of JSON scalars, described so that a value can be looked up in many of them at once.

A set is used in the place of a test of a value and holds at least every value that passes the test. It may
hold more: what is found by it is always evaluated afterwards. Lists and objects have no place here; where one
turns up, nothing is excluded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import inf

Interval = tuple[int | float, int | float]
ALL_NUMBERS: tuple[Interval, ...] = ((-inf, inf),)


@dataclass(frozen=True, slots=True)
class Values:
    """A set of scalars, null, and "absent", which stands for a value that is not there.

    Its texts: those listed, those with a listed prefix, the addresses in listed networks and, with
    `other_texts`, all others but `not_texts`. Its numbers: those in closed intervals.
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

    def united(self, other: Values) -> Values:
        """Return the union of two sets."""
        not_texts = self.not_texts if self.other_texts else other.not_texts
        if self.other_texts and other.other_texts:
            not_texts = self.not_texts & other.not_texts
        texts = self.texts | other.texts
        return Values(
            texts,
            self.prefixes | other.prefixes,
            self.networks | other.networks,
            self.other_texts or other.other_texts,
            not_texts - texts,
            self.numbers + other.numbers,
            self.booleans or other.booleans,
            self.null or other.null,
            self.absent or other.absent,
        )


EVERYTHING = Values(other_texts=True, numbers=ALL_NUMBERS, booleans=True, null=True, absent=True)
PRESENT = replace(EVERYTHING, absent=False)
SOMETHING = replace(PRESENT, null=False)
TEXTS = Values(other_texts=True)


def all_but_texts(texts: Iterable[str], base: Values = EVERYTHING) -> Values:
    """Return the set without some texts."""
    return replace(base, not_texts=frozenset(texts))


def starting_with(prefix: str) -> Values:
    """Return the texts that start so."""
    return Values(prefixes=frozenset((prefix,))) if prefix else TEXTS


def listed(scalars: Iterable[object]) -> Values:
    """Return the set of these scalars (of all booleans, if there is one); null stands for itself alone."""
    known = list(scalars)
    numbers = [item for item in known if isinstance(item, int | float) and not isinstance(item, bool)]
    return Values(
        texts=frozenset(item for item in known if isinstance(item, str)),
        numbers=tuple((number, number) for number in numbers),
        booleans=any(isinstance(item, bool) for item in known),
        null=any(item is None for item in known),
    )
