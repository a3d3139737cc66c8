"""The log group of the triage function, read day by day, the newest day first, within a budget of calls."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from hubtriage.aws.clock import Clock
from hubtriage.aws.securityhub.ratelimit import TokenBucket
from hubtriage.recovery.log_lines import FILTER

CALLS_PER_SECOND = 4.0
"""AWS: at most 10 calls of FilterLogEvents a second for an account and Region, people included."""
DAY = 86_400.0


class LogsApi(Protocol):
    """boto3's client of CloudWatch Logs, as far as it is used here."""

    def filter_log_events(self, **request: Any) -> Mapping[str, Any]:
        """Return a page of events."""

    def describe_log_groups(self, **request: Any) -> Mapping[str, Any]:
        """Return log groups by the beginning of their names."""


class NoLogGroupError(RuntimeError):
    """There is no log group of this name."""


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the log: from a time to another one (epoch seconds), the second not included."""

    start: float
    end: float


class LogReader:
    """Reads one log group."""

    def __init__(self, api: LogsApi, group: str, clock: Clock) -> None:
        self._api, self._group, self._clock = api, group, clock
        self._budget = TokenBucket.of_a_second(CALLS_PER_SECOND, clock)

    def begin(self) -> float:
        """Return from when on the log can have lines: since it was made, or as long as it keeps them.

        Raises NoLogGroupError, and botocore's errors.
        """
        self._take()
        answer = self._api.describe_log_groups(logGroupNamePrefix=self._group)
        for group in answer["logGroups"]:
            if group["logGroupName"] == self._group:
                made = float(group.get("creationTime", 0)) / 1000
                kept = group.get("retentionInDays")
                return max(made, self._clock.now() - float(kept) * DAY) if kept else made
        raise NoLogGroupError(f"there is no log group {self._group}")

    def messages(self, span: Span) -> Iterator[str]:
        """Yield the messages of a span that may be about the ledger. Raises botocore's errors."""
        request: dict[str, Any] = {
            "logGroupName": self._group,
            "startTime": int(span.start * 1000),
            "endTime": int(span.end * 1000) - 1,  # AWS: an event of this time is included
            "filterPattern": FILTER,
        }
        while True:
            self._take()
            page = self._api.filter_log_events(**request)
            yield from (event["message"] for event in page["events"])
            if not page.get("nextToken"):
                return
            request["nextToken"] = page["nextToken"]

    def _take(self) -> None:
        self._budget.take(float("inf"))


def spans(start: float, end: float) -> Iterator[Span]:
    """Yield the days from a time to another one (epoch seconds), the last first."""
    until = end
    while until > start:
        since = max(start, until - DAY)
        yield Span(since, until)
        until = since
