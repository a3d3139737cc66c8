"""Measure CPU time beside the time that `json.loads` takes for the same findings at the same moment.

Machines differ, and a busy one is slow for all its processes: what counts is the ratio, as the median of many
rounds.
"""

from __future__ import annotations

import gc
import json
import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

BATCH = 100  # findings that are parsed, then worked on, as a batch in Lambda is


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number.

    name: the same in every run of the same scale, so that figures before and after can be compared.
    value: None where it cannot be measured on this machine; `note` then says why.
    limit: what it has to stay within, None where it is only for comparison.
    """

    name: str
    value: float | None
    unit: str
    limit: float | None = None
    note: str = ""

    @property
    def is_sound(self) -> bool:
        """Whether it is a number, or is not measured for a reason."""
        return bool(self.note) if self.value is None else math.isfinite(self.value)


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured.

    rules: numbers of rules, for matching and peers. findings: how many are matched. rounds: how often.
    batch: rules and messages of the whole batch. loaded: rules of the rule set that is loaded.
    starts: cold starts. linted: rules. backtest: findings and rules.
    page: findings on the page of a backtest.
    patience: seconds to wait for the packages of a peer.
    """

    rules: tuple[int, ...]
    findings: int
    rounds: int
    batch: tuple[int, int]
    loaded: int
    starts: int
    linted: int
    backtest: tuple[int, int]
    page: int
    patience: float


FULL = Scale(
    rules=(100, 1_000, 10_000),
    findings=200,
    rounds=15,
    batch=(1_000, 1_000),
    loaded=10_000,
    starts=7,
    linted=1_000,
    backtest=(100_000, 1_000),
    page=100_000,
    patience=600,
)
SMALL = Scale(
    rules=(100, 300),
    findings=50,
    rounds=3,
    batch=(100, 100),
    loaded=300,
    starts=1,
    linted=100,
    backtest=(500, 50),
    page=300,
    patience=20,
)
"""Enough to see that every section runs, in a few seconds of CPU time; its numbers are rough."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Median seconds for one finding, and the median of the ratio to `json.loads`."""

    seconds: float
    ratio: float


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU time of one run, without garbage collection in between."""
    gc.collect()
    gc.disable()
    try:
        started = time.process_time()
        work()
        return time.process_time() - started
    finally:
        gc.enable()


def beside_parsing(texts: list[str], work: Callable[[list[Any]], object], rounds: int) -> Timing:
    """Time the work on freshly parsed findings, and the parsing."""
    seconds: list[float] = []
    ratios: list[float] = []
    for _ in range(rounds):
        spent = parsing = 0.0
        for start in range(0, len(texts), BATCH):
            chunk = texts[start : start + BATCH]
            parsed: list[Any] = []
            parsing += cpu_seconds(lambda chunk=chunk, parsed=parsed: parsed.extend(map(json.loads, chunk)))
            spent += cpu_seconds(lambda parsed=parsed: work(parsed))
        seconds.append(spent / len(texts))
        ratios.append(spent / parsing)
    return Timing(statistics.median(seconds), statistics.median(ratios))


def parsing_seconds(texts: list[str], rounds: int) -> float:
    """Median CPU time of `json.loads` for one finding."""
    return statistics.median(
        cpu_seconds(lambda: [json.loads(text) for text in texts]) for _ in range(rounds)
    ) / len(texts)
