"""Automation rules, in every form that they come in, decide here as AWS documents, or are refused."""

import json
from typing import Any

import pytest

from hubtriage.interop.importers.outcome import UnreadableError
from tests.support.imported_rules import decided, finding, imported, reasons, suppressed

KIND = "automation-rules"
SUPPRESS = {"Workflow": {"Status": "SUPPRESSED"}, "Note": {"Text": "accepted", "UpdatedBy": "automation"}}


def equals(*values: str) -> list[dict[str, str]]:
    return [{"Value": value, "Comparison": "EQUALS"} for value in values]


def rule(**members: Any) -> dict[str, Any]:
    """A request of CreateAutomationRule with members laid over it; `update` is what its action sets."""
    update = members.pop("update", SUPPRESS)
    return {
        "RuleName": "Accepted buckets",
        "RuleOrder": 10,
        "Description": "Nobody reads them.",
        "Criteria": {"AwsAccountId": equals("111122223333")},
        "Actions": [{"Type": "FINDING_FIELDS_UPDATE", "FindingFieldsUpdate": update}],
        **members,
    }


def of(document: Any, **options: Any) -> Any:
    return imported(KIND, json.dumps(document), "rules.json", **options)


def test_a_rule_becomes_a_rule() -> None:
    [ours] = of(rule(IsTerminal=True)).rules
    assert ours == {
        "id": "accepted-buckets",
        "description": 'Nobody reads them. (imported from the automation rule "Accepted buckets")',
        "order": 10,
        "terminal": True,
        "ceiling": "CRITICAL",
        "match": {"AwsAccountId": ["111122223333"]},
        "update": SUPPRESS,
    }


FORMS = [
    pytest.param(rule(), id="a request"),
    pytest.param([rule()], id="a list of requests"),
    pytest.param(
        {"Rules": [{**rule(), "RuleArn": "arn:x", "CreatedAt": "x", "CreatedBy": "y", "Tags": {}}]},
        id="the answer of BatchGetAutomationRules",
    ),
    pytest.param(
        {
            "rule-name": "Accepted buckets",
            "rule-order": "10",
            "criteria": rule()["Criteria"],
            "actions": rule()["Actions"],
        },
        id="the options of the AWS CLI",
    ),
    pytest.param(
        {"Resources": {"R": {"Type": "AWS::SecurityHub::AutomationRule", "Properties": rule()}}},
        id="a CloudFormation template",
    ),
]


@pytest.mark.parametrize("document", FORMS)
def test_every_form_gives_the_same_rule(document: Any) -> None:
    found = of(document)
    [ours] = found.rules
    assert not found.refusals
    assert (ours["id"], ours["order"], ours["update"]) == ("accepted-buckets", 10, SUPPRESS)
    assert suppressed(found, finding())


CONTAINS = [
    pytest.param("Config.1", "Config.10 failed", True, id="CONTAINS is no equality"),
    pytest.param("config.1", "Config.1", False, id="case counts"),
    pytest.param("a*b", "xa*bx", True, id="a star stands for itself"),
    pytest.param("a*b", "xaXbx", False, id="and for nothing else"),
    pytest.param("\\", "a\\b", True, id="a backslash stands for itself"),
]


@pytest.mark.parametrize(("part", "title", "expected"), CONTAINS)
def test_contains_asks_for_a_part_of_the_text(part: str, title: str, expected: bool) -> None:
    found = of(rule(Criteria={"Title": [{"Value": part, "Comparison": "CONTAINS"}]}))
    assert suppressed(found, finding(Title=title)) is expected


STARS = [
    pytest.param("EQUALS", "a*b", True, id="equal"),
    pytest.param("EQUALS", "aXb", False, id="equal, and nothing else"),
    pytest.param("PREFIX", "a*b and more", True, id="at the beginning"),
    pytest.param("PREFIX", "aXb and more", False, id="at the beginning, and nothing else"),
    pytest.param("NOT_EQUALS", "a*b", False, id="unequal"),
    pytest.param("NOT_EQUALS", "aXb", True, id="unequal, and nothing else"),
    pytest.param("PREFIX_NOT_EQUALS", "a*b and more", False, id="not at the beginning"),
    pytest.param("PREFIX_NOT_EQUALS", "aXb and more", True, id="not at the beginning, and nothing else"),
]


