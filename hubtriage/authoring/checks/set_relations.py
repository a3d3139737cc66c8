"""How two value sets relate, and what kind of set one is.

A set may hold more values than pass its condition, never fewer. So "they have nothing in common" is certain,
and so is "the one lies within the other" where the outer set is exact.
"""

from collections.abc import Collection

from hubtriage.engine.index.value_sets import Interval, ValueSet


def can_meet(one: ValueSet, other: ValueSet) -> bool:
    """Say whether some value may be in both sets."""
    if (one.null and other.null) or (one.absent and other.absent) or (one.booleans and other.booleans):
        return True
    if any(intervals_meet(first, second) for first in one.numbers for second in other.numbers):
        return True
    return _texts_meet(one, other)


def intervals_meet(one: Interval, other: Interval) -> bool:
    """Say whether some number is in both intervals."""
    low, high = max(one.low, other.low), min(one.high, other.high)
    if low != high:
        return low < high
    return _holds(one, low) and _holds(other, low)


def interval_covers(outer: Interval, inner: Interval) -> bool:
    """Say whether every number of one interval is in another."""
    low = outer.low < inner.low or (outer.low == inner.low and (outer.has_low or not inner.has_low))
    high = outer.high > inner.high or (outer.high == inner.high and (outer.has_high or not inner.has_high))
    return low and high


def _holds(interval: Interval, number: float) -> bool:
    return (number > interval.low or interval.has_low) and (number < interval.high or interval.has_high)


def _texts_meet(one: ValueSet, other: ValueSet) -> bool:
    if _may_hold_any(other, one.texts) or _may_hold_any(one, other.texts):
        return True
    if not (_is_open(one) and _is_open(other)):
        return False
    if one.networks or other.networks or one.other_texts or other.other_texts:
        return True
    return any(a.startswith(b) or b.startswith(a) for a in one.prefixes for b in other.prefixes)


def _may_hold_any(values: ValueSet, texts: Collection[str]) -> bool:
    """Say whether one of the texts may be in the set; any text may be an address in a network."""
    prefixes = tuple(values.prefixes)
    return bool(texts and values.networks) or any(_holds_text(values, prefixes, text) for text in texts)


def _holds_text(values: ValueSet, prefixes: tuple[str, ...], text: str) -> bool:
    is_other = values.other_texts and text not in values.not_texts
    return text in values.texts or text.startswith(prefixes) or is_other


def _is_open(values: ValueSet) -> bool:
    """Say whether the set has texts that are not listed."""
    return bool(values.prefixes or values.networks or values.other_texts)


def is_everything(values: ValueSet) -> bool:
    """Say whether every text is certainly in the set, and null and absence too."""
    every_text = values.other_texts and not values.not_texts and values.exact_texts
    return every_text and values.absent and values.null


def is_list_of_texts(values: ValueSet) -> bool:
    """Say whether the set consists of listed texts, at least one."""
    return bool(values.texts) and values == ValueSet(texts=values.texts)


def is_within(inner: ValueSet, outer: ValueSet) -> bool:
    """Say whether one set is certainly part of another; the outer set has to be exact."""
    if inner == outer:
        return True
    if not (outer.exact_texts and outer.exact_numbers and outer.exact_booleans):
        return False
    if inner.networks or inner.numbers or inner.booleans or inner.other_texts:
        return False
    if (inner.null and not outer.null) or (inner.absent and not outer.absent):
        return False
    prefixes = tuple(outer.prefixes)
    return all(_holds_text(outer, prefixes, text) for text in inner.texts) and all(
        any(prefix.startswith(known) for known in prefixes) for prefix in inner.prefixes
    )


def is_choice_of_texts(values: ValueSet) -> bool:
    """Say whether the set has no members but listed texts; it may have none, or be inexact."""
    others = (values.prefixes, values.networks, values.numbers)
    flags = (values.other_texts, values.booleans, values.null, values.absent)
    return not any(others) and not any(flags)
