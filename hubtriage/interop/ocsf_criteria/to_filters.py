"""Criteria as the filters of V2 that an automation rule takes.

Values that may hold side by side are a composite filter of their own, with the operator OR; all else is in
one with the operator AND. So no sense depends on how AWS joins filters on one field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from hubtriage.interop.criteria.attributes import FindingAttribute
from hubtriage.interop.criteria.comparisons import unsupported
from hubtriage.interop.criteria.input import Path, Refused
from hubtriage.interop.criteria.model import Criterion, DateTest, How, NumberTest, Test, TextTest
from hubtriage.interop.criteria.parse_filters import refuse_opposed
from hubtriage.interop.criteria.to_filters import (
    NEGATIVE_NAMES,
    NUMBER_NAMES,
    POSITIVE_NAMES,
    comparison_filter,
    date_filter,
)
from hubtriage.interop.ocsf_criteria.fields import (
    ACTIVITY,
    AS_SENT,
    COMPLIANCE,
    FLAG_WORDS,
    FLAGS,
    MOST_COMPOSITES,
    MOST_VALUES,
    STATUS,
    VENDOR_SEVERITY,
    to_ocsf,
)

Filter = dict[str, Any]
Placed = tuple[str, Filter]
"""The list that a filter stands in, and the filter."""


def to_ocsf_filters(criteria: Iterable[Criterion], path: Path) -> dict[str, Any]:
    """Return the `OcsfFindingCriteria` of an automation rule. Raises Refused for what AWS would not take."""
    together: list[Placed] = []
    composites: list[dict[str, Any]] = []
    for criterion in criteria:
        wanted, unwanted = _placed(criterion, path)
        together += unwanted
        taken = {one["FieldName"] for _name, one in together}
        if len(wanted) > 1 or (wanted and wanted[0][1]["FieldName"] in taken):
            composites.append(_composite(wanted, "OR", path))
        else:
            together += wanted
    if together:
        composites.insert(0, _composite(together, "AND", path))
    if not composites:
        raise Refused(path, "automation rules need a criterion")
    if len(composites) > MOST_COMPOSITES:
        reason = f"{len(composites)} composite filters; AWS takes {MOST_COMPOSITES}"
        raise Refused(path, reason, "split the rule")
    return {"CompositeFilters": composites, "CompositeOperator": "AND"}


def _composite(placed: Sequence[Placed], operator: str, path: Path) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, one in placed:
        result.setdefault(name, []).append(one)
    for name, filters in result.items():
        if len(filters) > MOST_VALUES:
            raise Refused(path, f"{len(filters)} {name}; AWS takes {MOST_VALUES}", "split the rule")
    return {**result, "Operator": operator}


def _placed(criterion: Criterion, path: Path) -> tuple[list[Placed], list[Placed]]:
    """Return two lists of filters: one of the first must hold, and all of the second."""
    name = criterion.attribute.name
    if name in _CODED:
        return _CODED[name](criterion, path)
    if name in FLAGS:
        return [_flag(criterion, path)], []
    kind = criterion.attribute.kind
    if kind not in ("text", "map"):
        return [_value(criterion.attribute, test, path) for test in criterion.wanted], []
    wanted = [_text(criterion.attribute, test, POSITIVE_NAMES, path) for test in criterion.wanted]
    unwanted = [_text(criterion.attribute, test, NEGATIVE_NAMES, path) for test in criterion.unwanted]
    used = {str(one["Filter"]["Comparison"]) for _name, one in (*wanted, *unwanted)}
    refuse_opposed(used, path)
    return wanted, unwanted


def _text(attribute: FindingAttribute, test: Test, names: Mapping[How, str], path: Path) -> Placed:
    if not isinstance(test, TextTest) or test.how not in names:
        raise unsupported(f"this of {attribute.name}", path)
    comparison = names[test.how]
    if comparison == "NOT_CONTAINS" or (attribute.kind == "map" and "CONTAINS" in comparison):
        raise unsupported(f"{comparison} of {attribute.name} in V2", path)
    wanted = comparison_filter(names, to_ocsf(attribute.name, test, path))
    return ("MapFilters" if attribute.kind == "map" else "StringFilters"), _named(attribute.name, wanted)


def _value(attribute: FindingAttribute, test: Test, path: Path) -> Placed:
    if isinstance(test, DateTest):
        return "DateFilters", _named(attribute.name, date_filter(test, path))
    if isinstance(test, NumberTest):
        bounds = zip(test.comparisons[::2], test.comparisons[1::2], strict=True)
        return "NumberFilters", _named(attribute.name, {NUMBER_NAMES[sign]: bound for sign, bound in bounds})
    raise unsupported(f"this of {attribute.name}", path)


def _flag(criterion: Criterion, path: Path) -> Placed:
    """Return the filter for what is true or false. Raises Refused for words between the two."""
    words = {test.value for test in criterion.wanted if isinstance(test, TextTest) and test.how == "equals"}
    for value, named in FLAG_WORDS[criterion.attribute.name].items():
        if words == set(named) and not criterion.unwanted and len(criterion.wanted) == len(words):
            return "BooleanFilters", _named(criterion.attribute.name, {"Value": value})
    choices = " or ".join(", ".join(named) for named in FLAG_WORDS[criterion.attribute.name].values())
    raise Refused(path, f"V2 knows only {choices} of {criterion.attribute.names[-1]}")


def _named(field: str, wanted: Mapping[str, Any]) -> Filter:
    return {"FieldName": field, "Filter": dict(wanted)}


# -- numbers with a word --------------------------------------------------------------------------


def _holds(criterion: Criterion, label: str) -> bool:
    def any_of(tests: Iterable[Test]) -> bool:
        return any(isinstance(test, TextTest) and test.holds(label) for test in tests)

    return (not criterion.wanted or any_of(criterion.wanted)) and not any_of(criterion.unwanted)


def _severity(criterion: Criterion, path: Path) -> tuple[list[Placed], list[Placed]]:
    """Return runs of numbers. AWS: rules have the provider's severity as their only one."""
    numbers = [number for number, label in VENDOR_SEVERITY.labels.items() if _holds(criterion, label)]
    if not numbers:
        raise Refused(path, "no severity satisfies this")
    return [("NumberFilters", _named(VENDOR_SEVERITY.number, run)) for run in _runs(numbers)], []


