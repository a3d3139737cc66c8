"""What a sweep reports, as log lines and metrics: after each step and at the end. And the clock's metrics."""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from hubtriage.aws.sweep.occasions.moments import begun_within, ended_within
from hubtriage.aws.sweep.progress import Progress
from hubtriage.aws.sweep.request import SweepRequest
from hubtriage.aws.switch.mode import MODES, Mode
from hubtriage.engine.ruleset.ruleset import Ruleset

DAY = 86400.0
MODE_METRIC = "Mode"
ENDING_METRIC = "ExceptionsEndingSoon"
REOPENING_METRIC = "FindingsReopeningSoon"
MODE_NUMBERS: Mapping[str, int] = {mode: number for number, mode in enumerate(MODES)}
"""CloudWatch keeps numbers only: 0 is `enforce`, 1 `reopen`, 2 `observe`."""
COUNTS = {
    "SweepFindingsRead": "read",
    "SweepFindingsChanged": "changed",
    "SweepFindingsWithheld": "withheld",
    "SweepMessages": "messages",
    "SweepReads": "calls",
}
"""Metrics of a step, by the member of the progress that they count."""


def results(progress: Progress) -> dict[str, Any]:
    """Return what a sweep has done so far, JSON-ready."""
    return {
        "status": progress.status,
        "objection": progress.outset.objection if progress.outset else "",
        "read": progress.read,
        "changed": progress.changed,
        "hidden": progress.hidden,
        "reopened": progress.reopened,
        "taken_back": progress.taken_back,
        "doubtful": progress.doubtful,
        "refused": progress.refused,
        "left_to_people": progress.kept,
        "failed_rules": progress.failed_rules,
        "withheld": progress.withheld,
        "uncertain": progress.uncertain,
        "gone": progress.gone,
        "skipped": list(progress.skipped),
        "dead_letters": progress.dead_letters,
        "changed_by_rule": dict(progress.by_rule.most_common()),
    }


def report(sweep: str, request: SweepRequest, progress: Progress, ruleset: Ruleset) -> dict[str, Any]:
    """Return the report of a sweep, JSON-ready: its request, its results, and the rules that ended."""
    now = progress.ended or progress.started or 0.0
    return {
        "sweep": sweep,
        "reason": request.reason,
        "request": request.as_json(),
        "ruleset": ruleset.hash,
        "revision": ruleset.revision,
        **results(progress),
        "messages": progress.messages,
        "pages": progress.pages,
        "restarts": progress.restarts,
        "reads": progress.calls,
        "seconds": round(now - (progress.started or now), 1),
        "rules_ended_today": list(ended_within(ruleset, now - DAY, now)),
        "rules_begun_today": list(begun_within(ruleset, now - DAY, now)),
    }


def emit_step(request: SweepRequest, before: Progress, after: Progress, namespace: str, service: str) -> None:
    """Write the metrics of a step to standard output; a sweep that is over is counted by how it ended."""
    metrics = EphemeralMetrics(namespace=namespace, service=service)
    for name, count in step_counts(request, before, after).items():
        metrics.add_metric(name, MetricUnit.Count, count)
    metrics.flush_metrics()


def step_counts(request: SweepRequest, before: Progress, after: Progress) -> Mapping[str, int]:
    """Return the metrics of a step by name.

    Sweeps of some findings count as neither begun nor done: those of all findings are awaited every day. Only
    they pass every entry of the ledger, and so know how many findings triage hides once all is done that they
    decided.
    """
    counts = {name: getattr(after, member) - getattr(before, member) for name, member in COUNTS.items()}
    if request.is_whole and before.started is None and after.started is not None:
        counts["SweepsBegun"] = 1
    if after.status == "waiting":
        counts["SweepsWaiting"] = 1
    if after.status not in ("more", "continued", "done"):
        counts["SweepsStopped"] = 1
    if request.is_whole and after.status == "done":
        counts["SweepsDone"] = 1
    if request.is_whole and after.status in ("done", "withheld", "skipped"):
        counts["SweepFindingsHidden"] = max(0, after.concealed + after.hidden - after.reopened)
    return counts


def emit_ahead(reopening: int, failed: int, namespace: str, service: str) -> None:
    """Write how many findings show again when rules end soon, and how many rules' notices have failed."""
    metrics = EphemeralMetrics(namespace=namespace, service=service)
    metrics.add_metric(REOPENING_METRIC, MetricUnit.Count, reopening)
    metrics.add_metric("NoticesFailed", MetricUnit.Count, failed)
    metrics.flush_metrics()


def emit_gauges(mode: Mode, ending: int, namespace: str, service: str) -> None:
    """Write what the dashboard shows of a moment: the mode, and how many exceptions end soon."""
    metrics = EphemeralMetrics(namespace=namespace, service=service)
    metrics.add_metric(MODE_METRIC, MetricUnit.NoUnit, MODE_NUMBERS[mode])
    metrics.add_metric(ENDING_METRIC, MetricUnit.Count, ending)
    metrics.flush_metrics()
