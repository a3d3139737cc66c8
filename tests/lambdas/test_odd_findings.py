"""What is odd in findings that producers really send, each through the whole function."""

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from hubtriage.localaws.securityhub.hub import Hub
from hubtriage.localaws.securityhub.inprocess import ManualClock
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.support.function_world import function

ARN = "arn:aws:securityhub:eu-west-1:111122223333:product/111122223333/default"
CONTEXT = SimpleNamespace(aws_request_id="request-1", get_remaining_time_in_millis=lambda: 120_000)
SUPPRESS = {"Workflow": {"Status": "SUPPRESSED"}}
LOW = {"Severity": {"Label": "LOW"}}
COMPLETE: Mapping[str, Any] = {
    "SchemaVersion": "2018-10-08",
    "Id": "f1",
    "ProductArn": ARN,
    "ProductName": "Default",
    "Region": "eu-west-1",
    "GeneratorId": "check",
    "AwsAccountId": "111122223333",
    "CreatedAt": "2026-10-01T00:00:00Z",
    "UpdatedAt": "2026-10-01T00:00:00Z",
    "Title": "t",
    "Description": "d",
    "Types": ["TTPs"],
    "Severity": {"Label": "HIGH"},
    "Resources": [{"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::b"}],
    "Workflow": {"Status": "NEW"},
    "RecordState": "ACTIVE",
}


def odd(*without: str, **members: Any) -> dict[str, Any]:
    return {name: value for name, value in COMPLETE.items() if name not in without} | members


def triage(
    findings: list[Any], rule: Mapping[str, Any], capsys: pytest.CaptureFixture[str]
) -> tuple[list[dict[str, Any]], Hub]:
    """The decision lines of these findings, each its own event, and the hub that had them."""
    clock = ManualClock()
    hub = Hub(settings=HubSettings.still())
    for finding in findings:
        hub.plant(finding, clock.now())
    rules = {"format": 1, "hash": "h", "revision": None, "rules": [{"id": "r", "when": True, **rule}]}
    handler = function(hub, clock, rules, log_level="DEBUG")
    assert handler({"Records": [_record(n, f) for n, f in enumerate(findings)]}, CONTEXT) == {
        "batchItemFailures": []
    }
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [line for line in lines if "finding_id" in line], hub


def _record(number: int, finding: Any) -> dict[str, Any]:
    event = {
        "detail-type": "Security Hub Findings - Imported",
        "time": "2027-01-15T08:00:00Z",
        "detail": {"findings": [finding]},
    }
    return {
        "messageId": f"m{number}",
        "body": json.dumps(event),
        "attributes": {"SentTimestamp": str(number)},
    }


def rule(update: Mapping[str, Any], **condition: Any) -> dict[str, Any]:
    """A rule that may hide the HIGH finding above."""
    return {"ceiling": "HIGH", **condition, "update": update}


