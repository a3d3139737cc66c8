"""W202: conditions that no finding fulfils together."""

from collections.abc import Iterator

from hubtriage.authoring.checks.constraints import (
    Demand,
    can_meet,
    demands,
    is_list_of_texts,
    may_contradict,
    within_scale,
)
from hubtriage.authoring.checks.linted_rule import Subject, dotted
from hubtriage.authoring.problems import Problem
from hubtriage.engine.index.dnf import Source
from hubtriage.engine.index.value_sets import ValueSet, listed

CODE = "W202"
_HINT = "the rule would never match"


def check(subject: Subject) -> Iterator[Problem]:
    """One value, conditions that are and-ed, and nothing that satisfies all of them."""
    if not may_contradict(subject):
        return
    known: dict[Source, list[Demand]] = {}
    for demand in demands(subject):
        if not within_scale(demand.source, demand.values):
            message = f"{_named(demand.source)} is between 0 and 100"
            yield subject.problem(CODE, demand.place, message, _HINT, key=True)
            continue
        earlier = known.setdefault(demand.source, [])
        against = next((one for one in earlier if not can_meet(one.values, demand.values)), None)
        if against is not None:
            yield subject.problem(CODE, demand.place, _told(subject, against, demand), _HINT, key=True)
        else:
            earlier.append(demand)
            earlier += _narrowed(earlier, demand)


def _narrowed(earlier: list[Demand], demand: Demand) -> list[Demand]:
    """What two lists of texts leave together."""
    if not is_list_of_texts(demand.values):
        return []
    lists = [one for one in earlier[:-1] if is_list_of_texts(one.values)]
    return [Demand(one.source, listed(one.values.texts & demand.values.texts), one.place) for one in lists]


def _told(subject: Subject, against: Demand, demand: Demand) -> str:
    name = _named(demand.source)
    if is_list_of_texts(against.values) and is_list_of_texts(demand.values):
        return f"no {name} is both {_shown(against.values)} and {_shown(demand.values)}"
    line = subject.line_of(against.place)
    where = "before it" if line == subject.line_of(demand.place) else f"on line {line}"
    return f"no {name} satisfies this and the condition {where}"


def _named(source: Source) -> str:
    return dotted(source) if isinstance(source, tuple) else "value"


def _shown(values: ValueSet) -> str:
    return " or ".join(sorted(values.texts))
