"""Automation rules of Security Hub V2: each form is read, and what has no exact counterpart is refused."""

import json
from typing import Any

import pytest
import yaml

from hubtriage.interop.importers.outcome import Imported, UnreadableError
from tests.support.imported_rules import imported, reasons, ruleset_of

UPDATE = {"StatusId": 3, "Comment": "Accepted."}


def string(field: str, value: str, comparison: str = "EQUALS") -> dict[str, Any]:
    return {"FieldName": field, "Filter": {"Value": value, "Comparison": comparison}}


def number(field: str, **bounds: float) -> dict[str, Any]:
    return {"FieldName": field, "Filter": bounds}


def one(**composite: Any) -> dict[str, Any]:
    return {"CompositeFilters": [composite]}


TITLE = one(StringFilters=[string("finding_info.title", "a")])


def rule(criteria: Any = TITLE, update: Any = UPDATE, **members: Any) -> dict[str, Any]:
    return {
        "RuleName": "Accepted",
        "RuleOrder": 7.0,
        "Description": "d",
        "Criteria": {"OcsfFindingCriteria": criteria},
        "Actions": [{"Type": "FINDING_FIELDS_UPDATE", "FindingFieldsUpdate": update}],
        **members,
    }


def of(value: Any, name: str = "rules.json", **options: Any) -> Imported:
    return imported("automation-rules", json.dumps(value), name, **options)


EXPECTED = {
    "id": "accepted",
    "description": 'd (imported from the automation rule "Accepted")',
    "order": 7,
    "ceiling": "CRITICAL",
    "match": {"Title": ["a"]},
    "update": {"Workflow": {"Status": "SUPPRESSED"}, "Note": {"Text": "Accepted."}},
}
ANSWER = {
    **rule(),
    "RuleArn": "arn:aws:securityhub:eu-west-1:111122223333:automation-rulev2/a",
    "RuleId": "a",
    "RuleStatus": "ENABLED",
    "CreatedAt": "2026-01-01T00:00:00Z",
    "UpdatedAt": "2026-01-01T00:00:00Z",
}
COMPOSITES = [
    {
        "string_filters": [
            {"field_name": "finding_info.title", "filter": {"value": "a", "comparison": "EQUALS"}}
        ]
    }
]
OF_AWSCC = {
    "rule_name": "Accepted",
    "rule_order": 7,
    "description": "d",
    "criteria": {"ocsf_finding_criteria": {"composite_filters": COMPOSITES, "composite_operator": None}},
    "actions": [
        {
            "type": "FINDING_FIELDS_UPDATE",
            "finding_fields_update": {"status_id": 3, "comment": "Accepted.", "severity_id": None},
            "external_integration_configuration": None,
        }
    ],
    "rule_arn": "x",
}
OF_AWS = {
    "rule_name": "Accepted",
    "rule_order": 7,
    "description": "d",
    "region": "eu-west-1",
    "criteria": [{"ocsf_finding_criteria_json": json.dumps(TITLE)}],
    "action": [
        {
            "type": "FINDING_FIELDS_UPDATE",
            "finding_fields_update": [{"status_id": 3, "comment": "Accepted."}],
            "external_integration_configuration": [],
        }
    ],
}
OLDER_OF_AWS = {
    **{name: OF_AWS[name] for name in ("rule_name", "rule_order", "description")},
    "criteria_json": json.dumps(TITLE),
    "actions_json": json.dumps(rule()["Actions"]),
}


def shown(kind: str, values: dict[str, Any]) -> dict[str, Any]:
    resource = {"type": kind, "address": f"{kind}.a", "values": values}
    return {"terraform_version": "1", "values": {"root_module": {"resources": [resource]}}}


