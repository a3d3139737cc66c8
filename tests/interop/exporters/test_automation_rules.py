"""Rules exported to automation rules decide the same there, or are refused."""

import json
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.authoring.compiler import compile_ruleset
from hubtriage.authoring.loader import load_rules
from hubtriage.engine.planning.entry import NO_ENTRY
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.ruleset.ruleset import Ruleset, load_ruleset
from hubtriage.interop.criteria.input import Refused
from hubtriage.interop.criteria.parse_filters import parse_filters
from hubtriage.interop.criteria.to_rule import rule_conditions
from hubtriage.interop.exporters.automation_rules import Exported, export_rules
from hubtriage.interop.exporters.cloudformation import check, template
from hubtriage.interop.importers.render import render
from hubtriage.localaws.securityhub.asff.filters import automation_criteria
from hubtriage.localaws.securityhub.automation.rules import AutomationRules
from tests.support.examples import examples
from tests.support.filter_cases import LABELS, NOW, random_filters, random_finding
from tests.support.imported_rules import imported, ruleset_of

PRODUCT = "arn:aws:securityhub:eu-west-1::product/aws/guardduty"


def exported(folder: Path, *rules: dict[str, Any], lists: dict[str, Any] | None = None) -> Exported:
    folder.mkdir(exist_ok=True)
    full = [{"id": f"rule-{number}", **noted(rule)} for number, rule in enumerate(rules, 1)]
    text = render(full) + (yaml.safe_dump({"lists": lists}) if lists else "")
    (folder / "rules.yaml").write_text(text, encoding="utf-8")
    loaded = load_rules(folder)
    assert loaded.errors == ()
    return export_rules(loaded.rules)


def noted(rule: dict[str, Any]) -> dict[str, Any]:
    """The rule with a note if it hides: lint wants one."""
    update = rule["update"]
    if not {"Workflow", "Severity"} & set(update) or update.get("Workflow", {}).get("Status") == "NOTIFIED":
        return rule
    return {**rule, "update": {"Note": {"Text": "Accepted."}, **update}}


def rule(**members: Any) -> dict[str, Any]:
    return {"match": {"Title": ["a"]}, "update": {"Confidence": 5}, **members}


def comparison(value: str, name: str = "EQUALS", key: str | None = None) -> dict[str, str]:
    return {**({"Key": key} if key else {}), "Value": value, "Comparison": name}


def test_a_rule_becomes_a_request_that_the_service_takes(tmp_path: Path) -> None:
    ours = {
        "id": "accepted",
        "description": "Accepted.",
        "ticket": "SEC-1",
        "order": 7,
        "terminal": True,
        "ceiling": "CRITICAL",
        "match": {"AwsAccountId": [{"in-list": "sandbox"}], "Resources": {"Tags": {"env": ["dev"]}}},
        "update": {
            "Workflow": {"Status": "SUPPRESSED"},
            "Note": {"Text": "See {rule.ticket}."},
            "UserDefinedFields": {"ticket": "{rule.ticket}"},
        },
    }
    found = exported(tmp_path, ours, lists={"sandbox": ["111122223333", "444455556666"]})
    assert found.refusals == ()
    [request] = found.requests
    assert request == {
        "RuleName": "accepted",
        "RuleOrder": 7,
        "RuleStatus": "ENABLED",
        "IsTerminal": True,
        "Description": "Accepted.",
        "Criteria": {
            "AwsAccountId": [comparison("111122223333"), comparison("444455556666")],
            "ResourceTags": [comparison("dev", key="env")],
        },
        "Actions": [
            {
                "Type": "FINDING_FIELDS_UPDATE",
                "FindingFieldsUpdate": {
                    "Workflow": {"Status": "SUPPRESSED"},
                    "Note": {"Text": "See SEC-1.", "UpdatedBy": "hubtriage/accepted"},
                    "UserDefinedFields": {"ticket": "SEC-1"},
                },
            }
        ],
    }
    assert AutomationRules("arn:aws:securityhub:eu-west-1:111122223333").create(request, "ann", NOW)


