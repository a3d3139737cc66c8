"""Filters over OCSF findings, compiled to predicates: composite filters, and what stands in them."""

import ipaddress
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal

from hubtriage.localaws.securityhub.asff.comparisons import NUMBER_TESTS, STRING_TESTS
from hubtriage.localaws.securityhub.asff.timestamps import read_timestamp
from hubtriage.localaws.securityhub.errors import HubError, invalid_input
from hubtriage.localaws.securityhub.v2 import members
from hubtriage.localaws.securityhub.v2.members import MEMBERS, Kind
from hubtriage.localaws.securityhub.v2.words import Finding

Predicate = Callable[[Finding, float], bool]
Filter = Mapping[str, Any]
SameField = Literal["operator", "or"]

COMPOSITES_LIMIT = 10
FILTERS_LIMIT = 20
_DAY = 86_400.0
_READ = frozenset({"EQUALS", "PREFIX", "NOT_EQUALS", "PREFIX_NOT_EQUALS", "CONTAINS_WORD"})
_RULES = frozenset({"EQUALS", "PREFIX", "NOT_EQUALS", "PREFIX_NOT_EQUALS", "CONTAINS"})
_STRING_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    **STRING_TESTS,
    "CONTAINS_WORD": lambda value, word: re.search(rf"(?<!\w){re.escape(word)}(?!\w)", value) is not None,
}
_POSITIVE = {"NOT_EQUALS": "EQUALS", "PREFIX_NOT_EQUALS": "PREFIX"}
_COMPOSITE = frozenset(f"{kind}Filters" for kind in MEMBERS) | {"Operator", "NestedCompositeFilters"}


def finding_filter(
    filters: Filter, same_field: SameField = "operator", *, is_rule: bool = False
) -> Predicate:
    """Return the predicate of `Filters` of GetFindingsV2, or of the criteria of an automation rule.

    AWS: at most 10 composite filters, 20 filters of each kind in one, and one level of nested ones. NOT
    comparisons hold where the member is missing, too. Raises HubError for anything else, as for
    comparisons that reading does not have (CONTAINS) or rules do not have (CONTAINS_WORD).
    """
    return _Compiler(_RULES if is_rule else _READ, same_field).all_of(filters)


def asked_uids(filters: Filter) -> frozenset[str] | None:
    """Return all `metadata.uid` that can match; None where filters ask for other things."""
    composites = filters.get("CompositeFilters") or []
    found = [_uids_of(composite) for composite in composites if isinstance(composite, dict)]
    if not found or None in found or (len(found) > 1 and filters.get("CompositeOperator") != "OR"):
        return None
    return frozenset().union(*[each for each in found if each is not None])


def _uids_of(composite: Filter) -> frozenset[str] | None:
    if set(composite) - {"StringFilters", "Operator"} or not composite.get("StringFilters"):
        return None
    filters = composite["StringFilters"]
    if any(
        each.get("FieldName") != "metadata.uid" or each["Filter"].get("Comparison") != "EQUALS"
        for each in filters
    ):
        return None
    return frozenset(each["Filter"]["Value"] for each in filters)


class _Compiler:
    """Compiles filters whose strings have these comparisons."""

    def __init__(self, comparisons: Collection[str], same_field: SameField) -> None:
        self._comparisons = comparisons
        self._same_field = same_field
        self._kinds: Mapping[Kind, Callable[[str, str, Filter], Predicate]] = {
            "String": self._string,
            "Number": _number,
            "Date": _date,
            "Boolean": _boolean,
            "Map": _map,
            "Ip": _ip,
        }

    def all_of(self, filters: Filter) -> Predicate:
        """Return the predicate of an object of composite filters."""
        _known(filters, {"CompositeFilters", "CompositeOperator"}, "Filters")
        composites = _listed(filters, "CompositeFilters", COMPOSITES_LIMIT, "Filters")
        parts = [self._composite(each, "Filters.CompositeFilters") for each in composites]
        return _joined(parts, _operator(filters, "CompositeOperator", "Filters"))

    def _composite(self, composite: Filter, where: str, *, is_nested: bool = False) -> Predicate:
        _known(composite, _COMPOSITE, where)
        operator = _operator(composite, "Operator", where)
        parts = [part for kind in self._kinds for part in self._of_kind(kind, composite, where, operator)]
        nested = _listed(composite, "NestedCompositeFilters", COMPOSITES_LIMIT, where)
        if nested and is_nested:
            raise _bad(where, "should NOT have more than one level of NestedCompositeFilters")
        inside = f"{where}.NestedCompositeFilters"
        parts += [self._composite(each, inside, is_nested=True) for each in nested]
        return _joined(parts, operator)

    def _of_kind(self, kind: Kind, composite: Filter, where: str, operator: str) -> list[Predicate]:
        """Return the predicates of the filters of one kind; those of one field may be or-ed."""
        where = f"{where}.{kind}Filters"
        by_field: dict[str, list[Predicate]] = {}
        for each in _listed(composite, f"{kind}Filters", FILTERS_LIMIT, where):
            _known(each, {"FieldName", "Filter"}, where)
            name = each.get("FieldName")
            if name not in MEMBERS[kind]:
                raise _bad(where, f"FieldName {name!r} is not a {kind.lower()} field")
            if not isinstance(each.get("Filter"), dict):
                raise _bad(where, "Filter should be object")
            by_field.setdefault(name, []).append(self._kinds[kind](where, name, each["Filter"]))
        joined_by = operator if self._same_field == "operator" else "OR"
        return [_joined(parts, joined_by) for parts in by_field.values()]

    def _string(self, where: str, member: str, wanted: Filter) -> Predicate:
        comparison, value = _compared(where, wanted, self._comparisons)
        test, is_negative = _STRING_TESTS[_POSITIVE.get(comparison, comparison)], comparison in _POSITIVE

        def holds(finding: Finding, _now: float) -> bool:
            texts = [each for each in members.values(finding, member) if isinstance(each, str)]
            return any(test(text, value) for text in texts) != is_negative

        return holds


