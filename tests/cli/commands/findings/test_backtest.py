"""`hubtriage backtest`: its inputs, its report as text and JSON, its page, its exit codes."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hubtriage.cli.main import cli

PRODUCT = "arn:aws:securityhub:eu-west-1::product/aws/securityhub"
RULES = """
rules:
  - id: accepted
    owner: platform
    ceiling: HIGH
    match: {AwsAccountId: ["111122223333"]}
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}
  - id: nobody
    ceiling: HIGH
    match: {AwsAccountId: ["999999999999"]}
    update: {Severity: {Label: LOW}, Note: {Text: Accepted.}}
  - id: contradicts
    order: 600
    match: {AwsAccountId: ["111122223333"], Region: [eu-west-1]}
    update: {Workflow: {Status: NOTIFIED}}
"""
EXPECTED = """\
4 findings
          4  to change
          2  of these hidden
          1  with fields left to people
          1  repetitions, counted once
          1  unusable
  about 3 calls of BatchUpdateFindings (1.3 findings each), 0 s at 8 calls/s of AWS's 10

By rule
  rule         matched  changed  hidden  left to people
  accepted           4        4       2               1
  contradicts        1        1       -               -

What changes
  field            to                 findings
  Note.Text        another value             4
  Workflow.Status  NEW -> SUPPRESSED         2
  Workflow.Status  NEW -> NOTIFIED           1

By severity
  severity  findings  changed  hidden  taken back  left to people
  HIGH             4        4       2           -               1

By account
  account       findings  changed  hidden  taken back  left to people
  111122223333         4        4       2           -               1

By product
  product          findings  changed  hidden  taken back  left to people
  aws/securityhub         4        4       2           -               1

Rules that never match
  rule    why
  nobody  no finding matches

Findings that each condition leaves, of 4 findings
  nobody
          0  AwsAccountId: "999999999999"

Rules that contradict each other; the later one wins
  field            overridden  wins         findings  such as
  Workflow.Status  accepted    contradicts         1  "f-3\\u001b[2J"

Left to people
  field            rule      why                              findings
  Workflow.Status  accepted  set by a person or another tool         1

Unusable
  place                   reason
  standard input: line 6  not a finding in ASFF: Id is missing or no text
"""


def finding(number: int, **members: Any) -> dict[str, Any]:
    return {
        "Id": f"f-{number}",
        "ProductArn": PRODUCT,
        "AwsAccountId": "111122223333",
        "Severity": {"Label": "HIGH"},
        **members,
    }


FINDINGS = [
    finding(1),
    finding(2),
    finding(3, Id="f-3\x1b[2J", Region="eu-west-1"),
    finding(4, Workflow={"Status": "RESOLVED"}),
    finding(1),
    {"ProductArn": PRODUCT},
]
LINES = "".join(json.dumps(one) + "\n" for one in FINDINGS)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "rules.yaml").write_text(RULES)
    return folder


def run(rules: Path, *arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(cli, ["backtest", "--rules", str(rules), *arguments], input=stdin)


def test_the_report_word_for_word(rules: Path) -> None:
    result = run(rules, "-", stdin=LINES)
    assert result.exit_code == 0
    assert result.stdout == EXPECTED


def test_the_report_as_json(rules: Path) -> None:
    told = json.loads(run(rules, "-", "--json", stdin=LINES).stdout)
    assert told["totals"]["changed"] == 4
    assert [row["rule"] for row in told["by_rule"]] == ["accepted", "nobody", "contradicts"]
    assert told["by_rule"][0]["owner"] == "platform"
    assert told["never"] == [{"rule": "nobody", "why": "no finding matches"}]
    assert told["sampled"] == 4
    assert told["by_rule"][1]["funnel"] == [{"condition": 'AwsAccountId: "999999999999"', "left": 0}]


@pytest.mark.parametrize("shape", ["file", "folder", "list"])
def test_a_file_and_a_folder_give_what_standard_input_gives(shape: str, rules: Path, tmp_path: Path) -> None:
    folder = tmp_path / "findings"
    folder.mkdir()
    text = json.dumps(FINDINGS, indent=1) if shape == "list" else LINES
    (folder / "all.json").write_text(text)
    told = json.loads(run(rules, str(folder if shape == "folder" else folder / "all.json"), "--json").stdout)
    wanted = json.loads(run(rules, "-", "--json", stdin=LINES).stdout)
    for member in ("totals", "by_rule", "by_account", "cost", "conflicts"):
        assert told[member] == wanted[member]


def test_the_page_is_written_beside_the_report(rules: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    result = run(rules, "-", "--html", str(page), stdin=LINES)
    assert result.stdout == EXPECTED
    assert f"page written to {page}" in result.stderr
    assert page.read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("source", "told"),
    [
        pytest.param("missing.json", "there is no such file or folder", id="a file that is not there"),
        pytest.param(".", "no file of findings", id="a folder without findings"),
    ],
)
def test_unreadable_input(source: str, told: str, rules: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = run(rules, str(tmp_path / "empty" / source))
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr


def test_bad_rules_stop_the_command_with_every_error(rules: Path) -> None:
    (rules / "rules.yaml").write_text(RULES.replace("SUPPRESSED", "SUPRESSED").replace("nobody", "No Id"))
    result = run(rules, "-", stdin=LINES)
    assert result.exit_code == 1
    assert "SUPRESSED" in result.stderr
    assert "No Id" in result.stderr


CORPUS = os.environ.get("HUBTRIAGE_CORPUS")


@pytest.mark.skipif(CORPUS is None, reason="needs HUBTRIAGE_CORPUS")
@pytest.mark.parametrize("name", ["findings.jsonl", "events.jsonl"])
def test_other_peoples_findings_give_a_page(name: str, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    result = run(Path("rules"), f"{CORPUS}/{name}", "--json", "--html", str(page))
    assert result.exit_code == 0, result.output
    totals = json.loads(result.stdout)["totals"]
    assert totals["findings"] > 15
    assert page.stat().st_size > 10_000
