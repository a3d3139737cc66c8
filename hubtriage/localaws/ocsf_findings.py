"""Realistic findings of Security Hub V2 in OCSF, reproducible from a seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from random import Random
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
from hubtriage.localaws.securityhub.v2 import words

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


_ODD: Final = (0, 6, 99)
"""Severities that ASFF has not: Unknown, Fatal, Other."""
_UNLIKE: Final = 25
"""One finding of so many has such a severity."""


def in_v2(
    signals: Sequence[Finding], seed: int = 0, *, now: float = NOW, touched: float = 0.12
) -> list[OcsfFinding]:
    """Return what V2 has next to these findings in ASFF: the twins of most, and what only V2 has.

    People have touched some of them, and some have a severity that ASFF has not. The same arguments always
    give the same findings.
    """
    twins = [same for each in signals if (same := twin(each)) is not None]
    alone = max(4, len(signals) // 6)
    alone_producers = ("exposure", "coverage")
    found = [*twins, *generate_ocsf(alone, seed, now=now, producers=alone_producers, touched=0.0)]
    Random(seed).shuffle(found)  # noqa: S311 - repeatable, not secret
    for at, finding in enumerate(found[::_UNLIKE]):
        found[at * _UNLIKE] = _with_severity(finding, _ODD[at % len(_ODD)])
    draw = Draw(f"in v2/{seed}")
    return [leave_traces_v2(draw, finding, touched) for finding in found]


def _with_severity(finding: OcsfFinding, severity: int) -> OcsfFinding:
    given = words.with_siblings({**finding, "severity_id": severity})
    return {**given, "vendor_attributes": {"severity": given["severity"], "severity_id": severity}}


def is_touched(finding: OcsfFinding) -> bool:
    """Say whether people had been at a finding before: no provider sends it like that."""
    is_rated = finding["severity_id"] != finding["vendor_attributes"]["severity_id"]
    is_resting = finding["status_id"] in (words.NEW, words.RESOLVED)
    return is_rated or not is_resting or "comment" in finding
