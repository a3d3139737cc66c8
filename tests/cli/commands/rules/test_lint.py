"""`hubtriage lint`: what it prints and how it ends."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from hubtriage.cli.main import cli

LACKING = "no test with a finding that it changes, and none with a finding that it leaves alone"
GOOD = """\
rules:
  - id: a
    match: {Id: [{in-list: l}]}
    update: {Confidence: 5}
    tests:
      - {name: one, finding: {Id: x}, expect: {Confidence: 5}}
      - {name: another, expect: no change}
"""
UNTESTED = "rules:\n  - id: u\n    match: {Id: [x]}\n    update: {Confidence: 5}\n"
BAD = "rules:\n  - id: b\n    ordr: 5\n    match: {Id: [{in-list: l}]}\n    update: {Confidence: 500}\n"
SAID = """\
rules/bad.yaml:2:9: W312 no test with a finding that it changes, and none with a finding that it leaves alone
    - id: b
          ^
  hint: add them under tests:
  page: hubtriage lint --page W312
rules/bad.yaml:3:5: E101 unknown key 'ordr'
    ordr: 5
    ^
  hint: did you mean `order`?
  fix: writes `order`
  page: hubtriage lint --page E101
rules/bad.yaml:5:26: E105 500 is above 100
    update: {Confidence: 500}
                         ^
  page: hubtriage lint --page E105
