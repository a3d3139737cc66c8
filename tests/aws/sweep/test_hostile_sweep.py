"""A hostile finding in the way of a sweep: the others are brought to what is in git all the same."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from hubtriage.aws.queue import LARGEST_BATCH
from hubtriage.aws.sweep.progress import Progress
from hubtriage.aws.sweep.request import SweepRequest
from tests.support.broken import Bomb
from tests.support.sweep_world import SweepBench, rules, suppress
from tests.support.triage_world import NOW, TriageWorld, finding

A = suppress("rule-a", "control-a")


def world_with(**members: Any) -> TriageWorld:
    """Fifty findings that the rule wants, a hostile one among them."""
    world = TriageWorld()
    for number in range(50):
        extra = members if number == 25 else {}
        world.hub.plant(finding(number, **{"GeneratorId": "control-a", **extra}), NOW)
    return world


@pytest.mark.parametrize(
    "members",
    [
        pytest.param({"Title": "\x1b]0;x\x07\u2028\ud800"}, id="control characters"),
        pytest.param({"Description": "\x01" * 200_000}, id="more than a message holds once it is JSON"),
        pytest.param({"Description": "\U0001f480" * 55_000}, id="220 KB of emoji"),
        pytest.param({"UserDefinedFields": {"k": "\ud800"}}, id="a user field that cannot be sent again"),
        pytest.param({"Confidence": float("inf")}, id="a number beyond all bounds"),
        pytest.param({"Types": [f"a/{n}" for n in range(5_000)]}, id="5,000 types"),
        pytest.param({"UserDefinedFields": {"hubtriage/managed": "hubtriage"}}, id="another tool's key"),
    ],
)
def test_the_others_are_swept(members: Mapping[str, Any]) -> None:
    bench = SweepBench(world_with(**members), rules(A))
    done = bench.sweep()
    assert (done.status, done.read) == ("done", 50)
    others = {name: status for name, status in bench.statuses().items() if name != "finding-25"}
    assert Counter(others.values()) == {"SUPPRESSED": 49}


def test_no_message_is_larger_than_sqs_takes() -> None:
    bench = SweepBench(world_with(Description="\x01" * 200_000), rules(A))
    told = bench.walk(SweepRequest()).step(Progress())
    assert told.refused == 1
    assert len(bench.queue.findings) == 49
    assert max(map(len, bench.queue.bodies)) <= LARGEST_BATCH


class OnePage:
    """Answers GetFindings with the same page, without going on."""

    def __init__(self, *findings: dict[str, Any]) -> None:
        self._answer = {"Findings": list(findings)}

    def get(self, *_request: Any) -> Mapping[str, Any]:
        """Give the page."""
        return self._answer


def test_a_bug_of_ours_on_one_finding_does_not_stop_the_sweep() -> None:
    bench = SweepBench(TriageWorld(3), rules(suppress("rule-p", "policy")))
    page = OnePage(finding(0), Bomb(finding(1), "Workflow"), finding(2))
    bench.sources = replace(bench.sources, getter=page)  # type: ignore[arg-type]
    told = bench.walk(SweepRequest(scopes=("active",))).step(Progress())
    assert (told.status, told.read, told.changed, told.failed_rules) == ("done", 3, 2, 1)
    handed_on = sorted(found["Id"] for found in bench.queue.findings)
    assert handed_on == ["finding-0", "finding-1", "finding-2"]
