"""Checks of what other tools' files hold; what is wrong, or has no counterpart, is `Refused`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hubtriage.authoring.yaml.scalars import type_word
from hubtriage.engine.ruleset.templates import PLACEHOLDER
from hubtriage.engine.text.suggestions import did_you_mean

Path = tuple[str | int, ...]


class Refused(Exception):  # noqa: N818 - not our error: something that cannot be said in the other language
    """What cannot be translated: `path` leads to it, `reason` says why, `hint` what to do."""

    def __init__(self, path: Path, reason: str, hint: str = ""):
        super().__init__(reason)
        self.path = path
        self.reason = reason
        self.hint = hint


def shown(path: Path) -> str:
    """Write a path as people do: `Rules[3].match_on.tags[0]`; odd names in brackets and quotes."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step.replace("-", "_").isidentifier():
            text += f".{step}" if text else step
        else:
            text += f"[{step!r}]"
    return text


def mapping(value: object, path: Path) -> Mapping[str, Any]:
    """Return a value as a mapping with text keys. Raises Refused."""
    if not isinstance(value, Mapping):
        raise Refused(path, f"a mapping is wanted here, not {type_word(value)}")
    for key in value:
        if not isinstance(key, str):
            raise Refused(path, f"the key {key!r:.60} is not text", "put it in quotes")
    return value


def known_keys(
    value: object, known: tuple[str, ...], path: Path, *, required: tuple[str, ...] = ()
) -> Mapping[str, Any]:
    """Return a value as a mapping with no other keys than these. Raises Refused."""
    found = mapping(value, path)
    for key in found:
        if key not in known:
            raise Refused((*path, key), f"unknown key {key!r:.60}", did_you_mean(key, known))
    for key in required:
        if key not in found:
            raise Refused(path, f"the key {key!r} is missing")
    return found


def items(value: object, path: Path) -> list[Any]:
    """Return a value as a list with at least one item. Raises Refused."""
    if not isinstance(value, list):
        raise Refused(path, f"a list is wanted here, not {type_word(value)}")
    if not value:
        raise Refused(path, "the list is empty", "leave the key out, or list its values")
    return value


def text(value: object, path: Path) -> str:
    """Return a value as text that has a visible character and that a file can hold. Raises Refused."""
    if not isinstance(value, str):
        raise Refused(path, f"text is wanted here, not {type_word(value)}", "put it in quotes")
    if not value.strip():
        raise Refused(path, "the text is blank", "AWS takes only text with at least one visible character")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise Refused(path, "the text holds half of a surrogate pair, which no file can hold")
    return value


def literal(value: object, path: Path) -> str:
    """Return a text if it has no placeholder of ours in it. Raises Refused."""
    written = text(value, path)
    found = PLACEHOLDER.search(written)
    if found:
        raise Refused(path, f"the text holds {found[0]:.60}, which would be replaced", "reword it")
    return written


def whole_number(value: object, path: Path, low: int, high: int) -> int:
    """Return a value as a whole number within limits, also from its digits as text. Raises Refused."""
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 10:
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise Refused(path, f"a whole number from {low} to {high} is wanted here")
    return value
