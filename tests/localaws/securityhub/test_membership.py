"""Who administers the local Security Hub, which Regions it gathers, and how it is set up."""

import json
from typing import Any

import pytest

from hubtriage.localaws.securityhub.errors import HubError
from hubtriage.localaws.securityhub.http.service import HttpRequest, Hubs, SecurityHubService
from hubtriage.localaws.securityhub.hub import Hub
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.support.hub_world import NOW, finding

ACCOUNT, REGION = "000000000000", "us-east-1"
AGGREGATOR = (
    f"arn:aws:securityhub:eu-west-1:{ACCOUNT}:finding-aggregator/00000000-0000-4000-8000-000000000000"
)


def _ask(operation: str, request: dict[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
    return Hub(ACCOUNT, REGION, HubSettings(**settings)).call(operation, request or {}, NOW).body


@pytest.mark.parametrize(
    ("administrator", "told"),
    [
        pytest.param(None, None, id="an account that stands alone has no administrator"),
        pytest.param(ACCOUNT, None, id="an administrator is not its own"),
        pytest.param("111122223333", "111122223333", id="a member knows its administrator"),
    ],
)
def test_the_administrator(administrator: str | None, told: str | None) -> None:
    answer = _ask("GetAdministratorAccount", administrator=administrator)
    assert answer.get("Administrator", {}).get("AccountId") == told


def test_only_the_administrator_has_members_and_lists_them_in_pages() -> None:
    members = tuple(f"{number:012}" for number in range(1, 61))
    assert _ask("ListMembers", members=members) == {"Members": []}
    hub = Hub(ACCOUNT, REGION, HubSettings(administrator=ACCOUNT, members=members))
    first = hub.call("ListMembers", {}, NOW).body
    second = hub.call("ListMembers", {"NextToken": first["NextToken"]}, NOW).body
    assert [member["AccountId"] for member in first["Members"] + second["Members"]] == list(members)
    assert "NextToken" not in second
    with pytest.raises(HubError, match="MaxResults"):
        hub.call("ListMembers", {"MaxResults": 51}, NOW)


def test_without_a_home_region_nothing_is_aggregated() -> None:
    assert _ask("ListFindingAggregators") == {"FindingAggregators": []}
    with pytest.raises(HubError, match="ResourceNotFoundException"):
        _ask("GetFindingAggregator", {"FindingAggregatorArn": AGGREGATOR})


def test_the_aggregator_is_the_same_from_every_region_over_http() -> None:
    settings = HubSettings(
        home_region="eu-west-1", region_linking="SPECIFIED_REGIONS", linked_regions=(REGION,)
    )
    service = SecurityHubService(Hubs(settings, (ACCOUNT, REGION)), lambda: NOW)

    def get(path: str) -> dict[str, Any]:
        request = HttpRequest("GET", path, {}, b"", ACCOUNT, REGION, "somebody")
        answer: dict[str, Any] = json.loads(service.answer(request).body)
        return answer

    assert get("/findingAggregator/list") == {"FindingAggregators": [{"FindingAggregatorArn": AGGREGATOR}]}
    for written in (AGGREGATOR, AGGREGATOR.replace(":", "%3A")):
        assert get(f"/findingAggregator/get/{written}") == {
            "FindingAggregatorArn": AGGREGATOR,
            "FindingAggregationRegion": "eu-west-1",
            "RegionLinkingMode": "SPECIFIED_REGIONS",
            "Regions": [REGION],
        }
    other = AGGREGATOR.replace("eu-west-1", "eu-west-2")
    assert get(f"/findingAggregator/get/{other}")["Code"] == "ResourceNotFoundException"


def test_how_controls_make_findings_can_be_set() -> None:
    hub = Hub()
    hub.call("UpdateSecurityHubConfiguration", {"ControlFindingGenerator": "STANDARD_CONTROL"}, NOW)
    assert hub.call("DescribeHub", {}, NOW).body["ControlFindingGenerator"] == "STANDARD_CONTROL"
    with pytest.raises(HubError, match="ControlFindingGenerator"):
        hub.call("UpdateSecurityHubConfiguration", {"ControlFindingGenerator": "BOTH"}, NOW)


def test_a_way_of_linking_that_aws_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="region_linking"):
        HubSettings.from_json({"region_linking": "SOME"})


ADMINISTRATOR, MEMBER, OTHER = "999900001111", "111122223333", "444455556666"


@pytest.fixture
def hubs() -> Hubs:
    settings = HubSettings.still(administrator=ADMINISTRATOR, members=(MEMBER, OTHER), gathers=True)
    hubs = Hubs(settings, (ADMINISTRATOR, REGION))
    hubs.of(MEMBER, REGION).call("EnableSecurityHub", {}, NOW)
    for account in (MEMBER, OTHER):
        hubs.of(ADMINISTRATOR, REGION).plant(imported(account), NOW)
    return hubs


def imported(account: str) -> dict[str, Any]:
    return finding(Id=account, AwsAccountId=account)


def identifiers(*accounts: str) -> list[dict[str, str]]:
    return [{"Id": account, "ProductArn": imported(account)["ProductArn"]} for account in accounts]


def seen_by(hub: Hub) -> list[str]:
    return [found["Id"] for found in hub.get_findings({}, NOW)["Findings"]]


def test_the_administrator_sees_all_and_a_member_its_own(hubs: Hubs) -> None:
    assert seen_by(hubs.of(ADMINISTRATOR, REGION)) == [MEMBER, OTHER]
    assert seen_by(hubs.of(MEMBER, REGION)) == [MEMBER]
    sorted_by = {"SortCriteria": [{"Field": "Id", "SortOrder": "asc"}]}
    answer = hubs.of(MEMBER, REGION).get_findings(sorted_by, NOW)
    assert [found["Id"] for found in answer["Findings"]] == [MEMBER]


def test_a_member_and_its_administrator_update_the_same_finding(hubs: Hubs) -> None:
    administrators, members = hubs.of(ADMINISTRATOR, REGION), hubs.of(MEMBER, REGION)
    update = {"FindingIdentifiers": identifiers(MEMBER, OTHER), "Confidence": 1}
    answer = members.batch_update_findings(update, NOW)
    assert [each["ErrorCode"] for each in answer["UnprocessedFindings"]] == ["FindingNotFound"]
    assert [each.get("Confidence") for each in administrators.findings()] == [1, None]
    administrators.batch_update_findings(update | {"Confidence": 2}, NOW)
    assert [each["Confidence"] for each in members.get_findings({}, NOW)["Findings"]] == [2]


def test_an_event_is_on_the_bus_of_the_administrator_and_on_that_of_its_member(hubs: Hubs) -> None:
    events = [event for hub in hubs.all() for event in hub.take_events(NOW)]
    assert [(event["account"], event["resources"][0][-12:]) for event in events] == [
        (ADMINISTRATOR, MEMBER),
        (MEMBER, MEMBER),
        (ADMINISTRATOR, OTHER),
    ]
    assert len({event["id"] for event in events}) == 3


def test_hubs_stay_together_when_they_are_reset_or_restored(hubs: Hubs) -> None:
    hubs.restore(hubs.stored())
    for hub in hubs.all():
        hub.reset()
    hubs.of(ADMINISTRATOR, REGION).plant(imported(MEMBER), NOW)
    assert seen_by(hubs.of(MEMBER, REGION)) == [MEMBER]


def test_without_gathering_each_has_its_own() -> None:
    hubs = Hubs(HubSettings.still(members=(MEMBER,)), (ADMINISTRATOR, REGION))
    hubs.of(MEMBER, REGION).call("EnableSecurityHub", {}, NOW)
    hubs.of(ADMINISTRATOR, REGION).plant(imported(MEMBER), NOW)
    assert seen_by(hubs.of(MEMBER, REGION)) == []
