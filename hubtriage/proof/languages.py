"""Sets of texts, as conditions describe them, and one text for each way in which such sets overlap.

Every test of a text that can be proved about is a pattern here: characters, runs of any characters, and sets
of characters. Patterns are stepped through side by side, one character at a time. Two texts that lead to the
same places in all patterns are not distinguished by any of them, so the search ends, and it misses nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final, Literal, TypeAlias

ANY: Final = "any"
RUN: Final = "run"
SPOT: Final = "spot"
LINE: Final = "line"
Item: TypeAlias = frozenset[str] | Literal["any", "run", "spot", "line"]
"""One of some characters; any character; a run of any; the same two without line breaks."""
Membership: TypeAlias = tuple[bool, ...]

MOST_STATES = 20_000
"""Beyond so many combinations of places the search gives up."""

_PLAIN = "xyzkqjwvufbhgdmpncltsroiaeXYZKQJWVUFBHGDMPNCLTSROIAE0123456789-_.:/+=@ ~^%$&()[]{}|,;<>"
"""Characters that stand for those that no pattern names, the likeliest first."""


@dataclass(frozen=True, slots=True)
class TextPattern:
    """A text that consists of these items: one of some characters, any one character, or a run of any."""

    items: tuple[Item, ...]

    def matches(self, text: str) -> bool:
        """Say whether a text has this form."""
        places = _places_of(self)
        state = places.start
        for character in text:
            state = places.step(state, character)
        return places.accepts(state)


def exactly(text: str) -> TextPattern:
    """Return the pattern of one text."""
    return TextPattern(_characters(text))


def beginning(text: str) -> TextPattern:
    """Return the pattern of the texts that begin so."""
    return TextPattern((*_characters(text), RUN))


def ending(text: str) -> TextPattern:
    """Return the pattern of the texts that end so."""
    return TextPattern((RUN, *_characters(text)))


def containing(text: str) -> TextPattern:
    """Return the pattern of the texts that have a part."""
    return TextPattern((RUN, *_characters(text), RUN))


def with_stars(pattern: str, *, single: bool) -> TextPattern:
    """Return what a wildcard stands for; with `single`, a glob, in which `?` is any one character."""
    items: list[Item] = []
    escaped = False
    for one in pattern:
        if escaped or one not in ("*", "\\") + (("?",) if single else ()):
            items.append(frozenset((one,)))
            escaped = False
        elif one == "\\":
            escaped = True
        else:
            items.append(RUN if one == "*" else ANY)
    return TextPattern(tuple(items))


def in_any_case(pattern: TextPattern) -> TextPattern | None:
    """Return the pattern with both cases of each character; None where a case takes two characters."""
    items: list[Item] = []
    for item in pattern.items:
        if not isinstance(item, frozenset):
            items.append(item)
            continue
        cases = frozenset(case for one in item for case in (one.lower(), one.upper()))
        if any(len(case) != 1 for case in cases):
            return None
        items.append(cases)
    return TextPattern(tuple(items))


def lowered(pattern: TextPattern) -> TextPattern | None:
    """Return the pattern of the texts that, in lower case, have this form; None where that has no pattern.

    Only İ becomes two characters: an i and a dot above. Where a run follows an i, the dot is part of the run.
    """
    items: list[Item] = []
    for index, item in enumerate(pattern.items):
        if item in (ANY, SPOT, LINE) or (isinstance(item, frozenset) and not _UNSURE.isdisjoint(item)):
            return None
        if isinstance(item, frozenset):
            before = frozenset(other for one in item for other in _lowering_to().get(one, ()))
            followed = pattern.items[index + 1 : index + 2] == (RUN,)
            item = before | {_DOTTED} if followed and "i" in item else before
        items.append(item)
    return TextPattern(tuple(items))


_DOTTED = "\u0130"
# The dot above, and the two small sigmas: which one a capital becomes depends on what is around it.
_UNSURE = frozenset("\u0307\u03c3\u03c2")


@cache
def _lowering_to() -> dict[str, frozenset[str]]:
    """Return, for each character, those that it is the lower case of."""
    found: dict[str, set[str]] = {}
    for code in range(0x110000):
        small = chr(code).lower()
        if len(small) == 1:
            found.setdefault(small, set()).add(chr(code))
    return {small: frozenset(before) for small, before in found.items()}


def _characters(text: str) -> tuple[Item, ...]:
    return tuple(frozenset((one,)) for one in text)


@dataclass(frozen=True, slots=True)
class FixedForm:
    """What every text of a field looks like: as many characters, all of them out of some."""

    characters: str
    length: int

    def has(self, text: str) -> bool:
        """Say whether a text has this form."""
        return len(text) == self.length and set(text) <= set(self.characters)

    def pattern(self) -> TextPattern:
        """Return the form as a pattern."""
        return TextPattern((frozenset(self.characters),) * self.length)


def texts_by_membership(
    patterns: Sequence[TextPattern], form: FixedForm | None = None
) -> dict[Membership, str] | None:
    """Return, for each combination of patterns that a text can have together, the shortest such text.

    The key says for each pattern whether the text has its form. AWS: a text has a character that is not
    blank. None where there are too many combinations to go through.
    """
    every = [_places_of(pattern) for pattern in patterns]
    limit = _places_of(form.pattern()) if form else None
    found: dict[Membership, str] = {}
    start = (tuple(places.start for places in every), limit.start if limit else 1)
    seen: set[tuple[tuple[int, ...], int, bool]] = set()
    waiting = deque([(start, "")])
    while waiting:
        (states, inside), text = waiting.popleft()
        for character in _worth_trying(every, states, form):
            longer = text + character
            after = tuple(places.step(state, character) for places, state in zip(every, states, strict=True))
            inside_after = limit.step(inside, character) if limit else 1
            reached = (after, inside_after, longer.isspace())
            if reached in seen or not inside_after:
                continue
            if len(seen) >= MOST_STATES:
                return None
            seen.add(reached)
            waiting.append(((after, inside_after), longer))
            if not longer.isspace() and (limit is None or limit.accepts(inside_after)):
                memberships = (places.accepts(s) for places, s in zip(every, after, strict=True))
                found.setdefault(tuple(memberships), longer)
    return found


def _worth_trying(every: Sequence[_Places], states: Sequence[int], form: FixedForm | None) -> Iterator[str]:
    """Yield the characters that some pattern waits for in these places, after one that none waits for."""
    awaited: set[str] = set()
    for places, state in zip(every, states, strict=True):
        awaited |= places.awaited(state)
    other = next((one for one in (form.characters if form else _PLAIN) if one not in awaited), None)
    if other is None and form is None:
        other = next(chr(code) for code in range(0x100, 0x10000) if chr(code) not in awaited)
    if other is not None:
        yield other
    yield from sorted(awaited if form is None else awaited & set(form.characters))


class _Places:
    """The places in a pattern that a text may have led to, as bits; bit 0 is before the first item."""

    __slots__ = ("_any", "_awaited", "_by_character", "_last", "_lines", "_runs", "_spots", "start")

    def __init__(self, items: Sequence[Item]) -> None:
        self._any = self._runs = self._spots = self._lines = 0
        self._by_character: dict[str, int] = {}
        self._last = 1 << len(items)
        for index, item in enumerate(items):
            if item == RUN:
                self._runs |= 1 << index
            elif item == ANY:
                self._any |= 1 << index
            elif item == SPOT:
                self._spots |= 1 << index
            elif item == LINE:
                self._lines |= 1 << index
            else:
                for one in item:
                    self._by_character[one] = self._by_character.get(one, 0) | 1 << index
        self.start = self._past_runs(1)
        self._awaited: dict[int, frozenset[str]] = {}

    def step(self, state: int, character: str) -> int:
        """Return where a further character leads; 0 where the pattern cannot be met any more."""
        if not state:
            return 0
        ones, runs = self._any, self._runs
        if character != "\n":
            ones, runs = ones | self._spots, runs | self._lines
        moved = (state & (ones | self._by_character.get(character, 0))) << 1
        return self._past_runs(moved | state & runs)

    def accepts(self, state: int) -> bool:
        """Say whether the text so far has the form of the pattern."""
        return bool(state & self._last)

    def awaited(self, state: int) -> frozenset[str]:
        """Return the characters that are named at these places."""
        if state not in self._awaited:
            named = (one for one, places in self._by_character.items() if places & state)
            breaks = ("\n",) if state & (self._spots | self._lines) else ()
            self._awaited[state] = frozenset((*named, *breaks))
        return self._awaited[state]

    def _past_runs(self, state: int) -> int:
        """Add the places behind runs, which may be empty."""
        while (behind := (state & (self._runs | self._lines)) << 1) & ~state:
            state |= behind
        return state


@lru_cache(maxsize=65_536)
def _places_of(pattern: TextPattern) -> _Places:
    return _Places(pattern.items)
