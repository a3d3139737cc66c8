"""The laws of settling for findings of Security Hub V2: all settles, people win, nothing stays hidden.

Where AWS does not say how V2 behaves, each history draws one way. There is no history to ask.
"""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.aws.triage.test_settling import (
    NUMBERS,
    PAUSES,
    after_a_while,
    disturbed,
    histories,
    kinds_of_acts,
    meanwhile,
    settle,
)
from tests.laws.findings_v2 import SEVERITIES, UNSURE, UPDATES
from tests.laws.oracle.ocsf import severity_is_the_vendors
from tests.support.examples import examples
from tests.support.settling_hubs import OfV2, Provide
from tests.support.settling_world import (
    FINDINGS,
    Deploy,
    Edit,
    Fail,
    HandBack,
    Handle,
    Restore,
    StartSweep,
    live,
)

_UPDATE = "BatchUpdateFindingsV2"
Acts = list[tuple[Any, float]]

_NOTE = {"Text": "Accepted.", "UpdatedBy": "hubtriage/hide"}
_BUCKETS = {"Resources": {"Type": ["AwsS3Bucket"]}}
_HIDE: dict[str, Any] = {
    "id": "hide",
    "ceiling": "HIGH",
    "match": {"Severity": {"Label": ["MEDIUM", "HIGH"]}},
    "update": {"Workflow": {"Status": "SUPPRESSED"}, "Note": _NOTE, "UserDefinedFields": {"by": "us"}},
}
_HIDE_ALL = {**_HIDE, "id": "hide-all", "ceiling": "CRITICAL", "match": _BUCKETS}
_RESOLVE = {**_HIDE_ALL, "id": "resolve", "update": {"Workflow": {"Status": "RESOLVED"}, "Confidence": 50}}
_LOWER = {
    "id": "lower",
    "ceiling": "CRITICAL",
    "match": _BUCKETS,
    "update": {"Severity": {"AtMost": "LOW"}, "Note": _NOTE},
}
_NOTIFY = {
    "id": "notify",
    "match": {"Workflow": {"Status": ["NEW"]}},
    "update": {"Workflow": {"Status": "NOTIFIED"}},
}
RULESETS: tuple[tuple[dict[str, Any], ...], ...] = (
    (_LOWER, _NOTIFY),
    (_HIDE,),
    ({**_HIDE_ALL, "override": True}, _LOWER),
    (_RESOLVE,),
    (),
)

HUBS = st.builds(OfV2, UNSURE)
FAULTS = st.builds(
    lambda fault, times: {"operation": "BatchUpdateFindingsV2", **fault, "times": times},
    st.sampled_from(
        [
            {"error": "ThrottlingException"},
            {"error": "InternalServerException"},
            {"error": "ConflictException"},
            {"lose_answer": True},
            {"delay": 20.0},
            {"operation": "GetFindingsV2", "error": "ThrottlingException"},
            {"operation": "GetFindingsV2", "error": "InternalServerException"},
            {"finding_error": "ConflictException"},
            {"finding_error": "InternalServerException"},
            {"finding_error": "ResourceNotFoundException"},
            {"finding_error": "ValidationException"},
        ]
    ),
    st.sampled_from([1, 4, 9]),
)
PROVIDED = st.builds(
    Provide,
    NUMBERS,
    SEVERITIES,
    st.sampled_from([None, None, "PASSED", "FAILED"]),
    st.sampled_from([False, False, False, True]),
)
EDITS = st.builds(Edit, NUMBERS, UPDATES)
DEPLOYED = st.builds(Deploy, st.integers(0, len(RULESETS) - 1))
KINDS = kinds_of_acts(PROVIDED, EDITS, disturbed(meanwhile(PROVIDED, EDITS)), FAULTS, DEPLOYED)
ACTS = after_a_while(PAUSES, *KINDS)
ACTS_AND_RESTORES = after_a_while(PAUSES, *KINDS, st.just(Restore()))
HANDED_BACK = after_a_while(PAUSES, *KINDS, *3 * [EDITS], *3 * [st.builds(HandBack, NUMBERS)])


@examples(100)
@given(histories(ACTS), st.integers(0, 1000), HUBS)
def test_all_settles_people_win_and_nothing_stays_hidden_in_v2(acts: Acts, seed: int, hub: OfV2) -> None:
    settle_in_v2(acts, seed, hub)


@examples(40)
@given(histories(ACTS_AND_RESTORES), st.integers(0, 1000), HUBS)
def test_where_the_table_is_restored_to_an_hour_ago_too(acts: Acts, seed: int, hub: OfV2) -> None:
    settle_in_v2(acts, seed, hub)


@examples(60)
@given(histories(HANDED_BACK), st.integers(0, 1000), HUBS)
def test_where_findings_are_handed_back_too(acts: Acts, seed: int, hub: OfV2) -> None:
    settle_in_v2(acts, seed, hub)


def test_a_severity_of_ours_is_not_given_away_because_a_person_set_the_status_that_was_to_be_set() -> None:
    """An update that would have taken it back was left open, and had not happened."""
    settle_in_v2(
        [
            (Deploy(2), 4000.0),
            (StartSweep(), 1.0),
            (Handle(0, "all"), 8.0),
            (Fail({"operation": _UPDATE, "error": "ConflictException", "times": 4}), 1.0),
            (Deploy(3), 40.0),
            (Handle(1, "newest"), 1.0),
            (Edit(0, {"StatusId": 4}), 40.0),
        ]
    )


def settle_in_v2(acts: Acts, seed: int = 0, hub: OfV2 | None = None) -> None:
    """Let a history come to its end, and hold the laws on what it leaves."""
    hub = hub or OfV2()
    settling = live(acts, seed, hub, RULESETS)
    settle(settling)
    for number in range(FINDINGS):
        key, chronicle = hub.key(number), settling.chronicle
        if chronicle.has_severity_of_ours(key):
            found = hub.ocsf(settling.world.hub, number)
            severity_is_the_vendors(found, is_renumbered=key in chronicle.renumbered)
