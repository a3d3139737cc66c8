"""Filters of V2 as AWS's API writes them, read into criteria that are joined by "and" and "or".

AWS: `CompositeFilters` are joined by `CompositeOperator`. Each holds filters by kind, and one level of nested
ones, joined by its own `Operator`. It does not say what holds without an operator, nor whether filters on one
field follow it, or are or-ed if positive and and-ed if negative. Where that matters, filters are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hubtriage.engine.text.suggestions import nearest
from hubtriage.interop.criteria.input import Path, Refused, known_keys, mapping, text
from hubtriage.interop.criteria.model import Criterion, FlagTest, NumberTest, TextTest
from hubtriage.interop.criteria.parse_filters import (
    NEGATIVE,
    NEVER_HOLDS,
    POSITIVE,
    parse_comparison,
    parse_tests,
)
from hubtriage.interop.ocsf_criteria.fields import (
    AS_SENT,
    CODE_NUMBERS,
    CODE_WORDS,
    DATES,
    FLAG_WORDS,
    FLAGS,
    MAPS,
    MOST_COMPOSITES,
    MOST_VALUES,
    NOT_SEEN,
    NUMBERS,
    OCSF_KINDS,
    REFUSED,
    SEVERITY,
    STATUS,
    TEXTS,
    Code,
    to_view,
)

ALWAYS_HOLDS = "it holds for every finding"
_KINDS = tuple(f"{kind}Filters" for kind in OCSF_KINDS)
_KEYS = (*_KINDS, "NestedCompositeFilters", "Operator")
_ALIKE = 0.9  # of difflib's ratio: a slip of a letter


@dataclass(frozen=True, slots=True)
class Joined:
    """Conditions joined by one operator, AND or OR."""

    operator: str
    parts: tuple[Condition, ...]


Condition = Criterion | Joined


@dataclass(frozen=True, slots=True)
class _Filter:
    """A filter that was read: where, on which field, whether it is negative."""

    path: Path
    field: str
    is_negative: bool
    criterion: Criterion


def parse_ocsf_filters(value: object, path: Path) -> Condition:
    """Parse the `OcsfFindingCriteria` of an automation rule of V2. Raises Refused."""
    given = known_keys(value, ("CompositeFilters", "CompositeOperator"), path)
    at = (*path, "CompositeFilters")
    listed = _listed(given.get("CompositeFilters"), MOST_COMPOSITES, at)
    if not listed:
        raise Refused(path, "the rule would change every finding", "if that is meant, write it by hand")
    parts = [_composite(each, (*at, index)) for index, each in enumerate(listed)]
    return _joined(given.get("CompositeOperator"), parts, (*path, "CompositeOperator"))


def _composite(value: object, path: Path, *, is_nested: bool = False) -> Condition:
    given = known_keys(value, _KEYS, path)
    filters = [one for name in _KINDS if name in given for one in _filters(name, given[name], (*path, name))]
    inside = (*path, "NestedCompositeFilters")
    listed = _listed(given.get("NestedCompositeFilters"), MOST_COMPOSITES, inside)
    if listed and is_nested:
        raise Refused(inside, "AWS takes one level of nested filters")
    nested = [_composite(each, (*inside, index), is_nested=True) for index, each in enumerate(listed)]
    parts: list[Condition] = [*(one.criterion for one in filters), *nested]
    if not parts:
        raise Refused(path, "there is no filter in it", "leave it out")
    joined = _joined(given.get("Operator"), parts, (*path, "Operator"))
    if len(parts) > 1:
        _refuse_ambiguous(filters, given["Operator"])
    return joined


def _joined(operator: object, parts: Sequence[Condition], path: Path) -> Condition:
    if operator not in ("AND", "OR", None):
        raise Refused(path, f"{operator!r:.60} is neither AND nor OR")
    if len(parts) == 1:
        return parts[0]
    if operator is None:
        raise Refused(path, "AWS does not say how filters are joined without an operator", "write AND or OR")
    return Joined(str(operator), tuple(parts))


def _listed(value: object, most: int, path: Path) -> list[Any]:
    """Return a list, empty where there is none. Raises Refused for one that AWS would not take."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise Refused(path, "a list is wanted here")
    if len(value) > most:
        raise Refused(path, f"{len(value)} of them; AWS takes {most}")
    return value


def _refuse_ambiguous(filters: Sequence[_Filter], operator: str) -> None:
    """Refuse filters on one field for which AWS's two sentences on joining them differ."""
    by_field: dict[str, list[_Filter]] = {}
    for one in filters:
        by_field.setdefault(one.field, []).append(one)
    for field, several in by_field.items():
        negative = sum(one.is_negative for one in several)
        positive = len(several) - negative
        is_doubtful = positive > 1 if operator == "AND" else negative and len(several) > 1
        if is_doubtful:
            reason = f"AWS does not say whether filters on {field} are joined by OR or by AND here"
            hint = "put each into a composite filter of its own, with the operator that is meant"
            raise Refused(several[1].path, reason, hint)


# -- one filter -----------------------------------------------------------------------------------


def _filters(name: str, value: object, path: Path) -> Iterator[_Filter]:
    for index, each in enumerate(_listed(value, MOST_VALUES, path)):
        at = (*path, index)
        given = known_keys(each, ("FieldName", "Filter"), at, required=("FieldName", "Filter"))
        field = text(given["FieldName"], (*at, "FieldName"))
        if field not in _FIELDS[name]:
            raise _refused_field(field, name, (*at, "FieldName"))
        wanted = mapping(given["Filter"], (*at, "Filter"))
        criterion = _READERS[name](field, wanted, (*at, "Filter"))
        yield _Filter((*at, "Filter"), field, wanted.get("Comparison") in NEGATIVE, criterion)


