"""Hold our JsonLogic against json-logic-js on random cases; exit 1 on the first differences.

python tests/conformance/fuzz_logic.py --cases 210000 --seed 7
python tests/conformance/fuzz_logic.py --cases 3000 --seed 1 --write tests/conformance/logic_answers.jsonl
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from itertools import islice
from pathlib import Path
from typing import Any

from tests.conformance.logic_grammar import Case, grammars
from tests.conformance.logic_oracle import node_answers, our_answer, same

CHUNK = 10_000
SHOWN = 10
DOCUMENTS = {"everything": 60, "conditions": 60, "rules": 12}  # of each grammar in a written sample


def draw_cases(name: str, count: int, seed: int) -> list[Case]:
    """Draw the cases of one grammar."""
    draw = random.Random(f"{seed} {name}")
    grammar = grammars(seed)[name]
    return [grammar(draw) for _ in range(count)]


def differences(cases: list[Case]) -> list[tuple[Any, Any, Any, Any]]:
    """Return (logic, data, our answer, json-logic-js's) where they differ."""
    answers = ((logic, data, our_answer(logic, data)) for logic, data in cases)
    return [
        (logic, data, ours, theirs)
        for (logic, data, ours), theirs in zip(answers, node_answers(cases), strict=True)
        if not same(ours, theirs)
    ]


def compare(name: str, count: int, seed: int) -> int:
    """Compare one grammar in chunks, print what differs, and return how many did."""
    found = 0
    for start in range(0, count, CHUNK):
        different = differences(draw_cases(name, min(CHUNK, count - start), seed + start))
        for logic, data, ours, theirs in islice(different, max(0, SHOWN - found)):
            print(json.dumps({"logic": logic, "data": data, "ours": ours, "json-logic-js": theirs}))
        found += len(different)
    print(f"{name}: {count} cases, {found} differences")
    return found


def write_sample(path: Path, count: int, seed: int) -> None:
    """Write cases with json-logic-js's answers: documents, then [logic, document's number, answer] a line."""
    documents: list[Any] = []
    rows = []
    for name, size in DOCUMENTS.items():
        drawn = draw_cases(name, count // len(DOCUMENTS), seed)
        pool = range(len(documents), len(documents) + size)
        documents += [data for _logic, data in drawn[:size]]
        numbered = [(logic, pool[at % size]) for at, (logic, _data) in enumerate(drawn)]
        answers = node_answers((logic, documents[number]) for logic, number in numbered)
        rows += [[*case, answer] for case, answer in zip(numbered, answers, strict=True)]
    path.write_text("\n".join(json.dumps(line, separators=(",", ":")) for line in [documents, *rows]) + "\n")


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=210_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    if options.write:
        write_sample(options.write, options.cases, options.seed)
        return 0
    names = list(grammars(options.seed))
    return min(1, sum(compare(name, options.cases // len(names), options.seed) for name in names))


if __name__ == "__main__":
    sys.exit(main())
