"""Seeded grammars of JsonLogic expressions and of data to evaluate them on.

They leave out what is a documented deviation: wrong arity, objects with several members, integers above 2^53,
keys for `missing` that are objects, and members with the names of what JavaScript objects inherit.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

from hubtriage.engine.jsonlogic.operators import OPERATORS
from hubtriage.localaws.findings import generate

Case = tuple[Any, Any]

SCALARS: list[Any] = [
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        2,
        7,
        70,
        1.5,
        -0.5,
        0.1,
        1e-7,
        1e21,
        123456789012,
        100.0,
        -0.0,
        2**53 - 1,
    ),
    *(
        "",
        " ",
        "0",
        "1",
        "-1",
        "1.0",
        "1e3",
        "0x10",
        "0b11",
        ".5",
        "5.",
        "Infinity",
        "-Infinity",
        "NaN",
        "+7",
    ),
    *(" 12\n", "1_0", "5 apples", "-0", "1,2", "\ufeff3", "\x1c1", "\u0663"),
    *("abc", "ABC", "a", "b", "a.b", "a,b", "b.0", "length", "null", "true", "undefined", "[object Object]"),
    *("\u00e9", "\u00e9a", "\U0001f600", "a\U0001f600b", "\uffff"),
]
KEYS = ["a", "b", "c", "d", "", "0", "1", "length", "a b", "x/y"]
PATHS = [
    *("a", "b", "c", "d", "a.b", "b.0", "a.b.c", "a.length", "b.-1", "b.01", "c.1.a", "d.d", "0", "x", "x/y"),
    *("", ".", "a.", "b.7", "0.a", "length", "current", "accumulator", "accumulator.0", "current.a"),
]
CONDITIONS = (
    "==",
    "===",
    "!=",
    "!==",
    ">",
    ">=",
    "<",
    "<=",
    "!",
    "!!",
    "in",
    "and",
    "or",
    "missing",
    "some",
    "all",
    "none",
)
MOST = 4


def value(draw: random.Random, depth: int = 2) -> Any:
    """Draw any JSON value."""
    kind = draw.random()
    if depth == 0 or kind < 0.6:
        return draw.choice(SCALARS)
    if kind < 0.82:
        return [value(draw, depth - 1) for _ in range(draw.randrange(4))]
    return {draw.choice(KEYS): value(draw, depth - 1) for _ in range(draw.randrange(4))}


def document(draw: random.Random) -> Any:
    """Draw data: mostly an object, whose members the paths of the grammar can meet."""
    if draw.random() < 0.1:
        return value(draw)
    return {key: value(draw, 3) for key in KEYS if draw.random() < 0.6}


def literal(draw: random.Random) -> Any:
    """Draw a value that stands for itself in an expression."""
    kind = draw.random()
    if kind < 0.8:
        return draw.choice(SCALARS)
    return {} if kind < 0.83 else [draw.choice(SCALARS) for _ in range(draw.randrange(4))]


def operand(draw: random.Random, depth: int, operators: tuple[str, ...]) -> Any:
    """Draw what an operator may be given."""
    kind = draw.random()
    if depth > 0 and kind < 0.5:
        return operation(draw, depth - 1, operators)
    if kind < 0.8:
        return (
            {"var": draw.choice(PATHS)}
            if draw.random() < 0.8
            else {"var": [draw.choice(PATHS), literal(draw)]}
        )
    return literal(draw)


def operation(draw: random.Random, depth: int, operators: tuple[str, ...]) -> Any:
    """Draw an operation with as many arguments as it takes."""
    name = draw.choice(operators)
    operator = OPERATORS[name]
    if name in ("missing", "missing_some"):
        keys = [draw.choice(PATHS) for _ in range(draw.randrange(4))]
        return {name: keys if name == "missing" else [draw.choice([0, 1, 2, "1", None]), keys]}
    if name == "var":
        first = operand(draw, depth, operators) if draw.random() < 0.2 else draw.choice(PATHS)
        return {name: [first, literal(draw)][: draw.randrange(1, 3)]}
    count = draw.randint(operator.fewest, int(min(operator.most, MOST)))
    arguments = [operand(draw, depth, operators) for _ in range(count)]
    if name in ("map", "filter", "all", "some", "none", "reduce") and draw.random() < 0.6:
        arguments[0] = {"var": draw.choice(["a", "b", "c", "d"])}
    if count == 1 and draw.random() < 0.3 and not isinstance(arguments[0], list):
        return {name: arguments[0]}
    return {name: arguments}


def conditions(draw: random.Random) -> Case:
    """Draw a condition: comparisons and what joins them."""
    return operation(draw, draw.randint(0, 3), CONDITIONS), document(draw)


def everything(draw: random.Random) -> Case:
    """Draw from all operators."""
    return operation(draw, draw.randint(0, 4), tuple(OPERATORS)), document(draw)


def _leaves(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    members = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, item in members:
        if isinstance(item, dict | list) and item:
            yield from _leaves(item, (*path, str(key)))
        else:
            yield (*path, str(key)), item


def mutated(draw: random.Random, finding: Any) -> Any:
    """Return the finding with a few members missing, emptied, or of another type."""
    changed = copy.deepcopy(finding)
    for _ in range(draw.randrange(4)):
        node = changed
        while isinstance(node, dict | list) and node:
            key = draw.choice(list(node)) if isinstance(node, dict) else draw.randrange(len(node))
            if draw.random() < 0.5 or not isinstance(node[key], dict | list):
                if draw.random() < 0.4:
                    del node[key]
                else:
                    node[key] = draw.choice([None, "", [], {}, 0, "x", [node[key]], str(node[key])])
                break
            node = node[key]
    return changed


def _about(draw: random.Random, finding: Any) -> Any:
    """Draw a condition as rules have them, on a path and a value of the finding."""
    path, seen = draw.choice(list(_leaves(finding)))
    var = {"var": ".".join(path)}
    wanted = seen if draw.random() < 0.6 else draw.choice(SCALARS)
    if isinstance(wanted, dict):
        wanted = {}
    shape = draw.randrange(8)
    if shape == 0:
        return {"in": [var, [wanted, draw.choice(SCALARS)]]}
    if shape == 1:
        return {"in": [str(wanted)[: draw.randint(0, 12)], var]}
    if shape == 2:
        return {draw.choice(["<", ">", "<=", ">="]): [var, wanted]}
    if shape == 3:
        return {"==": [{"substr": [var, 0, draw.randint(-3, 9)]}, str(wanted)[:9]]}
    if shape == 4 and len(path) > 1 and path[1].isdigit():
        inner = {draw.choice(["==", "!=", "==="]): [{"var": ".".join(path[2:])}, wanted]}
        return {draw.choice(["some", "all", "none"]): [{"var": path[0]}, inner]}
    if shape == 5:
        return {"missing": [".".join(path), draw.choice(PATHS)]}
    return {draw.choice(["==", "!=", "===", "!=="]): [var, wanted]}


def rules(findings: list[Any]) -> Callable[[random.Random], Case]:
    """Return a grammar of rules as people write them, over mutated findings."""

    def draw_rule(draw: random.Random) -> Case:
        finding = draw.choice(findings)
        parts = [_about(draw, finding) for _ in range(draw.randint(1, 4))]
        joined = parts[0] if len(parts) == 1 else {draw.choice(["and", "or"]): parts}
        return ({"!": [joined]} if draw.random() < 0.1 else joined), mutated(draw, finding)

    return draw_rule


def grammars(seed: int) -> dict[str, Callable[[random.Random], Case]]:
    """Return the grammars by name."""
    return {"conditions": conditions, "everything": everything, "rules": rules(list(generate(40, seed)))}
