"""Filters as AWS's API writes them, read into criteria.

AWS: filters are `{attribute: [filter, …]}`; a filter is `{Value, Comparison}` (with `Key` for a map), bounds
of a number, `{Start, End}` or `{DateRange}`, `{Cidr}`, or `{Value: true}`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hubtriage.engine.text.suggestions import did_you_mean
from hubtriage.engine.text.timestamps import parse_timestamp
from hubtriage.interop.criteria.attributes import ATTRIBUTES, FindingAttribute, Kind
from hubtriage.interop.criteria.input import (
    Path,
    Refused,
    items,
    known_keys,
    mapping,
    text,
    whole_number,
)
from hubtriage.interop.criteria.model import Criterion, DateTest, FlagTest, How, NumberTest, Test, TextTest

POSITIVE: Mapping[str, How] = {"EQUALS": "equals", "PREFIX": "prefix", "CONTAINS": "contains"}
NEGATIVE: Mapping[str, How] = {
    "NOT_EQUALS": "equals",
    "PREFIX_NOT_EQUALS": "prefix",
    "NOT_CONTAINS": "contains",
}
NEVER_HOLDS = "no value can satisfy this"
# AWS: comparisons that exclude each other on one attribute (on one key of a map).
_OPPOSED = (("EQUALS", {"NOT_EQUALS", "PREFIX_NOT_EQUALS"}), ("CONTAINS", {"NOT_CONTAINS"}))
# AWS: timestamps count to the millisecond, so "at or after" is "after" the millisecond before.
_TICK = timedelta(milliseconds=1)


def parse_filters(filters: object, path: Path) -> list[Criterion]:
    """Parse an API's `Filters` or `Criteria`, in the order written. Raises Refused."""
    return [parse_criterion(name, values, (*path, name)) for name, values in mapping(filters, path).items()]


def parse_criterion(name: str, values: object, path: Path) -> Criterion:
    """Parse the filters of one attribute. Raises Refused."""
    attribute = attribute_named(name, path)
    filters = [(each, (*path, index)) for index, each in enumerate(items(values, path))]
    if attribute.kind in ("text", "map"):
        return _comparisons(attribute, filters, path)
    tests = [test for each, at in filters for test in parse_tests(attribute.kind, each, at)]
    if not tests:
        raise Refused(path, NEVER_HOLDS, "delete the rule")
    return Criterion(attribute, tuple(dict.fromkeys(tests)))


def parse_tests(kind: Kind, each: object, path: Path) -> Iterator[Test]:
    """Yield the test of a filter of a kind that compares no texts; none if no value can pass it.

    Raises Refused.
    """
    return _READERS[kind](each, path)


def attribute_named(name: str, path: Path) -> FindingAttribute:
    """Return the attribute of a name. Raises Refused."""
    if name == "Keyword":
        raise Refused(path, "Keyword is deprecated and AWS does not document what it looks at")
    if name not in ATTRIBUTES:
        raise Refused(path, f"{name!r:.60} is not an attribute of findings", did_you_mean(name, ATTRIBUTES))
    return ATTRIBUTES[name]


def _comparisons(attribute: FindingAttribute, filters: list[tuple[Any, Path]], path: Path) -> Criterion:
    wanted: list[TextTest] = []
    unwanted: list[TextTest] = []
    used: dict[str | None, set[str]] = {}
    for each, at in filters:
        comparison, test = parse_comparison(attribute, each, at)
        used.setdefault(test.key, set()).add(comparison)
        (wanted if comparison in POSITIVE else unwanted).append(test)
    for comparisons in used.values():
        refuse_opposed(comparisons, path)
    return Criterion(attribute, tuple(dict.fromkeys(wanted)), tuple(dict.fromkeys(unwanted)))


def parse_comparison(attribute: FindingAttribute, each: object, path: Path) -> tuple[str, TextTest]:
    """Return the comparison of a filter of a text or a map, and its test. Raises Refused."""
    by_key = attribute.kind == "map"
    names = ("Key", "Value", "Comparison") if by_key else ("Value", "Comparison")
    given = known_keys(each, names, path, required=names)
    comparison = text(given["Comparison"], (*path, "Comparison"))
    known = {**POSITIVE, **NEGATIVE}
    if comparison not in known or (by_key and known[comparison] == "prefix"):
        choice = did_you_mean(comparison, [name for name in known if not (by_key and "PREFIX" in name)])
        raise Refused(
            (*path, "Comparison"), f"this attribute has no comparison {comparison!r:.60} here", choice
        )
    key = text(given["Key"], (*path, "Key")) if by_key else None
    return comparison, TextTest(known[comparison], text(given["Value"], (*path, "Value")), key)


def refuse_opposed(comparisons: set[str], path: Path) -> None:
    """Refuse comparisons that AWS does not take together."""
    for comparison, opposed in _OPPOSED:
        if comparison in comparisons and comparisons & opposed:
            other = sorted(comparisons & opposed)[0]
            raise Refused(path, f"AWS refuses {comparison} and {other} on one attribute")


# -- numbers ------------------------------------------------------------------------------------

SIGNS = {"Gte": ">=", "Gt": ">", "Lte": "<=", "Lt": "<", "Eq": "="}


