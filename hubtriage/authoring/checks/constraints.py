"""What the conditions of a rule ask of single values.

Each constraint has a place in the file and a set of values. The set may hold more than what passes the
condition, never less: no finding fulfils two conditions whose sets have nothing in common.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from hubtriage.asff.fields import Keys, Kind
from hubtriage.authoring.checks.linted_rule import LintedRule, field_at
from hubtriage.authoring.yaml.tree import YamlPath
from hubtriage.engine.index.conjunctions import Source
from hubtriage.engine.index.dnf import conjunctions_of
from hubtriage.engine.index.from_match import values_of
from hubtriage.engine.index.value_sets import ValueSet

_CALCULATIONS = ("account", "age_days", "arn", "get", "lower", "substr")


@dataclass(frozen=True, slots=True)
class ValueConstraint:
    """A condition that has to hold: where it stands, what it looks at, and the values that satisfy it.

    If it is not `exact`, some of the values do not satisfy it.
    """

    source: Source
    values: ValueSet
    place: YamlPath
    exact: bool = True


@lru_cache(maxsize=1)  # several checks in a row ask for the same rule
def constraints_of(rule: LintedRule) -> tuple[ValueConstraint, ...]:
    """Return the conditions on single values that must all hold; those on elements of lists are left out."""
    return (*_of_match(rule), *_of_when(rule))


def _of_match(rule: LintedRule) -> Iterator[ValueConstraint]:
    for match_field in rule.match_fields:
        kind = _kind_of(match_field.keys)
        if kind and "$or" not in match_field.place:
            values = values_of(match_field.values)
            yield ValueConstraint(match_field.keys, _of_kind(kind, values), match_field.place)


def _of_when(rule: LintedRule) -> Iterator[ValueConstraint]:
    for operation in rule.operations:
        if all(one.name == "and" for one in operation.outer):
            constraint = constraint_of(operation.logic)
            if constraint:
                yield replace(constraint, place=operation.place)


def constraint_of(logic: Any) -> ValueConstraint | None:
    """Return what an expression asks of one value, or None if it asks for more or that is not known."""
    conjunctions = conjunctions_of({"when": logic})
    if len(conjunctions) != 1 or len(conjunctions[0].constraints) != 1:
        return None
    ((source, values),) = conjunctions[0].constraints.items()
    kind = "unknown" if isinstance(source, str) else _kind_of(source)
    return ValueConstraint(source, _of_kind(kind, values), (), conjunctions[0].exact) if kind else None


def _kind_of(keys: Keys) -> Kind | None:
    """Return the kind of the value at a path, or None if findings have none or several there."""
    field = field_at(keys)
    return None if field is None or field.in_list else field.kind


def _of_kind(kind: Kind, values: ValueSet) -> ValueSet:
    """Return those of the values that a field of a kind can have."""
    if kind == "text":
        return replace(values, numbers=(), booleans=False)
    if kind != "number":
        return values
    return ValueSet(numbers=values.numbers, null=values.null, absent=values.absent)


def may_contradict(rule: LintedRule) -> bool:
    """Say whether a rule looks at anything twice. Few do, and this is quick."""
    looked_at: list[Keys | str] = [keys for keys, _place, _is_key in rule.paths]
    calculated = [one for one in rule.operations if one.name in _CALCULATIONS]
    looked_at += [str(one.logic) for one in calculated]
    by_name = any(one.name == "get" for one in calculated)
    return by_name or len(set(looked_at)) < len(looked_at)
