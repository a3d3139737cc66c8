"""When a finding is read again, and what counts if the event and the reading say different things."""

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.aws.ledger.lease import LAG, SETTLE
from tests.support.examples import examples
from tests.support.triage_world import (
    NOW,
    SUPPRESS_BUCKETS,
    TriageBench,
    TriageWorld,
    again,
    by_a_person,
    endings,
    finding,
    lags,
    record,
)

UNDECIDABLE = {"finding-0": ("failed", "Undecidable")}
UPDATED = {"finding-0": ("updated", "")}
UNCHANGED = {"finding-0": ("unchanged", "")}


@pytest.mark.parametrize(
    ("age", "receives", "reads"),
    [
        pytest.param(1.0, 1, 0, id="a fresh event is trusted"),
        pytest.param(30.0, 1, 0, id="also at the refresh age"),
        pytest.param(31.0, 1, 1, id="an old event is not"),
        pytest.param(1.0, 2, 1, id="nor is one that is delivered again"),
        pytest.param(-29.0, 1, 0, id="a clock that is a little ahead is trusted"),
        pytest.param(-3600.0, 1, 1, id="an event from the future is not"),
    ],
)
def test_a_finding_with_a_plan_is_read_again_when_it_may_be_out_of_date(
    age: float, receives: int, reads: int
) -> None:
    world = TriageWorld(1)
    report = TriageBench(world).run(record("m", finding(0), age=age, receives=receives))
    assert endings(report) == UPDATED
    assert world.calls("GetFindings") == report.reads == reads


def test_a_finding_without_a_plan_is_not_read_again_however_old() -> None:
    world = TriageWorld(1)
    TriageBench(world).run(record("m", finding(0, Resources=[]), age=9999, receives=9))
    assert world.calls("GetFindings") == 0


@pytest.mark.parametrize("age", [60.0, 100_000.0], ids=["old", "older than any lag"])
def test_where_an_event_and_a_reading_ask_for_different_things_the_next_delivery_decides(age: float) -> None:
    world = TriageWorld(1)
    by_a_person(world, Workflow={"Status": "NOTIFIED"})
    bench, sent = TriageBench(world), record("m", finding(0), age=age)
    assert endings(bench.run(sent)) == UNDECIDABLE
    assert world.calls("BatchUpdateFindings") == 1, "the person's"
    assert endings(bench.run(again(sent))) == UPDATED
    assert world.stored(0)["Workflow"] == {"Status": "NOTIFIED"}
    assert world.stored(0)["Note"]["Text"] == "Accepted."


def test_a_reading_that_lags_behind_its_event_decides_once_it_has_caught_up() -> None:
    world = TriageWorld()
    world.hub.plant(finding(0, Resources=[]), world.clock.now())
    world.clock.sleep(1000)
    world.hub.plant(finding(0), world.clock.now())
    world.clock.sleep(31)
    bench = TriageBench(world)
    sent = record("m", finding(0), age=-1000)
    lags(world, 40)
    assert endings(bench.run(sent)) == UNDECIDABLE
    world.clock.sleep(LAG)
    assert endings(bench.run(again(sent))) == UPDATED


@pytest.mark.parametrize("asks_last", [True, False], ids=["is the newer", "is the older"])
@pytest.mark.parametrize("in_order", [True, False], ids=["in order", "in disorder"])
def test_of_two_events_of_one_second_that_come_together_the_one_that_asks_for_a_change(
    asks_last: bool, in_order: bool
) -> None:
    world = TriageWorld(1)
    states = [finding(0, Resources=[]), finding(0)]
    states = states if asks_last else states[::-1]
    world.hub.plant(states[-1], world.clock.now())
    events = [record(str(number), state) for number, state in enumerate(states)]
    events = events if in_order else events[::-1]
    bench = TriageBench(world)
    assert endings(bench.run(*events)) == UNDECIDABLE, "reading may lag behind both"
    assert world.calls("BatchUpdateFindings") == 0
    assert endings(bench.run(*map(again, events))) == (UPDATED if asks_last else UNCHANGED)


