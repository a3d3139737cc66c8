"""Matching: how long it takes to find the rules that match a finding, and to load a rule set."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

from benchmarks import batches, workload
from benchmarks.measure import BATCH, Figure, Scale, beside_parsing, cpu_seconds, parsing_seconds
from hubtriage.engine.ruleset.ruleset import Ruleset, load_ruleset
from hubtriage.localaws.findings import NOW

LIMITS = {100: 0.35, 1_000: 0.4, 10_000: 0.85, 50_000: 1.7}
GROWTH_LIMIT = 2.5
# The numbers to reach were set on a machine whose `json.loads` takes 17 microseconds for a finding of 4 KB.
REFERENCE_PARSING = 17e-6
LOADING_LIMIT = 0.7
MEMORY_LIMIT = 45.0


def figures(scale: Scale) -> Iterator[Figure]:
    """Measure both sizes of findings with each number of rules."""
    spent: dict[tuple[str, int], float] = {}
    for size_name, size in workload.SIZES.items():
        texts = [json.dumps(finding) for finding in workload.findings(scale.findings, size=size)]
        parsed = parsing_seconds(texts, scale.rounds)
        yield Figure(f"json.loads, {size_name}", parsed * 1e6, "us/finding")
        for count in scale.rules:
            ruleset = batches.load(count)
            timing = beside_parsing(
                texts, lambda findings, ruleset=ruleset: _match_all(ruleset, findings), scale.rounds
            )
            spent[size_name, count] = timing.ratio
            limit = LIMITS.get(count) if size_name == "4 KB" else None
            note = f"{timing.seconds * 1e6:.1f} us, {_matches(ruleset, texts):.2f} matches a finding"
            yield Figure(f"match, {size_name}, {count} rules", timing.ratio, "x json.loads", limit, note)
    if {100, 10_000} <= set(scale.rules):
        grown = spent["4 KB", 10_000] / spent["4 KB", 100]
        yield Figure("match, 10000 rules over 100 rules", grown, "x", GROWTH_LIMIT)


def _match_all(ruleset: Ruleset, findings: list[Any]) -> None:
    for finding in findings:
        ruleset.match(finding, NOW)


def _matches(ruleset: Ruleset, texts: list[str]) -> float:
    return sum(len(ruleset.match(json.loads(text), NOW)[0]) for text in texts) / len(texts)


def closure_figures(scale: Scale) -> Iterator[Figure]:
    """Evaluate every rule on every finding, by the same compiled closures but without an index."""
    for count in scale.rules:
        few = max(4, min(BATCH, scale.findings, 20_000 // count))
        texts = [json.dumps(finding) for finding in workload.findings(few)]
        matchers = [workload.matcher(rule) for rule in workload.rules(count)]

        def evaluate(findings: list[Any], matchers: list[Any] = matchers) -> None:
            for finding in findings:
                for matches in matchers:
                    matches(finding)

        timing = beside_parsing(texts, evaluate, rounds=3)
        yield Figure(f"closures one by one, 4 KB, {count} rules", timing.ratio, "x json.loads")


def loading_figures(scale: Scale) -> Iterator[Figure]:
    """Read a compiled rule set, as a container does before its first event."""
    count = scale.loaded
    text = json.dumps(batches.ruleset_document(count))
    seconds = min(cpu_seconds(lambda: load_ruleset(json.loads(text))) for _ in range(min(5, scale.rounds)))
    texts = [json.dumps(finding) for finding in workload.findings(scale.findings)]
    parsed = parsing_seconds(texts, scale.rounds)
    limit = LOADING_LIMIT / REFERENCE_PARSING
    yield Figure(f"load {count} rules", seconds / parsed, "x json.loads", limit, f"{seconds:.2f} s")
    tracemalloc.start()
    kept = load_ruleset(json.loads(text))
    size, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept.rules
    yield Figure(
        f"load {count} rules, peak memory", peak / 1e6, "MB", MEMORY_LIMIT, f"{size / 1e6:.0f} MB kept"
    )
