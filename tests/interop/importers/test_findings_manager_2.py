"""Rules of awsfindingsmanagerlib 2.x decide here as the API that they are written in says, or are refused."""

from typing import Any

import pytest
import yaml

from tests.support.imported_rules import decided, finding, imported, reasons, suppressed

KIND = "findings-manager-2"
SUPPRESS = {"Workflow": {"Status": "SUPPRESSED"}, "Note": {"Text": "accepted", "UpdatedBy": "team"}}


def rules(*written: dict[str, Any], defaults: dict[str, Any] | None = None) -> str:
    config = {"ManagerConfig": {"DefaultRuleInput": defaults}} if defaults is not None else {}
    return yaml.safe_dump({**config, "Rules": list(written)}, allow_unicode=True, sort_keys=False)


def suppress(filters: dict[str, Any], **extras: Any) -> dict[str, Any]:
    rule = {"Filters": filters, "UpdatesToFilteredFindings": SUPPRESS}
    return {**rule, "ExtraFeatures": extras} if extras else rule


def equals(*values: str) -> list[dict[str, str]]:
    return [{"Value": value, "Comparison": "EQUALS"} for value in values]


def tag(key: str, value: str, comparison: str = "EQUALS") -> dict[str, str]:
    return {"Key": key, "Value": value, "Comparison": comparison}


DECISIONS = [
    pytest.param({"Title": [{"Value": "S3", "Comparison": "PREFIX"}]}, {}, True, id="a prefix"),
    pytest.param({"Title": [{"Value": "s3", "Comparison": "PREFIX"}]}, {}, False, id="case counts"),
    pytest.param(
        {"ComplianceStatus": [{"Value": "PASSED", "Comparison": "NOT_EQUALS"}]},
        {"Compliance": None},
        True,
        id="what is missing equals nothing",
    ),
    pytest.param(
        {"Type": [{"Value": "TTPs/Discovery", "Comparison": "NOT_EQUALS"}]},
        {"Types": ["Effects", "TTPs/Discovery"]},
        False,
        id="NOT_EQUALS on a list asks for all of it",
    ),
    pytest.param(
        {
            "Title": [
                {"Value": "x", "Comparison": "NOT_EQUALS"},
                {"Value": "S3", "Comparison": "PREFIX_NOT_EQUALS"},
            ]
        },
        {},
        False,
        id="negative comparisons are and-ed",
    ),
    pytest.param(
        {"ResourceTags": [tag("env", "prod"), tag("env", "dev")]}, {}, True, id="values of one tag are or-ed"
    ),
    pytest.param(
        {"ResourceTags": [tag("env", "prod", "NOT_EQUALS")]},
        {"Resources": [{"Type": "x", "Id": "y"}]},
        True,
        id="a resource without tags has no value to equal",
    ),
    pytest.param(
        {"ResourceTags": [tag("env", "prod", "NOT_EQUALS")]},
        {"Resources": [{"Id": "a", "Tags": {"env": "dev"}}, {"Id": "b", "Tags": {"env": "prod"}}]},
        False,
        id="one resource with the value is enough to fail NOT_EQUALS",
    ),
    pytest.param(
        {"UserDefinedFields": [tag("state", "open")]},
        {"UserDefinedFields": {"state": "open"}},
        True,
        id="a field",
    ),
    pytest.param(
        {"ProductFields": [tag("aws/inspector/ProductVersion", "2")]},
        {"ProductFields": {"aws/inspector/ProductVersion": "2"}},
        True,
        id="a product field whose name has slashes",
    ),
    pytest.param({"Confidence": [{"Gte": 30, "Lt": 60}]}, {"Confidence": 59}, True, id="within bounds"),
    pytest.param({"Confidence": [{"Gte": 30, "Lt": 60}]}, {"Confidence": 60}, False, id="on the open bound"),
    pytest.param({"Confidence": [{"Lte": 60}]}, {}, False, id="a missing number is not small"),
    pytest.param({"Confidence": [{"Eq": 42.0}]}, {"Confidence": 42}, True, id="42.0 is 42"),
    pytest.param(
        {"CreatedAt": [{"DateRange": {"Unit": "DAYS", "Value": 30}}]}, {}, True, id="within the last days"
    ),
    pytest.param(
        {"CreatedAt": [{"DateRange": {"Unit": "DAYS", "Value": 10, "Comparison": "OLDER_THAN"}}]},
        {},
        True,
        id="older than days",
    ),
    pytest.param(
        {"FirstObservedAt": [{"DateRange": {"Unit": "DAYS", "Value": 1, "Comparison": "OLDER_THAN"}}]},
        {},
        False,
        id="a missing date is not old",
    ),
    pytest.param(
        {"CreatedAt": [{"Start": "2026-09-01T00:00:00Z", "End": "2026-09-01T00:00:00Z"}]},
        {},
        True,
        id="both bounds belong to the range",
    ),
    pytest.param(
        {"CreatedAt": [{"Start": "2026-09-01T02:00:00.001+02:00"}]}, {}, False, id="a millisecond too early"
    ),
    pytest.param({"Sample": [{"Value": False}]}, {}, True, id="what does not say is no sample"),
    pytest.param({"Sample": [{"Value": True}]}, {"Sample": True}, True, id="a sample"),
    pytest.param({"ProductName": equals("Security Hub")}, {}, True, id="the product's name"),
    pytest.param(
        {"NetworkSourceIpV4": [{"Cidr": "10.0.0.1"}]},
        {"Network": {"SourceIpV4": "10.0.0.1"}},
        True,
        id="an address",
    ),
    pytest.param(
        {"FindingProviderFieldsSeverityLabel": equals("CRITICAL")}, {}, True, id="the provider's own severity"
    ),
    pytest.param(
        {"ResourceType": equals("AwsS3Bucket"), "ResourceId": equals("b")},
        {"Resources": [{"Type": "AwsS3Bucket", "Id": "a"}, {"Type": "Other", "Id": "b"}]},
        True,
        id="one resource may have the type and another the id",
    ),
]


