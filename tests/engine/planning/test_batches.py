from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.engine.planning.batches import canonical, group
from hubtriage.engine.planning.decision import Change

ARN = "arn:aws:securityhub:eu-west-1::product/aws/macie"
HIDE = {"Workflow": {"Status": "SUPPRESSED"}, "Confidence": 5}
HIDE_IN_OTHER_ORDER = {"Confidence": 5, "Workflow": {"Status": "SUPPRESSED"}}
RAISE = {"Severity": {"Label": "HIGH"}}


def named(number: int, arn: str = ARN) -> dict[str, str]:
    return {"Id": f"f{number}", "ProductArn": arn}


def sizes(updates: list[tuple[dict[str, str], dict[str, Any]]]) -> list[int]:
    return [len(call.identifiers) for call in group(updates)]


@pytest.mark.parametrize(
    ("updates", "expected"),
    [
        pytest.param([], [], id="nothing needs no call"),
        pytest.param([(named(n), HIDE) for n in range(100)], [100], id="a hundred findings fit in a call"),
        pytest.param([(named(n), HIDE) for n in range(101)], [100, 1], id="one more needs a second call"),
        pytest.param([(named(0), HIDE), (named(1), RAISE)], [1, 1], id="other payloads need other calls"),
        pytest.param(
            [(named(0), HIDE), (named(1), HIDE_IN_OTHER_ORDER)], [2], id="the order of members is nothing"
        ),
        pytest.param([(named(0), HIDE), (named(0), HIDE)], [1], id="no identifier is twice in a call"),
        pytest.param([(named(0), HIDE), (named(0, ARN + "x"), HIDE)], [2], id="an Id of two products is two"),
        pytest.param(
            [(named(0), {"Confidence": 1}), (named(1), {"Confidence": True})], [1, 1], id="1 is not true"
        ),
    ],
)
def test_findings_with_the_same_update_share_calls(
    updates: list[tuple[dict[str, str], dict[str, Any]]], expected: list[int]
) -> None:
    assert sizes(updates) == expected


def test_a_call_is_the_request_that_the_service_takes() -> None:
    (call,) = group([(named(0), HIDE)])
    assert call.request() == {"FindingIdentifiers": [named(0)], **HIDE}


@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 3)), max_size=400, unique_by=lambda pair: pair[0])
)
def test_every_update_is_sent_once_in_as_few_calls_as_possible(pairs: list[tuple[int, int]]) -> None:
    calls = group([(named(number), {"Confidence": payload}) for number, payload in pairs])
    sent = [(found["Id"], call.payload["Confidence"]) for call in calls for found in call.identifiers]
    assert sorted(sent) == sorted((f"f{number}", payload) for number, payload in pairs)
    per_payload = [sum(payload == p for _, p in pairs) for payload in range(4)]
    assert len(calls) == sum(-(-count // 100) for count in per_payload)
    assert all(1 <= len(call.identifiers) <= 100 for call in calls)
    assert len({canonical(call.payload) for call in calls}) == sum(count > 0 for count in per_payload)


@given(
    st.lists(
        st.tuples(st.integers(0, 300), st.integers(0, 3), st.booleans()),
        max_size=400,
        unique_by=lambda one: one[0],
    )
)
def test_no_call_precedes_one_that_reopens_and_it_costs_no_call(pairs: list[tuple[int, int, bool]]) -> None:
    updates = [(named(number), {"Confidence": payload}) for number, payload, _ in pairs]
    reopening = {(ARN, f"f{number}") for number, _, reopens in pairs if reopens}
    calls = group(updates, reopening=reopening)
    assert [call.reopens for call in calls] == sorted((call.reopens for call in calls), reverse=True)
    for call in calls:
        members = [(found["ProductArn"], found["Id"]) in reopening for found in call.identifiers]
        assert call.reopens == any(members)
        assert members == sorted(members, reverse=True), "within a payload too"
    assert len(calls) == len(group(updates))


@pytest.mark.parametrize(
    ("field", "old", "new", "reopens"),
    [
        pytest.param("Workflow.Status", "SUPPRESSED", "NEW", True, id="a hidden finding is taken back"),
        pytest.param("Workflow.Status", "RESOLVED", "NOTIFIED", True, id="a closed finding is open again"),
        pytest.param("Workflow.Status", "SUPPRESSED", "RESOLVED", False, id="it stays closed"),
        pytest.param("Workflow.Status", "NOTIFIED", "NEW", False, id="it was open"),
        pytest.param("Workflow.Status", "NEW", "SUPPRESSED", False, id="it is hidden"),
        pytest.param("Severity.Label", "LOW", "CRITICAL", True, id="a severity rises"),
        pytest.param("Severity.Label", "HIGH", "LOW", False, id="a severity falls"),
        pytest.param("Severity.Label", None, "LOW", False, id="a severity where none was"),
        pytest.param("Note.Text", "SUPPRESSED", "NEW", False, id="a note"),
    ],
)
def test_a_change_that_reopens(field: str, old: str | None, new: str, reopens: bool) -> None:
    assert Change(field, old, new, "rule", "taken back").reopens == reopens
