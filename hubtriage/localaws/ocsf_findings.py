"""Realistic findings of Security Hub V2 in OCSF, reproducible from a seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Final

from hubtriage.localaws.findings import NOW
from hubtriage.localaws.organization import ACCOUNTS, REGIONS
from hubtriage.localaws.producers.controls import control_finding
from hubtriage.localaws.producers.draw import Draw, FindingScene
from hubtriage.localaws.producers.guardduty import guardduty_finding
from hubtriage.localaws.producers.inspector import inspector_finding
from hubtriage.localaws.producers.macie import sensitive_data_finding
from hubtriage.localaws.producers.ocsf.correlated import coverage_finding, exposure_finding
from hubtriage.localaws.producers.ocsf.people import leave_traces_v2
from hubtriage.localaws.producers.ocsf.shape import OcsfFinding
from hubtriage.localaws.producers.ocsf.twins import twin
from hubtriage.localaws.producers.shape import Finding

Maker = Callable[[FindingScene], OcsfFinding]


def _twin_of(make: Callable[[FindingScene], Finding]) -> Maker:
    def made(scene: FindingScene) -> OcsfFinding:
        finding = twin(make(scene))
        if finding is None:
            raise LookupError("V2 has no findings of this product")
        return finding

    return made


_PRODUCERS: Final[dict[str, tuple[float, Maker]]] = {
    "security-hub": (0.48, _twin_of(control_finding)),
    "inspector": (0.24, _twin_of(inspector_finding)),
    "guardduty": (0.10, _twin_of(guardduty_finding)),
    "exposure": (0.08, exposure_finding),
    "coverage": (0.06, coverage_finding),
    "macie": (0.04, _twin_of(sensitive_data_finding)),
}

PRODUCERS_V2: Final = tuple(_PRODUCERS)
"""Names of the producers, most frequent first."""


def generate_ocsf(
    count: int,
    seed: int = 0,
    *,
    now: float = NOW,
    producers: tuple[str, ...] = PRODUCERS_V2,
    touched: float = 0.12,
) -> Iterator[OcsfFinding]:
    """Yield `count` findings in OCSF; the same arguments always give the same findings.

    `now` is the present in epoch seconds: all times lie before it. `touched` is the share of findings on
    which people left a comment, another status or another severity: plant these, as no provider sends them.
    Raises KeyError for an unknown producer.
    """
    makers = [_PRODUCERS[name][1] for name in producers]
    weights = tuple(accumulate(_PRODUCERS[name][0] for name in producers))
    draw = Draw(f"ocsf/{seed}")
    for _ in range(count):
        scene = FindingScene(draw, now, draw.rank(ACCOUNTS), draw.rank(REGIONS))
        yield leave_traces_v2(draw, draw.weighted(makers, weights)(scene), touched)
