"""Conditions in disjunctive normal form (DNF): a condition holds if one of its conjunctions does.

A constraint is a source (a path of the finding, or a short calculation) and the set of values that it may
have there. A conjunction is a set of constraints that must all hold. `!` is pushed inwards to them. Below a
list, all constraints of a conjunction are about the same element.

What this form cannot express is left out. That can only make a condition look easier to satisfy than it is.
The conjunction is then not exact.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, reduce
from itertools import product
from typing import Any, TypeAlias

from hubtriage.engine.index.asff_lists import LISTS
from hubtriage.engine.index.value_sets import (
    EVERYTHING,
    PRESENT,
    SOME_TEXTS,
    SOMETHING,
    Interval,
    ValueSet,
    all_but,
    approximate,
    listed,
    starting_with,
)
from hubtriage.engine.jsonlogic.numbers import number_of
from hubtriage.engine.jsonlogic.syntax import LOOPS, operations, split_operation, var_keys
from hubtriage.engine.jsonlogic.values import is_number, less, truthy
from hubtriage.engine.pattern.compiler import PatternField, expand

# A path of member names, in which lists do not show; or an expression in JSON.
Source: TypeAlias = tuple[str, ...] | str


@dataclass(frozen=True, slots=True)
class Conjunction:
    """And-ed constraints; if exact, they hold only if the condition does."""

    constraints: Mapping[Source, ValueSet]
    exact: bool = True


TRUE = [Conjunction({})]
UNKNOWN = [Conjunction({}, exact=False)]
FALSE: list[Conjunction] = []
MAX_CONJUNCTIONS = 32


@lru_cache(maxsize=4096)
def lists_on(path: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
    """Return which beginnings of a path, or the path itself, are lists.

    A member that ASFF's model does not know may turn out to be a list too; the index then decides nothing.
    """
    return frozenset(path[:length] for length in range(1, len(path) + 1)) & LISTS


def conjunctions_of(rule: Mapping[str, Any]) -> list[Conjunction]:
    """Return the conjunctions of a rule's `match` and `when`; a rule has one of them or both."""
    conjunctions = TRUE
    if "match" in rule:
        conjunctions = _bounded([_leaves(conjunction) for conjunction in expand(rule["match"])])
    if "when" in rule:
        logic = rule["when"]
        # a rule must fail on all findings on which its logic fails, so such logic may exclude none
        required = UNKNOWN if may_fail(logic) else _holds(logic, True, _WHOLE)
        conjunctions = _both(conjunctions, required, _WHOLE)
    return conjunctions


def may_fail(logic: Any) -> bool:
    """Say whether an expression may raise EvaluationError: where size or work may multiply."""
    loops = 0
    for operation in operations(logic):
        if operation.name in _FAILING:
            return True
        if operation.name in LOOPS:
            loops += 1
            if loops > _MOST_LOOPS or operation.is_under(*LOOPS):
                return True
    return False


_FAILING = frozenset(("reduce", "missing_some", "cat", "merge"))
_MOST_LOOPS = 8  # over the longest list that fits into a finding they stay within the evaluator's bounds


# --- conjunctions ---


def _both(left: list[Conjunction], right: list[Conjunction], scope: _Scope) -> list[Conjunction]:
    """Return "left and right": each conjunction of the one joined with each of the other."""
    if len(left) * len(right) > MAX_CONJUNCTIONS:
        left, right = ([_common(left)], right) if len(left) > len(right) else (left, [_common(right)])
    return _bounded([_joined(one, other, scope) for one, other in product(left, right)])


def _either(parts: Iterable[list[Conjunction]]) -> list[Conjunction]:
    """Return "one of the parts"; lone constraints on one source become one constraint."""
    single: dict[tuple[Source, bool], ValueSet] = {}
    conjunctions: list[Conjunction] = []
    for conjunction in (conjunction for part in parts for conjunction in part):
        if len(conjunction.constraints) == 1:
            ((source, values),) = conjunction.constraints.items()
            key = source, conjunction.exact
            single[key] = single[key].united(values) if key in single else values
        else:
            conjunctions.append(conjunction)
    return _bounded(
        [*(Conjunction({source: values}, exact) for (source, exact), values in single.items()), *conjunctions]
    )


def _joined(left: Conjunction, right: Conjunction, scope: _Scope) -> Conjunction:
    """Join two conjunctions. Of constraints that may be about different elements keep the narrower."""
    if not left.constraints or not right.constraints:
        return Conjunction(left.constraints or right.constraints, left.exact and right.exact)
    shared = _walked(left, scope) & _walked(right, scope)
    if shared:
        # below a shared list each side is about an element of its own: only the narrower side is looked up
        left, right = sorted((left, right), key=lambda one: _narrowest(one, shared))
        outside = {key: values for key, values in right.constraints.items() if not _is_below(key, shared)}
        right = Conjunction(outside, exact=False)
    joined = dict(left.constraints)
    for source, values in right.constraints.items():
        if source not in joined or width(values) < width(joined[source]):
            joined[source] = values
    is_whole = len(joined) == len(left.constraints) + len(right.constraints)
    return Conjunction(joined, left.exact and right.exact and is_whole)


