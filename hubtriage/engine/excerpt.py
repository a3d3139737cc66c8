"""A finding without the members that nothing reads: parsed, it takes a fraction of the memory.

AWS: a finding has up to 240 KB, most of it in members that few rules look at.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from json import dumps
from typing import Any, TypeAlias

Members: TypeAlias = frozenset[str] | None
"""Names of members of a finding; None for all, whatever their names."""


@dataclass(frozen=True, slots=True)
class Rest:
    """What an excerpt leaves out: AWS limits the size of the whole finding.

    `size` counts the bytes that it has as compact JSON in UTF-8, with its commas. There are not more than
    `most`, which costs nothing to know.
    """

    most: int
    size: Callable[[], int]


NO_REST = Rest(0, lambda: 0)


class Excerpt(dict[str, Any]):
    """Some members of a finding, and `rest`, the size of the others."""

    __slots__ = ("rest",)

    def __init__(self, kept: Mapping[str, Any], rest: Rest) -> None:
        super().__init__(kept)
        self.rest = rest


def excerpt(finding: Mapping[str, Any], members: Members, rest: Rest | None = None) -> Mapping[str, Any]:
    """Return the finding with these members alone; the finding itself where it has no other.

    Without a `rest` it is counted now, and the finding is not held any longer.
    """
    if members is None:
        return finding
    kept = {name: value for name, value in finding.items() if name in members}
    if len(kept) == len(finding):
        return finding
    if rest is None:
        size = size_of_rest(finding, members)
        rest = Rest(size, lambda: size)
    return Excerpt(kept, rest)


def size_of_rest(finding: Mapping[str, Any], members: frozenset[str]) -> int:
    """Return how many bytes a finding has in addition to these members; it has at least one of them."""
    rest = {name: value for name, value in finding.items() if name not in members}
    return json_size(rest) - 1 if rest else 0  # two braces less, and a comma more


def json_size(value: Mapping[str, Any]) -> int:
    """Return the bytes of a value as compact JSON in UTF-8."""
    return len(dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace"))
