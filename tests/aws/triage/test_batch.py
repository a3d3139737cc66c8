import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.aws.securityhub.faults import Fault
from hubtriage.aws.triage.results import Report
from hubtriage.engine.planning.payload import LARGEST_FINDING
from tests.support.broken import Bomb, Killed
from tests.support.examples import examples
from tests.support.triage_world import (
    MACIE,
    NOW,
    SUPPRESS_BUCKETS,
    TriageBench,
    TriageWorld,
    finding,
    key,
    record,
)


def endings(report: Report) -> dict[str, tuple[str, str]]:
    return {o.seen.newest.key[1]: (o.result.status, o.result.code) for o in report.outcomes}


def failed(report: Report) -> list[str | None]:
    return [message.id for message in report.failed_messages()]


def test_a_matching_finding_is_updated_and_its_echo_changes_nothing() -> None:
    world = TriageWorld(2)
    bench = TriageBench(world)
    report = bench.run(record("m0", finding(0)), record("m1", finding(1)))
    assert endings(report) == {"finding-0": ("updated", ""), "finding-1": ("updated", "")}
    assert world.suppressed(range(2)) == [0, 1]
    assert world.calls("BatchUpdateFindings") == 1
    assert failed(report) == []

    echo = bench.run(*(record(f"e{n}", world.stored(n)) for n in range(2)))
    assert endings(echo) == {"finding-0": ("unchanged", ""), "finding-1": ("unchanged", "")}
    assert world.calls("BatchUpdateFindings") == 1


def test_a_finding_that_no_rule_wants_costs_no_call() -> None:
    world = TriageWorld()
    report = TriageBench(world).run(record("m0", finding(0, Resources=[{"Type": "AwsAccount", "Id": "x"}])))
    assert endings(report) == {"finding-0": ("unchanged", "")}
    assert world.calls("BatchUpdateFindings") == world.calls("GetFindings") == 0


def test_duplicates_share_the_outcome_of_the_newest() -> None:
    world = TriageWorld(1)
    world.fault(error="AccessDeniedException")
    old, new = record("old", finding(0, Resources=[]), age=9), record("new", finding(0), age=1)
    report = TriageBench(world).run(new, old)
    assert endings(report) == {"finding-0": ("failed", "AccessDeniedException")}
    assert failed(report) == ["new", "old"]


def test_a_message_of_several_findings_is_delivered_again_if_one_fails() -> None:
    world = TriageWorld(2)
    world.fault(finding_error="ConcurrentUpdateError", finding="finding-1", times=1000)
    report = TriageBench(world).run(record("page", finding(0), finding(1)), record("other", finding(0)))
    assert endings(report) == {"finding-0": ("updated", ""), "finding-1": ("failed", "ConcurrentUpdateError")}
    assert failed(report) == ["page"]


def test_an_unusable_event_fails_alone() -> None:
    world = TriageWorld(1)
    report = TriageBench(world).run(record("bad", body="?"), record("good", finding(0)))
    assert failed(report) == ["bad"]
    assert world.suppressed([0]) == [0]


@pytest.mark.parametrize(
    ("age", "receives", "reads"),
    [
        pytest.param(1.0, 1, 0, id="a fresh event is trusted"),
        pytest.param(31.0, 1, 1, id="an old event is not"),
        pytest.param(1.0, 2, 1, id="nor is one that is delivered again"),
    ],
)
def test_a_finding_with_a_plan_is_read_again_when_it_may_be_out_of_date(
    age: float, receives: int, reads: int
) -> None:
    world = TriageWorld(1)
    report = TriageBench(world).run(record("m", finding(0), age=age, receives=receives))
    assert endings(report) == {"finding-0": ("updated", "")}
    assert world.calls("GetFindings") == report.reads == reads


def test_a_finding_without_a_plan_is_not_read_again_however_old() -> None:
    world = TriageWorld(1)
    TriageBench(world).run(record("m", finding(0, Resources=[]), age=9999, receives=9))
    assert world.calls("GetFindings") == 0


