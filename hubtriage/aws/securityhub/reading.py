"""Read findings again by key with GetFindings: within the rate budget, until a deadline."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hubtriage.aws.securityhub.answers import BODY_BYTES, LARGEST_ANSWER, SKIPPED, UNPARSED, parsed_alone
from hubtriage.aws.securityhub.api import Finding, Key, SecurityHubApi, is_of_v2, key_of
from hubtriage.aws.securityhub.backoff import Backoff
from hubtriage.aws.securityhub.faults import API_ERRORS, CallFault, Fault, call_fault
from hubtriage.aws.securityhub.hub_v2 import V2Finding, asking_for
from hubtriage.aws.securityhub.namesakes import accounts_of
from hubtriage.aws.securityhub.ratelimit import TokenBucket
from hubtriage.engine.excerpt import NO_REST, Excerpt, Members, Rest, excerpt

MOST_VALUES = 20  # AWS: values of one filter attribute
PAGE = 100  # AWS: findings of one page
MOST_PAGES = 20
"""Pages of one answer. An Id is unique per product only: beyond that, fewer ids are asked for at once."""
TOO_MANY = "TooManyPages"
MOST_BYTES_HELD = 64_000_000
"""Bytes of findings that are read for one batch: what is left fails, and is read when it comes again."""


class FoundFindings(Mapping[Key, Finding]):
    """Findings by key, kept as JSON: parsed, they take six times the memory and more.

    Each access parses the finding again. `members` are those that are kept of each.
    """

    def __init__(self, members: Members = None) -> None:
        self._members = members
        self._texts: dict[Key, tuple[str, Rest | None]] = {}
        self._ocsf: set[Key] = set()
        self.size = 0

    def add(self, key: Key, finding: Finding) -> None:
        """Keep a finding. Of V2 a whole one is kept in OCSF, and excerpts of its view."""
        if isinstance(finding, V2Finding) and self._members is None:
            self._ocsf.add(key)
            finding = finding.ocsf
        kept = excerpt(finding, self._members, NO_REST if is_of_v2(key) else None)
        text = json.dumps(kept, separators=(",", ":"))
        self._texts[key] = text, kept.rest if isinstance(kept, Excerpt) else None
        self.size += len(text)

    def __getitem__(self, key: Key) -> Finding:
        text, rest = self._texts[key]
        finding: Finding = json.loads(text)
        if key in self._ocsf:
            return V2Finding(finding)
        return finding if rest is None else Excerpt(finding, rest)

    def __iter__(self) -> Iterator[Key]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


@dataclass(slots=True)
class Fresh:
    """What GetFindings said: findings as they are, keys that no finding has, keys that could not be read.

    `accounts` are those that have a finding under a key, where there are several.
    """

    found: FoundFindings = field(default_factory=FoundFindings)
    missing: set[Key] = field(default_factory=set)
    unread: dict[Key, CallFault] = field(default_factory=dict)
    accounts: dict[Key, tuple[str, ...]] = field(default_factory=dict)
    calls: int = 0
    faults: Counter[tuple[Fault, str]] = field(default_factory=Counter)


class PageSize:
    """How many findings to ask for at once, so that an answer is small enough to be parsed.

    It goes by the answer before: findings that follow each other tend to be of a kind. It at most doubles
    from one answer to the next, and aims a little below the limit, so that few answers are read in vain.
    """

    aim = LARGEST_ANSWER * 9 // 10

    def __init__(self) -> None:
        self.most = PAGE

    def learn(self, body_bytes: int, findings: int) -> None:
        """Adapt to an answer with so many findings."""
        fitting = self.aim * findings // max(1, body_bytes)
        self.most = max(1, min(PAGE, 2 * self.most, fitting))

    def shrink(self, body_bytes: int, asked: int) -> None:
        """Ask for fewer: an answer with at most `asked` findings was not parsed."""
        self.most = max(1, min(asked // 2, self.aim * asked // body_bytes))


class Getter:
    """Calls GetFindings within the budget, and again where that may help. The budget outlives a batch.

    A page may have fewer findings than were asked for, though more follow: large ones come by few.
    """

    def __init__(self, api: SecurityHubApi, budget: TokenBucket, backoff: Backoff, now: Callable[[], float]):
        self._api = api
        self._budget = budget
        self._backoff = backoff
        self._now = now
        self._size = PageSize()

    def get(self, request: Mapping[str, Any], deadline: float, fresh: Fresh) -> Mapping[str, Any] | CallFault:
        """Return an answer with its list of Findings, or the last fault; count every try in `fresh`."""
        attempt, not_before = 1, 0.0
        while self._budget.take(deadline, not_before):
            asked = min(self._size.most, request.get("MaxResults", PAGE))
            answer = self._try({**request, "MaxResults": asked}, fresh)
            if isinstance(answer, CallFault):
                if attempt >= self._backoff.tries(answer.kind):
                    return answer
                not_before = self._now() + self._backoff.delay(attempt)
                attempt += 1
            elif UNPARSED not in answer:
                self._learn(answer)
                return answer
            elif asked == 1:
                return parsed_alone(answer)
            else:
                self._size.shrink(len(answer[UNPARSED]), asked)
        return CallFault(Fault.TRANSIENT, "Deadline", "no time left to read findings")

    @property
    def page_size(self) -> int:
        """The most findings that the next answer may have."""
        return self._size.most

    def _learn(self, answer: Mapping[str, Any]) -> None:
        if answer["Findings"]:
            self._size.learn(answer.get(BODY_BYTES, 0), len(answer["Findings"]))

    def _try(self, request: Mapping[str, Any], fresh: Fresh) -> Mapping[str, Any] | CallFault:
        fresh.calls += 1
        try:
            answer = self._api.get_findings(**request)
        except API_ERRORS as error:
            fault = call_fault(error)
            fresh.faults[fault.kind, fault.code] += 1
            return fault
        if isinstance(answer.get("Findings"), list) or UNPARSED in answer:
            return answer
        # A cut-off body arrives as an answer without members.
        return CallFault(Fault.TRANSIENT, "Unmentioned", "an answer without Findings")


_TOO_MUCH = CallFault(Fault.TRANSIENT, "TooMuch", f"more than {MOST_BYTES_HELD:,} bytes to read at once")


class Reader:
    """Reads findings by key."""

    def __init__(self, api: SecurityHubApi, budget: TokenBucket, backoff: Backoff, now: Callable[[], float]):
        self._getter = Getter(api, budget, backoff, now)

    def read(self, keys: Iterable[Key], deadline: float, members: Members = None) -> Fresh:
        """Read each finding once, in order. `deadline`: monotonic; no call starts later.

        Of each finding these members are kept. Never raises for what the service or the network does.
        """
        fresh = Fresh(FoundFindings(members))
        waiting = _chunks(list(dict.fromkeys(keys)), MOST_VALUES)
        while waiting:
            chunk = waiting.pop(0)
            if fresh.found.size > MOST_BYTES_HELD:
                fresh.unread.update(dict.fromkeys(chunk, _TOO_MUCH))
            else:
                self._read_chunk(chunk, deadline, fresh, waiting)
        return fresh

    def _read_chunk(self, keys: list[Key], deadline: float, fresh: Fresh, waiting: list[list[Key]]) -> None:
        fault = self._pages(keys, deadline, fresh)
        rest = [key for key in keys if key not in fresh.found]
        if fault is None:
            fresh.missing.update(rest)
        elif len(rest) > 1 and (fault.kind is Fault.REFUSED or fault.code == TOO_MANY):
            waiting[:0] = [rest[: len(rest) // 2], rest[len(rest) // 2 :]]
        else:
            fresh.unread.update(dict.fromkeys(rest, fault))

    def _pages(self, keys: list[Key], deadline: float, fresh: Fresh) -> CallFault | None:
        """Keep what is found; return the fault that ended the reading, or None when everything was read."""
        request: dict[str, Any] = {**_asking_for(keys), "MaxResults": PAGE}
        missing = set(keys)
        accounts: dict[Key, set[str]] = {key: set() for key in keys}
        skipped = None
        to_come = MOST_PAGES * PAGE
        while to_come > 0:
            answer = self._getter.get(request, deadline, fresh)
            if isinstance(answer, CallFault):
                return answer
            for key, finding in keyed(answer["Findings"]):
                if key in accounts:
                    accounts[key].update(accounts_of([finding]))
                if key in missing:
                    fresh.found.add(key, finding)
                    missing.remove(key)
            fresh.accounts |= {key: tuple(sorted(two)) for key, two in accounts.items() if len(two) > 1}
            skipped = answer.get(SKIPPED, skipped)
            if not answer.get("NextToken"):
                return None if skipped is None else CallFault(Fault.REFUSED, "Unparsable", skipped)
            to_come -= self._getter.page_size
            request["NextToken"] = answer["NextToken"]
        return CallFault(Fault.TRANSIENT, TOO_MANY, f"more than {MOST_PAGES} pages for {len(keys)} ids")


def _asking_for(keys: list[Key]) -> dict[str, Any]:
    """Return the request for findings of one hub."""
    return asking_for([key[1] for key in keys]) if is_of_v2(keys[0]) else {"Filters": _filters(keys)}


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
    """Yield findings with their keys; leave out what is not an object."""
    for finding in findings:
        if isinstance(finding, Mapping):
            yield key_of(finding), finding


def _chunks(keys: list[Key], size: int) -> list[list[Key]]:
    """Return the keys, so many at a time, each time of one hub, in the order of the first of them."""
    hubs = [key for key in keys if not is_of_v2(key)], [key for key in keys if is_of_v2(key)]
    chunks = [some[start : start + size] for some in hubs for start in range(0, len(some), size)]
    places = {key: place for place, key in enumerate(keys)}
    return sorted(chunks, key=lambda chunk: places[chunk[0]])
