"""Write a value as YAML on one line, for hints."""

import re
from typing import Any

import yaml

_NEEDS_NO_ESCAPE = re.compile(r"[ !#-\[\]-~]*")
_LONGEST = 600  # characters of a value: more is no help on a terminal


def flow(value: Any) -> str:
    """Return a value as YAML on one line, or its beginning and dots if it is very long."""
    text: str = yaml.safe_dump(
        value, default_flow_style=True, width=10**6, sort_keys=False, allow_unicode=True
    )
    text = text.removesuffix("\n").removesuffix("\n...")
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"


def quoted(text: str) -> str:
    """Return a text in YAML's double quotes."""
    if _NEEDS_NO_ESCAPE.fullmatch(text):
        return f'"{text}"'  # most texts, and a hundred times as quick
    quoted_text: str = yaml.safe_dump(text, default_style='"', width=10**6, allow_unicode=True)
    return quoted_text.removesuffix("\n")
