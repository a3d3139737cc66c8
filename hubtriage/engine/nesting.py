"""How deep the lists and objects of a finding stand in one another.

Python gives up at a depth that depends on its version and on who calls whom. Where somebody can be told at
once, a limit of our own is held first: far above what any producer sends, far below what Python allows.
"""

from collections.abc import Iterable
from typing import cast

MOST_LEVELS = 100
_HOLDERS = frozenset((dict, list))


def is_too_deep(value: object) -> bool:
    """Whether something stands in more than MOST_LEVELS lists and objects of a JSON value."""
    level = [value] if type(value) in _HOLDERS else []
    for _ in range(MOST_LEVELS):
        if not level:
            return False
        level = [inner for outer in level for inner in _inside(outer) if type(inner) in _HOLDERS]
    return bool(level)


def _inside(holder: object) -> Iterable[object]:
    """What stands in a list or an object."""
    return holder.values() if isinstance(holder, dict) else cast("list[object]", holder)
