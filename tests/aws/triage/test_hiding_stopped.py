"""Hiding is stopped in the middle of a batch: by the mode, and by the container's own limit."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.aws.switch.hide_limit import WINDOW
from hubtriage.aws.triage.results import Report
from tests.support.examples import examples
from tests.support.triage_world import NOW, SUPPRESS_BUCKETS, TriageBench, TriageWorld, finding, record

TAG = {"id": "tag", "when": True, "update": {"UserDefinedFields": {"owner": "net"}}}


def endings(report: Report) -> list[tuple[str, str]]:
    return [(each.result.status, each.result.code) for each in report.outcomes]


def events(numbers: range, world: TriageWorld) -> list[dict[str, Any]]:
    age = NOW - world.clock.now() + 1
    return [record(str(number), dict(world.stored(number)), age=age) for number in numbers]


def swept(number: int, *, hides: bool) -> dict[str, Any]:
    """A message of a sweep that has counted what it hides, or has not."""
    sent = record(f"sweep-{number}", finding(number))
    body = json.loads(sent["body"])
    body["source"] = "hubtriage.sweep"
    body["detail"]["sweep"] = {"id": "s", "take_back": False, "hides": hides}
    return sent | {"body": json.dumps(body)}


def test_a_container_hides_no_more_than_its_limit_at_once() -> None:
    world = TriageWorld(250)
    bench = TriageBench(world, hide_limit=120)
    report = bench.run(*events(range(250), world))
    assert len(world.suppressed(range(250))) == 120
    assert sorted(set(endings(report))) == [("unchanged", "HidingStopped"), ("updated", "")]
    assert {kept.why for each in report.outcomes if each.decision for kept in each.decision.kept} == {
        "its rule hides, and nothing new is hidden now"
    }
    world.clock.sleep(WINDOW + 1)
    bench.run(*events(range(250), world))
    assert len(world.suppressed(range(250))) == 240


def test_what_hides_nothing_is_done_though_the_limit_is_reached() -> None:
    world = TriageWorld(10)
    report = TriageBench(world, SUPPRESS_BUCKETS, TAG, hide_limit=4).run(*events(range(10), world))
    assert len(world.suppressed(range(10))) == 4
    assert all(world.stored(number)["UserDefinedFields"]["owner"] == "net" for number in range(10))
    assert endings(report).count(("updated", "HidingStopped")) == 6


@pytest.mark.parametrize(("hides", "hidden"), [(True, 12), (False, 5)])
def test_what_a_sweep_has_counted_does_not_count_again(hides: bool, hidden: int) -> None:
    world = TriageWorld(12)
    TriageBench(world, hide_limit=5).run(*(swept(number, hides=hides) for number in range(12)))
    assert len(world.suppressed(range(12))) == hidden


@pytest.mark.parametrize(
    ("fault", "hidden"),
    [
        pytest.param(
            {"finding_error": "InvalidInput", "times": 2}, 4 + 2, id="what is refused is not hidden"
        ),
        pytest.param({"error": "TooManyRequestsException", "times": 9}, 4, id="nor what is throttled"),
        pytest.param({"lose_answer": True, "times": 9}, 6, id="what may have worked counts"),
    ],
)
def test_what_counts_as_hidden(fault: dict[str, Any], hidden: int) -> None:
    world = TriageWorld(10)
    bench = TriageBench(world, hide_limit=6)
    world.fault(**fault)
    bench.run(*events(range(6), world))
    world.hub.faults.clear()
    bench.run(*events(range(6, 10), world))
    assert len(world.suppressed(range(10))) == hidden


def test_a_switch_to_reopen_stops_hiding_within_the_batch() -> None:
    world = TriageWorld(300)
    bench = TriageBench(world, SUPPRESS_BUCKETS, TAG, may_hide=lambda: world.calls("BatchUpdateFindings") < 1)
    report = bench.run(*events(range(300), world))
    assert len(world.suppressed(range(300))) == 100
    assert all(world.stored(number)["UserDefinedFields"]["owner"] == "net" for number in range(300))
    assert set(endings(report)) == {("updated", "")}


def test_in_reopen_nothing_is_hidden_and_what_is_too_severe_is_reopened() -> None:
    world = TriageWorld(2)
    bench = TriageBench(world)
    bench.run(*events(range(1), world))
    held: Mapping[str, Any] = world.stored(0)
    severity = {"Label": "CRITICAL"}
    world.hub.plant(
        {**held, "Severity": severity, "FindingProviderFields": {"Severity": severity}}, world.clock.now()
    )
    report = bench.run(record("a", dict(world.stored(0)), age=-1), record("b", finding(1)), mode="reopen")
    assert world.suppressed(range(2)) == []
    assert sorted(endings(report)) == [("unchanged", ""), ("updated", "")]


@examples(30)
@given(
    st.integers(1, 60),
    st.lists(st.tuples(st.integers(1, 40), st.sampled_from([0.0, 10.0, 150.0, 301.0])), max_size=8),
    st.sampled_from([1.0, 1000.0]),
)
def test_a_container_never_hides_more_than_its_limit_in_any_window(
    most: int, batches: list[tuple[int, float]], rate: float
) -> None:
    count = sum(size for size, _pause in batches)
    world = TriageWorld(count)
    bench = TriageBench(world, rate=rate, hide_limit=most)
    hidden: list[tuple[float, int]] = []
    start = 0
    for size, pause in batches:
        world.clock.sleep(pause)
        before = len(world.suppressed(range(count)))
        bench.run(*events(range(start, start + size), world))
        hidden.append((world.clock.monotonic(), len(world.suppressed(range(count))) - before))
        start += size
    for begin, _number in hidden:
        assert sum(number for at, number in hidden if begin <= at <= begin + WINDOW) <= most