def test_what_a_person_did_after_an_old_event_stays() -> None:
    world = TriageWorld(1)
    world.hub.batch_update_findings(
        {
            "FindingIdentifiers": [{"Id": "finding-0", "ProductArn": MACIE}],
            "Workflow": {"Status": "NOTIFIED"},
        },
        NOW,
    )
    report = TriageBench(world).run(record("m", finding(0), age=60))
    assert world.stored(0)["Workflow"] == {"Status": "NOTIFIED"}
    (outcome,) = report.outcomes
    assert outcome.decision is not None
    assert [kept.field for kept in outcome.decision.kept] == ["Workflow.Status"]


def by_a_person(world: TriageWorld, status: str, name: str = "finding-0") -> None:
    identifiers = [{"Id": name, "ProductArn": MACIE}]
    world.hub.batch_update_findings(
        {"FindingIdentifiers": identifiers, "Workflow": {"Status": status}}, world.clock.now()
    )


@pytest.mark.parametrize("is_heard", [True, False], ids=["is heard before it", "is still in the queue"])
def test_a_first_event_that_comes_again_at_once_does_not_undo_a_person_whose_event(is_heard: bool) -> None:
    world = TriageWorld(1)
    bench = TriageBench(world)
    first = record("first", finding(0), age=2)
    assert endings(bench.run(first)) == {"finding-0": ("updated", "")}
    world.clock.sleep(5)
    by_a_person(world, "NEW")
    if is_heard:
        world.clock.sleep(1)
        assert endings(bench.run(record("edit", world.stored(0), age=-5))) == {"finding-0": ("updated", "")}
        assert world.calls("GetFindings") == 0
    before = world.stored(0)["UserDefinedFields"]
    world.clock.sleep(4)
    bench.run(first | {"messageId": "again"})
    assert world.stored(0)["Workflow"] == {"Status": "NEW"}
    assert world.calls("GetFindings") == 1
    if is_heard:
        assert world.stored(0)["UserDefinedFields"] == before, "triage remembers that it was a person"


def test_an_event_that_a_later_one_overtook_is_read_again() -> None:
    world = TriageWorld(1)
    bench = TriageBench(world)
    bench.run(record("later", finding(0, Resources=[]), age=1))
    bench.run(record("earlier", finding(0), age=2))
    assert world.calls("GetFindings") == 1


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
    assert endings(bench.run(*events)) == {"finding-0": ("failed", "InDoubt")}, "reading may lag behind both"
    assert world.calls("BatchUpdateFindings") == 0
    again = [each | {"attributes": {"ApproximateReceiveCount": "2"}} for each in events]
    assert endings(bench.run(*again)) == {"finding-0": ("updated" if asks_last else "unchanged", "")}


def test_of_two_events_of_one_second_none_is_lost_if_reading_is_behind_both() -> None:
    world = TriageWorld(1)  # whose finding has an earlier `UpdatedAt`
    states = [finding(0, UpdatedAt="2027-01-02T00:00:00Z", **more) for more in ({}, {"Resources": []})]
    report = TriageBench(world).run(record("one", states[0]), record("other", states[1]))
    assert endings(report) == {"finding-0": ("failed", "InDoubt")}


def test_two_events_of_one_second_that_ask_for_the_same_are_no_matter() -> None:
    world = TriageWorld(1)
    events = [record("before", finding(0)), record("after", finding(0, Confidence=7))]
    assert endings(TriageBench(world).run(*events)) == {"finding-0": ("updated", "")}


def test_of_two_events_of_one_second_one_that_comes_later_does_not_undo_a_person() -> None:
    world = TriageWorld(1)
    bench = TriageBench(world)
    by_a_person(world, "NOTIFIED")
    bench.run(record("person", world.stored(0), age=1))
    world.clock.sleep(3)
    bench.run(record("before", finding(0), age=1))
    assert world.stored(0)["Workflow"] == {"Status": "NOTIFIED"}
    assert world.calls("GetFindings") == 1