@pytest.mark.parametrize(("filters", "members", "expected"), DECISIONS)
def test_a_rule_decides_as_get_findings_selects(
    filters: dict[str, Any], members: dict[str, Any], expected: bool
) -> None:
    found = imported(KIND, rules(suppress(filters)))
    assert not found.refusals
    assert suppressed(found, finding(**members)) is expected


EXPRESSIONS = [
    pytest.param({"ResourceId": ["-dev$"]}, {}, True, id="searched for"),
    pytest.param({"ResourceId": ["-dev$"], "Title": ["^x"]}, {}, False, id="attributes are and-ed"),
    pytest.param({"ResourceId": ["^x", "dev"]}, {}, True, id="expressions of one are or-ed"),
    pytest.param({"NoteText": ["."]}, {}, False, id="what is missing matches nothing"),
    pytest.param({"Type": ["^TTPs/"]}, {"Types": ["Effects", "TTPs/x"]}, True, id="any element of a list"),
]


@pytest.mark.parametrize(("expressions", "members", "expected"), EXPRESSIONS)
def test_regular_expressions_are_searched_for_in_any_value(
    expressions: dict[str, Any], members: dict[str, Any], expected: bool
) -> None:
    rule = suppress({"Region": equals("eu-west-1")}, RegexStringFilters=expressions)
    found = imported(KIND, rules(rule))
    assert not found.refusals
    assert suppressed(found, finding(**members)) is expected


DEFAULTS = {
    "Filters": {"WorkflowStatus": equals("NEW", "NOTIFIED")},
    "UpdatesToFilteredFindings": {"Workflow": {"Status": "SUPPRESSED"}, "Note": {"UpdatedBy": "team"}},
    "ExtraFeatures": {"NoteTextConfig": {"Mode": "jsonUpdate", "Key": "reason"}},
}


