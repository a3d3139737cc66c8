"""Sweeps over both hubs: what is read of V2, what is handed on, and what is left out."""

from collections.abc import Collection
from typing import Any

import pytest

from hubtriage.aws.securityhub.api import CSPM, V2
from hubtriage.aws.sweep.pages import NAMELESS, OF_OTHER_HUB
from hubtriage.aws.sweep.progress import Progress
from hubtriage.aws.sweep.request import ACTIVE, MANAGED, SweepRequest
from tests.support.hub_v2_world import ACCOUNT, CONTROLS, ocsf, uid
from tests.support.sweep_world import SweepBench, rules
from tests.support.triage_world import NOW, by_a_person
from tests.support.v2_triage_world import V2TriageWorld

BOTH = (CSPM, V2)
HIDE: dict[str, Any] = {
    "id": "buckets",
    "ceiling": "CRITICAL",
    "match": {"Resources": {"Type": ["AwsS3Bucket"]}},
    "update": {"Workflow": {"Status": "SUPPRESSED"}, "Note": {"Text": "Accepted.", "UpdatedBy": "x"}},
}
OTHER = {**HIDE, "id": "other", "match": {"Id": ["of no finding"]}}


def bench(world: V2TriageWorld, *raw: dict[str, Any], hubs: Collection[str] = BOTH) -> SweepBench:
    return SweepBench(world, rules(*(raw or (HIDE,))), hubs=hubs)


def statuses(world: V2TriageWorld, *numbers: int) -> list[object]:
    return [world.status_of(number) for number in numbers]


def test_a_sweep_brings_the_rules_into_force_in_both_hubs() -> None:
    world = V2TriageWorld(3, v2=range(1, 251))
    progress = bench(world).sweep()
    assert (progress.status, progress.read, progress.changed, progress.hidden) == ("done", 253, 253, 253)
    assert world.suppressed(range(3)) == [0, 1, 2]
    assert statuses(world, *range(1, 251)) == [3] * 250
    assert world.calls("BatchUpdateFindings") == 1
    assert world.calls("BatchUpdateFindingsV2") == 3


def test_a_message_has_the_findings_of_one_hub_in_its_own_format() -> None:
    world = V2TriageWorld(2, v2=(1, 2))
    swept = bench(world)
    swept.walk(SweepRequest(scopes=(ACTIVE,))).step(Progress())
    by_type = {each["detail-type"]: each["detail"]["findings"] for each in swept.queue.events}
    assert set(by_type) == {"Security Hub Findings - Imported", "Findings Imported V2"}
    assert by_type["Findings Imported V2"] == [world.ocsf(1), world.ocsf(2)]


def test_what_a_rule_hid_is_found_by_its_entry_and_taken_back_when_the_rule_is_gone() -> None:
    world = V2TriageWorld(1, v2=(1, 2))
    swept = bench(world)
    swept.sweep()
    world.hub.v2.advance(uid(2), {"activity_id": 3}, world.clock.now(), world.hub.settings)
    swept.adopt_rules(rules(OTHER))
    progress = swept.sweep(SweepRequest(scopes=(MANAGED,)))
    assert (progress.status, progress.taken_back) == ("done", 3)
    assert statuses(world, 1, 2) == [1, 1]
    assert world.suppressed([0]) == []


def test_everything_is_taken_back_in_both_hubs() -> None:
    world = V2TriageWorld(1, v2=(1,))
    swept = bench(world)
    swept.sweep()
    swept.sweep(SweepRequest(scopes=(MANAGED,), take_back=True))
    assert (world.suppressed([0]), statuses(world, 1)) == ([], [1])


def test_a_second_sweep_changes_nothing_and_sends_nothing() -> None:
    world = V2TriageWorld(1, v2=(1, 2))
    world.person_sets(2, StatusId=3)  # that V2 cannot say who did so is no reason to ask each day
    swept = bench(world)
    swept.sweep()
    again = swept.sweep()
    assert (again.changed, again.messages, again.asked) == (0, 0, 0)


@pytest.mark.parametrize("hub", BOTH)
def test_a_sweep_of_one_hub_reads_nothing_of_the_other(hub: str) -> None:
    world = V2TriageWorld(1, v2=(1,))
    progress = bench(world, hubs=(hub,)).sweep()
    assert (progress.status, progress.read) == ("done", 1)
    assert (bool(world.calls("GetFindings")), bool(world.calls("GetFindingsV2"))) == (hub == CSPM, hub == V2)


