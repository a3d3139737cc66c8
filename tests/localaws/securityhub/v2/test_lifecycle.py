"""What becomes of an OCSF finding: what its provider, its customer and the service do to it, in turn."""

from typing import Any

import pytest

from tests.support.hub_v2_world import (
    CONTROLS,
    NOW,
    HubV2World,
    finding_info,
    hub_v2_world,
    ocsf,
    uid,
)

PASS, FAIL = {"status_id": 1}, {"status_id": 3}
COVERAGE = CONTROLS.replace("aws/securityhub", "aws/securityhub-coverage")


def test_a_new_finding_is_filled_in(world: HubV2World) -> None:
    world.provide()
    stored = world.stored()
    assert (stored["status_id"], stored["status"]) == (1, "New")
    assert (stored["activity_name"], stored["type_uid"]) == ("Create", 200301)
    assert (stored["class_name"], stored["type_name"]) == ("Compliance Finding", "Compliance Finding: Create")
    assert stored["severity"] == "High"
    assert stored["compliance"]["status"] == "Fail"
    assert stored["vendor_attributes"] == {"severity": "High", "severity_id": 4}


def test_a_finding_without_a_uid_gets_one_that_stays(world: HubV2World) -> None:
    nameless = ocsf(metadata={"product": {"uid": CONTROLS}})
    world.provide(nameless, {**nameless, "finding_info": finding_info(at=NOW + 1)})
    [stored] = world.hub.v2.findings()
    assert len(stored["metadata"]["uid"]) == 64
    assert set(stored["metadata"]["uid"]) <= set("0123456789abcdef")


def test_what_is_not_newer_is_ignored(world: HubV2World) -> None:
    world.provide(ocsf(), ocsf(severity_id=1))
    assert world.stored()["severity_id"] == 4
    world.provide(ocsf(severity_id=1, finding_info=finding_info(at=NOW + 1)))
    assert (world.stored()["severity_id"], world.stored()["activity_name"]) == (1, "Update")


def test_what_a_customer_set_survives_the_provider(world: HubV2World) -> None:
    world.provide()
    world.update(StatusId=3, Comment="c")
    stored = world.advance(comment="the provider's", status_id=1, count=2)
    assert (stored["status"], stored["comment"], stored["count"]) == ("Suppressed", "c", 2)


def test_a_provider_has_no_comment_on_what_is_there(world: HubV2World) -> None:
    world.provide()
    assert "comment" not in world.advance(comment="the provider's")


def test_a_provider_goes_on_from_what_it_sent_last(world: HubV2World) -> None:
    world.provide()
    world.advance(count=2, compliance={"control": "S3.9"})
    stored = world.advance(severity_id=2)
    assert (stored["count"], stored["compliance"]["control"]) == (2, "S3.9")


@pytest.mark.parametrize(
    ("v2", "severity", "vendor"),
    [
        pytest.param({}, 2, 5, id="the customer's is pinned, the provider's is beside it"),
        pytest.param({"pins_severity": False}, 5, 5, id="not pinned"),
        pytest.param({"vendor_follows": False}, 2, 4, id="the provider's first is kept"),
    ],
)
def test_severity_after_a_customer_set_it(v2: dict[str, Any], severity: int, vendor: int) -> None:
    with hub_v2_world(v2=v2) as world:
        world.provide()
        world.update(SeverityId=2)
        stored = world.advance(severity_id=5)
        assert (stored["severity_id"], stored["vendor_attributes"]["severity_id"]) == (severity, vendor)


def test_severity_follows_the_provider_until_a_customer_sets_it(world: HubV2World) -> None:
    world.provide()
    assert world.advance(severity_id=2)["severity"] == "Low"


@pytest.mark.parametrize(
    ("changes", "v2", "status"),
    [
        pytest.param({}, {}, 4, id="a control that passes is resolved"),
        pytest.param({}, {"resolves_on_pass": False}, 1, id="by a switch it is not"),
        pytest.param(
            {"metadata": {"uid": uid(1), "product": {"uid": COVERAGE}}}, {}, 1, id="coverage is New"
        ),
    ],
)
def test_the_status_of_a_new_finding_that_passes(
    changes: dict[str, Any], v2: dict[str, Any], status: int
) -> None:
    with hub_v2_world(v2=v2) as world:
        world.provide(ocsf(compliance=PASS, **changes))
        assert world.stored()["status_id"] == status


