"""What the local AWS lacks of logs and CloudWatch: levels and metrics of lines, and the event of an alarm."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_LEVELS = {"TRACE": 0, "DEBUG": 1, "INFO": 2, "WARN": 3, "WARNING": 3, "ERROR": 4, "FATAL": 5}


def kept_lines(log: str, least: str) -> str:
    """Return the lines of a function's output that Lambda keeps, where its application log level is `least`.

    AWS: a line of JSON without a known `level` counts as INFO; text that is not JSON has none.
    """
    return "".join(line for line in log.splitlines(keepends=True) if _level(line, least) >= _LEVELS[least])


def _level(line: str, of_text: str) -> int:
    try:
        document = json.loads(line)
    except ValueError:
        return _LEVELS[of_text]
    level = document.get("level") if isinstance(document, dict) else None
    return _LEVELS.get(str(level), _LEVELS["INFO"])


@dataclass(frozen=True, slots=True)
class Metric:
    """One value of a metric."""

    namespace: str
    name: str
    value: float
    unit: str
    dimensions: Mapping[str, str]


def embedded_metrics(log: str) -> Iterator[Metric]:
    """Return the values in the lines of a log that are in CloudWatch's embedded metric format."""
    for line in log.splitlines():
        if line.startswith("{") and '"_aws"' in line:
            yield from _of_document(json.loads(line))


def _of_document(document: Mapping[str, Any]) -> Iterator[Metric]:
    """AWS: each directive names metrics and sets of dimensions; their values are members next to it."""
    for directive in document["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            dimensions = {name: str(document[name]) for name in names}
            for metric in directive["Metrics"]:
                values = document[metric["Name"]]
                for value in values if isinstance(values, list) else [values]:
                    unit = metric.get("Unit", "None")
                    yield Metric(directive["Namespace"], metric["Name"], float(value), unit, dimensions)


def alarm_event(alarm: Mapping[str, Any], state: str, reason: str) -> dict[str, Any]:
    """Return what CloudWatch calls a function with when an alarm changes its state."""
    return {
        "source": "aws.cloudwatch",
        "alarmArn": alarm.get("AlarmArn", ""),
        "alarmData": {
            "alarmName": alarm.get("AlarmName", ""),
            "state": {"value": state, "reason": reason},
            "configuration": {"description": alarm.get("AlarmDescription", "")},
        },
    }
