"""Values and texts on a terminal: nothing in a finding can add a line, colour it, or move the cursor."""

import json
import re
from datetime import UTC, datetime

_WORD = re.compile(r"[\w:./@+*#-]+", re.ASCII)


def shown(value: object) -> str:
    """Return a value on one line: a plain word as it is, anything else as JSON."""
    if value is None:
        return "none"
    if isinstance(value, str) and _WORD.fullmatch(value):
        return value
    return visible(json.dumps(value, ensure_ascii=False))


def visible(text: str) -> str:
    """Return JSON with an escape for each character that would act on the terminal, or that no one sees."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)


def quoted(value: str) -> str:
    """Return a text as it is if it is printable, else as JSON.

    GitHub: a line that starts with `::` is a command to the workflow that runs this.
    """
    return value if value.isprintable() and not value.lstrip().startswith("::") else json.dumps(value)


def escaped(text: str) -> str:
    """Return lines of text in which nothing acts on the terminal: such characters are written as numbers."""
    return "".join(char if char.isprintable() or char in "\n\t" else ascii(char)[1:-1] for char in text)


def counted(count: float, noun: str) -> str:
    """Return a number of things, with the noun in its singular or plural."""
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s".replace(".0 ", " ")


def stamp(seconds: float) -> str:
    """Return a time (epoch seconds) in ISO 8601, UTC, to the second."""
    return datetime.fromtimestamp(seconds, tz=UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
