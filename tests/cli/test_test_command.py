"""`hubtriage test`: what it prints and how it ends."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from hubtriage.cli.main import cli

RULE = """\
rules:
  - id: a
    match: {Compliance: {SecurityControlId: [S3.8]}}
    update: {Workflow: {Status: SUPPRESSED}}
    tests:
      - {name: suppressed, expect: {Workflow: {Status: SUPPRESSED}}}
      - {name: alone, finding: {Compliance: {SecurityControlId: S3.1}}, expect: no change}
"""
WRONG = RULE.replace("id: a", "id: b").replace("Status: SUPPRESSED}}}", "Status: RESOLVED}}}")
UNTESTED = "rules:\n  - {id: c, when: true, update: {Confidence: 5}}\n"


@pytest.fixture
def test(tmp_path, monkeypatch):
    """Runs `hubtriage test` in a directory whose folder `rules` holds these files."""
    monkeypatch.chdir(tmp_path)

    def run(files, *arguments):
        Path("rules").mkdir()
        for name, text in files.items():
            Path("rules", name).write_text(text)
        return CliRunner().invoke(cli, ["test", *arguments])

    return run


def test_tests_that_pass(test):
    result = test({"a.yaml": RULE})
    assert (result.exit_code, result.output) == (0, "2 passed, 0 failed\n")


def test_a_test_that_fails_says_where_what_and_why(test):
    result = test({"a.yaml": RULE, "b.yaml": WRONG})
    assert result.exit_code == 1
    assert result.output == (
        "rules/b.yaml:6:9: b: suppressed\n"
        '  Workflow.Status: expected "RESOLVED", got "SUPPRESSED"\n'
        "  the rule matches this finding\n"
        "3 passed, 1 failed\n"
    )


def test_rules_without_both_kinds_of_tests_are_named(test):
    result = test({"a.yaml": RULE, "c.yaml": UNTESTED})
    assert result.exit_code == 0
    assert result.output == "without a test that changes and one that does not: c\n2 passed, 0 failed\n"


@pytest.mark.parametrize(
    ("arguments", "counts"),
    [
        (["-k", "b: "], "1 passed, 1 failed\n"),
        (["-k", "alone"], "2 passed, 0 failed\n"),
        (["rules/a.yaml"], "2 passed, 0 failed\n"),
        (["rules/b.yaml"], "1 passed, 1 failed\n"),
    ],
)
def test_tests_are_chosen_by_text_and_by_file(test, arguments, counts):
    assert test({"a.yaml": RULE, "b.yaml": WRONG}, *arguments).output.endswith(counts)


def test_json(test):
    result = test({"b.yaml": WRONG, "c.yaml": UNTESTED}, "--json")
    assert result.exit_code == 1
    place = {"rule": "b", "file": "rules/b.yaml"}
    difference = {"field": "Workflow.Status", "expected": "RESOLVED", "actual": "SUPPRESSED"}
    assert json.loads(result.output) == {
        "tests": [
            {
                **place,
                "name": "suppressed",
                "line": 6,
                "passed": False,
                "differences": [difference],
                "reasons": ["the rule matches this finding"],
            },
            {**place, "name": "alone", "line": 7, "passed": True, "differences": [], "reasons": []},
        ],
        "passed": 1,
        "failed": 1,
        "without_both_kinds": ["c"],
    }


def test_bad_rules_are_told_and_nothing_runs(test):
    result = test({"a.yaml": RULE, "b.yaml": "rules: [x]\n"})
    assert (result.exit_code, result.stdout) == (1, "")
    assert "rules/b.yaml:1:9: E103 a mapping is wanted, not text" in result.stderr


@pytest.mark.parametrize("arguments", [["nowhere"], ["-k", "no test has this"]])
def test_wrong_usage(test, arguments):
    assert test({"a.yaml": RULE}, *arguments).exit_code == 2
