"""The story of one finding: what triage decided (CloudWatch Logs), and who changed what (Security Hub)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from hubtriage.aws.log_lines import read_line
from hubtriage.aws.securityhub.api import Key
from hubtriage.engine.text.timestamps import parse_timestamp

Kind = Literal["decision", "change"]
_TERM = re.compile(r"[\w:/.@-]+", re.ASCII)
_PAGE = 100


class Logs(Protocol):
    """boto3's client of CloudWatch Logs, as far as it is used here."""

    def filter_log_events(self, **request: Any) -> Mapping[str, Any]:
        """Search a log group."""


class History(Protocol):
    """boto3's client of Security Hub, as far as it is used here."""

    def get_finding_history(self, **request: Any) -> Mapping[str, Any]:
        """Read who changed a finding."""

    def get_findings(self, **request: Any) -> Mapping[str, Any]:
        """Read findings."""


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """What happened to a finding at a time (epoch seconds): a line of the log, or a record of the history."""

    time: float
    kind: Kind
    record: Mapping[str, Any]


def decisions(logs: Logs, group: str, finding_id: str, since: float) -> Iterator[HistoryEvent]:
    """What triage decided on the finding since a time (epoch seconds), oldest first.

    A line of the log is told by its `finding_id` alone; what findings hold cannot pretend to be one.
    Raises botocore's ClientError.
    """
    request: dict[str, Any] = {"logGroupName": group, "startTime": int(since * 1000)}
    term = max(_TERM.findall(finding_id), key=len, default="")
    if term:
        request["filterPattern"] = f'"{term}"'
    while True:
        answer = logs.filter_log_events(**request)
        for event in answer["events"]:
            yield from _lines(event, finding_id)
        if not answer.get("nextToken"):
            return
        request["nextToken"] = answer["nextToken"]


def _lines(event: Mapping[str, Any], finding_id: str) -> Iterator[HistoryEvent]:
    for row in str(event["message"]).splitlines():
        line = read_line(row)
        if line and line.get("finding_id") == finding_id and "outcome" in line:
            moment = parse_timestamp(line.get("timestamp"))
            yield HistoryEvent(event["timestamp"] / 1000 if moment is None else moment, "decision", line)


def changes(hub: History, key: Key, since: float) -> Iterator[HistoryEvent]:
    """Who changed the finding since a time (epoch seconds), newest first.

    AWS: kept for 90 days, for archived findings for 30. Raises botocore's ClientError.
    """
    request: dict[str, Any] = {
        "FindingIdentifier": {"ProductArn": key[0], "Id": key[1]},
        "StartTime": since,
        "MaxResults": _PAGE,
    }
    while True:
        answer = hub.get_finding_history(**request)
        for record in answer["Records"]:
            yield HistoryEvent(_moment(record.get("UpdateTime")), "change", record)
        if not answer.get("NextToken"):
            return
        request["NextToken"] = answer["NextToken"]


def _moment(told: Any) -> float:
    """A time as botocore gives it, or as the service writes it."""
    if hasattr(told, "timestamp"):
        return float(told.timestamp())
    return parse_timestamp(told) or 0.0


def products_of(hub: History, finding_id: str) -> list[str]:
    """ARNs of the products that have a finding of this Id. AWS: an Id is unique within its product only."""
    answer = hub.get_findings(
        Filters={"Id": [{"Value": finding_id, "Comparison": "EQUALS"}]}, MaxResults=_PAGE
    )
    return sorted({str(found.get("ProductArn")) for found in answer["Findings"]})


def in_order(events: Sequence[HistoryEvent]) -> list[HistoryEvent]:
    """The whole story, oldest first; of two events of one second the decision comes first."""
    return sorted(events, key=lambda event: (int(event.time), event.kind == "change", event.time))
