"""`hubtriage test`: what it prints and how it ends."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from hubtriage.cli.main import cli
from hubtriage.cli.views.tests import UNTESTED as LACKING

RULE = """\
rules:
  - id: a
    match: {Compliance: {SecurityControlId: [S3.8]}}
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}
    tests:
      - {name: suppressed, expect: {Workflow: {Status: SUPPRESSED}}}
      - {name: alone, finding: {Compliance: {SecurityControlId: S3.1}}, expect: no change}
    ceiling: HIGH
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
        "  RULES    evaluated without hubtriage's own changes; the last rule to set a field wins\n"
        "     500 b  applies: all conditions hold\n"
        '           ✓ Compliance.SecurityControlId: "S3.8"; saw S3.8\n'
        "           wants Workflow.Status SUPPRESSED, Note.Text Accepted.\n"
        "  FIELDS   what happens to each field, and who holds it\n"
        "    Workflow.Status  NEW -> SUPPRESSED  set: b wants it (no one holds it)\n"
        "    Note.Text        none -> Accepted.  set: b wants it (no one holds it)\n"
        "3 passed, 1 failed\n"
    )


def test_rules_without_both_kinds_of_tests_are_named(test):
    result = test({"a.yaml": RULE, "c.yaml": UNTESTED})
    assert result.exit_code == 0
    assert result.output == f"{LACKING}: c\n2 passed, 0 failed\n"


@pytest.mark.parametrize(
    ("arguments", "counts"),
    [
        (["-k", "b: "], "1 passed, 1 failed\n"),
        (["-k", "alone"], "2 passed, 0 failed\n"),
        (["-k", "ALONE"], "2 passed, 0 failed\n"),
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
    document = json.loads(result.output)
    explanation = document["tests"][0].pop("explanation")
    assert (explanation["rules"][0]["id"], explanation["rules"][0]["verdict"]) == ("b", "applies")
    assert document == {
        "tests": [
            {
                **place,
                "name": "suppressed",
                "line": 6,
                "passed": False,
                "differences": [difference],
                "reasons": ["the rule matches this finding"],
            },
            {
                **place,
                "name": "alone",
                "line": 7,
                "passed": True,
                "differences": [],
                "reasons": [],
                "explanation": None,
            },
        ],
        "passed": 1,
        "failed": 1,
        "without_both_kinds": ["c"],
    }


def test_bad_rules_are_told_and_nothing_runs(test):
    result = test({"a.yaml": RULE, "b.yaml": "rules: [x]\n"})
    assert (result.exit_code, result.stdout) == (1, "")
    assert "rules/b.yaml:1:9: E103 a mapping is wanted, not text" in result.stderr


@pytest.mark.parametrize(
    ("files", "code"), [({"a.yaml": RULE}, 0), ({"a.yaml": RULE, "c.yaml": UNTESTED}, 1)]
)
def test_tests_of_both_kinds_can_be_required(test, files, code):
    assert test(files, "--require-tests").exit_code == code


COVERED = """\
rules:
  - id: a
    match:
      $or:
        - {Compliance: {SecurityControlId: [S3.8]}}
        - {Title: [never]}
    when: {and: [{"!!": {var: Region}}, {"==": [{var: Region}, eu-west-1]}]}
    ceiling: HIGH
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}
    tests:
      - {name: one, finding: {Region: eu-west-1}, expect: {Workflow: {Status: SUPPRESSED}}}
      - {name: two, finding: {Region: eu-north-1}, expect: no change}
"""


def test_coverage_names_the_outcomes_that_no_test_has_seen(test):
    result = test({"a.yaml": COVERED}, "--coverage")
    assert result.exit_code == 0
    assert result.output == (
        "rules/a.yaml: a: 8 of 12 outcomes\n"
        '  Compliance.SecurityControlId: "S3.8" never failed\n'
        '  Title: "never" never held\n'
        '  {"!!": {"var": "Region"}} never failed\n'
        '  {"var": "Region"} never failed\n'
        "coverage: 8 of 12 outcomes of conditions (66 %)\n"
        "2 passed, 0 failed\n"
    )


def test_coverage_as_json(test):
    (coverage,) = json.loads(test({"a.yaml": RULE}, "--coverage", "--json").output)["coverage"]
    assert coverage == {
        "rule": "a",
        "file": "rules/a.yaml",
        "covered": 2,
        "total": 2,
        "missing": [],
        "tests": 2,
        "funnel": [{"condition": 'Compliance.SecurityControlId: "S3.8"', "left": 1}],
    }


def test_coverage_shows_where_a_rule_loses_the_findings_of_its_tests(test):
    narrow = RULE.replace("match: {", "match: {Title: [nothing has this], ")
    lines = test({"a.yaml": narrow}, "--coverage").output.splitlines()
    at = lines.index("rules/a.yaml: a: matches no finding of its 2 tests; findings left by")
    assert lines[at + 1 : at + 3] == [
        '      0  Title: "nothing has this"',
        '      0  Compliance.SecurityControlId: "S3.8"',
    ]


def test_a_junit_report(test):
    assert test({"a.yaml": RULE, "b.yaml": WRONG}, "--junit", "report.xml").exit_code == 1
    root = ElementTree.parse("report.xml").getroot()  # noqa: S314 - our own
    assert [(suite.get("name"), suite.get("tests"), suite.get("failures")) for suite in root] == [
        ("rules/a.yaml", "2", "0"),
        ("rules/b.yaml", "2", "1"),
    ]
    case = root[1][0]
    assert (case.get("classname"), case.get("name"), case.get("line")) == ("b", "suppressed", "6")
    assert case[0].get("message") == 'Workflow.Status: expected "RESOLVED", got "SUPPRESSED"'
    told = case[0].text.splitlines()
    assert told[:2] == [case[0].get("message"), "the rule matches this finding"]
    assert told[-1] == "  Note.Text        none -> Accepted.  set: b wants it (no one holds it)"
    assert "<?xml version='1.0' encoding='utf-8'?>" in Path("report.xml").read_text(encoding="utf-8")


@pytest.mark.parametrize("arguments", [["nowhere"], ["-k", "no test has this"]])
def test_wrong_usage(test, arguments):
    assert test({"a.yaml": RULE}, *arguments).exit_code == 2
