"""Who answers for what a rule does to a finding."""

import pytest

from hubtriage.engine.ruleset.owner import owner_of


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
