"""Whether a value has the type that its field has."""

from typing import Any

from hubtriage.asff.fields import Kind
from hubtriage.authoring.yaml.scalars import type_word

WORDS: dict[Kind, str] = {
    "text": "text",
    "number": "a number",
    "boolean": "true or false",
    "object": "made of other fields",
}


def misfit(kind: Kind, value: Any) -> tuple[str, str] | None:
    """Return what the field is and the value is not, and a hint; None if the value has its field's type."""
    if kind not in WORDS or _fits(kind, value):
        return None
    return f"{WORDS[kind]}, never {type_word(value)}", _hint(kind, value)


def _fits(kind: Kind, value: Any) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "object":
        return isinstance(value, dict)
    return isinstance(value, str) is (kind == "text") and not isinstance(value, bool)


def _hint(kind: Kind, value: Any) -> str:
    if kind == "text":
        return f'write "{str(value).lower() if isinstance(value, bool) else value}"'
    return "write it without quotes" if isinstance(value, str) else "the field would never match"
