"""Pages of GetFindingHistory: who changed what in one finding, newest first."""

from collections.abc import Iterator, Mapping
from typing import Any

from hubtriage.localaws.securityhub.asff import requests
from hubtriage.localaws.securityhub.asff.requests import identity
from hubtriage.localaws.securityhub.asff.timestamps import read_timestamp
from hubtriage.localaws.securityhub.errors import invalid_input
from hubtriage.localaws.securityhub.history import Write
from hubtriage.localaws.securityhub.reading import paging
from hubtriage.localaws.securityhub.settings import HubSettings
from hubtriage.localaws.securityhub.store import Record, Store

Request = Mapping[str, Any]
_DAY = 86_400.0
_KEPT = {"ACTIVE": 90 * _DAY, "ARCHIVED": 30 * _DAY}
"""AWS: how long the history of a finding is kept, by its RecordState; seconds."""


def history_page(store: Store, settings: HubSettings, request: Request, now: float) -> dict[str, Any]:
    """Answer GetFindingHistory: {Records, NextToken}, newest first; no records for an unknown finding.

    AWS: a page may have fewer records than were asked for, although there are more.
    """
    flaw = requests.IDENTIFIER(request.get("FindingIdentifier"), "FindingIdentifier")
    if flaw:
        raise invalid_input(f"Invalid parameter: {flaw}")
    size, start = min(paging.page_size(request), settings.history_page), paging.position(request)
    since, until = _time(request, "StartTime", 0.0), _time(request, "EndTime", now)
    record = store.get(identity(request["FindingIdentifier"]))
    writes = (
        [] if record is None else list(_writes(record, since, min(until, now - settings.history_lag), now))
    )
    more = len(writes) > start + size
    token = {"NextToken": paging.next_token(start + size, request)} if more else {}
    return {"Records": [write.as_record() for write in writes[start : start + size]], **token}


def _writes(record: Record, since: float, until: float, now: float) -> Iterator[Write]:
    """Yield the writes between two times, newest first."""
    oldest = max(since, now - _KEPT.get(record.finding.get("RecordState", ""), _KEPT["ACTIVE"]))
    return (write for write in reversed(record.writes) if oldest <= write.time <= until)


def _time(request: Request, name: str, default: float) -> float:
    """Return a time of a request: epoch seconds or a timestamp."""
    value = request.get(name, default)
    moment = float(value) if isinstance(value, int | float) else read_timestamp(value)
    if moment is None:
        raise invalid_input(f"Invalid parameter '{name}': should be a timestamp, not {value!r}")
    return moment
