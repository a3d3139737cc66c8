"""W201: a part of `when` that is the same for every finding."""

from collections.abc import Iterator
from typing import Any

from hubtriage.authoring.asff import Field, look_up
from hubtriage.authoring.checks.subject import Operation, Subject
from hubtriage.authoring.problems import Problem
from hubtriage.authoring.yamltree import Path

CODE = "W201"
_LOOKS_AT_FINDING = ("var", "account", "missing", "missing_some")
_CONDITIONS = {"and": None, "or": None, "!": None, "!!": None, "if": 0, "?:": 0}


def check(subject: Subject) -> Iterator[Problem]:
    """Operations and operands without anything of the finding in them; `when: true` alone is meant."""
    if not subject.rule.has_when:
        return
    when = subject.rule.when
    if not isinstance(when, dict):
        if when is not True:
            yield _constant(subject, ("when",), when, key=False)
        return
    for operation in subject.operations:
        if _is_constant(operation.logic) and not any(_is_constant(one.logic) for one in operation.outer):
            yield _constant(subject, operation.place, operation.logic, key=True)
        yield from _operands(subject, operation)


def _operands(subject: Subject, operation: Operation) -> Iterator[Problem]:
    """Plain values where a condition belongs."""
    if operation.name not in _CONDITIONS or _is_constant(operation.logic):
        return
    only = _CONDITIONS[operation.name]
    for index, argument in enumerate(operation.arguments):
        if not isinstance(argument, dict) and only in (None, index):
            yield _constant(subject, (*operation.place, index), argument, key=False)


def _constant(subject: Subject, place: Path, logic: Any, *, key: bool) -> Problem:
    hint = "compare something of the finding, or write when: true to mean every finding"
    for text in _texts(logic):
        if "." in text and isinstance(look_up(tuple(text.split("."))), Field):
            hint = f'a field of the finding is {{var: "{text}"}}'
    return subject.problem(CODE, place, "this is the same for every finding", hint, key=key)


def _is_constant(logic: Any) -> bool:
    if isinstance(logic, list):
        return all(map(_is_constant, logic))
    if not isinstance(logic, dict) or not logic:
        return True
    ((name, arguments),) = logic.items()
    return name not in _LOOKS_AT_FINDING and _is_constant(arguments)


def _texts(logic: Any) -> Iterator[str]:
    if isinstance(logic, str):
        yield logic
    elif isinstance(logic, list | dict):
        for inner in logic.values() if isinstance(logic, dict) else logic:
            yield from _texts(inner)
