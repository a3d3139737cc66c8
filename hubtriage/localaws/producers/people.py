"""What people and other tools leave on findings before triage sees them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hubtriage.localaws.producers.draw import DAY, Draw, FindingScene, timestamp
from hubtriage.localaws.producers.shape import NORMALIZED, Finding

_ANALYSTS: Final = ("ana@example.com", "ben@example.com", "chen@example.com", "dora@example.com")
_REMARKS: Final = (
    "Looking into it.",
    "Asked the owning team, waiting for an answer.",
    "Known issue, fix is planned for the next release.",
    "Discussed in the weekly review; stays open.",
    "False alarm: this is the load test.",
)


def _note(scene: FindingScene, finding: Finding) -> None:
    finding["Note"] = {
        "Text": scene.draw.rank(_REMARKS),
        "UpdatedBy": scene.draw.pick(_ANALYSTS),
        "UpdatedAt": timestamp(scene.now - scene.draw.exponential(3 * DAY)),
    }


def _note_and_notify(scene: FindingScene, finding: Finding) -> None:
    _note(scene, finding)
    if finding["Workflow"]["Status"] == "NEW":
        finding["Workflow"] = {"Status": "NOTIFIED"}


def _suppress(scene: FindingScene, finding: Finding) -> None:
    _note(scene, finding)
    finding["Workflow"] = {"Status": "SUPPRESSED"}
    finding["VerificationState"] = scene.draw.pick(("FALSE_POSITIVE", "BENIGN_POSITIVE"))


def _rate(scene: FindingScene, finding: Finding) -> None:
    """Set the severity by hand: the provider's value stays in FindingProviderFields."""
    label = scene.draw.pick(("LOW", "HIGH"))
    finding["Severity"] = {"Label": label, "Normalized": NORMALIZED[label]}
    finding["Criticality"] = scene.draw.pick((25, 50, 90))


def _ticket(scene: FindingScene, finding: Finding) -> None:
    finding["UserDefinedFields"] = {
        "jira/issue": f"SEC-{scene.draw.between(1000, 9999)}",
        "jira/status": scene.draw.rank(("Open", "In Progress", "Waiting")),
    }


def _enrichment(scene: FindingScene, finding: Finding) -> None:
    finding["UserDefinedFields"] = {"findingEnriched": "True", "account-owner": scene.account.owner}


def _no_workflow(_: FindingScene, finding: Finding) -> None:
    """Remove the workflow, as older importers send none."""
    del finding["Workflow"], finding["WorkflowState"]


_TRACES: Final[tuple[Callable[[FindingScene, Finding], None], ...]] = (
    _ticket, _no_workflow, _note_and_notify, _enrichment, _note, _suppress, _rate,
)  # fmt: skip


def leave_traces(scene: FindingScene, finding: Finding, share: float) -> None:
    """Change this share of the findings, in place, as people and other tools would."""
    draw: Draw = scene.draw
    if draw.chance(share):
        draw.rank(_TRACES)(scene, finding)
