"""Conditions in disjunctive normal form (DNF): a condition holds if one of its conjunctions does.

What this form cannot express is left out. That can only make a condition look easier to satisfy than it is.
The conjunction is then not exact.
"""

from collections.abc import Mapping
from typing import Any

from hubtriage.engine.index.conjunctions import TRUE, UNKNOWN, WHOLE, Conjunction, both, bounded
from hubtriage.engine.index.from_match import conjunction_of
from hubtriage.engine.index.from_when import holds
from hubtriage.engine.jsonlogic.syntax import LOOPS, operations
from hubtriage.engine.pattern.compiler import expand


def conjunctions_of(rule: Mapping[str, Any]) -> list[Conjunction]:
    """Return the conjunctions of a rule's `match` and `when`; a rule has one of them or both."""
    conjunctions = TRUE
    if "match" in rule:
        conjunctions = bounded([conjunction_of(leaves) for leaves in expand(rule["match"])])
    if "when" in rule:
        logic = rule["when"]
        # a rule must fail on all findings on which its logic fails, so such logic may exclude none
        required = UNKNOWN if may_fail(logic) else holds(logic, True, WHOLE)
        conjunctions = both(conjunctions, required, WHOLE)
    return conjunctions


def may_fail(logic: Any) -> bool:
    """Say whether an expression may raise EvaluationError: where size or work may multiply."""
    loops = 0
    for operation in operations(logic):
        if operation.name in _FAILING:
            return True
        if operation.name in LOOPS:
            loops += 1
            if loops > _MOST_LOOPS or operation.is_under(*LOOPS):
                return True
    return False


_FAILING = frozenset(("reduce", "missing_some", "cat", "merge"))
_MOST_LOOPS = 8  # over the longest list that fits into a finding they stay within the evaluator's bounds
