"""Where Security Hub's own automation rules set what our rules set: by findings and by criteria."""

from pathlib import Path
from typing import Any

import pytest

from hubtriage.authoring.compiler import ruleset_document
from hubtriage.authoring.loaded import LoadResult
from hubtriage.authoring.loader import load_rules
from hubtriage.engine.planning.entry import NO_ENTRY
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.ruleset.ruleset import load_ruleset
from hubtriage.interop.automation_rule_overlap import Overlap, as_imported, overlaps, read_automation_rules
from hubtriage.localaws.findings import generate
from tests.support.paths import ROOT

NOW = 1_800_000_000.0
SUPPRESS = {"Workflow": {"Status": "SUPPRESSED"}}
NOTIFY = {"Workflow": {"Status": "NOTIFIED"}}


def native(name: str, criteria: dict[str, Any], update: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "RuleArn": f"arn:aws:securityhub:eu-central-1:123456789012:automation-rule/{name}",
        "RuleName": name,
        "RuleOrder": 1,
        "RuleStatus": "ENABLED",
        "Description": "what for",
        "Criteria": criteria,
        "Actions": [{"Type": "FINDING_FIELDS_UPDATE", "FindingFieldsUpdate": update}],
        **changes,
    }


def generator(name: str) -> dict[str, Any]:
    return {"GeneratorId": [{"Value": name, "Comparison": "EQUALS"}]}


def finding(number: int = 1, name: str = "noisy", **changes: Any) -> dict[str, Any]:
    return {
        "Id": f"f-{number}",
        "ProductArn": "arn:aws:securityhub:eu-central-1::product/aws/securityhub",
        "Region": "eu-central-1",
        "GeneratorId": name,
        "AwsAccountId": "111122223333",
        "Severity": {"Label": "LOW"},
        "Workflow": {"Status": "NEW"},
        "RecordState": "ACTIVE",
        **changes,
    }


RULE = """\
rules:
  - id: ours
    match: {GeneratorId: [noisy]}
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}
"""


def rules(folder: Path, text: str = RULE) -> LoadResult:
    (folder / "rules.yaml").write_text(text)
    loaded = load_rules(folder)
    assert not loaded.errors
    return loaded


def found(ours: LoadResult, theirs: list[dict[str, Any]], *findings: dict[str, Any]) -> list[Overlap]:
    return overlaps(read_automation_rules(theirs), ours, findings, Settings(), NOW)


CASES = [
    pytest.param(generator("noisy"), NOTIFY, (2, 2, "f-1", True), id="another value on the same findings"),
    pytest.param(
        generator("noisy"), SUPPRESS, (2, 0, "f-1", False), id="the same value on the same findings"
    ),
    pytest.param(
        {"Title": [{"Value": "x", "Comparison": "PREFIX"}]},
        NOTIFY,
        (0, 0, None, True),
        id="no finding that both match, but there could be one",
    ),
    pytest.param(generator("quiet"), NOTIFY, None, id="no finding can match both"),
    pytest.param(generator("noisy"), {"Confidence": 9}, None, id="another field"),
    pytest.param(
        {"WorkflowStatus": [{"Value": "NEW", "Comparison": "EQUALS"}], **generator("noisy")},
        NOTIFY,
        (2, 2, "f-1", True),
        id="a status that the finding had when it was imported",
    ),
]


@pytest.mark.parametrize(("criteria", "update", "wanted"), CASES)
def test_an_automation_rule_overlaps(
    tmp_path: Path, criteria: dict[str, Any], update: dict[str, Any], wanted: tuple[Any, ...] | None
) -> None:
    findings = [finding(1), finding(2, Workflow={"Status": "NOTIFIED"}), finding(3, "quiet")]
    told = found(rules(tmp_path), [native("theirs", criteria, update)], *findings)
    seen = [(one.findings, one.differing, one.example, one.differs) for one in told]
    assert seen == ([wanted] if wanted else [])
    assert all(
        (one.automation_rule, one.rule, one.field) == ("theirs", "ours", "Workflow.Status") for one in told
    )


def test_a_finding_that_triage_has_changed_is_seen_as_both_saw_it(tmp_path: Path) -> None:
    ours = rules(tmp_path)
    ruleset = load_ruleset(ruleset_document(ours, revision=None))
    update = decide(finding(), NO_ENTRY, ruleset, NOW, Settings()).update
    assert update is not None
    [told] = found(ours, [native("theirs", generator("noisy"), NOTIFY)], {**finding(), **update})
    assert (told.findings, told.differing) == (1, 1)


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        pytest.param(RULE + "    mode: observe\n", {}, id="ours only observes"),
        pytest.param(RULE + "    expires: 2020-01-01\n", {}, id="ours is over"),
        pytest.param(RULE, {"RuleStatus": "DISABLED"}, id="theirs is disabled"),
    ],
)
def test_a_rule_that_sets_nothing_overlaps_with_none(
    tmp_path: Path, text: str, changes: dict[str, Any]
) -> None:
    theirs = native("theirs", generator("noisy"), NOTIFY, **changes)
    assert found(rules(tmp_path, text), [theirs], finding()) == []


