"""Native automation rules of the local Security Hub."""

from typing import Any

import pytest

from hubtriage.localaws.securityhub.errors import HubError
from hubtriage.localaws.securityhub.http.service import Hubs
from hubtriage.localaws.securityhub.hub import Hub
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.support.hub_world import NOW, finding, hub_with, reimport, still_hub, stored, update


def _rule(hub: Hub, criteria: dict[str, Any], update_: dict[str, Any], **changes: Any) -> str:
    request = {
        "RuleName": "rule",
        "RuleOrder": 1,
        "Description": "what for",
        "Criteria": criteria,
        "Actions": [{"Type": "FINDING_FIELDS_UPDATE", "FindingFieldsUpdate": update_}],
        **changes,
    }
    arn: str = hub.call("CreateAutomationRule", request, NOW).body["RuleArn"]
    return arn


def _is(value: str, comparison: str = "EQUALS") -> list[dict[str, str]]:
    return [{"Value": value, "Comparison": comparison}]


_SUPPRESS = {"Workflow": {"Status": "SUPPRESSED"}}
_NOTIFY = {"Workflow": {"Status": "NOTIFIED"}}


def _workflow(hub: Hub) -> str:
    status: str = stored(hub)["Workflow"]["Status"]
    return status


def test_a_rule_changes_a_finding_before_its_event_is_made() -> None:
    hub = still_hub()
    _rule(hub, {"SeverityLabel": _is("HIGH")}, _SUPPRESS)
    hub.batch_import_findings([finding()], NOW)
    [event] = hub.take_events(NOW)
    assert event["detail"]["findings"][0]["Workflow"]["Status"] == "SUPPRESSED"


@pytest.mark.parametrize(
    ("criteria", "matches"),
    [
        pytest.param({"Title": _is("itl", "CONTAINS")}, True, id="CONTAINS"),
        pytest.param({"Title": _is("x", "NOT_CONTAINS")}, True, id="NOT_CONTAINS"),
        pytest.param({"Title": _is("itl", "NOT_CONTAINS")}, False, id="NOT_CONTAINS what it contains"),
        pytest.param({"WorkflowStatus": _is("NEW")}, True, id="a status that the service fills in"),
        pytest.param({"WorkflowStatus": _is("NEW", "NOT_EQUALS")}, False, id="NOT_EQUALS"),
        pytest.param({"ProductName": _is("Default")}, True, id="a name that the service fills in"),
        pytest.param({"Confidence": [{"Gte": 1}]}, False, id="a number that is missing"),
        pytest.param(
            {"ResourceTags": [{"Key": "env", "Value": "dev", "Comparison": "NOT_EQUALS"}]},
            True,
            id="a missing tag",
        ),
    ],
)
def test_criteria(criteria: dict[str, Any], matches: bool) -> None:
    hub = still_hub()
    _rule(hub, criteria, _SUPPRESS)
    hub.batch_import_findings([finding()], NOW)
    assert _workflow(hub) == ("SUPPRESSED" if matches else "NEW")


def test_the_highest_order_has_the_last_word() -> None:
    hub = still_hub()
    _rule(hub, {}, _NOTIFY, RuleOrder=2)
    _rule(hub, {}, _SUPPRESS, RuleOrder=1)
    hub.batch_import_findings([finding()], NOW)
    assert _workflow(hub) == "NOTIFIED"


def test_a_terminal_rule_is_the_last() -> None:
    hub = still_hub()
    _rule(hub, {}, _SUPPRESS, RuleOrder=1, IsTerminal=True)
    _rule(hub, {}, _NOTIFY, RuleOrder=2)
    hub.batch_import_findings([finding()], NOW)
    assert _workflow(hub) == "SUPPRESSED"


def test_a_disabled_rule_does_nothing() -> None:
    hub = still_hub()
    _rule(hub, {}, _SUPPRESS, RuleStatus="DISABLED")
    hub.batch_import_findings([finding()], NOW)
    assert _workflow(hub) == "NEW"


def test_a_rule_runs_on_imports_only_not_on_updates() -> None:
    hub = hub_with(finding())
    _rule(hub, {"NoteText": _is("now")}, _SUPPRESS)
    update(hub, Note={"Text": "now", "UpdatedBy": "me"})
    assert _workflow(hub) == "NEW"


def test_a_rule_sees_what_the_provider_sent_and_undoes_a_customers_status() -> None:
    hub = still_hub()
    _rule(hub, {"WorkflowStatus": _is("NEW")}, _SUPPRESS)
    hub.batch_import_findings([finding()], NOW)
    update(hub, Workflow={"Status": "NOTIFIED"})
    assert reimport(hub)["Workflow"]["Status"] == "SUPPRESSED"


@pytest.mark.parametrize(("pins", "label"), [(False, "CRITICAL"), (True, "LOW")], ids=["follows", "pinned"])
def test_whether_a_rule_takes_a_provided_field_over(pins: bool, label: str) -> None:
    hub = still_hub(automation_pins=pins)
    arn = _rule(hub, {}, {"Severity": {"Label": "LOW"}})
    hub.batch_import_findings([finding()], NOW)
    hub.call("BatchDeleteAutomationRules", {"AutomationRulesArns": [arn]}, NOW)
    assert reimport(hub, Severity={"Label": "CRITICAL"})["Severity"]["Label"] == label


