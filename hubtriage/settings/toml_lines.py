"""Find the line of each key of a TOML document; the reader of the standard library does not say it."""

import re
from collections.abc import Iterator, Mapping

KeyPath = tuple[str, ...]
"""A key below its tables, such as `("target", "prod", "account")`."""

_PART = r"""(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)"""
_PATH = rf"\s*({_PART}(?:\s*\.\s*{_PART})*)\s*"
_HEADER = re.compile(rf"\s*\[{_PATH}\]")
_ENTRY = re.compile(rf"{_PATH}=")
_ONE = re.compile(_PART)


def key_lines(text: str) -> dict[KeyPath, int]:
    """Return the line, from 1, in which each key and each table above it stands first."""
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = path = _path(header[1])
        elif entry := _ENTRY.match(line):
            path = table + _path(entry[1])
        else:
            continue
        for each in _with_tables_above(path):
            lines.setdefault(each, number)
    return lines


def line_of(path: KeyPath, lines: Mapping[KeyPath, int]) -> int:
    """Return the line of a key, or of the nearest table above that has one: a table may stand in one line."""
    return next((lines[each] for each in reversed(list(_with_tables_above(path))) if each in lines), 1)


def _path(text: str) -> KeyPath:
    return tuple(part.strip("\"'") for part in _ONE.findall(text))


def _with_tables_above(path: KeyPath) -> Iterator[KeyPath]:
    return (path[:length] for length in range(1, len(path) + 1))