"""
FIXABLE = "fixable: 1 with --fix\n"


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
    assert (result.exit_code, result.output) == (0, "1 rule in 2 files: no problems\n")


def test_bad_rules(lint):
    result = lint({**RULES, "rules/bad.yaml": BAD})
    assert (result.exit_code, result.output) == (
        1,
        f"{SAID}2 rules in 3 files: 2 errors, 1 warning\n{FIXABLE}",
    )


def test_one_error(lint):
    result = lint({**RULES, "rules/empty.yaml": ""}, "rules")
    assert result.output.endswith(
        "rules: or lists:\n  page: hubtriage lint --page E008\n1 rule in 2 files: 1 error\n"
    )


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
    *shown, total = result.output.removesuffix(FIXABLE).splitlines(keepends=True)
    assert (result.exit_code, "".join(shown)) == (code, SAID if code else "")
    assert total.endswith(": 2 errors, 1 warning\n" if code else ": no problems\n")


def test_a_file_deep_in_the_folder_rules_sees_all_of_it(lint):
    result = lint({**RULES, "rules/team/more.yaml": GOOD.replace("id: a", "id: c")}, "rules/team/more.yaml")
    assert (result.exit_code, result.output) == (0, "1 rule in 1 file: no problems\n")


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"rules/README.md": "# none"}, id="no rule file"),
        pytest.param({"rules/lists.yaml": "lists: {l: [x]}\n"}, id="a file without rules"),
        pytest.param(
            {"rules/a.yaml": GOOD.replace("in-list: l", "prefix: x") + "    mode: 'off'\n"}, id="all off"
        ),
    ],
)
def test_a_folder_without_a_rule_in_force_is_an_error(lint, files):
    result = lint(files, "rules")
    assert (result.exit_code, "E403" in result.output) == (1, True), result.output


def test_files_are_read_whatever_the_case_of_their_ending_and_json_is_refused(lint):
    files = {"rules/A.YAML": GOOD, "rules/l.YML": "lists: {l: [x]}\n", "rules/other.json": '{"findings": []}'}
    assert lint(files).output == "1 rule in 2 files: no problems\n"
    result = lint({"rules/b.json": '{"rules": []}', "rules/.c.json": '{"rules": []}'})
    assert result.exit_code == 1
    assert result.output.startswith(
        "rules/b.json:1:1: E405 rules in JSON are not read\n  hint: rename it to b.yaml"
    )


def test_json(lint):
    result = lint({**RULES, "rules/bad.yaml": BAD}, "--json")
    assert result.exit_code == 1
    assert json.loads(result.output) == {
        "problems": [
            {
                "file": "rules/bad.yaml",
                "line": 2,
                "column": 9,
                "severity": "warning",
                "code": "W312",
                "name": "untested-rule",
                "message": LACKING,
                "hint": "add them under tests:",
                "fix": None,
                "page": "docs/checks/W312.md",
            },
            {
                "file": "rules/bad.yaml",
                "line": 3,
                "column": 5,
                "severity": "error",
                "code": "E101",
                "name": "unknown-key",
                "message": "unknown key 'ordr'",
                "hint": "did you mean `order`?",
                "fix": {
                    "message": "writes `order`",
                    "safe": True,
                    "line": 3,
                    "column": 5,
                    "end_line": 3,
                    "end_column": 9,
                    "replacement": "order",
                },
                "page": "docs/checks/E101.md",
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
                "fix": None,
                "page": "docs/checks/E105.md",
            },
        ],
        "errors": 2,
        "warnings": 1,
        "rules": 2,
        "files": 3,
    }


@pytest.mark.parametrize(("options", "code"), [([], 0), (["--strict"], 1)])
def test_warnings_stop_nothing_unless_they_are_asked_to(lint, options, code):
    result = lint({"rules/u.yaml": UNTESTED}, *options)
    assert result.exit_code == code
    assert "rules/u.yaml:2:9: W312 no test with a finding that it changes, and none" in result.output
    assert result.output.endswith("  page: hubtriage lint --page W312\n1 rule in 1 file: 1 warning\n")


def test_warnings_are_of_a_time(lint):
    expiring = GOOD.replace("    match", "    expires: 2027-03-31\n    match")
    files = {"rules/a.yaml": expiring, "rules/l.yaml": "lists: {l: [x]}\n"}
    told = [lint(files, "--now", now).output for now in ("2027-01-01", "2027-03-10", "2027-04-01")]
    assert ["W309" in text for text in told] == [False, True, False]
    assert ["W308" in text for text in told] == [False, False, True]


def test_annotations_for_github(lint):
    result = lint(
        {"rules/u.yaml": UNTESTED, "rules/a, b.yaml": "rules: [{id: '50%'}]\n"}, "--format", "github"
    )
    assert result.exit_code == 1
    first, second, third = result.output.splitlines()
    assert first == (
        "::error file=rules/a%2C b.yaml,line=1,col=9,title=E205 no-condition::"
        "the rule has no condition%0Ahint: write match:, or when: true to mean every finding"
        "%0Apage: hubtriage lint --page E205"
    )
    assert second == (
        "::error file=rules/a%2C b.yaml,line=1,col=14,title=E106 malformed-value::"
        "'50%25' is not a rule id%0Ahint: 1 to 63 of a-z, 0-9 and '-', not starting with '-'"
        "%0Apage: hubtriage lint --page E106"
    )
    assert third == (
        "::warning file=rules/u.yaml,line=2,col=9,title=W312 untested-rule::"
        "no test with a finding that it changes, and none with a finding that it leaves alone"
        "%0Ahint: add them under tests:%0Apage: hubtriage lint --page W312"
    )


def test_sarif(lint):
    result = lint({"rules/u.yaml": UNTESTED, "rules/bad.yaml": BAD}, "--format", "sarif")
    assert result.exit_code == 1
    log = json.loads(result.output)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["E101", "E105", "E203", "W312"]
    assert rules[0]["help"]["markdown"].startswith("# E101 unknown-key\n")
    told = {
        (one["ruleId"], rules[one["ruleIndex"]]["id"], one["level"], *_place(one)) for one in run["results"]
    }
    assert told == {
        ("E101", "E101", "error", "rules/bad.yaml", 3, 5),
        ("E105", "E105", "error", "rules/bad.yaml", 5, 26),
        ("E203", "E203", "error", "rules/bad.yaml", 4, 28),
        ("W312", "W312", "warning", "rules/bad.yaml", 2, 9),
        ("W312", "W312", "warning", "rules/u.yaml", 2, 9),
    }


def test_sarif_names_files_as_uris(lint):
    result = lint({"rules/ä b#1.yaml": UNTESTED}, "--format", "sarif")
    (run,) = json.loads(result.output)["runs"]
    assert {_place(one)[0] for one in run["results"]} == {"rules/%C3%A4%20b%231.yaml"}


def _place(result):
    place = result["locations"][0]["physicalLocation"]
    return place["artifactLocation"]["uri"], place["region"]["startLine"], place["region"]["startColumn"]


WIDE = """\
rules:
  - id: wide
    owner: me
    ticket: T-1
    expires: 2027-10-31
    match: {ProductFields: {any: [{exists: false}]}}
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}
"""


def test_a_rule_that_hides_nearly_everything_is_told_with_the_findings_beside_it(lint):
    findings = [{"Id": str(n), "ProductArn": "p", "AwsAccountId": "1"} for n in range(3)]
    findings.append({**findings[0], "ProductFields": {"any": "x"}})
    files = {"rules/a.yaml": WIDE, "findings/some.json": json.dumps(findings)}
    said = "W315 hides every finding, 45 of 45 samples and 3 of the 4 in findings"
    assert said in lint(files, "--now", "2026-11-01").output
    files["findings/some.json"] = "no JSON"
    said = "W315 hides every finding, 45 of 45 samples\n"
    assert said in lint(files, "--now", "2026-11-01").output


def test_a_page_is_shown(lint):
    result = lint({}, "--page", "W107")
    assert result.exit_code == 0
    assert result.output.startswith("# W107 control-id-as-prefix\n")


@pytest.mark.parametrize("arguments", [["--unknown"], ["--format", "pdf"]])
def test_wrong_usage(lint, arguments):
    result = lint({}, *arguments)
    assert result.exit_code == 2
    assert "Usage: " in result.output


@pytest.mark.parametrize(("arguments", "folder"), [(["nowhere"], "nowhere"), ([], "rules")])
def test_a_missing_folder(lint, arguments, folder):
    result = lint({}, *arguments)
    hint = "name the folder of rule files, or create one: hubtriage init"
    said = f"Error: {folder}: there is no such file or folder\n  hint: {hint}\n"
    assert (result.exit_code, result.output) == (2, said)


SLIPS = """\
# ours
rules:
  - id: s   # a slip or two
    ownr: me
    match: {AwsAccountId: [111122223333], Region: ["eu-*"]}
    update: {Workflow: {Status: NOTIFIED}}
