"""FilterLogEvents of ministack, which has no pages of its own."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from hubtriage.localaws.ministack.internals import module
from hubtriage.localaws.ministack.log_pages import paged

logs = module("services.cloudwatch_logs")
EVENTS = 25_000


@pytest.fixture
def group() -> Iterator[str]:
    """A log group with thousands of events in three streams, most of them several to a millisecond."""
    streams: dict[str, Any] = {f"stream-{number}": {"events": []} for number in range(3)}
    for number in range(EVENTS):
        event = {"timestamp": number // 700, "ingestionTime": 0, "message": f"{number}"}
        streams[f"stream-{number % 3}"]["events"].append(event)
    logs._log_groups["/a/log"] = {"streams": streams}
    yield "/a/log"
    del logs._log_groups["/a/log"]


def _read(ask: Any, **request: Any) -> list[str]:
    read, token = [], None
    while True:
        status, _headers, body = ask(request | ({"nextToken": token} if token else {}))
        assert status == 200
        answer = json.loads(body)
        read += [event["message"] for event in answer["events"]]
        token = answer.get("nextToken")
        if token is None:
            return read


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        pytest.param({}, range(EVENTS), id="all of it"),
        pytest.param({"limit": 900}, range(EVENTS), id="in small pages"),
        pytest.param({"startTime": 3, "endTime": 20}, range(2_100, 14_700), id="within a time"),
        pytest.param({"filterPattern": "24999"}, [24_999], id="what fits a pattern"),
        pytest.param({"startTime": 99}, [], id="nothing"),
    ],
)
def test_every_event_is_in_one_page(group: str, asked: dict[str, Any], numbers: Any) -> None:
    read = _read(paged(logs._filter_log_events), logGroupName=group, **asked)
    assert sorted(map(int, read)) == sorted(numbers)


def test_an_error_is_passed_on() -> None:
    status, _headers, body = paged(logs._filter_log_events)({"logGroupName": "/no/such"})
    assert status == 400
    assert b"ResourceNotFoundException" in body
