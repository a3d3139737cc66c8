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

from hubtriage.engine.index.rule_index import RuleIndex
from hubtriage.engine.jsonlogic.compiler import EvaluationError, compile_logic, truthy
from hubtriage.engine.pattern import compile_pattern
from tests.conformance import rule_grammar

RULES = 120
FINDINGS = 100


class Evaluated:
    """A rule without any index: it matches or not, or has an error."""

    def __init__(self, rule: dict[str, Any]) -> None:
        self._matches = compile_pattern(rule["match"]) if "match" in rule else None
        self._holds = compile_logic(rule["when"], accounts=rule_grammar.ACCOUNTS) if "when" in rule else None

    def outcome(self, finding: Any) -> bool | str:
        if self._matches and not self._matches(finding):
            return False
        try:
            return self._holds is None or truthy(self._holds(finding, rule_grammar.NOW))
        except EvaluationError as error:
            return str(error)


def wrong(seed: int) -> Iterator[tuple[Any, Any, bool | str]]:
    """Yield what the index of a random rule set holds back although it matches or fails, or is certain of."""
    draw = random.Random(seed)
    rules = [rule_grammar.rule(draw) for _ in range(RULES)]
    evaluated = [Evaluated(rule) for rule in rules]
    index = RuleIndex(rules, rule_grammar.ACCOUNTS)
    for _ in range(FINDINGS):
        finding = rule_grammar.finding(draw)
        found = dict(index.candidates(finding, rule_grammar.NOW))
        for position, rule in enumerate(rules):
            outcome = evaluated[position].outcome(finding)
            if outcome is not True if found.get(position) else outcome is not False and position not in found:
                yield rule, finding, outcome


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rulesets", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    found = [item for at in range(options.rulesets) for item in wrong(options.seed + at)]
    for rule, finding, outcome in found[:10]:
        print(json.dumps({"rule": rule, "finding": finding, "outcome": outcome}))
    print(f"index: {options.rulesets * RULES * FINDINGS} pairs, {len(found)} wrong")
    return min(1, len(found))


if __name__ == "__main__":
    sys.exit(main())
