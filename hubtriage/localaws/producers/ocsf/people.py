"""What people leave on findings of V2 before triage sees them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hubtriage.localaws.producers.draw import Draw
from hubtriage.localaws.producers.ocsf.shape import OcsfFinding
from hubtriage.localaws.securityhub.v2 import words

_REMARKS: Final = ("Looking into it.", "Asked the owning team.", "False alarm: this is the load test.")


def _comment(draw: Draw, finding: OcsfFinding) -> None:
    finding["comment"] = draw.rank(_REMARKS)


def _begin(draw: Draw, finding: OcsfFinding) -> None:
    _comment(draw, finding)
    finding["status_id"] = words.IN_PROGRESS


def _suppress(draw: Draw, finding: OcsfFinding) -> None:
    _comment(draw, finding)
    finding["status_id"] = words.SUPPRESSED


def _archive(_: Draw, finding: OcsfFinding) -> None:
    finding["status_id"] = words.ARCHIVED


def _rate(draw: Draw, finding: OcsfFinding) -> None:
    """Set the severity by hand: the provider's stays in `vendor_attributes`."""
    finding["severity_id"] = draw.pick((2, 4, 6))


_TRACES: Final[tuple[Callable[[Draw, OcsfFinding], None], ...]] = (
    _comment, _begin, _suppress, _rate, _archive,
)  # fmt: skip


def leave_traces_v2(draw: Draw, finding: OcsfFinding, share: float) -> OcsfFinding:
    """Return a finding as people left it, who touched this share of them."""
    if not draw.chance(share):
        return finding
    draw.rank(_TRACES)(draw, finding)
    return words.with_siblings(finding)