def _number(each: object, path: Path) -> Iterator[NumberTest]:
    """Yield the test of a number filter; none if no number can pass it."""
    given = known_keys(each, tuple(SIGNS), path)
    bounds = {SIGNS[name]: number(value, (*path, name)) for name, value in given.items()}
    if not bounds:
        raise Refused(path, f"none of {', '.join(SIGNS)} is given")
    low = max(((bounds[sign], sign == ">", sign) for sign in (">", ">=") if sign in bounds), default=None)
    high = min(((bounds[sign], sign != "<", sign) for sign in ("<", "<=") if sign in bounds), default=None)
    exact = bounds.get("=")
    if exact is not None:
        if _is_within(exact, low, high):
            yield NumberTest(("=", exact))
    elif low and high and low[0] >= high[0]:
        if low[0] == high[0] and (low[2], high[2]) == (">=", "<="):
            yield NumberTest(("=", low[0]))
    else:
        comparisons = [part for bound in (low, high) if bound for part in (bound[2], bound[0])]
        yield NumberTest(tuple(comparisons))


_Bound = tuple[float, bool, str] | None


def _is_within(value: float, low: _Bound, high: _Bound) -> bool:
    above = low is None or value > low[0] or (value == low[0] and low[2] == ">=")
    return above and (high is None or value < high[0] or (value == high[0] and high[2] == "<="))


def number(value: object, path: Path) -> float:
    """Return a finite number, also from its digits as text; 5.0 becomes 5. Raises Refused."""
    if isinstance(value, str) and len(value) < 40:
        try:
            value = float(value)
        except ValueError:
            raise Refused(path, f"{value!r} is not a number") from None
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1e15 < value < 1e15:
        raise Refused(path, "a number is wanted here")
    return int(value) if float(value).is_integer() else value


# -- dates --------------------------------------------------------------------------------------


def _date(each: object, path: Path) -> Iterator[DateTest]:
    given = known_keys(each, ("Start", "End", "DateRange"), path)
    if "DateRange" in given:
        if len(given) > 1:
            raise Refused(path, "AWS does not say what DateRange means together with Start or End")
        yield _date_range(given["DateRange"], (*path, "DateRange"))
        return
    if not given:
        raise Refused(path, "none of Start, End, DateRange is given")
    start = _moment(given["Start"], (*path, "Start")) if "Start" in given else None
    end = _moment(given["End"], (*path, "End")) if "End" in given else None
    if start is None or end is None or start <= end:
        yield DateTest(
            after=None if start is None else _iso(start - _TICK),
            before=None if end is None else _iso(end + _TICK),
        )


def _moment(value: object, path: Path) -> datetime:
    written = text(value, path)
    seconds = parse_timestamp(written)
    if seconds is None or "T" not in written.upper() or not _says_offset(written):
        raise Refused(path, f"{written!r:.60} is not a timestamp", "such as 2027-03-31T18:00:00Z")
    try:
        moment = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=round(seconds * 1000))
        _ = (moment - _TICK, moment + _TICK)
    except OverflowError:
        raise Refused(path, f"{written!r:.60} is beyond the calendar") from None
    return moment


def _says_offset(written: str) -> bool:
    return written[-1] in "Zz" or "+" in written[10:] or "-" in written[10:]


def _iso(moment: datetime) -> str:
    """Return a moment of the year 1 or later, to the millisecond, with Z."""
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def shifted(written: str, milliseconds: int, path: Path) -> str:
    """Return a timestamp moved by some milliseconds, as the API takes it. Raises Refused."""
    return _iso(_moment(written, path) + milliseconds * _TICK)


def _date_range(value: object, path: Path) -> DateTest:
    given = known_keys(value, ("Value", "Unit", "Comparison"), path)
    if given.get("Unit") != "DAYS":
        raise Refused((*path, "Unit"), "the unit of a DateRange is DAYS")
    days = whole_number(given.get("Value"), (*path, "Value"), 1, 100_000)
    comparison = given.get("Comparison", "WITHIN")
    if comparison == "WITHIN":
        return DateTest(days_most=days)
    if comparison == "OLDER_THAN":
        return DateTest(days_more_than=days)
    raise Refused((*path, "Comparison"), f"{comparison!r:.60} is neither WITHIN nor OLDER_THAN")


# -- addresses, flags ---------------------------------------------------------------------------


def _address(each: object, path: Path) -> Iterator[TextTest]:
    given = known_keys(each, ("Cidr",), path)
    address = text(given.get("Cidr"), (*path, "Cidr"))
    if "/" in address:
        reason = "AWS does not say whether a network here matches its text or its addresses"
        raise Refused((*path, "Cidr"), reason, "write the rule by hand, with the operator `cidr`")
    yield TextTest("equals", address)


def _flag(each: object, path: Path) -> Iterator[FlagTest]:
    value = known_keys(each, ("Value",), path).get("Value")
    if not isinstance(value, bool):
        raise Refused((*path, "Value"), "true or false is wanted here")
    yield FlagTest(value)


_READERS: Mapping[str, Callable[[object, Path], Iterator[Test]]] = {
    "number": _number,
    "date": _date,
    "address": _address,
    "flag": _flag,
}
