"""What IAM denies: hiding that no rule asks for, and the fields that are never set."""

from typing import Any

import pytest

from hubtriage.authoring.iam import denials

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
