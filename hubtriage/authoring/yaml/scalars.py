"""What an unquoted YAML scalar stands for, and where readers of YAML disagree about it.

What an unquoted scalar means depends on the YAML version and the reader, so only spellings on which all agree
become numbers, booleans or null: `90`, `-1.5`, `true`, `null`. Every other spelling that some reader takes
for something but text (`no`, `010`, `1_000`, `1:30`, `0x1F`, `1e3`, `2026-10-01`) becomes an
`AmbiguousScalar`, which has no value. Where a date is wanted its text counts, elsewhere quotes are asked for.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class AmbiguousScalar:
    """An unquoted scalar that YAML readers disagree about; `reading` says what some take it for."""

    text: str
    reading: str

    def __str__(self) -> str:
        return self.text


_KEYWORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_BOOLEAN_WORDS = frozenset(
    word for one in ("yes", "no", "on", "off") for word in (one, one.title(), one.upper())
)
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\.[0-9]+|\.[0-9]+")
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]|[ \t]+)[0-9:.,\sZz+-]*)?")
_NUMBER_LIKE = re.compile(
    r"""[-+]?(?: 0[xX][0-9a-fA-F_]+ | 0[oO]?[0-9_]+ | 0[bB][01_]+ | [0-9][0-9_]*
        | [0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?
        | (?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9_]+)(?:[eE][-+]?[0-9]+)?
        | \.(?:inf|Inf|INF) ) | \.(?:nan|NaN|NAN)""",
    re.VERBOSE,
)
_MAX_DIGITS = 300  # a longer number has to be quoted text: converting it takes quadratic time
_STARTS_SOMETHING = frozenset("0123456789+-.")


def plain_value(text: str) -> Any:
    """Return what an unquoted scalar stands for: text, number, boolean, None or an `AmbiguousScalar`."""
    if text in _KEYWORDS:
        return _KEYWORDS[text]
    if text[0] not in _STARTS_SOMETHING:
        return AmbiguousScalar(text, "a boolean") if text in _BOOLEAN_WORDS else text
    if _INTEGER.fullmatch(text) and len(text) < _MAX_DIGITS:
        return int(text)
    if _DECIMAL.fullmatch(text) and len(text) < _MAX_DIGITS:
        return float(text)
    if _DATE.fullmatch(text):
        return AmbiguousScalar(text, "a date")
    return AmbiguousScalar(text, _number_reading(text)) if _NUMBER_LIKE.fullmatch(text) else text


def _number_reading(text: str) -> str:
    if ":" in text:
        return "a number in base 60"
    if re.fullmatch(r"[-+]?0[0-7_]+", text):
        return "an octal number"
    return "a number"


_TYPE_WORDS: Mapping[type, str] = {
    bool: "a boolean",
    int: "a number",
    float: "a number",
    type(None): "null",
    str: "text",
    dict: "a mapping",
    list: "a list",
}


def type_word(value: object) -> str:
    """Return the word for the type of a value in messages: "text", "a number", "a list" …"""
    return value.reading if isinstance(value, AmbiguousScalar) else _TYPE_WORDS.get(type(value), "a value")
