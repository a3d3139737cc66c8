"""Filters of GetFindings, and criteria of automation rules, compiled to predicates.

AWS: attributes are and-ed. On one attribute the positive comparisons are or-ed and the negative ones
and-ed; a field that is missing, or a list without the value, satisfies a negative one.
"""

import ipaddress
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hubtriage.localaws.securityhub.asff.attributes import (
    AUTOMATION_ATTRIBUTES,
    AUTOMATION_VALUES,
    FINDING_ATTRIBUTES,
    FilterAttribute,
)
from hubtriage.localaws.securityhub.asff.comparisons import NUMBER_TESTS, STRING_TESTS
from hubtriage.localaws.securityhub.asff.requests import Finding
from hubtriage.localaws.securityhub.asff.timestamps import read_timestamp
from hubtriage.localaws.securityhub.errors import HubError, invalid_input

Predicate = Callable[[Finding, float], bool]
Condition = Callable[[list[Any], float], bool]

ATTRIBUTES_LIMIT = 10
VALUES_LIMIT = 20
_DAY = 86400.0
_POSITIVE = {"NOT_EQUALS": "EQUALS", "PREFIX_NOT_EQUALS": "PREFIX", "NOT_CONTAINS": "CONTAINS"}
_OPPOSED = (
    ("EQUALS", {"NOT_EQUALS", "PREFIX_NOT_EQUALS"}),
    ("CONTAINS", {"NOT_CONTAINS"}),
)


def finding_filter(filters: Mapping[str, Any]) -> Predicate:
    """Return the predicate of a GetFindings `Filters`.

    Raises HubError InvalidInputException for more than 10 attributes or 20 values of one, for an unknown
    attribute, and for comparisons that GetFindings does not have (CONTAINS among them).
    """
    if len(filters) > ATTRIBUTES_LIMIT:
        raise _bad("Filters", f"has {len(filters)} attributes; at most {ATTRIBUTES_LIMIT} are allowed")
    conditions = {
        name: _condition("Filters", name, values, FINDING_ATTRIBUTES, VALUES_LIMIT, contains=False)
        for name, values in filters.items()
    }
    return _all(conditions, FINDING_ATTRIBUTES)


def automation_criteria(criteria: Mapping[str, Any]) -> Predicate:
    """Return the predicate of an automation rule's `Criteria`; CONTAINS and NOT_CONTAINS are allowed here."""
    conditions = {
        name: _condition(
            "Criteria",
            name,
            values,
            AUTOMATION_ATTRIBUTES,
            AUTOMATION_VALUES.get(name, VALUES_LIMIT),
            contains=True,
        )
        for name, values in criteria.items()
    }
    return _all(conditions, AUTOMATION_ATTRIBUTES)


def sort_key(field: str) -> Callable[[Finding], tuple[bool, Any]]:
    """Return the key to sort findings by an attribute; findings without it come last in ascending order.

    AWS does not say which fields sort; here every string, number and date attribute does.
    """
    attribute = FINDING_ATTRIBUTES.get(field)
    if attribute is None or attribute.kind not in ("string", "number", "date"):
        raise _bad("SortCriteria", f"cannot sort by {field!r}")
    usable = (int, float) if attribute.kind == "number" else (str,)

    def key(finding: Finding) -> tuple[bool, Any]:
        values = [value for value in attribute.values(finding) if isinstance(value, usable)]
        return (False, min(values)) if values else (True, 0 if attribute.kind == "number" else "")

    return key


def _all(conditions: Mapping[str, Condition], attributes: Mapping[str, FilterAttribute]) -> Predicate:
    parts = [(_reader(name, attributes), condition) for name, condition in conditions.items()]
    return lambda finding, now: all(condition(read(finding), now) for read, condition in parts)


def _reader(name: str, attributes: Mapping[str, FilterAttribute]) -> Callable[[Finding], list[Any]]:
    attribute = attributes[name]
    if len(attribute.path) == 1 and attribute.kind != "map":
        [member] = attribute.path
        return lambda finding: _listed(finding.get(member))
    return attribute.values


def _listed(value: object) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _condition(
    where: str,
    name: str,
    values: object,
    attributes: Mapping[str, FilterAttribute],
    limit: int,
    *,
    contains: bool,
) -> Condition:
    where = f"{where}.{name}"
    if name not in attributes:
        raise _bad(where, "is not an attribute")
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise _bad(where, "should be an array of objects")
    if not values:
        return lambda _values, _now: True
    if len(values) > limit:
        raise _bad(where, f"has {len(values)} values; at most {limit} are allowed")
    kind = attributes[name].kind
    if kind in ("string", "map"):
        return _comparisons(where, values, by_key=kind == "map", contains=contains)
    return _any([_TESTS[kind](where, value) for value in values])


def _any(conditions: Sequence[Condition]) -> Condition:
    return lambda values, now: any(condition(values, now) for condition in conditions)


