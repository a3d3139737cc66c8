"""Read JSON strictly: whatever an entry is not written with is refused, and the error says where."""

from typing import Any

_NEVER = 1e11
"""Seconds since 1970 that no clock shows: more are milliseconds."""


class EntryError(ValueError):
    """A text that `write_entry` cannot have written: which member, and what is wrong with it."""


def time(raw: object, where: str) -> float:
    """Read epoch seconds."""
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not 0 <= raw < _NEVER:
        raise EntryError(f"{where}: {raw!r} is no time in seconds")
    return float(raw)


def rule_id(raw: object, where: str) -> str:
    """Read the id of a rule."""
    if not (isinstance(raw, str) and raw):
        raise EntryError(f"{where}.rule: {raw!r} is no rule's id")
    return raw


def yes(raw: object, where: str) -> bool:
    """Read what is there only if it is true."""
    if raw is not True:
        raise EntryError(f"{where}: {raw!r} is not true, and otherwise it is left out")
    return True


def text_of(raw: object, where: str) -> str:
    """Read any text."""
    if not isinstance(raw, str):
        raise EntryError(f"{where}: a text was expected, not {kind(raw)}")
    return raw


def word_of(raw: object, words: tuple[str, ...], where: str) -> str:
    """Read one of some words."""
    if not isinstance(raw, str) or raw not in words:
        raise EntryError(f"{where}: {raw!r} is none of {', '.join(words)}")
    return raw


def list_of(raw: object, where: str) -> list[Any]:
    """Read a list that is not empty: an empty one is left out."""
    if not isinstance(raw, list) or not raw:
        raise EntryError(f"{where}: a list with something in it was expected, not {kind(raw)}")
    return raw


def members_of(raw: object, where: str) -> dict[str, Any]:
    """Read an object."""
    if not isinstance(raw, dict):
        raise EntryError(f"{where}: a JSON object was expected, not {kind(raw)}")
    return raw


def only(raw: object, known: frozenset[str], where: str) -> dict[str, Any]:
    """Return the members of an object that has no other than these."""
    members = members_of(raw, where)
    if unknown := members.keys() - known:
        raise EntryError(f"{where or 'entry'}: no member is called {min(unknown)!r}")
    return members


def kind(raw: object) -> str:
    """Return what to call a value of JSON."""
    kinds = {
        dict: "an object",
        list: "a list",
        str: "a text",
        bool: "true or false",
        int: "a number",
        float: "a number",
    }
    return kinds.get(type(raw), "null")
