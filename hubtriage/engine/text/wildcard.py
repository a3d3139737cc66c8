"""Texts with `*`, matched in bounded time.

A text between two stars has a fixed length, so taking the first place where it fits is always right. There is
no backtracking, and at most (length of the text) x (length of the pattern) steps.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

TextTest = Callable[[str], bool]


class WildcardError(ValueError):
    """A pattern that is malformed; the message says where."""


def compile_wildcard(pattern: str) -> TextTest:
    r"""Compile an EventBridge wildcard: `*` is any run of characters, `\*` a star, `\\` a backslash.

    Raises WildcardError for `**` and for any other use of the backslash, as EventBridge does.
    """
    if re.search(r"(?<!\\)(?:\\\\)*\*\*", pattern):
        raise WildcardError("two stars in a row")
    return _compile(_pieces(pattern, single=False))


def compile_glob(pattern: str) -> TextTest:
    r"""Compile a glob: `*` is any run of characters (also `/`), `?` any one, `\*` and `\?` are themselves.

    Raises WildcardError for a backslash before anything else but a backslash.
    """
    return _compile(_pieces(pattern, single=True))


@dataclass(frozen=True, slots=True)
class _Piece:
    """The characters between two stars; None is any one character."""

    characters: tuple[str | None, ...]

    def finder(self) -> Callable[[str, int], int]:
        """Return a function (text, from) -> position or -1."""
        literal = self.literal()
        if literal is not None:
            return lambda text, start: text.find(literal, start)
        search = re.compile(
            "".join("." if one is None else re.escape(one) for one in self.characters), re.DOTALL
        ).search

        def find(text: str, start: int) -> int:
            found = search(text, start)
            return found.start() if found else -1

        return find

    def fits(self) -> Callable[[str, int], bool]:
        """Return a function (text, position) -> whether the piece is there."""
        literal = self.literal()
        if literal is not None:
            return lambda text, at: text.startswith(literal, at)
        find, size = self.finder(), len(self.characters)
        return lambda text, at: find(text[at : at + size], 0) == 0

    def literal(self) -> str | None:
        """Return the piece as text if it has no `?`."""
        known = [one for one in self.characters if one is not None]
        return "".join(known) if len(known) == len(self.characters) else None


def _pieces(pattern: str, *, single: bool) -> list[_Piece]:
    """Split at the stars that are stars."""
    pieces: list[list[str | None]] = [[]]
    escapable = "*?\\" if single else "*\\"
    position = 0
    while position < len(pattern):
        one = pattern[position]
        if one == "\\":
            position += 1
            if pattern[position : position + 1] not in escapable or position == len(pattern):
                raise WildcardError(f"a backslash at position {position} that escapes nothing")
            pieces[-1].append(pattern[position])
        elif one == "*":
            pieces.append([])
        else:
            pieces[-1].append(None if single and one == "?" else one)
        position += 1
    return [_Piece(tuple(piece)) for piece in pieces]


def _compile(pieces: list[_Piece]) -> TextTest:
    first, last = pieces[0], pieces[-1]
    first_fits, last_fits = first.fits(), last.fits()
    first_size, last_size = len(first.characters), len(last.characters)
    if len(pieces) == 1:
        return lambda text: len(text) == first_size and first_fits(text, 0)
    inner = [(piece.finder(), len(piece.characters)) for piece in pieces[1:-1] if piece.characters]

    def matches(text: str) -> bool:
        end = len(text) - last_size
        if end < first_size or not first_fits(text, 0) or not last_fits(text, end):
            return False
        position = first_size
        for find, size in inner:
            found = find(text, position)
            if found < 0:
                return False
            position = found + size
        return position <= end

    return matches