def test_two_events_of_one_second_that_ask_for_the_same_are_no_matter() -> None:
    world = TriageWorld(1)
    events = [record("before", finding(0)), record("after", finding(0, Confidence=7))]
    assert endings(TriageBench(world).run(*events)) == UPDATED


def test_two_events_of_one_second_are_told_once_when_nothing_is_written() -> None:
    world = TriageWorld(1)
    events = [record("one", finding(0)), record("other", finding(0, Resources=[]))]
    bench = TriageBench(world)
    report = bench.run(*events, mode="observe")
    assert endings(report) == UNCHANGED
    assert bench.told == report.outcomes
    assert world.calls("GetFindings") == 0


def hidden() -> tuple[TriageWorld, TriageBench]:
    """A finding that triage has hidden, ten seconds ago."""
    world = TriageWorld(1)
    world.clock.sleep(1000)
    bench = TriageBench(world)
    assert endings(bench.see()) == UPDATED
    world.clock.sleep(10)
    return world, bench


def seen_now(world: TriageWorld, name: str, ago: float = 0.0) -> dict[str, Any]:
    """The event that shows the finding as it is stored."""
    return record(name, world.stored(0), age=NOW - world.clock.now() + ago)


def test_what_happens_in_order_is_never_read_again() -> None:
    world, bench = hidden()
    assert endings(bench.see(name="echo")) == UNCHANGED
    assert endings(bench.see(name="refresh")) == UNCHANGED
    world.hub.plant({**world.stored(0), "Resources": [{"Type": "AwsAccount", "Id": "x"}]}, world.clock.now())
    assert endings(bench.see(name="no rule wants it any more")) == UPDATED
    assert endings(bench.see(name="echo")) == UNCHANGED
    world.clock.sleep(SETTLE)
    by_a_person(world, Workflow={"Status": "SUPPRESSED"})
    assert endings(bench.see(name="person")) == UNCHANGED
    assert world.calls("GetFindings") == 0
    assert world.calls("BatchUpdateFindings") == 2 + 1, "two by triage, one by the person"


def test_a_duplicate_of_the_first_event_does_not_undo_a_person() -> None:
    world, bench = hidden()
    by_a_person(world, Workflow={"Status": "NEW"})
    first = record("again", finding(0), age=-1000)
    assert endings(bench.run(first)) == UNDECIDABLE
    world.clock.sleep(LAG)
    assert endings(bench.run(again(first))) == UNCHANGED
    assert world.stored(0)["Workflow"] == {"Status": "NEW"}
    assert world.entry(0).claims["Workflow.Status"].person, "triage remembers that it was a person"


def test_an_event_from_before_our_own_update_is_done() -> None:
    world, bench = hidden()
    assert endings(bench.run(record("late", finding(0), age=-940))) == {
        "finding-0": ("unchanged", "Superseded")
    }
    assert world.calls("GetFindings") == 0


def test_a_person_who_overrules_triage_at_once_is_recognized_when_that_can_be_told() -> None:
    world, bench = hidden()
    by_a_person(world, Workflow={"Status": "NEW"})
    edit = seen_now(world, "edit")
    assert endings(bench.run(edit)) == UNDECIDABLE
    world.clock.sleep(LAG)
    assert endings(bench.run(again(edit))) == UNCHANGED
    assert world.stored(0)["Workflow"] == {"Status": "NEW"}
    assert world.entry(0).claims["Workflow.Status"].person


def test_a_reading_that_lags_behind_a_person_undoes_nothing() -> None:
    world, bench = hidden()
    by_a_person(world, Workflow={"Status": "NEW"})
    edit = seen_now(world, "edit")
    world.clock.sleep(LAG)
    lags(world, LAG + 5)
    assert endings(bench.run(again(edit))) == UNCHANGED, "the reading shows our own update"
    assert world.calls("BatchUpdateFindings") == 2
    lags(world, 0)
    assert endings(bench.see(name="refresh")) == UNCHANGED
    assert world.stored(0)["Workflow"] == {"Status": "NEW"}
    assert world.entry(0).claims["Workflow.Status"].person


