"""The metrics that alarms and the dashboard show: those that the functions emit, and those of AWS."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from hubtriage.settings.configuration import Configuration

METRICS_NAMESPACE = "hubtriage"
PERIOD = Duration.minutes(5)


def triage_metric(
    config: Configuration, name: str, statistic: str = "Sum", label: str | None = None
) -> cloudwatch.Metric:
    """Return one of the metrics that the functions emit, over five minutes."""
    return cloudwatch.Metric(
        namespace=METRICS_NAMESPACE,
        metric_name=name,
        dimensions_map={"service": config.stack_name},
        statistic=statistic,
        period=PERIOD,
        label=label,
    )


def table_metric(table: str, name: str, label: str | None = None) -> cloudwatch.Metric:
    """Return one of the metrics that DynamoDB has of a table, over five minutes."""
    return cloudwatch.Metric(
        namespace="AWS/DynamoDB",
        metric_name=name,
        dimensions_map={"TableName": table},
        statistic="Sum",
        period=PERIOD,
        label=label,
    )
