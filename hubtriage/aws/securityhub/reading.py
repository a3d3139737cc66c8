"""Read findings again by key with GetFindings: within the rate budget, until a deadline."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hubtriage.aws.securityhub.api import Finding, Key, SecurityHubApi, key_of
from hubtriage.aws.securityhub.backoff import Backoff
from hubtriage.aws.securityhub.faults import API_ERRORS, CallFault, Fault, call_fault
from hubtriage.aws.securityhub.ratelimit import TokenBucket

MOST_VALUES = 20  # AWS: values of one filter attribute
PAGE = 100  # AWS: findings of one page
MOST_PAGES = 20  # an Id is unique per product only; no real finding has more namesakes than this


@dataclass(slots=True)
class Fresh:
    """What GetFindings said: findings as they are, keys that no finding has, keys that could not be read."""

    found: dict[Key, Finding] = field(default_factory=dict)
    missing: set[Key] = field(default_factory=set)
    unread: dict[Key, CallFault] = field(default_factory=dict)
    calls: int = 0
    faults: Counter[tuple[Fault, str]] = field(default_factory=Counter)


class Getter:
    """Calls GetFindings within the budget, and again where that may help. The budget outlives a batch."""

    def __init__(self, api: SecurityHubApi, budget: TokenBucket, backoff: Backoff, now: Callable[[], float]):
        self._api = api
        self._budget = budget
        self._backoff = backoff
        self._now = now

    def get(self, request: Mapping[str, Any], deadline: float, fresh: Fresh) -> Mapping[str, Any] | CallFault:
        """Return an answer with its list of Findings, or the last fault; count every try in `fresh`."""
        attempt, not_before = 1, 0.0
        while self._budget.take(deadline, not_before):
            answer = self._try(request, fresh)
            if not isinstance(answer, CallFault):
                return answer
            if attempt >= self._backoff.tries(answer.kind):
                return answer
            not_before = self._now() + self._backoff.delay(attempt)
            attempt += 1
        return CallFault(Fault.TRANSIENT, "Deadline", "no time left to read findings")

    def _try(self, request: Mapping[str, Any], fresh: Fresh) -> Mapping[str, Any] | CallFault:
        fresh.calls += 1
        try:
            answer = self._api.get_findings(**request)
        except API_ERRORS as error:
            fault = call_fault(error)
            fresh.faults[fault.kind, fault.code] += 1
            return fault
        if isinstance(answer.get("Findings"), list):
            return answer
        # A cut-off body arrives as an answer without members.
        return CallFault(Fault.TRANSIENT, "Unmentioned", "an answer without Findings")


class Reader:
    """Reads findings by key."""

    def __init__(self, api: SecurityHubApi, budget: TokenBucket, backoff: Backoff, now: Callable[[], float]):
        self._getter = Getter(api, budget, backoff, now)

    def read(self, keys: Iterable[Key], deadline: float) -> Fresh:
        """Read each finding once, in order. `deadline`: monotonic; no call starts later.

        Never raises for what the service or the network does.
        """
        fresh = Fresh()
        waiting = list(_chunks(list(dict.fromkeys(keys)), MOST_VALUES))
        while waiting:
            self._read_chunk(waiting.pop(0), deadline, fresh, waiting)
        return fresh

    def _read_chunk(self, keys: list[Key], deadline: float, fresh: Fresh, waiting: list[list[Key]]) -> None:
        found: dict[Key, Finding] = {}
        fault = self._pages(keys, deadline, found, fresh)
        fresh.found.update(found)
        rest = [key for key in keys if key not in found]
        if fault is None:
            fresh.missing.update(rest)
        elif fault.kind is Fault.REFUSED and len(rest) > 1:
            waiting[:0] = [rest[: len(rest) // 2], rest[len(rest) // 2 :]]
        else:
            fresh.unread.update(dict.fromkeys(rest, fault))

    def _pages(
        self, keys: list[Key], deadline: float, found: dict[Key, Finding], fresh: Fresh
    ) -> CallFault | None:
        """Fill `found`; return the fault that ended the reading, or None when everything was read."""
        request: dict[str, Any] = {"Filters": _filters(keys), "MaxResults": PAGE}
        for _page in range(MOST_PAGES):
            answer = self._getter.get(request, deadline, fresh)
            if isinstance(answer, CallFault):
                return answer
            found.update((key, finding) for key, finding in keyed(answer["Findings"]) if key in keys)
            if not answer.get("NextToken") or len(found) == len(keys):
                return None
            request["NextToken"] = answer["NextToken"]
        return CallFault(Fault.TRANSIENT, "TooManyPages", f"more than {MOST_PAGES} pages for {len(keys)} ids")


def _filters(keys: list[Key]) -> dict[str, Any]:
    """AWS: values of one attribute are OR-ed, attributes AND-ed; the answer may hold namesakes."""
    return {
        "Id": [
            {"Value": finding_id, "Comparison": "EQUALS"} for finding_id in _distinct(key[1] for key in keys)
        ],
        "ProductArn": [{"Value": arn, "Comparison": "EQUALS"} for arn in _distinct(key[0] for key in keys)],
    }


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def keyed(findings: list[Any]) -> Iterator[tuple[Key, Finding]]:
    """Yield findings with their keys; leave out what is no object."""
    for finding in findings:
        if isinstance(finding, Mapping):
            yield key_of(finding), finding


def _chunks(keys: list[Key], size: int) -> Iterator[list[Key]]:
    return (keys[start : start + size] for start in range(0, len(keys), size))
