"""`hubtriage diff`: what it says of two rule folders, and of a folder and what git had before."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hubtriage.cli.main import cli

PRODUCT = "arn:aws:securityhub:eu-west-1::product/aws/securityhub"
ACCEPTED = """
  - id: accepted
    ceiling: HIGH
    match: {AwsAccountId: ["111122223333"]}
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}
"""
LOWERED = """
  - id: lowered
    ceiling: HIGH
    match: {Region: [eu-west-1]}
    update: {Severity: {Label: LOW}, Note: {Text: Accepted.}}
"""
TEXT = """\
3 of 3 findings change, 1 hidden, 2 with something taken back
  old  {old} (rule set {old_hash})
  new  {new} (rule set {new_hash})
  about 2 calls of BatchUpdateFindings (1.5 findings each), 0 s at 8 calls/s of AWS's 10

By rule
  rule               changed  hidden  taken back  left to people
  lowered   added          1       1           -               -
  accepted  removed        2       -           2               -

lowered
  field           to             findings
  Note.Text       another value         1
  Severity.Label  HIGH -> LOW           1
  such as f-3

accepted
  field            to                 findings
  Note.Text        another value             2
  Workflow.Status  SUPPRESSED -> NEW         2
  such as f-1
  such as "f-2 | @security-team <img src=x> \\u001b[2J"

On all possible findings
  rule               acts on
  lowered   added    some findings
  accepted  removed  some findings

What the rules together hide
  they hide a finding that was not hidden, because of lowered, with
    Region eu-west-1
    Severity.Label HIGH
  they no longer hide a finding, that accepted hid, with
    AwsAccountId 111122223333
    Region us-east-1
    Severity.Label HIGH
