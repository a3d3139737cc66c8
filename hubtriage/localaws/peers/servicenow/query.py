"""Encoded queries: conditions joined by ^, with an order. A condition on an unknown column is ignored."""

import re
from collections.abc import Callable, Collection, Mapping

_CONDITION = re.compile(r"([a-z_]+)(!=|=|LIKE|STARTSWITH|NOT IN|IN|ISEMPTY|ISNOTEMPTY|>=|<=)(.*)", re.DOTALL)

Test = Callable[[Mapping[str, str]], bool]


def conditions(query: str) -> list[str]:
    """Return the parts of a query; ^^ stands for ^ in a value."""
    parts = [""]
    position = 0
    while position < len(query):
        if query.startswith("^^", position):
            parts[-1] += "^"
            position += 2
        elif query[position] == "^":
            parts.append("")
            position += 1
        else:
            parts[-1] += query[position]
            position += 1
    return [part for part in parts if part and part != "EQ"]


def parse(query: str, columns: Collection[str], *, strict: bool) -> tuple[Test, list[tuple[str, bool]]]:
    """Return a test of records, and the columns to order by, each with whether it descends."""
    tests: list[list[Test]] = []
    order = []
    for part in conditions(query):
        if part.startswith("ORDERBY"):
            name = part.removeprefix("ORDERBY")
            order.append((name.removeprefix("DESC"), name.startswith("DESC")))
            continue
        is_or = part.startswith("OR")
        test = _test(part.removeprefix("OR") if is_or else part, columns, strict)
        if test is None:
            continue
        if is_or and tests:
            tests[-1].append(test)
        else:
            tests.append([test])
    return lambda values: all(any(one(values) for one in either) for either in tests), order


def _test(part: str, columns: Collection[str], strict: bool) -> Test | None:
    found = _CONDITION.fullmatch(part)
    if found is None or found[1] not in columns:
        return (lambda _: False) if strict else None
    column, operator, value = found.groups()
    listed = value.split(",")
    tests: Mapping[str, Test] = {
        "=": lambda values: values.get(column, "").lower() == value.lower(),
        "!=": lambda values: values.get(column, "").lower() != value.lower(),
        "LIKE": lambda values: value.lower() in values.get(column, "").lower(),
        "STARTSWITH": lambda values: values.get(column, "").lower().startswith(value.lower()),
        "IN": lambda values: values.get(column, "") in listed,
        "NOT IN": lambda values: values.get(column, "") not in listed,
        "ISEMPTY": lambda values: not values.get(column),
        "ISNOTEMPTY": lambda values: bool(values.get(column)),
        ">=": lambda values: values.get(column, "") >= value,
        "<=": lambda values: values.get(column, "") <= value,
    }
    return tests[operator]
