"""What a condition asks of one value of a finding: a test, and the values at which its answer may change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from hubtriage.engine.pattern.compiler import PatternField
from hubtriage.engine.pattern.fields import compile_field, is_number
from hubtriage.engine.shared_values import derive
from hubtriage.proof.languages import (
    TextPattern,
    beginning,
    ending,
    exactly,
    in_any_case,
    with_stars,
)

Keys: TypeAlias = tuple[str, ...]
"""A path of member names; positions in lists are left out."""


@dataclass(frozen=True)
class Boundaries:
    """Where the answer of a test may change: among texts, numbers, addresses and moments.

    `words` are single texts. `moments` are epoch seconds; `ages` are too, and move with the present time.
    `unknown` says what cannot be described so, and then some change may be missed.
    """

    words: frozenset[str] = frozenset()
    patterns: tuple[TextPattern, ...] = ()
    numbers: tuple[float, ...] = ()
    networks: tuple[str, ...] = ()
    moments: tuple[float, ...] = ()
    ages: tuple[float, ...] = ()
    unknown: str = ""

    def with_(self, other: Boundaries) -> Boundaries:
        """Return the boundaries of two tests of one value."""
        return Boundaries(
            self.words | other.words,
            tuple(dict.fromkeys((*self.patterns, *other.patterns))),
            tuple(dict.fromkeys((*self.numbers, *other.numbers))),
            tuple(dict.fromkeys((*self.networks, *other.networks))),
            tuple(dict.fromkeys((*self.moments, *other.moments))),
            tuple(dict.fromkeys((*self.ages, *other.ages))),
            self.unknown or other.unknown,
        )


@dataclass(frozen=True, eq=False)
class Question:
    """A test of one value, by the engine itself, with its boundaries."""

    test: Callable[[Any], bool]
    boundaries: Boundaries = field(default_factory=Boundaries)


def question_of(leaf: PatternField) -> Question:
    """Return what a field of a pattern asks of a value."""
    return derive(_question_of, leaf.alternatives)


def _question_of(alternatives: Sequence[Any]) -> Question:
    boundaries = Boundaries(
        words=frozenset(one for one in alternatives if isinstance(one, str)),
        numbers=tuple(one for one in alternatives if is_number(one)),
    )
    for one in alternatives:
        if isinstance(one, Mapping):
            ((operator, operand),) = one.items()
            boundaries = boundaries.with_(_boundaries_of(operator, operand))
    return Question(compile_field(list(alternatives), ()).holds, boundaries)


def _boundaries_of(operator: str, operand: Any) -> Boundaries:
    if operator == "anything-but":
        return _excluded(operand)
    if operator == "numeric":
        return Boundaries(numbers=tuple(operand[1::2]))
    if operator == "cidr":
        return Boundaries(networks=(operand,))
    if operator == "exists":
        return Boundaries()
    return _boundaries_of_text(operator, operand)


def _excluded(operand: Any) -> Boundaries:
    if isinstance(operand, Mapping):
        ((operator, inner),) = operand.items()
        boundaries = Boundaries()
        for one in inner if isinstance(inner, list) else [inner]:
            boundaries = boundaries.with_(_boundaries_of_text(operator, one))
        return boundaries
    values = operand if isinstance(operand, list) else [operand]
    return Boundaries(
        words=frozenset(one for one in values if isinstance(one, str)),
        numbers=tuple(one for one in values if is_number(one)),
    )


_PATTERNS: Mapping[str, Callable[[str], TextPattern]] = {
    "prefix": beginning,
    "suffix": ending,
    "equals-ignore-case": exactly,
    "wildcard": lambda text: with_stars(text, single=False),
}


def _boundaries_of_text(operator: str, operand: Any) -> Boundaries:
    if isinstance(operand, Mapping):
        return _in_any_case(_PATTERNS[operator](operand["equals-ignore-case"]))
    pattern = _PATTERNS[operator](operand)
    return _in_any_case(pattern) if operator == "equals-ignore-case" else Boundaries(patterns=(pattern,))


def _in_any_case(pattern: TextPattern) -> Boundaries:
    both = in_any_case(pattern)
    if both is None:
        return Boundaries(unknown="a text in any case, with a letter whose other case takes two characters")
    return Boundaries(patterns=(both,))
