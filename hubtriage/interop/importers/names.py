"""Ids and descriptions of imported rules, made from whatever their source calls them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

_LONGEST = 63
_LONGEST_TITLE = 60
_UNFIT = re.compile(r"[^a-z0-9]+")


def ids(names: Iterable[str]) -> Iterator[str]:
    """Yield an id for each name: the name in ASCII, with a number if the id is taken."""
    taken: set[str] = set()
    for number, name in enumerate(names, 1):
        base = slug(name) or f"rule-{number}"
        chosen, count = base, 1
        while chosen in taken:
            count += 1
            suffix = f"-{count}"
            chosen = base[: _LONGEST - len(suffix)].rstrip("-") + suffix
        taken.add(chosen)
        yield chosen


def slug(name: str) -> str:
    """Return the ASCII letters and digits of a name as a rule id; empty if it has none."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return _UNFIT.sub("-", plain).strip("-")[:_LONGEST].rstrip("-")


def printable(text: str) -> str:
    """Return the text on one line, without characters that would act on a terminal or a file."""
    spaced = "".join(one if one.isprintable() else " " for one in text)
    return " ".join(spaced.split())


def labelled(number: int, name: object) -> str:
    """Return what messages call a rule: its number in the file, and its name, cut if long."""
    line = printable(name) if isinstance(name, str) else ""
    cut = line if len(line) <= _LONGEST_TITLE else line[: _LONGEST_TITLE - 1] + "…"
    return f'rule {number} "{cut}"' if cut else f"rule {number}"
