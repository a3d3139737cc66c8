"""GetFindingHistory of the local Security Hub: who changed what, to what, and when it shows."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from hubtriage.localaws.securityhub.faults import ScriptedFault
from hubtriage.localaws.securityhub.hub import Hub
from hubtriage.localaws.securityhub.inprocess import InProcessSecurityHub, ManualClock
from tests.support.hub_world import CONTROLS, NOW, SCANNER, finding, hub_with, reimport, still_hub, update

_IDENTIFIER = {"Id": "f", "ProductArn": SCANNER}


def _history(hub: Hub, **request: Any) -> list[dict[str, Any]]:
    request = {"FindingIdentifier": _IDENTIFIER, "EndTime": NOW + 99, **request}
    records: list[dict[str, Any]] = hub.call("GetFindingHistory", request, NOW + 99).body["Records"]
    return records


def test_history_tells_who_changed_what_newest_first() -> None:
    hub = hub_with(finding())
    hub.call(
        "BatchUpdateFindings",
        {
            "FindingIdentifiers": [_IDENTIFIER],
            "Workflow": {"Status": "NOTIFIED"},
            "UserDefinedFields": {"k": "v"},
        },
        NOW + 1,
        caller="arn:aws:sts::999900001111:assumed-role/triage/x",
    )
    reimport(hub, Title="new", Description="new")
    newest, updated, made = _history(hub)
    assert made["FindingCreated"] is True
    assert (newest["FindingCreated"], updated["FindingCreated"]) == (False, False)
    assert updated["UpdateSource"] == {
        "Type": "BATCH_UPDATE_FINDINGS",
        "Identity": "arn:aws:sts::999900001111:assumed-role/triage/x",
    }
    assert updated["Updates"] == [
        {"UpdatedField": "UserDefinedFields", "NewValue": '{"k":"v"}'},
        {"UpdatedField": "Workflow.Status", "OldValue": "NEW", "NewValue": "NOTIFIED"},
    ]
    assert newest["UpdateSource"]["Type"] == "BATCH_IMPORT_FINDINGS"
    assert [each["UpdatedField"] for each in newest["Updates"]] == ["Description", "Title"]


def test_history_can_be_bounded_and_paged() -> None:
    hub = hub_with(finding())
    for second in range(1, 6):
        update(hub, at=second, Confidence=second)
    assert len(_history(hub)) == 6
    assert len(_history(hub, StartTime=NOW + 2, EndTime=NOW + 4)) == 3
    request = {"FindingIdentifier": _IDENTIFIER, "MaxResults": 4, "EndTime": NOW + 99}
    first = hub.call("GetFindingHistory", request, NOW + 99).body
    rest = hub.call("GetFindingHistory", {**request, "NextToken": first["NextToken"]}, NOW + 99).body
    assert (len(first["Records"]), len(rest["Records"]), "NextToken" in rest) == (4, 2, False)


def test_history_of_a_finding_that_is_not_there_is_empty() -> None:
    assert _history(hub_with(finding()), FindingIdentifier={"Id": "f", "ProductArn": CONTROLS}) == []


def test_the_services_own_findings_are_imported_by_their_product() -> None:
    hub = hub_with(finding(ProductArn=CONTROLS))
    (made,) = _history(hub, FindingIdentifier={"Id": "f", "ProductArn": CONTROLS})
    assert made["UpdateSource"] == {"Type": "BATCH_IMPORT_FINDINGS", "Identity": CONTROLS}


@pytest.mark.parametrize(
    ("set_", "before", "after", "expected"),
    [
        pytest.param(
            "NOTIFIED",
            {"Compliance": {"Status": "PASSED"}},
            {"Compliance": {"Status": "FAILED"}},
            ("NOTIFIED", "NEW"),
            id="what passed fails: NOTIFIED falls back",
        ),
        pytest.param(
            "RESOLVED",
            {"RecordState": "ARCHIVED"},
            {"RecordState": "ACTIVE"},
            ("RESOLVED", "NEW"),
            id="what was archived is active: RESOLVED falls back",
        ),
        pytest.param(
            "NOTIFIED",
            {"Compliance": {"Status": "FAILED"}},
            {"Compliance": {"Status": "PASSED"}},
            ("NOTIFIED", "RESOLVED"),
            id="a control passes",
        ),
        pytest.param(
            "SUPPRESSED",
            {"Compliance": {"Status": "FAILED"}},
            {"Compliance": {"Status": "PASSED"}},
            None,
            id="SUPPRESSED stays",
        ),
    ],
)
def test_what_the_service_resets_is_part_of_the_import(
    set_: str, before: dict[str, Any], after: dict[str, Any], expected: tuple[str, str] | None
) -> None:
    hub = hub_with(finding(ProductArn=CONTROLS, **before))
    update(hub, product=CONTROLS, Workflow={"Status": set_})
    reimport(hub, ProductArn=CONTROLS, **after)
    newest, *_ = _history(hub, FindingIdentifier={"Id": "f", "ProductArn": CONTROLS})
    assert newest["UpdateSource"]["Type"] == "BATCH_IMPORT_FINDINGS"
    resets = [each for each in newest["Updates"] if each["UpdatedField"] == "Workflow.Status"]
    assert [(each["OldValue"], each["NewValue"]) for each in resets] == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("settings", "lag"),
    [
        pytest.param({"visible_after": 10.0}, 10.0, id="as late as readers"),
        pytest.param({"visible_after": 10.0, "history_after": 30.0}, 30.0, id="later than readers"),
        pytest.param({"visible_after": 10.0, "history_after": 0.0}, 0.0, id="at once"),
    ],
)
def test_a_history_may_lack_the_latest_writes(settings: dict[str, Any], lag: float) -> None:
    hub = still_hub(**settings)
    hub.batch_import_findings([finding()], NOW)
    update(hub, at=1.0, Confidence=7)

    def records(at: float) -> int:
        return len(
            hub.call("GetFindingHistory", {"FindingIdentifier": _IDENTIFIER}, NOW + at).body["Records"]
        )

    assert records(1.0 + lag) == 2
    assert records(0.9 + lag) == 1
    if lag:
        assert records(lag - 0.1) == 0


@pytest.mark.parametrize(("state", "days"), [("ACTIVE", 90), ("ARCHIVED", 30)])
def test_a_history_is_kept_for_so_long(state: str, days: int) -> None:
    hub = hub_with(finding(RecordState=state))
    request = {"FindingIdentifier": _IDENTIFIER}
    assert len(hub.call("GetFindingHistory", request, NOW + days * 86_400).body["Records"]) == 1
    assert hub.call("GetFindingHistory", request, NOW + days * 86_400 + 1).body["Records"] == []


def test_pages_may_be_shorter_than_was_asked_for() -> None:
    hub = still_hub(history_page=2)
    hub.batch_import_findings([finding()], NOW)
    for second in range(1, 4):
        update(hub, at=second, Confidence=second)
    request: dict[str, Any] = {"FindingIdentifier": _IDENTIFIER, "MaxResults": 100, "EndTime": NOW + 99}
    pages = []
    while True:
        answer = hub.call("GetFindingHistory", request, NOW + 99).body
        pages.append(len(answer["Records"]))
        if "NextToken" not in answer:
            break
        request["NextToken"] = answer["NextToken"]
    assert pages == [2, 2]


TRIAGE = "arn:aws:sts::111122223333:assumed-role/triage/function"


def _client(**settings: Any) -> InProcessSecurityHub:
    clock = ManualClock(NOW)
    return InProcessSecurityHub(hub_with(finding(), **settings), clock, caller=TRIAGE)


def test_a_client_in_this_process_has_the_history_with_datetimes() -> None:
    api = _client()
    api.clock.sleep(60)
    api.batch_update_findings(FindingIdentifiers=[_IDENTIFIER], Confidence=7)
    now = datetime.fromtimestamp(NOW + 60, UTC)
    (record,) = api.get_finding_history(FindingIdentifier=_IDENTIFIER, StartTime=now)["Records"]
    assert record["UpdateTime"] == now
    assert record["UpdateSource"] == {"Type": "BATCH_UPDATE_FINDINGS", "Identity": TRIAGE}


def test_calls_for_a_history_fail_by_the_script() -> None:
    api = _client()
    api.hub.faults.add(ScriptedFault("GetFindingHistory", error="TooManyRequestsException"))
    api.hub.faults.add(ScriptedFault("GetFindingHistory", lose_answer=True))
    with pytest.raises(ClientError, match="TooManyRequestsException"):
        api.get_finding_history(FindingIdentifier=_IDENTIFIER)
    with pytest.raises(ReadTimeoutError):
        api.get_finding_history(FindingIdentifier=_IDENTIFIER)
    assert len(api.get_finding_history(FindingIdentifier=_IDENTIFIER)["Records"]) == 1