_Lists: TypeAlias = frozenset[tuple[str, ...]]


def _walked(conjunction: Conjunction, scope: _Scope) -> _Lists:
    """Return the lists that the constraints walk within a scope, each for an element of its own."""
    walked: _Lists = frozenset()
    for source in conjunction.constraints:
        if isinstance(source, tuple):
            walked |= lists_on(source)
    return walked - scope.opened


def _narrowest(conjunction: Conjunction, lists: _Lists) -> float:
    return min(
        width(values) for source, values in conjunction.constraints.items() if _is_below(source, lists)
    )


def _is_below(source: Source, lists: _Lists) -> bool:
    return isinstance(source, tuple) and not lists.isdisjoint(lists_on(source))


def _bounded(conjunctions: list[Conjunction]) -> list[Conjunction]:
    return conjunctions if len(conjunctions) <= MAX_CONJUNCTIONS else [_common(conjunctions)]


def _common(conjunctions: list[Conjunction]) -> Conjunction:
    """Return what all of them ask for: one conjunction that holds whenever any of them does."""
    constraints = [conjunction.constraints for conjunction in conjunctions]
    shared = set.intersection(*map(set, constraints))
    return Conjunction(
        {source: reduce(ValueSet.united, (one[source] for one in constraints)) for source in shared},
        exact=False,
    )


def width(values: ValueSet) -> float:
    """Return roughly how many texts a set has, to tell narrow from wide."""
    if values.other_texts:
        return 1e9
    return (
        len(values.texts) + 10.0 * (len(values.prefixes) + len(values.networks)) + 1e3 * len(values.numbers)
    )


# --- match ---


def _leaves(leaves: Sequence[PatternField]) -> Conjunction:
    constraints: dict[Source, ValueSet] = {leaf.keys: values_of(leaf.alternatives) for leaf in leaves}
    paths = [leaf.keys for leaf in leaves]
    unsure = {path for path in paths if constraints[path].absent and _shares_a_list(path, paths)}
    kept = {path: values for path, values in constraints.items() if path not in unsure}
    return Conjunction(kept, exact=not unsure)


def _shares_a_list(path: tuple[str, ...], paths: Iterable[tuple[str, ...]]) -> bool:
    """Say whether another path leads through a list of this one's.

    Absence is then about one element, and the field may be there in others, which the index does not tell
    apart.
    """
    lists = lists_on(path[:-1])
    return any(other != path and lists & lists_on(other[:-1]) for other in paths)


def values_of(alternatives: Iterable[Any]) -> ValueSet:
    """Return the values that one of the alternatives of a pattern's field holds for."""
    return reduce(ValueSet.united, map(_alternative, alternatives))


def _alternative(alternative: Any) -> ValueSet:
    """Return the values that one alternative of a pattern's field holds for."""
    if not isinstance(alternative, dict):
        return listed([alternative])
    ((operator, operand),) = alternative.items()
    if operator == "exists":
        return PRESENT if operand else ValueSet(absent=True)
    if operator == "anything-but":
        return _but(operand)
    if operator == "numeric":
        return ValueSet(numbers=(_interval(operand),))
    if operator == "cidr":
        return ValueSet(networks=frozenset((operand,)))
    if operator == "prefix" and isinstance(operand, str):
        return starting_with(operand)
    return _from_wildcard(operand, "*\\") if operator == "wildcard" else SOME_TEXTS


def _but(operand: Any) -> ValueSet:
    if isinstance(operand, dict):
        return replace(PRESENT, exact_texts=False)
    return all_but(operand if isinstance(operand, list) else [operand], PRESENT)


def _interval(operand: Sequence[Any]) -> Interval:
    interval = Interval()
    for sign, bound in zip(operand[::2], operand[1::2], strict=True):
        if sign in ("=", ">", ">="):
            interval = interval._replace(low=bound, has_low=sign != ">")
        if sign in ("=", "<", "<="):
            interval = interval._replace(high=bound, has_high=sign != "<")
    return interval


def _from_wildcard(pattern: str, special: str) -> ValueSet:
    """Return the texts that begin as the pattern does before its first special character."""
    prefix = pattern[: min((at for at in map(pattern.find, special) if at >= 0), default=len(pattern))]
    if prefix == pattern:
        return listed([pattern])
    return replace(starting_with(prefix), exact_texts=pattern == f"{prefix}*")


# --- when ---