"""


def finding(number: int, **members: Any) -> dict[str, Any]:
    base = {"Id": f"f-{number}", "ProductArn": PRODUCT, "AwsAccountId": "111122223333"}
    return {**base, "Severity": {"Label": "HIGH"}, **members}


FINDINGS = [
    finding(1),
    finding(2, Id="f-2 | @security-team <img src=x> \x1b[2J"),
    finding(3, AwsAccountId="444455556666", Region="eu-west-1"),
]


def folder(path: Path, *rules: str) -> Path:
    path.mkdir(exist_ok=True)
    (path / "rules.yaml").write_text("rules:" + "".join(rules))
    return path


@pytest.fixture
def findings(tmp_path: Path) -> str:
    path = tmp_path / "findings.json"
    path.write_text(json.dumps(FINDINGS))
    return str(path)


def run(*arguments: Any) -> Result:
    return CliRunner().invoke(cli, ["diff", *map(str, arguments)])


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    return folder(tmp_path / "old", ACCEPTED), folder(tmp_path / "new", LOWERED)


def test_the_text_word_for_word(two: tuple[Path, Path], findings: str) -> None:
    result = run(*two, findings)
    told = json.loads(run(*two, findings, "--json").stdout)
    hashes = {f"{side}_hash": told[side]["ruleset"] for side in ("old", "new")}
    assert result.stdout == TEXT.format(old=two[0], new=two[1], **hashes)
    assert result.exit_code == 1


def test_the_same_rules_differ_in_nothing(two: tuple[Path, Path], findings: str) -> None:
    result = run(two[0], two[0], findings)
    assert result.exit_code == 0
    assert result.stdout.startswith("none of 3 findings changes")


def test_json_says_how_each_rule_was_edited(two: tuple[Path, Path], findings: str, tmp_path: Path) -> None:
    edited = folder(tmp_path / "edited", ACCEPTED.replace("SUPPRESSED", "NOTIFIED"), LOWERED)
    told = json.loads(run(two[0], edited, findings, "--format", "json").stdout)
    assert told["edits"] == {"accepted": "edited", "lowered": "added"}
    assert (told["differs"], told["totals"]["changed"]) == (True, 3)
    assert told["by_rule"][0]["changes"] == [
        {"field": "Workflow.Status", "from": "SUPPRESSED", "to": "NOTIFIED", "findings": 2}
    ]


def test_another_description_is_no_edit(two: tuple[Path, Path], findings: str, tmp_path: Path) -> None:
    told = folder(tmp_path / "told", ACCEPTED + "    description: Why.\n")
    result = run(two[0], told, findings, "--json")
    assert (result.exit_code, json.loads(result.stdout)["edits"]) == (0, {})


def test_markdown_lets_nothing_of_a_finding_become_markup(two: tuple[Path, Path], findings: str) -> None:
    result = run(*two, findings, "--format", "markdown")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0] == "### hubtriage: 3 of 3 findings change, 1 hidden, 2 with something taken back"
    row = (
        "| accepted | removed | 2 | 0 | 2 | 0 | Note.Text another value&#58; 2; "
        "Workflow.Status SUPPRESSED -&#62; NEW&#58; 2 |"
    )
    assert row in lines
    hostile = next(line for line in lines if "security-team" in line)
    assert hostile.startswith("- <code>")
    assert not set(hostile.removeprefix("- <code>").removesuffix("</code>")) & set("<>@|`*_[]\x1b")


def test_rules_that_all_went_are_taken_back(two: tuple[Path, Path], findings: str, tmp_path: Path) -> None:
    nothing = folder(tmp_path / "nothing", ACCEPTED + "    mode: off\n".replace("off", '"off"'))
    told = json.loads(run(two[0], nothing, findings, "--json").stdout)
    assert (told["edits"], told["totals"]["taken_back"]) == ({"accepted": "removed"}, 2)


def _git(where: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, "-C", str(where), *arguments], check=True, capture_output=True)


def test_the_old_rules_come_from_git(findings: str, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    _git(repository, "init", "-q")
    rules = folder(repository / "rules", ACCEPTED)
    _git(repository, "add", ".")
    _git(repository, "commit", "-qm", "one")
    folder(rules, LOWERED)
    told = json.loads(run("--against", "HEAD", rules, findings, "--json").stdout)
    assert told["edits"] == {"lowered": "added", "accepted": "removed"}
    assert told["old"]["rules"].endswith("rules at HEAD")
    assert told["new"]["revision"] == told["old"]["revision"] + "+dirty"
    _git(repository, "commit", "-qam", "two")
    assert run("--against", "HEAD", rules, findings).exit_code == 0
    assert run("--against", "HEAD~1", rules, findings).exit_code == 1


USAGE = [
    pytest.param(["{old}", "{findings}"], "this is a file, not a folder", id="one folder too few"),
    pytest.param(
        ["--against", "HEAD", "{old}", "{new}", "{findings}"], "OLD comes from git", id="one too many"
    ),
    pytest.param(
        ["--against", "--output=x", "{new}", "{findings}"], "git knows no revision", id="an option for git"
    ),
    pytest.param([], "give OLD and NEW, and perhaps FINDINGS, or --against REV", id="nothing"),
    pytest.param(["--live", "{old}"], "give OLD and NEW, or --against REV", id="live, one folder too few"),
    pytest.param(["--live", "{old}", "{new}", "{findings}"], "give OLD and NEW", id="live and findings"),
    pytest.param(["--live", "--against", "HEAD", "{old}", "{new}"], "give NEW:", id="live, one too many"),
    pytest.param(["--live", "--filters", "{{", "{old}", "{new}"], "not JSON", id="filters that are no JSON"),
    pytest.param(["{old}", "{new}", "{old}/no.json"], "there is no such file", id="no findings"),
    pytest.param(["{old}", "{old}/none", "{findings}"], "none: there is no such", id="no such folder"),
]


@pytest.mark.parametrize(("arguments", "told"), USAGE)
def test_what_cannot_be_done_exits_with_2(
    arguments: list[str], told: str, two: tuple[Path, Path], findings: str
) -> None:
    result = run(*(each.format(old=two[0], new=two[1], findings=findings) for each in arguments))
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr


def test_without_findings_it_is_proved_what_changes(two: tuple[Path, Path], tmp_path: Path) -> None:
    edited = folder(tmp_path / "edited", ACCEPTED.replace('"111122223333"', '"111122223333", "444455556666"'))
    result = run(two[0], edited)
    assert result.exit_code == 1
    assert (
        result.stdout
        == """\
On all possible findings
  rule              acts on
  accepted  edited  more findings

accepted
  also acts on a finding with
    AwsAccountId 444455556666
    Severity.Label HIGH

What the rules together hide
  they hide a finding that was not hidden, because of accepted, with
    AwsAccountId 444455556666
    Severity.Label HIGH
"""
    )


def test_a_rewritten_rule_is_proved_to_be_the_same(two: tuple[Path, Path], tmp_path: Path) -> None:
    rewritten = ACCEPTED.replace(
        'match: {AwsAccountId: ["111122223333"]}', 'when: {"==": [{var: AwsAccountId}, "111122223333"]}'
    )
    result = run(two[0], folder(tmp_path / "rewritten", rewritten), "--json")
    told = json.loads(result.stdout)["proof"]
    assert (result.exit_code, [rule["relation"] for rule in told["rules"]]) == (0, ["the same"])


def test_what_is_not_proved_says_why_and_exits_with_1(two: tuple[Path, Path], tmp_path: Path) -> None:
    more = ACCEPTED.replace("    update:", '    when: {regex: [{var: Title}, "zzz+"]}\n    update:')
    result = run(two[0], folder(tmp_path / "more", more), "--format", "markdown")
    assert result.exit_code == 1
    assert "| accepted | edited | fewer findings |" in result.stdout
    back = run(tmp_path / "more", two[0])
    assert "more findings" in back.stdout
    other = folder(tmp_path / "other", more.replace("zzz+", "zz+"))
    undecided = run(tmp_path / "more", other)
    assert undecided.exit_code == 1
    assert "whether it also acts on a finding is not proved" in undecided.stdout
    assert "regex" in undecided.stdout