def _refused_field(field: str, name: str, path: Path) -> Refused:
    if field in _EVERY_FIELD:
        return Refused(path, f"{field} is not a field of {name}")
    reason, hint = REFUSED.get(field, NOT_SEEN)
    alike = None if field in REFUSED else nearest(field, _FIELDS[name], cutoff=_ALIKE)
    return Refused(path, f"{field:.80}: {reason}", f"did you mean {alike}?" if alike else hint)


def _string(field: str, given: Mapping[str, Any], path: Path) -> Criterion:
    if given.get("Comparison") == "CONTAINS_WORD":
        reason = "AWS has CONTAINS_WORD for reading findings only"
        raise Refused((*path, "Comparison"), reason, "write CONTAINS")
    if field in CODE_WORDS:
        return _word(CODE_WORDS[field], given, path)
    comparison, test = parse_comparison(TEXTS[field], given, path)
    test = to_view(field, test, (*path, "Value"))
    if comparison in POSITIVE:
        return Criterion(TEXTS[field], (test,))
    return Criterion(TEXTS[field], (), (test,))


def _map(field: str, given: Mapping[str, Any], path: Path) -> Criterion:
    comparison, test = parse_comparison(MAPS[field], given, path)
    if comparison in POSITIVE:
        return Criterion(MAPS[field], (test,))
    return Criterion(MAPS[field], (), (test,))


def _number(field: str, given: Mapping[str, Any], path: Path) -> Criterion:
    test = next(parse_tests("number", given, path), None)
    if not isinstance(test, NumberTest):
        raise Refused(path, NEVER_HOLDS, "delete the rule")
    if field in CODE_NUMBERS:
        return _coded(CODE_NUMBERS[field], test.holds, is_negative=False, path=path)
    return Criterion(NUMBERS[field], (test,))


def _date(field: str, given: Mapping[str, Any], path: Path) -> Criterion:
    tests = tuple(parse_tests("date", given, path))
    if not tests:
        raise Refused(path, NEVER_HOLDS, "delete the rule")
    return Criterion(DATES[field], tests)


def _flag(field: str, given: Mapping[str, Any], path: Path) -> Criterion:
    [test] = parse_tests("flag", given, path)
    is_true = isinstance(test, FlagTest) and test.value
    words = FLAG_WORDS[field][is_true]
    return Criterion(FLAGS[field], tuple(TextTest("equals", word) for word in words))


_READERS: Mapping[str, Callable[[str, Mapping[str, Any], Path], Criterion]] = {
    "StringFilters": _string,
    "NumberFilters": _number,
    "DateFilters": _date,
    "BooleanFilters": _flag,
    "MapFilters": _map,
}
_FIELDS: Mapping[str, frozenset[str]] = {
    "StringFilters": frozenset({*TEXTS, *CODE_WORDS}),
    "NumberFilters": frozenset({*NUMBERS, *CODE_NUMBERS}),
    "DateFilters": frozenset(DATES),
    "BooleanFilters": frozenset(FLAGS),
    "MapFilters": frozenset(MAPS),
    "IpFilters": frozenset(),
}
_EVERY_FIELD = frozenset().union(*_FIELDS.values())


# -- numbers with a word --------------------------------------------------------------------------


def _word(code: Code, given: Mapping[str, Any], path: Path) -> Criterion:
    comparison, test = parse_comparison(code.attribute, given, path)
    is_negative = comparison not in POSITIVE
    if is_negative and code is SEVERITY:
        raise Refused((*path, "Comparison"), "rules see an unknown severity only as such", code.hint)
    return _coded(
        code,
        lambda number: test.holds(code.words[int(number)]) != is_negative,
        is_negative=is_negative,
        path=path,
    )


def _coded(code: Code, holds: Callable[[float], bool], *, is_negative: bool, path: Path) -> Criterion:
    """Return the criterion on the label, for a filter that holds for these numbers.

    Negative ones hold where there is no number, too. Raises Refused for a filter that holds for one number
    and not for another with the same label.
    """
    answers: dict[str, set[bool]] = {}
    for number, label in code.labels.items():
        answers.setdefault(label, set()).add(holds(number))
    if code.missing is not None:
        answers[code.missing].add(is_negative)
    if any(len(answer) > 1 for answer in answers.values()):
        [label, *_] = [label for label, answer in answers.items() if len(answer) > 1]
        same = " and ".join(code.words[number] for number, one in code.labels.items() if one == label)
        raise Refused(path, f"rules see no difference between {same}", code.hint)
    return _of_labels(code, [label for label, answer in answers.items() if True in answer], path)


def _of_labels(code: Code, held: list[str], path: Path) -> Criterion:
    others = [label for label in dict.fromkeys(code.labels.values()) if label not in held]
    if not held:
        raise Refused(path, NEVER_HOLDS, "delete the rule")
    if not others:
        raise Refused(path, ALWAYS_HOLDS, "leave it out")
    if code is STATUS and not set(AS_SENT) & set(held):
        reason = "a finding is New or Resolved when its provider sends it, so the rule never acts"
        raise Refused(path, reason, "delete the rule, or write one by hand for what people have moved")
    if set(held) <= set(code.named):
        return Criterion(code.attribute, _equals(held))
    if set(others) <= set(code.named):
        return Criterion(code.attribute, (), _equals(others))
    raise Refused(path, f"rules cannot name all that it asks of {code.number}", code.hint)


def _equals(labels: Sequence[str]) -> tuple[TextTest, ...]:
    return tuple(TextTest("equals", label) for label in labels)