def _comparisons(
    where: str, filters: Sequence[Mapping[str, Any]], *, by_key: bool, contains: bool
) -> Condition:
    """Return string filters, and map filters that each ask for one key."""
    used: dict[str, set[str]] = {}
    positive: list[Condition] = []
    negative: list[Condition] = []
    for each in filters:
        comparison = _comparison(where, each, by_key=by_key, contains=contains)
        used.setdefault(each.get("Key", ""), set()).add(comparison)
        test = _one(each, _POSITIVE.get(comparison, comparison), by_key=by_key)
        (negative if comparison in _POSITIVE else positive).append(test)
    for comparisons in used.values():
        _refuse_opposed(where, comparisons)
    return lambda values, now: (
        (not positive or any(test(values, now) for test in positive))
        and not any(test(values, now) for test in negative)
    )


def _comparison(where: str, each: Mapping[str, Any], *, by_key: bool, contains: bool) -> str:
    allowed = {"EQUALS", "NOT_EQUALS"} if by_key else {"EQUALS", "NOT_EQUALS", "PREFIX", "PREFIX_NOT_EQUALS"}
    if contains:
        allowed |= {"CONTAINS", "NOT_CONTAINS"}
    comparison = each.get("Comparison")
    if comparison not in allowed:
        raise _bad(where, f"Comparison should be one of {sorted(allowed)}, not {comparison!r}")
    for member in ("Key", "Value") if by_key else ("Value",):
        if not isinstance(each.get(member), str) or not each[member].strip():
            raise _bad(where, f"{member} should be a string that is not blank")
    return str(comparison)


def _refuse_opposed(where: str, comparisons: set[str]) -> None:
    for comparison, opposed in _OPPOSED:
        if comparison in comparisons and comparisons & opposed:
            raise _bad(where, f"cannot have both {comparison} and {sorted(comparisons & opposed)[0]}")


def _one(each: Mapping[str, Any], comparison: str, *, by_key: bool) -> Condition:
    wanted, key, test = each["Value"], each.get("Key"), STRING_TESTS[comparison]
    if by_key:
        return lambda maps, _now: any(
            isinstance(found.get(key), str) and test(found[key], wanted)
            for found in maps
            if isinstance(found, dict)
        )
    return lambda values, _now: any(isinstance(value, str) and test(value, wanted) for value in values)


def _number(where: str, each: Mapping[str, Any]) -> Condition:
    if not each or any(name not in NUMBER_TESTS for name in each):
        raise _bad(where, f"should have some of {sorted(NUMBER_TESTS)}")
    bounds = [(NUMBER_TESTS[name], bound) for name, bound in each.items()]
    return lambda values, _now: any(
        all(test(value, bound) for test, bound in bounds)
        for value in values
        if isinstance(value, int | float)
    )


def _date(where: str, each: Mapping[str, Any]) -> Condition:
    if "DateRange" in each:
        return _date_range(where, each["DateRange"])
    start, end = (_bound(where, each, name) for name in ("Start", "End"))
    if start is None and end is None:
        raise _bad(where, "should have Start, End or DateRange")
    low, high = start if start is not None else float("-inf"), end if end is not None else float("inf")
    return lambda values, _now: any(low <= moment <= high for moment in _moments(values))


def _bound(where: str, each: Mapping[str, Any], name: str) -> float | None:
    if name not in each:
        return None
    moment = read_timestamp(each[name])
    if moment is None:
        raise _bad(where, f"{name} should be a timestamp, not {each[name]!r}")
    return moment


def _date_range(where: str, span: object) -> Condition:
    if not isinstance(span, dict) or not isinstance(span.get("Value"), int) or span.get("Unit") != "DAYS":
        raise _bad(where, "DateRange should have a Value and the Unit DAYS")
    comparison, length = span.get("Comparison", "WITHIN"), span["Value"] * _DAY
    if comparison == "WITHIN":
        return lambda values, now: any(now - length <= moment <= now for moment in _moments(values))
    if comparison == "OLDER_THAN":
        return lambda values, now: any(moment < now - length for moment in _moments(values))
    raise _bad(where, f"DateRange.Comparison should be WITHIN or OLDER_THAN, not {comparison!r}")


def _moments(values: Sequence[object]) -> list[float]:
    return [moment for moment in map(read_timestamp, values) if moment is not None]


def _ip(where: str, each: Mapping[str, Any]) -> Condition:
    try:
        network = ipaddress.ip_network(each.get("Cidr", ""), strict=False)
    except ValueError as error:
        raise _bad(where, f"Cidr: {error}") from error
    return lambda values, _now: any(_within(value, network) for value in values)


def _within(value: object, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    try:
        return isinstance(value, str) and ipaddress.ip_address(value) in network
    except ValueError:
        return False


def _boolean(where: str, each: Mapping[str, Any]) -> Condition:
    if not isinstance(each.get("Value"), bool):
        raise _bad(where, "Value should be boolean")
    wanted = each["Value"]
    return lambda values, _now: (values[0] if values else False) is wanted


def _keyword(where: str, each: Mapping[str, Any]) -> Condition:
    if not isinstance(each.get("Value"), str):
        raise _bad(where, "Value should be a string")
    wanted = each["Value"].casefold()
    return lambda values, _now: wanted in json.dumps(values, ensure_ascii=False).casefold()


_TESTS: Mapping[str, Callable[[str, Mapping[str, Any]], Condition]] = {
    "number": _number,
    "date": _date,
    "ip": _ip,
    "boolean": _boolean,
    "keyword": _keyword,
}


def _bad(where: str, problem: str) -> HubError:
    return invalid_input(f"Invalid parameter '{where}': {problem}")