def test_two_events_of_one_second_are_told_once_when_nothing_is_written() -> None:
    world = TriageWorld(1)
    events = [record("one", finding(0)), record("other", finding(0, Resources=[]))]
    bench = TriageBench(world)
    report = bench.run(*events, mode="observe")
    assert endings(report) == {"finding-0": ("unchanged", "")}
    assert bench.told == report.outcomes
    assert world.calls("GetFindings") == 0


def lags(world: TriageWorld, seconds: float) -> None:
    """From now on GetFindings does not show the writes of the last seconds."""
    world.hub.configure(replace(world.hub.settings, visible_after=seconds))


def test_a_reading_that_may_be_older_than_the_event_does_not_undo_a_person() -> None:
    world = TriageWorld(1)
    bench = TriageBench(world)
    world.clock.sleep(900)
    bench.run(record("first", finding(0), age=-899))
    world.clock.sleep(300)
    by_a_person(world, "NEW")
    edit = record("edit", world.stored(0), age=-1_200)
    world.clock.sleep(60)
    lags(world, 120)
    assert endings(bench.run(edit)) == {"finding-0": ("failed", "InDoubt")}
    assert world.stored(0)["Workflow"] == {"Status": "NEW"}
    world.clock.sleep(2_000)
    bench.run(edit | {"attributes": {"ApproximateReceiveCount": "2"}})
    assert world.stored(0)["Workflow"] == {"Status": "NEW"}
    assert "!" in world.stored(0)["UserDefinedFields"]["hubtriage/memo"], "a person's value is remembered"


def test_a_first_event_that_comes_again_while_reading_lags_does_not_undo_a_person() -> None:
    world = TriageWorld(1)
    bench = TriageBench(world)
    world.clock.sleep(900)
    first = record("first", finding(0), age=-899)
    bench.run(first)
    by_a_person(world, "NEW")
    world.clock.sleep(10)
    bench.run(record("edit", world.stored(0), age=-901))
    lags(world, 60)
    world.clock.sleep(10)
    assert endings(bench.run(first | {"messageId": "again"})) == {"finding-0": ("failed", "InDoubt")}
    assert world.stored(0)["Workflow"] == {"Status": "NEW"}


def test_an_event_that_is_older_than_any_lag_is_decided_by_the_reading_at_once() -> None:
    world = TriageWorld(1)
    by_a_person(world, "NOTIFIED")
    report = TriageBench(world).run(record("m", finding(0), age=900))
    assert not report.failed_messages()
    assert world.stored(0)["Workflow"] == {"Status": "NOTIFIED"}


def test_an_escalation_that_our_own_echo_shows_is_seen_although_reading_lags() -> None:
    """The escalation came between the event that triage hid the finding for, and the update that hid it."""
    world = TriageWorld(1)
    bench = TriageBench(world)
    world.clock.sleep(900)
    critical = finding(0, Severity={"Label": "CRITICAL"}, UpdatedAt="2027-01-02T00:00:00Z")
    world.hub.plant(critical, world.clock.now())
    world.clock.sleep(5)
    bench.run(record("before", finding(0), age=-899))
    assert world.stored(0)["Workflow"] == {"Status": "SUPPRESSED"}
    echo = record("echo", world.stored(0), age=-905)
    world.clock.sleep(2)
    lags(world, 4)
    assert endings(bench.run(echo)) == {"finding-0": ("updated", "")}
    assert world.stored(0)["Workflow"] == {"Status": "NEW"}


