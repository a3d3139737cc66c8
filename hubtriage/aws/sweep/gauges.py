"""What the dashboard shows of a moment: where the mode switch stands, and how many exceptions end soon."""

from collections.abc import Mapping

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from hubtriage.aws.switch.mode import MODES, Mode
from hubtriage.engine.ruleset.ruleset import Ruleset

SOON_DAYS = 30
MODE_METRIC = "Mode"
ENDING_METRIC = "ExceptionsEndSoon"
MODE_NUMBERS: Mapping[str, int] = {mode: number for number, mode in enumerate(MODES)}
"""CloudWatch keeps numbers only: 0 is `enforce`, 1 `reopen`, 2 `observe`."""


def end_soon(ruleset: Ruleset, now: float) -> int:
    """Return how many rules that may hide findings end within 30 days; those in observe hide nothing."""
    until = now + SOON_DAYS * 86_400
    return sum(
        rule.mode != "observe" and rule.ends is not None and now < rule.ends <= until
        for rule in ruleset.may_hide
    )


def emit_gauges(mode: Mode, ending: int, namespace: str, service: str) -> None:
    """Write both to standard output, in CloudWatch's embedded format."""
    metrics = EphemeralMetrics(namespace=namespace, service=service)
    metrics.add_metric(MODE_METRIC, MetricUnit.NoUnit, MODE_NUMBERS[mode])
    metrics.add_metric(ENDING_METRIC, MetricUnit.Count, ending)
    metrics.flush_metrics()
