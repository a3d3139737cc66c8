"""Criteria as a rule's `match` and `when`.

What a pattern can say exactly goes into `match`, all else into `when`. A pattern asks for one element of a
list that satisfies everything below it, AWS's filters ask each for itself. So of the criteria on one list
only the first is in `match`. A pattern's `anything-but` on a list means "some element differs", AWS's
NOT_EQUALS "none is equal"; so negative criteria on lists are in `when`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from hubtriage.engine.pattern.fields import OPERATOR_NAMES
from hubtriage.interop.criteria.model import Criterion, DateTest, FlagTest, How, NumberTest, Test, TextTest

Pattern = dict[str, Any]
Logic = Any


def rule_conditions(criteria: Iterable[Criterion], further: Iterable[Logic] = ()) -> Pattern:
    """Return `match` and `when` for criteria that must all hold; either is left out if it is not needed.

    `further` are conditions in JsonLogic that must hold too.
    """
    match: Pattern = {}
    conjuncts: list[Logic] = []
    taken: set[tuple[str, ...]] = set()
    for part in (part for criterion in criteria for part in parts(criterion)):
        attribute = part.attribute
        place = attribute.root or attribute.names
        pattern = None if place in taken else pattern_of(part)
        if pattern is None:
            conjuncts.append(logic_of(part))
        else:
            taken.add(place)
            _put(match, attribute.names, pattern)
    conjuncts += further
    result: Pattern = {"match": match} if match else {}
    if conjuncts:
        result["when"] = conjuncts[0] if len(conjuncts) == 1 else {"and": conjuncts}
    return result


def parts(criterion: Criterion) -> Iterator[Criterion]:
    """Yield the parts of a criterion, which must all hold: the wanted tests, and the unwanted by kind."""
    if criterion.wanted:
        yield replace(criterion, unwanted=())
    for how in ("equals", "prefix", "suffix", "contains", "regex"):
        unwanted = tuple(test for test in criterion.unwanted if test.how == how)
        if unwanted:
            yield replace(criterion, wanted=(), unwanted=unwanted)


def _put(match: Pattern, names: tuple[str, ...], pattern: Any) -> None:
    for name in names[:-1]:
        match = match.setdefault(name, {})
    match[names[-1]] = pattern


# -- match --------------------------------------------------------------------------------------


def pattern_of(part: Criterion) -> Any | None:
    """Return what a pattern says at the attribute's path; None if it cannot say it exactly."""
    if part.unwanted:
        return None if part.attribute.root else _by_key(part.unwanted, _none_of, one_object=True)
    return _by_key(part.wanted, _any_of, one_object=False)


def _by_key(
    tests: Iterable[Test], leaf: Callable[[list[Any]], list[Any] | None], *, one_object: bool
) -> Any | None:
    """Return the leaf of the tests or, for a map, the leaf of each key: and-ed in one object, or or-ed."""
    by_key: dict[str | None, list[Test]] = {}
    for test in tests:
        by_key.setdefault(test.key if isinstance(test, TextTest) else None, []).append(test)
    if any(key in OPERATOR_NAMES or key == "$or" for key in by_key):
        return None  # would be taken for an operator
    leaves = {key: leaf(tests) for key, tests in by_key.items()}
    if any(value is None for value in leaves.values()):
        return None
    if None in leaves:
        return leaves[None]
    return (
        leaves if one_object or len(leaves) == 1 else {"$or": [{key: leaf} for key, leaf in leaves.items()]}
    )


def _any_of(tests: list[Test]) -> list[Any] | None:
    alternatives = [alternative for test in tests for alternative in _alternatives(test)]
    return None if None in alternatives else alternatives


def _alternatives(test: Test) -> Iterator[Any]:
    """Yield what a pattern's list says for a test: one alternative or two, or None if it cannot."""
    if isinstance(test, TextTest):
        yield _text_alternative(test)
    elif isinstance(test, NumberTest):
        yield {"numeric": list(test.comparisons)}
    elif isinstance(test, FlagTest):
        yield test.value
        if not test.value:
            yield {"exists": False}
    else:
        yield None


def _text_alternative(test: TextTest) -> Any:
    if test.how == "regex":
        return None
    if _needs_wildcard(test):
        return {"wildcard": wildcard(test.how, test.value)}
    return test.value if test.how == "equals" else {test.how: test.value}


def _needs_wildcard(test: TextTest) -> bool:
    """Say so of a part, and of a text with a star: in any other test of a rule it would look like one."""
    return test.how == "contains" or "*" in test.value


