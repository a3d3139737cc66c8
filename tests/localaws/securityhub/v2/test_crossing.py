"""Updates of one hub in the other, by a switch of the local AWS."""

from collections.abc import Iterator
from typing import Any

import pytest

from hubtriage.localaws.findings import generate
from hubtriage.localaws.producers.ocsf.twins import twin
from hubtriage.localaws.securityhub.faults import ScriptedFault
from tests.support.hub_v2_world import HubV2World, hub_v2_world

[CSPM] = generate(1, 11, producers=("guardduty",), touched=0.0)
KEY = {"Id": CSPM["Id"], "ProductArn": CSPM["ProductArn"]}


def both(world: HubV2World) -> dict[str, Any]:
    """The finding of CSPM in a hub that has it twice."""
    other = twin(CSPM)
    assert other is not None
    world.hub.plant(CSPM, world.clock.now())
    world.provide(other)
    world.events()
    return other


@pytest.fixture
def crossing() -> Iterator[HubV2World]:
    """A hub whose updates cross over."""
    with hub_v2_world(v2={"crosses_over": True}) as made:
        yield made


def _cspm(world: HubV2World) -> dict[str, Any]:
    finding = world.hub.finding(CSPM["ProductArn"], CSPM["Id"])
    assert finding is not None
    return finding


def test_by_default_the_hubs_know_nothing_of_each_other(world: HubV2World) -> None:
    uid = both(world)["metadata"]["uid"]
    world.client.batch_update_findings(FindingIdentifiers=[KEY], Workflow={"Status": "SUPPRESSED"})
    [of_v2] = world.hub.v2.findings()
    assert of_v2["status"] == "New"
    world.client.batch_update_findings_v2(MetadataUids=[uid], StatusId=2)
    assert _cspm(world)["Workflow"] == {"Status": "SUPPRESSED"}


def test_an_update_of_cspm_crosses_over(crossing: HubV2World) -> None:
    both(crossing)
    crossing.client.batch_update_findings(
        FindingIdentifiers=[KEY],
        Workflow={"Status": "SUPPRESSED"},
        Severity={"Label": "LOW"},
        Note={"Text": "n" * 512, "UpdatedBy": "me"},
    )
    [stored] = crossing.hub.v2.findings()
    assert (stored["status"], stored["severity"], stored["comment"]) == ("Suppressed", "Low", "n" * 512)
    assert len(crossing.events()) == 2


@pytest.mark.parametrize("by_uid", [True, False], ids=["by uid", "by triple"])
def test_an_update_of_v2_crosses_over(crossing: HubV2World, by_uid: bool) -> None:
    other = both(crossing)
    triple = {
        "CloudAccountUid": other["cloud"]["account"]["uid"],
        "FindingInfoUid": other["finding_info"]["uid"],
        "MetadataProductUid": other["metadata"]["product"]["uid"],
    }
    names = {"MetadataUids": [other["metadata"]["uid"]]} if by_uid else {"FindingIdentifiers": [triple]}
    crossing.client.batch_update_findings_v2(**names, StatusId=2, SeverityId=5, Comment="c")
    finding = _cspm(crossing)
    assert finding["Workflow"]["Status"] == "NOTIFIED"
    assert finding["Severity"]["Label"] == "CRITICAL"
    assert finding["Note"]["Text"] == "c"
    assert len(crossing.events()) == 2


def test_what_has_no_counterpart_stays(crossing: HubV2World) -> None:
    uid = both(crossing)["metadata"]["uid"]
    crossing.client.batch_update_findings_v2(MetadataUids=[uid], StatusId=5)
    assert _cspm(crossing)["Workflow"] == {"Status": "NEW"}
    crossing.client.batch_update_findings(FindingIdentifiers=[KEY], Confidence=1)
    assert len(crossing.events()) == 2


def test_crossing_counts_as_no_call_and_meets_no_fault(crossing: HubV2World) -> None:
    both(crossing)
    crossing.hub.faults.add(ScriptedFault("BatchUpdateFindingsV2", finding_error="ConflictException"))
    crossing.client.batch_update_findings(FindingIdentifiers=[KEY], Workflow={"Status": "SUPPRESSED"})
    assert [stored["status"] for stored in crossing.hub.v2.findings()] == ["Suppressed"]
    status = crossing.hub.status()
    assert (status["faults"], set(status["calls"])) == (1, {"BatchUpdateFindings"})


def test_a_function_updates_the_hub_alone_that_it_calls(crossing: HubV2World) -> None:
    both(crossing)
    request = {"FindingIdentifiers": [KEY], "Workflow": {"Status": "SUPPRESSED"}}
    crossing.hub.call("BatchUpdateFindings", request, crossing.clock.now(), trace="Root=1")
    assert sum(crossing.hub.updates_by_functions().values()) == 1
    assert crossing.hub.v2.updates_by_functions() == {}


def test_a_finding_of_one_hub_alone_crosses_nowhere(crossing: HubV2World) -> None:
    crossing.hub.plant(CSPM, crossing.clock.now())
    answer = crossing.client.batch_update_findings(FindingIdentifiers=[KEY], Workflow={"Status": "NOTIFIED"})
    assert answer["UnprocessedFindings"] == []
