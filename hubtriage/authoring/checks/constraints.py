"""What the conditions of a rule ask of single values: each a place in the file and a set of values.

The sets may hold more than what passes a condition, never less: two that have nothing in common are
conditions that no finding fulfils together.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from hubtriage.authoring.asff.fields import Keys, Kind
from hubtriage.authoring.checks.linted_rule import LintedRule, field_at
from hubtriage.authoring.yaml.tree import YamlPath
from hubtriage.engine.index.dnf import Source, conjunctions_of, values_of
from hubtriage.engine.index.value_sets import Interval, ValueSet, listed

# AWS: these numbers are between 0 and 100.
_PERCENTAGES: set[Keys | str] = {("Confidence",), ("Criticality",), ("Severity", "Normalized")}
_CALCULATIONS = ("account", "age_days", "arn", "get", "lower", "substr")
_PERCENT = Interval(0, 100)


@dataclass(frozen=True, slots=True)
class ValueConstraint:
    """A condition that has to hold: where it stands, what it looks at, and the values that satisfy it.

    If not `exact`, it asks for more than the values.
    """

    source: Source
    values: ValueSet
    place: YamlPath
    exact: bool = True


@lru_cache(maxsize=1)  # several checks ask for those of one rule, one after another
def constraints_of(rule: LintedRule) -> tuple[ValueConstraint, ...]:
    """The conditions on one value each that a rule needs all of, without those on the elements of lists."""
    return (*_of_match(rule), *_of_when(rule))


def _of_match(rule: LintedRule) -> Iterator[ValueConstraint]:
    for match_field in rule.match_fields:
        kind = _kind_of(match_field.keys)
        if kind and "$or" not in match_field.place:
            values = values_of(alternative for alternative, _place in match_field.alternatives)
            yield ValueConstraint(match_field.keys, _of_kind(kind, values), match_field.place)


def _of_when(rule: LintedRule) -> Iterator[ValueConstraint]:
    for operation in rule.operations:
        if all(one.name == "and" for one in operation.outer):
            asked = constraint_of(operation.logic)
            if asked:
                yield replace(asked, place=operation.place)


def constraint_of(logic: Any) -> ValueConstraint | None:
    """What an expression asks of one value; None if it asks for more, or that is not known."""
    branches = conjunctions_of({"when": logic})
    if len(branches) != 1 or len(branches[0].constraints) != 1:
        return None
    ((source, values),) = branches[0].constraints.items()
    kind = "unknown" if isinstance(source, str) else _kind_of(source)
    return ValueConstraint(source, _of_kind(kind, values), (), branches[0].exact) if kind else None


def _kind_of(keys: Keys) -> Kind | None:
    """The kind of the one value at a path; None if no finding has it, or several."""
    field = field_at(keys)
    return None if field is None or field.in_list else field.kind


def _of_kind(kind: Kind, values: ValueSet) -> ValueSet:
    """Those of the values that a field of a kind can have."""
    if kind == "text":
        return replace(values, numbers=(), booleans=False)
    if kind != "number":
        return values
    return ValueSet(numbers=values.numbers, null=values.null, absent=values.absent)


def may_contradict(rule: LintedRule) -> bool:
    """Whether anything is looked at twice, or has a scale; quick to see, and in most rules nothing is."""
    looked_at: list[Keys | str] = [keys for keys, _place, _is_key in rule.paths]
    calculated = [one for one in rule.operations if one.name in _CALCULATIONS]
    looked_at += [str(one.logic) for one in calculated]
    by_name = any(one.name == "get" for one in calculated)
    return by_name or len(set(looked_at)) < len(looked_at) or not _PERCENTAGES.isdisjoint(looked_at)


def can_meet(one: ValueSet, other: ValueSet) -> bool:
    """Whether some value may be in both sets."""
    if (one.null and other.null) or (one.absent and other.absent) or (one.booleans and other.booleans):
        return True
    if any(_overlap(first, second) for first in one.numbers for second in other.numbers):
        return True
    return _texts_meet(one, other)


def _overlap(one: Interval, other: Interval) -> bool:
    low, high = max(one.low, other.low), min(one.high, other.high)
    if low != high:
        return low < high
    return _holds(one, low) and _holds(other, low)


def _holds(interval: Interval, number: float) -> bool:
    return (number > interval.low or interval.has_low) and (number < interval.high or interval.has_high)


def _texts_meet(one: ValueSet, other: ValueSet) -> bool:
    if any(_may_hold(other, text) for text in one.texts) or any(_may_hold(one, text) for text in other.texts):
        return True
    if not (_is_open(one) and _is_open(other)):
        return False
    if one.networks or other.networks or one.other_texts or other.other_texts:
        return True
    return any(a.startswith(b) or b.startswith(a) for a in one.prefixes for b in other.prefixes)


def _is_open(values: ValueSet) -> bool:
    """Whether there are texts in the set that are not listed."""
    return bool(values.prefixes or values.networks or values.other_texts)


def _may_hold(values: ValueSet, text: str) -> bool:
    if text in values.texts or text.startswith(tuple(values.prefixes)) or values.networks:
        return True
    return values.other_texts and text not in values.not_texts


def is_everything(values: ValueSet) -> bool:
    """Whether every text is surely in the set, and nothing too."""
    every_text = values.other_texts and not values.not_texts and values.exact_texts
    return every_text and values.absent and values.null


def is_list_of_texts(values: ValueSet) -> bool:
    """Whether only listed texts satisfy it, and no absence."""
    return bool(values.texts) and values == listed(values.texts)


def within_scale(source: Source, values: ValueSet) -> bool:
    """Whether a number that the values ask for is on the field's scale, where it has one."""
    if source not in _PERCENTAGES or not values.numbers or values.null or values.absent:
        return True
    return any(_overlap(interval, _PERCENT) for interval in values.numbers)
