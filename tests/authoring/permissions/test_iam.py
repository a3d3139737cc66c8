"""What IAM denies: hiding that no rule asks for, and the fields that are never set."""

from typing import Any

import pytest

from hubtriage.authoring.permissions.iam import denials, denials_v2, hub_v2_statements

UPDATE = {"Workflow": {"Status": "SUPPRESSED"}}
RESOLVING = {"Workflow": {"Status": "RESOLVED"}}


def rule(number: int = 0, **keys: Any) -> dict[str, Any]:
    return {"id": f"rule-{number}", "update": UPDATE, **keys}


SETS = [
    pytest.param([], ["SUPPRESSED"], id="no rule suppresses"),
    pytest.param([rule()], [], id="a rule suppresses"),
    pytest.param([rule(mode="observe")], ["SUPPRESSED"], id="a rule in observe sets nothing"),
    pytest.param([rule(mode="hold")], ["SUPPRESSED"], id="a rule on hold sets nothing new"),
    pytest.param([rule(update=RESOLVING)], ["SUPPRESSED"], id="a rule that resolves does not suppress"),
]


@pytest.mark.parametrize(("rules", "denied"), SETS)
def test_suppressing_is_denied_where_no_rule_suppresses(
    rules: list[dict[str, Any]], denied: list[str]
) -> None:
    assert [list(denial.values) for denial in denials(rules)] == ([denied] if denied else [])


def test_a_field_that_is_never_set_is_denied_in_all_its_spellings() -> None:
    spellings = denials([rule()], ["Severity.Label", "Confidence"])
    assert [denial.condition() for denial in spellings] == [
        {"Null": {f"securityhub:ASFFSyntaxPath/{path}": "false"}}
        for path in ("Confidence", "Severity.Label", "Severity.Normalized", "Severity.Product")
    ]


def test_a_workflow_that_is_never_set_can_still_be_reopened_and_resolved() -> None:
    (denial,) = denials([], ["Workflow.Status"])
    assert denial.condition() == {
        "StringEquals": {"securityhub:ASFFSyntaxPath/Workflow.Status": ["SUPPRESSED", "NOTIFIED"]}
    }


@pytest.mark.parametrize(
    ("rules", "never", "denied"),
    [
        pytest.param([rule()], (), ["0", "5", "99"], id="what no rule can set"),
        pytest.param([], (), ["3", "0", "5", "99"], id="Suppressed where no rule suppresses"),
        pytest.param(
            [rule()], ["Workflow.Status"], ["3", "2", "0", "5", "99"], id="a status that is never set"
        ),
    ],
)
def test_the_same_statuses_are_denied_in_v2_and_new_and_resolved_never(
    rules: list[dict[str, Any]], never: list[str], denied: list[str]
) -> None:
    (denial,) = denials_v2(rules, never)
    assert denial.condition() == {"StringEquals": {"securityhub:OCSFSyntaxPath/StatusId": denied}}


def test_severity_and_note_that_are_never_set_are_denied_in_v2_as_far_as_it_has_them() -> None:
    _status, *others = denials_v2([rule()], ["Severity.Label", "Note.Text", "Confidence"])
    assert [denial.condition() for denial in others] == [
        {"Null": {f"securityhub:OCSFSyntaxPath/{path}": "false"}} for path in ("SeverityId", "Comment")
    ]


def test_what_is_allowed_and_denied_in_v2_is_for_its_hub_alone() -> None:
    statements = hub_v2_statements([rule()], ["Note.Text"])
    assert [each["Sid"] for each in statements] == ["TriageV2", "NeverStatusIdAs0599", "NeverComment"]
    assert {each["Resource"].rpartition(":")[2] for each in statements} == {"hubv2/*"}
    assert statements[0]["Action"] == ["securityhub:BatchUpdateFindings", "securityhub:GetFindings"]