@pytest.mark.parametrize(("comparison", "title", "expected"), STARS)
def test_a_star_stands_for_itself_in_every_comparison(comparison: str, title: str, expected: bool) -> None:
    found = of(rule(Criteria={"Title": [{"Value": "a*b", "Comparison": comparison}]}))
    assert found.refusals == ()
    assert suppressed(found, finding(Title=title)) is expected


def test_a_disabled_rule_is_off() -> None:
    found = of(rule(RuleStatus="DISABLED"))
    assert found.rules[0]["mode"] == "off"
    assert not suppressed(found, finding())


def test_the_rule_of_the_highest_order_decides() -> None:
    low = rule(RuleOrder=1, update={"Severity": {"Label": "LOW"}})
    high = rule(RuleOrder=2, update={"Severity": {"Label": "HIGH"}})
    assert decided(of([high, low]), finding()).update["Severity"] == {"Label": "HIGH"}


def test_a_terminal_rule_keeps_later_ones_away() -> None:
    low = rule(RuleOrder=1, IsTerminal=True, update={"Severity": {"Label": "LOW"}})
    high = rule(RuleOrder=2, update={"Severity": {"Label": "HIGH"}})
    assert decided(of([high, low]), finding()).update["Severity"] == {"Label": "LOW"}


def test_of_rules_with_one_order_the_one_updated_last_decides() -> None:
    later = {**rule(RuleName="a", update={"Severity": {"Label": "LOW"}}), "UpdatedAt": "2026-02-01T00:00:00Z"}
    sooner = {
        **rule(RuleName="b", update={"Severity": {"Label": "HIGH"}}),
        "UpdatedAt": "2026-01-31T23:59:59.5+00:00",
    }
    found = of({"Rules": [later, sooner]})
    assert decided(found, finding()).update["Severity"] == {"Label": "LOW"}
    assert [(one["id"], one["order"]) for one in found.rules] == [("a", 20), ("b", 10)]
    texts = [remark.text for remark in found.remarks if "had no note" not in remark.text]
    assert len(texts) == 2
    assert all("RuleOrder was 10" in text for text in texts)


def test_where_the_file_does_not_tell_which_was_updated_last_a_remark_says_so() -> None:
    found = of([rule(RuleName="a"), rule(RuleName="b"), rule(RuleName="c", RuleOrder=11)])
    assert [one["order"] for one in found.rules] == [10, 10, 11]
    assert [remark.rule for remark in found.remarks] == ['rule 1 "a"', 'rule 2 "b"']


STATUSES = [
    pytest.param({}, None, id="without a status nothing is overridden"),
    pytest.param({"WorkflowStatus": equals("NEW")}, None, id="NEW is what the service sets"),
    pytest.param({"WorkflowStatus": equals("NEW", "NOTIFIED")}, True, id="NOTIFIED is what others set"),
    pytest.param(
        {"WorkflowStatus": [{"Value": "SUPPRESSED", "Comparison": "NOT_EQUALS"}]},
        True,
        id="anything but SUPPRESSED takes in NOTIFIED and RESOLVED",
    ),
    pytest.param(
        {"WorkflowStatus": equals("NEW", "SUPPRESSED")}, None, id="what it sets itself is no matter"
    ),
]


@pytest.mark.parametrize(("criteria", "expected"), STATUSES)
def test_a_rule_for_findings_that_others_moved_overrides(
    criteria: dict[str, Any], expected: bool | None
) -> None:
    criteria = {"AwsAccountId": equals("111122223333"), **criteria}
    assert of(rule(Criteria=criteria)).rules[0].get("override") is expected
    assert of(rule(Criteria=criteria), override="always").rules[0]["override"] is True
    assert "override" not in of(rule(Criteria=criteria), override="never").rules[0]


def test_regions_limit_the_rules() -> None:
    found = of(rule(), regions=("eu-west-1", "eu-north-1"))
    assert suppressed(found, finding())
    assert not suppressed(found, finding(Region="us-east-1"))


def test_a_key_in_two_spellings_is_refused() -> None:
    assert reasons(of({**rule(), "rule-order": 20})) == [("", "a key appears twice, in two spellings")]
    assert [where for where, _reason in reasons(of([rule(), {**rule(), "rule-name": "b"}]))] == ["[1]"]


