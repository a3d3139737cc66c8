"""Rules of awsfindingsmanagerlib 1.x decide here as its documentation says, or are refused."""

from typing import Any

import pytest
import yaml

from tests.support.imported_rules import decided, finding, imported, reasons, suppressed

KIND = "findings-manager-1"


def rules(*match_on: dict[str, Any], **members: Any) -> str:
    """A file with one rule for each `match_on`."""
    listed = [
        {"note": f"note {number}", "action": "SUPPRESSED", "match_on": one, **members}
        for number, one in enumerate(match_on, 1)
    ]
    return yaml.safe_dump({"Rules": listed}, allow_unicode=True)


def resource(name: str, **tags: str) -> dict[str, Any]:
    return {"Type": "AwsS3Bucket", "Id": f"arn:aws:s3:::{name}", "Tags": tags}


S3_8 = {"security_control_id": "S3.8"}
TWO = [resource("shop-dev", env="prod"), resource("shop-prod", env="dev")]

DECISIONS = [
    pytest.param(S3_8, {}, True, id="the control is the one"),
    pytest.param({"security_control_id": "S3.80"}, {}, False, id="a control id is no prefix"),
    pytest.param(S3_8, {"Compliance": None}, False, id="a finding without Compliance has no control"),
    pytest.param(S3_8, {"Workflow": {"Status": "NOTIFIED"}}, True, id="NOTIFIED is suppressed too"),
    pytest.param(S3_8, {"Workflow": {"Status": "RESOLVED"}}, False, id="RESOLVED is left alone"),
    pytest.param(S3_8, {"Workflow": None}, True, id="no Workflow is NEW"),
    pytest.param(S3_8, {"RecordState": "ARCHIVED"}, True, id="the record state does not matter"),
    pytest.param(
        {"rule_or_control_id": "IAM.1"}, {"ProductFields": {"ControlId": "IAM.1"}}, True, id="as ControlId"
    ),
    pytest.param(
        {"rule_or_control_id": "1.20"}, {"ProductFields": {"RuleId": "1.20"}}, True, id="as RuleId of CIS"
    ),
    pytest.param({"rule_or_control_id": "S3.8"}, {}, False, id="a consolidated control is no legacy control"),
    pytest.param({**S3_8, "regions": ["us-east-1", "eu-west-1"]}, {}, True, id="one of the Regions"),
    pytest.param({**S3_8, "regions": ["us-east-1"]}, {}, False, id="another Region"),
    pytest.param({**S3_8, "regions": []}, {}, True, id="an empty list counts as left out"),
    pytest.param({**S3_8, "title": ""}, {}, True, id="an empty text counts as left out"),
    pytest.param(
        {"product_name": "Inspector", "title": "CVE-1"},
        {"ProductName": "Inspector", "Title": "CVE-1"},
        True,
        id="product and title",
    ),
    pytest.param(
        {"product_name": "Inspector", "title": "CVE-1"},
        {"ProductName": "Inspector", "Title": "CVE-10"},
        False,
        id="keys are and-ed, and a title is no prefix",
    ),
    pytest.param(
        {"resource_id_regexps": ["^arn:aws:s3:::.*-dev$", "^other$"]}, {}, True, id="any of the expressions"
    ),
    pytest.param({"resource_id_regexps": ["shop"]}, {}, True, id="an expression is searched for"),
    pytest.param({"resource_id_regexps": ["^shop"]}, {}, False, id="an anchor holds"),
    pytest.param({"resource_id_regexps": ["SHOP"]}, {}, False, id="case counts in expressions"),
    pytest.param(
        {"resource_id_regexps": ["(?i)SHOP"]}, {}, True, id="an expression may say that case does not count"
    ),
    pytest.param({"resource_id_regexps": ["-dev$"]}, {"Resources": TWO}, True, id="any of the resources"),
    pytest.param({"tags": [{"key": "env", "value": "dev"}]}, {}, True, id="a tag"),
    pytest.param({"tags": [{"key": "env", "value": "prod"}]}, {}, False, id="another value of the tag"),
    pytest.param(
        {"tags": [{"key": "team", "value": "x"}, {"key": "env", "value": "dev"}]}, {}, True, id="any tag"
    ),
    pytest.param(
        {"tags": [{"key": "env", "value": "dev"}], "resource_id_regexps": ["-dev$"]},
        {"Resources": TWO},
        True,
        id="one resource may have the tag and another the id",
    ),
    pytest.param(
        {"tags": [{"key": "exists", "value": "yes"}, {"key": "$or", "value": "1"}]},
        {"Resources": [resource("b", exists="yes")]},
        True,
        id="a tag that is called like an operator",
    ),
    pytest.param(
        {"tags": [{"key": "a.b/c:d e", "value": "+"}]},
        {"Resources": [resource("b", **{"a.b/c:d e": "+"})]},
        True,
        id="a tag of odd characters",
    ),
    pytest.param(S3_8, {"Resources": []}, True, id="resources do not matter to a rule about none"),
]


@pytest.mark.parametrize(("match_on", "members", "expected"), DECISIONS)
def test_a_rule_decides_as_the_library_does(
    match_on: dict[str, Any], members: dict[str, Any], expected: bool
) -> None:
    found = imported(KIND, rules(match_on))
    assert not found.refusals
    assert suppressed(found, finding(**members)) is expected


def test_the_note_is_the_rules_and_the_ceiling_the_highest() -> None:
    found = imported(KIND, rules(S3_8))
    [rule] = found.rules
    assert rule["ceiling"] == "CRITICAL"
    assert decided(found, finding()).update["Note"] == {"Text": "note 1", "UpdatedBy": "hubtriage/note-1"}


