import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.aws.securityhub.faults import Fault
from hubtriage.aws.triage.results import Report
from hubtriage.engine.planning.payload import LARGEST_FINDING
from tests.support.broken import Bomb
from tests.support.examples import examples
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
    tag = {"id": "tag", "when": True, "update": {"UserDefinedFields": {"owner": "net"}}}
    report = TriageBench(world, tag).run(record("m", full))
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
