"""Automation rules in the Landing Zone Accelerator's security-config.yaml decide here as it makes them."""

from typing import Any

import pytest
import yaml

from hubtriage.interop.importers.outcome import UnreadableError
from tests.support.imported_rules import decided, finding, imported, reasons, suppressed

KIND = "automation-rules"
RULES = "centralSecurityServices.securityHub.automationRules"


def equals(key: str, *values: str) -> dict[str, Any]:
    return {"key": key, "filter": [{"value": value, "comparison": "EQUALS"} for value in values]}


def rule(**members: Any) -> dict[str, Any]:
    """A rule that suppresses S3.8 of one account; None removes a member, `update` is what its action sets."""
    update = members.pop("update", {"workflowStatus": "SUPPRESSED", "note": {"text": "a", "updatedBy": "b"}})
    whole = {
        "name": "quiet sandbox",
        "description": "Logging in sandbox accounts.",
        "enabled": True,
        "criteria": [equals("ComplianceSecurityControlId", "S3.8"), equals("AwsAccountId", "111122223333")],
        "actions": [{"type": "FINDING_FIELDS_UPDATE", "findingFieldsUpdate": update}],
        **members,
    }
    return {name: value for name, value in whole.items() if value is not None}


def config(*rules: Any, **hub: Any) -> str:
    hub = {"enable": True, "automationRules": list(rules), **hub}
    return yaml.safe_dump({"centralSecurityServices": {"securityHub": hub}}, sort_keys=False)


def of(*rules: Any, regions: tuple[str, ...] = ("all",), **hub: Any) -> Any:
    return imported(KIND, config(*rules, **hub), "security-config.yaml", regions=regions)


def test_a_rule_becomes_a_rule() -> None:
    found = of(rule(ruleOrder=3, isTerminal=True))
    assert not found.refusals
    [ours] = found.rules
    assert (ours["id"], ours["order"], ours["terminal"]) == ("quiet-sandbox", 3, True)
    assert suppressed(found, finding())
    assert not suppressed(found, finding(AwsAccountId="111122223334"))
    assert not suppressed(found, finding(Compliance={"Status": "FAILED", "SecurityControlId": "S3.80"}))


REGIONS = [
    pytest.param({}, {}, ("all",), "eu-west-1", True, id="every Region"),
    pytest.param({"excludeRegions": ["eu-west-1"]}, {}, ("all",), "eu-west-1", False, id="but the rule's"),
    pytest.param({"excludeRegions": ["us-east-1"]}, {}, ("all",), "eu-west-1", True, id="another one's"),
    pytest.param({}, {"excludeRegions": ["eu-west-1"]}, ("all",), "eu-west-1", False, id="but the hub's"),
    pytest.param({"excludeRegions": None}, {"excludeRegions": []}, ("all",), "eu-west-1", True, id="none"),
    pytest.param({}, {}, ("us-east-1",), "eu-west-1", False, id="a Region that is not managed"),
    pytest.param(
        {"excludeRegions": ["us-east-1"]}, {}, ("us-east-1", "eu-west-1"), "eu-west-1", True, id="managed"
    ),
    pytest.param(
        {"excludeRegions": ["us-east-1"]}, {}, ("us-east-1", "eu-west-1"), "us-east-1", False, id="excluded"
    ),
]


@pytest.mark.parametrize(("members", "hub", "asked", "region", "expected"), REGIONS)
def test_a_rule_acts_in_each_managed_region_but_the_excluded_ones(
    members: dict[str, Any], hub: dict[str, Any], asked: tuple[str, ...], region: str, expected: bool
) -> None:
    found = of(rule(**members), regions=asked, **hub)
    assert not found.refusals
    assert suppressed(found, finding(Region=region)) is expected


def test_the_managed_regions_have_to_be_named() -> None:
    [refusal] = of(rule(), regions=()).refusals
    assert refusal.where == f"{RULES}[0]"
    assert "each Region that it manages" in refusal.reason
    assert "enabledRegions" in refusal.hint
    assert refusal.line == 5


FIELDS = [
    pytest.param({"severityLabel": "LOW"}, {"Severity": {"Label": "LOW"}}, id="severityLabel"),
    pytest.param({"confidence": 0}, {"Confidence": 0}, id="a confidence of 0"),
    pytest.param(
        {"verificationState": "FALSE_POSITIVE"}, {"VerificationState": "FALSE_POSITIVE"}, id="state"
    ),
    pytest.param({"types": ["TTPs/Execution"]}, {"Types": ["TTPs/Execution"]}, id="types"),
    pytest.param({"userDefinedFields": {"env": "a"}}, {"UserDefinedFields": {"env": "a"}}, id="fields"),
    pytest.param(
        {"relatedFindings": [{"productArn": "arn:aws:securityhub:eu-west-1::product/aws/x", "id": "i"}]},
        {"RelatedFindings": [{"ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/x", "Id": "i"}]},
        id="related findings",
    ),
]


