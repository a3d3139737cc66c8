"""Security Hub V2 of the local AWS: on and off, whose it is, its products, its control endpoint."""

import json
from typing import Any

import pytest

from hubtriage.localaws.ministack.condition_keys import condition_keys
from hubtriage.localaws.securityhub.http.control import PREFIX, ControlEndpoint
from hubtriage.localaws.securityhub.http.service import Hubs
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.support.hub_server import HOME
from tests.support.hub_v2_world import NOW, HubV2World, hub_v2_world, ocsf, uid

DENIED = ("AccessDeniedException", 403)


def test_on_and_off(world: HubV2World) -> None:
    hub = world.client.describe_security_hub_v2()
    assert hub["HubV2Arn"].startswith("arn:aws:securityhub:eu-west-1:111122223333:hubv2/")
    world.client.disable_security_hub_v2()
    world.client.disable_security_hub_v2()
    assert world.refusal("describe_security_hub_v2") == ("ResourceNotFoundException", 404)
    assert world.refusal("get_findings_v2") == DENIED
    assert world.refusal("batch_update_findings_v2", MetadataUids=[uid(1)], StatusId=3) == DENIED
    for _ in range(2):  # AWS has no error for a hub that is on already
        assert world.client.enable_security_hub_v2()["HubV2Arn"] == hub["HubV2Arn"]
        world.clock.sleep(60.0)
    assert world.client.describe_security_hub_v2()["SubscribedAt"] == "2027-01-15T08:00:00.000Z"
    assert world.found() == []


def test_one_hub_can_be_on_without_the_other(world: HubV2World) -> None:
    world.client.disable_security_hub()
    assert world.found() == []
    world.client.enable_security_hub()
    world.client.disable_security_hub_v2()
    assert world.client.get_findings()["Findings"] == []


def test_cspm_knows_nothing_of_v2(world: HubV2World) -> None:
    world.provide()
    assert world.client.get_findings()["Findings"] == []
    assert world.hub.findings() == []


def test_products_by_pages(world: HubV2World) -> None:
    pages = world.client.get_paginator("describe_products_v2").paginate(PaginationConfig={"PageSize": 2})
    names = [product["ProductV2Name"] for page in pages for product in page["ProductsV2"]]
    assert len(names) == len(set(names)) == 5


def test_who_administers_what() -> None:
    with hub_v2_world(administrator="999900001111", v2={"administrator": "121212121212"}) as world:
        asked = world.client.list_organization_admin_accounts
        assert asked()["AdminAccounts"] == [{"AccountId": "999900001111", "Status": "ENABLED"}]
        answer = asked(Feature="SecurityHubV2")
        assert answer["AdminAccounts"] == [{"AccountId": "121212121212", "Status": "ENABLED"}]
        assert answer["Feature"] == "SecurityHubV2"
        refused = world.refusal("list_organization_admin_accounts", Feature="Macie")
        assert refused == ("InvalidInputException", 400)


def test_without_an_organisation_no_one_administers(world: HubV2World) -> None:
    assert world.client.list_organization_admin_accounts(Feature="SecurityHubV2")["AdminAccounts"] == []


def test_by_default_both_have_one_administrator() -> None:
    with hub_v2_world(administrator="999900001111") as world:
        [account] = world.client.list_organization_admin_accounts(Feature="SecurityHubV2")["AdminAccounts"]
        assert account["AccountId"] == "999900001111"


def test_what_there_is_not_is_said(world: HubV2World) -> None:
    refused = world.refusal("list_aggregators_v2")
    assert refused == ("UnknownOperationException", 404)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"resets": [7]}, "v2.resets are statuses"),
        ({"comment_in": "nowhere"}, "v2.comment_in is one of"),
        ({"duplicates": "perhaps"}, "v2.duplicates is one of"),
    ],
)
def test_settings_that_there_are_not(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        HubSettings.from_json({"v2": changes})


def test_settings_of_v2_are_changed_one_by_one() -> None:
    settings = HubSettings.from_json({"v2": {"resets": [2]}, "visible_after": 3.0})
    changed = settings.changed({"v2": {"pins_severity": False}})
    assert (changed.v2.resets, changed.v2.pins_severity, changed.visible_after) == ((2,), False, 3.0)


class Control:
    """The control endpoint of a hub, without HTTP."""

    def __init__(self) -> None:
        self.hubs = Hubs(HubSettings.still(), HOME)
        self._endpoint = ControlEndpoint(self.hubs, lambda: NOW, HOME)

    def ask(self, method: str, name: str, body: object = None, status: int = 200) -> Any:
        """What it answers."""
        answer = self._endpoint.answer(method, PREFIX + name, {}, json.dumps(body).encode())
        assert answer.status == status, answer.body
        return json.loads(answer.body)


def test_the_control_endpoint_plays_the_provider() -> None:
    control = Control()
    [provided] = control.ask("POST", "v2/provide", {"Findings": [ocsf()]})["Findings"]
    assert provided["status"] == "New"
    order = {"MetadataUids": [uid(1)], "Changes": {"compliance": {"status_id": 1}}}
    [advanced] = control.ask("POST", "v2/advance", order)["Findings"]
    assert (advanced["status"], advanced["compliance"]["control"]) == ("Resolved", "S3.8")
    assert control.ask("GET", "v2/findings")["Findings"] == [advanced]
    assert control.ask("GET", "events")["under_way"] == 2
    missing = control.ask("POST", "v2/advance", {"MetadataUids": ["a"], "Changes": {}}, status=400)
    assert "there is no finding a" in missing["error"]


def test_the_control_endpoint_plants_and_counts() -> None:
    control = Control()
    states = ((1, 1), (2, 3), (3, 5), (4, 4), (5, 4))
    for number, status in states:
        compliance = {"status_id": 1 if number == 5 else 3}
        planted = ocsf(number, status_id=status, status=f"status {status}", compliance=compliance)
        control.ask("POST", "v2/findings", {"Findings": [planted]})
    status = control.ask("GET", "v2/status")
    assert status["hidden"] == 3  # what passes is resolved by right
    assert status["by_status"] == {"status 1": 1, "status 3": 1, "status 4": 2, "status 5": 1}
    assert control.ask("GET", "v2/traced") == {}
    control.ask("POST", "reset")
    assert control.ask("GET", "v2/status")["stored"] == 0


def test_the_control_endpoint_changes_settings_of_v2() -> None:
    control = Control()
    control.ask("POST", "settings", {"v2": {"resets": [2, 3]}})
    answer = control.ask("POST", "settings", {"v2": {"retention": 60.0}})
    assert answer["v2"]["resets"] == [2, 3]
    assert control.hubs.settings.v2.retention == 60.0


def test_what_an_update_sets_are_condition_keys_of_their_own() -> None:
    """AWS: both hubs' updates are one action."""
    body = {"MetadataUids": [uid(1)], "StatusId": 3, "Comment": "c"}
    assert condition_keys("securityhub:BatchUpdateFindings", json.dumps(body).encode()) == {
        "securityhub:OCSFSyntaxPath/StatusId": "3",
        "securityhub:OCSFSyntaxPath/Comment": "c",
    }