ODDITIES = [
    pytest.param(
        odd("Workflow"),
        rule(SUPPRESS, match={"Workflow": {"Status": ["NEW"]}}),
        [("Workflow.Status", "NEW", "SUPPRESSED")],
        id="a finding without Workflow counts as NEW",
    ),
    pytest.param(
        odd("Workflow", WorkflowState="DEFERRED"),
        rule(SUPPRESS, match={"Workflow": {"Status": ["NEW"]}}),
        [("Workflow.Status", "NEW", "SUPPRESSED")],
        id="the retired WorkflowState says nothing",
    ),
    pytest.param(
        odd(Workflow="NEW"),
        rule(SUPPRESS),
        [("Workflow.Status", "NEW", "SUPPRESSED")],
        id="a Workflow that is text",
    ),
    pytest.param(
        odd("Severity"),
        rule(LOW),
        [("Severity.Label", None, "LOW")],
        id="a finding without Severity can get one",
    ),
    pytest.param(
        odd(Severity={"Normalized": 95}),
        rule(LOW | SUPPRESS),
        [],
        id="a Severity without Label is as severe as its Normalized",
    ),
    pytest.param(
        odd(Severity={"Product": 5}),
        rule(LOW),
        [("Severity.Label", None, "LOW")],
        id="a Severity of nothing but the product's own number",
    ),
    pytest.param(
        odd(Severity={"Label": "HIGH", "Normalized": 10}),
        rule(LOW),
        [("Severity.Label", "HIGH", "LOW")],
        id="of a Label and a Normalized that disagree the Label counts",
    ),
    pytest.param(
        odd(Severity={"Label": "MEDIUM", "Original": 7}),
        rule(SUPPRESS, match={"Severity": {"Original": [{"numeric": [">", 5]}]}}),
        [("Workflow.Status", "NEW", "SUPPRESSED")],
        id="an Original that is a number compares as one",
    ),
    pytest.param(
        odd("Compliance"),
        rule(SUPPRESS, match={"Compliance": {"Status": ["FAILED"]}}),
        [],
        id="a finding without Compliance fails no rule that asks for it",
    ),
    pytest.param(
        odd(Compliance={"Status": "INFOED"}),
        rule(SUPPRESS, match={"Compliance": {"Status": [{"anything-but": "PASSED"}]}}),
        [("Workflow.Status", "NEW", "SUPPRESSED")],
        id="a Compliance.Status that AWS does not know is not PASSED",
    ),
    pytest.param(
        odd("RecordState"),
        rule(SUPPRESS, match={"RecordState": [{"exists": False}]}),
        [("Workflow.Status", "NEW", "SUPPRESSED")],
        id="a finding without RecordState",
    ),
    pytest.param(
        odd("Types"),
        rule({"Types": ["Effects"]}),
        [("Types", None, ["Effects"])],
        id="a finding without Types",
    ),
    pytest.param(
        odd(Types="TTPs"),
        rule({"Types": {"Add": ["Effects"]}}, match={"Types": ["TTPs"]}),
        [("Types", ["TTPs"], ["TTPs", "Effects"])],
        id="Types that are a bare string are a list of one",
    ),
    pytest.param(
        odd("Region", "ProductName"),
        rule(SUPPRESS, match={"Region": [{"exists": False}], "ProductName": [{"exists": False}]}),
        [("Workflow.Status", "NEW", "SUPPRESSED")],
        id="a finding without Region and ProductName",
    ),
    pytest.param(
        odd(Resources={"Type": "AwsS3Bucket", "Id": "x"}),
        rule(SUPPRESS, match={"Resources": {"Type": ["AwsS3Bucket"]}}),
        [("Workflow.Status", "NEW", "SUPPRESSED")],
        id="Resources that are one object match like a list of one",
    ),
    pytest.param(
        odd(ProductFields={"scan": {"id": "7"}}),
        rule(SUPPRESS, match={"ProductFields": {"scan": {"id": ["7"]}}}),
        [("Workflow.Status", "NEW", "SUPPRESSED")],
        id="an object as a value of ProductFields can be matched into",
    ),
    pytest.param(
        odd(
            Resources=[
                {"Type": "AwsAccount", "Id": "AWS::::Account:111122223333"},
                {"Type": "Other", "Id": "No trails"},
            ]
        ),
        rule(SUPPRESS, when={"==": [{"arn": [{"var": "Resources.1.Id"}, "service"]}, "s3"]}),
        [],
        id="a resource id that is no ARN has no parts of one",
    ),
    pytest.param(
        odd(AwsAccountId="12345"),
        rule(SUPPRESS, when={"==": [{"account": ["environment"]}, None]}),
        [("Workflow.Status", "NEW", "SUPPRESSED")],
        id="an account id that is too short is in no directory",
    ),
    pytest.param(
        odd(Resources=[{"Type": "Other", "Id": "x", "Tags": {"aws:a/b c.d": "1"}}]),
        rule(SUPPRESS, match={"Resources": {"Tags": {"aws:a/b c.d": ["1"]}}}),
        [("Workflow.Status", "NEW", "SUPPRESSED")],
        id="a tag key with colons, slashes, dots and spaces is one key",
    ),
    pytest.param(
        odd(CreatedAt="2024-05-24 22:53:24.000000000"),
        rule(SUPPRESS, when={">": [{"age_days": [{"var": "CreatedAt"}]}, 365]}),
        [("Workflow.Status", "NEW", "SUPPRESSED")],
        id="a timestamp with a blank and nanoseconds has an age",
    ),
    pytest.param(
        odd(CreatedAt="yesterday"),
        rule(SUPPRESS, when={">": [{"age_days": [{"var": "CreatedAt"}]}, -1_000_000]}),
        [],
        id="a timestamp that is none has no age",
    ),
    pytest.param(
        {"Id": "f1", "ProductArn": ARN},
        rule(SUPPRESS),
        [("Workflow.Status", "NEW", "SUPPRESSED")],
        id="a finding of nothing but its name",
    ),
    pytest.param(
        odd(Note="seen", FindingProviderFields=None, UserDefinedFields=None),
        rule({"Note": {"Text": "Accepted.", "UpdatedBy": "hubtriage/r"}}),
        [("Note.Text", None, "Accepted.")],
        id="members of another type count as absent",
    ),
]


@pytest.mark.parametrize(("finding", "written", "changes"), ODDITIES)
def test_an_oddity_is_read_for_what_it_is(
    finding: dict[str, Any],
    written: Mapping[str, Any],
    changes: list[tuple[str, Any, Any]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    ((line,), hub) = triage([finding], written, capsys)
    assert line["outcome"] == ("updated" if changes else "unchanged")
    assert [(c["field"], c["from"], c["to"]) for c in line["changes"]] == changes
    assert "errors" not in line
    assert len(hub.call_log.updates) == bool(changes)


def test_of_several_revisions_of_a_finding_that_come_together_the_last_is_triaged(
    capsys: pytest.CaptureFixture[str],
) -> None:
    revisions = [
        odd(Title=title, UpdatedAt=f"2026-11-0{day}T00:00:00Z")
        for day, title in enumerate(("first", "second", "third"), start=1)
    ]
    lines, hub = triage(revisions, rule({"UserDefinedFields": {"title": "{finding.Title}"}}), capsys)
    assert [change["to"] for line in lines for change in line["changes"]] == ["third"]
    assert len(hub.call_log.updates) == 1


@pytest.mark.parametrize("member", sorted(set(COMPLETE) - {"Id", "ProductArn"}))
def test_any_member_that_the_format_requires_may_be_missing(
    member: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ((line,), _) = triage([odd(member)], rule(SUPPRESS), capsys)
    assert line["outcome"] == "updated"


@pytest.mark.parametrize("value", [None, 7, True, "text", [], {}, [None], {"Label": 7}], ids=repr)
@pytest.mark.parametrize("member", sorted(set(COMPLETE) - {"Id", "ProductArn"}))
def test_any_member_may_be_of_another_type(
    member: str, value: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = SUPPRESS | LOW | {"Types": {"Add": ["Effects"]}, "Confidence": 5}
    ((line,), _) = triage([odd(**{member: value})], rule(wanted), capsys)
    assert line["outcome"] in ("updated", "refused")
    assert "errors" not in line
