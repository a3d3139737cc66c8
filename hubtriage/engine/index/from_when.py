"""A rule's `when` as conjunctions: `!` is pushed inwards, and each test becomes a set of values."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from typing import Any, TypeAlias

from hubtriage.engine.index.conjunctions import (
    FALSE,
    TRUE,
    UNKNOWN,
    WHOLE,
    Conjunction,
    Scope,
    Source,
    both,
    either,
)
from hubtriage.engine.index.value_sets import (
    EVERYTHING,
    SOME_TEXTS,
    SOMETHING,
    Interval,
    ValueSet,
    all_but,
    approximate,
    from_wildcard,
    listed,
    starting_with,
)
from hubtriage.engine.jsonlogic.numbers import number_of
from hubtriage.engine.jsonlogic.syntax import split_operation, var_keys
from hubtriage.engine.jsonlogic.values import is_number, less, truthy

_Constraint: TypeAlias = tuple[Source, ValueSet] | None


def holds(logic: Any, wanted: bool, scope: Scope) -> list[Conjunction]:
    """Return the conjunctions of "the expression is true" or, if that is wanted, "is false"."""
    if isinstance(logic, list):
        return TRUE if bool(logic) is wanted else FALSE
    if not isinstance(logic, dict) or not logic:
        return TRUE if truthy(logic) is wanted else FALSE
    name, arguments = split_operation(logic)
    if name in ("!", "!!"):
        return holds(arguments[0], wanted is (name == "!!"), scope)
    if name in ("and", "or"):
        parts = [holds(argument, wanted, scope) for argument in arguments]
        return _all_of(parts, scope) if (name == "and") is wanted else either(parts)
    if name in ("if", "?:") and len(arguments) == 3:
        return _holds_if(arguments, wanted, scope)
    if (name in ("some", "all") and wanted) or (name == "none" and not wanted):
        return _holds_for_some(arguments, scope, exact=name != "all")
    found = _constraint(name, arguments, wanted, scope)
    return [Conjunction({found[0]: found[1]})] if found else UNKNOWN


def _all_of(parts: list[list[Conjunction]], scope: Scope) -> list[Conjunction]:
    return reduce(lambda left, right: both(left, right, scope), parts)


def _holds_if(arguments: list[Any], wanted: bool, scope: Scope) -> list[Conjunction]:
    condition, then, otherwise = arguments
    return either(
        [
            both(holds(condition, True, scope), holds(then, wanted, scope), scope),
            both(holds(condition, False, scope), holds(otherwise, wanted, scope), scope),
        ]
    )


def _holds_for_some(arguments: list[Any], scope: Scope, *, exact: bool) -> list[Conjunction]:
    keys = var_keys(arguments[0])
    path = scope.list_at(keys) if keys else None
    if path is None:
        return UNKNOWN
    inner = holds(arguments[1], True, scope.within(path))
    # without a constraint nothing would require that the list has an element
    return [
        Conjunction(conjunction.constraints, exact and conjunction.exact and bool(conjunction.constraints))
        for conjunction in inner
    ]


def _constraint(name: str, arguments: list[Any], wanted: bool, scope: Scope) -> _Constraint:
    if name == "var":
        return _about(_var({"var": arguments}, scope), _TRUE if wanted else _FALSE)
    if name == "in":
        return _in(arguments, wanted, scope)
    if name in _COMPARISONS:
        return _compared(name, arguments, wanted, scope)
    if name in _TESTS and len(arguments) == 2:
        values = _TESTS[name](arguments[1], wanted)
        return _about(_source(arguments[0], scope), values)
    return None


def _about(source: Source | None, values: ValueSet | None) -> _Constraint:
    return None if source is None or values is None else (source, values)


# a number may be 0, a boolean false
_TRUE = replace(SOMETHING, not_texts=frozenset([""]), exact_numbers=False, exact_booleans=False)
_FALSE = replace(
    EVERYTHING, other_texts=False, texts=frozenset([""]), exact_numbers=False, exact_booleans=False
)


def _var(expression: Any, scope: Scope) -> Source | None:
    keys = var_keys(expression)
    return None if keys is None else scope.place(keys) or None


_CALCULATIONS = frozenset(("arn", "lower", "account", "age_days", "substr", "get"))


def _source(expression: Any, scope: Scope) -> Source | None:
    """Return where an operand's value comes from, if it is worth looking up."""
    if not isinstance(expression, dict) or len(expression) != 1:
        return None
    name, arguments = split_operation(expression)
    if name == "get" and isinstance(arguments[1], str):
        keys = var_keys(arguments[0])
        place = scope.place((*keys, arguments[1])) if keys else None
        return place if keys and scope.place(keys) else None
    if name in _CALCULATIONS:
        return json.dumps(expression, sort_keys=True) if scope == WHOLE else None
    return _var(expression, scope)


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, str | bool | int | float)


