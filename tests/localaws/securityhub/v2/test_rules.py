"""V2 automation rules of the local AWS, by a real client."""

from typing import Any

import pytest
from botocore.exceptions import ParamValidationError

from hubtriage.localaws.securityhub.http.service import Hubs
from tests.support.hub_v2_world import NOW, HubV2World, hub_v2_world, ocsf, uid

REFUSED = ("ValidationException", 400)
MISSING = ("ResourceNotFoundException", 404)


def criteria(member: str = "compliance.control", value: str = "S3.8", comparison: str = "EQUALS") -> Any:
    """Criteria of one string."""
    wanted = {"FieldName": member, "Filter": {"Value": value, "Comparison": comparison}}
    return {"OcsfFindingCriteria": {"CompositeFilters": [{"StringFilters": [wanted]}]}}


def rule(**changes: Any) -> dict[str, Any]:
    """A request to create a rule that suppresses."""
    return {
        "RuleName": "r",
        "Description": "d",
        "RuleOrder": 1.0,
        "Criteria": criteria(),
        "Actions": [{"Type": "FINDING_FIELDS_UPDATE", "FindingFieldsUpdate": {"StatusId": 3}}],
        **changes,
    }


def setting(**fields: Any) -> list[dict[str, Any]]:
    """Actions that set fields."""
    return [{"Type": "FINDING_FIELDS_UPDATE", "FindingFieldsUpdate": fields}]


def test_a_rule_applies_before_the_event_is_made(world: HubV2World) -> None:
    world.client.create_automation_rule_v2(**rule())
    world.provide()
    [event] = world.events()
    assert event["detail"]["findings"][0]["status"] == "Suppressed"


def test_a_rule_applies_again_whenever_its_provider_sends_the_finding(world: HubV2World) -> None:
    """The last writer wins: a comment of ours is gone after the provider's next update."""
    world.client.create_automation_rule_v2(**rule(Actions=setting(StatusId=2, Comment="rule")))
    world.provide()
    world.update(StatusId=3, Comment="ours")
    assert (world.stored()["status"], world.stored()["comment"]) == ("Suppressed", "ours")
    stored = world.advance()
    assert (stored["status"], stored["comment"]) == ("In Progress", "rule")


def test_a_rule_looks_at_what_the_provider_sent(world: HubV2World) -> None:
    world.client.create_automation_rule_v2(**rule(Criteria=criteria("status", "Suppressed")))
    world.client.create_automation_rule_v2(
        **rule(Criteria=criteria("severity", "High"), Actions=setting(Comment="high"))
    )
    world.provide()
    world.update(StatusId=3, SeverityId=1)
    world.update(Comment="ours")
    assert world.advance()["comment"] == "high"


def test_rules_apply_in_order_and_the_last_one_wins(world: HubV2World) -> None:
    world.client.create_automation_rule_v2(**rule(RuleOrder=7.5, Actions=setting(StatusId=2)))
    world.client.create_automation_rule_v2(**rule(RuleOrder=7.25, Actions=setting(StatusId=5, SeverityId=1)))
    world.provide()
    assert (world.stored()["status_id"], world.stored()["severity_id"]) == (2, 1)


def test_a_rule_that_is_disabled_or_does_not_match_does_nothing(world: HubV2World) -> None:
    world.client.create_automation_rule_v2(**rule(RuleStatus="DISABLED"))
    world.client.create_automation_rule_v2(**rule(Criteria=criteria(value="S3.9")))
    ticket = {"Type": "EXTERNAL_INTEGRATION", "ExternalIntegrationConfiguration": {"ConnectorArn": "arn"}}
    world.client.create_automation_rule_v2(**rule(Actions=[ticket]))
    world.provide()
    assert world.stored()["status"] == "New"


@pytest.mark.parametrize(("pins", "severity"), [(False, 4), (True, 1)])
def test_a_severity_of_a_rule_that_is_gone(pins: bool, severity: int) -> None:
    with hub_v2_world(v2={"automation_pins": pins}) as world:
        made = world.client.create_automation_rule_v2(**rule(Actions=setting(SeverityId=1)))
        world.provide()
        world.client.delete_automation_rule_v2(Identifier=made["RuleId"])
        assert world.advance()["severity_id"] == severity


