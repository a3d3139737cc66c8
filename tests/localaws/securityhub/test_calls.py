"""Quotas, scripted faults, events and counts of the local Security Hub."""

from collections import Counter
from typing import Any

import pytest

from hubtriage.localaws.securityhub.calls import UpdateCall, ideal_calls
from hubtriage.localaws.securityhub.errors import CALL_ERRORS, HubError
from hubtriage.localaws.securityhub.faults import ScriptedFault
from hubtriage.localaws.securityhub.hub import AnswerLostError, Hub
from hubtriage.localaws.securityhub.quotas import QuotaBucket
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.support.hub_world import NOW, SCANNER, finding, hub_with, still_hub, stored, update

_QUOTAS = [
    pytest.param("BatchUpdateFindings", {"FindingIdentifiers": [{"Id": "f", "ProductArn": SCANNER}]}, 10, 30),
    pytest.param("BatchImportFindings", {"Findings": [finding()]}, 10, 30),
    pytest.param("GetFindings", {}, 3, 6),
    pytest.param("GetFindingHistory", {"FindingIdentifier": {"Id": "f", "ProductArn": SCANNER}}, 10, 30),
]


def _allowed(hub: Hub, operation: str, request: dict[str, Any], at: float) -> int:
    """How many of 50 calls at once get in; the others are throttled."""
    outcomes = Counter(_attempt(hub, operation, request, at) for _ in range(50))
    assert set(outcomes) <= {("ok", 200), ("TooManyRequestsException", 429)}
    return outcomes["ok", 200]


def _attempt(hub: Hub, operation: str, request: dict[str, Any], at: float) -> tuple[str, int]:
    try:
        hub.call(operation, request, at)
    except HubError as error:
        return error.code, error.status
    return "ok", 200


@pytest.mark.parametrize(("operation", "request_", "rate", "burst"), _QUOTAS)
def test_a_quota_allows_its_burst_and_then_its_rate(
    operation: str, request_: dict[str, Any], rate: int, burst: int
) -> None:
    hub = Hub()
    assert _allowed(hub, operation, request_, NOW) == burst
    assert _allowed(hub, operation, request_, NOW + 1) == rate
    assert _allowed(hub, operation, request_, NOW + 1000) == burst


def test_operations_do_not_share_a_quota() -> None:
    hub = Hub()
    _allowed(hub, "GetFindings", {}, NOW)
    assert hub.call("DescribeHub", {}, NOW).body


def test_time_that_runs_backwards_refills_nothing() -> None:
    bucket = QuotaBucket(rate=1, burst=1)
    assert bucket.take(100.0)
    assert not bucket.take(50.0)
    assert not bucket.take(100.5)
    assert bucket.take(101.0)


@pytest.mark.parametrize("code", sorted(CALL_ERRORS))
def test_every_exception_can_be_scripted_and_changes_nothing(code: str) -> None:
    hub = hub_with(finding())
    hub.faults.add(ScriptedFault(error=code))
    with pytest.raises(HubError) as refused:
        update(hub, Confidence=1)
    assert refused.value.code == code
    assert "Confidence" not in stored(hub)
    assert update(hub, Confidence=1)["UnprocessedFindings"] == []


def test_a_fault_waits_for_its_occasion_and_lasts_as_often_as_it_says() -> None:
    hub = hub_with(finding())
    hub.faults.add(ScriptedFault(error="InternalException", skip=2, times=2))
    assert [_outcome(hub) for _ in range(6)] == [
        "ok",
        "ok",
        "InternalException",
        "InternalException",
        "ok",
        "ok",
    ]


def test_faults_of_another_operation_or_finding_do_not_strike() -> None:
    hub = hub_with(finding())
    hub.faults.add(ScriptedFault("GetFindings", error="InternalException"))
    hub.faults.add(ScriptedFault(finding_error="InternalFailure", finding="other"))
    assert _outcome(hub) == "ok"
    assert len(hub.faults) == 2
    hub.faults.clear()
    assert hub.get_findings({}, NOW)["Findings"]


def test_an_answer_can_be_lost_after_the_call_took_effect() -> None:
    hub = hub_with(finding())
    hub.faults.add(ScriptedFault(lose_answer=True))
    with pytest.raises(AnswerLostError):
        update(hub, Confidence=1)
    assert stored(hub)["Confidence"] == 1
    assert hub.status()["calls"]["BatchUpdateFindings"] == {"ok": 1}


def test_an_answer_can_be_late() -> None:
    hub = hub_with(finding())
    hub.faults.add(ScriptedFault("GetFindings", delay=3.0))
    assert hub.call("GetFindings", {}, NOW).delay == 3.0
    assert hub.call("GetFindings", {}, NOW).delay == 0.0


