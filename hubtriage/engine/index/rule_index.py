"""Which rules can match a finding, without evaluating the others.

Evaluating one condition costs about a microsecond; a large organisation has ten thousand of them, and a
finding matches two. This is the matching problem of publish/subscribe systems turned on rule sets, solved
with bit masks:

1. `dnf` turns each condition into conjunctions of constraints on single values: equality, membership, prefix,
   network, interval, absence, and the negations of those that are exact. What it cannot express is left out.
   Each conjunction gets one bit.
2. For each source (a path of the finding, or a calculation such as `age_days`) `masks` maps a value to the
   conjunctions that it leaves possible. These are those whose constraint holds for it, and those without one
   there.
3. `codegen` generates one function that walks the finding and joins these masks with `&`, and with `|` over
   the elements of a list. Joining ten thousand bits takes a tenth of a microsecond. So negations and
   comparisons cost no more than equality, and a rule without any constraint costs next to nothing.
4. The bits that are left name the rules to evaluate. About one in two of them matches.

The index is a filter. It may let a rule through that does not match, and never holds one back that does:

- A constraint holds for at least the values that its test holds for.
- Conditions on one list element are looked up each by itself.
- Of two constraints on one source only one is used, as they may hold for different elements.
- A value of an unexpected shape (a list, an object, NaN) leaves everything possible.
- Logic that might fail excludes nothing, so a rule that fails does so with the index as without it.
- Null is kept apart from absence, and true from 1.

A source gets a table only if it pays. Sources are taken greedily: each time the one that saves most
evaluations, by an estimate from the rules themselves, until the next would cost more than it saves.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import sqrt
from operator import itemgetter
from typing import Any, TypeAlias

from hubtriage.engine.errors import EvaluationError
from hubtriage.engine.index.codegen import generate
from hubtriage.engine.index.conjunctions import Conjunction, Source, lists_on
from hubtriage.engine.index.dnf import conjunctions_of
from hubtriage.engine.index.masks import EXACT_BIT, FIRST_BIT, Mask, MaskTable, build_table
from hubtriage.engine.index.value_sets import ALL_NUMBERS, ValueSet
from hubtriage.engine.jsonlogic.compiler import Compiler
from hubtriage.engine.jsonlogic.expressions import Accounts, Evaluate, EvaluationContext

MAX_SOURCES = 48
MAX_PATH = 12
# What a table costs per finding, in evaluations of a rule.
COST_OF_PATH = 0.1
COST_OF_CALCULATION = 0.6

_Constraints: TypeAlias = dict[Source, list[tuple[int, ValueSet]]]


class RuleIndex:
    """An index of rules by position. Building it takes some fifty microseconds a rule."""

    def __init__(self, rules: Sequence[Mapping[str, Any]], accounts: Accounts | None = None) -> None:
        """Index the rules by their `match` and `when`; `accounts` as for `compile_logic`.

        Raises PatternError and LogicError.
        """
        numbered = [
            (position, conjunction)
            for position, rule in enumerate(rules)
            for conjunction in conjunctions_of(rule)
        ]
        numbered.sort(key=lambda pair: _neighbourhood(pair[1]))
        conjunctions = [conjunction for _position, conjunction in numbered]
        size = FIRST_BIT + len(conjunctions)
        constraints = _constraints_by_source(conjunctions)
        tables = {
            source: build_table(constraints[source], size) for source in choose_sources(constraints, size)
        }
        positions = [position for position, _conjunction in numbered]
        unused = [(-1, False)] * FIRST_BIT
        self._exact = [*unused, *zip(positions, _exactness(conjunctions, tables), strict=True)]
        self._approximate = [*unused, *((position, False) for position in positions)]
        self._inexact = (1 << size) - 1 & ~EXACT_BIT
        paths = {source: table for source, table in tables.items() if isinstance(source, tuple)}
        self._possible = generate(paths, (1 << size) - 1)
        compiler = Compiler(accounts or {})
        self._calculated = [
            (compiler.compile(json.loads(source), (), 0).evaluate, table)
            for source, table in tables.items()
            if isinstance(source, str)
        ]

    def candidates(self, finding: Mapping[str, Any], now: float | None = None) -> list[tuple[int, bool]]:
        """Return (position, certain) of all rules that match or fail on the finding, ascending.

        A rule that is not certain to match has to be evaluated; some of those do not match.
        """
        possible = self._possible(finding)
        if self._calculated:
            context = EvaluationContext(finding, now)
            for calculate, table in self._calculated:
                if possible & table.concerned:
                    possible &= self._possible_for(calculate, table, context)
        named = self._approximate
        if possible & EXACT_BIT:
            named = self._exact
            possible ^= EXACT_BIT
        found = []
        while possible:
            lowest = possible & -possible
            found.append(named[lowest.bit_length() - 1])
            possible ^= lowest
        if len(found) > 1:
            found.sort()
            return list(dict(found).items())  # sorted, so a rule's last conjunction is its most certain one
        return found

    def _possible_for(self, calculate: Evaluate, table: MaskTable, context: EvaluationContext) -> Mask:
        try:
            value = calculate(context.root, context)
        except EvaluationError:
            return self._inexact  # excludes no rule: those concerned then fail by themselves
        if type(value) is float and value == value:
            return table.number(value)
        if not isinstance(value, str):
            return table.other(value)
        return table.texts.get(value, table.default) if table.text is None else table.text(value)


def _exactness(conjunctions: Sequence[Conjunction], tables: Mapping[Source, MaskTable]) -> list[bool]:
    """Return for each conjunction whether it holds for certain where an exact mask leaves it possible."""
    approximate = {bit for table in tables.values() for bit in table.approximate}
    return [
        conjunction.exact
        and bit not in approximate
        and all(
            source in tables and _is_clear(source, values)
            for source, values in conjunction.constraints.items()
        )
        for bit, conjunction in enumerate(conjunctions, FIRST_BIT)
    ]


def _is_clear(source: Source, values: ValueSet) -> bool:
    """Say whether absence is clear: below a list, from one element or from all?"""
    return not (values.absent or values.null) or isinstance(source, str) or not lists_on(source)


def _neighbourhood(conjunction: Conjunction) -> tuple[str, str]:
    """Return a sort key that keeps the bits of one value together: the narrowest constraint."""
    sets = [
        (len(known), str(source), known)
        for source, values in conjunction.constraints.items()
        if not values.other_texts and (known := values.texts or values.prefixes or values.networks)
    ]
    _count, source, known = min(sets, key=itemgetter(0, 1), default=(0, "", frozenset(("",))))
    return source, min(known)


def _constraints_by_source(conjunctions: Sequence[Conjunction]) -> _Constraints:
    constraints: _Constraints = defaultdict(list)
    for bit, conjunction in enumerate(conjunctions, FIRST_BIT):
        for source, values in conjunction.constraints.items():
            if isinstance(source, str) or len(source) <= MAX_PATH:
                constraints[source].append((bit, values))
    return constraints


def choose_sources(constraints: _Constraints, size: int) -> list[Source]:
    """Return the sources whose tables save more than they cost, most useful first."""
    chances = {source: _chances(entries) for source, entries in constraints.items()}
    expected = [1.0] * size  # evaluations of each conjunction per finding
    chosen: list[Source] = []
    while chances and len(chosen) < MAX_SOURCES:
        gains = {
            source: sum(expected[bit] * (1 - chance) for bit, chance in entries)
            for source, entries in chances.items()
        }
        best = max(gains, key=lambda source: gains[source] / _cost(source))
        if gains[best] <= _cost(best):
            break
        chosen.append(best)
        for bit, chance in chances.pop(best):
            expected[bit] *= chance
    return chosen


def _cost(source: Source) -> float:
    return COST_OF_CALCULATION if isinstance(source, str) else COST_OF_PATH


def _chances(entries: list[tuple[int, ValueSet]]) -> list[tuple[int, float]]:
    """Estimate how often each constraint holds: the more values the rules tell apart, the rarer is each."""
    sets = {keys for _bit, values in entries for keys in (values.texts, values.prefixes, values.networks)}
    known = frozenset().union(*sets)
    return [(bit, _chance(values, len(known))) for bit, values in entries]


def _chance(values: ValueSet, known: int) -> float:
    if values.other_texts or values.numbers == ALL_NUMBERS:
        return 0.7 if values.absent else 0.6
    keys = len(values.texts) + len(values.prefixes) + len(values.networks)
    share = sqrt(keys / max(known, 3))  # the root, as a few values are far more frequent than the others
    return min(0.6, share + (0.3 if values.numbers else 0) + (0.3 if values.absent else 0))
