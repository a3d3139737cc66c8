"""The AWS CLI, a client that knows nothing of us, against the local Security Hub."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hubtriage.localaws.cloud import LocalCloud
from hubtriage.localaws.securityhub.errors import CALL_ERRORS, FINDING_ERRORS
from hubtriage.localaws.securityhub.faults import ScriptedFault
from tests.support.aws_cli import answer, run, run_as_printed

pytestmark = pytest.mark.e2e

_PRODUCT = "arn:aws:securityhub:us-west-1::product/aws/securityhub"
_FINDING = "arn:aws:securityhub:us-west-1:123456789012:subscription/pci-dss/v/3.2.1/PCI.Lambda.2/finding/"
_FIRST, _SECOND = (f"{_FINDING}a1b2c3d4-5678-90ab-cdef-EXAMPLE{each}" for each in ("11111", "22222"))
_UPDATE = "aws securityhub batch-update-findings --finding-identifiers"

_BOTH = json.dumps([{"Id": each, "ProductArn": _PRODUCT} for each in (_FIRST, _SECOND)])

_JSON_EXAMPLE = rf"""
aws securityhub batch-update-findings \
    --finding-identifiers '{_BOTH}' \
    --note '{{"Text": "Known issue that is not a risk.", "UpdatedBy": "user1"}}' \
    --severity '{{"Label": "LOW"}}' \
    --workflow '{{"Status": "RESOLVED"}}'
"""
_SHORTHAND_EXAMPLE = rf"""
aws securityhub batch-update-findings \
    --finding-identifiers Id="{_FIRST}",ProductArn="{_PRODUCT}" Id="{_SECOND}",ProductArn="{_PRODUCT}" \
    --note Text="Known issue that is not a risk.",UpdatedBy="user1" \
    --severity Label="LOW" \
    --workflow Status="RESOLVED"
