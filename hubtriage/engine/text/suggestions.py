"""Suggest what a misspelt word was meant to be."""

from __future__ import annotations

from collections.abc import Iterable

_CUTOFF = 0.6  # of difflib's ratio: what is less alike is seldom what was meant
_SURE = 0.75  # a slip of a letter or two
_FEW = 20  # words that a hint can list


def nearest(word: object, known: Iterable[str], *, cutoff: float = _CUTOFF) -> str | None:
    """Return the known word that is most like a word, in whatever case, or None if none is like it.

    `cutoff` is the least ratio of difflib that counts as like it.
    """
    from difflib import get_close_matches  # slow to import, and only mistakes need it

    folded = {one.casefold(): one for one in sorted(known, reverse=True)}
    near = get_close_matches(str(word).casefold(), folded, n=1, cutoff=cutoff)
    return folded[near[0]] if near else None


def only_candidate(word: object, known: Iterable[str]) -> str | None:
    """Return the only known word that is very like a word, or the same but for its case; else None."""
    from difflib import get_close_matches

    words = set(known)
    same = [one for one in words if one.casefold() == str(word).casefold()]
    near = same or get_close_matches(str(word).casefold(), {one.casefold() for one in words}, 2, _SURE)
    meant = [one for one in words if one.casefold() == near[0].casefold()] if len(near) == 1 else []
    return meant[0] if len(meant) == 1 else None


def did_you_mean(word: object, known: Iterable[str], *, most: int = _FEW) -> str:
    """Return a hint that names the nearest known word, else all of them.

    The hint is empty if there are no known words, or more than `most` and none is near.
    """
    words = sorted(set(known))
    meant = nearest(word, words)
    if meant is not None:
        return f"did you mean `{meant}`?"
    return f"known: {', '.join(words)}" if words and len(words) <= most else ""
