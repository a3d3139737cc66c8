"""Criteria brought together as a filter holds them: one list of comparisons for each attribute."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import product
from math import prod

from hubtriage.interop.criteria.attributes import FindingAttribute
from hubtriage.interop.criteria.input import Path, Refused
from hubtriage.interop.criteria.model import Criterion, TextTest, joined_dates

Criteria = dict[FindingAttribute, Criterion]


def merged(criteria: Iterable[Criterion], path: Path) -> Criteria | None:
    """Merge criteria into one for each attribute; return None if no finding can satisfy them.

    Raises Refused where AWS has no such criterion.
    """
    result: Criteria = {}
    for criterion in criteria:
        known = result.get(criterion.attribute)
        result[criterion.attribute] = criterion if known is None else _both(known, criterion, path)
    settled = [_settled(criterion) for criterion in result.values()]
    if None in settled:
        return None
    return {criterion.attribute: criterion for criterion in settled if criterion is not None}


def _both(one: Criterion, other: Criterion, path: Path) -> Criterion:
    """Two criteria on one attribute as one: positive comparisons are or-ed, so only one may have any."""
    unwanted = tuple(dict.fromkeys((*one.unwanted, *other.unwanted)))
    if not (one.wanted and other.wanted):
        return Criterion(one.attribute, one.wanted or other.wanted, unwanted)
    joined = joined_dates(one.wanted[0], other.wanted[0])
    if joined is not None and len(one.wanted) == len(other.wanted) == 1:
        return Criterion(one.attribute, (joined,))
    raise Refused(path, f"automation rules cannot have two conditions on {one.attribute.name}")


def _settled(criterion: Criterion) -> Criterion | None:
    """Drop the values that are both wanted and unwanted; return None if no value is left.

    AWS refuses EQUALS together with its opposites, and needs it not: what is excluded is left out of the
    list.
    """
    if not criterion.wanted or not criterion.unwanted or criterion.attribute.root:
        return criterion
    equal = [test for test in criterion.wanted if isinstance(test, TextTest) and test.how == "equals"]
    if len(equal) != len(criterion.wanted) or criterion.attribute.kind == "map":
        return criterion
    left = tuple(test for test in equal if not any(no.holds(test.value) for no in criterion.unwanted))
    return Criterion(criterion.attribute, left) if left else None


def united(branches: Iterable[Criteria]) -> list[Criteria]:
    """Join alternative sets of criteria: those that differ in one wanted list become one set."""
    result: list[Criteria] = []
    for branch in branches:
        for index, known in enumerate(result):
            union = _union(known, branch)
            if union is not None:
                result[index] = union
                break
        else:
            result.append(branch)
    return result


def _union(one: Criteria, other: Criteria) -> Criteria | None:
    if one.keys() != other.keys():
        return None
    different = [attribute for attribute in one if one[attribute] != other[attribute]]
    if len(different) != 1:
        return one if not different else None
    first, second = one[different[0]], other[different[0]]
    if first.unwanted or second.unwanted:
        return None
    wanted = tuple(dict.fromkeys((*first.wanted, *second.wanted)))
    return {**one, different[0]: replace(first, wanted=wanted)}


def split(criteria: Criteria, most: int, path: Path) -> Iterator[Criteria]:
    """Yield sets of criteria that AWS takes; one of them holds where these do. At most `most` sets.

    Wanted values are or-ed, so a long list of them can be divided. Unwanted ones are and-ed, so each set has
    all of them. Raises Refused where they leave no room, or where there would be too many sets.
    """
    room = {one: one.attribute.most - len(one.unwanted) for one in criteria.values()}
    long = [one for one in criteria.values() if len(one.wanted) > room[one]]
    for one in long:
        if room[one] < 1:
            reason = f"{len(one.unwanted)} excluded values for {one.attribute.name}; AWS takes"
            raise Refused(path, f"{reason} {one.attribute.most}, in one rule", "shorten the list")
    count = prod(-(-len(one.wanted) // room[one]) for one in long)
    if count > most:
        raise Refused(path, f"it would take {count} automation rules; AWS allows {most}", "split the rule")
    for parts in product(*(_chunks(one, room[one]) for one in long)):
        yield {**criteria, **{one.attribute: one for one in parts}}


def _chunks(criterion: Criterion, size: int) -> Iterator[Criterion]:
    for start in range(0, len(criterion.wanted), size):
        yield replace(criterion, wanted=criterion.wanted[start : start + size])
