"""Pages of FilterLogEvents: ministack answers with the first 10,000 events, and with no way to the next.

AWS: an answer that does not hold everything has a `nextToken`. Ours says from which millisecond to go on,
and how many events of it were given already.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

Answer = tuple[int, dict[str, str], bytes]
Operation = Callable[[Mapping[str, Any]], Answer]

MOST = 10_000
"""AWS: events of one answer."""


def paged(filter_events: Operation) -> Operation:
    """Return the operation with pages; `filter_events` is ministack's, which is without."""

    def answer(request: Mapping[str, Any]) -> Answer:
        begin, given = _place(request)
        wanted = min(MOST, request.get("limit", MOST), MOST - given)
        asked = {**request, "startTime": begin, "limit": given + wanted}
        if begin is None:
            del asked["startTime"]
        status, headers, body = filter_events(asked)
        if status != 200:
            return status, headers, body
        page = json.loads(body)
        full = len(page["events"]) == given + wanted
        if full:
            page["nextToken"] = _token(page["events"])
        page["events"] = page["events"][given:]
        return status, headers, json.dumps(page, ensure_ascii=False).encode()

    return answer


def _place(request: Mapping[str, Any]) -> tuple[int | None, int]:
    """Return where a page begins: epoch milliseconds, and how many events from then on were given already."""
    if not request.get("nextToken"):
        return request.get("startTime"), 0
    begin, _, given = str(request["nextToken"]).partition("-")
    return int(begin), int(given)


def _token(events: list[Mapping[str, Any]]) -> str:
    """Return the token of the event after these, which begin with the millisecond of the page before."""
    last = events[-1]["timestamp"]
    given = sum(event["timestamp"] == last for event in events)
    if given >= MOST:
        raise ValueError(f"{MOST} events of one millisecond: no page can lead past them")
    return f"{last}-{given}"