REFUSALS = [
    pytest.param({"Criteria": {}}, "[0].Criteria", "every finding", id="no criterion"),
    pytest.param(
        {"Criteria": {"Region": equals("eu-west-1")}},
        "[0].Criteria.Region",
        "not a criterion of automation rules",
        id="what only GetFindings filters by",
    ),
    pytest.param({"RuleOrder": 1001}, "[0].RuleOrder", "1 to 1000", id="an order beyond the last"),
    pytest.param({"RuleStatus": "PAUSED"}, "[0].RuleStatus", "PAUSED", id="an unknown status"),
    pytest.param({"IsTerminal": "perhaps"}, "[0].IsTerminal", "true or false", id="terminal or not"),
    pytest.param({"Actions": []}, "[0].Actions", "empty", id="no action"),
    pytest.param({"Actions": [{}, {}]}, "[0].Actions", "2 actions", id="two actions"),
    pytest.param({"Actions": [{"Type": "X"}]}, "[0].Actions[0].Type", "only action", id="another action"),
    pytest.param(
        {"update": {}}, "[0].Actions[0].FindingFieldsUpdate", "no field", id="an action that does nothing"
    ),
    pytest.param({"Priority": 1}, "[0].Priority", "unknown key", id="an unknown key"),
    pytest.param(
        {"Criteria": {"Title": equals("\ud800")}},
        "[0].Criteria.Title[0].Value",
        "surrogate",
        id="half a character",
    ),
    pytest.param(
        {"update": {**SUPPRESS, "Note": {"Text": "{rule.id}", "UpdatedBy": "a"}}},
        "[0].Actions[0].FindingFieldsUpdate.Note.Text",
        "{rule.id}",
        id="a template of ours",
    ),
    pytest.param(
        {"update": {"Confidence": 101}}, "[0].Actions[0].FindingFieldsUpdate.Confidence", "100", id="101"
    ),
]


@pytest.mark.parametrize(("members", "where", "reason"), REFUSALS)
def test_what_cannot_be_said_is_refused_with_its_place_and_the_others_are_written(
    members: dict[str, Any], where: str, reason: str
) -> None:
    found = of([rule(**members), rule()])
    [(place, told)] = reasons(found)
    assert place == where
    assert reason in told
    assert len(found.rules) == 1


def test_changes_of_rules_and_rules_that_aws_did_not_give_are_refused() -> None:
    changes = {"UpdateAutomationRulesRequestItems": [{"RuleArn": "arn:x", "RuleOrder": 1}]}
    assert reasons(of(changes)) == [
        (
            "UpdateAutomationRulesRequestItems[0]",
            "this changes a part of a rule; the other parts are not in it",
        )
    ]
    answer = {"Rules": [rule()], "UnprocessedAutomationRules": [{"RuleArn": "arn:x", "ErrorCode": 404}]}
    assert reasons(of(answer)) == [("UnprocessedAutomationRules[0]", "AWS did not return this rule")]


UNREADABLE = [
    pytest.param("", "there are no rules in it", id="nothing"),
    pytest.param("[1", "not JSON", id="broken JSON"),
    pytest.param('{"a": 1}', "no automation rules", id="another document"),
    pytest.param('{"AutomationRulesArns": ["arn:x"]}', "a request for rules", id="a request of BatchGet"),
    pytest.param(
        '{"AutomationRulesMetadata": []}', "without their criteria and actions", id="a list without criteria"
    ),
    pytest.param('{"a": 1, "a": 2}', "twice", id="a key twice"),
    pytest.param("[" * 100_000, "nested too deep", id="hopeless nesting"),
    pytest.param("[" * 200 + "]" * 200, "nests them too deep", id="nesting"),
    pytest.param("\x00", "not JSON", id="a zero byte"),
    pytest.param("a: &a [*a]", "too", id="YAML in a circle"),
]


@pytest.mark.parametrize(("source", "reason"), UNREADABLE)
def test_what_holds_no_rules_is_unreadable_with_a_reason(source: str, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        imported(KIND, source, "x.json")


def test_aliases_that_would_grow_without_bound_are_refused() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 30)]
    with pytest.raises(UnreadableError, match="too many values"):
        imported(KIND, "\n".join(lines), "x.yaml")
