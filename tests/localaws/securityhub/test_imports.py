"""What the local Security Hub does with what providers send."""

from typing import Any

import pytest

from hubtriage.localaws.securityhub.errors import HubError
from tests.support.hub_world import (
    CONTROLS,
    NOW,
    SCANNER,
    finding,
    hub_with,
    reimport,
    still_hub,
    stored,
    update,
)


@pytest.mark.parametrize(
    ("sent", "path", "value"),
    [
        pytest.param({}, ("Workflow",), {"Status": "NEW"}, id="workflow is NEW"),
        pytest.param({}, ("RecordState",), "ACTIVE", id="the record is active"),
        pytest.param({}, ("Region",), "us-east-1", id="the Region is the product's"),
        pytest.param({}, ("AwsAccountName",), "sandbox", id="the account has its name"),
        pytest.param({}, ("ProductName",), "Default", id="a custom product is called Default"),
        pytest.param({"ProductArn": CONTROLS}, ("CompanyName",), "AWS", id="AWS's own company is AWS"),
        pytest.param({}, ("ProcessedAt",), "2027-01-15T08:00:00.000Z", id="it is dated"),
        pytest.param({}, ("Severity", "Normalized"), 70, id="Normalized follows Label"),
        pytest.param(
            {"Severity": {"Normalized": 39}}, ("Severity", "Label"), "LOW", id="Label follows Normalized"
        ),
        pytest.param(
            {"Severity": {"Label": "LOW", "Normalized": 80}},
            ("Severity", "Normalized"),
            80,
            id="Label and Normalized that disagree stay as they came",
        ),
        pytest.param(
            {"Severity": {"Label": "LOW", "Product": 3.0}},
            ("Severity",),
            {"Label": "LOW", "Normalized": 1},
            id="Product is no longer part of a finding",
        ),
        pytest.param(
            {},
            ("FindingProviderFields",),
            {"Severity": {"Label": "HIGH"}, "Types": ["Software and Configuration Checks"]},
            id="the provider's fields are filled from the top level",
        ),
        pytest.param(
            {"Severity": None, "FindingProviderFields": {"Severity": {"Label": "LOW", "Original": "2"}}},
            ("Severity",),
            {"Label": "LOW", "Original": "2", "Normalized": 1},
            id="the top level is filled from the provider's fields",
        ),
        pytest.param(
            {"Workflow": {"Status": "SUPPRESSED"}},
            ("Workflow", "Status"),
            "SUPPRESSED",
            id="a provider may set the workflow of a new finding",
        ),
        pytest.param(
            {"ProductArn": CONTROLS, "Compliance": {"Status": "PASSED"}},
            ("Workflow", "Status"),
            "RESOLVED",
            id="a control finding that passes is resolved from the start",
        ),
        pytest.param(
            {"Compliance": {"Status": "PASSED"}},
            ("Workflow", "Status"),
            "NEW",
            id="another product's finding that passes is not",
        ),
    ],
)
def test_a_new_finding_is_filled_in(sent: dict[str, Any], path: tuple[str, ...], value: object) -> None:
    hub = hub_with(finding(**sent), account_names={"111122223333": "sandbox"})
    found: Any = stored(hub, product=sent.get("ProductArn", SCANNER))
    for name in path:
        found = found[name]
    assert found == value


_NOTE = {"Text": "theirs", "UpdatedBy": "them", "UpdatedAt": "2026-10-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("Note", _NOTE),
        ("UserDefinedFields", {"key": "theirs"}),
        ("VerificationState", "FALSE_POSITIVE"),
        ("Workflow", {"Status": "SUPPRESSED"}),
    ],
)
def test_a_provider_sets_a_customers_field_on_a_new_finding_only(name: str, theirs: object) -> None:
    assert stored(hub_with(finding(**{name: theirs})))[name] == theirs
    hub = hub_with(finding())
    before = stored(hub).get(name)
    assert reimport(hub, **{name: theirs}).get(name) == before


_FIRST = {
    "Confidence": 10,
    "Criticality": 20,
    "RelatedFindings": [{"Id": "x", "ProductArn": SCANNER}],
    "Severity": {"Label": "LOW"},
    "Types": ["TTPs"],
}
_SECOND = {
    "Confidence": 90,
    "Criticality": 80,
    "RelatedFindings": [{"Id": "y", "ProductArn": SCANNER}],
    "Severity": {"Label": "CRITICAL"},
    "Types": ["Effects"],
}


