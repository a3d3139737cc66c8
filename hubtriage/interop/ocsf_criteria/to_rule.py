"""Criteria that are joined by "and" and "or", as a rule's `match` and `when`.

What must hold in any case goes where a rule's criteria go. Alternatives on one attribute are one criterion of
several values. All other alternatives are in `when`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from hubtriage.interop.criteria.model import Criterion
from hubtriage.interop.criteria.to_rule import Logic, Pattern, logic_of, parts, rule_conditions
from hubtriage.interop.ocsf_criteria.parse_filters import Condition, Joined


def joined_conditions(condition: Condition, also: Iterable[Criterion] = ()) -> Pattern:
    """Return `match` and `when` for a condition that must hold, and further criteria."""
    criteria: list[Criterion] = [*also]
    alternatives: list[Logic] = []
    for part in _conjuncts(_simple(condition)):
        if isinstance(part, Criterion):
            criteria.append(part)
        else:
            alternatives.append(_logic(part))
    return rule_conditions(criteria, alternatives)


def _simple(condition: Condition) -> Condition:
    """Return a condition in which what is joined in the same way stands side by side."""
    if isinstance(condition, Criterion):
        return condition
    flat: list[Condition] = []
    for part in map(_simple, condition.parts):
        is_alike = isinstance(part, Joined) and part.operator == condition.operator
        flat += part.parts if isinstance(part, Joined) and is_alike else [part]
    united = _united(flat) if condition.operator == "OR" else flat
    return united[0] if len(united) == 1 else Joined(condition.operator, tuple(united))


def _united(alternatives: Iterable[Condition]) -> list[Condition]:
    """Return alternatives in which the wanted values of one attribute are one criterion."""
    result: list[Condition] = []
    places: dict[object, int] = {}
    for one in alternatives:
        if not isinstance(one, Criterion) or one.unwanted:
            result.append(one)
            continue
        place = places.setdefault(one.attribute, len(result))
        if place == len(result):
            result.append(one)
            continue
        known = result[place]
        if isinstance(known, Criterion):
            result[place] = replace(known, wanted=tuple(dict.fromkeys((*known.wanted, *one.wanted))))
    return result


def _conjuncts(condition: Condition) -> Iterator[Condition]:
    if isinstance(condition, Joined) and condition.operator == "AND":
        yield from condition.parts
    else:
        yield condition


def _logic(condition: Condition) -> Logic:
    if isinstance(condition, Joined):
        return {condition.operator.lower(): [_logic(part) for part in condition.parts]}
    logics = [logic_of(part) for part in parts(condition)]
    return logics[0] if len(logics) == 1 else {"and": logics}