def test_an_escalation_that_our_own_echo_shows_is_seen_although_reading_lags() -> None:
    """The escalation came between the event that triage hid the finding for, and the update that hid it."""
    world = TriageWorld(1)
    bench = TriageBench(world)
    world.clock.sleep(900)
    critical = finding(0, Severity={"Label": "CRITICAL"}, UpdatedAt="2027-01-02T00:00:00Z")
    world.hub.plant(critical, world.clock.now())
    world.clock.sleep(5)
    bench.run(record("before", finding(0), age=-899))
    assert world.suppressed([0]) == [0]
    echo = record("echo", world.stored(0), age=-905)
    world.clock.sleep(2)
    lags(world, 4)
    assert endings(bench.run(echo)) == UPDATED
    assert world.stored(0)["Workflow"] == {"Status": "NEW"}


def test_what_waits_long_for_its_call_is_read_again_before() -> None:
    """Each finding has a call of its own, and a person is at the last of them while the first are sent."""
    world = TriageWorld(100)
    own = {"UserDefinedFields": {"name": "{finding.Id}"}, "Workflow": {"Status": "SUPPRESSED"}}
    bench = TriageBench(world, SUPPRESS_BUCKETS | {"update": own}, rate=1.0)
    update, ids = world.api.batch_update_findings, [f"finding-{number}" for number in range(100)]

    def update_beside_a_person(**request: Any) -> Mapping[str, Any]:
        if request["FindingIdentifiers"][0]["Id"] == ids[60]:
            by_a_person(world, 99, Workflow={"Status": "NOTIFIED"})
        return update(**request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.api, "batch_update_findings", update_beside_a_person)
        report = bench.run(*(record(name, finding(number)) for number, name in enumerate(ids)))
    assert endings(report)[ids[99]] == ("failed", "Undecidable")
    assert world.stored(99)["Workflow"] == {"Status": "NOTIFIED"}
    assert {result for result, _ in endings(report).values()} == {"updated", "failed"}
    assert world.calls("BatchUpdateFindings") == 99 + 1, "the others have their call, and the person's"
    assert world.calls("GetFindings") == 4, "30 calls are made before anything is too old, then 20 at a time"


def test_a_person_who_edits_while_a_call_is_tried_again_keeps_the_edit() -> None:
    world = TriageWorld(1)
    update, calls = world.api.batch_update_findings, 0

    def slow_and_throttled(**request: Any) -> Mapping[str, Any]:
        nonlocal calls
        calls += 1
        if calls == 1:
            world.clock.sleep(40)
            by_a_person(world, Workflow={"Status": "NOTIFIED"})
            world.clock.sleep(1)
            raise ClientError({"Error": {"Code": "TooManyRequestsException"}}, "BatchUpdateFindings")
        return update(**request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.api, "batch_update_findings", slow_and_throttled)
        report = TriageBench(world).run(record("m", finding(0), age=1))
    assert endings(report) == UNDECIDABLE
    assert (calls, world.calls("GetFindings")) == (1, 1)
    assert world.stored(0)["Workflow"] == {"Status": "NOTIFIED"}
    assert world.entry(0).intent is None, "what surely did not happen is taken back from the ledger"


