"""Make the page of the stack in CloudWatch; it answers the questions that people have from top to bottom."""

from collections.abc import Sequence
from typing import cast

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from hubtriage.settings.configuration import Configuration

from .intake import IntakeConstruct

METRICS_NAMESPACE = "hubtriage"
PERIOD = Duration.minutes(5)
QUOTA = 10 * 300  # AWS: calls of BatchUpdateFindings in five minutes, people and other tools included
WIDTH = 12


def triage_metric(config: Configuration, name: str, statistic: str = "Sum") -> cloudwatch.Metric:
    """Return one of the metrics that the function emits, over five minutes."""
    return cloudwatch.Metric(
        namespace=METRICS_NAMESPACE,
        metric_name=name,
        dimensions_map={"service": config.stack_name},
        statistic=statistic,
        period=PERIOD,
    )


def table_metric(table: str, name: str) -> cloudwatch.Metric:
    """Return one of the metrics that DynamoDB has of a table, over five minutes."""
    return cloudwatch.Metric(
        namespace="AWS/DynamoDB",
        metric_name=name,
        dimensions_map={"TableName": table},
        statistic="Sum",
        period=PERIOD,
    )


class Dashboard(Construct):
    """The dashboard of a stack, named after the stack and the Region.

    AWS: all Regions of an account share the names of dashboards.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        config: Configuration,
        intake: IntakeConstruct,
        function: lambda_.Function,
        table: str,
    ) -> None:
        super().__init__(scope, name)
        self._config = config
        page_name = f"{config.stack_name}-{Stack.of(self).region}"
        page = cloudwatch.Dashboard(self, "Page", dashboard_name=page_name)
        page.add_widgets(
            self._counts(
                "Findings", "FindingsReceived", "FindingsChanged", "FindingsRefused", "FindingsFailed"
            ),
            self._counts("What triage does", "Hidden", "TakenBack", "UnplannedHides", "HidingStopped"),
        )
        page.add_widgets(
            self._by_rule(), self._counts("Left to people", "FieldsKept", "Overruled", "FindingsObserved")
        )
        page.add_widgets(self._calls(), self._per_call())
        page.add_widgets(self._age(), _queues(intake))
        page.add_widgets(
            _ledger(table), self._counts("Ledger: failures", "LedgerFailed", "IntentsLeft", "IntakePaused")
        )
        page.add_widgets(
            self._counts(
                "Trouble",
                "NeedsAttention",
                "RuleErrors",
                "EventsUnusable",
                "Denied",
                "Throttled",
                "CallsFailed",
            ),
            self._function(function),
        )

    def _counts(self, title: str, *names: str) -> cloudwatch.GraphWidget:
        return _graph(title, [triage_metric(self._config, name) for name in names])

    def _by_rule(self) -> cloudwatch.GraphWidget:
        where = (
            f'{{{METRICS_NAMESPACE},rule,service}} MetricName="Changes" service="{self._config.stack_name}"'
        )
        search = cloudwatch.MathExpression(
            expression=f"SEARCH('{where}', 'Sum', {PERIOD.to_seconds()})",
            using_metrics={},
            label="",
            period=PERIOD,
        )
        return _graph("Findings changed, by rule", [search])

    def _calls(self) -> cloudwatch.GraphWidget:
        calls = [triage_metric(self._config, name) for name in ("ApiCalls", "Reads")]
        quota = cloudwatch.HorizontalAnnotation(value=QUOTA, label="quota of BatchUpdateFindings")
        return _graph("API calls", calls, [quota])

    def _per_call(self) -> cloudwatch.GraphWidget:
        return _graph("Findings per call", [triage_metric(self._config, "FindingsPerCall", "Average")])

    def _age(self) -> cloudwatch.GraphWidget:
        ages = [triage_metric(self._config, "EventAge", statistic) for statistic in ("p50", "p99")]
        return _graph("Age of events at the decision, seconds", ages)

    def _function(self, function: lambda_.Function) -> cloudwatch.GraphWidget:
        duration = function.metric_duration(period=PERIOD, statistic="Sum")
        cost = cloudwatch.MathExpression(
            expression=f"duration / 1000 * {self._config.memory_mb / 1024:g}",
            using_metrics={"duration": cast("cloudwatch.IMetric", duration)},
            label="GB-seconds, which is what Lambda bills",
            period=PERIOD,
        )
        longest = function.metric_duration(period=PERIOD, statistic="Maximum")
        return _graph(
            "Function: errors, throttles, longest duration (ms), cost",
            [
                function.metric_errors(period=PERIOD),
                function.metric_throttles(period=PERIOD),
                longest,
                cost,
            ],
        )


def _ledger(table: str) -> cloudwatch.GraphWidget:
    names = (
        "ConsumedReadCapacityUnits",
        "ConsumedWriteCapacityUnits",
        "ReadThrottleEvents",
        "WriteThrottleEvents",
    )
    return _graph("Ledger: units read and written, throttled", [table_metric(table, name) for name in names])


def _queues(intake: IntakeConstruct) -> cloudwatch.GraphWidget:
    waiting = [_waiting(queue) for queue in (intake.queue, intake.dead_letters, intake.undelivered)]
    oldest = intake.queue.metric_approximate_age_of_oldest_message(period=PERIOD, label="oldest, seconds")
    return _graph("Queues: waiting, dead letters, undelivered", [*waiting, oldest])


def _waiting(queue: sqs.Queue) -> cloudwatch.Metric:
    return queue.metric_approximate_number_of_messages_visible(period=PERIOD, label=queue.node.id)


def _graph(
    title: str,
    metrics: Sequence[cloudwatch.Metric | cloudwatch.MathExpression],
    lines: Sequence[cloudwatch.HorizontalAnnotation] = (),
) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=title,
        width=WIDTH,
        left=[cast("cloudwatch.IMetric", metric) for metric in metrics],
        left_annotations=list(lines),
    )
