"""How `policy.yaml` is read, and what its statements require of rules."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from click.testing import CliRunner

from hubtriage.authoring.compiler import policy_problems
from hubtriage.authoring.editor.policy_schema import policy_schema
from hubtriage.authoring.loader import load_rules
from hubtriage.cli.main import cli
from tests.support.paths import ROOT

NOW = 1_793_534_400.0  # 2026-11-01T12:00Z
RULE = """
rules:
  - id: accepted
    match: {Region: [eu-west-1]}
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: "Accepted ({rule.ticket})."}}
    ticket: SEC-1
    tests:
      - {name: t, finding: {Severity: {Label: LOW}}, expect: {Workflow: {Status: SUPPRESSED}}}
"""
Folder = Callable[[Any], Path]


def statement(text: str) -> str:
    return f"policy:\n  - id: s\n    description: Because.\n    {text}\n"


FLAWS = [
    pytest.param("policy: 3", "E103", id="no list"),
    pytest.param("statements: []", "E101", id="another key"),
    pytest.param("policy:\n  - id: s\n    require: {owner: true}", "E102", id="no description"),
    pytest.param(statement("requires: {owner: true}"), "E101", id="a misspelt key"),
    pytest.param(statement("rules: {hiding: true}"), "E102", id="a statement that says nothing"),
    pytest.param(statement("require: {}"), "E102", id="nothing required"),
    pytest.param(statement("require: {owner: false}"), "E104", id="no owner required"),
    pytest.param(statement("require: {expires: 0}"), "E105", id="no days"),
    pytest.param(statement("require: {reason: [because]}"), "E104", id="an unknown reason"),
    pytest.param(statement('require: {ticket: "SEC-\\\\x"}'), "E106", id="a glob that is none"),
    pytest.param(statement("never: hide"), "E102", id="no findings to protect"),
    pytest.param(statement("never: {Workflow: [NEW]}\n    findings: {when: true}"), "E104", id="no field"),
    pytest.param(
        statement("never: {Workflow.Status: [SUPRESSED]}\n    findings: {when: true}"),
        "E104",
        id="a misspelt value, which no rule could set",
    ),
    pytest.param(
        statement('never: {Confidence: ["50"]}\n    findings: {when: true}'),
        "E104",
        id="a text for a number",
    ),
    pytest.param(
        statement("never: {Note.Text: [5]}\n    findings: {when: true}"), "E104", id="a number for a text"
    ),
    pytest.param(statement("never: hide\n    findings: {}"), "E102", id="no condition"),
    pytest.param(
        statement("require: {owner: true}\n    findings: {when: true}"), "E107", id="findings alone"
    ),
    pytest.param(statement("only: {when: true}"), "E102", id="only without rules"),
    pytest.param(
        statement("never: hide\n    findings: {when: true}\n    require: {owner: true}"),
        "E107",
        id="two in one",
    ),
    pytest.param(
        statement("never: hide\n    findings: {match: {Region: [{prefx: eu}]}}"), "E201", id="a wrong pattern"
    ),
    pytest.param(
        statement('never: hide\n    findings: {when: {"==": [{var: Severty.Label}, HIGH]}}'),
        "E207",
        id="a misspelt path, which would protect nothing",
    ),
    pytest.param(
        statement("never: hide\n    findings: {match: {AwsAccountId: [{in-list: prod}]}}"),
        "E203",
        id="no such list",
    ),
    pytest.param(
        statement("require: {owner: true}") + "  - {id: s, description: d, require: {tests: true}}",
        "E401",
        id="an id twice",
    ),
]


@pytest.mark.parametrize(("policy", "code"), FLAWS)
def test_a_flaw_of_the_policy_is_an_error_of_the_folder(policy: str, code: str, folder: Folder) -> None:
    loaded = load_rules(folder({"a.yaml": RULE, "policy.yaml": policy}))
    assert [problem.code for problem in loaded.errors] == [code]
    assert loaded.errors[0].file == "rules/policy.yaml"


REQUIREMENTS = [
    pytest.param("require: {description: true}", ["E503"], id="a description"),
    pytest.param("require: {owner: true}", ["E503"], id="an owner"),
    pytest.param('require: {ticket: "SEC-*"}', [], id="a ticket of the right form"),
    pytest.param('require: {ticket: "OPS-*"}', ["E503"], id="a ticket of another form"),
    pytest.param("require: {reason: true}", ["E503"], id="a reason"),
    pytest.param("require: {expires: 90}", ["E503"], id="an end"),
    pytest.param("require: {ceiling: MEDIUM}", [], id="a ceiling that is not higher"),
    pytest.param("require: {ceiling: LOW}", ["E503"], id="a ceiling that is higher"),
    pytest.param("require: {notify: true}", ["E503"], id="no channel"),
    pytest.param('require: {note: "*{rule.ticket}*"}', [], id="a note with the ticket"),
    pytest.param('require: {note: "*{rule.owner}*"}', ["E503"], id="a note with the owner"),
    pytest.param("require: {tests: true}", [], id="tests"),
    pytest.param("require: {owner: true, reason: true}", ["E503", "E503"], id="two things"),
    pytest.param("rules: {hiding: false}\n    require: {owner: true}", [], id="of rules that hide nothing"),
    pytest.param(
        'rules: {files: ["web/*"]}\n    require: {owner: true}', [], id="of rules in another folder"
    ),
    pytest.param('rules: {files: ["a.*"]}\n    require: {owner: true}', ["E503"], id="of rules in this file"),
    pytest.param('rules: {ids: ["acc*"]}\n    require: {owner: true}', ["E503"], id="of rules of this id"),
    pytest.param('rules: {owners: ["web"]}\n    require: {tests: true}', [], id="of rules of another owner"),
    pytest.param("unless: agreed\n    require: {owner: true}", ["E503"], id="unless there is a tag"),
]


@pytest.mark.parametrize(("said", "codes"), REQUIREMENTS)
def test_what_a_statement_requires(said: str, codes: list[str], folder: Folder) -> None:
    loaded = load_rules(folder({"a.yaml": RULE, "policy.yaml": statement(said)}))
    assert loaded.errors == ()
    assert [problem.code for problem in policy_problems(loaded, NOW)] == codes


@pytest.mark.parametrize(
    ("notify", "required", "codes"),
    [
        pytest.param("sec-chat", "true", [], id="some channel"),
        pytest.param("[a, sec-chat]", '["sec-*"]', [], id="one of several fits"),
        pytest.param("chat", '["sec-*"]', ["E503"], id="none fits"),
        pytest.param("none", "true", ["E503"], id="none is no channel"),
    ],
)
def test_a_channel_can_be_required(notify: str, required: str, codes: list[str], folder: Folder) -> None:
    said = f"require: {{notify: {required}}}"
    loaded = load_rules(folder({"a.yaml": f"{RULE}    notify: {notify}\n", "policy.yaml": statement(said)}))
    assert [problem.code for problem in policy_problems(loaded, NOW)] == codes


@pytest.mark.parametrize(
    ("dates", "is_met"),
    [
        pytest.param("expires: 2027-01-30", True, id="after ninety days"),
        pytest.param("expires: 2027-02-01", False, id="a day later"),
        pytest.param("starts: 2027-01-01\n    expires: 2027-03-31", True, id="ninety days after its start"),
        pytest.param(
            "starts: 2026-01-01\n    expires: 2027-01-15", True, id="it was renewed, and is not long"
        ),
    ],
)
def test_the_end_of_a_rule(dates: str, is_met: bool, folder: Folder) -> None:
    rules = RULE + f"    {dates}\n"
    loaded = load_rules(folder({"a.yaml": rules, "policy.yaml": statement("require: {expires: 90}")}))
    assert (policy_problems(loaded, NOW) == ()) is is_met


def test_a_rule_with_the_tag_is_left_out(folder: Folder) -> None:
    policy = statement("unless: agreed\n    require: {owner: true}")
    loaded = load_rules(folder({"a.yaml": RULE + "    tags: [agreed]\n", "policy.yaml": policy}))
    assert policy_problems(loaded, NOW) == ()


def test_a_team_stays_at_home(folder: Folder) -> None:
    policy = statement('rules: {ids: ["*"]}\n    only: {match: {Region: [eu-west-1, eu-north-1]}}')
    loaded = load_rules(folder({"a.yaml": RULE, "policy.yaml": policy}))
    assert policy_problems(loaded, NOW) == ()
    narrow = policy.replace("eu-west-1, ", "")
    loaded = load_rules(folder({"a.yaml": RULE, "policy.yaml": narrow}))
    assert [problem.code for problem in policy_problems(loaded, NOW)] == ["E501"]


@pytest.mark.parametrize(
    ("never", "is_broken"),
    [
        pytest.param("{Workflow.Status: [SUPPRESSED]}", True, id="this status"),
        pytest.param("{Workflow.Status: [NOTIFIED]}", False, id="another status"),
        pytest.param("{Note.Text: any}", True, id="any note"),
        pytest.param("{UserDefinedFields.x: any}", False, id="a user-defined field"),
    ],
)
def test_values_that_no_rule_may_set(never: str, is_broken: bool, folder: Folder) -> None:
    policy = statement(f"never: {never}\n    findings: {{when: true}}")
    loaded = load_rules(folder({"a.yaml": RULE, "policy.yaml": policy}))
    assert bool(policy_problems(loaded, NOW)) is is_broken


VARYING = [
    pytest.param("Types: {Remove: [Effects]}", "{Types: any}", id="a type is taken away"),
    pytest.param("Types: {Add: [TTPs], Remove: [Effects]}", "{Types: [TTPs]}", id="a type is added"),
    pytest.param(
        'RelatedFindings: [{ProductArn: "arn:aws:securityhub:eu-west-1::product/aws/macie", Id: i}]',
        "{RelatedFindings: [i]}",
        id="one of a pair",
    ),
    pytest.param('UserDefinedFields: {k: "x{finding.Region}"}', "{UserDefinedFields.k: any}", id="any text"),
    pytest.param(
        'UserDefinedFields: {k: "{finding.Region}"}',
        "{UserDefinedFields.k: [eu-west-1]}",
        id="a text of the finding",
    ),
]


@pytest.mark.parametrize(("update", "never"), VARYING)
def test_what_a_rule_sets_may_depend_on_the_finding(update: str, never: str, folder: Folder) -> None:
    rules = RULE.partition("    update")[0] + f"    update: {{{update}}}\n"
    policy = statement(f"never: {never}\n    findings: {{when: true}}")
    loaded = load_rules(folder({"a.yaml": rules, "policy.yaml": policy}))
    assert loaded.errors == ()
    assert [problem.code for problem in policy_problems(loaded, NOW)] == ["E501"]


def test_a_text_of_the_finding_that_no_finding_was_found_to_have_is_not_proved(folder: Folder) -> None:
    rules = RULE.replace("Accepted ({rule.ticket}).", "{finding.Title}")
    policy = statement('never: {Note.Text: ["x"]}\n    findings: {when: true}')
    problems = policy_problems(load_rules(folder({"a.yaml": rules, "policy.yaml": policy})), NOW)
    assert [problem.code for problem in problems] == ["E502"]


def test_what_the_provider_says_of_the_severity_is_looked_at(folder: Folder) -> None:
    said = "findings: {match: {FindingProviderFields: {Severity: {Label: [CRITICAL]}}}}"
    policy = statement(f"never: hide\n    {said}")
    loaded = load_rules(folder({"a.yaml": RULE, "policy.yaml": policy}))
    assert policy_problems(loaded, NOW) == ()
    higher = RULE + "    ceiling: CRITICAL\n"
    loaded = load_rules(folder({"a.yaml": higher, "policy.yaml": policy}))
    assert [problem.code for problem in policy_problems(loaded, NOW)] == ["E501"]


def test_a_rule_below_its_ceiling_keeps_the_policy_whatever_its_conditions(folder: Folder) -> None:
    wildcards = ", ".join(f'{{wildcard: "*a{number}*b{number}*"}}' for number in range(20))
    rules = RULE.replace("Region: [eu-west-1]", f"GeneratorId: [{wildcards}]")
    policy = statement("never: hide\n    findings: {match: {Severity: {Label: [CRITICAL]}}}")
    loaded = load_rules(folder({"a.yaml": rules, "policy.yaml": policy}))
    assert policy_problems(loaded, NOW) == ()


BROKEN = statement("never: hide\n    findings: {match: {Severity: {Label: [LOW]}}}")


def run(*arguments: str) -> Any:
    return CliRunner().invoke(cli, arguments)


@pytest.mark.parametrize("command", ["lint", "build"])
def test_rules_that_break_the_policy_are_refused(command: str, folder: Folder) -> None:
    result = run(command, str(folder({"a.yaml": RULE, "policy.yaml": BROKEN})))
    assert (result.exit_code, "E501" in result.output) == (1, True)
    assert not Path("build").exists()


def test_they_can_still_be_tried(folder: Folder) -> None:
    rules = folder({"a.yaml": RULE, "policy.yaml": BROKEN})
    assert run("test", str(rules)).exit_code == 0
    witness = run("policy", str(rules), "--witness", "accepted").stdout
    explained = CliRunner().invoke(cli, ["explain", "-", "--rules", str(rules)], input=witness)
    assert "sets no Workflow.Status here: the house policy forbids it (s)" in explained.stdout
    assert "no change" in explained.stdout


def test_the_verdicts(folder: Folder) -> None:
    rules = folder(
        {"a.yaml": RULE, "policy.yaml": BROKEN + "  - {id: t, description: d, require: {tests: true}}"}
    )
    result = run("policy", str(rules))
    assert result.exit_code == 1
    lines = """\
  statement  kept  broken  not proved
  s             -       1           -
  t             1       -           -

