"""Evaluate every expression on every finding with a JsonLogic package; runs in an environment of its own.

    python jsonlogic_peers.py datalogic RULES.json FINDINGS.jsonl

Prints JSON: CPU seconds for one finding, the same for json.loads, and matches of one round.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROUNDS = 3


def datalogic(rules: list) -> Callable[[str], int]:
    """Parse the finding once, then evaluate compiled rules on it."""
    from datalogic_py import DataHandle, Engine

    engine = Engine()
    session = engine.session()
    compiled = [engine.compile(json.dumps(rule)) for rule in rules]

    def matches(text: str) -> int:
        data = DataHandle(text)
        return sum(session.evaluate_truthy(rule, data) for rule in compiled)

    return matches


def panzi(rules: list) -> Callable[[str], int]:
    """Interpret each rule."""
    from json_logic import jsonLogic

    def matches(text: str) -> int:
        finding = json.loads(text)
        return sum(bool(jsonLogic(rule, finding)) for rule in rules)

    return matches


def best(work: Callable[[], object]) -> float:
    """Least CPU seconds of a few rounds."""
    spent = []
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        spent.append(time.process_time() - started)
    return min(spent)


def main() -> None:
    """Run from the command line."""
    name, rules_path, findings_path = sys.argv[1:]
    texts = Path(findings_path).read_text().splitlines()
    matches = {"datalogic": datalogic, "panzi": panzi}[name](json.loads(Path(rules_path).read_text()))
    seconds = best(lambda: [matches(text) for text in texts])
    parsing = best(lambda: [json.loads(text) for text in texts])
    if name == "panzi":
        seconds -= parsing
    found = sum(map(matches, texts))
    print(json.dumps({"seconds": seconds / len(texts), "parsing": parsing / len(texts), "matches": found}))


if __name__ == "__main__":
    main()
