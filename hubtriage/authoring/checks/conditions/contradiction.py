"""W202: conditions that no finding fulfils together."""

from collections.abc import Iterator

from hubtriage.authoring.checks.constraints import (
    ValueConstraint,
    constraints_of,
    may_contradict,
)
from hubtriage.authoring.checks.linted_rule import LintedRule, dotted
from hubtriage.authoring.checks.set_relations import can_meet, is_list_of_texts
from hubtriage.authoring.problems import Problem
from hubtriage.engine.index.conjunctions import Source
from hubtriage.engine.index.value_sets import ValueSet

CODE = "W202"
_HINT = "the rule would never match"


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report and-ed conditions on one value that no value satisfies together."""
    if not may_contradict(rule):
        return
    known: dict[Source, list[ValueConstraint]] = {}
    for constraint in constraints_of(rule):
        earlier = known.setdefault(constraint.source, [])
        against = next((one for one in earlier if not can_meet(one.values, constraint.values)), None)
        if against is not None:
            yield rule.problem(CODE, constraint.place, _message(rule, against, constraint), _HINT, key=True)
        else:
            earlier.append(constraint)
            earlier += _narrowed(earlier, constraint)


def _narrowed(earlier: list[ValueConstraint], constraint: ValueConstraint) -> list[ValueConstraint]:
    """Return what two lists of texts have in common, as a constraint for each earlier list."""
    if not is_list_of_texts(constraint.values):
        return []
    lists = [one for one in earlier[:-1] if is_list_of_texts(one.values)]
    return [
        ValueConstraint(one.source, ValueSet(texts=one.values.texts & constraint.values.texts), one.place)
        for one in lists
    ]


def _message(rule: LintedRule, against: ValueConstraint, constraint: ValueConstraint) -> str:
    name = _named(constraint.source)
    if is_list_of_texts(against.values) and is_list_of_texts(constraint.values):
        return f"no {name} is both {_shown(against.values)} and {_shown(constraint.values)}"
    line = rule.line_of(against.place)
    where = "before it" if line == rule.line_of(constraint.place) else f"on line {line}"
    return f"no {name} satisfies this and the condition {where}"


def _named(source: Source) -> str:
    return dotted(source) if isinstance(source, tuple) else "value"


def _shown(values: ValueSet) -> str:
    return " or ".join(sorted(values.texts))