def test_what_a_person_reopened_is_suppressed_again_unless_override_is_left_out() -> None:
    moved = finding(Workflow={"Status": "NOTIFIED"})
    assert suppressed(imported(KIND, rules(S3_8)), moved)
    kept = imported(KIND, rules(S3_8), override="never")
    assert "override" not in kept.rules[0]
    assert not suppressed(kept, moved)
    assert suppressed(kept, finding())


REFUSALS = [
    pytest.param(
        {"resource_ids": ["x"]},
        "Rules[0].match_on.resource_ids",
        "unknown key 'resource_ids'",
        id="an unknown key",
    ),
    pytest.param({}, "Rules[0].match_on", "every finding", id="an empty match_on"),
    pytest.param(
        {"title": "", "tags": []}, "Rules[0].match_on", "every finding", id="nothing but empty values"
    ),
    pytest.param(
        {**S3_8, "rule_or_control_id": "x"}, "Rules[0].match_on", "cannot stand together", id="two controls"
    ),
    pytest.param(
        {"security_control_id": 3.9}, "Rules[0].match_on.security_control_id", "a number", id="a number"
    ),
    pytest.param(
        {"resource_id_regexps": ["ok", "(?!x)y"]},
        "Rules[0].match_on.resource_id_regexps[1]",
        "(?!",
        id="look-ahead",
    ),
    pytest.param(
        {"resource_id_regexps": [r"(a)\1"]},
        "Rules[0].match_on.resource_id_regexps[0]",
        r"\1",
        id="a reference",
    ),
    pytest.param(
        {"resource_id_regexps": ["*-dev"]},
        "Rules[0].match_on.resource_id_regexps[0]",
        "nothing to repeat",
        id="an expression that fails in the library as well",
    ),
    pytest.param(
        {"tags": [{"key": "a"}]}, "Rules[0].match_on.tags[0].value", "null", id="a tag without value"
    ),
    pytest.param({"tags": {"a": "b"}}, "Rules[0].match_on.tags", "a list is wanted", id="tags as a mapping"),
    pytest.param("S3.8", "Rules[0].match_on", "a mapping is wanted", id="a text for a mapping"),
]


@pytest.mark.parametrize(("match_on", "where", "reason"), REFUSALS)
def test_what_cannot_be_said_is_refused_with_its_place_and_the_others_are_written(
    match_on: Any, where: str, reason: str
) -> None:
    found = imported(KIND, rules(match_on, S3_8))
    [(place, told)] = reasons(found)
    assert place == where
    assert reason in told
    assert [rule["id"] for rule in found.rules] == ["note-2"]


RULES = [
    pytest.param({"action": "RESOLVED"}, "Rules[0].action", "SUPPRESSED", id="another action"),
    pytest.param({"note": ""}, "Rules[0].note", "blank", id="no note"),
    pytest.param({"note": "x" * 513}, "Rules[0]", "512", id="a note that AWS would not take"),
    pytest.param(
        {"note": "see {finding.Title}"}, "Rules[0].note", "{finding.Title}", id="a template of ours"
    ),
    pytest.param({"note": "see {owner}"}, "Rules[0]", "{owner}", id="what looks like one"),
    pytest.param({"dry_run": True}, "Rules[0].dry_run", "unknown key", id="an unknown key of the rule"),
]


@pytest.mark.parametrize(("members", "where", "reason"), RULES)
def test_a_rule_that_would_mean_something_else_is_refused(
    members: dict[str, Any], where: str, reason: str
) -> None:
    found = imported(KIND, rules(S3_8, **members))
    [(place, told)] = reasons(found)
    assert (place, reason in told, found.rules) == (where, True, ())


def test_a_refusal_knows_its_line() -> None:
    source = "Rules:\n  - note: a\n    action: SUPPRESSED\n    match_on:\n      resource_ids: [x]\n"
    assert imported(KIND, source).refusals[0].line == 5


def test_two_rules_with_one_note_are_two_rules_and_a_remark() -> None:
    found = imported(KIND, rules(S3_8, {"title": "x"}, note="same"))
    assert [rule["id"] for rule in found.rules] == ["same", "same-2"]
    [remark] = found.remarks
    assert remark.rule == 'rule 2 "same"'
    assert "drops" in remark.text


def test_word_boundaries_are_remarked_on() -> None:
    [remark] = imported(KIND, rules({"resource_id_regexps": [r"\bprod\b"]})).remarks
    assert "ASCII" in remark.text


OLDER = """
Suppressions:
  "S3.8":
    - {action: SUPPRESSED, rules: ["^arn:aws:s3:::.*-dev$"], notes: accepted}
    - {action: SUPPRESSED, rules: [shop], notes: tried, dry_run: true}
    - {action: SUPPRESSED, rules: [], notes: nothing}
  Firewall Manager:
    - {action: SUPPRESSED, rules: [x], notes: product}
"""


def test_older_suppressions_become_rules() -> None:
    found = imported(KIND, OLDER)
    assert [(rule["id"], rule.get("mode")) for rule in found.rules] == [
        ("s3-8-accepted", None),
        ("s3-8-tried", "observe"),
    ]
    legacy = finding(ProductFields={"ControlId": "S3.8"})
    assert decided(found, legacy).update["Note"]["Text"] == "accepted"
    assert not suppressed(found, finding())
    assert reasons(found) == [
        ("Suppressions['S3.8'][2].rules", "the list is empty"),
        ("Suppressions['Firewall Manager'][0]", "this key is a product's name"),
    ]
