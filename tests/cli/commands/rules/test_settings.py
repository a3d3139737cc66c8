"""`hubtriage settings`, and commands that take their defaults from `hubtriage.toml`."""

import json
import os
from pathlib import Path

import boto3
import pytest
from click.testing import CliRunner, Result

from hubtriage.cli.main import cli

TOML = """\
stack-name = "triage"
home-region = "eu-central-1"
rules = "ours"
findings = "try.json"
udf = "merge"
never = ["Confidence"]
"""
FINDING = {"Id": "f", "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/guardduty", "Title": "t"}
RULE = "rules: [{id: a, match: {Title: [t]}, update: {VerificationState: BENIGN_POSITIVE}}]\n"


@pytest.fixture(autouse=True)
def _in_a_repository_of_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HUBTRIAGE_CONFIG", raising=False)
    Path("hubtriage.toml").write_text(TOML)
    Path("ours").mkdir()
    Path("ours/a.yaml").write_text(RULE)
    Path("below").mkdir()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def test_it_shows_what_is_set_and_where() -> None:
    lines = [line.split() for line in run("settings").output.splitlines()]
    assert ["stack-name", "triage", "hubtriage.toml:1"] in lines
    assert ["never", "Confidence", "hubtriage.toml:6"] in lines
    assert ["findings", "try.json", "hubtriage.toml:4"] in lines
    assert not any(line[0] == "batch-size" for line in lines)
    assert "batch-size" in run("settings", "--all").output


def test_cdk_json_wins_over_the_file_and_the_command_line_over_both() -> None:
    Path("cdk.json").write_text('{"context": {"hubtriage:stack-name": "from-cdk", "@aws-cdk/core:x": true}}')
    arguments = ("settings", "--json", "-c", "hubtriage:log-level=DEBUG")
    rows = {row["name"]: row for row in json.loads(run(*arguments).output)}
    assert rows["stack-name"] == {"name": "stack-name", "value": "from-cdk", "source": "cdk.json"}
    assert rows["log-level"] == {"name": "log-level", "value": "DEBUG", "source": "-c"}
    assert rows["udf"]["source"] == "hubtriage.toml:5"
    assert rows["batch-size"]["source"] is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("{", "cdk.json: not valid JSON", id="no JSON"),
        pytest.param("[]", "cdk.json: `context` is not an object", id="no object"),
        pytest.param('{"context": 7}', "cdk.json: `context` is not an object", id="no context"),
    ],
)
def test_a_cdk_json_that_cannot_be_read_is_not_passed_over(text: str, problem: str) -> None:
    Path("cdk.json").write_text(text)
    result = run("settings")
    assert (result.exit_code, problem in result.output) == (2, True)


@pytest.mark.parametrize("name", ["AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE"])
def test_the_profile_counts_unless_the_environment_says_whose_credentials_do(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in [each for each in os.environ if each.startswith("AWS_")]:
        monkeypatch.delenv(each)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    Path("hubtriage.toml").write_text(TOML + 'profile = "of-the-file"\n')
    assert "there is no AWS profile of-the-file" in run("mode").output
    del os.environ["AWS_PROFILE"]  # options act as if the environment had them
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setenv(name, "given")
    assert "of-the-file" not in run("mode").output


def test_without_a_file_all_have_their_defaults() -> None:
    Path("hubtriage.toml").unlink()
    assert run("settings").output == "All settings have their defaults; --all shows them.\n"


@pytest.mark.parametrize("arguments", [("settings",), ("lint",), ("plan",), ("build",)])
def test_a_wrong_file_ends_every_command_with_2(arguments: tuple[str, ...]) -> None:
    Path("hubtriage.toml").write_text('stackname = "x"\n')
    result = run(*arguments)
    assert result.exit_code == 2
    assert "hubtriage.toml:1: stackname: there is no such setting" in result.output


def test_what_is_no_setting_is_said() -> None:
    result = run("settings", "-c", "never=Types")
    assert (result.exit_code, "-c hubtriage:NAME=VALUE" in result.output) == (2, True)


def test_commands_in_a_folder_below_find_rules_and_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("try.json").write_text(json.dumps([FINDING]))
    monkeypatch.chdir("below")
    assert "1 rule in 1 file" in run("lint").output
    assert "BENIGN_POSITIVE" in run("plan").output


def test_offline_commands_write_no_more_than_the_stack() -> None:
    Path("ours/a.yaml").write_text(RULE.replace("BENIGN_POSITIVE}", "BENIGN_POSITIVE, Confidence: 5}"))
    Path("try.json").write_text(json.dumps([FINDING]))
    assert "Confidence: stays none, not 5" in run("plan").output
    Path("hubtriage.toml").write_text(TOML.replace('"Confidence"', ""))
    assert "Confidence: none -> 5" in run("plan").output


def test_a_command_that_needs_findings_says_so_where_none_are_named() -> None:
    Path("hubtriage.toml").unlink()
    Path("rules").mkdir()
    result = run("plan")
    assert (result.exit_code, "Missing argument 'FINDINGS'" in result.output) == (2, True)
