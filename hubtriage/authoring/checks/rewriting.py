"""Conditions as they should be: what hints spell out."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hubtriage.authoring.yaml.tree import YamlPath


def replaced(value: Any, place: YamlPath, new: Any) -> Any:
    """Return a copy of nested mappings and lists with another value at a path."""
    if not place:
        return new
    copy: Any = list(value) if isinstance(value, list) else dict(value)
    copy[place[0]] = replaced(copy[place[0]], place[1:], new)
    return copy


def negated(logic: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """Return a comparison without its negation, and whether it had one."""
    ((name, arguments),) = logic.items()
    positive = {"!=": "==", "!==": "==="}.get(name)
    return ({positive: arguments}, True) if positive else ({name: arguments}, False)


def walked(lists: Sequence[str], condition: Any, *, loop: str) -> Any:
    """Return a condition on the elements of nested lists (paths, the outermost first)."""
    for path in reversed(lists):
        condition = {loop: [{"var": path}, condition]}
    return condition


def as_logic(test: Any, path: str) -> Any:
    """Return an alternative of a pattern's field as logic about a path; None for what logic cannot say."""
    if not isinstance(test, Mapping):
        return {"==": [{"var": path}, test]}
    ((name, operand),) = test.items()
    convert = _TESTS.get(name)
    return convert(operand, path) if convert else None


def alternatives_as_logic(alternatives: Sequence[Any], path: str) -> Any:
    """Return the alternatives of a pattern's field as logic about a path."""
    exact = [one for one in alternatives if not isinstance(one, Mapping)]
    others = [as_logic(one, path) for one in alternatives if isinstance(one, Mapping)]
    if len(exact) > 1:
        others.insert(0, {"in": [{"var": path}, exact]})
    elif exact:
        others.insert(0, as_logic(exact[0], path))
    if None in others or not others:
        return None
    return others[0] if len(others) == 1 else {"or": others}


def _text_test(operator: str) -> Callable[[Any, str], Any]:
    def convert(operand: Any, path: str) -> Any:
        return {operator: [{"var": path}, operand]} if isinstance(operand, str) else None

    return convert


def _numeric(operand: Sequence[Any], path: str) -> Any:
    names = {"=": "=="}
    parts = [
        {names.get(sign, sign): [{"var": path}, bound]}
        for sign, bound in zip(operand[::2], operand[1::2], strict=True)
    ]
    return parts[0] if len(parts) == 1 else {"and": parts}


def _anything_but(operand: Any, path: str) -> Any:
    if isinstance(operand, Mapping):
        inner = as_logic(operand, path)
        return None if inner is None else {"!": [inner]}
    values = operand if isinstance(operand, list) else [operand]
    return {"!": [{"in": [{"var": path}, values]}]}


_TESTS: Mapping[str, Callable[[Any, str], Any]] = {
    "prefix": _text_test("starts_with"),
    "suffix": _text_test("ends_with"),
    "wildcard": _text_test("glob"),
    "cidr": _text_test("cidr"),
    "equals-ignore-case": lambda operand, path: {"==": [{"lower": [{"var": path}]}, str(operand).lower()]},
    "exists": lambda operand, path: {"!!" if operand else "!": [{"var": path}]},
    "in-list": lambda operand, path: {"in_list": [{"var": path}, operand]},
    "numeric": _numeric,
    "anything-but": _anything_but,
}
