"""Rules exported to automation rules of V2 decide the same there, and here if they come back."""

import json
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from botocore.session import get_session
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.authoring.compiler import compile_ruleset
from hubtriage.authoring.loader import load_rules
from hubtriage.engine.ocsf.view import asff_view
from hubtriage.engine.planning.entry import NO_ENTRY
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.ruleset.ruleset import Ruleset, load_ruleset
from hubtriage.interop.criteria.input import Refused
from hubtriage.interop.exporters.automation_rules import Exported, export_rules
from hubtriage.interop.exporters.automation_rules_v2 import in_order, requests_v2
from hubtriage.interop.exporters.cloudformation import check_v2, template
from hubtriage.interop.exporters.terraform import configuration
from hubtriage.interop.importers.render import render
from hubtriage.interop.ocsf_criteria.parse_filters import parse_ocsf_filters
from hubtriage.interop.ocsf_criteria.to_rule import joined_conditions
from hubtriage.localaws.securityhub.v2.filters import finding_filter
from hubtriage.localaws.securityhub.v2.rules import AutomationRulesV2
from tests.support.examples import examples
from tests.support.filter_cases import NOW
from tests.support.imported_rules import imported, ruleset_of
from tests.support.ocsf_cases import random_criteria, random_ocsf

SUPPRESS = {"Workflow": {"Status": "SUPPRESSED"}, "Note": {"Text": "Accepted."}}
NOTE = {"Note": {"Text": "Accepted."}}
LOW = {"Severity": {"Label": ["LOW"]}}
seeds = given(st.integers(0, 2**32).map(Random))


def written(folder: Path, *rules: dict[str, Any]) -> None:
    full = [{"id": f"rule-{number}", **rule} for number, rule in enumerate(rules, 1)]
    (folder / "rules.yaml").write_text(render(full), encoding="utf-8")


def exported(folder: Path, *rules: dict[str, Any], check: Any = lambda _request: None) -> Exported:
    written(folder, *rules)
    loaded = load_rules(folder)
    assert loaded.errors == ()
    return export_rules(loaded.rules, check, requests_v2)


def exported_if_valid(folder: Path, rule: dict[str, Any]) -> Exported | None:
    """What is exported; None for a rule that our loader refuses, as for texts that look like patterns."""
    written(folder, rule)
    loaded = load_rules(folder)
    return None if loaded.errors else export_rules(loaded.rules, requests_of=requests_v2)


def rule(**members: Any) -> dict[str, Any]:
    return {"match": {"Title": ["a"]}, "update": NOTE, **members}


def string(field: str, value: str, comparison: str = "EQUALS") -> dict[str, Any]:
    return {"FieldName": field, "Filter": {"Value": value, "Comparison": comparison}}


def number(field: str, **bounds: float) -> dict[str, Any]:
    return {"FieldName": field, "Filter": bounds}


def composites(request: dict[str, Any]) -> list[dict[str, Any]]:
    criteria = request["Criteria"]["OcsfFindingCriteria"]
    assert criteria["CompositeOperator"] == "AND"
    found: list[dict[str, Any]] = criteria["CompositeFilters"]
    return found


