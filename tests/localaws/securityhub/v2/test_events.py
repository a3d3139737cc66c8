"""`Findings Imported V2` of the local AWS."""

from collections import Counter
from typing import Any

import pytest

from hubtriage.localaws.securityhub.hub import Hub
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.support.hub_v2_world import ACCOUNT, NOW, HubV2World, hub_v2_world, ocsf, uid
from tests.support.hub_world import finding


def test_every_write_makes_one_event_of_one_finding(world: HubV2World) -> None:
    world.provide(ocsf(1), ocsf(2))
    world.update(1, 2, StatusId=3)
    events = world.events()
    assert Counter(event["resources"][0] for event in events) == {uid(1): 2, uid(2): 2}
    for event in events:
        [shown] = event["detail"]["findings"]
        assert (event["detail-type"], event["source"]) == ("Findings Imported V2", "aws.securityhub")
        assert event["resources"] == [shown["metadata"]["uid"]]
    assert [event["detail"]["findings"][0]["status"] for event in events] == ["New"] * 2 + ["Suppressed"] * 2
    assert world.events() == []


def test_our_own_update_comes_back_also_if_it_changed_nothing(world: HubV2World) -> None:
    world.provide()
    world.update(StatusId=1)
    assert len(world.events()) == 2
    with hub_v2_world(v2={"events_when_unchanged": False}) as other:
        other.provide()
        other.update(StatusId=1)
        other.update(StatusId=2)
        assert len(other.events()) == 2


def test_a_refused_update_makes_no_event(world: HubV2World) -> None:
    world.update(7, StatusId=3)
    assert world.events() == []


def test_events_are_late_out_of_order_and_now_and_then_twice() -> None:
    settings = HubSettings(quotas=False, event_delay=(1.0, 5.0), duplicate_share=0.2, seed=7)
    hub = Hub(settings=settings)
    for number in range(200):
        hub.v2.provide(ocsf(number), NOW + number * 0.01, settings)
    assert hub.take_events(NOW + 0.9) == []
    events = hub.take_events(NOW + 10.0)
    ids = Counter(event["id"] for event in events)
    assert len(ids) == 200
    assert 20 < sum(count == 2 for count in ids.values()) < 60
    order = [int(event["resources"][0], 16) for event in events]
    assert order != sorted(order)


def test_events_of_both_hubs_come_on_one_bus(world: HubV2World) -> None:
    world.provide()
    world.hub.batch_import_findings([finding()], world.clock.now())
    kinds = {event["detail-type"] for event in world.events()}
    assert kinds == {"Findings Imported V2", "Security Hub Findings - Imported"}
    assert world.hub.status()["events"] == {"delivered": 2, "under_way": 0}
    again = world.hub.delivered_events(0, 10)
    assert {event["detail-type"] for event in again} == kinds


@pytest.mark.parametrize(
    ("caller", "seen"), [("999900001111", {1, 2}), (ACCOUNT, {1})], ids=["administrator", "member"]
)
def test_an_administrator_has_the_findings_of_its_members(caller: str, seen: set[int]) -> None:
    members = (ACCOUNT, "111122223333")
    settings = HubSettings.still(administrator="999900001111", members=members, gathers=True)
    hubs = {account: Hub(account, settings=settings) for account in ("999900001111", *members)}
    for member in members:
        hubs["999900001111"].gather(hubs[member])
    other: dict[str, Any] = {"account": {"uid": "111122223333"}}
    hubs["999900001111"].v2.provide(ocsf(1), NOW, settings)
    hubs["999900001111"].v2.provide(ocsf(2, cloud=other), NOW, settings)
    found = hubs[caller].call("GetFindingsV2", {}, NOW).body["Findings"]
    assert {int(each["metadata"]["uid"], 16) for each in found} == seen
    request = {"MetadataUids": [uid(1), uid(2)], "StatusId": 3}
    answer = hubs[caller].call("BatchUpdateFindingsV2", request, NOW).body
    assert {int(each["MetadataUid"], 16) for each in answer["ProcessedFindings"]} == seen
    events = hubs["999900001111"].take_events(NOW)
    assert Counter(event["account"] for event in events)["999900001111"] == 2 + len(seen)
    assert Counter(event["account"] for event in events)[ACCOUNT] == 2
