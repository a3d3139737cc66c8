"""The history of one finding: what triage decided (CloudWatch Logs), who changed what (Security Hub)."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from hubtriage.aws.log_lines import read_line
from hubtriage.aws.securityhub.api import Key, identifier
from hubtriage.aws.securityhub.authorship import Author, HistoryRecord, history_record
from hubtriage.engine.text.timestamps import parse_timestamp

Kind = Literal["decision", "change"]
AuthorOf = Callable[[object, float], Author]
"""Says who made an update, by its UpdateSource and time."""
_PLAIN = re.compile(r"[\w:/.@-]*", re.ASCII)
"""What may stand in a pattern of CloudWatch Logs as it is."""
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
    """What happened to a finding at a time (epoch seconds): a line of the log, or a record of the history.

    `change` is what a record says, with its author. `is_recorded`: the history has the update of this line.
    """

    time: float
    kind: Kind
    record: Mapping[str, Any]
    change: HistoryRecord | None = None
    is_recorded: bool = False


def decisions(logs: Logs, group: str, end: str, since: float) -> Iterator[HistoryEvent]:
    """Yield what triage decided since a time (epoch seconds) on findings whose Id ends so, oldest first.

    Only the member `finding_id` identifies a line: text inside a finding cannot pretend to be a line. Raises
    botocore's ClientError. AWS: a pattern takes a star at the beginning of a text.
    """
    request: dict[str, Any] = {"logGroupName": group, "startTime": int(since * 1000)}
    if plain := plain_end(end):
        request["filterPattern"] = f'{{ $.finding_id = "*{plain}" }}'
    for page in logs.get_paginator("filter_log_events").paginate(**request):
        for event in page["events"]:
            yield from _lines(event, end)


def plain_end(end: str) -> str:
    """Return as much of the end of an Id as a pattern takes."""
    found = _PLAIN.match(end[::-1])
    return found[0][::-1] if found else ""


def _lines(event: Mapping[str, Any], end: str) -> Iterator[HistoryEvent]:
    for row in str(event["message"]).splitlines():
        line = read_line(row)
        if line and str(line.get("finding_id", "")).endswith(end) and "outcome" in line:
            moment = parse_timestamp(line.get("timestamp"))
            yield HistoryEvent(event["timestamp"] / 1000 if moment is None else moment, "decision", line)


def key_of_line(event: HistoryEvent) -> Key:
    """Return which finding a decision was about."""
    return str(event.record.get("product_arn")), str(event.record.get("finding_id"))


def changes(hub: FindingHistoryApi, key: Key, since: float, author: AuthorOf) -> Iterator[HistoryEvent]:
    """Yield who changed the finding since a time (epoch seconds), newest first.

    AWS: kept for 90 days, for archived findings for 30. Raises botocore's ClientError.
    """
    pages = hub.get_paginator("get_finding_history").paginate(
        FindingIdentifier=identifier(key), StartTime=since, PaginationConfig={"PageSize": _PAGE}
    )
    for page in pages:
        for record in page["Records"]:
            change = history_record(record, author)
            yield HistoryEvent(change.time, "change", record, change)


def products_of(hub: FindingHistoryApi, finding_id: str) -> list[str]:
    """Return the ARNs of the products with a finding of this Id. AWS: an Id is unique per product only."""
    answer = hub.get_findings(
        Filters={"Id": [{"Value": finding_id, "Comparison": "EQUALS"}]}, MaxResults=_PAGE
    )
    return sorted({str(found.get("ProductArn")) for found in answer["Findings"]})


def in_order(events: Sequence[HistoryEvent]) -> list[HistoryEvent]:
    """Sort events, oldest first. Of two events of one second the decision comes first."""
    return sorted(events, key=lambda event: (int(event.time), event.kind == "change", event.time))