CRITERIA = [
    pytest.param(
        {"match": {"Title": [{"prefix": "a"}, {"wildcard": "*b*"}, {"wildcard": "c*"}]}},
        {"Title": [comparison("a", "PREFIX"), comparison("b", "CONTAINS"), comparison("c", "PREFIX")]},
        id="prefixes and parts",
    ),
    pytest.param(
        {"match": {"Title": [{"anything-but": ["a", "b"]}]}},
        {"Title": [comparison("a", "NOT_EQUALS"), comparison("b", "NOT_EQUALS")]},
        id="anything but, of what is always there",
    ),
    pytest.param(
        {"match": {"Compliance": {"Status": [{"anything-but": "PASSED"}, {"exists": False}]}}},
        {"ComplianceStatus": [comparison("PASSED", "NOT_EQUALS")]},
        id="anything but, or not there",
    ),
    pytest.param(
        {"match": {"Confidence": [{"numeric": [">=", 5, "<", 9]}, 50]}},
        {"Confidence": [{"Gte": 5, "Lte": 8}, {"Eq": 50}]},
        id="numbers, which are whole",
    ),
    pytest.param(
        {"when": {">": [{"age_days": [{"var": "CreatedAt"}]}, 90]}},
        {"CreatedAt": [{"DateRange": {"Value": 90, "Unit": "DAYS", "Comparison": "OLDER_THAN"}}]},
        id="an age",
    ),
    pytest.param(
        {
            "when": {
                "and": [
                    {"before": [{"var": "CreatedAt"}, "2026-02-01T00:00:00Z"]},
                    {"after": [{"var": "CreatedAt"}, "2026-01-01T00:00:00Z"]},
                ]
            }
        },
        {"CreatedAt": [{"Start": "2026-01-01T00:00:00.001Z", "End": "2026-01-31T23:59:59.999Z"}]},
        id="bounds of a date",
    ),
    pytest.param(
        {
            "match": {"ProductName": ["GuardDuty"]},
            "when": {"!": [{"some": [{"var": "Resources"}, {"==": [{"var": "Type"}, "AwsS3Bucket"]}]}]},
        },
        {"ProductName": [comparison("GuardDuty")], "ResourceType": [comparison("AwsS3Bucket", "NOT_EQUALS")]},
        id="no resource of a type",
    ),
    pytest.param(
        {"when": {"in": [{"var": "AwsAccountId"}, ["111122223333", "444455556666"]]}},
        {"AwsAccountId": [comparison("111122223333"), comparison("444455556666")]},
        id="in a list that is written out",
    ),
    pytest.param(
        {"when": {"in": ["x", {"var": "Title"}]}}, {"Title": [comparison("x", "CONTAINS")]}, id="in a text"
    ),
    pytest.param(
        {"when": {"in": ["x", {"var": "Types"}]}}, {"Type": [comparison("x")]}, id="in a list of the finding"
    ),
    pytest.param(
        {"when": {"none": [{"var": "Resources"}, {"glob": [{"var": "Id"}, "*\\*x*"]}]}},
        {"ResourceId": [comparison("*x", "NOT_CONTAINS")]},
        id="none with a part",
    ),
    pytest.param(
        {"when": {"==": [{"var": "UserDefinedFields.state"}, "open"]}},
        {"UserDefinedFields": [comparison("open", key="state")]},
        id="a member of a map",
    ),
    pytest.param(
        {"match": {"Title": ["a"]}, "when": True},
        {"Title": [comparison("a")]},
        id="a condition that always holds",
    ),
]


@pytest.mark.parametrize(("condition", "criteria"), CRITERIA)
def test_conditions_become_criteria(
    condition: dict[str, Any], criteria: dict[str, Any], tmp_path: Path
) -> None:
    found = exported(tmp_path, {"update": {"Confidence": 5}, **condition})
    assert found.refusals == ()
    assert [request["Criteria"] for request in found.requests] == [criteria]


def test_branches_become_rules_and_those_that_differ_in_one_list_one_rule(tmp_path: Path) -> None:
    branches = [{"Title": ["a"]}, {"Title": ["b"]}, {"Description": ["c"]}]
    found = exported(tmp_path, rule(match={"AwsAccountId": ["111122223333"], "$or": branches}))
    assert [(one["RuleName"], one["Criteria"]) for one in found.requests] == [
        (
            "rule-1 (1 of 2)",
            {"AwsAccountId": [comparison("111122223333")], "Title": [comparison("a"), comparison("b")]},
        ),
        ("rule-1 (2 of 2)", {"AwsAccountId": [comparison("111122223333")], "Description": [comparison("c")]}),
    ]