@pytest.mark.parametrize(
    "effects",
    [
        {},
        {"error": "InternalException", "lose_answer": True},
        {"error": "NoSuchException"},
        {"error": "InternalException", "finding": "f"},
        {"error": "InternalException", "times": 0},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(effects: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"fault|error|finding|times"):
        ScriptedFault(**effects)


def _outcome(hub: Hub) -> str:
    try:
        update(hub, Confidence=1)
    except HubError as error:
        return error.code
    return "ok"


def test_the_envelope_of_an_event() -> None:
    hub = still_hub()
    hub.batch_import_findings([finding()], NOW)
    [event] = hub.take_events(NOW)
    assert event.pop("id").count("-") == 4
    assert event == {
        "version": "0",
        "detail-type": "Security Hub Findings - Imported",
        "source": "aws.securityhub",
        "account": "000000000000",
        "time": "2027-01-15T08:00:00Z",
        "region": "us-east-1",
        "resources": [f"{SCANNER}/f"],
        "detail": {"findings": [stored(hub)]},
    }


def test_an_update_that_changes_nothing_makes_an_event_as_well() -> None:
    hub = hub_with(finding())
    for _ in range(2):
        update(hub, Workflow={"Status": "NEW"})
        assert len(hub.take_events(NOW)) == 1


def test_an_update_makes_one_event_for_each_finding_that_it_processed() -> None:
    hub = hub_with(finding("f"), finding("g"))
    update(hub, "f", "g", "not there", Confidence=1)
    assert [event["detail"]["findings"][0]["Id"] for event in hub.take_events(NOW)] == ["f", "g"]


def test_events_are_late_overtake_each_other_and_come_twice() -> None:
    hub = Hub(settings=HubSettings(quotas=False, event_delay=(1.0, 5.0), duplicate_share=0.2, seed=7))
    hub.batch_import_findings([finding(str(n)) for n in range(100)], NOW)
    assert hub.take_events(NOW + 0.99) == []
    assert hub.next_event_at is not None
    assert 1.0 <= hub.next_event_at - NOW < 2.0
    arrived = hub.take_events(NOW + 5.0)
    ids = Counter(event["id"] for event in arrived)
    order = [int(event["detail"]["findings"][0]["Id"]) for event in arrived]
    assert len(ids) == 100
    assert set(ids.values()) == {1, 2}
    assert order != sorted(order)
    assert (hub.events_under_way, hub.next_event_at) == (0, None)


def test_the_same_seed_gives_the_same_events() -> None:
    def run(seed: int) -> list[str]:
        hub = Hub(settings=HubSettings(seed=seed))
        hub.batch_import_findings([finding(str(n)) for n in range(50)], NOW)
        return [event["id"] for event in hub.take_events(NOW + 10)]

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_events_can_be_taken_a_few_at_a_time() -> None:
    hub = still_hub()
    hub.batch_import_findings([finding(str(n)) for n in range(5)], NOW)
    assert [len(hub.take_events(NOW, 2)) for _ in range(4)] == [2, 2, 1, 0]


def test_the_call_log_counts_calls_findings_and_outcomes() -> None:
    hub = hub_with(finding("f"), finding("g"))
    update(hub, "f", "g", "gone", Confidence=1)
    hub.faults.add(ScriptedFault(error="InternalException"))
    _outcome(hub)
    status = hub.status()
    assert status["calls"] == {
        "BatchImportFindings": {"ok": 1},
        "BatchUpdateFindings": {"InternalException": 1, "ok": 1},
    }
    assert status["findings"] == {"BatchImportFindings": 2, "BatchUpdateFindings": 4}
    first, second = status["updates"]
    assert (first["identifiers"], first["processed"], first["unprocessed"]) == (3, 2, {"FindingNotFound": 1})
    assert (second["outcome"], second["processed"]) == ("InternalException", 0)
    assert first["payload"] == second["payload"]
    assert UpdateCall.from_json(first).fields == ("Confidence",)


def _call(payload: str, processed: int, trace: str) -> UpdateCall:
    return UpdateCall(NOW, payload, processed, "ok", processed, {}, trace)


@pytest.mark.parametrize(
    ("calls", "ideal"),
    [
        pytest.param([], 0, id="nothing to do"),
        pytest.param([_call("a", 1, "t")] * 100, 1, id="100 calls of one finding could have been one"),
        pytest.param([_call("a", 100, "t"), _call("a", 1, "t")], 2, id="101 findings need two"),
        pytest.param([_call("a", 1, "t"), _call("b", 1, "t")], 2, id="two payloads need two"),
        pytest.param([_call("a", 1, "t"), _call("a", 1, "u")], 2, id="two batches need two"),
        pytest.param([_call("a", 0, "t")], 0, id="a call that did nothing was not needed"),
    ],
)
def test_ideal_calls(calls: list[UpdateCall], ideal: int) -> None:
    assert ideal_calls(calls) == ideal


def test_reset_forgets_all_but_stays_enabled() -> None:
    hub = hub_with(finding())
    hub.faults.add(ScriptedFault(error="InternalException"))
    hub.reset()
    assert hub.findings() == []
    assert hub.status()["calls"] == {}
    assert _outcome(hub) == "ok"


@pytest.mark.parametrize(
    "changes",
    [
        {"udf": "append"},
        {"value_errors": "never"},
        {"event_delay": [2, 1]},
        {"duplicate_share": 2},
        {"typo": 1},
    ],
)
def test_settings_that_make_no_sense_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        HubSettings.from_json(changes)
