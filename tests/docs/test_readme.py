"""What the README shows is what happens."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from hubtriage.cli.main import COMMANDS, cli
from tests.support.paths import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
FINDING = {
    "Id": "f-1",
    "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/securityhub",
    "AwsAccountId": "111122223333",
    "Compliance": {"SecurityControlId": "S3.5", "Status": "FAILED"},
    "Severity": {"Label": "MEDIUM"},
    "Note": {"Text": "We keep this one.", "UpdatedBy": "ana"},
}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    (tmp_path / "rules.yaml").write_text(blocks("yaml")[0])
    return tmp_path


def test_the_rule_is_a_good_rule_and_its_test_passes(rules: Path) -> None:
    for command in ("lint", "test"):
        result = CliRunner().invoke(cli, [command, str(rules)])
        assert result.exit_code == 0, result.output


def test_explain_says_what_is_shown(rules: Path) -> None:
    result = CliRunner().invoke(cli, ["explain", "-", "--rules", str(rules)], input=json.dumps(FINDING))
    said = [line.split() for line in result.stdout.splitlines()]
    (shown,) = [block.splitlines() for block in blocks("text") if block.startswith("RULES ")]
    assert [line for line in shown if line.split() not in said] == []


def test_the_two_commands_are_make_targets() -> None:
    targets = re.findall(r"^(\S+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    commands = re.findall(r"(?:^|`)make ([a-z-]+)", README, re.MULTILINE)
    assert set(commands) <= set(targets)
    assert [line.split()[1] for line in blocks("sh")[0].splitlines() if line.startswith("make")] == [
        "demo",
        "test",
    ]


def test_every_command_named_exists_and_has_help() -> None:
    named = set(re.findall(r"hubtriage ([a-z]+)\b", README.replace("`hubtriage`", "")))
    assert named & set(COMMANDS) >= {"lint", "test", "plan", "explain"}
    for name in COMMANDS:
        result = CliRunner().invoke(cli, [name, "--help"])
        assert result.exit_code == 0
        assert result.stdout.startswith("Usage:")


def test_every_file_that_is_pointed_at_exists() -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", README) + re.findall(r"^\| `([^`]+)`", README, re.MULTILINE)
    assert [target for target in targets if not (ROOT / target).exists()] == []
