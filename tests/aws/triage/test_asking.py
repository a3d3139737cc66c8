"""Before a claim becomes a person's the finding's history is asked who changed it."""

from dataclasses import replace
from typing import Any

import pytest

from hubtriage.aws.ledger.lease import LAG, SETTLE
from hubtriage.aws.securityhub.faults import Fault
from tests.support.triage_world import (
    NOW,
    SUPPRESS_BUCKETS,
    TriageBench,
    TriageWorld,
    again,
    by_a_person,
    endings,
    finding,
    key,
    record,
)

NOTIFY = {
    "id": "notify",
    "match": {"Compliance": {"Status": ["FAILED"]}},
    "update": {"Workflow": {"Status": "NOTIFIED"}},
}
UPDATED = {"finding-0": ("updated", "")}
UNCHANGED = {"finding-0": ("unchanged", "")}
BEHIND = {"finding-0": ("failed", "HistoryBehind")}


def told(world: TriageWorld) -> dict[str, Any]:
    """The event that shows the finding as it is stored."""
    return record("m", world.stored(0), age=NOW - world.clock.now())


def settled(*rules: Any) -> tuple[TriageWorld, TriageBench]:
    """A world in which triage has done its work on a finding, long enough ago."""
    world = TriageWorld(1, history_after=0.0)
    world.hub.plant({**finding(0), "Compliance": {"Status": "FAILED"}}, NOW)
    world.clock.sleep(1000)
    bench = TriageBench(world, *rules)
    assert endings(bench.see()) == UPDATED
    world.clock.sleep(2 * SETTLE)
    return world, bench


def reimport(world: TriageWorld, compliance: str, updated_at: str) -> None:
    """The control is checked again."""
    stored = {**world.stored(0), "Compliance": {"Status": compliance}, "UpdatedAt": updated_at}
    for made_by_the_service in ("Workflow", "Note", "ProcessedAt"):
        stored.pop(made_by_the_service, None)
    world.hub.batch_import_findings([stored], world.clock.now())


def test_a_persons_edit_is_asked_about_once() -> None:
    world, bench = settled()
    by_a_person(world, Workflow={"Status": "NEW"})
    assert endings(bench.run(told(world))) == UNCHANGED
    assert world.entry(0).claims["Workflow.Status"].person
    assert endings(bench.run(told(world))) == UNCHANGED
    assert world.calls("GetFindingHistory") == 1
    assert world.stored(0)["Workflow"] == {"Status": "NEW"}


def test_a_field_that_hides_nothing_needs_no_question() -> None:
    world, bench = settled({"id": "types", "when": True, "update": {"Criticality": 70}})
    by_a_person(world, Criticality=10)
    assert endings(bench.run(told(world))) == UNCHANGED
    assert world.entry(0).claims["Criticality"].person
    assert world.calls("GetFindingHistory") == 0


def test_a_claim_does_not_become_a_persons_by_an_old_event_alone() -> None:
    world, bench = settled({"id": "types", "when": True, "update": {"Criticality": 70}})
    by_a_person(world, Criticality=10)
    sent = told(world)
    world.clock.sleep(60)
    by_a_person(world, Criticality=70)
    assert endings(bench.run(sent)) == {"finding-0": ("failed", "Undecidable")}
    assert endings(bench.run(again(sent))) == UNCHANGED
    assert not world.entry(0).claims["Criticality"].person


def test_a_snapshot_from_before_our_own_write_is_delivered_again() -> None:
    """Its time says otherwise: an event may come in late, and be stamped later than what it shows."""
    world, bench = settled()
    sent = record("m", finding(0), age=NOW - world.clock.now())
    for receives in range(1, 5):
        world.clock.sleep(1)
        sent = record("m", finding(0), age=NOW - world.clock.now(), receives=receives)
        world.api.get_findings = _answering(finding(0))  # type: ignore[method-assign]
        report = bench.run(sent)
        assert endings(report) == BEHIND
    assert world.entry(0).claims["Workflow.Status"].rule == "buckets"


def test_after_five_deliveries_it_is_decided_as_if_there_was_no_record() -> None:
    world, bench = settled()
    world.api.get_findings = _answering(finding(0))  # type: ignore[method-assign]
    sent = record("m", finding(0), age=NOW - world.clock.now(), receives=5)
    assert endings(bench.run(sent)) == UNCHANGED
    assert world.entry(0).claims["Workflow.Status"].person


def _answering(found: dict[str, Any]) -> Any:
    return lambda **_request: {"Findings": [found]}


