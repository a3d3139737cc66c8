"""Criteria as AWS's API writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil, floor
from typing import Any

from hubtriage.interop.criteria.input import Path, Refused
from hubtriage.interop.criteria.model import Criterion, DateTest, How, NumberTest, Test, TextTest
from hubtriage.interop.criteria.parse_filters import NEGATIVE, POSITIVE, SIGNS, refuse_opposed, shifted

POSITIVE_NAMES: Mapping[How, str] = {how: name for name, how in POSITIVE.items()}
NEGATIVE_NAMES: Mapping[How, str] = {how: name for name, how in NEGATIVE.items()}
NUMBER_NAMES = {sign: name for name, sign in SIGNS.items()}


def to_filters(criteria: Iterable[Criterion], path: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the `Criteria` of an automation rule. Raises Refused for what AWS would not take."""
    return {criterion.attribute.name: _filters(criterion, path) for criterion in criteria}


def _filters(criterion: Criterion, path: Path) -> list[dict[str, Any]]:
    attribute = criterion.attribute
    filters = [_filter(test, path) for test in criterion.wanted]
    filters += [comparison_filter(NEGATIVE_NAMES, test) for test in criterion.unwanted]
    if len(filters) > attribute.most:
        reason = f"{len(filters)} values for {attribute.name}; AWS takes {attribute.most}"
        raise Refused(path, reason, "split the rule")
    for key in {each.get("Key") for each in filters}:
        refuse_opposed({each.get("Comparison", "") for each in filters if each.get("Key") == key}, path)
    return filters


def _filter(test: Test, path: Path) -> dict[str, Any]:
    if isinstance(test, TextTest):
        return comparison_filter(POSITIVE_NAMES, test)
    if isinstance(test, NumberTest):
        bounds = zip(test.comparisons[::2], test.comparisons[1::2], strict=True)
        return dict(_bound(sign, bound) for sign, bound in bounds)
    if isinstance(test, DateTest):
        return date_filter(test, path)
    raise Refused(path, "automation rules have no criterion that is true or false")


def _bound(sign: str, bound: float) -> tuple[str, float]:
    """Write a bound. AWS: the numbers are whole, and CloudFormation knows no Gt and Lt."""
    if sign == ">":
        return "Gte", floor(bound) + 1
    if sign == "<":
        return "Lte", ceil(bound) - 1
    return NUMBER_NAMES[sign], bound


def comparison_filter(names: Mapping[How, str], test: TextTest) -> dict[str, Any]:
    """Return the filter of a text, or of a member of a map; `names` are the comparisons that it can be."""
    key = {} if test.key is None else {"Key": test.key}
    return {**key, "Value": test.value, "Comparison": names[test.how]}


def date_filter(test: DateTest, path: Path) -> dict[str, Any]:
    """Return the filter of a date. Raises Refused for a moment that AWS would not take."""
    days = test.days_most or test.days_more_than
    if days is not None:
        comparison = {} if test.days_most else {"Comparison": "OLDER_THAN"}
        return {"DateRange": {"Value": days, "Unit": "DAYS", **comparison}}
    bounds = {"Start": (test.after, 1), "End": (test.before, -1)}
    return {name: shifted(moment, by, path) for name, (moment, by) in bounds.items() if moment is not None}
