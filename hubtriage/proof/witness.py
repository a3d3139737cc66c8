"""What a finding has to hold, as texts for people."""

import json
from collections.abc import Iterator, Mapping
from typing import Any


def needed_texts(needed: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a finding has to hold: a path and a value each, or that there is none."""
    for path, value in _flat(needed, ""):
        is_plain = isinstance(value, str) and value.isprintable() and value == value.strip()
        yield f"no {path}" if value is None else f"{path} {value if is_plain else json.dumps(value)}"


def _flat(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flat(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _flat(inner, f"{path}[{index}]")
    else:
        yield path, value
