"""Findings from files: a JSON array, JSON lines, an EventBridge event, a GetFindings answer, or `-`.

One unusable finding never hides the others: it comes as an `Unusable` in its place.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hubtriage.simulation.findings import Item, UnreadableInputError, Unusable, found_in, loads

__all__ = ["Item", "UnreadableInputError", "Unusable", "read_findings"]


def read_findings(source: str) -> Iterator[Item]:
    """The findings of a file, or of standard input for `-`.

    Raises UnreadableInputError where the file cannot be read or holds no JSON at all.
    """
    text = _text(source)
    try:
        document = loads(text)
    except (ValueError, RecursionError):
        return _lines(text, source)
    return iter(found_in(document))


def _text(source: str) -> str:
    try:
        return sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UnreadableInputError(f"{source}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UnreadableInputError(f"{source}: cannot be read: {error}") from error


def _lines(text: str, source: str) -> Iterator[Item]:
    """JSON lines. A line that is no JSON is unusable; if no line is JSON, the whole input is."""
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    parsed = [_line(number, line) for number, line in lines]
    if not any(usable for usable, _value in parsed):
        raise UnreadableInputError(
            f"{source}: no JSON in it; give a JSON array, JSON lines, an event or a GetFindings answer"
        )
    return (item for usable, value in parsed for item in (found_in(value) if usable else [value]))


def _line(number: int, line: str) -> tuple[bool, Any]:
    try:
        return True, loads(line)
    except (ValueError, RecursionError) as error:
        return False, Unusable(f"line {number} is not JSON: {error}")