@dataclass(frozen=True, slots=True)
class _Scope:
    """Where an expression is evaluated: on the finding, or on each element of nested lists."""

    path: tuple[str, ...] = ()
    opened: frozenset[tuple[str, ...]] = frozenset()

    def place(self, keys: tuple[str, ...]) -> tuple[str, ...] | None:
        """Return the path of one value; None if it leads into a list that is not walked."""
        path = self.path + keys
        return path if lists_on(path) == self.opened else None

    def list_at(self, keys: tuple[str, ...]) -> tuple[str, ...] | None:
        """Return the path of a list to be walked; None if it is no list, or lies in another."""
        path = self.path + keys
        return path if lists_on(path) == self.opened | {path} else None

    def within(self, path: tuple[str, ...]) -> _Scope:
        """Return the scope of the elements of a list."""
        return _Scope(path, self.opened | {path})


_WHOLE = _Scope()
_Constraint: TypeAlias = tuple[Source, ValueSet] | None


def _holds(logic: Any, wanted: bool, scope: _Scope) -> list[Conjunction]:
    """Return the conjunctions of "the expression is true" or, if that is wanted, "is false"."""
    if isinstance(logic, list):
        return TRUE if bool(logic) is wanted else FALSE
    if not isinstance(logic, dict) or not logic:
        return TRUE if truthy(logic) is wanted else FALSE
    name, arguments = split_operation(logic)
    if name in ("!", "!!"):
        return _holds(arguments[0], wanted is (name == "!!"), scope)
    if name in ("and", "or"):
        parts = [_holds(argument, wanted, scope) for argument in arguments]
        return _all_of(parts, scope) if (name == "and") is wanted else _either(parts)
    if name in ("if", "?:") and len(arguments) == 3:
        return _holds_if(arguments, wanted, scope)
    if (name in ("some", "all") and wanted) or (name == "none" and not wanted):
        return _holds_for_some(arguments, scope, exact=name != "all")
    found = _constraint(name, arguments, wanted, scope)
    return [Conjunction({found[0]: found[1]})] if found else UNKNOWN


def _all_of(parts: list[list[Conjunction]], scope: _Scope) -> list[Conjunction]:
    return reduce(lambda left, right: _both(left, right, scope), parts)


def _holds_if(arguments: list[Any], wanted: bool, scope: _Scope) -> list[Conjunction]:
    condition, then, otherwise = arguments
    return _either(
        [
            _both(_holds(condition, True, scope), _holds(then, wanted, scope), scope),
            _both(_holds(condition, False, scope), _holds(otherwise, wanted, scope), scope),
        ]
    )


def _holds_for_some(arguments: list[Any], scope: _Scope, *, exact: bool) -> list[Conjunction]:
    keys = var_keys(arguments[0])
    path = scope.list_at(keys) if keys else None
    if path is None:
        return UNKNOWN
    inner = _holds(arguments[1], True, scope.within(path))
    # without a constraint nothing would require that the list has an element
    return [
        Conjunction(conjunction.constraints, exact and conjunction.exact and bool(conjunction.constraints))
        for conjunction in inner
    ]


def _constraint(name: str, arguments: list[Any], wanted: bool, scope: _Scope) -> _Constraint:
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


def _var(expression: Any, scope: _Scope) -> Source | None:
    keys = var_keys(expression)
    return None if keys is None else scope.place(keys) or None


_CALCULATIONS = frozenset(("arn", "lower", "account", "age_days", "substr", "get"))


def _source(expression: Any, scope: _Scope) -> Source | None:
    """Return where an operand's value comes from, if it is worth looking up."""
    if not isinstance(expression, dict) or len(expression) != 1:
        return None
    name, arguments = split_operation(expression)
    if name == "get" and isinstance(arguments[1], str):
        keys = var_keys(arguments[0])
        place = scope.place((*keys, arguments[1])) if keys else None
        return place if keys and scope.place(keys) else None
    if name in _CALCULATIONS:
        return json.dumps(expression, sort_keys=True) if scope == _WHOLE else None
    return _var(expression, scope)


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, str | bool | int | float)


def _with_nothing(values: ValueSet) -> ValueSet:
    """Return the set for a place where null and absent are the same."""
    return replace(values, absent=True) if values.null else values


def _in(arguments: list[Any], wanted: bool, scope: _Scope) -> _Constraint:
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


def _compared(name: str, arguments: list[Any], wanted: bool, scope: _Scope) -> _Constraint:
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
    "glob": _only_wanted(lambda pattern: _from_wildcard(pattern, "*?\\")),
    "regex": _only_wanted(lambda _pattern: SOME_TEXTS),
    "cidr": _only_wanted(_networks),
    "before": _only_wanted(lambda _moment: SOME_TEXTS),
    "after": _only_wanted(lambda _moment: SOME_TEXTS),
}