"""


def _finding(finding_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "SchemaVersion": "2018-10-08",
        "Id": finding_id,
        "ProductArn": _PRODUCT,
        "GeneratorId": "pci-dss/v/3.2.1/PCI.Lambda.2",
        "AwsAccountId": "123456789012",
        "CreatedAt": "2026-10-01T00:00:00Z",
        "UpdatedAt": "2026-10-01T00:00:00Z",
        "Title": "Lambda functions should be in a VPC",
        "Description": "This control checks whether a Lambda function is in a VPC.",
        "Severity": {"Label": "HIGH"},
        "Types": ["Software and Configuration Checks"],
        "Compliance": {"Status": "FAILED"},
        "Resources": [
            {"Type": "AwsLambdaFunction", "Id": "arn:aws:lambda:us-west-1:123456789012:function:f"}
        ],
        **changes,
    }


@pytest.fixture
def hub(cloud: LocalCloud) -> LocalCloud:
    """The two findings of the examples are in the hub."""
    answer = cloud.client("securityhub").batch_import_findings(Findings=[_finding(_FIRST), _finding(_SECOND)])
    assert answer["SuccessCount"] == 2
    return cloud


def _identifiers(*ids: str) -> str:
    return shlex.join(f"Id={each},ProductArn={_PRODUCT}" for each in ids)


@pytest.mark.parametrize("example", [_JSON_EXAMPLE, _SHORTHAND_EXAMPLE], ids=["JSON", "shorthand"])
def test_the_documented_examples_run_as_printed(hub: LocalCloud, example: str) -> None:
    documented = {
        "ProcessedFindings": [
            {"Id": _FIRST, "ProductArn": _PRODUCT},
            {"Id": _SECOND, "ProductArn": _PRODUCT},
        ],
        "UnprocessedFindings": [],
    }
    done = run_as_printed(hub, example)
    assert (done.stderr, done.returncode) == ("", 0)
    assert done.stdout == json.dumps(documented, indent=4) + "\n"
    for found in hub.control.findings():
        assert found["Severity"] == {"Label": "LOW", "Normalized": 1}
        assert found["Workflow"] == {"Status": "RESOLVED"}
        assert (found["Note"]["Text"], found["Note"]["UpdatedBy"]) == (
            "Known issue that is not a risk.",
            "user1",
        )
        assert found["UpdatedAt"] == "2026-10-01T00:00:00Z"


_OPTIONS = [
    ("--note Text=seen,UpdatedBy=me", ("Note", "Text"), "seen"),
    ("--severity Label=CRITICAL", ("Severity", "Label"), "CRITICAL"),
    ("--severity Normalized=39", ("Severity", "Label"), "LOW"),
    ("--severity Product=2.5,Label=MEDIUM", ("Severity",), {"Label": "MEDIUM", "Normalized": 40}),
    ("--verification-state BENIGN_POSITIVE", ("VerificationState",), "BENIGN_POSITIVE"),
    ("--confidence 90", ("Confidence",), 90),
    ("--criticality 0", ("Criticality",), 0),
    ("--types TTPs/Discovery Effects", ("Types",), ["TTPs/Discovery", "Effects"]),
    (
        "--user-defined-fields ticket=SEC-1,owner=me",
        ("UserDefinedFields",),
        {"ticket": "SEC-1", "owner": "me"},
    ),
    ("--workflow Status=NOTIFIED", ("Workflow", "Status"), "NOTIFIED"),
    (
        f"--related-findings ProductArn={_PRODUCT},Id=other",
        ("RelatedFindings",),
        [{"ProductArn": _PRODUCT, "Id": "other"}],
    ),
]


@pytest.mark.parametrize(("option", "path", "value"), _OPTIONS, ids=[each[0] for each in _OPTIONS])
def test_each_option_sets_its_field(
    hub: LocalCloud, option: str, path: tuple[str, ...], value: object
) -> None:
    before, untouched = hub.control.findings()
    told = answer(hub, f"{_UPDATE} {_identifiers(_FIRST)} {option}")
    assert told["ProcessedFindings"] == [{"Id": _FIRST, "ProductArn": _PRODUCT}]
    after, other = hub.control.findings()
    assert {name for name in {**before, **after} if before.get(name) != after.get(name)} == {path[0]}
    found: Any = after
    for name in path:
        found = found[name]
    assert found == value
    assert other == untouched


def test_the_request_can_be_one_json_document(hub: LocalCloud, tmp_path: Path) -> None:
    request = {
        "FindingIdentifiers": [{"Id": _FIRST, "ProductArn": _PRODUCT}],
        "UserDefinedFields": {"tools/ticket": "SEC-1"},
    }
    document = tmp_path / "request.json"
    document.write_text(json.dumps(request))
    answer(hub, f"aws securityhub batch-update-findings --cli-input-json {shlex.quote(document.as_uri())}")
    assert hub.control.findings()[0]["UserDefinedFields"] == {"tools/ticket": "SEC-1"}


_BY_VALUE = [
    ("FindingNotFound", f"{_identifiers('gone')} --confidence 1"),
    ("DuplicatedFindingIdentifier", f"{_identifiers(_FIRST, _FIRST)} --confidence 1"),
    ("InvalidInput", f"{_identifiers(_FIRST)} --note Text={'n' * 513},UpdatedBy=me"),
    ("FindingSizeExceeded", f"{_identifiers('large')} --user-defined-fields key={'v' * 1024}"),
    ("ConcurrentUpdateError", f"{_identifiers('busy')} --confidence 1"),
]


@pytest.mark.parametrize(("code", "options"), _BY_VALUE, ids=[each[0] for each in _BY_VALUE])
def test_error_codes_that_values_provoke(hub: LocalCloud, code: str, options: str) -> None:
    hub.control.plant([_finding("large", Remediation={"Text": "x" * (240 * 1024 - 1000)})])
    if code == "ConcurrentUpdateError":
        hub.control.configure(conflict_window=30.0)
        hub.control.plant([_finding("busy")])
    told = answer(hub, f"{_UPDATE} {options}")
    assert told["ProcessedFindings"] == []
    assert {each["ErrorCode"] for each in told["UnprocessedFindings"]} == {code}
    assert {each["ErrorMessage"] for each in told["UnprocessedFindings"]} == {FINDING_ERRORS[code]}


@pytest.mark.parametrize("code", sorted(FINDING_ERRORS))
def test_error_codes_that_a_script_provokes(hub: LocalCloud, code: str) -> None:
    hub.control.fault(ScriptedFault(finding_error=code, finding=_SECOND))
    told = answer(hub, f"{_UPDATE} {_identifiers(_FIRST, _SECOND)} --confidence 1")
    assert told["ProcessedFindings"] == [{"Id": _FIRST, "ProductArn": _PRODUCT}]
    assert told["UnprocessedFindings"] == [
        {
            "FindingIdentifier": {"Id": _SECOND, "ProductArn": _PRODUCT},
            "ErrorCode": code,
            "ErrorMessage": FINDING_ERRORS[code],
        }
    ]


@pytest.mark.parametrize("code", sorted(CALL_ERRORS))
def test_exceptions_that_a_script_provokes(hub: LocalCloud, code: str) -> None:
    hub.control.fault(ScriptedFault(error=code))
    _refused(hub, f"{_UPDATE} {_identifiers(_FIRST)} --confidence 1", code)


_IMPOSSIBLE = [
    "--confidence 101",
    "--severity Label=SEVERE",
    "--workflow Status=SUPRESSED",
    "--verification-state MAYBE",
    "--note Text=' ',UpdatedBy=me",
]


@pytest.mark.parametrize("option", _IMPOSSIBLE)
def test_impossible_values_are_refused_by_the_service(hub: LocalCloud, option: str) -> None:
    _refused(hub, f"{_UPDATE} {_identifiers(_FIRST)} {option}", "InvalidInputException")


def test_101_findings_are_too_many_for_one_call(hub: LocalCloud) -> None:
    ids = _identifiers(*(f"f{number}" for number in range(101)))
    _refused(hub, f"{_UPDATE} {ids} --confidence 1", "InvalidInputException")


def test_a_hub_that_is_disabled_refuses_and_can_be_enabled_again(hub: LocalCloud) -> None:
    assert run(hub, "aws securityhub disable-security-hub").returncode == 0
    try:
        _refused(hub, f"{_UPDATE} {_identifiers(_FIRST)} --confidence 1", "InvalidAccessException")
    finally:
        assert run(hub, "aws securityhub enable-security-hub").returncode == 0
    assert answer(hub, "aws securityhub describe-hub")["HubArn"].endswith(":hub/default")


def test_too_many_calls_are_throttled(hub: LocalCloud) -> None:
    with pytest.raises(ClientError) as refused:
        _read_for_ever(hub.client("securityhub"))
    assert refused.value.response["Error"]["Code"] == "TooManyRequestsException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert hub.control.status()["calls"]["GetFindings"]["ok"] >= 6


def _read_for_ever(client: Any) -> None:
    while True:
        client.get_findings(MaxResults=1)


def test_findings_are_read_by_filter_and_page_by_page(hub: LocalCloud) -> None:
    hub.control.configure(quotas=False)
    query = "aws securityhub get-findings --page-size 1 --query 'Findings[].Id'"
    in_order = f"{query} --sort-criteria Field=Id,SortOrder=desc"
    assert json.loads(run(hub, in_order).stdout) == [_SECOND, _FIRST]
    filters = shlex.quote(json.dumps({"Id": [{"Value": _FIRST, "Comparison": "EQUALS"}]}))
    assert json.loads(run(hub, f"{query} --filters {filters}").stdout) == [_FIRST]


def test_history_shows_the_update(hub: LocalCloud) -> None:
    answer(hub, f"{_UPDATE} {_identifiers(_FIRST)} --workflow Status=NOTIFIED")
    records = answer(hub, f"aws securityhub get-finding-history --finding-identifier {_identifiers(_FIRST)}")
    newest, made = records["Records"]
    assert newest["UpdateSource"]["Type"] == "BATCH_UPDATE_FINDINGS"
    assert newest["Updates"] == [
        {"UpdatedField": "Workflow.Status", "OldValue": "NEW", "NewValue": "NOTIFIED"}
    ]
    assert made["FindingCreated"] is True


def test_native_automation_rules_are_made_and_act(hub: LocalCloud) -> None:
    action = {
        "Type": "FINDING_FIELDS_UPDATE",
        "FindingFieldsUpdate": {"Workflow": {"Status": "SUPPRESSED"}},
    }
    criteria = json.dumps({"Title": [{"Value": "Lambda", "Comparison": "CONTAINS"}]})
    made = answer(
        hub,
        "aws securityhub create-automation-rule --rule-order 1 --rule-name quiet --description quiet "
        f"--criteria {shlex.quote(criteria)} --actions {shlex.quote(json.dumps([action]))}",
    )
    listed = answer(hub, "aws securityhub list-automation-rules --max-results 5")["AutomationRulesMetadata"]
    assert [each["RuleArn"] for each in listed] == [made["RuleArn"]]
    hub.client("securityhub").batch_import_findings(Findings=[_finding("new")])
    assert hub.control.findings()[-1]["Workflow"] == {"Status": "SUPPRESSED"}


def _refused(hub: LocalCloud, command: str, code: str) -> None:
    before = hub.control.findings()
    done = run(hub, command)
    assert done.returncode == 254 or done.returncode == 255
    assert f"An error occurred ({code}) when calling the BatchUpdateFindings operation" in done.stderr
    assert hub.control.findings() == before
