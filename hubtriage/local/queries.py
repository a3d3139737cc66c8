"""What readers ask a hub: findings by filter, and the history of one."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hubtriage.local import asff, filters, paging
from hubtriage.local.asff import Finding, identity
from hubtriage.local.errors import invalid_input
from hubtriage.local.store import Record, Store
from hubtriage.local.timestamps import read_timestamp
from hubtriage.local.values import copied

Request = Mapping[str, Any]
_Place = tuple[int, Finding]


def find(store: Store, request: Request, now: float, delay: float) -> dict[str, Any]:
    """GetFindings: {Findings, NextToken} of what a reader sees who sees writes `delay` seconds late.

    Without sort criteria a page goes on where the last one ended. With them it starts so many places down
    the order as it is now, and findings that change under way shift it, as they do at AWS.
    """
    wanted = request.get("Filters", {})
    matches = filters.finding_filter(wanted)
    size, start = paging.page_size(request), paging.position(request)
    order = _order(request.get("SortCriteria", []))
    seen = _seen(store, 0 if order else start, wanted, now, delay)
    found = (each for each in seen if matches(each[1], now))
    page, following = _sorted_page(found, order, start, size) if order else _page(found, size)
    token = {} if following is None else {"NextToken": paging.next_token(following, request)}
    return {"Findings": copied(page), **token}


def history(store: Store, request: Request, now: float) -> dict[str, Any]:
    """GetFindingHistory: {Records, NextToken}, newest first; none for a finding that is not there."""
    flaw = asff.IDENTIFIER(request.get("FindingIdentifier"), "FindingIdentifier")
    if flaw:
        raise invalid_input(f"Invalid parameter: {flaw}")
    size, start = paging.page_size(request), paging.position(request)
    record = store.get(identity(request["FindingIdentifier"]))
    since, until = _time(request, "StartTime", 0.0), _time(request, "EndTime", now)
    writes = [write for write in reversed(record.writes if record else []) if since <= write.time <= until]
    more = len(writes) > start + size
    token = {"NextToken": paging.next_token(start + size, request)} if more else {}
    return {"Records": [write.as_record() for write in writes[start : start + size]], **token}


def _page(found: Iterator[_Place], size: int) -> tuple[list[Finding], int | None]:
    """The next `size` findings, and the place of the one after them."""
    page: list[Finding] = []
    for place, finding in found:
        if len(page) == size:
            return page, place
        page.append(finding)
    return page, None


def _sorted_page(
    found: Iterator[_Place], order: Callable[[list[Finding]], None], start: int, size: int
) -> tuple[list[Finding], int | None]:
    everything = [finding for _, finding in found]
    order(everything)
    return everything[start : start + size], start + size if len(everything) > start + size else None


def _seen(store: Store, start: int, wanted: Request, now: float, delay: float) -> Iterator[_Place]:
    """(place, finding) of what a reader sees now; where exact Ids are asked for, of those alone."""
    for record in _candidates(store, start, wanted):
        finding = record.seen(now, delay)
        if finding is not None:
            yield record.place, finding


def _candidates(store: Store, start: int, wanted: Request) -> Iterator[Record]:
    ids = wanted.get("Id", [])
    if not ids or any(each["Comparison"] != "EQUALS" for each in ids):
        return store.after(start)
    return (record for record in store.with_ids(each["Value"] for each in ids) if record.place >= start)


def _order(criteria: object) -> Callable[[list[Finding]], None] | None:
    """A function that sorts findings by the criteria, the first weighing most; None without any."""
    if not isinstance(criteria, list) or not all(isinstance(each, dict) for each in criteria):
        raise invalid_input("Invalid parameter 'SortCriteria': should be an array of objects")
    keys = [(filters.sort_key(each.get("Field", "")), _descends(each)) for each in criteria]

    def order(findings: list[Finding]) -> None:
        for key, descending in reversed(keys):
            findings.sort(key=key, reverse=descending)

    return order if keys else None


def _descends(criterion: Request) -> bool:
    order = criterion.get("SortOrder", "asc")
    if order not in ("asc", "desc"):
        raise invalid_input(
            f"Invalid parameter 'SortCriteria': SortOrder should be asc or desc, not {order!r}"
        )
    return bool(order == "desc")


def _time(request: Request, name: str, default: float) -> float:
    """A time of a request: epoch seconds or a timestamp."""
    value = request.get(name, default)
    moment = float(value) if isinstance(value, int | float) else read_timestamp(value)
    if moment is None:
        raise invalid_input(f"Invalid parameter '{name}': should be a timestamp, not {value!r}")
    return moment
