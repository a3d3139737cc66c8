"""Accounts from Organizations: paths of units, tags, pages, and the rates that AWS allows."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hubtriage.aws.organizations import RATES, Directory, OrganizationAccount
from hubtriage.localaws.securityhub.inprocess import ManualClock
from tests.support.triage_world import backoff


class Organization:
    """`count` accounts in `units` (path of names by account number); calls are counted with their times."""

    def __init__(self, clock: ManualClock, count: int, **troubles: int) -> None:
        self.clock, self.count, self.troubles = clock, count, Counter(troubles)
        self.calls: list[tuple[str, float]] = []

    def _call(self, name: str) -> None:
        self.calls.append((name, self.clock.monotonic()))
        if self.troubles[name]:
            self.troubles[name] -= 1
            raise ClientError({"Error": {"Code": "TooManyRequestsException", "Message": "slow"}}, name)

    def list_accounts(self, NextToken: str = "0") -> Mapping[str, Any]:  # noqa: N803 - AWS's spelling
        self._call("list_accounts")
        start = int(NextToken)
        page = [{"Id": f"{n:012}", "Name": f"account-{n}"} for n in range(start, min(start + 20, self.count))]
        more = {"NextToken": str(start + 20)} if start + 20 < self.count else {}
        return {"Accounts": page, **more}

    def list_parents(self, ChildId: str) -> Mapping[str, Any]:  # noqa: N803
        self._call("list_parents")
        if ChildId.startswith("ou-inner"):
            return {"Parents": [{"Id": "ou-outer", "Type": "ORGANIZATIONAL_UNIT"}]}
        if ChildId.startswith("ou-outer") or ChildId == f"{0:012}":
            return {"Parents": [{"Id": "r-1", "Type": "ROOT"}]}
        return {"Parents": [{"Id": "ou-inner", "Type": "ORGANIZATIONAL_UNIT"}]}

    def describe_organizational_unit(self, OrganizationalUnitId: str) -> Mapping[str, Any]:  # noqa: N803
        self._call("describe_organizational_unit")
        return {"OrganizationalUnit": {"Name": OrganizationalUnitId.removeprefix("ou-")}}

    def list_tags_for_resource(self, ResourceId: str, NextToken: str = "") -> Mapping[str, Any]:  # noqa: N803
        self._call("list_tags_for_resource")
        if NextToken:
            return {"Tags": [{"Key": "b", "Value": ResourceId}]}
        return {"Tags": [{"Key": "a", "Value": "1"}], "NextToken": "more"}

    def number_of(self, name: str) -> int:
        return sum(called == name for called, _at in self.calls)


def read(count: int, **troubles: int) -> tuple[list[OrganizationAccount], Organization]:
    clock = ManualClock()
    organization = Organization(clock, count, **troubles)
    return list(Directory(organization, backoff(), clock).accounts()), organization


def test_names_units_and_tags_are_read_over_all_pages():
    accounts, _ = read(45)
    assert len(accounts) == 45
    assert accounts[0] == OrganizationAccount("0" * 12, "account-0", "", {"a": "1", "b": "0" * 12})
    assert accounts[44].unit == "outer/inner"


def test_a_unit_is_described_once_however_many_accounts_it_has():
    _, organization = read(60)
    assert organization.number_of("describe_organizational_unit") == 2


@pytest.mark.parametrize("operation", RATES)
def test_no_kind_of_call_comes_faster_than_aws_allows(operation):
    _, organization = read(60)
    times = [at for name, at in organization.calls if name == operation]
    for start in times:
        within = sum(start <= at < start + 10 for at in times)
        assert within <= RATES[operation] * 10


def test_throttled_calls_are_made_again():
    accounts, _ = read(5, list_parents=3, list_tags_for_resource=2, list_accounts=1)
    assert len(accounts) == 5


def test_an_organization_that_cannot_be_read_is_an_error():
    with pytest.raises(ClientError):
        read(5, list_parents=1000)
