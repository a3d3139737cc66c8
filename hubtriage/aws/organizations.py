"""Accounts as AWS Organizations knows them: name, place among the organizational units, tags.

Works from the management account, and from a member account that is delegated administrator of any
service, as that of Security Hub is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from hubtriage.aws.clock import Clock
from hubtriage.aws.securityhub.backoff import Backoff
from hubtriage.aws.securityhub.faults import API_ERRORS, call_fault
from hubtriage.aws.securityhub.ratelimit import TokenBucket

RATES = {
    "list_accounts": 8.0,
    "list_parents": 5.0,
    "describe_organizational_unit": 2.0,
    "list_tags_for_resource": 10.0,
}
"""AWS: calls a second that an account is allowed; the whole organization shares little more."""
SHARE = 0.8
PATIENCE = 3600.0
DEEPEST = 10  # AWS: organizational units nest five deep


class Organizations(Protocol):
    """boto3's client of Organizations, as far as it is used here."""

    def list_accounts(self, **request: Any) -> Mapping[str, Any]:
        """List the accounts."""

    def list_parents(self, **request: Any) -> Mapping[str, Any]:
        """Read the root or unit that an account or a unit is in."""

    def describe_organizational_unit(self, **request: Any) -> Mapping[str, Any]:
        """Read a unit."""

    def list_tags_for_resource(self, **request: Any) -> Mapping[str, Any]:
        """List the tags of an account."""


@dataclass(frozen=True, slots=True)
class OrganizationAccount:
    """An account; `unit` is its path among the organizational units, as `workloads/shop`, "" at the root."""

    id: str
    name: str
    unit: str
    tags: Mapping[str, str]


class Directory:
    """Reads accounts, each kind of call within its own rate."""

    def __init__(self, api: Organizations, backoff: Backoff, clock: Clock) -> None:
        self._api = api
        self._backoff = backoff
        self._clock = clock
        self._budgets = {name: TokenBucket(rate * SHARE, 2.0, clock) for name, rate in RATES.items()}
        self._places: dict[str, str] = {}

    def accounts(self) -> Iterator[OrganizationAccount]:
        """Yield every account of the organization. Raises botocore's errors when retries have not helped."""
        for found in self._pages("list_accounts", "Accounts"):
            yield OrganizationAccount(
                found["Id"], found["Name"], self._place_of(found["Id"]), self._tags(found["Id"])
            )

    def _place_of(self, child: str, depth: int = 0) -> str:
        """Return the path of the unit that a child is in."""
        parents = self._call("list_parents", ChildId=child)["Parents"]
        if not parents or parents[0]["Type"] == "ROOT" or depth == DEEPEST:
            return ""
        unit = parents[0]["Id"]
        if unit not in self._places:
            answer = self._call("describe_organizational_unit", OrganizationalUnitId=unit)
            above = self._place_of(unit, depth + 1)
            name = answer["OrganizationalUnit"]["Name"]
            self._places[unit] = f"{above}/{name}" if above else name
        return self._places[unit]

    def _tags(self, account: str) -> dict[str, str]:
        found = self._pages("list_tags_for_resource", "Tags", ResourceId=account)
        return {tag["Key"]: tag["Value"] for tag in found}

    def _pages(self, operation: str, member: str, **request: Any) -> Iterator[Any]:
        while True:
            answer = self._call(operation, **request)
            yield from answer[member]
            if not answer.get("NextToken"):
                return
            request["NextToken"] = answer["NextToken"]

    def _call(self, operation: str, **request: Any) -> Mapping[str, Any]:
        attempt, not_before = 1, 0.0
        while True:
            now = self._clock.monotonic()
            self._budgets[operation].take(now + PATIENCE, not_before)
            try:
                answer: Mapping[str, Any] = getattr(self._api, operation)(**request)
            except API_ERRORS as error:
                if attempt >= self._backoff.tries(call_fault(error).kind):
                    raise
            else:
                return answer
            not_before = self._clock.monotonic() + self._backoff.delay(attempt)
            attempt += 1
