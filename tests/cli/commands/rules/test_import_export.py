"""`hubtriage import` and `hubtriage export`: what goes where, and the exit codes."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hubtriage.authoring.loader import load_rules
from hubtriage.cli.main import cli

GOOD = """
Rules:
  - note: Accepted in dev
    action: SUPPRESSED
    match_on: {security_control_id: S3.8, tags: [{key: env, value: dev}]}
"""
HALF = GOOD + '  - {note: "Bad \\e[2J", action: SUPPRESSED, match_on: {resource_ids: [x]}}\n'
RULES = """
rules:
  - id: accepted
    match: {AwsAccountId: ["111122223333"]}
    ceiling: CRITICAL
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}
  - id: ends
    expires: 2027-01-01
    match: {AwsAccountId: ["111122223333"]}
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "half.yaml").write_text(HALF)
    (tmp_path / "other.json").write_text("{}")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "ours.yaml").write_text(RULES)
    return tmp_path


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(cli, arguments, input=stdin)


IMPORTED = """\
# Imported from good.yaml (findings-manager-1).
# The source knows no ceiling, owner, ticket or expiry: lower the ceilings, and add the others.
rules:
  - id: accepted-in-dev
    description: Imported from awsfindingsmanagerlib, rule 1 "Accepted in dev".
    override: true
    ceiling: CRITICAL
    match:
      Compliance: {SecurityControlId: [S3.8]}
      Resources: {Tags: {env: [dev]}}
      Workflow: {Status: [NEW, NOTIFIED]}
    update:
      Workflow: {Status: SUPPRESSED}
      Note: {Text: Accepted in dev}
"""


def test_rules_go_to_standard_output_and_what_there_is_to_know_to_standard_error(folder: Path) -> None:
    result = run("import", "findings-manager-1", "good.yaml")
    assert result.stdout == IMPORTED
    assert result.stderr == (
        "1 rule with override: true, for findings that people or tools have moved\n"
        "1 rule imported, 0 refused\n"
    )
    assert result.exit_code == 0


def test_standard_input_is_read_for_a_dash(folder: Path) -> None:
    result = run("import", "findings-manager-1", "-", stdin=GOOD)
    assert result.stdout == IMPORTED.replace("good.yaml", "<stdin>")


def test_a_refused_rule_leaves_the_others_and_the_exit_code_1(folder: Path) -> None:
    result = run("import", "findings-manager-1", "half.yaml", "-o", "new/imported.yaml")
    assert result.exit_code == 1
    assert result.stdout == ""
    refusal, hint, *_ = result.stderr.splitlines()
    where = "Rules[1].match_on.resource_ids"
    assert refusal == f"half.yaml:6: rule 2 \"Bad [2J\" is refused: {where}: unknown key 'resource_ids'"
    assert hint == "  hint: did you mean `resource_id_regexps`?"
    assert (folder / "new" / "imported.yaml").read_text() == IMPORTED.replace("good.yaml", "half.yaml")
    assert load_rules(folder / "new").errors == ()


def test_a_file_that_is_there_is_replaced_only_by_force(folder: Path) -> None:
    (folder / "there.yaml").write_text("mine")
    arguments = ("import", "findings-manager-1", "good.yaml", "-o", "there.yaml")
    refused = run(*arguments)
    assert (refused.exit_code, (folder / "there.yaml").read_text()) == (2, "mine")
    assert "--force" in refused.stderr
    assert run(*arguments, "--force").exit_code == 0
    assert (folder / "there.yaml").read_text() == IMPORTED


def test_nothing_is_written_where_every_rule_is_refused(folder: Path) -> None:
    source = "Rules: [{note: a, action: SUPPRESSED, match_on: {}}]"
    result = run("import", "findings-manager-1", "-", "-o", "new.yaml", stdin=source)
    assert (result.exit_code, result.stdout) == (1, "")
    assert not (folder / "new.yaml").exists()
    assert run("import", "findings-manager-1", "-", stdin=source).stdout == ""


def test_a_file_without_rules_is_an_error_that_names_what_is_read(folder: Path) -> None:
    result = run("import", "findings-manager-1", "-", stdin="Rules: []")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines() == [
        "Error: -: there are no rules in it",
        "  hint: give a YAML file with rules: or Suppressions:",
    ]


def test_json_says_the_same(folder: Path) -> None:
    result = run("import", "findings-manager-1", "half.yaml", "--json")
    document = json.loads(result.stdout)
    assert result.exit_code == 1
    assert [rule["id"] for rule in document["rules"]] == ["accepted-in-dev"]
    assert document["refused"] == [
        {
            "rule": 'rule 2 "Bad [2J"',
            "where": "Rules[1].match_on.resource_ids",
            "line": 6,
            "reason": "unknown key 'resource_ids'",
            "hint": "did you mean `resource_id_regexps`?",
        }
    ]
    assert document["remarks"] == []


def test_remarks_are_told(folder: Path) -> None:
    source = GOOD + GOOD.partition("Rules:\n")[2]
    result = run("import", "findings-manager-1", "-", stdin=source)
    assert result.exit_code == 0
    assert '-: rule 2 "Accepted in dev": the library drops' in result.stderr