@pytest.mark.parametrize(("update", "expected"), FIELDS)
def test_each_field_is_set(update: dict[str, Any], expected: dict[str, Any]) -> None:
    found = of(rule(update=update))
    assert not found.refusals
    assert found.rules[0]["update"].items() >= expected.items()


FILTERS = [
    pytest.param("Title", {"value": "S3", "comparison": "PREFIX"}, {}, True, id="a prefix"),
    pytest.param(
        "ResourceTags", {"key": "env", "value": "dev", "comparison": "EQUALS"}, {}, True, id="a tag"
    ),
    pytest.param("Confidence", {"gte": 30, "lt": 60}, {"Confidence": 60}, False, id="a number"),
    pytest.param("CreatedAt", {"dateRange": {"value": 30, "unit": "DAYS"}}, {}, True, id="days"),
    pytest.param("CreatedAt", {"start": "2026-09-01T00:00:00.001Z"}, {}, False, id="a start"),
]


@pytest.mark.parametrize(("key", "given", "members", "expected"), FILTERS)
def test_each_kind_of_filter_holds_as_the_api_says(
    key: str, given: dict[str, Any], members: dict[str, Any], expected: bool
) -> None:
    found = of(rule(criteria=[{"key": key, "filter": [given]}]))
    assert not found.refusals
    assert suppressed(found, finding(**members)) is expected


def test_without_an_order_it_is_the_first_and_a_rule_that_is_not_enabled_is_off() -> None:
    found = of(rule(ruleOrder=0), rule(name="b", enabled=False))
    assert [(one["order"], one.get("mode")) for one in found.rules] == [(1, None), (1, "off")]
    assert any("2 rules have RuleOrder 1" in remark.text for remark in found.remarks)


def test_the_later_order_decides() -> None:
    low, high = ({"severityLabel": label} for label in ("LOW", "HIGH"))
    found = of(rule(name="a", ruleOrder=2, update=low), rule(name="b", ruleOrder=1, update=high))
    assert decided(found, finding()).update["Severity"] == {"Label": "LOW"}


REFUSALS = [
    pytest.param({"name": "{{ prefix }}-a"}, "name", "the accelerator replaces", id="a placeholder"),
    pytest.param(
        {"criteria": [equals("AwsAccountId", "{{ SandboxId }}")]},
        "criteria[0].filter[0].value",
        "the accelerator replaces",
        id="a placeholder in a value",
    ),
    pytest.param(
        {"excludeRegions": ["{{ Home }}"]}, "excludeRegions[0]", "the accelerator replaces", id="in a Region"
    ),
    pytest.param({"excludeRegions": "us-east-1"}, "excludeRegions", "a list", id="a Region, no list"),
    pytest.param({"priority": 1}, "priority", "unknown key", id="an unknown key"),
    pytest.param({"description": None}, "", "'description' is missing", id="a missing key"),
    pytest.param({"enabled": "true"}, "enabled", "true or false", id="no flag"),
    pytest.param({"isTerminal": 1}, "isTerminal", "true or false", id="no flag either"),
    pytest.param({"ruleOrder": "1"}, "ruleOrder", "a whole number", id="an order in quotes"),
    pytest.param({"ruleOrder": 1001}, "ruleOrder", "1 to 1000", id="an order beyond the last"),
    pytest.param({"criteria": []}, "criteria", "empty", id="no criterion"),
    pytest.param({"criteria": {}}, "criteria", "a list", id="criteria as a mapping"),
    pytest.param(
        {"criteria": [equals("Title", "a"), equals("Title", "b")]},
        "criteria[1].key",
        "keeps only the last",
        id="a key twice",
    ),
    pytest.param(
        {"criteria": [equals("Titel", "a")]},
        "criteria[0].filter",
        "not an attribute",
        id="an unknown attribute",
    ),
    pytest.param(
        {"criteria": [equals("Region", "eu-west-1")]},
        "criteria[0].filter",
        "not a criterion of automation rules",
        id="what automation rules do not ask for",
    ),
    pytest.param(
        {"criteria": [{"key": "Title", "filter": [{"value": "a", "comparison": "CONTAINS_WORD"}]}]},
        "criteria[0].filter[0].comparison",
        "CONTAINS_WORD",
        id="a comparison that AWS has only in the newer Security Hub",
    ),
    pytest.param(
        {"criteria": [{"key": "AwsAccountId", "filter": [{"value": 111122223333, "comparison": "EQUALS"}]}]},
        "criteria[0].filter[0].value",
        "text is wanted",
        id="a number as account id",
    ),
    pytest.param(
        {"criteria": [{"key": "Confidence", "filter": [{"gte": "30"}]}]},
        "criteria[0].filter[0].gte",
        "a number is wanted",
        id="a number in quotes",
    ),
    pytest.param(
        {"criteria": [{"key": "Title", "filter": [{"Value": "a", "comparison": "EQUALS"}]}]},
        "criteria[0].filter[0].Value",
        "unknown key",
        id="the API's spelling",
    ),
    pytest.param({"actions": [{"type": "X"}]}, "actions[0].type", "only action", id="another action"),
    pytest.param(
        {"update": {"severity": "LOW"}},
        "actions[0].findingFieldsUpdate.severity",
        "unknown key",
        id="an unknown field",
    ),
    pytest.param(
        {"update": {"workflowStatus": True}},
        "actions[0].findingFieldsUpdate.workflowStatus",
        "text is wanted",
        id="a status that is no text",
    ),
    pytest.param(
        {"update": {"note": {"text": "{rule.id}", "updatedBy": "a"}}},
        "actions[0].findingFieldsUpdate.note.text",
        "{rule.id}",
        id="a template of ours",
    ),
]