def test_what_waits_long_for_its_call_is_read_again_before() -> None:
    """Each finding has a call of its own, and a person is at the last of them while the first are sent."""
    world = TriageWorld(100)
    own = {"UserDefinedFields": {"name": "{finding.Id}"}, "Workflow": {"Status": "SUPPRESSED"}}
    bench = TriageBench(world, SUPPRESS_BUCKETS | {"update": own}, rate=1.0)
    update, ids = world.api.batch_update_findings, [f"finding-{number}" for number in range(100)]

    def update_beside_a_person(**request: Any) -> Mapping[str, Any]:
        if request["FindingIdentifiers"][0]["Id"] == ids[60]:
            by_a_person(world, "NOTIFIED", ids[99])
        return update(**request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.api, "batch_update_findings", update_beside_a_person)
        report = bench.run(*(record(name, finding(number)) for number, name in enumerate(ids)))
    assert endings(report)[ids[99]] == ("failed", "InDoubt")
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
            by_a_person(world, "NOTIFIED")
            world.clock.sleep(1)
            raise ClientError({"Error": {"Code": "TooManyRequestsException"}}, "BatchUpdateFindings")
        return update(**request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.api, "batch_update_findings", slow_and_throttled)
        report = TriageBench(world).run(record("m", finding(0), age=1))
    assert endings(report) == {"finding-0": ("failed", "InDoubt")}
    assert (calls, world.calls("GetFindings")) == (1, 1)
    assert world.stored(0)["Workflow"] == {"Status": "NOTIFIED"}


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


def test_what_a_reading_showed_is_not_forgotten() -> None:
    world = TriageWorld(1)
    bench = TriageBench(world)
    by_a_person(world, "NOTIFIED")
    world.clock.sleep(900)
    bench.run(record("old", finding(0), age=0))
    bench.run(record("from between", finding(0), age=-890))
    assert world.calls("GetFindings") == 2
    assert world.stored(0)["Workflow"] == {"Status": "NOTIFIED"}


def test_what_happens_in_order_is_never_read_again() -> None:
    world = TriageWorld(1)
    bench = TriageBench(world)

    def follow(name: str, found: Mapping[str, Any], result: str) -> None:
        """The event is a second old when it is handled; ten seconds later the next thing happens."""
        happened = NOW - world.clock.now()
        world.clock.sleep(1)
        assert endings(bench.run(record(name, found, age=happened))) == {"finding-0": (result, "")}
        world.clock.sleep(10)

    follow("new", finding(0), "updated")
    follow("echo", world.stored(0), "unchanged")
    follow("refresh", world.stored(0), "unchanged")
    other = dict(world.stored(0)) | {"Resources": [{"Type": "AwsAccount", "Id": "x"}]}
    world.hub.plant(other, world.clock.now())
    follow("no rule wants it any more", other, "updated")
    follow("echo", world.stored(0), "unchanged")
    by_a_person(world, "SUPPRESSED")
    follow("person", world.stored(0), "unchanged")
    assert world.calls("GetFindings") == 0
    assert world.calls("BatchUpdateFindings") == 2 + 1, "two by triage, one by the person"


@pytest.mark.parametrize(
    ("ahead", "reads"),
    [
        pytest.param(4.0, 0, id="a clock that is a little ahead is trusted"),
        pytest.param(3600.0, 1, id="an event from the future is not"),
    ],
)
def test_the_time_of_an_event(ahead: float, reads: int) -> None:
    world = TriageWorld(1)
    bench = TriageBench(world)
    bench.run(record("m", finding(0), age=-ahead))
    assert world.calls("GetFindings") == reads


def test_an_event_from_the_future_does_not_make_all_later_ones_old() -> None:
    world = TriageWorld(1)
    bench = TriageBench(world)
    bench.run(record("forged", finding(0, Resources=[]), age=-3600))
    world.clock.sleep(10)
    bench.run(record("m", finding(0), age=-9))
    assert world.calls("GetFindings") == 0