def _runs(numbers: Sequence[int]) -> Iterator[dict[str, int]]:
    """Yield the bounds of each run of whole numbers that follow one another."""
    first = last = numbers[0]
    for number in (*numbers[1:], None):
        if number == last + 1:
            last = number
            continue
        yield {"Eq": first} if first == last else {"Gte": first, "Lte": last}
        if number is not None:
            first = last = number


def _status(criterion: Criterion, path: Path) -> tuple[list[Placed], list[Placed]]:
    """Return nothing for what holds for every finding that a provider sends; AWS: rules see no status."""
    if all(_holds(criterion, status) for status in AS_SENT):
        return [], []
    reason = "rules of V2 see no status; a finding is NEW or RESOLVED when its provider sends it"
    raise Refused(path, reason, "let the rule apply to both, or keep it here")


def _compliance(criterion: Criterion, path: Path) -> tuple[list[Placed], list[Placed]]:
    others = COMPLIANCE.missing or ""
    held = [number for number, label in COMPLIANCE.labels.items() if _holds(criterion, label)]
    if not criterion.wanted and _holds(criterion, others):
        words = [word for number, word in COMPLIANCE.words.items() if number not in held]
        negative = ({"Value": word, "Comparison": "NOT_EQUALS"} for word in words)
        return [], [("StringFilters", _named(COMPLIANCE.word, one)) for one in negative]
    if not held or _holds(criterion, others):
        raise unsupported(f"{others} of Compliance.Status", path)
    return [("NumberFilters", _named(COMPLIANCE.number, {"Eq": number})) for number in held], []


def _activity(criterion: Criterion, path: Path) -> tuple[list[Placed], list[Placed]]:
    is_active, is_archived = (_holds(criterion, label) for label in ("ACTIVE", "ARCHIVED"))
    if is_active and is_archived:
        return [], []
    if not is_active and not is_archived:
        raise Refused(path, "no finding satisfies this")
    wanted = {"Value": ACTIVITY.words[3], "Comparison": "NOT_EQUALS" if is_active else "EQUALS"}
    return [], [("StringFilters", _named(ACTIVITY.word, wanted))]


_CODED: Mapping[str, Callable[[Criterion, Path], tuple[list[Placed], list[Placed]]]] = {
    VENDOR_SEVERITY.attribute.name: _severity,
    STATUS.attribute.name: _status,
    COMPLIANCE.attribute.name: _compliance,
    ACTIVITY.attribute.name: _activity,
}