FORMS = [
    pytest.param(rule(), id="a request of CreateAutomationRuleV2"),
    pytest.param([ANSWER], id="answers of GetAutomationRuleV2"),
    pytest.param(
        {"Resources": {"R": {"Type": "AWS::SecurityHub::AutomationRuleV2", "Properties": rule()}}},
        id="a template",
    ),
    pytest.param(shown("awscc_securityhub_automation_rule_v2", OF_AWSCC), id="the provider awscc"),
    pytest.param(shown("aws_securityhub_automation_rule_v2", OF_AWS), id="the provider aws"),
    pytest.param(shown("aws_securityhub_automation_rule_v2", OLDER_OF_AWS), id="an older provider aws"),
    pytest.param(
        {"resource": {"aws_securityhub_automation_rule_v2": {"a": OLDER_OF_AWS}}}, id="JSON of Terraform"
    ),
]


@pytest.mark.parametrize("document", FORMS)
def test_each_form_gives_the_same_rule(document: Any) -> None:
    """A rule acts in all Regions that are linked to its own, so it needs none."""
    found = of(document, regions=())
    assert reasons(found) == []
    assert list(found.rules) == [EXPECTED]


CONFIGURATION = """
resource "KIND" "a" {
  rule_name   = "Accepted"
  description = "d"
  rule_order  = 7
  criteria CRITERIA
  ACTION
}
"""
WRITTEN_OUT = CONFIGURATION.replace("KIND", "awscc_securityhub_automation_rule_v2").replace(
    "CRITERIA",
    """= {
    ocsf_finding_criteria = {
      composite_filters = [{
        string_filters = [{
          field_name = "finding_info.title"
          filter     = { value = "a", comparison = "EQUALS" }
        }]
      }]
    }
  }""",
)
ENCODED = CONFIGURATION.replace("KIND", "aws_securityhub_automation_rule_v2").replace(
    "CRITERIA", "{\n ocsf_finding_criteria_json = jsonencode({ CompositeFilters = [] })\n}"
)


def test_a_configuration_is_read_where_it_is_written_out() -> None:
    action = (
        'actions = [{ type = "FINDING_FIELDS_UPDATE", '
        'finding_fields_update = { status_id = 3, comment = "Accepted." } }]'
    )
    found = imported("automation-rules", WRITTEN_OUT.replace("ACTION", action), "main.tf", regions=())
    assert reasons(found) == []
    assert list(found.rules) == [EXPECTED]


def test_what_terraform_calculates_is_refused() -> None:
    action = 'action {\n type = "FINDING_FIELDS_UPDATE"\n finding_fields_update { status_id = 3 }\n}'
    found = imported("automation-rules", ENCODED.replace("ACTION", action), "main.tf")
    [refusal] = found.refusals
    assert "known only on deployment" in refusal.reason
    assert "terraform show -json" in refusal.hint


@pytest.mark.parametrize("kind", ["aws_securityhub_automation_rule_v3", "x_securityhub_automation_rules"])
def test_an_unknown_resource_of_automation_rules_is_refused_by_name(kind: str) -> None:
    assert kind in reasons(of(shown(kind, OF_AWS)))[0][1]


def test_regions_that_are_asked_for_limit_a_rule() -> None:
    [asked] = of(rule(), regions=("eu-west-1",)).rules
    assert asked["match"] == {"Region": ["eu-west-1"], "Title": ["a"]}
    [every] = of(rule(), regions=("all",)).rules
    assert every["match"] == {"Title": ["a"]}


def test_a_rule_that_is_off_stays_off() -> None:
    [found] = of(rule(RuleStatus="DISABLED")).rules
    assert found["mode"] == "off"


def test_orders_with_fractions_become_whole_ones_that_follow_each_other() -> None:
    rules = [rule(RuleName=f"r{order}", RuleOrder=order) for order in (7.5, 1, 7.25, 1000)]
    found = of(rules)
    assert [(one["id"], one["order"]) for one in found.rules] == [
        ("r7-5", 30),
        ("r1", 10),
        ("r7-25", 20),
        ("r1000", 40),
    ]
    assert {remark.text for remark in found.remarks} == {
        f"RuleOrder was {order}" for order in (7.5, 1, 7.25, 1000)
    }


