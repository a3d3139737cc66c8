"""Test coverage of a rule's conditions: has each one both held and failed, and which findings got past it?"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hubtriage.authoring.loaded import LoadedRule, LoadResult
from hubtriage.engine.jsonlogic.syntax import split_operation
from hubtriage.engine.jsonlogic.values import truthy
from hubtriage.engine.pattern.compiler import expand
from hubtriage.engine.trace import TracedCondition, TracedOperation, describe
from hubtriage.simulation.funnel import Stage, funnels
from hubtriage.simulation.ruletests import RuleTestResult

_WITH_CONDITIONS = ("and", "or", "!", "!!", "if", "?:")


@dataclass(slots=True)
class Coverage:
    """The outcomes that a rule's tests have seen, by the text of each condition.

    `tests` is how many there are, `funnel` how many of their findings each condition leaves.
    """

    rule: str
    file: str
    seen: dict[str, set[bool]] = field(default_factory=dict)
    tests: int = 0
    funnel: tuple[Stage, ...] = ()

    @property
    def total(self) -> int:
        """The number of outcomes: two for each condition."""
        return 2 * len(self.seen)

    @property
    def covered(self) -> int:
        """The number of outcomes that some test has seen."""
        return sum(map(len, self.seen.values()))

    @property
    def missing(self) -> tuple[str, ...]:
        """Describe each outcome that no test has seen."""
        return tuple(
            f"{condition} {'never held' if outcome else 'never failed'}"
            for condition, outcomes in self.seen.items()
            for outcome in (True, False)
            if outcome not in outcomes
        )

    def as_record(self) -> dict[str, Any]:
        """JSON-ready."""
        counts = {"covered": self.covered, "total": self.total}
        funnel = [stage.as_record() for stage in self.funnel]
        return {
            "rule": self.rule,
            "file": self.file,
            **counts,
            "missing": list(self.missing),
            "tests": self.tests,
            "funnel": funnel,
        }


def coverage_of(loaded: LoadResult, results: Iterable[RuleTestResult]) -> list[Coverage]:
    """Return the coverage of every rule by its tests, in the order of the files."""
    found = {rule.id: Coverage(rule.id, rule.document.file, _conditions(rule)) for rule in loaded.rules}
    for result in results:
        coverage = found[result.rule]
        coverage.tests += 1
        coverage.funnel = _with_finding(coverage.funnel, result)
        for rule in result.explained.rules:
            seen = coverage.seen
            outcomes = [*_pattern_outcomes(rule.match), *(_logic_outcomes(rule.when) if rule.when else ())]
            for condition, outcome in outcomes:
                if condition in seen:
                    seen[condition].add(outcome)
    return list(found.values())


def _with_finding(before: tuple[Stage, ...], result: RuleTestResult) -> tuple[Stage, ...]:
    """Return a funnel with the finding of one more test."""
    ruleset, finding = result.explained.ruleset, result.explained.reasoning.baseline.raw
    (stages,) = funnels([ruleset.by_id[result.rule].source], ruleset.accounts, [finding], result.now)
    left = [stage.left for stage in before] or [0] * len(stages)
    return tuple(Stage(one.condition, one.left + more) for one, more in zip(stages, left, strict=True))


def _conditions(rule: LoadedRule) -> dict[str, set[bool]]:
    words: list[str] = []
    if rule.match is not None:
        words += [
            f"{'.'.join(leaf.keys)}: {describe(list(leaf.alternatives))}"
            for branch in expand(rule.match)
            for leaf in branch
        ]
    if rule.has_when and isinstance(rule.when, dict):
        words += _parts(rule.when)
    return {word: set() for word in words}


def _parts(logic: Any) -> Iterator[str]:
    """Yield the expression and, inside `and`, `or`, `!` and `if`, each part that is a condition."""
    if not isinstance(logic, Mapping) or not logic:
        return
    yield json.dumps(logic, ensure_ascii=False)
    name, arguments = split_operation(logic)
    if name in _WITH_CONDITIONS:
        for part in arguments:
            yield from _parts(part)


def _pattern_outcomes(conditions: Iterable[TracedCondition]) -> Iterator[tuple[str, bool]]:
    for condition in conditions:
        if condition.branches:
            for branch in condition.branches:
                yield from _pattern_outcomes(branch)
        else:
            yield f"{condition.path}: {condition.test}", condition.holds


def _logic_outcomes(node: TracedOperation) -> Iterator[tuple[str, bool]]:
    if node.error is None:
        yield node.expression, truthy(node.value)
    for child in node.children:
        yield from _logic_outcomes(child)
