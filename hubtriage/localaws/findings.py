"""Realistic Security Hub findings of nine producers, reproducible from a seed.

Frequencies are Zipf-like throughout (accounts, Regions, controls, resources): a few are common, most rare.
Nothing is arranged for rules or for batching. Findings have the form in which Security Hub shows them, and
are valid for BatchImportFindings as new findings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Final

from hubtriage.localaws.organization import ACCOUNTS, REGIONS
from hubtriage.localaws.producers.access_analyzer import access_analyzer_finding
from hubtriage.localaws.producers.config import config_finding
from hubtriage.localaws.producers.controls import control_finding
from hubtriage.localaws.producers.draw import Draw, FindingScene
from hubtriage.localaws.producers.growth import grow
from hubtriage.localaws.producers.guardduty import guardduty_finding
from hubtriage.localaws.producers.health import health_finding
from hubtriage.localaws.producers.inspector import inspector_finding
from hubtriage.localaws.producers.macie import macie_finding
from hubtriage.localaws.producers.people import leave_traces
from hubtriage.localaws.producers.shape import Finding
from hubtriage.localaws.producers.third_party import in_house_finding, prowler_finding

NOW: Final = 1_793_534_400.0
"""The default present of generated findings: 2026-11-01T12:00:00Z."""

SMALL: Final = 4_096
LARGE: Final = 20_480

_PRODUCERS: Final[dict[str, tuple[float, Callable[[FindingScene], Finding]]]] = {
    "security-hub": (0.48, control_finding),
    "inspector": (0.18, inspector_finding),
    "config": (0.09, config_finding),
    "guardduty": (0.08, guardduty_finding),
    "prowler": (0.06, prowler_finding),
    "access-analyzer": (0.04, access_analyzer_finding),
    "macie": (0.03, macie_finding),
    "in-house": (0.03, in_house_finding),
    "health": (0.01, health_finding),
}

PRODUCERS: Final = tuple(_PRODUCERS)
"""Names of the producers, most frequent first."""


def generate(
    count: int,
    seed: int = 0,
    *,
    now: float = NOW,
    size: int | None = None,
    producers: tuple[str, ...] = PRODUCERS,
    touched: float = 0.12,
) -> Iterator[Finding]:
    """Yield `count` findings; the same arguments always give the same findings.

    `now` is the present in epoch seconds: all timestamps lie before it. `size` is the number of bytes (as
    compact JSON) that a finding has at least, about; None leaves each as large as its producer makes it
    (1.5 to 5 KB). `touched` is the share of findings on which people or other tools left something: notes,
    user-defined fields, another workflow or severity, or no workflow at all.

    A longer run starts with the findings of a shorter one. Raises ValueError for an unknown producer.
    """
    chosen = [_producer(name) for name in producers]
    makers = [maker for _, maker in chosen]
    weights = tuple(accumulate(weight for weight, _ in chosen))
    draw = Draw(seed)
    for _ in range(count):
        scene = FindingScene(draw, now, draw.rank(ACCOUNTS), draw.rank(REGIONS))
        finding = draw.weighted(makers, weights)(scene)
        leave_traces(scene, finding, touched)
        if size is not None:
            grow(scene, finding, size)
        yield finding


def _producer(name: str) -> tuple[float, Callable[[FindingScene], Finding]]:
    try:
        return _PRODUCERS[name]
    except KeyError:
        raise ValueError(f"unknown producer {name!r}; one of {', '.join(PRODUCERS)}") from None
