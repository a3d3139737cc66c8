"""Metrics in log lines, as CloudWatch reads them."""

import json

import pytest

from hubtriage.aws.triage.metrics import BatchTally, emit
from hubtriage.localaws.ministack.log_metrics import alarm_event, embedded_metrics, kept_lines


def test_what_the_function_writes_becomes_metrics(capsys: pytest.CaptureFixture[str]) -> None:
    emit(BatchTally({"Hidden": 3, "Reads": 1}, (), (90, 7), {"r": 2}, {}), "ns", "triage")
    metrics = list(embedded_metrics("START RequestId\n" + capsys.readouterr().out + "END"))
    assert {metric.namespace for metric in metrics} == {"ns"}
    values = [(metric.name, metric.value, dict(metric.dimensions)) for metric in metrics]
    assert ("Hidden", 3.0, {"service": "triage"}) in values
    assert ("Changes", 2.0, {"service": "triage", "rule": "r"}) in values
    assert [value for name, value, _ in values if name == "FindingsPerCall"] == [90.0, 7.0]


def test_other_lines_are_no_metrics() -> None:
    assert list(embedded_metrics('{"message": "finding updated"}\nplain text\n')) == []


@pytest.mark.parametrize(
    ("least", "kept"),
    [
        pytest.param("DEBUG", {"debug", "info", "none", "warning", "error", "text"}, id="all"),
        pytest.param("INFO", {"info", "none", "warning", "error", "text"}, id="what has no level, at INFO"),
        pytest.param("WARN", {"warning", "error", "text"}, id="above INFO nothing without a level"),
        pytest.param("ERROR", {"error", "text"}, id="errors, and what is no JSON"),
    ],
)
def test_lambda_keeps(least: str, kept: set[str]) -> None:
    levels = ("debug", "info", "warning", "error")
    lines = [json.dumps({"level": level.upper(), "message": level}) for level in levels]
    lines += [json.dumps({"_aws": {}, "message": "none"}), "text"]
    left = kept_lines("\n".join(lines), least).splitlines()
    assert {line if line == "text" else json.loads(line)["message"] for line in left} == kept


def test_a_function_is_told_of_the_alarm_and_its_state() -> None:
    event = alarm_event({"AlarmName": "a", "AlarmArn": "arn"}, "ALARM", "because")
    assert event["alarmData"]["state"] == {"value": "ALARM", "reason": "because"}
    assert (event["alarmArn"], event["alarmData"]["alarmName"]) == ("arn", "a")
