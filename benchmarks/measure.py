"""Measuring: CPU time, beside the time that `json.loads` takes for the same findings at the same moment.

Machines differ, and a busy one is slow for everybody: what counts is the ratio, as the median of many rounds.
"""

from __future__ import annotations

import gc
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

BATCH = 100  # findings that are parsed, then worked on, as a batch in Lambda is


@dataclass(frozen=True, slots=True)
class Row:
    """One measured number. `limit`: what it has to stay within, None where it is only for comparison."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """The row as `build/bench.json` holds it."""
        return asdict(self)


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


def beside_parsing(texts: list[str], work: Callable[[list[Any]], object], rounds: int = 15) -> Timing:
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


def parsing_seconds(texts: list[str], rounds: int = 15) -> float:
    """Median CPU time of `json.loads` for one finding."""
    return statistics.median(
        cpu_seconds(lambda: [json.loads(text) for text in texts]) for _ in range(rounds)
    ) / len(texts)
