"""Whatever happens on the way, what is asked for is done in the end, and what people did stays."""

from collections.abc import Mapping
from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st

from tests.laws.checks import no_hidden_escalation, nothing_is_left_of_people, reversal
from tests.support.examples import examples
from tests.support.settling_hubs import Provide
from tests.support.settling_world import (
    CONTAINERS,
    FINDINGS,
    RULESETS,
    Amid,
    BreakTable,
    Delay,
    Deploy,
    Edit,
    Fail,
    HandBack,
    Handle,
    Repeat,
    Restore,
    Settling,
    StartSweep,
    Switch,
    TableFault,
    What,
    live,
)

FORGED = {"hubtriage/managed": "hubtriage", "hubtriage/rules": "hide", "hubtriage/memo": "1 WS.k3Jd9x"}
NUMBERS = st.integers(0, FINDINGS - 1)
UPDATES = st.sampled_from(
    [
        {"Workflow": {"Status": "NEW"}},
        {"Workflow": {"Status": "RESOLVED"}},
        {"Workflow": {"Status": "SUPPRESSED"}},
        {"Workflow": {"Status": "NOTIFIED"}},
        {"Severity": {"Label": "LOW"}},
        {"Severity": {"Label": "HIGH"}},
        {"Confidence": 80},
        {"Note": {"Text": "Mine.", "UpdatedBy": "jo"}},
        {"Note": {"Text": "hubtriage: hide no longer applies.", "UpdatedBy": "hubtriage"}},
        {"UserDefinedFields": {"tool": "1"}, "Note": {"Text": "By a tool.", "UpdatedBy": "tool"}},
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
            {"operation": "GetFindingHistory", "error": "TooManyRequestsException"},
            {"finding_error": "ConcurrentUpdateError"},
            {"finding_error": "InternalFailure", "finding": "finding-1"},
            {"finding_error": "FindingNotFound"},
            {"finding_error": "InvalidInput"},
        ]
    ),
    st.sampled_from([1, 4, 9]),
)
SEVERITIES = st.sampled_from(["LOW", "MEDIUM", "HIGH", "CRITICAL", "CRITICAL"])
PROVIDED = st.builds(Provide, NUMBERS, SEVERITIES, st.sampled_from([None, None, "PASSED", "FAILED"]))
EDITS = st.builds(Edit, NUMBERS, UPDATES)
BROKEN = st.builds(BreakTable, st.sampled_from(get_args(TableFault)), st.sampled_from([1, 2, 5]))
SWITCHED = st.builds(Switch, st.sampled_from(["observe", "reopen", "enforce", "enforce"]))
DEPLOYED = st.builds(Deploy, st.integers(0, len(RULESETS) - 1))
DELAYED = st.builds(Delay, st.sampled_from([0.0, 3.0, 280.0]), st.sampled_from([0.0, 3.0, 280.0]))


def handled(amid: st.SearchStrategy[Amid | None]) -> st.SearchStrategy[Handle]:
    return st.builds(Handle, st.integers(0, CONTAINERS - 1), st.sampled_from(get_args(What)), amid)


def after_a_while(
    seconds: list[float], *acts: st.SearchStrategy[Any]
) -> st.SearchStrategy[tuple[Any, float]]:
    return st.tuples(st.one_of(*acts), st.sampled_from(seconds))


HANDLED = handled(st.none())


def meanwhile(
    provided: st.SearchStrategy[Provide], edits: st.SearchStrategy[Edit]
) -> st.SearchStrategy[list[tuple[Any, float]]]:
    """What happens during a batch."""
    kinds = (provided, edits, SWITCHED, HANDLED, HANDLED)
    return st.lists(after_a_while([0.1, 1.3, 8.0, 40.0], *kinds), max_size=3)


def disturbed(acts: st.SearchStrategy[list[tuple[Any, float]]]) -> st.SearchStrategy[Handle]:
    """A batch during which these acts happen, and whose container may die."""
    return handled(st.builds(Amid, st.integers(0, 5), st.booleans(), acts, st.booleans()))


