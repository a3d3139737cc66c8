"""JSON values that not every reader takes: numbers that JSON has no word for, and values nested too deep."""

from collections.abc import Iterable
from math import isfinite
from typing import Any, cast

# Python gives up at a depth that depends on its version and on the caller. This limit is far above what any
# producer sends and far below Python's, so that a person gets a plain message.
MOST_LEVELS = 100
_HOLDERS = frozenset((dict, list))


def finite(value: Any) -> Any:
    """Return the same JSON value with infinities and NaN as texts, and tuples as lists.

    A number too large for a float is read as infinity, which JSON cannot say.
    """
    if isinstance(value, dict):
        return {name: finite(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [finite(member) for member in value]
    return str(value) if isinstance(value, float) and not isfinite(value) else value


def is_too_deep(value: object) -> bool:
    """Say whether a JSON value nests lists and objects more than MOST_LEVELS deep."""
    level = [value] if type(value) in _HOLDERS else []
    for _ in range(MOST_LEVELS):
        if not level:
            return False
        level = [inner for outer in level for inner in _members(outer) if type(inner) in _HOLDERS]
    return bool(level)


def _members(holder: object) -> Iterable[object]:
    return holder.values() if isinstance(holder, dict) else cast("list[object]", holder)