@pytest.mark.parametrize(
    ("status", "passed", "failed"),
    [(None, 4, 1), (2, 4, 1), (3, 3, 3), (4, 4, 1), (5, 5, 5), (99, 99, 99)],
    ids=["New", "In Progress", "Suppressed", "Resolved", "Archived", "Other"],
)
def test_a_control_that_passes_and_fails_again(
    world: HubV2World, status: int | None, passed: int, failed: int
) -> None:
    """By default as in CSPM: what a person hid stays hidden, what was resolved comes back."""
    world.provide()
    if status is not None:
        world.update(StatusId=status)
    assert world.advance(compliance=PASS)["status_id"] == passed
    assert world.advance(compliance=FAIL)["status_id"] == failed


def test_by_a_switch_the_service_resolves_nothing() -> None:
    with hub_v2_world(v2={"resolves_on_pass": False}) as world:
        world.provide()
        assert world.advance(compliance=PASS)["status"] == "New"


def test_what_no_longer_says_whether_it_passes_does_not_fail(world: HubV2World) -> None:
    world.provide(ocsf(compliance=PASS))
    assert world.advance(compliance=None)["status"] == "Resolved"


@pytest.mark.parametrize(("resets", "status"), [((), 3), ((3,), 1), ([2, 3], 1)])
def test_which_statuses_are_reset_is_a_switch(resets: Any, status: int) -> None:
    with hub_v2_world(v2={"resets": resets}) as world:
        world.provide()
        world.update(StatusId=3)
        world.advance(compliance=PASS)
        assert world.advance(compliance=FAIL)["status_id"] == status


@pytest.mark.parametrize(("v2", "status"), [({}, 1), ({"resets_when_back": False}, 2)])
def test_what_was_closed_and_comes_back(v2: dict[str, Any], status: int) -> None:
    with hub_v2_world(v2=v2) as world:
        world.provide()
        world.update(StatusId=2)
        closed = world.advance(activity_id=3)
        assert (closed["activity_name"], closed["type_uid"], closed["status_id"]) == ("Close", 200303, 2)
        back = world.advance()
        assert (back["activity_name"], back["status_id"]) == ("Update", status)


@pytest.mark.parametrize(("v2", "activity"), [({}, "Create"), ({"update_activity": "update"}, "Update")])
def test_the_activity_after_an_update(v2: dict[str, Any], activity: str) -> None:
    with hub_v2_world(v2=v2) as world:
        world.provide()
        world.update(StatusId=3)
        assert world.stored()["activity_name"] == activity
        world.advance(activity_id=3)
        world.update(StatusId=1)
        assert world.stored()["activity_name"] == "Close"


def test_closed_findings_may_go_after_a_while() -> None:
    with hub_v2_world(v2={"retention": 3600.0}) as world:
        world.provide()
        world.advance(activity_id=3)
        world.clock.sleep(1800.0)
        assert world.update(StatusId=3)["UnprocessedFindings"] == []
        assert world.found() == [1]
        world.clock.sleep(1800.0)
        assert world.found() == []
        [unprocessed] = world.update(StatusId=1)["UnprocessedFindings"]
        assert unprocessed["ErrorCode"] == "ResourceNotFoundException"
        again = world.advance()
        assert (again["activity_name"], again["status"]) == ("Create", "New")
        assert world.found() == [1]


def test_without_retention_closed_findings_stay(world: HubV2World) -> None:
    world.provide(ocsf(activity_id=3))
    world.clock.sleep(1e7)
    assert world.found() == [1]


def test_a_planted_finding_is_stored_as_it_is(world: HubV2World) -> None:
    odd = {"metadata": {"uid": uid(1)}, "severity_id": 77, "finding_info": None}
    world.hub.v2.plant(odd, world.clock.now(), world.hub.settings)
    assert world.stored() == odd
    assert world.events()[0]["detail"]["findings"] == [odd]
    world.update(StatusId=2)
    assert world.stored() == {**odd, "status_id": 2, "status": "In Progress"}


def test_no_provider_sends_what_is_not_there(world: HubV2World) -> None:
    with pytest.raises(LookupError, match="there is no finding"):
        world.advance()