def _with_nothing(values: ValueSet) -> ValueSet:
    """Return the set for a place where null and absent are the same."""
    return replace(values, absent=True) if values.null else values


def _in(arguments: list[Any], wanted: bool, scope: Scope) -> _Constraint:
    needle, haystack = arguments
    if isinstance(haystack, list) and all(map(_is_scalar, haystack)):
        return _about(_source(needle, scope), _member(haystack, wanted))
    keys = var_keys(haystack)
    if wanted and keys and isinstance(needle, str):
        return _about(scope.list_at(keys), listed([needle]))
    return None


def _member(items: Any, wanted: bool) -> ValueSet | None:
    if not isinstance(items, list) or not all(map(_is_scalar, items)):
        return None
    if wanted:
        return _with_nothing(listed(items))
    return all_but(items, SOMETHING if None in items else EVERYTHING)


_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_COMPARISONS = frozenset(("==", "!=", "===", "!==", *_MIRRORED))


def _compared(name: str, arguments: list[Any], wanted: bool, scope: Scope) -> _Constraint:
    if len(arguments) != 2:
        return None
    left, right = arguments
    if not isinstance(left, dict):
        left, right, name = right, left, _MIRRORED.get(name, name)
    if not _is_scalar(right):
        return None
    source = _source(left, scope)
    if name in _MIRRORED:
        return _about(source, _ordered(name, right, wanted))
    if name.startswith("!"):
        name, wanted = name.replace("!", "=", 1), not wanted
    return _about(source, _strictly(right, wanted) if name == "===" else _loosely(right, wanted))


def _strictly(constant: Any, wanted: bool) -> ValueSet:
    if wanted:
        return _with_nothing(listed([constant]))
    return SOMETHING if constant is None else all_but([constant])


def _loosely(constant: Any, wanted: bool) -> ValueSet:
    if constant is None:
        return _strictly(constant, wanted)
    if not isinstance(constant, str):
        # the other kinds of values may equal a number or boolean by conversion
        return (
            _number_loosely(constant)
            if wanted and is_number(constant)
            else approximate(SOMETHING if wanted else EVERYTHING)
        )
    number = number_of(constant)
    is_numeric = number == number
    values = listed([constant]) if wanted else all_but([constant])
    return replace(
        values,
        numbers=EVERYTHING.numbers if is_numeric or not wanted else (),
        booleans=is_numeric or not wanted,
        exact_numbers=not is_numeric,
        exact_booleans=not is_numeric,
    )


def _number_loosely(constant: Any) -> ValueSet:
    return replace(
        SOMETHING, numbers=(Interval(constant, constant),), exact_texts=False, exact_booleans=False
    )


def _ordered(name: str, bound: Any, wanted: bool) -> ValueSet | None:
    """Return what is less or greater than a number; texts and booleans may be, as they are converted."""
    if not is_number(bound):
        return None
    below, with_bound = (name[0] == "<") is wanted, (len(name) > 1) is wanted
    interval = Interval(high=bound, has_high=with_bound) if below else Interval(low=bound, has_low=with_bound)
    nothing = _null_compares(name, bound) is wanted
    return ValueSet(
        other_texts=True,
        numbers=(interval,),
        booleans=True,
        null=nothing,
        absent=nothing,
        exact_texts=False,
        exact_booleans=False,
    )


def _null_compares(name: str, bound: float) -> bool:
    left, right = (None, bound) if name[0] == "<" else (bound, None)
    return less(left, right, or_equal=name.endswith("="))


def _networks(value: Any) -> ValueSet:
    return ValueSet(networks=frozenset(value if isinstance(value, list) else [value]))


def _only_wanted(values: Callable[[Any], ValueSet]) -> Callable[[Any, bool], ValueSet | None]:
    """Return a test that is looked up only where it has to hold, and only with a constant argument."""
    return lambda argument, wanted: values(argument) if wanted and not isinstance(argument, dict) else None


_TESTS: dict[str, Callable[[Any, bool], ValueSet | None]] = {
    "in_list": _member,
    "starts_with": _only_wanted(starting_with),
    "ends_with": _only_wanted(lambda _suffix: SOME_TEXTS),
    "glob": _only_wanted(lambda pattern: from_wildcard(pattern, "*?\\")),
    "regex": _only_wanted(lambda _pattern: SOME_TEXTS),
    "cidr": _only_wanted(_networks),
    "before": _only_wanted(lambda _moment: SOME_TEXTS),
    "after": _only_wanted(lambda _moment: SOME_TEXTS),
}