@pytest.mark.parametrize(("members", "where", "reason"), REFUSALS)
def test_what_cannot_be_said_is_refused_with_its_place_in_the_file(
    members: dict[str, Any], where: str, reason: str
) -> None:
    found = of(rule(**members), rule(name="other"))
    [(place, told)] = reasons(found)
    assert place == f"{RULES}[0]{'.' if where else ''}{where}"
    assert reason in told
    assert found.refusals[0].line is not None
    assert len(found.rules) == 1


def test_rules_that_the_accelerator_cannot_tell_apart_are_refused() -> None:
    assert [where for where, _reason in reasons(of(rule(), rule()))] == [
        f"{RULES}[0].name",
        f"{RULES}[1].name",
    ]


WHOLE = [
    pytest.param({"enable": False}, "only where this is true", id="Security Hub is not enabled"),
    pytest.param({"enable": "{{ On }}"}, "only where this is true", id="it is not known whether it is"),
    pytest.param(
        {"excludeRegions": "{{ Regions }}"},
        "the accelerator replaces",
        id="the excluded Regions are not known",
    ),
]


@pytest.mark.parametrize(("hub", "reason"), WHOLE)
def test_what_concerns_all_rules_refuses_all(hub: dict[str, Any], reason: str) -> None:
    told = reasons(of(rule(), rule(name="b"), **hub))
    assert len(told) == 2
    assert all(reason in one for _where, one in told)


@pytest.mark.parametrize(
    "scalar", ["yes", "on", "0o17", "2026-10-01", "1:30", "null", "[]", "{a: 1}", "!x 1"]
)
@pytest.mark.parametrize("name", ["name", "enabled", "ruleOrder", "isTerminal"])
def test_what_readers_of_yaml_take_for_different_things_is_refused(name: str, scalar: str) -> None:
    written = config(rule(**{name: "@@"})).replace("'@@'", scalar)
    try:
        found = imported(KIND, written, "security-config.yaml")
    except UnreadableError as error:
        assert "tag" in error.reason  # noqa: PT017 - either way it is refused
    else:
        if (name, scalar) == ("ruleOrder", "null"):
            assert [one["order"] for one in found.rules] == [1]
        else:
            assert not found.rules


UNREADABLE = [
    pytest.param("centralSecurityServices: {{ all }}\n", "replacements-config.yaml", id="placeholders"),
    pytest.param("centralSecurityServices: 1\n", "", id="a number"),
    pytest.param("centralSecurityServices: {securityHub: {automationRules: []}}\n", "", id="no rules"),
    pytest.param("centralSecurityServices:\n  a: 1\n  a: 2\n", "", id="a key twice"),
]


@pytest.mark.parametrize(("source", "hint"), UNREADABLE)
def test_a_file_without_rules_is_unreadable(source: str, hint: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        imported(KIND, source, "security-config.yaml")
    assert hint in caught.value.hint
