"""`hubtriage build`: the document it writes, and when it writes none."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from hubtriage.authoring.compiler import compile_ruleset
from hubtriage.cli.main import cli

GOOD = "rules:\n  - id: a\n    match: {Title: [Übung]}\n    update: {Confidence: 5}\n"


@pytest.fixture
def build(tmp_path, monkeypatch):
    """Runs `hubtriage build` in a directory whose folder `rules` holds one file."""
    monkeypatch.chdir(tmp_path)

    def run(text, *arguments):
        Path("rules").mkdir(exist_ok=True)
        Path("rules/a.yaml").write_text(text, encoding="utf-8")
        return CliRunner().invoke(cli, ["build", *arguments])

    return run


@pytest.mark.parametrize(
    ("arguments", "written"),
    [
        ([], "build/ruleset.json"),
        (["rules"], "build/ruleset.json"),
        (["-o", "deep/er/out.json"], "deep/er/out.json"),
    ],
)
def test_the_document_is_written(build, arguments, written):
    result = build(GOOD, *arguments)
    document = json.loads(Path(written).read_text(encoding="utf-8"))
    assert document == compile_ruleset(Path("rules"), revision=None)
    assert (result.exit_code, result.output) == (0, f"1 rule, {document['hash']}, written to {written}\n")


def test_standard_output_holds_nothing_but_the_document(build):
    result = build(GOOD, "-o", "-")
    assert json.loads(result.stdout) == compile_ruleset(Path("rules"), revision=None)
    assert not Path("build").exists()


def test_bad_rules_are_told_and_nothing_is_written(build):
    result = build(GOOD.replace("5", "500"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "rules/a.yaml:4:26: E105 500 is above 100" in result.stderr
    assert not Path("build").exists()


def test_an_empty_rule_set_needs_leave(build):
    text = GOOD.replace("    match", '    mode: "off"\n    match')
    refused = build(text)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "E403 no rule is in force" in refused.stderr
    assert "`hubtriage build --allow-empty`" in refused.stderr
    assert build(text, "--allow-empty").exit_code == 0
    assert json.loads(Path("build/ruleset.json").read_text(encoding="utf-8"))["rules"] == []


def test_wrong_usage(build):
    assert build(GOOD, "nowhere").exit_code == 2


def test_the_permissions_that_the_rules_leave_are_shown_and_no_file_written(build):
    result = build(GOOD, "--show", "policy", "--never", "Severity.Label")
    statements = {item["Sid"]: item for item in json.loads(result.stdout)["Statement"]}
    denied = statements["NeverWorkflowStatusAsSuppressed"]["Condition"]
    assert denied == {"StringEquals": {"securityhub:ASFFSyntaxPath/Workflow.Status": ["SUPPRESSED"]}}
    assert statements["NeverSeverityLabel"]["Condition"] == {
        "Null": {"securityhub:ASFFSyntaxPath/Severity.Label": "false"}
    }
    assert {item["Effect"] for item in statements.values()} == {"Allow", "Deny"}
    assert not Path("build").exists()


def test_a_rule_that_sets_what_is_never_set_is_an_error(build):
    result = build(GOOD, "--never", "Confidence")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "E305 rule 'a' sets Confidence" in result.stderr


def test_a_field_that_does_not_exist_is_wrong_usage(build):
    result = build(GOOD, "--never", "Severity")
    assert result.exit_code == 2
    assert "did you mean `Severity.Label`?" in result.stderr