@examples(60)
@given(
    count=st.integers(1, 45),
    ages=st.lists(st.sampled_from([1.0, 20.0, 29.0, 60.0]), min_size=45, max_size=45),
    own=st.booleans(),
    faults=st.lists(st.tuples(st.integers(1, 12), st.integers(0, 20)), max_size=4),
    rate=st.sampled_from([0.3, 1.0, 4.0]),
    latency=st.sampled_from([0.0, 0.5, 9.0]),
)
def test_no_attempt_is_made_with_an_update_that_is_older_than_the_refresh_age(
    count: int,
    ages: list[float],
    own: bool,
    faults: list[tuple[int, int]],
    rate: float,
    latency: float,
) -> None:
    """The attempts may begin then; how long the service takes to answer is its own affair."""
    world = TriageWorld(count)
    for times, skip in faults:
        world.fault(error="TooManyRequestsException", times=times, skip=skip)
    world.api.latency = latency
    seen = {f"finding-{number}": NOW - ages[number] for number in range(count)}
    update, read, oldest = world.api.batch_update_findings, world.api.get_findings, 0.0

    def updates(**request: Any) -> Mapping[str, Any]:
        nonlocal oldest
        now = world.clock.now()
        oldest = max(oldest, *(now - seen[each["Id"]] for each in request["FindingIdentifiers"]))
        return update(**request)

    def reads(**request: Any) -> Mapping[str, Any]:
        answer = read(**request)
        seen.update((each["Value"], world.clock.now()) for each in request["Filters"]["Id"])
        return answer

    named = {"UserDefinedFields": {"name": "{finding.Id}"}, "Workflow": {"Status": "SUPPRESSED"}}
    bench = TriageBench(world, SUPPRESS_BUCKETS | ({"update": named} if own else {}), rate=rate)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.api, "batch_update_findings", updates)
        patch.setattr(world.api, "get_findings", reads)
        report = bench.run(
            *(record(str(number), finding(number), age=ages[number]) for number in range(count)),
            deadline=NOW + 240,
        )
    a_reading_of_all = latency * -(-count // 20)
    assert oldest <= 30 + a_reading_of_all
    assert len(report.outcomes) == count


def test_in_a_backlog_each_finding_is_read_once_however_long_that_takes() -> None:
    world = TriageWorld(100)
    bench = TriageBench(world, reads=0.1)
    bench.run(*(record(str(number), finding(number), age=60) for number in range(100)))
    assert world.clock.now() - NOW > 30
    assert (world.calls("BatchUpdateFindings"), world.calls("GetFindings")) == (1, 5)


def test_what_is_sent_in_time_is_not_read_again() -> None:
    world = TriageWorld(100)
    TriageBench(world).run(*(record(str(number), finding(number)) for number in range(100)))
    assert (world.calls("BatchUpdateFindings"), world.calls("GetFindings")) == (1, 0)


def escalated(ago: float = 31) -> tuple[TriageWorld, TriageBench, dict[str, Any]]:
    """A finding that triage has hidden and that its provider calls CRITICAL since; the event is not young."""
    world, bench = hidden()
    world.hub.plant({**world.stored(0), "Severity": {"Label": "CRITICAL"}}, world.clock.now())
    sent = seen_now(world, "escalated")
    world.clock.sleep(ago)
    return world, bench, sent


def test_a_reading_that_cannot_be_dated_yet_leaves_an_event_its_plan_if_it_asks_for_the_same() -> None:
    world, bench, sent = escalated()
    lags(world, 20)
    assert endings(bench.run(sent)) == UPDATED
    assert (world.suppressed([0]), world.calls("GetFindings")) == ([], 1)


def test_if_it_asks_for_something_else_nothing_is_done_before_readings_have_caught_up() -> None:
    """It may be from before our update; or somebody has reopened the finding since the event."""
    world, bench, sent = escalated()
    lags(world, 60)
    assert endings(bench.run(sent)) == UNDECIDABLE
    assert world.suppressed([0]) == [0]
    world.clock.sleep(LAG)
    assert endings(bench.run(again(sent))) == UPDATED
    assert world.suppressed([0]) == []


def test_who_reopens_a_finding_is_not_overruled_by_an_event_from_before() -> None:
    world, bench, sent = escalated(0)
    world.clock.sleep(1)
    by_a_person(world, Workflow={"Status": "NEW"})
    world.hub.plant({**world.stored(0), "Severity": {"Label": "MEDIUM"}}, world.clock.now())
    world.clock.sleep(31)
    assert endings(bench.run(sent)) == UNDECIDABLE
    world.clock.sleep(LAG)
    assert endings(bench.see(name="later")) == UNCHANGED
    assert world.suppressed([0]) == []