CONDITIONS = [
    pytest.param(
        one(NumberFilters=[number("severity_id", Gte=1, Lte=2)]),
        {"match": {"FindingProviderFields": {"Severity": {"Label": ["INFORMATIONAL", "LOW"]}}}},
        id="severity is the provider's",
    ),
    pytest.param(
        one(StringFilters=[string("vendor_attributes.severity", "Low", "NOT_EQUALS")]),
        {
            "match": {
                "FindingProviderFields": {"Severity": {"Label": [{"anything-but": "LOW"}, {"exists": False}]}}
            }
        },
        id="any severity but one",
    ),
    pytest.param(
        one(NumberFilters=[number("vendor_attributes.severity_id", Gte=5)], Operator="AND"),
        None,
        id="Critical, Fatal and Other",
    ),
    pytest.param(
        one(StringFilters=[string("status", "Suppressed", "NOT_EQUALS")]),
        {"match": {"Workflow": {"Status": [{"anything-but": "SUPPRESSED"}, {"exists": False}]}}},
        id="any status but Suppressed",
    ),
    pytest.param(
        one(StringFilters=[string("activity_name", "Close", "NOT_EQUALS")]),
        {"match": {"RecordState": ["ACTIVE"]}},
        id="findings that their provider has not closed",
    ),
    pytest.param(
        one(StringFilters=[string("finding_info.title", "a", "NOT_CONTAINS")]),
        {"match": {"Title": [{"anything-but": {"wildcard": ["*a*"]}}, {"exists": False}]}},
        id="no part",
    ),
    pytest.param(
        one(
            StringFilters=[string("compliance.control", "S3.1"), string("compliance.control", "S3.2")],
            Operator="OR",
        ),
        {"match": {"Compliance": {"SecurityControlId": ["S3.1", "S3.2"]}}},
        id="values of one field that are or-ed are one list",
    ),
    pytest.param(
        {
            "CompositeFilters": [
                {"StringFilters": [string("finding_info.title", "a")]},
                {
                    "StringFilters": [string("metadata.product.name", "b"), string("finding_info.desc", "c")],
                    "NestedCompositeFilters": [TITLE["CompositeFilters"][0]],
                    "Operator": "OR",
                },
            ],
            "CompositeOperator": "AND",
        },
        {
            "match": {"Title": ["a"]},
            "when": {
                "or": [
                    {"===": [{"var": "ProductName"}, "b"]},
                    {"===": [{"var": "Description"}, "c"]},
                    {"===": [{"var": "Title"}, "a"]},
                ]
            },
        },
        id="fields that are or-ed are in when",
    ),
]


@pytest.mark.parametrize(("criteria", "expected"), CONDITIONS)
def test_criteria_become_conditions(criteria: dict[str, Any], expected: dict[str, Any] | None) -> None:
    found = of(rule(criteria))
    if expected is None:
        assert found.rules == ()
        return
    assert reasons(found) == []
    [made] = found.rules
    assert {name: made[name] for name in ("match", "when") if name in made} == expected
    assert "override" not in made
    ruleset_of(found)