def test_an_or_over_attributes_becomes_several_rules_and_one_over_values_one(tmp_path: Path) -> None:
    titles = {"or": [{"===": [{"var": "Title"}, one]} for one in ("a", "b")]}
    other = {"and": [{"===": [{"var": "Id"}, "c"]}, {"!": [{"===": [{"var": "GeneratorId"}, "d"]}]}]}
    found = exported(tmp_path, rule(match={"AwsAccountId": ["111122223333"]}, when={"or": [titles, other]}))
    assert [(one["RuleName"], one["Criteria"]) for one in found.requests] == [
        (
            "rule-1 (1 of 2)",
            {"AwsAccountId": [comparison("111122223333")], "Title": [comparison("a"), comparison("b")]},
        ),
        (
            "rule-1 (2 of 2)",
            {
                "AwsAccountId": [comparison("111122223333")],
                "Id": [comparison("c")],
                "GeneratorId": [comparison("d", "NOT_EQUALS")],
            },
        ),
    ]


def test_an_or_of_too_many_branches_is_refused(tmp_path: Path) -> None:
    either = {"or": [{"===": [{"var": "Title"}, "a"]}, {"===": [{"var": "Id"}, "b"]}]}
    [refusal] = exported(tmp_path, rule(when={"and": [either] * 7})).refusals
    assert (refusal.where, refusal.reason.partition(";")[0]) == (
        "when.and",
        "it would take 128 automation rules",
    )


def test_a_long_list_of_values_becomes_several_rules(tmp_path: Path) -> None:
    accounts = [f"{1111_0000_0000 + number}" for number in range(150)]
    match = {"AwsAccountId": [{"in-list": "many"}], "Types": [f"t{number}" for number in range(21)]}
    found = exported(tmp_path, rule(match=match), lists={"many": accounts})
    assert not found.refusals
    assert [request["RuleName"] for request in found.requests] == [f"rule-1 ({n} of 4)" for n in range(1, 5)]
    lengths = [{key: len(values) for key, values in one["Criteria"].items()} for one in found.requests]
    assert lengths == [
        {"AwsAccountId": accounts_count, "Type": types} for accounts_count in (100, 50) for types in (20, 1)
    ]
    pairs = [
        (account["Value"], kind["Value"])
        for request in found.requests
        for account in request["Criteria"]["AwsAccountId"]
        for kind in request["Criteria"]["Type"]
    ]
    assert sorted(pairs) == sorted((account, kind) for account in accounts for kind in match["Types"])
    service = AutomationRules("arn:aws:securityhub:eu-west-1:111122223333")
    assert all(service.create(request, "ann", NOW) for request in found.requests)


APART = [
    pytest.param(
        [{"Title": ["a"], "Id": ["1"]}, {"Title": ["b"], "Id": ["2"]}], id="branches that differ in two lists"
    ),
    pytest.param(
        [{"Title": [{"anything-but": "a"}]}, {"Title": [{"anything-but": "b"}]}], id="negative branches"
    ),
    pytest.param(
        [{"Title": ["a"]}, {"Title": [{"anything-but": "b"}]}], id="a value, and anything but another"
    ),
    pytest.param([{"Title": ["a"]}, {"Title": ["a"], "Id": ["1"]}], id="a branch that asks for more"),
]


@pytest.mark.parametrize("branches", APART)
def test_branches_that_are_not_one_rule_stay_two(branches: list[dict[str, Any]], tmp_path: Path) -> None:
    found = exported(tmp_path, rule(match={"$or": branches}))
    apart = [exported(tmp_path / "one", rule(match=branch)).requests[0]["Criteria"] for branch in branches]
    assert [request["Criteria"] for request in found.requests] == apart


CEILINGS = [
    pytest.param(
        {"Workflow": {"Status": "SUPPRESSED"}}, "HIGH", ["CRITICAL"], id="what hides stops at its ceiling"
    ),
    pytest.param({"Workflow": {"Status": "NOTIFIED"}}, "HIGH", [], id="what does not hide has none"),
    pytest.param({"Workflow": {"Status": "RESOLVED"}}, "CRITICAL", [], id="the highest excludes nothing"),
    pytest.param({"Severity": {"Label": "LOW"}}, "MEDIUM", ["HIGH", "CRITICAL"], id="a lower severity hides"),
    pytest.param({"Severity": {"Label": "HIGH"}}, "LOW", ["CRITICAL"], id="but not what it raises"),
]


@pytest.mark.parametrize(("update", "ceiling", "excluded"), CEILINGS)
def test_a_ceiling_becomes_a_criterion(
    update: dict[str, Any], ceiling: str, excluded: list[str], tmp_path: Path
) -> None:
    [request] = exported(tmp_path, rule(update=update, ceiling=ceiling)).requests
    expected = [comparison(label, "NOT_EQUALS") for label in excluded]
    assert request["Criteria"].get("SeverityLabel", []) == expected


