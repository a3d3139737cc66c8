"""The history of one finding: what triage decided (CloudWatch Logs), who changed what (Security Hub)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from hubtriage.aws.log_lines import read_line
from hubtriage.aws.securityhub.api import Key, identifier
from hubtriage.engine.text.timestamps import parse_timestamp

Kind = Literal["decision", "change"]
_TERM = re.compile(r"[\w:/.@-]+", re.ASCII)
_PAGE = 100


class Logs(Protocol):
    """boto3's client of CloudWatch Logs, as far as it is used here."""

    def get_paginator(self, operation_name: str, /) -> Any:
        """Return what reads all pages of an operation."""


class FindingHistoryApi(Protocol):
    """boto3's client of Security Hub, as far as it is used here."""

    def get_paginator(self, operation_name: str, /) -> Any:
        """Return what reads all pages of an operation."""

    def get_findings(self, **request: Any) -> Mapping[str, Any]:
        """Read findings."""


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """What happened to a finding at a time (epoch seconds): a line of the log, or a record of the history."""

    time: float
    kind: Kind
    record: Mapping[str, Any]


def decisions(logs: Logs, group: str, finding_id: str, since: float) -> Iterator[HistoryEvent]:
    """Yield what triage decided on the finding since a time (epoch seconds), oldest first.

    Only the member `finding_id` identifies a line: text inside a finding cannot pretend to be a line. Raises
    botocore's ClientError.
    """
    request: dict[str, Any] = {"logGroupName": group, "startTime": int(since * 1000)}
    term = max(_TERM.findall(finding_id), key=len, default="")
    if term:
        request["filterPattern"] = f'"{term}"'
    for page in logs.get_paginator("filter_log_events").paginate(**request):
        for event in page["events"]:
            yield from _lines(event, finding_id)


def _lines(event: Mapping[str, Any], finding_id: str) -> Iterator[HistoryEvent]:
    for row in str(event["message"]).splitlines():
        line = read_line(row)
        if line and line.get("finding_id") == finding_id and "outcome" in line:
            moment = parse_timestamp(line.get("timestamp"))
            yield HistoryEvent(event["timestamp"] / 1000 if moment is None else moment, "decision", line)


def changes(hub: FindingHistoryApi, key: Key, since: float) -> Iterator[HistoryEvent]:
    """Yield who changed the finding since a time (epoch seconds), newest first.

    AWS: kept for 90 days, for archived findings for 30. Raises botocore's ClientError.
    """
    pages = hub.get_paginator("get_finding_history").paginate(
        FindingIdentifier=identifier(key), StartTime=since, PaginationConfig={"PageSize": _PAGE}
    )
    for page in pages:
        for record in page["Records"]:
            yield HistoryEvent(_moment(record.get("UpdateTime")), "change", record)


def _moment(time: Any) -> float:
    """Read a time as botocore gives it, or as the service writes it."""
    if hasattr(time, "timestamp"):
        return float(time.timestamp())
    return parse_timestamp(time) or 0.0


def products_of(hub: FindingHistoryApi, finding_id: str) -> list[str]:
    """Return the ARNs of the products with a finding of this Id. AWS: an Id is unique per product only."""
    answer = hub.get_findings(
        Filters={"Id": [{"Value": finding_id, "Comparison": "EQUALS"}]}, MaxResults=_PAGE
    )
    return sorted({str(found.get("ProductArn")) for found in answer["Findings"]})


def in_order(events: Sequence[HistoryEvent]) -> list[HistoryEvent]:
    """Sort events, oldest first. Of two events of one second the decision comes first."""
    return sorted(events, key=lambda event: (int(event.time), event.kind == "change", event.time))
