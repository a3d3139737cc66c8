"""Texts with values of the rule and the finding, and proposals that make no sense for a finding."""

from typing import Any

import pytest

from hubtriage.engine.fields import ParsedFinding
from tests.support.planning import finding, plan, ruleset

TEXTS = [
    pytest.param("{rule.id} {rule.ticket}", "rule SEC-9", id="the rule's own values"),
    pytest.param("in {finding.AwsAccountId}", "in 111122223333", id="a scalar of the finding"),
    pytest.param("{finding.Severity.Label}", "HIGH", id="a nested scalar"),
    pytest.param("{finding.Types.0}", "TTPs/Discovery", id="a list's element"),
    pytest.param("{finding.Types}", "-", id="not a list as a whole"),
    pytest.param("{finding.__class__.__mro__}", "-", id="no attribute of an object"),
    pytest.param("{finding.Title}", "{rule.id} {0.__class__}", id="a value is not evaluated again"),
    pytest.param("{x} %s {{}} {finding", "{x} %s {{}} {finding", id="everything else stands for itself"),
    pytest.param("y" * 600, "y" * 511 + "…", id="cut to the limit"),
]


@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_templates(text: str, expected: str) -> None:
    rule = {"update": {"Note": {"Text": text}}, "ticket": "SEC-9"}
    decision = plan(finding(Title="{rule.id} {0.__class__}"), rule)
    assert decision.update is not None
    assert decision.update["Note"] == {"Text": expected, "UpdatedBy": "hubtriage/rule"}


ACCOUNTS = {
    "111122223333": {"name": "shop {rule.id}\n\u2028x", "cost.center": "7", "team": "payments", "none": ""}
}
OF_ACCOUNTS = [
    pytest.param("{account.team}", "payments", id="an attribute of the account"),
    pytest.param("{account.cost.center}", "7", id="a name with a dot"),
    pytest.param("{account.name}", "shop {rule.id}  x", id="on one line, and not evaluated again"),
    pytest.param("for {account.phone}", "for -", id="an attribute that the account lacks"),
    pytest.param("{account.none}", "-", id="no text at all"),
    pytest.param("{rule.owner}", "payments", id="the owner by account"),
    pytest.param("{account.team}" * 80, "payments" * 63 + "payment…", id="cut to the limit"),
]


@pytest.mark.parametrize(("text", "expected"), OF_ACCOUNTS)
def test_values_of_the_account_directory(text: str, expected: str) -> None:
    rule = {"update": {"Note": {"Text": text}}, "owner": {"account": "team"}}
    decision = plan(finding(), rule, accounts=ACCOUNTS)
    assert decision.update is not None
    assert decision.update["Note"]["Text"] == expected


@pytest.mark.parametrize("account", ["444455556666", None, 5, ["111122223333"]])
def test_what_is_not_known_of_an_account_is_never_another_ones(account: Any) -> None:
    rule = {"update": {"Note": {"Text": "{account.team} {rule.owner}"}}, "owner": {"account": "team"}}
    decision = plan(finding(AwsAccountId=account), rule, accounts=ACCOUNTS)
    assert decision.update is not None
    assert decision.update["Note"]["Text"] == "- -"


@pytest.mark.parametrize(
    ("members", "update", "dropped"),
    [
        pytest.param(
            {}, {"Types": {"Remove": ["TTPs/Discovery"]}}, "no type would be left", id="the only type"
        ),
        pytest.param({"Severity": None}, {"Severity": {"AtMost": "LOW"}}, "no severity", id="no severity"),
        pytest.param(
            {"Workflow": {"Status": "RESOLVED"}, "Compliance": {"Status": "PASSED"}},
            {"Workflow": {"Status": "NOTIFIED"}},
            "the control passed",
            id="resolved by the service",
        ),
        pytest.param(
            {}, {"Types": {"Add": ["x"]}, "Severity": {"AtMost": "LOW"}}, None, id="nothing dropped"
        ),
    ],
)
def test_a_wish_that_makes_no_sense_for_a_finding_says_why(
    members: dict[str, Any], update: dict[str, Any], dropped: str | None
) -> None:
    found = finding(**members, **({"FindingProviderFields": None} if "Severity" in members else {}))
    (told, *more) = [
        *ruleset({"update": update}).rules[0].proposals.dropped(ParsedFinding(found)).values(),
        "",
    ]
    assert dropped in told if dropped else (told, more) == ("", [])
