"""What JSON can say: a number too large for a float is read as infinity, for which JSON has no word."""

from math import isfinite
from typing import Any


def finite(value: Any) -> Any:
    """The same JSON value, with infinities and NaN as texts, and tuples as lists."""
    if isinstance(value, dict):
        return {name: finite(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [finite(member) for member in value]
    return str(value) if isinstance(value, float) and not isfinite(value) else value