accepted: it breaks the policy 's' (rules/policy.yaml:2): it hides a finding with
 Region eu-west-1, Severity.Label LOW

1 rule and 2 statements: 1 violation or missing proofs
"""
    assert result.stdout == lines.replace("with\n", "with")
    told = json.loads(run("policy", str(rules), "--json").stdout)
    assert [(one["statement"], one["outcome"]) for one in told] == [("s", "broken"), ("t", "kept")]
    assert told[0]["needed"] == {"Region": "eu-west-1", "Severity": {"Label": "LOW"}}


def test_what_cannot_be_shown(folder: Folder) -> None:
    rules = folder({"a.yaml": RULE})
    assert (run("policy", str(rules)).exit_code, run("policy", "none").exit_code) == (2, 2)
    rules = folder({"a.yaml": RULE, "policy.yaml": statement("require: {tests: true}")})
    kept = run("policy", str(rules))
    assert (kept.exit_code, "the policy is kept" in kept.stdout) == (0, True)
    assert run("policy", str(rules), "--witness", "accepted").exit_code == 1
    assert run("policy", str(rules), "--witness", "other").exit_code == 2


def test_the_schema_for_editors_takes_what_the_guide_shows_and_no_flaw() -> None:
    schema = policy_schema()
    validator = jsonschema.Draft7Validator(schema)
    guide = (ROOT / "docs" / "policy.md").read_text().partition("```yaml\n")[2].partition("```")[0]
    assert [error.message for error in validator.iter_errors(yaml.safe_load(guide))] == []
    shapes = {"E101", "E102", "E103", "E105", "E107"}
    for flaw in FLAWS:
        text, code = flaw.values
        if code in shapes:
            assert not validator.is_valid(yaml.safe_load(text)), flaw.id
