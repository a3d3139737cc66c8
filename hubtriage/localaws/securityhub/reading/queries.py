"""What readers ask a hub: findings by filter, page by page."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hubtriage.localaws.securityhub.asff import filters
from hubtriage.localaws.securityhub.asff.requests import Finding
from hubtriage.localaws.securityhub.asff.values import copied
from hubtriage.localaws.securityhub.errors import invalid_input
from hubtriage.localaws.securityhub.reading import paging
from hubtriage.localaws.securityhub.store import Record, Store

Request = Mapping[str, Any]
_Place = tuple[int, Finding]
_MOST_VIEWS = 8


@dataclass(frozen=True, slots=True)
class _Judged:
    """A finding, whether a view shows it, and what it is sorted by."""

    finding: Finding
    is_shown: bool
    keys: tuple[Any, ...]


class View:
    """Findings by filter and in an order, as they are now; those that did not change are judged once.

    A sweep asks for hundreds of pages of the same, and each would have to look at every finding again.
    """

    def __init__(self, wanted: Request, criteria: object) -> None:
        self._matches = filters.finding_filter(wanted)
        self._order = _order(criteria)
        self._is_timeless = "DateRange" not in json.dumps(wanted)
        self._judged: dict[int, _Judged] = {}

    def found(self, seen: Iterator[_Place], now: float) -> list[Finding]:
        """Return those of the findings `seen` that the view shows, in its order."""
        shown = [judged for place, finding in seen if (judged := self._judge(place, finding, now)).is_shown]
        for number, (_key, descends) in reversed(list(enumerate(self._order))):
            shown.sort(key=lambda judged, number=number: judged.keys[number], reverse=descends)  # type: ignore[misc]
        return [judged.finding for judged in shown]

    def _judge(self, place: int, finding: Finding, now: float) -> _Judged:
        known = self._judged.get(place)
        if known is not None and known.finding is finding and self._is_timeless:
            return known
        keys = tuple(key(finding) for key, _ in self._order)
        self._judged[place] = _Judged(finding, self._matches(finding, now), keys)
        return self._judged[place]


class Views:
    """The views that were asked for lately. They hold nothing that the store does not."""

    def __init__(self) -> None:
        self._views: dict[str, View] = {}

    def __reduce__(self) -> tuple[type["Views"], tuple[()]]:
        return Views, ()

    def of(self, wanted: Request, criteria: object) -> View:
        """Return the view of these filters and sort criteria; raise HubError for what they cannot be."""
        name = json.dumps([wanted, criteria], sort_keys=True, default=str)
        view = self._views.pop(name, None) or View(wanted, criteria)
        self._views[name] = view
        if len(self._views) > _MOST_VIEWS:
            del self._views[next(iter(self._views))]
        return view


def find(
    store: Store, views: Views, request: Request, now: float, delay: float, owner: str | None = None
) -> dict[str, Any]:
    """Answer GetFindings with what a reader sees who sees writes `delay` seconds late.

    owner: the member account that asks, and sees its own findings alone; None: the administrator, who sees
    all.

    Without sort criteria a page goes on where the last one ended. With them it starts so many places down
    the order as it is now, and findings that change under way shift it, as they do at AWS.
    """
    wanted, criteria = request.get("Filters", {}), request.get("SortCriteria", [])
    size, start = paging.page_size(request), paging.position(request)
    if criteria != []:
        found = views.of(wanted, criteria).found(_seen(store, 0, wanted, now, delay, owner), now)
        page, following = found[start : start + size], start + size if len(found) > start + size else None
    else:
        matches = filters.finding_filter(wanted)
        seen = _seen(store, start, wanted, now, delay, owner)
        page, following = paging.page_of((each for each in seen if matches(each[1], now)), size)
    token = {} if following is None else {"NextToken": paging.next_token(following, request)}
    return {"Findings": copied(page), **token}


def _seen(
    store: Store, start: int, wanted: Request, now: float, delay: float, owner: str | None
) -> Iterator[_Place]:
    """Return (place, finding) of what a reader sees now; where exact Ids are asked for, of those alone."""
    for record in _candidates(store, start, wanted):
        finding = record.seen(now, delay)
        if finding is not None and owner in (None, finding.get("AwsAccountId")):
            yield record.place, finding


def _candidates(store: Store, start: int, wanted: Request) -> Iterator[Record]:
    ids = wanted.get("Id", [])
    if not ids or any(each["Comparison"] != "EQUALS" for each in ids):
        return store.after(start)
    return (record for record in store.with_ids(each["Value"] for each in ids) if record.place >= start)


def _order(criteria: object) -> list[tuple[Callable[[Finding], Any], bool]]:
    """Return the criteria, the first weighing most: what each sorts by, and whether it descends."""
    if not isinstance(criteria, list) or not all(isinstance(each, dict) for each in criteria):
        raise invalid_input("Invalid parameter 'SortCriteria': should be an array of objects")
    return [(filters.sort_key(each.get("Field", "")), _descends(each)) for each in criteria]


def _descends(criterion: Request) -> bool:
    order = criterion.get("SortOrder", "asc")
    if order not in ("asc", "desc"):
        raise invalid_input(
            f"Invalid parameter 'SortCriteria': SortOrder should be asc or desc, not {order!r}"
        )
    return bool(order == "desc")