def test_a_finding_that_lags_behind_its_event_is_decided_by_the_event() -> None:
    world = TriageWorld(1)
    event = finding(0, UpdatedAt="2027-01-02T00:00:00Z", Resources=[{"Type": "AwsS3Bucket", "Id": "new"}])
    world.hub.plant(finding(0, Resources=[{"Type": "AwsAccount", "Id": "old"}]), NOW)
    assert endings(TriageBench(world).run(record("m", event, age=60))) == {"finding-0": ("updated", "")}


@pytest.mark.parametrize(
    ("receives", "result"),
    [(1, "failed"), (2, "failed"), (3, "refused"), (9, "refused")],
    ids=lambda value: str(value),
)
@pytest.mark.parametrize("age", [1.0, 60.0], ids=["when updating", "when reading again"])
def test_a_finding_that_is_not_found_is_awaited_for_a_few_deliveries(
    age: float, receives: int, result: str
) -> None:
    report = TriageBench(TriageWorld()).run(record("m", finding(0), age=age, receives=receives))
    assert endings(report) == {"finding-0": (result, "FindingNotFound")}
    assert failed(report) == (["m"] if result == "failed" else [])


def test_an_update_that_makes_the_finding_too_large_goes_without_its_note() -> None:
    world = TriageWorld(2)
    world.fault(finding_error="FindingSizeExceeded", finding="finding-1")
    report = TriageBench(world).run(record("m0", finding(0)), record("m1", finding(1)))
    assert endings(report) == {"finding-0": ("updated", ""), "finding-1": ("updated", "NoteLeftOut")}
    assert world.suppressed([1]) == [1]
    assert "Note" in world.stored(0)
    assert "Note" not in world.stored(1)
    (outcome,) = [o for o in report.outcomes if o.seen.newest.key == key(1)]
    assert outcome.decision is not None
    assert "Note.Text" not in [change.field for change in outcome.decision.changes]


def test_a_note_for_which_the_engine_finds_no_room_is_told_as_one_that_the_service_refused() -> None:
    world = TriageWorld(1)
    noted = SUPPRESS_BUCKETS["update"] | {"Note": {"Text": "n" * 512, "UpdatedBy": "hubtriage/buckets"}}
    nearly_full = finding(0, Description="d" * (LARGEST_FINDING - len(json.dumps(finding(0))) - 500))
    report = TriageBench(world, SUPPRESS_BUCKETS | {"update": noted}).run(record("m", nearly_full))
    assert endings(report) == {"finding-0": ("updated", "NoteLeftOut")}
    assert world.calls("BatchUpdateFindings") == 1
    assert world.suppressed([0]) == [0]


@pytest.mark.parametrize(
    "update",
    [
        pytest.param(SUPPRESS_BUCKETS["update"], id="a status and a note"),
        pytest.param({"Note": {"Text": "Hello.", "UpdatedBy": "hubtriage/buckets"}}, id="nothing but a note"),
        pytest.param({"Workflow": {"Status": "SUPPRESSED"}}, id="no note to leave out"),
    ],
)
def test_an_update_that_stays_too_large_is_refused(update: Mapping[str, Any]) -> None:
    world = TriageWorld(1)
    world.fault(finding_error="FindingSizeExceeded", times=1000)
    report = TriageBench(world, SUPPRESS_BUCKETS | {"update": update}).run(record("m", finding(0)))
    assert endings(report) == {"finding-0": ("refused", "FindingSizeExceeded")}
    assert failed(report) == []


@pytest.mark.parametrize("code", ["InvalidInput", "DuplicatedFindingIdentifier"])
def test_a_finding_that_the_service_refuses_goes_to_the_dead_letter_queue(code: str) -> None:
    world = TriageWorld(1)
    world.fault(finding_error=code, times=1000)
    report = TriageBench(world).run(record("m", finding(0)))
    assert endings(report) == {"finding-0": ("failed", code)}
    assert report.outcomes[0].result.final
    assert failed(report) == ["m"]