def test_defaults_lie_under_each_rule_member_by_member() -> None:
    first = {"Filters": {"Title": equals("a")}, "UpdatesToFilteredFindings": {"Note": {"Text": "one"}}}
    second = {
        "Filters": {"Title": equals("b"), "WorkflowStatus": equals("NEW")},
        "ExtraFeatures": {"QuickNote": "two", "NoteTextConfig": {"Mode": "plaintext"}},
    }
    found = imported(KIND, rules(first, second, defaults=DEFAULTS))
    one, two = found.rules
    assert one["match"]["Workflow"] == {"Status": ["NEW", "NOTIFIED"]}
    assert one["update"]["Note"] == {"Text": '{"reason":"one"}', "UpdatedBy": "team"}
    assert two["match"]["Workflow"] == {"Status": ["NEW"]}
    assert two["update"]["Note"] == {"Text": "two", "UpdatedBy": "team"}
    assert [one["id"], two["id"]] == ["one", "two"]
    assert (one.get("override"), two.get("override")) == (True, None)
    assert ["jsonUpdate" in remark.text for remark in found.remarks] == [True]


def test_a_later_rule_has_the_last_word_on_a_field() -> None:
    first = {
        "Filters": {"Title": [{"Value": "S3", "Comparison": "PREFIX"}]},
        "UpdatesToFilteredFindings": {
            "Workflow": {"Status": "SUPPRESSED"},
            "Note": {"Text": "zebra: its id comes last", "UpdatedBy": "team"},
            "Confidence": 10,
        },
    }
    second = {"Filters": {"Region": equals("eu-west-1")}, "UpdatesToFilteredFindings": {"Confidence": 90}}
    update = decided(imported(KIND, rules(first, second)), finding()).update
    assert (update["Confidence"], update["Workflow"]) == (90, {"Status": "SUPPRESSED"})


UPDATES = [
    pytest.param({"Severity": {"Label": "LOW"}}, id="a severity"),
    pytest.param({"VerificationState": "FALSE_POSITIVE"}, id="a verdict"),
    pytest.param({"Confidence": 5, "Criticality": 6}, id="scores"),
    pytest.param({"Types": ["Effects/Data Exposure"]}, id="types"),
    pytest.param({"UserDefinedFields": {"ticket": "T-1"}}, id="user-defined fields"),
    pytest.param(
        {"RelatedFindings": [{"ProductArn": finding()["ProductArn"], "Id": "f-2"}]}, id="related findings"
    ),
]


@pytest.mark.parametrize("fields", UPDATES)
def test_every_field_of_the_api_is_set_as_written(fields: dict[str, Any]) -> None:
    found = imported(
        KIND, rules({"Filters": {"Region": equals("eu-west-1")}, "UpdatesToFilteredFindings": fields})
    )
    update = decided(found, finding()).update
    for name, value in fields.items():
        assert update[name] == value or value.items() <= update[name].items()