@pytest.mark.parametrize("name", list(_FIRST))
class TestProvidedFields:
    def test_one_follows_its_provider_until_a_customer_sets_it(self, name: str) -> None:
        hub = hub_with(finding(**{name: _FIRST[name]}))
        after = reimport(hub, **{name: _SECOND[name]})
        assert _comparable(after[name]) == _SECOND[name]
        assert _comparable(after["FindingProviderFields"][name]) == _SECOND[name]

    def test_one_that_a_customer_set_stays_and_the_provider_goes_on_beside_it(self, name: str) -> None:
        hub = hub_with(finding(**{name: _SECOND[name]}))
        update(hub, **{name: _FIRST[name]})
        other = reimport(hub, **{name: _SECOND[name]})
        assert _comparable(other[name]) == _FIRST[name]
        assert _comparable(other["FindingProviderFields"][name]) == _SECOND[name]

    def test_the_others_still_follow(self, name: str) -> None:
        hub = hub_with(finding(**_FIRST))
        update(hub, **{name: _FIRST[name]})
        after = reimport(hub, **_SECOND)
        assert [_comparable(after[each]) for each in _FIRST if each != name] == [
            _SECOND[each] for each in _FIRST if each != name
        ]

    def test_one_that_an_update_leaves_out_stays(self, name: str) -> None:
        hub = hub_with(finding(**{name: _FIRST[name]}))
        after = reimport(hub, Severity=None, Types=None)
        assert _comparable(after[name]) == _FIRST[name]


def _comparable(value: Any) -> Any:
    return {"Label": value["Label"]} if isinstance(value, dict) else value


@pytest.mark.parametrize("updated_at", ["2026-10-01T00:00:00Z", "2026-09-30T23:59:59.999Z"])
def test_an_import_that_is_not_newer_is_ignored_and_makes_no_event(updated_at: str) -> None:
    hub = hub_with(finding())
    answer = hub.batch_import_findings([finding(Title="other", UpdatedAt=updated_at)], NOW)
    assert answer == {"FailedCount": 0, "SuccessCount": 1, "FailedFindings": []}
    assert stored(hub)["Title"] == "title"
    assert hub.take_events(NOW + 10) == []


_PASSED, _FAILED = {"Compliance": {"Status": "PASSED"}}, {"Compliance": {"Status": "FAILED"}}
_ARCHIVED, _ACTIVE = {"RecordState": "ARCHIVED"}, {"RecordState": "ACTIVE"}


@pytest.mark.parametrize(
    ("before", "status", "after", "then"),
    [
        pytest.param(_ARCHIVED, "NOTIFIED", _ACTIVE, "NEW", id="NOTIFIED, active again"),
        pytest.param(_ARCHIVED, "RESOLVED", _ACTIVE, "NEW", id="RESOLVED, active again"),
        pytest.param(_PASSED, "NOTIFIED", _FAILED, "NEW", id="NOTIFIED, no longer passed"),
        pytest.param(
            _PASSED, "RESOLVED", {"Compliance": {"Status": "WARNING"}}, "NEW", id="RESOLVED, warning"
        ),
        pytest.param(
            _PASSED,
            "RESOLVED",
            {"Compliance": {"Status": "NOT_AVAILABLE"}},
            "NEW",
            id="RESOLVED, not available",
        ),
        pytest.param(_ARCHIVED, "SUPPRESSED", _ACTIVE, "SUPPRESSED", id="SUPPRESSED stays when active again"),
        pytest.param(_PASSED, "SUPPRESSED", _FAILED, "SUPPRESSED", id="SUPPRESSED stays when it fails"),
        pytest.param(_ACTIVE, "NOTIFIED", _ARCHIVED, "NOTIFIED", id="archiving changes nothing"),
        pytest.param(_FAILED, "RESOLVED", _FAILED, "RESOLVED", id="failing as before changes nothing"),
        pytest.param({}, "RESOLVED", _FAILED, "RESOLVED", id="compliance that was absent is no PASSED"),
    ],
)
def test_the_service_resets_the_workflow(
    before: dict[str, Any], status: str, after: dict[str, Any], then: str
) -> None:
    hub = hub_with(finding(**before))
    update(hub, Workflow={"Status": status})
    assert reimport(hub, **after)["Workflow"]["Status"] == then