def test_a_change_for_which_there_is_no_room_is_refused_by_the_engine() -> None:
    world = TriageWorld(1)
    full = finding(0, UserDefinedFields={f"key-{n}": "value" for n in range(50)})
    report = TriageBench(world).run(record("m", full))
    assert endings(report) == {"finding-0": ("refused", "CannotChange")}
    assert failed(report) == []


def test_out_of_time_what_was_not_sent_is_delivered_again() -> None:
    world = TriageWorld(10)
    each_its_own = SUPPRESS_BUCKETS | {"update": {"UserDefinedFields": {"name": "{finding.Id}"}}}
    report = TriageBench(world, each_its_own, rate=1.0).run(
        *(record(f"m{n}", finding(n)) for n in range(10)), deadline=NOW + 3.5
    )
    assert [o.result.status for o in report.outcomes].count("updated") == 4
    assert failed(report) == [f"m{n}" for n in range(4, 10)]


def test_reading_leaves_time_for_sending() -> None:
    world = TriageWorld(100)
    records = [record(f"m{n}", finding(n), age=60) for n in range(100)]
    report = TriageBench(world, reads=1.0).run(*records, deadline=NOW + 4)
    assert len(world.suppressed(range(100))) == 60
    assert len(failed(report)) == 40


def test_in_observe_nothing_is_read_or_written() -> None:
    world = TriageWorld(1)
    report = TriageBench(world).run(record("m", finding(0), age=60), mode="observe")
    assert endings(report) == {"finding-0": ("unchanged", "Observe")}
    assert report.outcomes[0].decision is not None
    assert report.outcomes[0].decision.hides
    assert world.calls("BatchUpdateFindings") == world.calls("GetFindings") == 0


def test_outcomes_are_told_as_they_come_and_each_once() -> None:
    world = TriageWorld(3)
    bench = TriageBench(world)
    report = bench.run(
        record("m0", finding(0)), record("m1", finding(1, Resources=[])), record("m2", finding(2))
    )
    assert bench.told == report.outcomes
    assert [o.seen.newest.key for o in bench.told] == [key(1), key(0), key(2)]


def test_a_bug_of_ours_on_one_finding_does_not_take_the_batch_with_it() -> None:
    world = TriageWorld(2)
    bench = TriageBench(world)
    records = [record("m0", finding(0)), {"messageId": "m1", "body": _event(Bomb(finding(1)))}]
    report = bench.run(*records)
    assert endings(report) == {"finding-0": ("updated", ""), "finding-1": ("failed", "EngineError")}
    assert failed(report) == ["m1"]
    assert isinstance(report.outcomes[0].result.error, RuntimeError)


def test_a_finding_deeper_than_python_follows_fails_alone() -> None:
    bench = TriageBench(TriageWorld(2))
    report = bench.run(
        record("m0", finding(0)),
        {"messageId": "m1", "body": _event(Bomb(finding(1), error=RecursionError()))},
    )
    assert endings(report) == {"finding-0": ("updated", ""), "finding-1": ("failed", "TooDeep")}
    assert failed(report) == ["m1"]


def test_a_container_that_dies_has_told_what_it_did_and_loses_nothing() -> None:
    world = TriageWorld(10)
    each_its_own = SUPPRESS_BUCKETS | {"update": {"UserDefinedFields": {"name": "{finding.Id}"}}}
    bench = TriageBench(world, each_its_own, rate=1.0)
    update, world_ends = world.api.batch_update_findings, NOW + 3

    def update_until_the_end(**request: Any) -> Mapping[str, Any]:
        answer = update(**request)
        if world.clock.now() >= world_ends:
            raise Killed
        return answer

    world.api.batch_update_findings = update_until_the_end  # type: ignore[method-assign]
    with pytest.raises(Killed):
        bench.run(*(record(f"m{n}", finding(n)) for n in range(10)))
    assert [o.seen.newest.key for o in bench.told] == [key(0), key(1), key(2)]

    world.api.batch_update_findings = update  # type: ignore[method-assign]
    report = bench.run(*(record(f"m{n}", finding(n), receives=2) for n in range(10)))
    assert [o.result.status for o in report.outcomes] == ["unchanged"] * 4 + ["updated"] * 6
    assert world.calls("BatchUpdateFindings") == 10


