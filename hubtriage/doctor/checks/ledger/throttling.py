"""Check whether DynamoDB throttles the ledger."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hubtriage.doctor.account import Account
from hubtriage.doctor.verdict import Verdict, counted, written

NAMESPACE = "AWS/DynamoDB"
METRICS = ("ReadThrottleEvents", "WriteThrottleEvents")
LOOKED_BACK = timedelta(days=1)
PERIOD = timedelta(hours=1)


def look(account: Account) -> Verdict | None:
    """Read the metrics of the last day. AWS: there is no data point for a time without throttling."""
    if account.deployed is None:
        return None
    now = datetime.fromtimestamp(account.clock.now(), UTC)
    request = {
        "Namespace": NAMESPACE,
        "Dimensions": [{"Name": "TableName", "Value": account.ledger_table}],
        "StartTime": now - LOOKED_BACK,
        "EndTime": now,
        "Period": int(PERIOD.total_seconds()),
        "Statistics": ["Sum"],
    }
    watch = account.client("cloudwatch")
    points = [
        point
        for name in METRICS
        for point in watch.get_metric_statistics(MetricName=name, **request)["Datapoints"]
    ]
    return judge(points)


def judge(points: Sequence[Mapping[str, Any]]) -> Verdict:
    """Return the verdict on data points with `Timestamp` and `Sum`, one for each metric and hour."""
    throttled = [point for point in points if point["Sum"]]
    count = round(sum(point["Sum"] for point in throttled))
    data = {"throttled": count}
    if not count:
        return Verdict("ok", "no request was throttled in the last 24 hours", data=data)
    last = written(max(point["Timestamp"] for point in throttled))
    seen = f"{counted(count, 'request')} throttled in the last 24 hours, last in the hour from {last}"
    return Verdict("warning", seen, "see docs/operating.md, ledger-throttled", data=data)
