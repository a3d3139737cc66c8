"""What IAM denies is what no rule sets."""

from typing import Any

import pytest

from hubtriage.authoring.iam import Denial, denials

UPDATE = {"Workflow": {"Status": "SUPPRESSED"}}


def rule(number: int = 0, **keys: Any) -> dict[str, Any]:
    return {"id": f"rule-{number}", "update": UPDATE, **keys}


SETS = [
    pytest.param([], ["SUPPRESSED", "RESOLVED"], id="no rule hides"),
    pytest.param([rule()], ["RESOLVED"], id="a rule suppresses"),
    pytest.param([rule(mode="observe")], ["SUPPRESSED", "RESOLVED"], id="a rule in observe sets nothing"),
    pytest.param([rule(mode="hold")], ["SUPPRESSED", "RESOLVED"], id="a rule on hold sets nothing new"),
    pytest.param([rule(), rule(1, update={"Workflow": {"Status": "RESOLVED"}})], [], id="rules set both"),
]


@pytest.mark.parametrize(("rules", "denied"), SETS)
def test_hiding_statuses_that_no_rule_sets_are_denied(rules: list[dict[str, Any]], denied: list[str]) -> None:
    assert [list(denial.values) for denial in denials(rules)] == ([denied] if denied else [])


def test_fields_that_are_never_set_are_denied_altogether() -> None:
    assert denials([rule()], ["Severity.Label"])[-1].condition() == {
        "Null": {"securityhub:ASFFSyntaxPath/Severity.Label": "false"}
    }
    assert Denial("Workflow.Status", ("SUPPRESSED",)).condition() == {
        "StringEquals": {"securityhub:ASFFSyntaxPath/Workflow.Status": ["SUPPRESSED"]}
    }