def test_a_denied_read_counts_for_the_alarm() -> None:
    world = TriageWorld(1)
    world.fault(operation="GetFindings", error="AccessDeniedException")
    report = TriageBench(world).run(record("m", finding(0), age=60))
    assert endings(report) == {"finding-0": ("failed", "AccessDeniedException")}
    assert report.traffic.faults == {(Fault.DENIED, "AccessDeniedException"): 1}


def _event(found: Mapping[str, Any]) -> Any:
    return {
        "detail-type": "Security Hub Findings - Imported",
        "time": "2027-01-15T08:00:00Z",
        "detail": {"findings": [found]},
    }


CALL_ERRORS = st.sampled_from(
    ["InternalException", "TooManyRequestsException", "AccessDeniedException", "InvalidInputException"]
)
FINDING_ERRORS = st.sampled_from(
    [
        "ConcurrentUpdateError",
        "InternalFailure",
        "FindingNotFound",
        "FindingSizeExceeded",
        "InvalidInput",
        "DuplicatedFindingIdentifier",
        "Unheard",
    ]
)
FAULTS = st.one_of(
    st.builds(dict, error=CALL_ERRORS, operation=st.sampled_from(["BatchUpdateFindings", "GetFindings"])),
    st.builds(dict, finding_error=FINDING_ERRORS, finding=st.integers(0, 9).map("finding-{}".format)),
    st.builds(dict, finding_error=FINDING_ERRORS),
    st.builds(dict, lose_answer=st.just(True)),
    st.builds(dict, delay=st.floats(0.1, 30)),
)
BODIES = st.sampled_from(["", "{}", "null", '{"detail-type":"Security Hub Insight Results"}'])
MESSAGES = st.one_of(
    st.tuples(
        st.lists(st.integers(0, 11), min_size=1, max_size=4), st.sampled_from([1.0, 60.0]), st.integers(1, 5)
    ),
    BODIES,
)


@examples(150)
@given(
    messages=st.lists(MESSAGES, max_size=15),
    faults=st.lists(st.tuples(FAULTS, st.integers(1, 6), st.integers(0, 3)), max_size=6),
    seconds=st.floats(0, 60),
    rate=st.sampled_from([0.5, 4.0]),
)
def test_whatever_goes_wrong_every_message_ends_in_one_way_and_none_is_lost(
    messages: list[Any], faults: list[tuple[dict[str, Any], int, int]], seconds: float, rate: float
) -> None:
    world = TriageWorld(10)  # findings 10 and 11 do not exist
    for effect, times, skip in faults:
        world.fault(**effect, times=times, skip=skip)
    records = [
        record(f"m{number}", body=message)
        if isinstance(message, str)
        else record(f"m{number}", *map(finding, message[0]), age=message[1], receives=message[2])
        for number, message in enumerate(messages)
    ]
    bench = TriageBench(world, rate=rate, reads=rate)
    report = bench.run(*records, deadline=NOW + seconds)

    sent = {number for message in messages if not isinstance(message, str) for number in message[0]}
    ended = [outcome.seen.newest.key for outcome in report.outcomes]
    assert sorted(ended) == sorted(key(number) for number in sent)
    assert bench.told == report.outcomes

    results = {outcome.seen.newest.key: outcome.result.status for outcome in report.outcomes}
    updated = {number for number in sent if results[key(number)] == "updated"}
    assert updated <= set(world.suppressed(range(10)))
    assert all(o.result.code for o in report.outcomes if o.result.status in ("failed", "refused"))

    expected = [
        f"m{number}"
        for number, message in enumerate(messages)
        if isinstance(message, str) or any(results[key(n)] == "failed" for n in message[0])
    ]
    assert failed(report) == expected
