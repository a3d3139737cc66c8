"""A rule's conditions as proofs see them: what they ask, and whether they hold on a finding known in part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hubtriage.engine.errors import EvaluationError
from hubtriage.engine.fields import ParsedFinding
from hubtriage.engine.index.asff_lists import LISTS
from hubtriage.engine.jsonlogic import compile_logic
from hubtriage.engine.jsonlogic.values import truthy
from hubtriage.engine.pattern import compile_pattern
from hubtriage.engine.pattern.compiler import PatternField, expand
from hubtriage.engine.planning.baseline import baseline
from hubtriage.engine.ruleset.ruleset import Rule
from hubtriage.proof.abstraction import Abstraction, Accounts, Asked
from hubtriage.proof.partial import Condition
from hubtriage.proof.questions import Keys, question_of


@dataclass(frozen=True)
class Conditions:
    """When a rule applies: what that asks of findings, and a test of a finding that is known in part."""

    asked: Asked
    holds: Condition


def conditions_of(rule: Rule, accounts: Accounts, now: float) -> Conditions:
    """Return a rule's conditions, with `now` (epoch seconds) as the present that ages count from."""
    asked = Asked()
    tests: list[Callable[[Mapping[str, Any]], Any]] = []
    if "match" in rule.source:
        _ask(asked, expand(rule.source["match"]))
        tests.append(compile_pattern(rule.source["match"]))
    if "when" in rule.source:
        logic = Abstraction(accounts, now, asked).whole(rule.source["when"])
        evaluate = compile_logic(logic, accounts=accounts)
        tests.append(lambda finding: truthy(evaluate(finding, now)))
    return Conditions(asked, lambda finding: _all_hold(tests, finding))


def applies(rule: Rule, finding: Mapping[str, Any], now: float) -> bool:
    """Say whether the engine takes a rule to match a complete finding. A rule that fails does."""
    try:
        return rule.matches(baseline(ParsedFinding(finding), {}).raw, now)
    except Exception:  # noqa: BLE001 - whatever the failure, it means no "no match"
        return True


def _all_hold(tests: list[Callable[[Mapping[str, Any]], Any]], finding: Mapping[str, Any]) -> bool:
    try:
        return all(test(finding) for test in tests)
    except EvaluationError:  # the engine counts a rule that fails as one that matches
        return True


def _ask(asked: Asked, branches: list[tuple[PatternField, ...]]) -> None:
    """Gather what a pattern asks.

    If it is to hold, one branch holds, by one element of each list. If it is not to hold, no element
    satisfies a branch. Only where a branch asks for absence can it take an element to break it.
    """
    absences: dict[Keys, int] = {}
    for branch in branches:
        lists = {keys for leaf in branch for keys in _lists_on(leaf.keys)}
        for keys in lists:
            asks = any(_asks_for_absence(leaf) for leaf in branch if keys in _lists_on(leaf.keys))
            absences[keys] = absences.get(keys, 0) + asks
        asked.questions += [(leaf.keys, question_of(leaf)) for leaf in branch]
    for keys, count in absences.items():
        asked.elements[keys] += max(count, 1)


def _lists_on(keys: Keys) -> set[Keys]:
    return {keys[:length] for length in range(1, len(keys) + 1)} & LISTS


def _asks_for_absence(leaf: PatternField) -> bool:
    return any(one == {"exists": False} for one in leaf.alternatives)
