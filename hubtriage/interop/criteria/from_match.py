"""A rule's `match` as criteria, where AWS's filters can ask exactly the same; all else is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hubtriage.engine.pattern.compiler import PatternField, expand
from hubtriage.interop.criteria.attributes import AUTOMATION_RULES, AttributeTable, FindingAttribute
from hubtriage.interop.criteria.comparisons import parse_wildcard, supported, unsupported
from hubtriage.interop.criteria.input import Path, Refused
from hubtriage.interop.criteria.model import Criterion, How, NumberTest, Test, TextTest

_EACH_FOR_ITSELF = "automation rules check each field of a list separately, not all fields of one element"


def criteria_from_match(
    match: Mapping[str, Any], table: AttributeTable = AUTOMATION_RULES
) -> list[list[Criterion]]:
    """Return the criteria of each branch that `$or` makes; one branch must hold. Raises Refused."""
    return [list(_branch(branch, table)) for branch in expand(match)]


def _branch(leaves: tuple[PatternField, ...], table: AttributeTable) -> Iterator[Criterion]:
    roots: set[tuple[str, ...]] = set()
    for leaf in leaves:
        attribute, key = _attribute(leaf.keys, table, ("match", *leaf.where))
        if attribute.root in roots:
            raise Refused(("match", *leaf.where), _EACH_FOR_ITSELF, "split the rule, or keep it here")
        if attribute.root:
            roots.add(attribute.root)
        is_always_there = attribute.name in table.always_there
        yield _leaf(
            attribute, key, leaf.alternatives, ("match", *leaf.where), is_always_there=is_always_there
        )


def _attribute(
    names: tuple[str, ...], table: AttributeTable, path: Path
) -> tuple[FindingAttribute, str | None]:
    """Return the attribute at a path of names and, for a map, its member."""
    found = table.by_names.get(names)
    if found is not None and found.kind != "map":
        return found, None
    holder = table.by_names.get(names[:-1])
    if holder is not None and holder.kind == "map":
        return holder, names[-1]
    raise unsupported(".".join(names), path, table.hint(names))


def _leaf(
    attribute: FindingAttribute,
    key: str | None,
    alternatives: list[Any],
    path: Path,
    *,
    is_always_there: bool,
) -> Criterion:
    wanted: list[Test] = []
    unwanted: list[TextTest] = []
    absent_too = False
    for index, alternative in enumerate(alternatives):
        at = (*path, index)
        operator, operand = _operation(alternative)
        if operator == "exists" and operand is False:
            absent_too = True
        elif operator == "anything-but":
            if index and unwanted:
                raise Refused(at, "two `anything-but` next to each other hold for every value")
            unwanted = [TextTest(how, value, key) for how, value in _excluded(operand, at)]
        else:
            wanted.append(_wanted(attribute, key, operator, operand, at))
    if wanted and (unwanted or absent_too):
        raise Refused(
            path, "automation rules cannot join a value with its absence, or with `anything-but`, by `or`"
        )
    if not wanted:
        _check_negative(attribute, unwanted, path, absent_too=absent_too or is_always_there)
    return Criterion(attribute, tuple(wanted), tuple(unwanted))


def _operation(alternative: Any) -> tuple[str, Any]:
    """Return (operator, operand); "" for a value that stands for itself."""
    if not isinstance(alternative, Mapping):
        return "", alternative
    (operation,) = alternative.items()
    return operation


def _check_negative(
    attribute: FindingAttribute, unwanted: list[TextTest], path: Path, *, absent_too: bool
) -> None:
    """AWS: a negative comparison holds for what is absent, and for a list if it holds for all of it."""
    if not unwanted:
        raise Refused(path, "automation rules cannot check whether a field exists")
    if attribute.root:
        raise Refused(
            path,
            "`anything-but` on a list holds if one element differs; in automation rules, all have to differ",
        )
    if not absent_too:
        hint = "add {exists: false} next to it, if that is right"
        raise Refused(path, "for automation rules, a missing value is anything but the value", hint)


def _wanted(attribute: FindingAttribute, key: str | None, operator: str, operand: Any, path: Path) -> Test:
    if attribute.kind == "number" and operator == "numeric":
        return NumberTest(tuple(operand))
    if attribute.kind == "number" and not operator and isinstance(operand, int | float):
        return NumberTest(("=", operand))
    if attribute.kind in ("text", "map") and isinstance(operand, str):
        if not operator:
            return TextTest("equals", operand, key)
        if operator == "prefix":
            return supported(attribute, TextTest("prefix", operand, key), path)
        if operator == "wildcard":
            how, value = parse_wildcard(operand, path)
            return supported(attribute, TextTest(how, value, key), path)
    what = f"`{operator}`" if operator else repr(operand)
    raise unsupported(f"{what} of {attribute.name}", path)


def _excluded(operand: Any, path: Path) -> Iterator[tuple[How, str]]:
    operator, values = _operation(operand)
    for value in values if isinstance(values, list) else [values]:
        if not isinstance(value, str) or operator not in ("", "prefix", "wildcard"):
            raise unsupported(f"anything but {operand!r:.60}", path)
        if operator == "wildcard":
            yield parse_wildcard(value, path)
        else:
            yield ("prefix" if operator else "equals"), value