"""
SAFE = SLIPS.replace("ownr", "owner").replace("[111122223333]", '["111122223333"]')
UNSAFE = SAFE.replace('["eu-*"]', '[{wildcard: "eu-*"}]')
DIFF = """\
--- rules/s.yaml
+++ rules/s.yaml
@@ -1,6 +1,6 @@
 # ours
 rules:
   - id: s   # a slip or two
-    ownr: me
-    match: {AwsAccountId: [111122223333], Region: ["eu-*"]}
+    owner: me
+    match: {AwsAccountId: ["111122223333"], Region: ["eu-*"]}
     update: {Workflow: {Status: NOTIFIED}}
"""


def test_lint_says_what_has_a_fix(lint):
    said = lint({"rules/s.yaml": SLIPS}).output
    assert (
        "  hint: did you mean `owner`?\n  fix: writes `owner`\n  page: hubtriage lint --page E101\n" in said
    )
    assert "  unsafe fix: makes it a wildcard, which matches more than the value as it is written\n" in said
    assert said.endswith(
        "1 rule in 1 file: 3 errors, 1 warning\nfixable: 2 with --fix, 1 with --fix --unsafe-fixes\n"
    )


def test_a_diff_shows_and_writes_nothing(lint):
    result = lint({"rules/s.yaml": SLIPS}, "--diff")
    assert (result.exit_code, result.stdout) == (1, DIFF)
    assert result.stderr == "would fix 2 problems in 1 file\n"
    assert Path("rules/s.yaml").read_text() == SLIPS


def test_a_diff_of_nothing(lint):
    result = lint(RULES, "--diff")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "nothing to fix\n")


def test_fixes_are_shown_and_written_and_what_is_left_is_said(lint):
    result = lint({"rules/s.yaml": SLIPS}, "--fix")
    assert result.output.startswith(f"{DIFF}fixed 2 problems in 1 file\nrules/s.yaml:3:9: W312 ")
    assert result.output.endswith(
        "1 rule in 1 file: 1 error, 1 warning\nfixable: 1 with --fix --unsafe-fixes\n"
    )
    assert result.exit_code == 1
    assert Path("rules/s.yaml").read_text() == SAFE
    again = lint({}, "--fix")
    assert again.output == result.output.partition("in 1 file\n")[2]
    assert Path("rules/s.yaml").read_text() == SAFE


def test_unsafe_fixes_are_asked_for(lint):
    result = lint({"rules/s.yaml": SLIPS}, "--fix", "--unsafe-fixes")
    assert (result.exit_code, "fixable" in result.output) == (0, False)
    assert Path("rules/s.yaml").read_text() == UNSAFE


def test_only_the_files_that_are_named_are_mended(lint):
    files = {"rules/s.yaml": SLIPS, "rules/t.yaml": SLIPS.replace("id: s", "id: t")}
    lint(files, "rules/s.yaml", "--fix")
    assert Path("rules/s.yaml").read_text() == SAFE
    assert Path("rules/t.yaml").read_text() == files["rules/t.yaml"]


def test_fixes_beside_a_document_for_programs(lint):
    result = lint({"rules/s.yaml": SLIPS}, "--fix", "--json")
    assert json.loads(result.stdout)["errors"] == 1
    assert result.stderr == "fixed 2 problems in 1 file\n"


@pytest.mark.parametrize(
    "options",
    [["--fix", "--diff"], ["--unsafe-fixes"], ["--diff", "--json"], ["--diff", "--format", "sarif"]],
    ids=" ".join,
)
def test_options_that_contradict_each_other(lint, options):
    result = lint({"rules/s.yaml": SLIPS}, *options)
    assert (result.exit_code, "Usage: " in result.output) == (2, True)
    assert Path("rules/s.yaml").read_text() == SLIPS


def test_sarif_has_the_fixes(lint):
    (run,) = json.loads(lint({"rules/s.yaml": SLIPS}, "--format", "sarif").output)["runs"]
    fixes = {one["ruleId"]: one.get("fixes") for one in run["results"]}
    assert fixes["W312"] is None
    assert fixes["E101"] == [
        {
            "description": {"text": "fix: writes `owner`"},
            "artifactChanges": [
                {
                    "artifactLocation": {"uri": "rules/s.yaml"},
                    "replacements": [
                        {
                            "deletedRegion": {"startLine": 4, "startColumn": 5, "endLine": 4, "endColumn": 9},
                            "insertedContent": {"text": "owner"},
                        }
                    ],
                }
            ],
        }
    ]
    assert fixes["E210"][0]["description"]["text"].startswith("unsafe fix: ")


def _refused(result, reason):
    said = f"Error: rules/s.yaml: {reason}\n  hint: no file was changed\n"
    assert (result.exit_code, result.stderr) == (2, said)
    assert [path.name for path in Path("rules").iterdir() if path.name.startswith(".")] == []


def test_a_file_that_may_only_be_read_is_named_and_nothing_is_written(lint):
    lint({"rules/a.yaml": SLIPS.replace("id: s", "id: a"), "rules/s.yaml": SLIPS})
    Path("rules/s.yaml").chmod(0o444)
    _refused(lint({}, "--fix"), "it may only be read")
    assert Path("rules/a.yaml").read_text() == SLIPS.replace("id: s", "id: a")


def test_a_disk_without_room_leaves_all_as_it_was(lint, monkeypatch):
    lint({"rules/s.yaml": SLIPS})

    def full(_file):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    _refused(lint({}, "--fix"), "no space is left on the disk")
    assert Path("rules/s.yaml").read_text() == SLIPS


def test_a_link_stays_a_link(lint):
    lint({"rules/.shared/s.yml": SLIPS})
    Path("rules/s.yaml").symlink_to(".shared/s.yml")
    Path("rules/.shared/s.yml").chmod(0o640)
    assert lint({}, "--fix").exit_code == 1
    assert Path("rules/s.yaml").is_symlink()
    assert Path("rules/.shared/s.yml").read_text() == SAFE
    assert Path("rules/.shared/s.yml").stat().st_mode & 0o777 == 0o640


def test_a_link_to_elsewhere_is_not_followed(lint):
    lint({"elsewhere.yaml": SLIPS, "rules/good.yaml": GOOD.replace("in-list: l", "prefix: x")})
    Path("rules/s.yaml").symlink_to("../elsewhere.yaml")
    _refused(lint({}, "--fix"), "it is a link to a file outside of the folder")
    assert Path("elsewhere.yaml").read_text() == SLIPS


def test_line_ends_the_mark_and_odd_characters_stay(lint):
    text = "\ufeff" + SLIPS.replace("ours", "o\u202eurs\u2066 \U0001f600").replace("\n", "\r\n")
    Path("rules").mkdir()
    Path("rules/s.yaml").write_bytes(text.encode())
    result = lint({}, "--fix")
    wanted = text.replace("ownr", "owner").replace("[111122223333]", '["111122223333"]')
    assert Path("rules/s.yaml").read_bytes() == wanted.encode()
    assert all(line.isprintable() for line in result.output.splitlines())


def test_a_comment_is_no_command_to_a_workflow(lint):
    head = "rules:\n  - id: s\n    description: |\n\n      ::error::owned\n"
    text = head + SLIPS.partition("two\n")[2]
    said = lint({"rules/s.yaml": text}, "--diff").stdout
    assert "::error" in said
    assert not [line for line in said.splitlines() if line.lstrip().startswith("::")]


UNSEEN = """
rules:
  - id: by-team
    match: {UserDefinedFields: {owner: [web]}}
    update: {Workflow: {Status: NOTIFIED}, Types: [TTPs]}
    lint: {ignore: {W312: an example}}