def test_a_rule_from_its_making_to_its_end(world: HubV2World) -> None:
    made = world.client.create_automation_rule_v2(**rule())
    assert made["RuleArn"].endswith(f":automation-rulev2/{made['RuleId']}")
    for identifier in (made["RuleArn"], made["RuleId"]):
        got = world.client.get_automation_rule_v2(Identifier=identifier)
        assert {name: got[name] for name in rule()} == rule()
        assert (got["RuleStatus"], got["CreatedAt"], got["UpdatedAt"]) == (
            "ENABLED",
            got["UpdatedAt"],
            got["CreatedAt"],
        )
    world.clock.sleep(60.0)
    world.client.update_automation_rule_v2(Identifier=made["RuleId"], RuleStatus="DISABLED", RuleOrder=2.0)
    [listed] = world.client.list_automation_rules_v2()["Rules"]
    assert (listed["RuleStatus"], listed["RuleOrder"]) == ("DISABLED", 2.0)
    assert listed["Actions"] == [{"Type": "FINDING_FIELDS_UPDATE"}]
    assert "Criteria" not in listed
    assert listed["UpdatedAt"] > listed["CreatedAt"]
    world.client.delete_automation_rule_v2(Identifier=made["RuleArn"])
    assert world.client.list_automation_rules_v2()["Rules"] == []
    for operation in ("get", "delete", "update"):
        assert world.refusal(f"{operation}_automation_rule_v2", Identifier=made["RuleId"]) == MISSING


def test_rules_are_listed_by_pages_in_their_order(world: HubV2World) -> None:
    for order in (3.0, 1.0, 2.0):
        world.client.create_automation_rule_v2(**rule(RuleOrder=order))
    first = world.client.list_automation_rules_v2(MaxResults=2)
    second = world.client.list_automation_rules_v2(MaxResults=2, NextToken=first["NextToken"])
    assert [each["RuleOrder"] for each in [*first["Rules"], *second["Rules"]]] == [1.0, 2.0, 3.0]
    assert "NextToken" not in second


def test_a_client_token_makes_one_rule(world: HubV2World) -> None:
    first, second = (world.client.create_automation_rule_v2(**rule(ClientToken="t")) for _ in range(2))
    assert first["RuleArn"] == second["RuleArn"]
    assert len(world.client.list_automation_rules_v2()["Rules"]) == 1


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"Actions": setting()}, id="an action that sets nothing"),
        pytest.param({"Actions": setting(StatusId=6)}, id="a status that cannot be set"),
        pytest.param({"Actions": [{"Type": "EXTERNAL_INTEGRATION"}]}, id="no connector"),
        pytest.param({"Criteria": criteria("no.such.member")}, id="an unknown member"),
        pytest.param({"Criteria": criteria(comparison="CONTAINS_WORD")}, id="a comparison for readers"),
        pytest.param({"RuleName": " "}, id="no name"),
        pytest.param({"Actions": setting(StatusId=3) * 2}, id="two actions"),
        pytest.param({"RuleStatus": "SOMETIMES"}, id="an unknown status"),
        pytest.param({"RuleOrder": 1001.0}, id="an order that is too high"),
    ],
)
def test_rules_that_are_refused(world: HubV2World, changes: dict[str, Any]) -> None:
    assert world.refusal("create_automation_rule_v2", **rule(**changes)) == REFUSED
    world.client.create_automation_rule_v2(**rule())
    [made] = world.client.list_automation_rules_v2()["Rules"]
    assert world.refusal("update_automation_rule_v2", Identifier=made["RuleId"], **changes) == REFUSED


def test_what_the_client_itself_refuses(world: HubV2World) -> None:
    for changes in ({"RuleOrder": 0.5}, {"Actions": []}):
        with pytest.raises(ParamValidationError):
            world.client.create_automation_rule_v2(**rule(**changes))


def test_there_are_a_hundred_rules_at_most(world: HubV2World) -> None:
    for _ in range(100):
        world.hub.call("CreateAutomationRuleV2", rule(), world.clock.now())
    assert world.refusal("create_automation_rule_v2", **rule()) == ("ServiceQuotaExceededException", 402)


def test_contains_is_for_rules(world: HubV2World) -> None:
    world.client.create_automation_rule_v2(
        **rule(Criteria=criteria("finding_info.title", "public", "CONTAINS"))
    )
    world.provide()
    assert world.stored()["status"] == "Suppressed"


def test_hubs_that_were_stored_go_on_with_findings_rules_and_events(world: HubV2World) -> None:
    world.client.create_automation_rule_v2(**rule(Actions=setting(Comment="rule")))
    hubs = Hubs(world.hub.settings, (world.hub.account, world.hub.region))
    hubs._hubs[world.hub.account, world.hub.region] = world.hub
    world.provide()
    other = Hubs(world.hub.settings, ("999900001111", "us-east-1"))
    other.restore(hubs.stored())
    hub = other.of(world.hub.account, world.hub.region)
    assert hub.v2.advance(uid(1), {}, NOW + 60, hub.settings)["comment"] == "rule"
    assert len(hub.take_events(NOW + 60)) == 2
    hub.v2.provide(ocsf(2), NOW, hub.settings)
    assert hub.call("ListAutomationRulesV2", {}, NOW).body["Rules"]
