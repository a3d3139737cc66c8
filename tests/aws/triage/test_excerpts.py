"""A batch holds of its findings what its rules and planning read; what it does is the same."""

import json
from typing import Any

import pytest

from hubtriage.aws.securityhub.reading import FoundFindings
from hubtriage.aws.triage.events import SWEEP_SOURCE, parse_event
from hubtriage.engine.excerpt import Excerpt, json_size
from hubtriage.engine.planning.payload import LARGEST_FINDING
from hubtriage.engine.ruleset.members import members_read
from tests.support.triage_world import (
    NOW,
    SUPPRESS_BUCKETS,
    TriageBench,
    TriageWorld,
    endings,
    finding,
    key,
    record,
)

MEMBERS = members_read([SUPPRESS_BUCKETS])
NOTED = SUPPRESS_BUCKETS | {
    "update": {"Workflow": {"Status": "SUPPRESSED"}, "Note": {"Text": "Accepted: {finding.Title}."}}
}
UNREAD = "ProductFields"


def shown(body: Any) -> list[Any]:
    found = parse_event({"Records": [{"messageId": "m", "body": json.dumps(body)}]}, members=MEMBERS)
    return [event.finding for event in found.finding_events]


def filled(number: int, left: int) -> dict[str, Any]:
    """A finding that is so many bytes smaller than the largest one, by a member that no rule reads."""
    bare = finding(number, ProductFields={"padding": ""}, Title="A bucket")
    padding = "x" * (LARGEST_FINDING - json_size(bare) - left)
    return bare | {UNREAD: {"padding": padding}}


@pytest.mark.parametrize("count", [1, 3], ids=["a finding alone", "several in one event"])
def test_of_an_event_the_members_are_kept_that_are_read(count: int) -> None:
    whole = [finding(number, **{UNREAD: {"a": "ä"}}) for number in range(count)]
    source = {"source": SWEEP_SOURCE} if count > 1 else {"source": "aws.securityhub"}
    detail = {"findings": whole, "sweep": {"id": "s"}}
    kept = shown({"detail-type": "Security Hub Findings - Imported", **source, "detail": detail})
    for one, all_of_it in zip(kept, whole, strict=True):
        assert isinstance(one, Excerpt)
        assert UNREAD not in one
        assert one == {name: value for name, value in all_of_it.items() if name in one}
        assert json_size(one) + one.rest.size() == json_size(all_of_it)
        assert one.rest.size() <= one.rest.most


def test_of_a_reading_the_members_are_kept_that_are_read() -> None:
    found = FoundFindings(MEMBERS)
    large = filled(0, 100)
    found.add(key(0), large)
    one = found[key(0)]
    assert isinstance(one, Excerpt)
    assert json_size(one) + one.rest.size() == json_size(large)
    assert found.size < 2_000


@pytest.mark.parametrize("ago", [0.0, 60.0], ids=["by its event", "by a reading"])
@pytest.mark.parametrize(
    ("left", "noted"),
    [
        pytest.param(100_000, True, id="there is room for a note"),
        pytest.param(40, False, id="there is no room for a note"),
    ],
)
def test_a_note_gives_way_in_a_large_finding_of_which_little_is_kept(
    left: int, noted: bool, ago: float
) -> None:
    world = TriageWorld()
    world.hub.plant(filled(0, left), NOW)
    world.clock.sleep(ago)
    bench = TriageBench(world, NOTED)
    report = bench.run(record("m", world.stored(0), age=ago))
    assert endings(report)["finding-0"][0] == "updated"
    assert len(world.hub.status()["updates"]) == 1, "it was known beforehand"
    assert ("Note" in world.stored(0)) == noted
    assert world.stored(0)["Workflow"]["Status"] == "SUPPRESSED"


def test_a_batch_keeps_what_the_policy_alone_reads() -> None:
    world = TriageWorld()
    world.hub.plant(finding(0, Region="eu-west-1", **{UNREAD: {"team": "shop"}}), NOW)
    said = {"id": "s", "never": "hide", "findings": {"match": {UNREAD: {"team": ["shop"]}}}}
    bench = TriageBench(world, policy_statements=[said])
    bench.see(0)
    assert world.stored(0)["Workflow"]["Status"] == "NEW"
    (outcome,) = bench.told
    assert outcome.decision is not None
    assert {one.statement for one in outcome.decision.against_policy} == {"s"}


def test_a_bench_triages_as_if_it_kept_everything() -> None:
    """Entries and records too: they have what was left out of no finding."""
    records, entries = [], []
    for members in (MEMBERS, None):
        world = TriageWorld()
        world.hub.plant(finding(0, Region="eu-west-1", Title="A bucket", **{UNREAD: {"a": "b"}}), NOW)
        bench = TriageBench(world, NOTED)
        bench.triage.members = members_read([NOTED]) if members else None
        bench.see(0)
        records.append([outcome.decision.as_record() for outcome in bench.told if outcome.decision])
        entries.append(world.entry(0))
    assert records[0] == records[1]
    assert entries[0] == entries[1]
    assert records[0]
