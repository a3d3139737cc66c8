"""Whatever happens on the way, what is asked for is done in the end, and what a person did stays."""

from collections.abc import Iterable
from typing import Any, get_args

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from hubtriage.aws.sweep.request import SweepRequest
from tests.support.examples import examples
from tests.support.settling_world import (
    CONTAINERS,
    FIRST,
    Amid,
    Edit,
    Fail,
    Handle,
    Provide,
    Repeat,
    Settling,
    StartSweep,
    Switch,
    What,
)

FORGED = {
    "hubtriage/managed": "hubtriage",
    "hubtriage/rules": "nobody-has-it",
    "hubtriage/memo": "1 WS.k3Jd9x",
}

FINDINGS = st.integers(0, len(FIRST) - 1)
UPDATES = st.sampled_from(
    [
        {"Workflow": {"Status": "NEW"}},
        {"Workflow": {"Status": "RESOLVED"}},
        {"Severity": {"Label": "LOW"}},
        {"Confidence": 80},
        {"UserDefinedFields": {"team": "web"}},
        {"UserDefinedFields": FORGED},
    ]
)
FAULTS = st.builds(
    lambda fault, times: {**fault, "times": times},
    st.sampled_from(
        [
            {"error": "TooManyRequestsException"},
            {"error": "InternalException"},
            {"lose_answer": True},
            {"delay": 20.0},
            {"operation": "GetFindings", "error": "TooManyRequestsException"},
            {"operation": "GetFindings", "error": "InternalException"},
            {"finding_error": "ConcurrentUpdateError"},
            {"finding_error": "InternalFailure", "finding": "finding-1"},
            {"finding_error": "FindingNotFound"},
            {"finding_error": "InvalidInput"},
        ]
    ),
    st.sampled_from([1, 4, 9]),
)
LAGS = st.sampled_from([0.0, 0.0, 3.0, 45.0])
PROVIDED = st.builds(Provide, FINDINGS, st.sampled_from(["LOW", "MEDIUM", "HIGH"]))
EDITS = st.builds(Edit, FINDINGS, UPDATES, st.sampled_from([None, None, *range(CONTAINERS)]))
FAILURES = st.builds(Fail, FAULTS)
SWITCHED = st.builds(Switch, st.sampled_from(["observe", "enforce"]))


def handled(amid: st.SearchStrategy[Amid | None]) -> st.SearchStrategy[Handle]:
    return st.builds(Handle, st.integers(0, CONTAINERS - 1), st.sampled_from(get_args(What)), amid)


def after_a_while(*acts: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, float]]:
    return st.tuples(st.one_of(*acts), st.sampled_from([0.4, 0.1, 0.1, 0.4, 1.3, 3.0, 8.0, 40.0]))


HANDLED = handled(st.none())
MEANWHILE = st.lists(after_a_while(PROVIDED, EDITS, SWITCHED, HANDLED, HANDLED), max_size=3)
AMID = st.builds(Amid, st.integers(0, 2), st.booleans(), MEANWHILE, st.booleans())
DISTURBED = handled(AMID)
ACTS = after_a_while(
    PROVIDED,
    *2 * [EDITS],
    *4 * [HANDLED],
    *2 * [DISTURBED],
    FAILURES,
    SWITCHED,
    st.builds(StartSweep, st.one_of(st.none(), AMID)),
    *2 * [st.builds(Repeat, st.integers(0, CONTAINERS - 1), st.integers(0, 4))],
)


@examples(150)
@given(st.lists(ACTS, min_size=4, max_size=16), st.integers(0, 1000), LAGS)
def test_once_all_events_are_handled_no_rule_asks_for_more_and_what_people_did_stays(
    acts: list[tuple[Any, float]], seed: int, lag: float
) -> None:
    settling = live(acts, seed, lag)
    settling.settle()
    for number in range(len(FIRST)):
        if settling.is_given_up(number):
            event("given up")
        else:
            assert settling.left_to_do(number) is None, settling.world.stored(number)


def live(acts: Iterable[tuple[Any, float]], seed: int = 0, lag: float = 0.0) -> Settling:
    """A history so far. It is watched: see `Settling.watch`."""
    settling = Settling(seed, lag)
    for act, seconds in acts:
        settling.act(act, seconds)
    return settling


RESOLVED = {"Workflow": {"Status": "RESOLVED"}}


@pytest.mark.parametrize(
    "acts",
    [
        pytest.param(
            [
                (Switch("observe"), 0.0),
                (Handle(0, "all"), 2.0),
                (Switch("enforce"), 30.2),
                (Edit(0, RESOLVED, told=0), 0.1),
                (Handle(0, "all"), 0.1),
            ],
            id="before the edit in its second",
        ),
        pytest.param(
            [
                (
                    StartSweep(Amid(1, is_after=True, acts=[(Edit(0, RESOLVED, told=0), 1.3)], dies=False)),
                    2.0,
                ),
                (Handle(0, "newest"), 0.1),
            ],
            id="before the edit, with an answer that came after it",
        ),
    ],
)
def test_a_person_is_not_undone_by_what_a_sweep_read(acts: list[tuple[Any, float]]) -> None:
    settling = live(acts)
    assert settling.world.stored(0)["Workflow"] == {"Status": "RESOLVED"}
    assert settling.world.calls("GetFindings") > len(SweepRequest().scopes), "read again"


def test_a_person_may_be_undone_by_another_container_that_believes_an_older_event() -> None:
    """docs/concepts.md, "What the API makes impossible"; the law above would find a wider gap."""
    settling = live([(Edit(0, RESOLVED, told=0), 1.3), (Handle(1, "all"), 1.0)])
    assert settling.world.stored(0)["Workflow"] == {"Status": "SUPPRESSED"}
    settling = live([(Edit(0, RESOLVED, told=0), 1.3), (Handle(1, "all"), 40.0)])
    assert settling.world.stored(0)["Workflow"] == {"Status": "RESOLVED"}
