"""JSON values, copied."""

from typing import Any


def copied(value: Any) -> Any:
    """Return a deep copy of JSON data, so that what callers do to theirs leaves ours alone."""
    if isinstance(value, dict):
        return {name: copied(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [copied(each) for each in value]
    return value
