"""`hubtriage renew`: what it writes, and what it refuses."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hubtriage.cli.main import cli

RULES = """\
rules:
  - id: accepted
    ticket: SEC-1
    expires: 2027-01-31  # a quarter
    match: {Region: [eu-west-1]}
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: "Accepted until {rule.expires}."}}
"""
POLICY = """\
policy:
  - id: exceptions-end
    description: Exceptions end within a year.
    require: {expires: 366}
"""
NOW = "2026-11-01"
Folder = Callable[[Any], Path]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["renew", *arguments, "--now", NOW])


def test_the_rule_ends_later(folder: Folder) -> None:
    rules = folder({"a.yaml": RULES})
    result = run("accepted", "--until", "2027-06-30", "--ticket", "SEC-2")
    assert result.exit_code == 0
    text = (rules / "a.yaml").read_text()
    assert text == RULES.replace("2027-01-31", "2027-06-30").replace("SEC-1", "SEC-2")
    assert "+    expires: 2027-06-30  # a quarter" in result.stdout
    assert "accepted ends on 2027-06-30" in result.stderr


def test_diff_writes_nothing(folder: Folder) -> None:
    rules = folder({"a.yaml": RULES})
    result = run("accepted", "--until", "2027-06-30", "--diff")
    assert (result.exit_code, "+    expires: 2027-06-30" in result.stdout) == (0, True)
    assert (rules / "a.yaml").read_text() == RULES


def test_an_end_beyond_the_policy_is_refused(folder: Folder) -> None:
    rules = folder({"a.yaml": RULES, "policy.yaml": POLICY})
    result = run("accepted", "--until", "2029-06-30")
    assert (result.exit_code, "E503" in result.output) == (1, True)
    assert (rules / "a.yaml").read_text() == RULES
    assert run("accepted", "--until", "2027-10-31").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["acepted", "--until", "2027-06-30"], "did you mean `accepted`?", id="no such rule"),
        pytest.param(["accepted", "--until", "2026-10-31"], "2026-10-31 is over", id="a day that is over"),
        pytest.param(["accepted", "--until", "summer"], "'summer' is not a date", id="no date"),
        pytest.param(["accepted"], "--until", id="no end"),
        pytest.param(["accepted", "--until", "2027-06-30", "--rules", "none"], "no such", id="no folder"),
    ],
)
def test_what_cannot_be_done_exits_with_2(arguments: list[str], said: str, folder: Folder) -> None:
    rules = folder({"a.yaml": RULES})
    result = run(*arguments)
    assert (result.exit_code, said in result.output) == (2, True), result.output
    assert (rules / "a.yaml").read_text() == RULES


def test_an_end_that_two_rules_share_is_left_alone(folder: Folder) -> None:
    first = RULES.replace("2027-01-31", "&end 2027-01-31")
    second = RULES.removeprefix("rules:\n").replace("accepted", "other").replace("2027-01-31", "*end")
    rules = folder({"a.yaml": first + second})
    result = run("accepted", "--until", "2027-06-30")
    assert (result.exit_code, "cannot be renewed here" in result.output) == (2, True)
    assert (rules / "a.yaml").read_text() == first + second