AT = "Criteria.OcsfFindingCriteria"
FIRST = f"{AT}.CompositeFilters[0]"
REFUSALS = [
    pytest.param(rule({}), AT, "every finding", id="no criterion"),
    pytest.param(rule({"CompositeFilters": [{}]}), FIRST, "no filter", id="an empty composite"),
    pytest.param(rule({"CompositeFilters": "x"}), f"{AT}.CompositeFilters", "a list", id="a text for a list"),
    pytest.param(
        rule({"CompositeFilters": [{}, {}] * 6}), f"{AT}.CompositeFilters", "AWS takes 10", id="too many"
    ),
    pytest.param(
        rule({"CompositeFilters": TITLE["CompositeFilters"] * 2}),
        f"{AT}.CompositeOperator",
        "without an operator",
        id="no operator",
    ),
    pytest.param(
        rule({**TITLE, "CompositeOperator": "XOR"}),
        f"{AT}.CompositeOperator",
        "XOR",
        id="an unknown operator",
    ),
    pytest.param(
        rule(one(NestedCompositeFilters=[{"NestedCompositeFilters": [{}]}])),
        f"{FIRST}.NestedCompositeFilters[0].NestedCompositeFilters",
        "one level",
        id="two levels of nesting",
    ),
    pytest.param(
        rule(one(StringFilters=[string("cloud.region", "a"), string("cloud.region", "b")], Operator="AND")),
        f"{FIRST}.StringFilters[1].Filter",
        "by OR or by AND",
        id="two values that may be or-ed or and-ed",
    ),
    pytest.param(
        rule(
            one(
                StringFilters=[
                    string("cloud.region", "a", "NOT_EQUALS"),
                    string("cloud.region", "b", "NOT_EQUALS"),
                ],
                Operator="OR",
            )
        ),
        f"{FIRST}.StringFilters[1].Filter",
        "by OR or by AND",
        id="two excluded values that may be or-ed or and-ed",
    ),
    pytest.param(
        rule(one(StringFilters=[string("finding_info.title", "a", "CONTAINS_WORD")])),
        f"{FIRST}.StringFilters[0].Filter.Comparison",
        "CONTAINS_WORD",
        id="words",
    ),
    pytest.param(
        rule(one(StringFilters=[string("finding_info.titel", "a")])),
        f"{FIRST}.StringFilters[0].FieldName",
        "finding_info.titel",
        id="an unknown field",
    ),
    pytest.param(
        rule(one(NumberFilters=[number("finding_info.title", Eq=1)])),
        f"{FIRST}.NumberFilters[0].FieldName",
        "not a field of NumberFilters",
        id="a field of another kind",
    ),
    pytest.param(
        rule(one(IpFilters=[{"FieldName": "evidences.src_endpoint.ip", "Filter": {"Cidr": "10.0.0.1"}}])),
        f"{FIRST}.IpFilters[0].FieldName",
        "evidences.src_endpoint.ip",
        id="an address",
    ),
    pytest.param(
        rule(one(NumberFilters=[number("severity_id", Lte=3)])),
        f"{FIRST}.NumberFilters[0].Filter",
        "Unknown and Other",
        id="severities with the unknown",
    ),
    pytest.param(
        rule(one(StringFilters=[string("severity", "Critical")])),
        f"{FIRST}.StringFilters[0].Filter",
        "Critical and Fatal",
        id="Critical alone",
    ),
    pytest.param(
        rule(one(NumberFilters=[number("status_id", Eq=3)])),
        f"{FIRST}.NumberFilters[0].Filter",
        "never acts",
        id="a status that no provider sets",
    ),
    pytest.param(
        rule(one(StringFilters=[string("resources.type", "AWS::EC2::", "PREFIX")])),
        f"{FIRST}.StringFilters[0].Filter.Value",
        "other names",
        id="the start of a type",
    ),
    pytest.param(
        rule(one(StringFilters=[string("resources.type", "AwsS3Bucket")])),
        f"{FIRST}.StringFilters[0].Filter.Value",
        "V2 has no resource type",
        id="a type of ASFF",
    ),
    pytest.param(
        rule(one(StringFilters=[string("metadata.product.uid", "arn:aws:securityhub:::product/aws/x")])),
        f"{FIRST}.StringFilters[0].Filter.Value",
        "::productv2/",
        id="a product of the other hub",
    ),
    pytest.param(
        rule(one(StringFilters=[string("metadata.product.feature.uid", "a")])),
        f"{FIRST}.StringFilters[0].FieldName",
        "of some findings only",
        id="what only templates can ask for, and V2 says of some findings",
    ),
    pytest.param(
        rule(one(NumberFilters=[number("vulnerabilities.cve.cvss.base_score", Gte=5, Lte=4)])),
        f"{FIRST}.NumberFilters[0].Filter",
        "no value",
        id="bounds that no number satisfies",
    ),
    pytest.param(
        rule(Criteria={"ResourceCriteria": {}}),
        "Criteria.ResourceCriteria",
        "about resources",
        id="criteria on resources",
    ),
    pytest.param(rule(IsTerminal=True), "IsTerminal", "no IsTerminal", id="a terminal rule"),
    pytest.param(rule(RuleOrder=0.5), "RuleOrder", "from 1 to 1000", id="an order below the first"),
    pytest.param(rule(update={}), "Actions[0].FindingFieldsUpdate", "no field", id="nothing to set"),
    *(
        pytest.param(
            rule(update={"StatusId": status}),
            "Actions[0].FindingFieldsUpdate.StatusId",
            f"({status})",
            id=f"status {status}",
        )
        for status in (0, 5, 6, 99)
    ),
    *(
        pytest.param(
            rule(update={"SeverityId": severity}),
            "Actions[0].FindingFieldsUpdate.SeverityId",
            f"({severity})",
            id=f"severity {severity}",
        )
        for severity in (0, 6, 7, 99)
    ),
    pytest.param(
        rule(update={"Comment": "a" * 513}),
        "Actions[0].FindingFieldsUpdate.Comment",
        "512",
        id="a long comment",
    ),
    pytest.param(
        rule(update={"Comment": "{rule.id}"}),
        "Actions[0].FindingFieldsUpdate.Comment",
        "{rule.id}",
        id="a template of ours",
    ),
    *(
        pytest.param(rule(Actions=[{"Type": kind}]), "Actions[0].Type", kind, id=kind)
        for kind in ("EXTERNAL_INTEGRATION", "RESOURCE_FIELDS_UPDATE", "SOMETHING_NEW")
    ),
]