def test_a_ceiling_takes_severities_out_of_a_list_that_the_rule_has(tmp_path: Path) -> None:
    match = {"Severity": {"Label": ["HIGH", "CRITICAL"]}}
    resolve = rule(match=match, update={"Workflow": {"Status": "RESOLVED"}}, ceiling="HIGH")
    [request] = exported(tmp_path, resolve).requests
    assert request["Criteria"] == {"SeverityLabel": [comparison("HIGH")]}


def test_rules_come_in_the_order_in_which_to_make_them(tmp_path: Path) -> None:
    found = exported(tmp_path, rule(id="c"), rule(id="b", order=1), rule(id="a"), rule(id="d", mode="off"))
    assert [(one["RuleName"], one["RuleOrder"], one["RuleStatus"]) for one in found.requests] == [
        ("b", 1, "ENABLED"),
        ("a", 500, "ENABLED"),
        ("c", 500, "ENABLED"),
        ("d", 500, "DISABLED"),
    ]


REFUSALS = [
    pytest.param({"mode": "observe"}, "mode", "'observe'", id="a rule that observes"),
    pytest.param({"expires": "2027-01-01"}, "expires", "start or end at a time", id="a rule that ends"),
    pytest.param({"during": {"days": ["sat"]}}, "during", "start or end at a time", id="a rule with windows"),
    pytest.param({"starts": "2027-01-01"}, "starts", "start or end at a time", id="a rule that starts"),
    pytest.param(
        {"update": {}, "terminal": True}, "update", "must change", id="a rule that only stops others"
    ),
    pytest.param(
        {"update": {"Severity": {"AtMost": "LOW"}}}, "update.Severity.AtMost", "not limit it", id="a bound"
    ),
    pytest.param(
        {"update": {"Types": {"Add": ["TTPs"]}}}, "update.Types", "not add or remove", id="types to add"
    ),
    pytest.param(
        {"update": {"Note": {"Text": "{finding.Title}"}}},
        "update.Note.Text",
        "values of a finding",
        id="a template",
    ),
    pytest.param(
        {"match": {"Region": ["eu-west-1"]}}, "match.Region", "Region", id="a field without criterion"
    ),
    pytest.param({"match": {"Title": [{"suffix": "a"}]}}, "match.Title[0]", "`suffix`", id="a suffix"),
    pytest.param(
        {"match": {"Title": [{"wildcard": "a*b"}]}}, "match.Title[0]", "'a*b'", id="a star in the middle"
    ),
    pytest.param(
        {"match": {"Title": [{"wildcard": "*a"}]}}, "match.Title[0]", "'*a'", id="a suffix by a star"
    ),
    pytest.param(
        {"match": {"Note": {"Text": [{"exists": True}]}}},
        "match.Note.Text[0]",
        "exists",
        id="whether something exists",
    ),
    pytest.param(
        {"match": {"Note": {"Text": [{"exists": False}]}}},
        "match.Note.Text",
        "exists",
        id="whether nothing exists",
    ),
    pytest.param(
        {"match": {"Note": {"Text": [{"anything-but": "a"}]}}},
        "match.Note.Text",
        "a missing value",
        id="a note, and another",
    ),
    pytest.param(
        {"match": {"Types": [{"anything-but": "a"}, {"exists": False}]}},
        "match.Types",
        "if one element differs",
        id="some other",
    ),
    pytest.param(
        {"match": {"Title": ["a", {"anything-but": "b"}]}},
        "match.Title",
        "by `or`",
        id="a value or anything but",
    ),
    pytest.param(
        {"match": {"Resources": {"Type": ["a"], "Id": ["b"]}}},
        "match.Resources.Id",
        "of one element",
        id="one resource",
    ),
    pytest.param(
        {"match": {"Resources": {"Tags": {"a": ["b"], "c": ["d"]}}}},
        "match.Resources.Tags.c",
        "of one element",
        id="two tags of one resource",
    ),
    pytest.param(
        {"match": {"Title": ["a"]}, "when": {"starts_with": [{"var": "Title"}, "a"]}},
        "match",
        "two conditions",
        id="two conditions",
    ),
    pytest.param(
        {"match": {"Title": [{"anything-but": [f"t{n}" for n in range(101)]}]}},
        "match",
        "101 excluded values for Title; AWS takes 100",
        id="more unwanted values than one rule takes",
    ),
    pytest.param(
        {"match": {"Title": [f"t{n}" for n in range(10_001)]}},
        "match",
        "101 automation rules; AWS allows 100",
        id="more values than all rules take",
    ),
    pytest.param(
        {"match": {"Title": [f"t{n}" for n in range(1001)], "Types": [f"t{n}" for n in range(200)]}},
        "match",
        "110 automation rules",
        id="two long lists",
    ),
    pytest.param({"match": None, "when": True}, "when", "need a criterion", id="every finding"),
    pytest.param({"when": {"regex": [{"var": "Title"}, "a|b"]}}, "when", "regex", id="an expression"),
    pytest.param(
        {"when": {"!": [{"or": [{"==": [{"var": "Title"}, "a"]}, {"==": [{"var": "Id"}, "a"]}]}]}},
        "when['!'].or",
        "different attributes",
        id="or over attributes",
    ),
    pytest.param(
        {"when": {"<": [{"age_days": [{"var": "CreatedAt"}]}, 90]}},
        "when['<']",
        "cannot",
        id="another comparison of an age",
    ),
    pytest.param(
        {"when": {"<=": [{"age_days": [{"var": "CreatedAt"}]}, 90]}},
        "when['<=']",
        "cannot",
        id="an age without its start",
    ),
    pytest.param(
        {"when": {"!": [{"before": [{"var": "CreatedAt"}, "2026-01-01"]}]}},
        "when",
        "opposite",
        id="not before",
    ),
    pytest.param({"when": {"var": "Sample"}}, "when", "`var`", id="a value as a condition"),
    pytest.param(
        {
            "when": {
                "some": [
                    {"var": "Resources"},
                    {"and": [{"==": [{"var": "Type"}, "a"]}, {"==": [{"var": "Id"}, "b"]}]},
                ]
            }
        },
        "when.some[1].and",
        "`and`",
        id="two conditions on one element",
    ),
]


