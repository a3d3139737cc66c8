"""Who answers for what a rule does to a finding."""

import pytest

from hubtriage.engine.ruleset.owner import owner_of
from tests.support.planning import finding, plan

DIRECTORY = {"111122223333": {"team": "payments"}, "444455556666": {"name": "shop", "team": " "}}
BY_TEAM = {"owner": {"account": "team"}}


@pytest.mark.parametrize(
    ("rule", "owner"),
    [
        pytest.param({"owner": "cloud-platform"}, "cloud-platform", id="the rule's owner"),
        pytest.param({}, None, id="a rule without owner"),
        pytest.param({"owner": ""}, None, id="an empty name names no one"),
    ],
)
def test_the_owner_of_a_finding_is_that_of_its_rule(rule, owner):
    assert owner_of(rule, {"AwsAccountId": "111122223333"}, {}) == owner


@pytest.mark.parametrize(
    ("account", "owner"),
    [
        pytest.param("111122223333", "payments", id="the attribute of the account"),
        pytest.param("444455556666", None, id="a blank attribute names no one"),
        pytest.param("777788889999", None, id="an account that the directory lacks"),
        pytest.param(None, None, id="a finding without account"),
        pytest.param(["111122223333"], None, id="no account id"),
    ],
)
def test_an_owner_by_account_is_that_of_the_findings_account_or_not_known(account, owner):
    assert owner_of(BY_TEAM, {"AwsAccountId": account}, DIRECTORY) == owner


def test_a_rule_that_names_no_attribute_names_no_one():
    assert owner_of({"owner": {"team": "payments"}}, {"AwsAccountId": "111122223333"}, DIRECTORY) is None


@pytest.mark.parametrize(
    ("account", "owners"), [("111122223333", {"by": "payments"}), ("777788889999", {"by": None})]
)
def test_a_decision_records_the_owner_of_each_rule_that_leaves_it_to_the_account(account, owners):
    by = {**BY_TEAM, "id": "by", "update": {"Confidence": 1}}
    fixed = {"id": "fixed", "owner": "cloud", "update": {"Criticality": 1}}
    decision = plan(finding(AwsAccountId=account), by, fixed, accounts=DIRECTORY)
    assert decision.as_record()["owners"] == owners
    assert "owners" not in plan(finding(AwsAccountId=account), fixed, accounts=DIRECTORY).as_record()