def test_only_the_automation_rule_that_decides_counts(tmp_path: Path) -> None:
    first = native("first", generator("noisy"), NOTIFY, IsTerminal=True)
    second = native("second", generator("noisy"), SUPPRESS, RuleOrder=2)
    told = found(rules(tmp_path), [first, second], finding())
    assert [(one.automation_rule, one.findings) for one in told if one.findings] == [("first", 1)]


def test_each_user_key_is_a_field_of_its_own(tmp_path: Path) -> None:
    text = "rules: [{id: ours, when: true, update: {UserDefinedFields: {ticket: A, team: B}}}]"
    theirs = native("theirs", generator("noisy"), {"UserDefinedFields": {"ticket": "C", "else": "D"}})
    [told] = found(rules(tmp_path, text), [theirs], finding())
    assert told.field == "UserDefinedFields.ticket"


def test_what_cannot_be_translated_is_told_and_does_not_hide_the_others() -> None:
    odd = native("odd", {"Keyword": [{"Value": "x"}]}, NOTIFY)
    withheld = {"RuleArn": "arn:withheld"}
    theirs = read_automation_rules([odd, withheld, native("theirs", generator("noisy"), NOTIFY)])
    assert [refusal.rule for refusal in theirs.refusals] == ["odd", "arn:withheld"]
    assert list(theirs.names.values()) == ["theirs"]


def test_many_rules_of_one_name_stay_apart() -> None:
    theirs = read_automation_rules(
        [native("same", generator("a"), NOTIFY), native("same", generator("b"), NOTIFY)]
    )
    assert len(theirs.names) == len(theirs.ruleset.rules) == 2


@pytest.mark.parametrize(
    ("stored", "imported"),
    [
        pytest.param(
            {"Severity": {"Label": "LOW"}, "FindingProviderFields": {"Severity": {"Label": "HIGH"}}},
            {"Severity": {"Label": "HIGH"}},
            id="the provider's severity counts",
        ),
        pytest.param(
            {"Types": ["A/B"], "FindingProviderFields": {}},
            {"Types": ["A/B"]},
            id="types without a provider's",
        ),
        pytest.param({"Confidence": 3}, {"Confidence": None}, id="a score that the provider did not send"),
        pytest.param({"Note": {"Text": "x"}}, {"Note": None}, id="a person's note"),
        pytest.param({"UserDefinedFields": {"a": "b"}}, {"UserDefinedFields": None}, id="user fields"),
        pytest.param(
            {"Workflow": {"Status": "SUPPRESSED"}}, {"Workflow": {"Status": "NEW"}}, id="a new status"
        ),
        pytest.param(
            {"Compliance": {"Status": "PASSED"}}, {"Workflow": {"Status": "RESOLVED"}}, id="a control passed"
        ),
    ],
)
def test_a_finding_as_it_was_imported(stored: dict[str, Any], imported: dict[str, Any]) -> None:
    seen = as_imported(finding(**stored))
    assert {name: seen.get(name) for name in imported} == imported


def equals(name: str, *values: str) -> dict[str, Any]:
    return {name: [{"Value": value, "Comparison": "EQUALS"} for value in values]}


NATIVES = [
    native("low", equals("SeverityLabel", "LOW", "INFORMATIONAL"), {**NOTIFY, "Confidence": 1}),
    native("failed", equals("ComplianceStatus", "FAILED"), {"Severity": {"Label": "HIGH"}}),
    native("sandbox", equals("AwsAccountId", "111122223333", "444455556666"), SUPPRESS),
    native("threats", {"ProductArn": [{"Value": "guardduty", "Comparison": "CONTAINS"}]}, NOTIFY),
    native("not passed", {"ComplianceStatus": [{"Value": "PASSED", "Comparison": "NOT_EQUALS"}]}, NOTIFY),
]


def pairs(ours: LoadResult, findings: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    """The overlaps of each automation rule alone: together only the one that decides is seen."""
    return {
        (one.automation_rule, one.rule, one.field)
        for each in NATIVES
        for one in overlaps(read_automation_rules([each]), ours, findings, Settings(), NOW)
        if one.findings or not findings
    }


def test_criteria_exclude_no_overlap_that_findings_show() -> None:
    ours = load_rules(ROOT / "rules")
    shown = pairs(ours, list(generate(1500, seed=5)))
    assert len(shown) >= 10
    assert shown <= pairs(ours, [])