def _number(where: str, member: str, wanted: Filter) -> Predicate:
    _known(wanted, NUMBER_TESTS, where)
    if not wanted or not all(_is_number(bound) for bound in wanted.values()):
        raise _bad(where, "should have numbers")

    def holds(finding: Finding, _now: float) -> bool:
        numbers = [each for each in members.values(finding, member) if _is_number(each)]
        return any(all(NUMBER_TESTS[name](each, bound) for name, bound in wanted.items()) for each in numbers)

    return holds


def _date(where: str, member: str, wanted: Filter) -> Predicate:
    _known(wanted, {"Start", "End", "DateRange"}, where)
    bounds = _bounds_of_range(where, wanted["DateRange"]) if "DateRange" in wanted else _bounds(where, wanted)

    def holds(finding: Finding, now: float) -> bool:
        low, high = bounds(now)
        moments = [read_timestamp(each) for each in members.values(finding, member)]
        return any(moment is not None and low <= moment <= high for moment in moments)

    return holds


def _bounds(where: str, wanted: Filter) -> Callable[[float], tuple[float, float]]:
    low = read_timestamp(wanted["Start"]) if "Start" in wanted else float("-inf")
    high = read_timestamp(wanted["End"]) if "End" in wanted else float("inf")
    if not wanted or low is None or high is None:
        raise _bad(where, "should have Start or End, which are timestamps, or DateRange")
    return lambda _now: (low, high)


def _bounds_of_range(where: str, wanted: object) -> Callable[[float], tuple[float, float]]:
    days = wanted.get("Value") if isinstance(wanted, dict) else None
    if not isinstance(wanted, dict) or not isinstance(days, int) or wanted.get("Unit") != "DAYS":
        raise _bad(where, "DateRange should have a Value and the Unit DAYS")
    past = days * _DAY
    if wanted.get("Comparison", "WITHIN") == "WITHIN":
        return lambda now: (now - past, float("inf"))
    if wanted["Comparison"] != "OLDER_THAN":
        raise _bad(where, "Comparison of DateRange should be WITHIN or OLDER_THAN")
    return lambda now: (float("-inf"), now - past)


def _boolean(where: str, member: str, wanted: Filter) -> Predicate:
    value = wanted.get("Value")
    if not isinstance(value, bool):
        raise _bad(where, "Value should be boolean")
    return lambda finding, _now: any(each is value for each in members.values(finding, member))


def _map(where: str, member: str, wanted: Filter) -> Predicate:
    comparison, value = _compared(where, wanted, ("EQUALS", "NOT_EQUALS"), ("Key", "Value"))
    pair = (wanted["Key"], value)
    return lambda finding, _now: (pair in members.pairs(finding, member)) == (comparison == "EQUALS")


def _ip(where: str, member: str, wanted: Filter) -> Predicate:
    """AWS: it wants an address, not a range, although the filter is called Cidr."""
    try:
        address = ipaddress.ip_address(wanted.get("Cidr", ""))
    except ValueError:
        raise _bad(where, f"Cidr should be an address, not {wanted.get('Cidr')!r}") from None
    return lambda finding, _now: str(address) in members.values(finding, member)


def _compared(
    where: str, wanted: Filter, comparisons: Collection[str], texts: Collection[str] = ("Value",)
) -> tuple[str, str]:
    """Return the comparison and the value of a filter; raise HubError for what there is not."""
    _known(wanted, {*texts, "Comparison"}, where)
    comparison = wanted.get("Comparison")
    if comparison not in comparisons:
        raise _bad(where, f"Comparison should be one of {sorted(comparisons)}, not {comparison!r}")
    for name in texts:
        if not isinstance(wanted.get(name), str) or not wanted[name].strip():
            raise _bad(where, f"{name} should be a string that is not blank")
    return str(comparison), str(wanted["Value"])


def _joined(parts: list[Predicate], operator: str) -> Predicate:
    """Return the predicate of several: without any it holds."""
    if operator == "OR" and parts:
        return lambda finding, now: any(part(finding, now) for part in parts)
    return lambda finding, now: all(part(finding, now) for part in parts)


def _operator(filters: Filter, name: str, where: str) -> str:
    """Return the operator. AWS does not say what holds without one; here AND."""
    operator = filters.get(name, "AND")
    if operator not in ("AND", "OR"):
        raise _bad(where, f"{name} should be AND or OR, not {operator!r}")
    return str(operator)


def _listed(filters: Filter, name: str, limit: int, where: str) -> list[Filter]:
    listed = filters.get(name, [])
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise _bad(where, f"{name} should be an array of objects")
    if len(listed) > limit:
        raise _bad(where, f"{name} should NOT have more than {limit} items")
    return listed


def _known(filters: object, names: Collection[str], where: str) -> None:
    if not isinstance(filters, dict):
        raise _bad(where, "should be object")
    strangers = set(filters) - set(names)
    if strangers:
        raise _bad(where, f"should NOT have additional property {sorted(strangers)[0]!r}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _bad(where: str, what: str) -> HubError:
    return invalid_input(f"Invalid parameter '{where}': {what}")
