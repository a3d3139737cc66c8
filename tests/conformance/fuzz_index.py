"""Hold the index against evaluating every rule, on random rule sets and findings; exit 1 on differences.

python tests/conformance/fuzz_index.py --rulesets 200 --seed 7
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterator
from typing import Any

import rule_grammar

from hubtriage.engine.index import RuleIndex
from hubtriage.engine.jsonlogic import EvaluationError, compile_logic, truthy
from hubtriage.engine.pattern import compile_pattern

RULES = 120
FINDINGS = 100


class Evaluated:
    """One condition without any index: true, false, or its error."""

    def __init__(self, match: Any, when: Any) -> None:
        self._matches = compile_pattern(match) if match is not None else None
        self._holds = compile_logic(when, accounts=rule_grammar.ACCOUNTS) if when is not None else None

    def outcome(self, finding: Any) -> bool | str:
        if self._matches and not self._matches(finding):
            return False
        try:
            return self._holds is None or truthy(self._holds(finding, rule_grammar.NOW))
        except EvaluationError as error:
            return str(error)


def missed(seed: int) -> Iterator[tuple[Any, Any, bool | str]]:
    """Yield what the index held back although it matches or fails, and what it wrongly called certain."""
    draw = random.Random(seed)
    conditions = [rule_grammar.condition(draw) for _ in range(RULES)]
    rules = [Evaluated(*condition) for condition in conditions]
    index = RuleIndex(conditions, rule_grammar.ACCOUNTS)
    for _ in range(FINDINGS):
        finding = rule_grammar.finding(draw)
        passed = dict(index.candidates(finding, rule_grammar.NOW))
        for position, rule in enumerate(rules):
            outcome = rule.outcome(finding)
            if position not in passed:
                wrong = outcome is not False
            else:
                wrong = passed[position] and outcome is not True
            if wrong:
                yield conditions[position], finding, outcome


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rulesets", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    found = [item for at in range(options.rulesets) for item in missed(options.seed + at)]
    for condition, finding, outcome in found[:10]:
        print(json.dumps({"condition": condition, "finding": finding, "outcome": outcome}))
    print(f"index: {options.rulesets * RULES * FINDINGS} pairs, {len(found)} wrong")
    return min(1, len(found))


if __name__ == "__main__":
    sys.exit(main())