@pytest.mark.parametrize(("source", "where", "reason"), REFUSALS)
def test_what_has_no_exact_counterpart_is_refused_and_the_others_are_written(
    source: dict[str, Any], where: str, reason: str
) -> None:
    found = of([source, rule()])
    [(place, told)] = reasons(found)
    assert place == f"[0].{where}"
    assert reason in told
    assert list(found.rules) == [EXPECTED]


METADATA = {name: ANSWER[name] for name in ("RuleArn", "RuleId", "RuleName", "RuleOrder")}


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({"Rules": [METADATA]}, id="a list without criteria"),
        pytest.param({"Rules": [{"RuleArn": ANSWER["RuleArn"]}]}, id="a list of names"),
        pytest.param({"Identifier": "a", "RuleOrder": 2}, id="a change"),
    ],
)
def test_what_holds_no_whole_rules_is_an_error_that_says_what_to_give(document: Any) -> None:
    with pytest.raises(UnreadableError) as error:
        of(document)
    assert "get-automation-rule-v2" in error.value.hint


@pytest.mark.parametrize(
    ("kind", "criteria"),
    [
        ("AWS::SecurityHub::AutomationRule", {"OcsfFindingCriteria": TITLE}),
        ("AWS::SecurityHub::AutomationRuleV2", {"Title": [{"Value": "a", "Comparison": "EQUALS"}]}),
    ],
)
def test_criteria_of_the_other_hub_are_refused(kind: str, criteria: Any) -> None:
    template = {"Resources": {"R": {"Type": kind, "Properties": rule(Criteria=criteria)}}}
    found = imported("automation-rules", yaml.safe_dump(template), "template.yaml")
    assert found.rules == ()
    assert reasons(found)[0][0] == "Resources.R.Properties.Criteria"
