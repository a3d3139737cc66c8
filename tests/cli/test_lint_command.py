"""`hubtriage lint`: what it prints and how it ends."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from hubtriage.cli.main import cli

GOOD = "rules:\n  - id: a\n    match: {Id: [{in-list: l}]}\n    update: {Confidence: 5}\n"
BAD = "rules:\n  - id: b\n    ordr: 5\n    match: {Id: [{in-list: l}]}\n    update: {Confidence: 500}\n"
SAID = """\
rules/bad.yaml:3:5: E101 unknown key 'ordr'
    ordr: 5
    ^
  hint: did you mean `order`?
rules/bad.yaml:5:26: E105 500 is above 100
    update: {Confidence: 500}
                         ^
2 errors
"""


@pytest.fixture
def lint(tmp_path, monkeypatch):
    """Runs `hubtriage lint` in a directory with the folder `rules` of these files."""
    monkeypatch.chdir(tmp_path)

    def run(files, *arguments):
        for name, text in files.items():
            path = Path(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return CliRunner().invoke(cli, ["lint", *arguments])

    return run


RULES = {"rules/good.yaml": GOOD, "rules/lists.yaml": "lists: {l: [x]}\n"}


def test_good_rules(lint):
    result = lint(RULES)
    assert (result.exit_code, result.output) == (0, "no problems\n")


def test_bad_rules(lint):
    result = lint({**RULES, "rules/bad.yaml": BAD})
    assert (result.exit_code, result.output) == (1, SAID)


def test_one_error(lint):
    result = lint({**RULES, "rules/empty.yaml": ""}, "rules")
    assert result.output.endswith("hint: delete the file, or write rules: or lists:\n1 error\n")


@pytest.mark.parametrize(
    ("paths", "code"),
    [
        pytest.param(["rules"], 1, id="the folder"),
        pytest.param(["rules/bad.yaml"], 1, id="the bad file"),
        pytest.param(["rules/good.yaml"], 0, id="the good file, whose list stands in another"),
        pytest.param(["rules/good.yaml", "rules/lists.yaml"], 0, id="two good files"),
        pytest.param(["rules/good.yaml", "rules"], 1, id="a file and its folder"),
        pytest.param(["other"], 0, id="another folder"),
        pytest.param(["other/o.yaml", "rules/good.yaml"], 0, id="files of two folders"),
    ],
)
def test_only_the_paths_asked_for_are_told(lint, paths, code):
    files = {**RULES, "rules/bad.yaml": BAD, "other/o.yaml": GOOD, "other/l.yaml": "lists: {l: [x]}\n"}
    result = lint(files, *paths)
    assert (result.exit_code, result.output) == (code, SAID if code else "no problems\n")


def test_a_file_deep_in_the_folder_rules_sees_all_of_it(lint):
    result = lint({**RULES, "rules/team/more.yaml": GOOD.replace("id: a", "id: c")}, "rules/team/more.yaml")
    assert (result.exit_code, result.output) == (0, "no problems\n")


def test_json(lint):
    result = lint({**RULES, "rules/bad.yaml": BAD}, "--json")
    assert result.exit_code == 1
    assert json.loads(result.output) == {
        "problems": [
            {
                "file": "rules/bad.yaml",
                "line": 3,
                "column": 5,
                "severity": "error",
                "code": "E101",
                "name": "unknown-key",
                "message": "unknown key 'ordr'",
                "hint": "did you mean `order`?",
            },
            {
                "file": "rules/bad.yaml",
                "line": 5,
                "column": 26,
                "severity": "error",
                "code": "E105",
                "name": "value-out-of-limits",
                "message": "500 is above 100",
                "hint": None,
            },
        ],
        "errors": 2,
        "warnings": 0,
    }


@pytest.mark.parametrize("arguments", [["nowhere"], ["--unknown"], []])
def test_wrong_usage(lint, arguments):
    result = lint({}, *arguments)
    assert result.exit_code == 2
    assert "Usage: " in result.output