"""


@pytest.mark.parametrize(
    ("setting", "options", "codes"),
    [
        pytest.param("", (), set(), id="for the hub of ASFF alone"),
        pytest.param("", ("--hub", "v2"), {"W206", "W320"}, id="asked for V2"),
        pytest.param("", ("--hub", "both"), {"W206", "W320"}, id="asked for both"),
        pytest.param('hubs = ["cspm", "v2"]', (), {"W206", "W320"}, id="the settings name both"),
        pytest.param(
            'hubs = ["v2"]', ("--hub", "cspm"), set(), id="asked for the other than the settings name"
        ),
    ],
)
def test_what_v2_lacks_is_reported_for_rules_that_are_for_v2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, options: tuple[str, ...], codes: set[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.yaml").write_text(UNSEEN)
    (tmp_path / "hubtriage.toml").write_text(f"{setting}\n")
    result = CliRunner().invoke(cli, ["lint", "--json", *options])
    assert {problem["code"] for problem in json.loads(result.stdout)["problems"]} == codes


def test_a_negation_of_what_v2_lacks_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "rules:\n  - id: a\n    match: {UserDefinedFields: {owner: [{exists: false}]}}\n"
        "    update: {Workflow: {Status: NOTIFIED}}\n"
    )
    assert CliRunner().invoke(cli, ["lint", str(tmp_path)]).exit_code == 0
    result = CliRunner().invoke(cli, ["lint", str(tmp_path), "--hub", "both"])
    assert result.exit_code == 1
    assert "E217" in result.stdout


def test_what_is_ignored_for_v2_is_not_needless_for_the_other_hub(tmp_path: Path) -> None:
    ignored = UNSEEN.replace("W312: an example", "W312: an example, W206: for the other hub, W320: also")
    (tmp_path / "a.yaml").write_text(ignored)
    for hub in ("cspm", "both"):
        result = CliRunner().invoke(cli, ["lint", str(tmp_path), "--json", "--hub", hub])
        assert json.loads(result.stdout)["problems"] == []


DELIVERING = (
    GOOD.replace("{in-list: l}", "x")
    .replace("[{", "[")
    .replace("}]", "]")
    .replace("    update", "    owner: payments\n    notify: chat\n    open-ticket: team\n    update")
)
SETTINGS = """\
decision-events = true
[channels.chat]
kind = "slack"
secret = "s"
[queues.cloud]
kind = "jira"
url = "https://acme.example"
secret = "s"
project = "SEC"
[routes.team]
by = "owner"
otherwise = "cloud"
[routes.team.to]
paymnts = "cloud"
"""


def test_names_of_channels_and_queues_are_those_of_the_settings(lint):
    files = {"rules/a.yaml": DELIVERING, "hubtriage.toml": SETTINGS.replace("paymnts", "payments")}
    result = lint(files, "--strict")
    assert (result.exit_code, result.output) == (0, "1 rule in 1 file: no problems\n")
    result = lint({**files, "hubtriage.toml": SETTINGS.replace("channels.chat", "channels.chats")})
    assert result.exit_code == 1
    assert "E308 there is no channel 'chat'" in result.output
    assert "did you mean `chats`?" in result.output


def test_without_settings_nothing_could_be_delivered(lint):
    result = lint({"rules/a.yaml": DELIVERING})
    assert result.exit_code == 1
    assert result.output.count("E308") == 4, "in two problems, each with its page"


def test_a_value_that_no_rule_reaches_is_shown_in_the_settings(lint):
    result = lint({"rules/a.yaml": DELIVERING, "hubtriage.toml": SETTINGS})
    assert result.exit_code == 0
    assert (
        "hubtriage.toml:14:1: W323 route team: no rule that names the route has the owner 'paymnts'"
        in result.output
    )
    assert "W323" not in lint({}, "rules/a.yaml").output, "a single file does not have all rules"


def test_nothing_is_said_of_routes_that_another_folder_uses_too(lint):
    target = '[target.{name}]\naccount = "{account}"\nhome-region = "eu-west-1"\nrules = "{folder}"\n'
    one = target.format(name="one", account="111122223333", folder="rules")
    other = target.format(name="other", account="444455556666", folder="others")
    result = lint({"rules/a.yaml": DELIVERING, "hubtriage.toml": SETTINGS + one + other}, "rules")
    assert "W323" not in result.output
    own = '[target.one.routes.team]\nby = "owner"\nto = {nosuch = "cloud"}\notherwise = "cloud"\n'
    result = lint({"hubtriage.toml": SETTINGS + one + other + own}, "rules")
    assert (
        "hubtriage.toml:25:1: W323 route team: no rule that names the route has the owner 'nosuch'"
        in result.output
    )


def test_each_target_has_names_of_its_own(lint):
    targets = """
[target.prod]
account = "111122223333"
home-region = "eu-west-1"
[target.lab]
account = "444455556666"
home-region = "eu-west-1"
without-rules-tagged = ["prod"]
[target.lab.channels.lab-chat]
kind = "slack"
secret = "s"
"""
    files = {
        "rules/a.yaml": DELIVERING,
        "hubtriage.toml": SETTINGS.replace("paymnts", "payments") + targets,
    }
    result = lint(files)
    assert result.exit_code == 1
    assert "E308 there is no channel 'chat' in target lab" in result.output
    assert lint({}, "--target", "prod").exit_code == 0
    tagged = DELIVERING.replace("    owner", "    tags: [prod]\n    owner")
    assert lint({"rules/a.yaml": tagged}).exit_code == 0, "the other target does not take the rule"