def wildcard(how: How, text: str) -> str:
    """Return the wildcard that matches the texts which equal, contain, begin or end with this one."""
    escaped = text.replace("\\", "\\\\").replace("*", "\\*")
    before = "*" if how in ("contains", "suffix") else ""
    return f"{before}{escaped}" + ("*" if how in ("contains", "prefix") else "")


def _none_of(tests: list[TextTest]) -> list[Any] | None:
    """Return a list for "equal to none of these, or not there"; the tests are of one kind."""
    how, values = tests[0].how, [test.value for test in tests]
    if how == "regex":
        return None
    if any(map(_needs_wildcard, tests)):
        excluded: Any = {"wildcard": [wildcard(how, value) for value in values]}
    elif how == "equals":
        excluded = values if len(values) > 1 else values[0]
    else:
        excluded = {how: values}
    return [{"anything-but": excluded}, {"exists": False}]


# -- when ---------------------------------------------------------------------------------------


def logic_of(part: Criterion) -> Logic:
    """Return a part in JsonLogic; a missing value satisfies unwanted tests and no wanted one.

    Only for texts, dates and numbers: a pattern always says flags.
    """
    tests = part.unwanted or part.wanted
    logic = _at(part.attribute.steps, lambda subject: any_holds(tests, subject))
    return {"!": [logic]} if part.unwanted else logic


def any_holds(tests: Iterable[Test], subject: Logic) -> Logic:
    """Return the logic that says whether any of the tests holds for what the subject gives."""
    return _either(_tests(tests, subject))


def _at(steps: tuple[tuple[str, bool], ...], test: Callable[[Logic], Logic]) -> Logic:
    """Apply a test to what the steps lead to; in a list on the way, to any element."""
    names = []
    for length, (name, is_list) in enumerate(steps, 1):
        names.append(name)
        if is_list:
            return {"some": [{"var": ".".join(names)}, _at(steps[length:], test)]}
    return test({"var": ".".join(names)})


def _tests(tests: Iterable[Test], subject: Logic) -> Iterator[Logic]:
    """Yield a logic for each test; equalities come together as membership of a list."""
    equalities: dict[str | None, list[str]] = {}
    others: list[Logic] = []
    for test in tests:
        if isinstance(test, TextTest) and test.how == "equals":
            equalities.setdefault(test.key, []).append(test.value)
        else:
            others.append(_test(test, subject))
    for key, values in equalities.items():
        member = _member(subject, key)
        yield {"in_list": [member, values]} if len(values) > 1 else {"===": [member, values[0]]}
    yield from others


def _member(subject: Logic, key: str | None) -> Logic:
    return subject if key is None else {"get": [subject, key]}


def _test(test: Test, subject: Logic) -> Logic:
    if isinstance(test, TextTest):
        operator, operand = _TEXT_OPERATORS[test.how]
        return {operator: [_member(subject, test.key), operand(test.value)]}
    if isinstance(test, DateTest):
        bounds = list(_date(test, subject))
        return bounds[0] if len(bounds) == 1 else {"and": bounds}
    if isinstance(test, NumberTest):
        return {"and": list(_number(test, subject))}
    raise TypeError(f"{test} is for a pattern")


def _glob(part: str) -> str:
    return "*" + "".join(f"\\{one}" if one in "*?\\" else one for one in part) + "*"


def _itself(value: str) -> str:
    return value


_TEXT_OPERATORS: Mapping[str, tuple[str, Callable[[str], str]]] = {
    "prefix": ("starts_with", _itself),
    "suffix": ("ends_with", _itself),
    "contains": ("glob", _glob),
    "regex": ("regex", _itself),
}


def _number(test: NumberTest, subject: Logic) -> Iterator[Logic]:
    """Yield what must hold of a number: first that it is there, as a missing one would count as 0."""
    yield {"!==": [subject, None]}
    for sign, bound in zip(test.comparisons[::2], test.comparisons[1::2], strict=True):
        yield {"===" if sign == "=" else sign: [subject, bound]}


def _date(test: DateTest, subject: Logic) -> Iterator[Logic]:
    if test.after is not None:
        yield {"after": [subject, test.after]}
    if test.before is not None:
        yield {"before": [subject, test.before]}
    if test.days_most is not None:
        yield {"<=": [0, {"age_days": [subject]}, test.days_most]}
    if test.days_more_than is not None:
        yield {">": [{"age_days": [subject]}, test.days_more_than]}


def _either(logics: Iterable[Logic]) -> Logic:
    listed = list(logics)
    return listed[0] if len(listed) == 1 else {"or": listed}