@pytest.mark.parametrize("hub", BOTH)
def test_entries_of_a_hub_that_is_no_longer_triaged_are_reported_and_the_others_swept(hub: str) -> None:
    world = V2TriageWorld(30, v2=range(1, 31))
    bench(world).sweep()
    (other,) = set(BOTH) - {hub}
    progress = bench(world, OTHER, hubs=(hub,)).sweep()
    assert (progress.status, progress.skipped) == ("skipped", [OF_OTHER_HUB[other]])
    assert progress.taken_back == 30
    assert world.suppressed(range(30)) == ([] if hub == CSPM else list(range(30)))
    assert set(statuses(world, *range(1, 31))) == {3 if hub == CSPM else 1}


def test_a_finding_without_a_name_is_left_out_and_reported() -> None:
    world = V2TriageWorld(v2=(1,))
    world.hub.v2.plant(ocsf(2, metadata={"version": "1.8.0"}), NOW, world.hub.settings)
    progress = bench(world).sweep()
    assert (progress.status, progress.skipped, statuses(world, 1)) == ("skipped", [NAMELESS], [3])


@pytest.mark.parametrize(
    ("asked", "read"),
    [
        pytest.param({"accounts": (ACCOUNT,)}, [1], id="an account"),
        pytest.param({"accounts": ("9" * 12,)}, [2], id="another account"),
        pytest.param({"controls": ("S3.8", "S3.9")}, [1, 2], id="controls"),
        pytest.param({"products": (CONTROLS.replace("productv2", "product"),)}, [1, 2], id="a product"),
        pytest.param({"products": ("Security Hub",)}, [2], id="a product by its name"),
        pytest.param({}, [1, 2], id="all, except what is closed"),
    ],
)
def test_filters_mean_the_same_in_v2(asked: dict[str, Any], read: list[int]) -> None:
    world = V2TriageWorld()
    other = {"account": {"uid": "9" * 12}, "region": "eu-west-1"}
    product = {"uid": CONTROLS, "name": "Security Hub"}
    world.provide(
        ocsf(1),
        ocsf(2, cloud=other, metadata={"uid": uid(2), "product": product}),
        ocsf(3, activity_id=3),
    )
    for scope in (ACTIVE, MANAGED):
        swept = bench(world)
        swept.sweep(SweepRequest(scopes=(scope,), **asked))
        hidden = [number for number in (1, 2, 3) if world.status_of(number) == 3]
        assert hidden == read
        swept.adopt_rules(rules(OTHER))
        swept.sweep(SweepRequest(scopes=(MANAGED,), **asked))
        assert not [number for number in read if world.status_of(number) == 3]
        swept.adopt_rules(rules(HIDE))
        swept.sweep(SweepRequest(scopes=(ACTIVE,), **asked))


def test_a_page_token_that_is_refused_begins_again_with_the_first_hub() -> None:
    world = V2TriageWorld(1, v2=range(1, 202))
    world.fault(operation="GetFindingsV2", error="ValidationException", skip=1)
    progress = bench(world).sweep()
    assert (progress.status, progress.restarts) == ("done", 1)
    assert set(statuses(world, *range(1, 202))) == {3}


def test_the_limit_on_hiding_counts_both_hubs() -> None:
    world = V2TriageWorld(2, v2=(1, 2))
    swept = bench(world)
    swept.may_hide = 3
    progress = swept.sweep()
    assert (progress.status, progress.hidden, progress.withheld) == ("withheld", 3, 1)
    assert len([at for at in (1, 2) if world.status_of(at) == 3]) == 1


def test_an_entry_whose_finding_of_v2_is_gone_is_noted() -> None:
    world = V2TriageWorld(v2=(1,), v2_settings={"retention": 60.0})
    swept = bench(world)
    swept.sweep()
    world.hub.v2.advance(uid(1), {"activity_id": 3}, world.clock.now(), world.hub.settings)
    progress = swept.sweep(SweepRequest(scopes=(MANAGED,)))
    assert progress.gone == 1
    assert world.v2_entry(1).gone is not None


def test_findings_in_doubt_travel_in_messages_of_their_hub_too() -> None:
    world = V2TriageWorld(1, v2=(1,))
    swept = bench(world)
    swept.sweep()
    world.person_sets(1, StatusId=1)
    by_a_person(world, 0, Workflow={"Status": "NEW"})
    swept.walk(SweepRequest(scopes=(MANAGED,), take_back=True)).step(Progress())
    assert {each["detail-type"]: len(each["detail"]["findings"]) for each in swept.queue.events} == {
        "Security Hub Findings - Imported": 1,
        "Findings Imported V2": 1,
    }
