"""What a sweep reports: a line in the log and metrics, after each step and at the end."""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from hubtriage.aws.sweep.progress import Progress
from hubtriage.aws.sweep.request import SweepRequest
from hubtriage.engine.ruleset.ruleset import Ruleset

DAY = 86400.0
COUNTS = {
    "SweepFindingsRead": "read",
    "SweepFindingsChanged": "changed",
    "SweepFindingsWithheld": "withheld",
    "SweepMessages": "messages",
    "SweepReads": "calls",
}
"""Metrics of a step, by the member of the progress that they count."""


def ended_within(ruleset: Ruleset, now: float, seconds: float = DAY) -> tuple[str, ...]:
    """Return the ids of the rules whose time ended in the last `seconds` before `now`."""
    return tuple(
        rule.id for rule in ruleset.rules if rule.ends is not None and now - seconds < rule.ends <= now
    )


def begun_within(ruleset: Ruleset, now: float, seconds: float = DAY) -> tuple[str, ...]:
    """Return the ids of the rules whose time began in the last `seconds` before `now`."""
    return tuple(
        rule.id for rule in ruleset.rules if rule.starts is not None and now - seconds < rule.starts <= now
    )


def report(sweep: str, request: SweepRequest, progress: Progress, ruleset: Ruleset) -> dict[str, Any]:
    """Return the report of a sweep, JSON-ready: its request, its results, and the rules that ended."""
    now = progress.ended or progress.started or 0.0
    return {
        "sweep": sweep,
        "status": progress.status,
        "reason": request.reason,
        "request": request.as_json(),
        "ruleset": ruleset.hash,
        "revision": ruleset.revision,
        "read": progress.read,
        "changed": progress.changed,
        "hidden": progress.hidden,
        "taken_back": progress.taken_back,
        "refused": progress.refused,
        "left_to_people": progress.kept,
        "failed_rules": progress.failed_rules,
        "withheld": progress.withheld,
        "uncertain": progress.uncertain,
        "skipped": list(progress.skipped),
        "dead_letters": progress.dead_letters,
        "changed_by_rule": dict(progress.by_rule.most_common()),
        "messages": progress.messages,
        "pages": progress.pages,
        "restarts": progress.restarts,
        "seconds": round(now - (progress.started or now), 1),
        "rules_ended_today": list(ended_within(ruleset, now)),
        "rules_begun_today": list(begun_within(ruleset, now)),
    }


def emit_step(before: Progress, after: Progress, namespace: str, service: str) -> None:
    """Write the metrics of a step to standard output; a sweep that is over is counted by how it ended."""
    metrics = EphemeralMetrics(namespace=namespace, service=service)
    for name, count in step_counts(before, after).items():
        metrics.add_metric(name, MetricUnit.Count, count)
    metrics.flush_metrics()


def step_counts(before: Progress, after: Progress) -> Mapping[str, int]:
    """Return the metrics of a step by name."""
    counts = {name: getattr(after, member) - getattr(before, member) for name, member in COUNTS.items()}
    if after.is_over and after.status != "continued":
        counts["SweepsDone" if after.status == "done" else "SweepsStopped"] = 1
    return counts
