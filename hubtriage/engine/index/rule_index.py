"""Which rules can match a finding, without evaluating the others.

Evaluating one condition costs about a microsecond; a large organisation has ten thousand of them, and a
finding matches two. This is the matching problem of publish/subscribe systems turned on rule sets, solved
with bit masks:

1. `literals` turns each condition into branches, disjunctions of and-ed literals on single values: equality,
   membership, prefix, network, interval, absence, and the negations of those that are exact. What it cannot
   express is left out. Each branch gets one bit.
2. For each source (a path of the finding, or a calculation such as `age_days`) `tables` maps a value to the
   branches that it leaves possible: those whose literal holds for it, and those without a literal there.
3. `extraction` generates one function that walks the finding and joins these masks with `&`, over the
   elements of a list with `|`. Ten thousand bits are joined in a tenth of a microsecond, which is why
   negations and comparisons cost nothing more than equality, and a rule without any literal next to nothing.
4. The bits that are left name the rules to evaluate. About one in two of them matches.

The index is a filter. It may let a rule through that does not match, and never holds one back that does: a
literal holds for at least the values that its test holds for; conditions on one list element are looked up
each by itself; of two literals on one source only one is used (they may hold for different elements); a value
of a shape that no one expects (a list, an object, NaN) leaves everything possible; and logic that might fail
excludes nothing, so that a failing rule fails with the index as without. Null is kept apart from absence,
true from 1.

A source gets tables only if it pays: sources are taken greedily, each time the one that spares most
evaluations by an estimate from the rules themselves, until the next would cost more than it spares.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any, TypeAlias

from hubtriage.engine.errors import EvaluationError
from hubtriage.engine.index.codegen import generate
from hubtriage.engine.index.dnf import Branch, Source, branches_of, lists_on
from hubtriage.engine.index.masks import FIRST_BIT, REGULAR, Mask, Tables, build_tables
from hubtriage.engine.index.value_sets import ALL_NUMBERS, Values
from hubtriage.engine.jsonlogic.compiler import Compiler
from hubtriage.engine.jsonlogic.expressions import Accounts, Context, Evaluate

MAX_SOURCES = 48
MAX_PATH = 12
# What tables cost at each finding, in evaluations of a rule that they spare.
COST_OF_PATH = 0.1
COST_OF_CALCULATION = 0.6

_Literals: TypeAlias = dict[Source, list[tuple[int, Values]]]


class RuleIndex:
    """An index of rules by position. Building it takes some fifty microseconds a rule."""

    def __init__(self, rules: Sequence[Mapping[str, Any]], accounts: Accounts | None = None) -> None:
        """Index the rules by their `match` and `when`; `accounts` as for `compile_logic`.

        Raises PatternError and LogicError.
        """
        numbered = [(position, branch) for position, rule in enumerate(rules) for branch in branches_of(rule)]
        numbered.sort(key=lambda pair: _neighbourhood(pair[1]))
        branches = [branch for _position, branch in numbered]
        size = FIRST_BIT + len(branches)
        literals = _literals_by_source(branches)
        tables = {source: build_tables(literals[source], size) for source in choose_sources(literals, size)}
        positions = [position for position, _branch in numbered]
        unused = [(-1, False)] * FIRST_BIT
        self._regular = [*unused, *zip(positions, _exactness(branches, tables), strict=True)]
        self._irregular = [*unused, *((position, False) for position in positions)]
        self._odd = (1 << size) - 1 & ~REGULAR
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
            context = Context(finding, now)
            for calculate, table in self._calculated:
                if possible & table.concerned:
                    possible &= self._possible_for(calculate, table, context)
        named = self._irregular
        if possible & REGULAR:
            named = self._regular
            possible ^= REGULAR
        found = []
        while possible:
            lowest = possible & -possible
            found.append(named[lowest.bit_length() - 1])
            possible ^= lowest
        if len(found) > 1:
            found.sort()
            return list(dict(found).items())  # of several branches of a rule the last is the most certain
        return found

    def _possible_for(self, calculate: Evaluate, table: Tables, context: Context) -> Mask:
        try:
            value = calculate(context.root, context)
        except EvaluationError:
            return self._odd  # the rules concerned are to fail by themselves
        if type(value) is float and value == value:
            return table.number(value)
        if not isinstance(value, str):
            return table.other(value)
        return table.texts.get(value, table.default) if table.text is None else table.text(value)


def _exactness(branches: Sequence[Branch], tables: Mapping[Source, Tables]) -> list[bool]:
    """Return for each branch whether it holds wherever the tables leave it possible, and are regular."""
    rough = {bit for table in tables.values() for bit in table.rough}
    return [
        branch.exact
        and bit not in rough
        and all(source in tables and _is_clear(source, values) for source, values in branch.literals.items())
        for bit, branch in enumerate(branches, FIRST_BIT)
    ]


def _is_clear(source: Source, values: Values) -> bool:
    """Say whether absence is clear: below a list, from one element or from all?"""
    return not (values.absent or values.null) or isinstance(source, str) or not lists_on(source)


def _neighbourhood(branch: Branch) -> tuple[str, str]:
    """Sort branches with the same narrow literal side by side, which keeps the bits of one value together."""
    keys = [
        (len(known), min(known), str(source))
        for source, values in branch.literals.items()
        if not values.other_texts and (known := values.texts or values.prefixes or values.networks)
    ]
    _count, key, source = min(keys, default=(0, "", ""))
    return source, key


def _literals_by_source(branches: Sequence[Branch]) -> _Literals:
    literals: _Literals = defaultdict(list)
    for bit, branch in enumerate(branches, FIRST_BIT):
        for source, values in branch.literals.items():
            if isinstance(source, str) or len(source) <= MAX_PATH:
                literals[source].append((bit, values))
    return literals


def choose_sources(literals: _Literals, size: int) -> list[Source]:
    """Return the sources whose tables spare more than they cost, most useful first."""
    chances = {source: _chances(entries) for source, entries in literals.items()}
    expected = [1.0] * size  # how often a branch is evaluated, a finding
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


def _chances(entries: list[tuple[int, Values]]) -> list[tuple[int, float]]:
    """Estimate how often each literal holds: the more values the rules tell apart, the rarer is each."""
    known = {key for _bit, values in entries for key in (*values.texts, *values.prefixes, *values.networks)}
    return [(bit, _chance(values, len(known))) for bit, values in entries]


def _chance(values: Values, known: int) -> float:
    if values.other_texts or values.numbers == ALL_NUMBERS:
        return 0.7 if values.absent else 0.6
    keys = len(values.texts) + len(values.prefixes) + len(values.networks)
    share = sqrt(keys / max(known, 3))  # the root, as a few values are far more frequent than the others
    return min(0.6, share + (0.3 if values.numbers else 0) + (0.3 if values.absent else 0))
