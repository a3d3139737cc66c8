"""Comparisons that automation rules have: what reading `match` and reading `when` share."""

from __future__ import annotations

from hubtriage.interop.criteria.attributes import FindingAttribute
from hubtriage.interop.criteria.input import Path, Refused
from hubtriage.interop.criteria.model import How, TextTest


def unsupported(what: str, path: Path, hint: str = "") -> Refused:
    """Return the refusal of something for which automation rules have no criterion."""
    return Refused(path, f"automation rules cannot express {what}", hint)


def supported(attribute: FindingAttribute, test: TextTest, path: Path) -> TextTest:
    """Return the test, if AWS has it for the attribute's kind. Raises Refused."""
    if attribute.kind == "map" and test.how == "prefix":
        raise unsupported(f"a prefix in {attribute.name}", path)
    return test


def parse_wildcard(pattern: str, path: Path, *, wild: str = "*") -> tuple[How, str]:
    """Parse a pattern into a comparison; a backslash makes the next character plain. Raises Refused.

    `wild` are the characters that stand for others: of them only a star at an end can be said.
    """
    starts, ends, plain = False, False, ""
    position = 0
    while position < len(pattern):
        one = pattern[position]
        if one == "*" and position == 0:
            starts = True
        elif one == "*" and position == len(pattern) - 1:
            ends = True
        elif one in wild:
            raise unsupported(f"the pattern {pattern!r:.60}", path)
        else:
            position += one == "\\"
            plain += pattern[position : position + 1]
        position += 1
    if (starts != ends and starts) or not plain:
        raise unsupported(f"the pattern {pattern!r:.60}", path)
    return ("contains" if starts else "prefix" if ends else "equals"), plain