def kinds_of_acts(
    provided: st.SearchStrategy[Provide],
    edits: st.SearchStrategy[Edit],
    disturbed: st.SearchStrategy[Handle],
    faults: st.SearchStrategy[Mapping[str, Any]],
    deployed: st.SearchStrategy[Deploy],
) -> list[st.SearchStrategy[Any]]:
    """What a history consists of in any hub, the frequent kinds several times."""
    return [
        *3 * [provided],
        *3 * [edits],
        *5 * [HANDLED],
        *5 * [disturbed],
        st.builds(Fail, faults),
        BROKEN,
        SWITCHED,
        deployed,
        DELAYED,
        st.just(StartSweep()),
        st.builds(Repeat, st.integers(0, CONTAINERS - 1), st.integers(0, 4)),
    ]


MEANWHILE = meanwhile(PROVIDED, EDITS)
DISTURBED = disturbed(MEANWHILE)
KINDS = kinds_of_acts(PROVIDED, EDITS, DISTURBED, FAULTS, DEPLOYED)
PAUSES = [0.1, 0.4, 1.3, 8.0, 40.0, 400.0, 4000.0]
ACTS = after_a_while(PAUSES, *KINDS)
ACTS_AND_RESTORES = after_a_while(PAUSES, *KINDS, st.just(Restore()))


HANDED_BACK = after_a_while(PAUSES, *KINDS, *3 * [EDITS], *3 * [st.builds(HandBack, NUMBERS)])


def histories(acts: st.SearchStrategy[tuple[Any, float]]) -> st.SearchStrategy[list[tuple[Any, float]]]:
    return st.integers(8, 40).flatmap(lambda length: st.lists(acts, min_size=length, max_size=length))


@examples(150)
@given(histories(ACTS), st.integers(0, 1000))
def test_all_settles_people_win_and_nothing_stays_hidden(acts: list[tuple[Any, float]], seed: int) -> None:
    settle(live(acts, seed))


@examples(50)
@given(histories(ACTS_AND_RESTORES), st.integers(0, 1000))
def test_where_the_table_is_restored_to_an_hour_ago_too(acts: list[tuple[Any, float]], seed: int) -> None:
    settle(live(acts, seed))


@examples(100)
@given(histories(HANDED_BACK), st.integers(0, 1000))
def test_where_findings_are_handed_back_too(acts: list[tuple[Any, float]], seed: int) -> None:
    settle(live(acts, seed))


def settle(settling: Settling) -> None:
    """Let a history come to its end, and hold the laws on what it leaves."""
    settling.settle()
    for number in range(FINDINGS):
        identifier, found = settling.key(number), settling.stored(number)
        left = settling.left_to_do(number)
        is_passed_over = settling.is_closed(number) and left is not None and not left.reopens
        assert left is None or is_passed_over, found  # sweeps read active findings, and those triage set
        no_hidden_escalation(
            identifier, found, settling.ghost_of(number), settling.moment(), settling.chronicle
        )
    settling.take_back()
    for number in range(FINDINGS):
        found = settling.stored(number)
        reversal(settling.key(number), found, settling.ghost_of(number), settling.chronicle, keys_stay=False)
        nothing_is_left_of_people(settling.key(number), found, settling.chronicle)


def test_what_a_person_set_after_a_hand_back_stays_although_triage_wrote_since() -> None:
    """The order waits. By then the history has to be asked since the order, not since our last write."""
    low, new = (Provide(0, "LOW"), 0.1), (Edit(0, {"Workflow": {"Status": "NEW"}}), 0.1)
    acts: list[tuple[Any, float]] = [
        *((HandBack(0), 0.1), low, low, (Provide(0, "LOW"), 1.3), new, (new[0], 0.4)),
        *(low, low, low, (Edit(0, {"Severity": {"Label": "HIGH"}}), 0.1)),
    ]
    settle(live(acts, 0))


def test_a_status_of_ours_is_not_given_away_because_a_provider_lowered_the_severity_meanwhile() -> None:
    """An update of both was left open, and had not happened: the reading shows its severity all the same."""
    acts: list[tuple[Any, float]] = [
        (StartSweep(), 1.0),
        (Handle(0, "all"), 1.0),
        (Fail({"finding_error": "ConcurrentUpdateError", "times": 20}), 1.0),
        (Fail({"error": "InternalException", "times": 1}), 1.0),
        (Deploy(1), 400.0),
        (Handle(0, "all"), 1.0),
        *((Provide(number, "LOW"), 4000.0) for number in range(FINDINGS)),
        (Deploy(2), 1.0),
    ]
    settle(live(acts))