@pytest.mark.parametrize("receives", [1, 2, 3])
def test_a_record_that_is_missing_is_awaited_for_two_deliveries(receives: int) -> None:
    world, bench = settled()
    world.hub.configure(replace(world.hub.settings, history_after=10_000.0))
    by_a_person(world, Workflow={"Status": "NEW"})
    report = bench.run(again(told(world), receives))
    assert endings(report) == (BEHIND if receives < 3 else UNCHANGED)
    assert world.entry(0).claims["Workflow.Status"].person == (receives == 3)


def test_a_reset_by_the_service_is_not_a_persons() -> None:
    world, bench = settled(NOTIFY)
    assert world.stored(0)["Workflow"] == {"Status": "NOTIFIED"}
    reimport(world, "PASSED", "2027-02-01T00:00:00Z")
    reimport(world, "FAILED", "2027-03-01T00:00:00Z")
    assert world.stored(0)["Workflow"] == {"Status": "NEW"}
    assert endings(bench.run(told(world))) == UPDATED
    assert world.stored(0)["Workflow"] == {"Status": "NOTIFIED"}


def test_a_history_that_cannot_be_read_holds_back_its_finding_alone() -> None:
    world, bench = settled()
    world.hub.plant(finding(1), NOW)
    by_a_person(world, Workflow={"Status": "NEW"})
    world.fault(operation="GetFindingHistory", error="AccessDeniedException", times=99)
    report = bench.run(told(world), record("other", finding(1), age=NOW - world.clock.now()))
    assert endings(report) == {
        "finding-0": ("failed", "AccessDeniedException"),
        "finding-1": ("updated", ""),
    }
    assert report.traffic.faults == {(Fault.DENIED, "AccessDeniedException"): 1}
    assert not world.entry(0).claims["Workflow.Status"].person


def test_what_a_lost_entry_would_hide_is_reopened() -> None:
    world, bench = settled()
    del world.ledger.items[key(0)]
    critical = {**world.stored(0), "Severity": {"Label": "CRITICAL"}, "UpdatedAt": "2027-02-01T00:00:00Z"}
    critical.pop("Workflow")
    critical.pop("Note")
    world.hub.batch_import_findings([critical], world.clock.now())
    assert world.suppressed([0]) == [0]
    assert endings(bench.run(told(world))) == UPDATED
    assert world.suppressed([0]) == []
    assert world.calls("GetFindingHistory") == 1


def test_a_hiding_value_that_is_a_persons_is_asked_about_once() -> None:
    world = TriageWorld(1)
    world.clock.sleep(1000)
    by_a_person(world, Workflow={"Status": "RESOLVED"})
    bench = TriageBench(world, SUPPRESS_BUCKETS | {"update": {"Workflow": {"Status": "SUPPRESSED"}}})
    for _refresh in range(3):
        assert endings(bench.run(told(world))) == UNCHANGED
    assert world.calls("GetFindingHistory") == 1
    assert world.entry(0).asked == {"Workflow.Status": "RESOLVED"}
    assert world.stored(0)["Workflow"] == {"Status": "RESOLVED"}


def test_questions_that_can_wait_do_not_hold_up_a_batch() -> None:
    world = TriageWorld(40)
    world.clock.sleep(1000)
    for number in range(40):
        by_a_person(world, number, Workflow={"Status": "RESOLVED"})
    bench = TriageBench(
        world, SUPPRESS_BUCKETS | {"update": {"Workflow": {"Status": "SUPPRESSED"}}}, histories=2.0
    )
    began = world.clock.now()
    report = bench.run(
        *(record(str(n), world.stored(n), age=NOW - began) for n in range(40)), deadline=began + 600
    )
    assert set(endings(report).values()) == {("unchanged", "")}
    assert world.clock.now() - began <= 5
    assert 10 <= world.calls("GetFindingHistory") <= 12


def test_an_old_intent_is_settled_by_the_history_where_readings_cannot_tell() -> None:
    """Triage set what a person set back since: a reading shows what was there before."""
    world = TriageWorld(1)
    world.clock.sleep(1000)
    bench = TriageBench(world, SUPPRESS_BUCKETS | {"update": {"Workflow": {"Status": "SUPPRESSED"}}})
    world.fault(lose_answer=True, times=99)
    bench.see()
    world.hub.faults.clear()
    world.clock.sleep(100)
    by_a_person(world, Workflow={"Status": "NEW"})
    edit = told(world)
    world.clock.sleep(2 * LAG)
    report = bench.run(again(edit))
    entry = world.entry(0)
    assert entry.intent is None
    assert entry.claims["Workflow.Status"].rule == "buckets", "the update is known to have happened"
    assert report.failed_messages(), "and the edit may be from before it"
    world.clock.sleep(2 * LAG)
    assert endings(bench.run(again(edit, 3))) == UNCHANGED
    assert world.entry(0).claims["Workflow.Status"].person
    assert world.stored(0)["Workflow"] == {"Status": "NEW"}