def test_a_rule_becomes_a_request_that_the_service_takes(tmp_path: Path) -> None:
    ours = {
        "id": "accepted",
        "description": "Accepted.",
        "ticket": "SEC-1",
        "order": 7,
        "ceiling": "HIGH",
        "match": {
            "AwsAccountId": ["111122223333", "444455556666"],
            "Compliance": {"SecurityControlId": ["S3.1"], "Status": ["FAILED"]},
            "RecordState": ["ACTIVE"],
            "Workflow": {"Status": ["NEW", "RESOLVED"]},
            "Resources": {"Tags": {"env": ["dev"]}},
        },
        "when": {"!": {"in": ["x", {"var": "Types"}]}},
        "update": {
            "Workflow": {"Status": "SUPPRESSED"},
            "Severity": {"Label": "LOW"},
            "Note": {"Text": "See {rule.ticket}."},
        },
    }
    found = exported(tmp_path, ours)
    assert found.refusals == ()
    [request] = found.requests
    assert request == {
        "RuleName": "accepted",
        "RuleOrder": 7,
        "RuleStatus": "ENABLED",
        "Description": "Accepted.",
        "Criteria": {
            "OcsfFindingCriteria": {
                "CompositeFilters": [
                    {
                        "StringFilters": [
                            string("compliance.control", "S3.1"),
                            string("activity_name", "Close", "NOT_EQUALS"),
                            string("finding_info.types", "x", "NOT_EQUALS"),
                        ],
                        "NumberFilters": [
                            number("compliance.status_id", Eq=3),
                            number("vendor_attributes.severity_id", Gte=1, Lte=4),
                        ],
                        "MapFilters": [
                            {
                                "FieldName": "resources.tags",
                                "Filter": {"Key": "env", "Value": "dev", "Comparison": "EQUALS"},
                            }
                        ],
                        "Operator": "AND",
                    },
                    {
                        "StringFilters": [
                            string("cloud.account.uid", "111122223333"),
                            string("cloud.account.uid", "444455556666"),
                        ],
                        "Operator": "OR",
                    },
                ],
                "CompositeOperator": "AND",
            }
        },
        "Actions": [
            {
                "Type": "FINDING_FIELDS_UPDATE",
                "FindingFieldsUpdate": {"StatusId": 3, "SeverityId": 2, "Comment": "See SEC-1."},
            }
        ],
    }
    assert AutomationRulesV2("arn:aws:securityhub:eu-west-1:111122223333").create(request, NOW)
    client = get_session().create_client(
        "securityhub", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    with Stubber(client) as stub:
        stub.add_response("create_automation_rule_v2", {"RuleArn": "arn"}, request)
        client.create_automation_rule_v2(**request)


CRITERIA = [
    pytest.param(
        {"match": {"Severity": {"Label": ["LOW", "MEDIUM", "CRITICAL"]}}},
        [
            {
                "NumberFilters": [
                    number("vendor_attributes.severity_id", Gte=2, Lte=3),
                    number("vendor_attributes.severity_id", Gte=5, Lte=6),
                ],
                "Operator": "OR",
            }
        ],
        id="severities are runs of numbers",
    ),
    pytest.param(
        {"match": {"Severity": {"Label": [{"anything-but": "LOW"}]}}},
        [
            {
                "NumberFilters": [
                    number("vendor_attributes.severity_id", Gte=0, Lte=1),
                    number("vendor_attributes.severity_id", Gte=3, Lte=6),
                    number("vendor_attributes.severity_id", Eq=99),
                ],
                "Operator": "OR",
            }
        ],
        id="anything but a severity holds for those that are not known",
    ),
    pytest.param(
        {"match": {"Compliance": {"Status": [{"anything-but": "PASSED"}, {"exists": False}]}}},
        [{"StringFilters": [string("compliance.status", "Pass", "NOT_EQUALS")], "Operator": "AND"}],
        id="anything but passed",
    ),
    pytest.param(
        {"match": {"ProductArn": [{"wildcard": "*::product/aws/guardduty"}, {"prefix": "arn:aws-cn:"}]}},
        None,
        id="the end of an ARN has no criterion",
    ),
    pytest.param(
        {"match": {"ProductArn": [{"wildcard": "*::product/aws/guardduty*"}]}},
        [
            {
                "StringFilters": [string("metadata.product.uid", "::productv2/aws/guardduty", "CONTAINS")],
                "Operator": "AND",
            }
        ],
        id="a product has another ARN in V2",
    ),
    pytest.param(
        {"match": {"Resources": {"Type": ["AwsS3Bucket", "AwsRdsDbInstance"]}}},
        [
            {
                "StringFilters": [
                    string("resources.type", "AWS::S3::Bucket"),
                    string("resources.type", "AWS::RDS::DBInstance"),
                ],
                "Operator": "OR",
            }
        ],
        id="types of resources are CloudFormation's",
    ),
    pytest.param(
        {"match": {"Vulnerabilities": {"FixAvailable": ["NO"]}}},
        [
            {
                "BooleanFilters": [
                    {"FieldName": "vulnerabilities.is_fix_available", "Filter": {"Value": False}}
                ],
                "Operator": "AND",
            }
        ],
        id="no fix",
    ),
    pytest.param(
        {"match": {"Vulnerabilities": {"Cvss": {"BaseScore": [{"numeric": [">", 7.5]}]}}}},
        [{"NumberFilters": [number("vulnerabilities.cve.cvss.base_score", Gt=7.5)], "Operator": "AND"}],
        id="a score is no whole number",
    ),
    pytest.param(
        {
            "match": {
                "Severity": {"Label": ["LOW"]},
                "FindingProviderFields": {"Severity": {"Label": ["LOW"]}},
            }
        },
        [
            {"NumberFilters": [number("vendor_attributes.severity_id", Eq=2)], "Operator": "AND"},
            {"NumberFilters": [number("vendor_attributes.severity_id", Eq=2)], "Operator": "OR"},
        ],
        id="two conditions on one field stand apart",
    ),
    pytest.param(
        {"when": {"before": [{"var": "CreatedAt"}, "2026-02-01T00:00:00Z"]}},
        [
            {
                "DateFilters": [
                    {
                        "FieldName": "finding_info.created_time_dt",
                        "Filter": {"End": "2026-01-31T23:59:59.999Z"},
                    }
                ],
                "Operator": "AND",
            }
        ],
        id="before a day",
    ),
]


@pytest.mark.parametrize(("condition", "expected"), CRITERIA)
def test_conditions_become_criteria(
    condition: dict[str, Any], expected: list[dict[str, Any]] | None, tmp_path: Path
) -> None:
    found = exported(tmp_path, {"update": NOTE, **condition})
    if expected is None:
        assert found.requests == ()
        return
    assert found.refusals == ()
    assert [composites(request) for request in found.requests] == [expected]


REFUSED = [
    pytest.param(rule(terminal=True), "terminal", "keep later ones away", id="a terminal rule"),
    pytest.param(rule(mode="observe"), "mode", "observe", id="a rule that observes"),
    pytest.param(rule(update={"Confidence": 5}), "update.Confidence", "cannot set Confidence", id="a field"),
    pytest.param(
        rule(update={"Severity": {"AtMost": "LOW"}, **NOTE}), "update.Severity", "label", id="a limit"
    ),
    pytest.param(
        rule(update={"Note": {"Text": "{finding.Title}"}}),
        "update.Note.Text",
        "values",
        id="a value in a text",
    ),
    pytest.param(
        rule(match={"Resources": {"Id": ["a"]}}), "match.Resources.Id", "Resources.Id", id="ids of resources"
    ),
    pytest.param(rule(match={"GeneratorId": ["a"]}), "match.GeneratorId", "GeneratorId", id="generators"),
    pytest.param(
        rule(match={"Workflow": {"Status": ["NEW"]}}), "match", "see no status", id="new findings alone"
    ),
    pytest.param(
        rule(match={"Compliance": {"Status": ["NOT_AVAILABLE"]}}),
        "match",
        "NOT_AVAILABLE",
        id="unknown",
    ),
    pytest.param(
        rule(match={"Vulnerabilities": {"FixAvailable": ["YES"]}}), "match", "YES, PARTIAL", id="whole fixes"
    ),
    pytest.param(
        rule(match={"Resources": {"Type": ["AwsXyzThing"]}}), "match", "AwsXyzThing", id="an unknown type"
    ),
    pytest.param(
        rule(match={"Title": [{"anything-but": {"wildcard": "*a*"}}]}),
        "match",
        "NOT_CONTAINS",
        id="a part",
    ),
    pytest.param(
        rule(match={"ProductArn": [{"wildcard": "*duct/aws/guardduty*"}]}), "match", "part of", id="a cut ARN"
    ),
    pytest.param(
        rule(match={"Workflow": {"Status": ["NEW", "RESOLVED"]}}),
        "match",
        "need a criterion",
        id="nothing",
    ),
]


@pytest.mark.parametrize(("ours", "where", "words"), REFUSED)
def test_what_v2_cannot_express_is_refused(
    ours: dict[str, Any], where: str, words: str, tmp_path: Path
) -> None:
    found = exported(tmp_path, ours, rule())
    assert [request["RuleName"] for request in found.requests] == ["rule-2"]
    [refusal] = found.refusals
    assert refusal.where.startswith(where)
    assert words in refusal.reason


@pytest.mark.parametrize(
    ("update", "ceiling", "bounds"),
    [
        pytest.param(SUPPRESS, "CRITICAL", {"Gte": 1, "Lte": 6}, id="unknown severities are never hidden"),
        pytest.param(SUPPRESS, "MEDIUM", {"Gte": 1, "Lte": 3}, id="what hides stops at its ceiling"),
        pytest.param({"Severity": {"Label": "HIGH"}}, "LOW", {"Gte": 1, "Lte": 4}, id="what lowers too"),
        pytest.param(NOTE, "LOW", None, id="a note hides nothing"),
    ],
)
def test_a_ceiling_becomes_a_criterion(
    update: dict[str, Any], ceiling: str, bounds: dict[str, int] | None, tmp_path: Path
) -> None:
    [request] = exported(tmp_path, rule(update={**NOTE, **update}, ceiling=ceiling)).requests
    filters = composites(request)[0].get("NumberFilters", [])
    assert [one["Filter"] for one in filters] == ([bounds] if bounds else [])


def test_rules_of_one_order_get_orders_that_follow_each_other(tmp_path: Path) -> None:
    same = exported(tmp_path, rule(), rule(), rule(order=1000), rule(order=1000), rule(order=3))
    orders = [(one["RuleName"], one["RuleOrder"]) for one in in_order(same.requests)]
    assert orders == [
        ("rule-5", 3),
        ("rule-1", 500),
        ("rule-2", 500.001),
        ("rule-3", 999.999),
        ("rule-4", 1000),
    ]


# -- the same decisions ---------------------------------------------------------------------------


def hides(ruleset: Ruleset, finding: dict[str, Any]) -> bool:
    decision = decide(asff_view(finding), NO_ENTRY, ruleset, NOW, Settings())
    assert not decision.errors
    return (decision.update or {}).get("Workflow") == {"Status": "SUPPRESSED"}


REFUSED_AGAIN = {
    "rules see no difference between Unknown and Other",  # V2 has two numbers for what has no known severity
    "no value can satisfy this",  # a part of a rule and its ceiling may exclude each other
}


@examples(100)
@seeds
def test_exported_and_imported_again_a_rule_decides_the_same(random: Random) -> None:
    try:
        conditions = joined_conditions(parse_ocsf_filters(random_criteria(random), ()))
    except Refused:
        return
    ceiling = random.choice(("LOW", "MEDIUM", "CRITICAL"))
    with TemporaryDirectory() as folder:
        found = exported_if_valid(Path(folder), {**conditions, "ceiling": ceiling, "update": SUPPRESS})
        if found is None or found.refusals:
            return
        before = load_ruleset(compile_ruleset(Path(folder), revision=None))
    again = imported("automation-rules", json.dumps(in_order(found.requests)), "rules.json")
    assert {refusal.reason for refusal in again.refusals} <= REFUSED_AGAIN
    if again.refusals:
        return
    after = ruleset_of(again)
    there = [
        finding_filter(request["Criteria"]["OcsfFindingCriteria"], is_rule=True) for request in found.requests
    ]
    for _ in range(20):
        finding = random_ocsf(random)
        expected = hides(before, finding)
        assert hides(after, finding) == expected, (conditions, finding)
        if finding["status_id"] == 1 or finding.get("compliance", {}).get("status_id") == 1:
            assert any(each(finding, NOW) for each in there) == expected, (found.requests, finding)


def test_many_random_rules_can_be_exported() -> None:
    random, taken = Random(2), 0  # noqa: S311 - not a secret
    for _ in range(150):
        try:
            conditions = joined_conditions(parse_ocsf_filters(random_criteria(random), ()))
        except Refused:
            continue
        with TemporaryDirectory() as folder:
            found = exported_if_valid(Path(folder), {**conditions, "update": NOTE})
            taken += found is not None and not found.refusals
    assert taken >= 10


# -- forms ----------------------------------------------------------------------------------------

OF_ALL_KINDS = {
    "description": "Costs ${much} and %{more}.",
    "order": 7,
    "ceiling": "CRITICAL",
    "match": {
        "ProductName": ["GuardDuty", "Inspector"],
        "Region": [{"prefix": "eu-"}],
        "Severity": {"Label": ["LOW"]},
        "Vulnerabilities": {"ExploitAvailable": ["NO"]},
        "Resources": {"Tags": {"env": ["${dev}"]}},
    },
    "when": {"after": [{"var": "CreatedAt"}, "2026-01-01T00:00:00Z"]},
    "update": SUPPRESS,
}


@pytest.mark.parametrize("form", ["requests", "cloudformation", "terraform"])
def test_each_form_comes_back_as_the_same_rule(form: str, tmp_path: Path) -> None:
    found = exported(tmp_path, OF_ALL_KINDS, rule(mode="off"), check=check_v2)
    assert found.refusals == ()
    documents = {
        "requests": list(found.requests),
        "cloudformation": template(found.requests, of_v2=True),
        "terraform": configuration(found.requests),
    }
    names = {"requests": "r.json", "cloudformation": "t.json", "terraform": "r.tf.json"}
    again = imported("automation-rules", json.dumps(documents[form]), names[form])
    assert again.refusals == ()
    first, second = again.rules
    assert first["description"].startswith("Costs ${much} and %{more}.")
    assert first["match"] == {
        "Region": [{"prefix": "eu-"}],
        "FindingProviderFields": {"Severity": {"Label": ["LOW"]}},
        "Vulnerabilities": {"ExploitAvailable": ["NO"]},
        "Resources": {"Tags": {"env": ["${dev}"]}},
        "ProductName": ["GuardDuty", "Inspector"],
    }
    assert first["update"] == SUPPRESS
    assert second["mode"] == "off"


def test_a_template_has_not_all_that_the_api_has(tmp_path: Path) -> None:
    of_vulnerabilities = {"match": {"Vulnerabilities": {"Id": ["CVE-2026-1"]}}, "update": NOTE}
    old = {"when": {">": [{"age_days": [{"var": "CreatedAt"}]}, 30]}, "update": NOTE}
    assert exported(tmp_path, of_vulnerabilities, old).refusals == ()
    refused = exported(tmp_path, of_vulnerabilities, old, check=check_v2).refusals
    assert [one.reason.partition(" has no ")[0] for one in refused] == ["CloudFormation", "CloudFormation"]
