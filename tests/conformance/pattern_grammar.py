"""Seeded grammar of event patterns and of findings, small enough that they often meet."""

from __future__ import annotations

import random
from typing import Any

KEYS = ["a", "b", "c", "x/y", "k.1"]
TEXTS = [
    "",
    "a",
    "ab",
    "abc",
    "ABC",
    "aXbXc",
    "b*",
    "10.1.2.3",
    "10.9.0.0",
    "2001:db8::1",
    "5",
    "true",
    "null",
    "ä",
    "Ä",
]
NUMBERS = [0, 1, 5, 5.0, -1, 70, 0.5, 1e10]
SCALARS: list[Any] = [None, True, False, *NUMBERS, *TEXTS]


def document(draw: random.Random, depth: int = 3) -> dict[str, Any]:
    """Draw an object, with lists of scalars, of objects, and of both."""
    return {key: _member(draw, depth) for key in KEYS if draw.random() < 0.6}


def _member(draw: random.Random, depth: int) -> Any:
    kind = draw.random()
    if depth == 0 or kind < 0.4:
        return draw.choice(SCALARS)
    if kind < 0.6:
        return document(draw, depth - 1)
    return [_member(draw, depth - 1) for _ in range(draw.randrange(4))]


def pattern(draw: random.Random, depth: int = 2, either: bool = True) -> dict[str, Any]:
    """Draw a pattern; below a `$or` its fields are apart from those of the branches."""
    keys = draw.sample(KEYS, draw.randint(1, 3))
    drawn = {key: _field(draw, depth, either) for key in keys}
    rest = [key for key in KEYS if key not in keys]
    if either and draw.random() < 0.25:
        branches = [{key: _field(draw, depth - 1, False) for key in draw.sample(rest, 1)} for _ in range(2)]
        drawn = {**drawn, "$or": branches}
    return drawn


def pattern_about(draw: random.Random, node: dict[str, Any]) -> dict[str, Any]:
    """Draw a pattern on what an object holds, so that it has a fair chance to match."""
    keys = draw.sample(list(node), min(len(node), draw.randint(1, 3))) or ["a"]
    return {key: _field_about(draw, node.get(key)) for key in keys}


def _field_about(draw: random.Random, value: Any) -> Any:
    if isinstance(value, list) and value:
        return _field_about(draw, draw.choice(value))
    if isinstance(value, dict) and value and draw.random() < 0.9:
        return pattern_about(draw, value)
    wanted = value if not isinstance(value, dict | list) and draw.random() < 0.6 else _alternative(draw)
    return [wanted] if draw.random() < 0.7 else [wanted, _alternative(draw)]


def _field(draw: random.Random, depth: int, either: bool) -> Any:
    if depth > 0 and draw.random() < 0.5:
        return pattern(draw, depth - 1, either)
    return [_alternative(draw) for _ in range(draw.randint(1, 2))]


def _alternative(draw: random.Random) -> Any:
    kind = draw.randrange(12)
    text = draw.choice(TEXTS)
    if kind < 4:
        return draw.choice(SCALARS)
    if kind == 4:
        return {"exists": draw.random() < 0.4}
    if kind == 5:
        return {draw.choice(["prefix", "suffix"]): draw.choice([text, {"equals-ignore-case": text}])}
    if kind == 6:
        return {"equals-ignore-case": text}
    if kind == 7:
        return {"wildcard": draw.choice(["*", "a*", "*c", "a*b*c", "*X*", r"b\*", "10.*.3", "", "a*a"])}
    if kind == 8:
        return {"cidr": draw.choice(["10.0.0.0/8", "10.1.0.0/16", "2001:db8::/32", "0.0.0.0/0", "::/0"])}
    if kind == 9:
        low, high = sorted(draw.sample([-2, 0, 1, 5, 70.5], 2))
        one = [draw.choice(["=", "<", "<=", ">", ">="]), low]
        return {
            "numeric": draw.choice([one, [draw.choice([">", ">="]), low, draw.choice(["<", "<="]), high]])
        }
    return {"anything-but": _excluded(draw, text)}


def _excluded(draw: random.Random, text: str) -> Any:
    kind = draw.randrange(6)
    if kind == 0:
        return text
    if kind == 1:
        return [text, draw.choice(TEXTS)]
    if kind == 2:
        return draw.choice([draw.choice(NUMBERS), [draw.choice(NUMBERS), 5]])
    if kind == 3:
        return {draw.choice(["prefix", "suffix"]): draw.choice(["a", ["b", "10."]])}
    if kind == 4:
        return {"equals-ignore-case": draw.choice([text, [text, "abc"]])}
    return {"wildcard": draw.choice(["*b*", ["a*", "1*3"]])}
