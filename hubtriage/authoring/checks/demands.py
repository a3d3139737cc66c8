"""What the conditions of a rule ask of single values: each a place in the file and a set of values.

The sets may hold more than what passes a condition, never less: two that have nothing in common are
conditions that no finding fulfils together.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from hubtriage.authoring.asff import Kind
from hubtriage.authoring.checks.subject import Subject, field_at
from hubtriage.authoring.yamltree import Path
from hubtriage.engine.literals import Source, branches_of, lists_on
from hubtriage.engine.values import Interval, Values, listed

# AWS: these numbers are between 0 and 100.
_PERCENTAGES = {("Confidence",), ("Criticality",), ("Severity", "Normalized")}
_PERCENT = Interval(0, 100)


@dataclass(frozen=True, slots=True)
class Demand:
    """A condition that has to hold: where it stands, what it looks at, and the values that satisfy it.

    If not `exact`, it asks for more than the values.
    """

    source: Source
    values: Values
    place: Path
    exact: bool = True


def demands(subject: Subject) -> Iterator[Demand]:
    """The conditions on one value each that a rule needs all of, without those on the elements of lists."""
    for leaf in subject.leaves:
        if "$or" not in leaf.place and not lists_on(leaf.keys):
            yield from _demand({"match": leaf.as_pattern}, leaf.place)
    for operation in subject.operations:
        if all(one.name == "and" for one in operation.outer):
            yield from _demand({"when": operation.logic}, operation.place)


def _demand(condition: Mapping[str, object], place: Path) -> Iterator[Demand]:
    branches = branches_of(condition)
    if len(branches) == 1 and len(branches[0].literals) == 1:
        ((source, values),) = branches[0].literals.items()
        field = field_at(source) if isinstance(source, tuple) else None
        if isinstance(source, str):
            yield Demand(source, values, place, branches[0].exact)
        elif field and not field.in_list:
            yield Demand(source, _of_kind(field.kind, values), place, branches[0].exact)


def _of_kind(kind: Kind, values: Values) -> Values:
    """Those of the values that a field of a kind can have."""
    if kind == "text":
        return replace(values, numbers=(), booleans=False)
    if kind != "number":
        return values
    return Values(numbers=values.numbers, null=values.null, absent=values.absent)


def can_meet(one: Values, other: Values) -> bool:
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


def _texts_meet(one: Values, other: Values) -> bool:
    if any(_may_hold(other, text) for text in one.texts) or any(_may_hold(one, text) for text in other.texts):
        return True
    if not (_is_open(one) and _is_open(other)):
        return False
    if one.networks or other.networks or one.other_texts or other.other_texts:
        return True
    return any(a.startswith(b) or b.startswith(a) for a in one.prefixes for b in other.prefixes)


def _is_open(values: Values) -> bool:
    """Whether there are texts in the set that are not listed."""
    return bool(values.prefixes or values.networks or values.other_texts)


def _may_hold(values: Values, text: str) -> bool:
    if text in values.texts or text.startswith(tuple(values.prefixes)) or values.networks:
        return True
    return values.other_texts and text not in values.not_texts


def asked_of(condition: Mapping[str, object]) -> Demand | None:
    """What a `match` or `when` asks of one value by itself; None if it asks for more, or is not known."""
    return next(_demand(condition, ()), None)


def is_everything(demand: Demand) -> bool:
    """Whether every text surely satisfies it, and nothing too."""
    values = demand.values
    every_text = values.other_texts and not values.not_texts and values.exact_texts
    return demand.exact and every_text and values.absent and values.null


def is_list_of_texts(values: Values) -> bool:
    """Whether only listed texts satisfy it, and no absence."""
    return bool(values.texts) and values == listed(values.texts)


def within_scale(source: Source, values: Values) -> bool:
    """Whether a number that the values ask for is on the field's scale, where it has one."""
    if source not in _PERCENTAGES or not values.numbers or values.null or values.absent:
        return True
    return any(_overlap(interval, _PERCENT) for interval in values.numbers)