@pytest.mark.parametrize(
    ("before", "status", "after", "then"),
    [
        pytest.param(_FAILED, "NEW", _PASSED, "RESOLVED", id="NEW that passes is resolved"),
        pytest.param(_FAILED, "NOTIFIED", _PASSED, "RESOLVED", id="NOTIFIED that passes is resolved"),
        pytest.param(_FAILED, "SUPPRESSED", _PASSED, "SUPPRESSED", id="SUPPRESSED that passes stays"),
        pytest.param(_PASSED, "NEW", _PASSED, "NEW", id="a status set while it passes stays"),
        pytest.param(_PASSED, "RESOLVED", _FAILED, "NEW", id="RESOLVED that fails again is NEW"),
    ],
)
def test_a_control_finding_is_resolved_when_it_comes_to_pass(
    before: dict[str, Any], status: str, after: dict[str, Any], then: str
) -> None:
    hub = hub_with(finding(ProductArn=CONTROLS, **before))
    update(hub, product=CONTROLS, Workflow={"Status": status})
    assert reimport(hub, ProductArn=CONTROLS, **after)["Workflow"]["Status"] == then


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        pytest.param({"Title": None}, "'Title'", id="a member that is required is missing"),
        pytest.param({"SchemaVersion": "2019-01-01"}, "SchemaVersion", id="another schema"),
        pytest.param({"Id": "x" * 513}, "Id should NOT be longer than 512", id="an Id of 513 characters"),
        pytest.param({"ProductArn": "arn:aws:iam::1:x"}, "product ARN", id="no product ARN"),
        pytest.param({"AwsAccountId": "12345"}, "12 digits", id="an account that is no account"),
        pytest.param({"UpdatedAt": "2026-10-01"}, "timestamp", id="a date without time"),
        pytest.param({"UpdatedAt": "2026-02-30T00:00:00Z"}, "timestamp", id="a day that does not exist"),
        pytest.param({"Severity": {"Label": "SEVERE"}}, "Severity.Label", id="an unknown severity"),
        pytest.param({"Severity": {"Normalized": 101}}, "Severity.Normalized", id="a severity above 100"),
        pytest.param({"Types": "TTPs"}, "Types should be array", id="types that are no list"),
        pytest.param({"Types": ["TTPs"] * 51}, "more than 50 items", id="51 types"),
        pytest.param({"Resources": []}, "fewer than 1", id="no resource"),
        pytest.param({"Resources": [{"Id": "x", "Type": "y"}] * 33}, "more than 32", id="33 resources"),
        pytest.param({"Resources": [{"Id": "x"}]}, "'Type'", id="a resource without type"),
        pytest.param({"Compliance": {"Status": "INFOED"}}, "Compliance.Status", id="an unknown compliance"),
        pytest.param({"RecordState": "OPEN"}, "RecordState", id="an unknown record state"),
        pytest.param({"ProductFields": {"k": {}}}, "ProductFields['k']", id="an object as a product field"),
        pytest.param({"Note": {"Text": "t"}}, "'UpdatedBy'", id="a note without an author"),
        pytest.param({"Confidence": 101}, "Confidence", id="a confidence above 100"),
        pytest.param({"Sample": "true"}, "Sample", id="text as a boolean"),
    ],
)
def test_a_finding_outside_the_format_fails_alone(changes: dict[str, Any], complaint: str) -> None:
    hub = still_hub()
    answer = hub.batch_import_findings([finding("good"), finding("bad", **changes)], NOW)
    assert (answer["SuccessCount"], answer["FailedCount"]) == (1, 1)
    [failed] = answer["FailedFindings"]
    assert failed["ErrorCode"] == "InvalidInput"
    assert complaint in failed["ErrorMessage"]
    assert [each["Id"] for each in hub.findings()] == ["good"]


def test_a_finding_over_240_kb_is_not_imported() -> None:
    answer = still_hub().batch_import_findings([finding(Remediation={"Recommendation": "x" * 250_000})], NOW)
    assert answer["FailedFindings"][0]["ErrorCode"] == "FindingSizeExceeded"


@pytest.mark.parametrize(
    "request_",
    [{}, {"Findings": []}, {"Findings": [finding()] * 101}, {"Findings": ["f"]}, {"Finding": [finding()]}],
)
def test_an_import_that_is_no_request_is_refused(request_: dict[str, Any]) -> None:
    with pytest.raises(HubError) as refused:
        still_hub().call("BatchImportFindings", request_, NOW)
    assert (refused.value.code, refused.value.status) == ("InvalidInputException", 400)


def test_a_planted_finding_is_kept_exactly_as_it_is() -> None:
    odd = {"Id": "odd", "ProductArn": "not:a:product", "Types": "TTPs", "Severity": {}, "Workflow": None}
    hub = still_hub()
    hub.plant(odd, NOW)
    assert hub.findings() == [odd]
    assert hub.take_events(NOW)[0]["detail"]["findings"] == [odd]
    assert update(hub, "odd", product="not:a:product", Severity={"Label": "LOW"})["UnprocessedFindings"] == []


def test_what_a_caller_does_to_a_finding_does_not_reach_the_hub() -> None:
    mine = finding()
    hub = hub_with(mine)
    mine["Severity"]["Label"] = "LOW"
    stored(hub)["Severity"]["Label"] = "LOW"
    hub.get_findings({}, NOW)["Findings"][0]["Severity"]["Label"] = "LOW"
    assert stored(hub)["Severity"]["Label"] == "HIGH"


def test_findings_of_two_accounts_with_one_identity_are_two_findings() -> None:
    hub = hub_with(finding(), finding(AwsAccountId="444455556666", Title="of another account"))
    assert [found["AwsAccountId"] for found in hub.findings()] == ["111122223333", "444455556666"]
    hub.batch_import_findings(
        [finding(AwsAccountId="444455556666", Title="newer", UpdatedAt="2026-10-02T00:00:00Z")], NOW
    )
    assert [found["Title"] for found in hub.findings()] == ["title", "newer"]
    request = {"Filters": {"Id": [{"Value": "f", "Comparison": "EQUALS"}]}}
    assert len(hub.get_findings(request, NOW)["Findings"]) == 2


def test_an_update_of_an_identity_that_two_accounts_have_changes_one_of_them() -> None:
    hub = hub_with(finding(), finding(AwsAccountId="444455556666"))
    assert len(update(hub, "f", Confidence=7)["ProcessedFindings"]) == 1
    assert [found.get("Confidence") for found in hub.findings()] == [7, None]