REFUSALS = [
    pytest.param({"Filters": {}}, "Rules[0].Filters", "every finding", id="no filter"),
    pytest.param({"Filters": {"Title": []}}, "Rules[0].Filters.Title", "empty", id="an empty filter"),
    pytest.param(
        {"Filters": {"Titel": equals("a")}}, "Rules[0].Filters.Titel", "not an attribute", id="an unknown one"
    ),
    pytest.param(
        {"Filters": {"Keyword": [{"Value": "a"}]}}, "Rules[0].Filters.Keyword", "deprecated", id="Keyword"
    ),
    pytest.param(
        {"Filters": {"Title": [{"Value": "a", "Comparison": "CONTAINS_WORD"}]}},
        "Rules[0].Filters.Title[0].Comparison",
        "CONTAINS_WORD",
        id="a comparison of the newer API",
    ),
    pytest.param(
        {"Filters": {"AwsAccountId": [{"Value": 111122223333, "Comparison": "EQUALS"}]}},
        "Rules[0].Filters.AwsAccountId[0].Value",
        "text is wanted",
        id="an account id without quotes",
    ),
    pytest.param(
        {"Filters": {"Title": [*equals("a"), {"Value": "b", "Comparison": "NOT_EQUALS"}]}},
        "Rules[0].Filters.Title",
        "AWS refuses EQUALS and NOT_EQUALS",
        id="comparisons that exclude each other",
    ),
    pytest.param(
        {"Filters": {"Confidence": [{"Gt": 50, "Lt": 50}]}},
        "Rules[0].Filters.Confidence",
        "no value can satisfy",
        id="a range without a number",
    ),
    pytest.param(
        {"Filters": {"CreatedAt": [{"Start": "2026-09-01"}]}},
        "Rules[0].Filters.CreatedAt[0].Start",
        "not a timestamp",
        id="a day for a timestamp",
    ),
    pytest.param(
        {"Filters": {"NetworkSourceIpV4": [{"Cidr": "10.0.0.0/8"}]}},
        "Rules[0].Filters.NetworkSourceIpV4[0].Cidr",
        "AWS does not say",
        id="a network, which AWS leaves open",
    ),
    pytest.param(
        {"UpdatesToFilteredFindings": {"Workflow": {"Status": "SUPRESSED"}}},
        "Rules[0]",
        "'SUPRESSED'",
        id="a status that there is not",
    ),
    pytest.param(
        {"UpdatesToFilteredFindings": {"Note": {"Text": "a"}}},
        "Rules[0].UpdatesToFilteredFindings.Note",
        "'UpdatedBy'",
        id="a note without author",
    ),
    pytest.param(
        {"UpdatesToFilteredFindings": {"Severity": {"Label": "LOW", "Normalized": 90}}},
        "Rules[0]",
        "CRITICAL",
        id="a severity that disagrees with itself",
    ),
    pytest.param(
        {"UpdatesToFilteredFindings": {"RecordState": "ARCHIVED"}},
        "Rules[0].UpdatesToFilteredFindings.RecordState",
        "unknown key",
        id="a field that cannot be set",
    ),
    pytest.param(
        {"ExtraFeatures": {"RegexStringFilters": {"ResourceTags": ["x"]}}},
        "Rules[0].ExtraFeatures.RegexStringFilters.ResourceTags",
        "not text",
        id="an expression for a map",
    ),
    pytest.param(
        {"ExtraFeatures": {"RegexStringFilters": {"Title": []}}},
        "Rules[0].ExtraFeatures.RegexStringFilters.Title",
        "empty",
        id="no expression",
    ),
    pytest.param(
        {"ExtraFeatures": {"NoteTextConfig": {"Mode": "append"}}},
        "Rules[0].ExtraFeatures.NoteTextConfig.Mode",
        "append",
        id="an unknown mode",
    ),
    pytest.param(
        {"ExtraFeatures": {"Quicknote": "x"}}, "Rules[0].ExtraFeatures.Quicknote", "unknown", id="a typo"
    ),
    pytest.param({"match_on": {}}, "Rules[0]", "version 1", id="a rule of the older version"),
]


@pytest.mark.parametrize(("members", "where", "reason"), REFUSALS)
def test_what_cannot_be_said_is_refused_with_its_place_and_the_others_are_written(
    members: dict[str, Any], where: str, reason: str
) -> None:
    good = suppress({"Title": equals("a")})
    found = imported(KIND, rules({**good, **members}, good))
    [(place, told)] = reasons(found)
    assert place == where
    assert reason in told
    assert len(found.rules) == 1


def test_negative_comparisons_are_remarked_on() -> None:
    rule = suppress({"Title": [{"Value": "a", "Comparison": "NOT_EQUALS"}]})
    [remark] = imported(KIND, rules(rule)).remarks
    assert "GetFindings" in remark.text