def test_rules_are_listed_without_criteria_read_with_them_and_deleted() -> None:
    hub = still_hub()
    arn = _rule(hub, {"Title": _is("x")}, _SUPPRESS)
    [listed] = hub.call("ListAutomationRules", {}, NOW).body["AutomationRulesMetadata"]
    assert (listed["RuleArn"], listed["RuleStatus"], "Criteria" in listed) == (arn, "ENABLED", False)
    read = hub.call("BatchGetAutomationRules", {"AutomationRulesArns": [arn, "gone"]}, NOW).body
    assert read["Rules"][0]["Criteria"] == {"Title": _is("x")}
    assert [(each["RuleArn"], each["ErrorCode"]) for each in read["UnprocessedAutomationRules"]] == [
        ("gone", 404)
    ]
    deleted = hub.call("BatchDeleteAutomationRules", {"AutomationRulesArns": [arn]}, NOW).body
    assert deleted["ProcessedAutomationRules"] == [arn]
    assert hub.call("ListAutomationRules", {}, NOW).body["AutomationRulesMetadata"] == []


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"RuleOrder": 0}, id="order 0"),
        pytest.param({"RuleOrder": 1001}, id="order 1001"),
        pytest.param({"Actions": []}, id="no action"),
        pytest.param({"Criteria": {"ProductFields": []}}, id="an attribute that rules do not have"),
        pytest.param({"Criteria": {"Id": _is("x") * 21}}, id="21 values"),
        pytest.param({"Criteria": {"Title": _is("x") * 101}}, id="101 values where 100 are allowed"),
        pytest.param(
            {"Criteria": {"Title": _is("x", "CONTAINS") + _is("y", "NOT_CONTAINS")}},
            id="CONTAINS and NOT_CONTAINS",
        ),
        pytest.param({"RuleName": ""}, id="no name"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(HubError, match="InvalidInputException"):
        _rule(still_hub(), {}, _SUPPRESS, **changes)


def test_a_rule_whose_values_break_a_limit_is_refused() -> None:
    with pytest.raises(HubError, match="512"):
        _rule(still_hub(), {}, {"Note": {"Text": "n" * 513, "UpdatedBy": "me"}})


def test_100_values_are_allowed_where_aws_allows_them_and_101_rules_are_too_many() -> None:
    hub = still_hub()
    for _ in range(100):
        _rule(hub, {"Title": _is("x") * 100}, _SUPPRESS)
    with pytest.raises(HubError, match="LimitExceededException"):
        _rule(hub, {}, _SUPPRESS)


def test_history_names_the_rule() -> None:
    hub = still_hub()
    arn = _rule(hub, {}, _SUPPRESS)
    hub.batch_import_findings([finding()], NOW)
    identifier = {"Id": "f", "ProductArn": finding()["ProductArn"]}
    newest, _ = hub.call("GetFindingHistory", {"FindingIdentifier": identifier}, NOW).body["Records"]
    assert newest["UpdateSource"]["Identity"] == arn
    assert newest["Updates"] == [
        {"UpdatedField": "Workflow.Status", "OldValue": "NEW", "NewValue": "SUPPRESSED"}
    ]


def test_a_change_of_a_rule_counts_from_the_next_import_on() -> None:
    hub = still_hub()
    arn = _rule(hub, {}, _SUPPRESS)
    changes = [{"RuleArn": arn, "RuleStatus": "DISABLED"}, {"RuleArn": "gone", "RuleOrder": 2}]
    answer = hub.call(
        "BatchUpdateAutomationRules", {"UpdateAutomationRulesRequestItems": changes}, NOW + 1
    ).body
    assert answer["ProcessedAutomationRules"] == [arn]
    assert [each["RuleArn"] for each in answer["UnprocessedAutomationRules"]] == ["gone"]
    [listed] = hub.call("ListAutomationRules", {}, NOW).body["AutomationRulesMetadata"]
    assert (listed["RuleStatus"], listed["RuleName"]) == ("DISABLED", "rule")
    assert listed["UpdatedAt"] > listed["CreatedAt"]
    hub.batch_import_findings([finding()], NOW + 2)
    assert _workflow(hub) == "NEW"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"RuleStatus": "OFF"}, id="a status that there is not"),
        pytest.param({"RuleArn": None}, id="no rule"),
        pytest.param({"Actions": []}, id="no action"),
    ],
)
def test_a_change_that_cannot_be_is_refused(change: dict[str, Any]) -> None:
    hub = still_hub()
    item = {"RuleArn": _rule(hub, {}, _SUPPRESS), **change}
    with pytest.raises(HubError, match="InvalidInputException"):
        hub.call("BatchUpdateAutomationRules", {"UpdateAutomationRulesRequestItems": [item]}, NOW)


def test_rules_of_a_hub_that_was_stored_go_on() -> None:
    hubs = Hubs(HubSettings.still(), ("000000000000", "us-east-1"))
    arn = _rule(hubs.of("000000000000", "us-east-1"), {"SeverityLabel": _is("HIGH")}, _SUPPRESS)
    hubs.restore(hubs.stored())
    hub = hubs.of("000000000000", "us-east-1")
    assert _rule(hub, {"SeverityLabel": _is("LOW")}, _NOTIFY) != arn
    hub.batch_import_findings([finding()], NOW)
    assert _workflow(hub) == "SUPPRESSED"
