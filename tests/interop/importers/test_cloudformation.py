"""CloudFormation templates: rules as written, and nothing that only a deployment knows."""

import pytest

from tests.support.imported_rules import finding, imported, reasons, suppressed

TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Parameters: {Account: {Type: String}}
Resources:
  Bucket: {Type: AWS::S3::Bucket}
  Accepted:
    Type: AWS::SecurityHub::AutomationRule
    Properties:
      RuleName: !Sub "${AWS::StackName}-accepted"
      RuleOrder: 10
      RuleStatus: ENABLED
      Description: !Sub "Accepted in ${Account}"
      IsTerminal: "true"
      Criteria:
        CreatedAt: [{Start: 2026-01-01T00:00:00Z}]
        AwsAccountId: [{Comparison: EQUALS, Value: CRITERION}]
      Actions:
        - Type: FINDING_FIELDS_UPDATE
          FindingFieldsUpdate: {Workflow: {Status: SUPPRESSED}}
"""


def of(criterion: str) -> str:
    return TEMPLATE.replace("CRITERION", criterion)


def test_a_rule_of_a_template_is_named_by_its_logical_id() -> None:
    found = imported("automation-rules", of('"111122223333"'), "template.yaml")
    [rule] = found.rules
    assert (rule["id"], rule["terminal"]) == ("accepted", True)
    assert suppressed(found, finding())
    assert not suppressed(found, finding(CreatedAt="2025-12-31T23:59:59.999Z"))


EXPRESSIONS = [
    pytest.param("!Ref Account", "!Ref Account", id="a short form"),
    pytest.param("{Ref: Account}", "Ref", id="the long form of Ref"),
    pytest.param("{Fn::ImportValue: x}", "Fn::ImportValue", id="another function"),
    pytest.param("!Join ['', [a, b]]", "!Join", id="a function of a list"),
]


@pytest.mark.parametrize(("criterion", "shown"), EXPRESSIONS)
def test_a_value_that_is_known_on_deployment_is_refused(criterion: str, shown: str) -> None:
    [(where, reason)] = reasons(imported("automation-rules", of(criterion), "template.yaml"))
    assert where == "Resources.Accepted.Properties.Criteria.AwsAccountId[0].Value"
    assert shown in reason


def test_an_account_id_without_quotes_is_refused() -> None:
    [(_where, reason)] = reasons(imported("automation-rules", of("111122223333"), "template.yaml"))
    assert reason == "text is wanted here, not a number"


def test_a_rule_under_a_condition_is_refused() -> None:
    source = of('"111122223333"').replace("    Properties:", "    Condition: IsProd\n    Properties:", 1)
    assert (
        reasons(imported("automation-rules", source, "template.yaml"))[0][0] == "Resources.Accepted.Condition"
    )
