"""What the doctor says of requests to the ledger that DynamoDB has throttled."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from hubtriage.doctor.checks.ledger import throttling
from hubtriage.doctor.verdict import Status
from hubtriage.localaws.securityhub.inprocess import ManualClock
from tests.doctor.ledger.accounts import account
from tests.support.ledger_tables import LedgerTable


class Metrics:
    """CloudWatch: the throttled writes by hour of the day."""

    def __init__(self, hours: Mapping[int, float]) -> None:
        self.hours = hours
        self.asked: list[Mapping[str, Any]] = []

    def get_metric_statistics(self, **request: Any) -> Mapping[str, Any]:
        self.asked.append(request)
        if request["MetricName"] != "WriteThrottleEvents":
            return {"Datapoints": []}
        times = {hour: datetime(2027, 1, 15, hour, tzinfo=UTC) for hour in self.hours}
        return {
            "Datapoints": [{"Timestamp": times[hour], "Sum": count} for hour, count in self.hours.items()]
        }


@pytest.mark.parametrize(
    ("hours", "status", "seen"),
    [
        pytest.param({}, "ok", "no request was throttled in the last 24 hours", id="no data point"),
        pytest.param({3: 0.0}, "ok", "no request was throttled in the last 24 hours", id="a count of none"),
        pytest.param(
            {3: 2.0, 5: 40.0, 4: 0.0},
            "warning",
            "42 requests throttled in the last 24 hours, last in the hour from 2027-01-15 05:00 UTC",
            id="throttled writes",
        ),
    ],
)
def test_throttled_requests(hours: Mapping[int, float], status: Status, seen: str) -> None:
    metrics = Metrics(hours)
    verdict = throttling.look(account(LedgerTable(), others=metrics))
    assert verdict is not None
    assert (verdict.status, verdict.seen) == (status, seen)
    assert bool(verdict.advice) == (status != "ok")
    first = metrics.asked[0]
    assert first["Dimensions"] == [{"Name": "TableName", "Value": "blue-ledger"}]
    assert first["EndTime"].timestamp() == ManualClock().now()
    assert (first["EndTime"] - first["StartTime"]).days == 1
