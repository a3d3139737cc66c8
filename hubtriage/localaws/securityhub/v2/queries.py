"""What readers ask of V2: findings by filter, page by page."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hubtriage.localaws.securityhub.asff.values import copied
from hubtriage.localaws.securityhub.errors import HubError, invalid_input
from hubtriage.localaws.securityhub.reading import paging
from hubtriage.localaws.securityhub.settings import HubSettings
from hubtriage.localaws.securityhub.v2 import members, words
from hubtriage.localaws.securityhub.v2.filters import asked_uids, finding_filter
from hubtriage.localaws.securityhub.v2.members import SORTABLE
from hubtriage.localaws.securityhub.v2.store import RecordV2, StoreV2
from hubtriage.localaws.securityhub.v2.words import Finding

Request = Mapping[str, Any]
_Place = tuple[int, Finding]


def find(
    store: StoreV2, request: Request, now: float, settings: HubSettings, owner: str | None
) -> dict[str, Any]:
    """Answer GetFindingsV2: {Findings, NextToken}, as a reader sees them who sees writes late.

    owner: the member account that asks, and sees its own findings alone; None: the administrator. Without
    sort criteria a page goes on where the last one ended; with them it starts so many places down the
    order as it is now.
    """
    wanted = request.get("Filters") or {}
    matches = finding_filter(wanted, settings.v2.same_field)
    order = _order(request.get("SortCriteria") or [])
    size, start = paging.page_size(request), paging.position(request)
    _refuse_scopes(request.get("Scopes") or {})
    records = _candidates(store, wanted, 0 if order else start)
    seen = _seen(records, now, settings, owner)
    found = ((place, finding) for place, finding in seen if matches(finding, now))
    page, following = _sorted_page(found, order, start, size) if order else paging.page_of(found, size)
    token = {} if following is None else {"NextToken": paging.next_token(following, request)}
    return {"Findings": copied(page), **token}


def _candidates(store: StoreV2, wanted: Request, start: int) -> Iterator[RecordV2]:
    uids = asked_uids(wanted)
    if uids is None:
        return store.after(start)
    return (record for record in store.with_uids(uids) if record.place >= start)


def _seen(
    records: Iterator[RecordV2], now: float, settings: HubSettings, owner: str | None
) -> Iterator[_Place]:
    for record in records:
        finding = record.seen(now, settings.visible_after)
        if finding is None or record.is_gone(now, settings.v2.retention):
            continue
        if owner in (None, words.account_of(finding)):
            yield record.place, finding


def _sorted_page(
    found: Iterator[_Place], order: list[tuple[Callable[[Finding], Any], bool]], start: int, size: int
) -> tuple[list[Finding], int | None]:
    findings = [finding for _place, finding in found]
    for key, descends in reversed(order):
        findings.sort(key=key, reverse=descends)
    return findings[start : start + size], start + size if len(findings) > start + size else None


def _order(criteria: object) -> list[tuple[Callable[[Finding], Any], bool]]:
    """Return the criteria, the first weighing most: what each sorts by, and whether it descends."""
    if not isinstance(criteria, list) or not all(isinstance(each, dict) for each in criteria):
        raise invalid_input("Invalid parameter 'SortCriteria': should be an array of objects")
    return [(_sort_key(each.get("Field")), _descends(each)) for each in criteria]


def _sort_key(field: object) -> Callable[[Finding], tuple[bool, bool, Any]]:
    """Return the key to sort by: numbers before texts, findings without the member last."""
    if field not in SORTABLE:
        raise invalid_input(f"Invalid parameter 'SortCriteria': cannot sort by {field!r}")

    def key(finding: Finding) -> tuple[bool, bool, Any]:
        found = [each for each in members.values(finding, str(field)) if isinstance(each, int | float | str)]
        keys = [(False, isinstance(each, str), each) for each in found]
        return min(keys) if keys else (True, True, "")

    return key


def _descends(criterion: Request) -> bool:
    order = criterion.get("SortOrder", "asc")
    if order not in ("asc", "desc"):
        raise invalid_input(f"Invalid parameter 'SortCriteria': SortOrder is asc or desc, not {order!r}")
    return bool(order == "desc")


def _refuse_scopes(scopes: Request) -> None:
    """Refuse scopes: the local AWS has no organisation with an id, and no organizational units."""
    for scope in scopes.get("AwsOrganizations") or []:
        unit = "OrganizationalUnitId" in scope
        code = "OrganizationalUnitNotFoundException" if unit else "OrganizationNotFoundException"
        raise HubError(code, f"not in the local AWS: {dict(scope)}")
