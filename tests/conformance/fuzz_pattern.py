"""Hold our pattern matcher against the naive one on random cases; exit 1 on differences.

python tests/conformance/fuzz_pattern.py --cases 100000 --seed 7
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterator
from typing import Any

from hubtriage.engine.pattern import compile_pattern
from tests.conformance import naive_pattern, pattern_grammar


def draw_cases(count: int, seed: int) -> Iterator[tuple[Any, Any]]:
    """Draw (pattern, finding); half the patterns are made from the finding, so that they often match."""
    draw = random.Random(seed)
    for at in range(count):
        finding = pattern_grammar.document(draw)
        about = at % 2 and finding
        yield (
            pattern_grammar.pattern_about(draw, finding) if about else pattern_grammar.pattern(draw),
            finding,
        )


def differences(count: int, seed: int) -> Iterator[tuple[Any, Any, bool]]:
    """Yield (pattern, finding, our answer) where the naive matcher says the opposite."""
    for pattern, finding in draw_cases(count, seed):
        ours = compile_pattern(pattern)(finding)
        if ours is not naive_pattern.matches(pattern, finding):
            yield pattern, finding, ours


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    found = list(differences(options.cases, options.seed))
    for pattern, finding, ours in found[:10]:
        print(json.dumps({"pattern": pattern, "finding": finding, "ours": ours}))
    print(f"patterns: {options.cases} cases, {len(found)} differences")
    return min(1, len(found))


if __name__ == "__main__":
    sys.exit(main())