def test_override_can_be_left_out_and_asked_for(folder: Path) -> None:
    assert "override" not in run("import", "findings-manager-1", "good.yaml", "--override", "never").stdout
    assert "override: true" in run("import", "findings-manager-1", "good.yaml", "--override", "always").stdout


UNREADABLE = [
    pytest.param("findings-manager-2", "rules/ours.yaml", "a rule file", id="a file of another kind"),
    pytest.param("automation-rules", "other.json", "no automation rules", id="no automation rules"),
]


@pytest.mark.parametrize(("kind", "source", "reason"), UNREADABLE)
def test_a_file_without_rules_of_the_kind_is_told(kind: str, source: str, reason: str, folder: Path) -> None:
    result = run("import", kind, source)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"Error: {source}: ")
    assert reason in result.stderr


WRONG = [
    pytest.param(("import", "other", "good.yaml"), id="an unknown kind"),
    pytest.param(
        ("import", "findings-manager-1", "good.yaml", "--region", "eu-west-1"), id="a Region for a library"
    ),
    pytest.param(("export", "other"), id="an unknown kind to export"),
]


@pytest.mark.parametrize("arguments", WRONG)
def test_wrong_usage_is_exit_code_2(arguments: tuple[str, ...], folder: Path) -> None:
    assert run(*arguments).exit_code == 2


def test_export_writes_what_can_be_said_and_says_what_cannot(folder: Path) -> None:
    result = run("export", "automation-rules")
    assert result.exit_code == 1
    [request] = json.loads(result.stdout)
    assert request["RuleName"] == "accepted"
    assert result.stderr == (
        "rules/ours.yaml:8: ends is refused: expires: automation rules cannot start or end at a time\n"
        "1 automation rule, 1 refused\n"
    )


def test_export_as_a_template_and_back(folder: Path) -> None:
    (folder / "rules" / "ours.yaml").write_text(RULES.partition("  - id: ends")[0])
    written = run("export", "automation-rules", "--as", "cloudformation", "-o", "out/template.json")
    assert (written.exit_code, written.stdout) == (0, "")
    back = run("import", "automation-rules", "out/template.json", "--region", "all", "--json")
    [rule] = json.loads(back.stdout)["rules"]
    assert (rule["id"], rule["match"]) == ("accepted", {"AwsAccountId": ["111122223333"]})


def test_export_as_json_says_both(folder: Path) -> None:
    document = json.loads(run("export", "automation-rules", "--json").stdout)
    assert [one["RuleName"] for one in document["exported"]] == ["accepted"]
    assert [(one["rule"], one["where"]) for one in document["refused"]] == [("ends", "expires")]


def test_rules_with_errors_are_not_exported(folder: Path) -> None:
    (folder / "rules" / "ours.yaml").write_text(RULES.replace("SUPPRESSED", "SUPRESSED"))
    result = run("export", "automation-rules")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "SUPRESSED" in result.stderr


OF_V2 = [
    {
        "RuleName": "accepted",
        "RuleOrder": 500,
        "RuleStatus": "ENABLED",
        "Description": "Exported from the rule accepted.",
        "Criteria": {
            "OcsfFindingCriteria": {
                "CompositeFilters": [
                    {
                        "StringFilters": [
                            {
                                "FieldName": "cloud.account.uid",
                                "Filter": {"Value": "111122223333", "Comparison": "EQUALS"},
                            }
                        ],
                        "NumberFilters": [
                            {"FieldName": "vendor_attributes.severity_id", "Filter": {"Gte": 1, "Lte": 6}}
                        ],
                        "Operator": "AND",
                    }
                ],
                "CompositeOperator": "AND",
            }
        },
        "Actions": [
            {
                "Type": "FINDING_FIELDS_UPDATE",
                "FindingFieldsUpdate": {"StatusId": 3, "Comment": "Accepted."},
            }
        ],
    }
]


def test_rules_for_v2_are_exported_in_each_form(folder: Path) -> None:
    result = run("export", "automation-rules", "--hub", "v2")
    assert (result.exit_code, json.loads(result.stdout)) == (1, OF_V2)
    assert "ends is refused: expires" in result.stderr
    template = json.loads(run("export", "automation-rules", "--hub", "v2", "--as", "cloudformation").stdout)
    [resource] = template["Resources"].values()
    assert resource == {"Type": "AWS::SecurityHub::AutomationRuleV2", "Properties": OF_V2[0]}
    terraform = json.loads(run("export", "automation-rules", "--hub", "v2", "--as", "terraform").stdout)
    [(name, made)] = terraform["resource"]["aws_securityhub_automation_rule_v2"].items()
    assert name == "rule_001_accepted"
    criteria = json.loads(made["criteria"]["ocsf_finding_criteria_json"])
    assert criteria == OF_V2[0]["Criteria"]["OcsfFindingCriteria"]  # type: ignore[index]
    assert made["action"]["finding_fields_update"] == {"status_id": 3, "comment": "Accepted."}


def test_terraform_is_for_v2(folder: Path) -> None:
    result = run("export", "automation-rules", "--as", "terraform")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--as terraform is for --hub v2" in result.stderr
