"""Findings from files: a JSON array, JSON lines, an EventBridge event, a GetFindings answer, or `-`.

One unusable finding never hides the others: it comes as an `Unusable` in its place.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn


class UnreadableInputError(Exception):
    """Input in which nothing can be found: exit code 2."""


@dataclass(frozen=True, slots=True)
class Unusable:
    """Something in the place of a finding that no rule can ever see, and why."""

    reason: str
    value: object = None


Item = dict[str, Any] | Unusable


def read_findings(source: str) -> Iterator[Item]:
    """The findings of a file, or of standard input for `-`.

    Raises UnreadableInputError where the file cannot be read or holds no JSON at all.
    """
    text = _text(source)
    try:
        document = _loads(text)
    except (ValueError, RecursionError):
        return _lines(text, source)
    return iter(_found_in(document))


def _text(source: str) -> str:
    try:
        return sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableInputError(f"{source}: cannot be read: {error}") from error


def _loads(text: str) -> Any:
    return json.loads(text, parse_constant=_no_json)


def _no_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _lines(text: str, source: str) -> Iterator[Item]:
    """JSON lines. A line that is no JSON is unusable; if no line is JSON, the whole input is."""
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    parsed = [_line(number, line) for number, line in lines]
    if not any(usable for usable, _value in parsed):
        raise UnreadableInputError(
            f"{source}: no JSON in it; give a JSON array, JSON lines, an event or a GetFindings answer"
        )
    return (item for usable, value in parsed for item in (_found_in(value) if usable else [value]))


def _line(number: int, line: str) -> tuple[bool, Any]:
    try:
        return True, _loads(line)
    except (ValueError, RecursionError) as error:
        return False, Unusable(f"line {number} is not JSON: {error}")


def _found_in(document: object) -> list[Item]:
    """The findings in one JSON document, whichever of the known shapes it has."""
    if isinstance(document, list):
        return [item for element in document for item in _found_in(element)]
    if not isinstance(document, Mapping):
        return [Unusable("not a finding: not a JSON object", document)]
    holder = document.get("detail") if "detail" in document else document
    listed = _listed(holder)
    if listed is not None:
        return [_checked(finding) for finding in listed] or [Unusable("an event without findings", document)]
    if "detail" in document and "Id" not in document:
        return [Unusable("an event without findings", document)]
    return [_checked(document)]


def _listed(holder: object) -> list[object] | None:
    """The list in an event's detail (`findings`) or in a GetFindings answer (`Findings`)."""
    if not isinstance(holder, Mapping):
        return None
    found = holder.get("findings", holder.get("Findings"))
    return found if isinstance(found, list) else None


def _checked(finding: object) -> Item:
    if not isinstance(finding, Mapping):
        return Unusable("not a finding: not a JSON object", finding)
    for name in ("Id", "ProductArn"):
        value = finding.get(name)
        if not isinstance(value, str) or not value.strip():
            return Unusable(f"not a finding in ASFF: {name} is missing or no text", finding)
    return dict(finding)
