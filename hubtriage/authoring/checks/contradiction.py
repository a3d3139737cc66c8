"""W202: conditions that no finding fulfils together."""

from collections.abc import Iterator
from typing import Any

from hubtriage.authoring.asff import Keys
from hubtriage.authoring.checks.subject import Subject, compared, dotted, field_at
from hubtriage.authoring.problems import Problem
from hubtriage.authoring.yamltree import Path

CODE = "W202"
_EQUAL = ("==", "===", "in", "in_list")


def check(subject: Subject) -> Iterator[Problem]:
    """One field, conditions that are and-ed, and no value that satisfies all of them."""
    allowed: dict[Keys, set[Any]] = {}
    for keys, values, place in _demands(subject):
        field = field_at(keys)
        if field is None or field.in_list:
            continue
        left = allowed.setdefault(keys, values)
        if left and not left & values:
            message = f"no {dotted(keys)} is both {_shown(left)} and {_shown(values)}"
            yield subject.problem(CODE, place, message, "the rule would never match", key=True)
        allowed[keys] = left & values


def _demands(subject: Subject) -> Iterator[tuple[Keys, set[Any], Path]]:
    """(path, the only values allowed, place) of each condition that must hold."""
    for leaf in subject.leaves:
        if "$or" not in leaf.place and len(leaf.literals) == len(leaf.alternatives):
            yield leaf.keys, {value for value, _place in leaf.literals}, leaf.place
    for operation in subject.operations:
        if operation.name not in _EQUAL or not all(one.name == "and" for one in operation.outer):
            continue
        values: dict[Keys, set[Any]] = {}
        for keys, value, _place in compared(operation):
            if isinstance(value, str):
                values.setdefault(keys, set()).add(value)
        yield from ((keys, found, operation.place) for keys, found in values.items())


def _shown(values: set[Any]) -> str:
    return " or ".join(sorted(map(str, values)))