@pytest.mark.parametrize(("members", "where", "reason"), REFUSALS)
def test_what_automation_rules_cannot_say_is_refused(
    members: dict[str, Any], where: str, reason: str, tmp_path: Path
) -> None:
    ours = {name: value for name, value in rule(**members).items() if value is not None}
    found = exported(tmp_path, ours, rule())
    [refusal] = found.refusals
    assert (refusal.rule, refusal.where) == ("rule-1", where)
    assert reason in refusal.reason
    assert refusal.place.startswith(f"{tmp_path.as_posix()}/rules.yaml:")
    assert [request["RuleName"] for request in found.requests] == ["rule-2"]


UPDATES = [
    {"Workflow": {"Status": "SUPPRESSED"}},
    {"Workflow": {"Status": "NOTIFIED"}},
    *({"Severity": {"Label": label}} for label in LABELS),
    {"UserDefinedFields": {"seen": "yes"}},
]


def random_rule(random: Random) -> dict[str, Any]:
    """A rule whose conditions automation rules can ask for, and that lint lets pass."""
    while True:
        try:
            condition = rule_conditions(parse_filters(random_filters(random), ()))
        except Refused:
            continue
        drawn = {**condition, "ceiling": random.choice(LABELS), "update": random.choice(UPDATES)}
        with TemporaryDirectory() as folder:
            Path(folder, "rules.yaml").write_text(
                render([{"id": "rule-1", **noted(drawn)}]), encoding="utf-8"
            )
            if not load_rules(Path(folder)).errors:
                return drawn


def applies(ruleset: Ruleset, finding: dict[str, Any]) -> bool:
    """Whether any of the rules applies to a finding that nobody has touched."""
    return bool(decide(finding, NO_ENTRY, ruleset, NOW, Settings()).rules)


@examples(60)
@given(st.integers(0, 2**32).map(Random))
def test_a_rule_its_export_and_the_import_of_that_apply_to_the_same_findings(
    tmp_path_factory: pytest.TempPathFactory, random: Random
) -> None:
    folder = tmp_path_factory.mktemp("rules")
    found = exported(folder, random_rule(random))
    if found.refusals:
        assert "ceiling" in found.refusals[0].reason or "AWS refuses" in found.refusals[0].reason
        return
    ours = load_ruleset(compile_ruleset(folder, revision=None))
    theirs = [automation_criteria(request["Criteria"]) for request in found.requests]
    again = ruleset_of(imported("automation-rules", json.dumps(found.requests), "rules.json"))
    for _ in range(20):
        finding = {**random_finding(random), "FindingProviderFields": {}}
        expected = applies(ours, finding)
        assert any(criteria(finding, NOW) for criteria in theirs) == expected, (found.requests, finding)
        assert applies(again, finding) == expected, (found.requests, finding)


