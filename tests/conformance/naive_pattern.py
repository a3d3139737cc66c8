"""Event patterns the slow way, written from the definition and sharing no code with the engine.

The finding is flattened to its leaves, each with the list elements that it lies in. A pattern is multiplied
out to branches of fields. A branch matches if every field can be given a leaf that satisfies it, such that no
two leaves lie in different elements of one list. A field that accepts absence may be given none, if no leaf
of its own lies in the elements that the other leaves lie in.
"""

from __future__ import annotations

import fnmatch
import ipaddress
import re
from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple


class NaiveLeaf(NamedTuple):
    path: tuple[str, ...]
    value: Any
    elements: dict[tuple[Any, ...], int]


def leaves(node: Any, path: tuple[str, ...], place: tuple[Any, ...], elements: dict) -> Iterator[NaiveLeaf]:
    if isinstance(node, dict):
        for key, item in node.items():
            yield from leaves(item, (*path, key), (*place, key), elements)
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from leaves(item, path, (*place, index), {**elements, place: index})
    else:
        yield NaiveLeaf(path, node, elements)


def branches(
    pattern: dict[str, Any], path: tuple[str, ...] = ()
) -> list[list[tuple[tuple[str, ...], list[Any]]]]:
    choices = []
    for key, value in pattern.items():
        if key == "$or":
            choices.append([branch for one in value for branch in branches(one, path)])
        elif isinstance(value, dict):
            choices.append(branches(value, (*path, key)))
        else:
            choices.append([[((*path, key), value if isinstance(value, list) else [value])]])
    return [[field for part in choice for field in part] for choice in product(*choices)]


def matches(pattern: dict[str, Any], finding: dict[str, Any]) -> bool:
    found = list(leaves(finding, (), (), {}))
    return any(_assign(branch, found, {}, []) for branch in branches(pattern))


def _assign(
    fields: list[Any],
    found: list[NaiveLeaf],
    chosen: dict[tuple[Any, ...], int],
    absent: list[tuple[str, ...]],
) -> bool:
    if not fields:
        return not any(leaf.path in absent and _is_within(leaf, chosen) for leaf in found)
    (path, alternatives), *rest = fields
    if {"exists": False} in alternatives and _assign(rest, found, chosen, [*absent, path]):
        return True
    return any(
        _assign(rest, found, {**chosen, **leaf.elements}, absent)
        for leaf in found
        if leaf.path == path
        and _is_within(leaf, chosen)
        and any(accepts(alternative, leaf.value) for alternative in alternatives)
    )


def _is_within(leaf: NaiveLeaf, chosen: dict[tuple[Any, ...], int]) -> bool:
    return all(chosen.get(of, index) == index for of, index in leaf.elements.items())


def accepts(alternative: Any, value: Any) -> bool:
    if not isinstance(alternative, dict):
        return same_json(alternative, value)
    ((operator, operand),) = alternative.items()
    if operator == "exists":
        return operand
    if operator == "anything-but":
        return not any(accepts(one, value) for one in excluded(operand))
    if operator == "numeric":
        return type(value) in (int, float) and all(
            {"=": value == b, "<": value < b, "<=": value <= b, ">": value > b, ">=": value >= b}[sign]
            for sign, b in zip(operand[::2], operand[1::2], strict=True)
        )
    return isinstance(value, str) and accepts_text(operator, operand, value)


def excluded(operand: Any) -> list[Any]:
    if isinstance(operand, dict):
        ((operator, values),) = operand.items()
        return [{operator: value} for value in (values if isinstance(values, list) else [values])]
    return operand if isinstance(operand, list) else [operand]


def same_json(left: Any, right: Any) -> bool:
    kinds = {bool: "word", type(None): "word", int: "number", float: "number", str: "text"}
    return kinds[type(left)] == kinds[type(right)] and left == right


def accepts_text(operator: str, operand: Any, value: str) -> bool:
    if isinstance(operand, dict):
        operand, value = operand["equals-ignore-case"].lower(), value.lower()
    if operator == "prefix":
        return value[: len(operand)] == operand
    if operator == "suffix":
        return value[max(0, len(value) - len(operand)) :] == operand
    if operator == "equals-ignore-case":
        return value.lower() == operand.lower()
    if operator == "wildcard":
        escaped = re.sub(r"\\(.)", lambda found: f"[{found[1]}]", operand)
        return fnmatch.fnmatchcase(value, escaped)
    return in_network(operand, value)


def in_network(network: str, value: str) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(network)
    except ValueError:
        return False
