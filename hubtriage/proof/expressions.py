"""Simple regular expressions as patterns of texts: characters, sets of them, dots, choices, and anchors."""

from __future__ import annotations

from itertools import product
from typing import Final, TypeAlias

from hubtriage.proof.languages import LINE, RUN, SPOT, Item, TextPattern

_Forms: TypeAlias = list[tuple[Item, ...]]

MOST_FORMS = 50
MOST_TIMES = 64
_SPECIAL: Final = frozenset("\\^$.|?*+()[]{}")
_DIGITS: Final = frozenset("0123456789")


def forms_of(expression: str) -> tuple[TextPattern, ...] | None:
    """Return patterns that together hold for the texts in which an expression is found.

    None where it has parts that are not understood here.
    """
    try:
        return tuple(_whole(items) for items in _Reader(expression).read())
    except _NotSimpleError:
        return None


_START, _END = frozenset(("start",)), frozenset(("end",))
"""Stand for anchors while an expression is read; they are no single characters."""


def _whole(items: tuple[Item, ...]) -> TextPattern:
    is_bound, is_closed = items[:1] == (_START,), items[-1:] == (_END,)
    inner = items[is_bound : len(items) - is_closed]
    if _START in inner or _END in inner:
        raise _NotSimpleError
    return TextPattern((*(() if is_bound else (RUN,)), *inner, *(() if is_closed else (RUN,))))


class _NotSimpleError(Exception):
    """An expression has a part that is not understood."""


class _Reader:
    """Reads an expression in the syntax of RE2 from left to right."""

    def __init__(self, expression: str) -> None:
        self._rest = expression

    def read(self) -> _Forms:
        forms = self._choices()
        if self._rest:
            raise _NotSimpleError
        return forms

    def _choices(self) -> _Forms:
        forms = self._sequence()
        while self._takes("|"):
            forms += self._sequence()
        if len(forms) > MOST_FORMS:
            raise _NotSimpleError
        return forms

    def _sequence(self) -> _Forms:
        forms: _Forms = [()]
        while self._rest and self._rest[0] not in "|)":
            part = self._part()
            forms = [(*before, *after) for before, after in product(forms, part)]
            if len(forms) > MOST_FORMS:
                raise _NotSimpleError
        return forms

    def _part(self) -> _Forms:
        if self._takes("("):
            if self._rest.startswith("?") and not self._takes("?:"):
                raise _NotSimpleError
            forms = self._choices()
            if not self._takes(")") or self._rest[:1] in ("?", "*", "+", "{"):
                raise _NotSimpleError
            return forms
        if self._takes("."):
            return self._dots()
        return self._times(self._one())

    def _dots(self) -> _Forms:
        if not self._rest.startswith(("*", "+")):
            return self._times(SPOT)
        forms: _Forms = [(LINE,) if self._next() == "*" else (SPOT, LINE)]
        self._end_part()
        return forms

    def _end_part(self) -> None:
        if self._rest[:1] in ("?", "*", "+", "{"):
            raise _NotSimpleError

    def _times(self, item: Item) -> _Forms:
        """Return an item as often as a number in braces says, or once."""
        count = 1
        if self._takes("{"):
            number, closing, rest = self._rest.partition("}")
            if not closing or not number.isdecimal() or not 1 <= int(number) <= MOST_TIMES:
                raise _NotSimpleError
            count, self._rest = int(number), rest
        self._end_part()
        if count > 1 and item in (_START, _END):
            raise _NotSimpleError
        return [(item,) * count]

    def _one(self) -> Item:
        if self._takes("^"):
            return _START
        if self._takes("$"):
            return _END
        if self._takes("["):
            return self._set()
        if self._takes("\\"):
            return self._escaped()
        character = self._next()
        if character in _SPECIAL:
            raise _NotSimpleError
        return frozenset((character,))

    def _escaped(self) -> Item:
        character = self._next()
        if character == "d":
            return _DIGITS
        # a lone surrogate is searched as a question mark
        if not character.isascii() or character.isalnum() or character in "?_" or not character.isprintable():
            raise _NotSimpleError
        return frozenset((character,))

    def _set(self) -> Item:
        inside, closing, self._rest = self._rest.partition("]")
        characters: set[str] = set()
        while inside:
            first, last, size = inside[0], inside[0], 1
            if len(inside) > 2 and inside[1] == "-":
                last, size = inside[2], 3
            is_range = size > 1
            if first in "\\^[?-" or (is_range and not (first + last).isalnum()) or not inside.isascii():
                raise _NotSimpleError
            if first > last:
                raise _NotSimpleError
            characters.update(map(chr, range(ord(first), ord(last) + 1)))
            inside = inside[size:]
        if not closing or not characters or "?" in characters:
            raise _NotSimpleError
        return frozenset(characters)

    def _takes(self, text: str) -> bool:
        if not self._rest.startswith(text):
            return False
        self._rest = self._rest[len(text) :]
        return True

    def _next(self) -> str:
        character, self._rest = self._rest[:1], self._rest[1:]
        if not character:
            raise _NotSimpleError
        return character