LONG = {
    "Title": lambda values: {"match": {"Title": values}},
    "Types": lambda values: {"match": {"Types": values}},
    "ResourceType": lambda values: {"match": {"Resources": {"Type": values}}},
    "GeneratorId": lambda values: {"when": {"in_list": [{"var": "GeneratorId"}, values]}},
    "Description": lambda values: {"match": {"Description": [{"prefix": value} for value in values]}},
    "ResourceTags": lambda values: {"match": {"Resources": {"Tags": {"env": values}}}},
    "ResourceId": lambda values: {
        "when": {"none": [{"var": "Resources"}, {"in_list": [{"var": "Id"}, values]}]}
    },
}


@examples(25)
@given(
    st.sampled_from(sorted(LONG)),
    st.sampled_from((19, 20, 21, 41, 99, 100, 101, 201)),
    st.integers(0, 2**32).map(Random),
)
def test_a_long_list_means_the_same_there_and_back(
    tmp_path_factory: pytest.TempPathFactory, name: str, count: int, random: Random
) -> None:
    """Findings have values of the list, values beside them, several of them, or none."""
    words = [f"value {number:03}" for number in range(count)]
    folder = tmp_path_factory.mktemp("rules")
    found = exported(folder, {"update": {"Confidence": 5}, **LONG[name](words)})
    if found.refusals:
        assert name == "ResourceId"
        assert count > 100
        return
    ours = load_ruleset(compile_ruleset(folder, revision=None))
    again = ruleset_of(imported("automation-rules", json.dumps(found.requests), "rules.json"))
    theirs = [automation_criteria(request["Criteria"]) for request in found.requests]
    near = [*words[:1], *words[-1:], *random.sample(words, 3), "value", f"value {count:03}", "Value 000"]
    for _ in range(15):
        one = random_finding(random)
        one |= {member: random.choice(near) for member in ("Title", "GeneratorId", "Description")}
        one["Types"] = random.choices(near, k=2)
        one["Resources"] = [
            {"Type": random.choice(near), "Id": random.choice(near), "Tags": {"env": random.choice(near)}}
            for _ in range(random.randint(1, 3))
        ]
        expected = applies(ours, one)
        assert any(criteria(one, NOW) for criteria in theirs) == expected
        assert applies(again, one) == expected


def test_a_template_of_the_rules_is_what_cloudformation_takes(tmp_path: Path) -> None:
    import cfnlint.api  # it takes a second

    everything = {
        "Workflow": {"Status": "SUPPRESSED"},
        "Severity": {"Label": "LOW"},
        "VerificationState": "BENIGN_POSITIVE",
        "Confidence": 90,
        "Criticality": 10,
        "Types": ["TTPs"],
        "UserDefinedFields": {"a": "b"},
        "RelatedFindings": [{"ProductArn": PRODUCT, "Id": "f"}],
        "Note": {"Text": "Accepted.", "UpdatedBy": "team"},
    }
    age = {"<=": [0, {"age_days": [{"var": "CreatedAt"}]}, 90]}
    match = {"Title": [{"prefix": "a"}], "Resources": {"Tags": {"env": ["dev"]}}, "Confidence": [50]}
    found = exported(
        tmp_path, rule(match=match, when=age, update=everything, ceiling="CRITICAL"), rule(id="b")
    )
    document = template(found.requests)
    assert [one.get("DependsOn") for one in document["Resources"].values()] == [None, "Rule001B"]
    assert cfnlint.api.lint(json.dumps(document), config=cfnlint.api.ManualArgs(regions=["us-east-1"])) == []
    again = imported("automation-rules", json.dumps(document), "template.json")
    assert len(again.rules) == 2


MISSING = [
    pytest.param({"match": {"AwsAccountName": ["a"]}}, "AwsAccountName", id="a criterion of the API alone"),
    pytest.param({"when": {">": [{"age_days": [{"var": "CreatedAt"}]}, 9]}}, "older than", id="an age"),
]


@pytest.mark.parametrize(("condition", "reason"), MISSING)
def test_what_only_the_api_has_is_refused_for_a_template(
    condition: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    assert exported(tmp_path, {"update": {"Confidence": 5}, **condition}).refusals == ()
    found = export_rules(load_rules(tmp_path).rules, check)
    assert found.requests == ()
    assert reason in found.refusals[0].reason
