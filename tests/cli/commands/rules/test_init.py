"""`hubtriage init`: what it writes, and that all of it works."""

import json
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from hubtriage.authoring.new_folder import contents
from hubtriage.cli.main import COMMANDS, cli
from tests.support.paths import ROOT

FILES = contents(version("hubtriage"))


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """The present folder, as `init` has made it."""
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, ["init"])
    assert result.exit_code == 0
    assert result.output.splitlines()[:-1] == list(FILES)
    return tmp_path


@pytest.mark.parametrize(
    "arguments",
    [
        ["lint", "--strict"],
        ["test", "--require-tests", "--coverage"],
        ["backtest", "findings"],
        ["diff", "rules", "rules", "findings"],
        ["build"],
    ],
)
def test_every_check_passes_from_the_beginning(mine, arguments):
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output


def test_another_folder_is_made(tmp_path):
    result = CliRunner().invoke(cli, ["init", str(tmp_path / "a" / "b")])
    assert result.exit_code == 0
    assert {path for path in FILES if not (tmp_path / "a" / "b" / path).is_file()} == set()
    assert result.output.endswith(
        f"next: cd {tmp_path}/a/b, then hubtriage lint, hubtriage test, hubtriage backtest findings\n"
    )


def test_what_is_there_is_left_as_it_is(tmp_path):
    (tmp_path / "README.md").write_text("mine")
    result = CliRunner().invoke(cli, ["init", str(tmp_path)])
    assert result.exit_code == 0
    assert f"{tmp_path}/README.md  (there already, left as it is)\n" in result.output
    assert (tmp_path / "README.md").read_text() == "mine"
    assert {path for path in FILES if not (tmp_path / path).is_file()} == set()
    again = CliRunner().invoke(cli, ["init", str(tmp_path)])
    assert (again.exit_code, again.output.count("there already, left as it is")) == (0, len(FILES))


def test_no_rule_is_put_beside_rules_that_are_there(tmp_path):
    (tmp_path / "rules" / "team").mkdir(parents=True)
    (tmp_path / "rules" / "team" / "own.yml").write_text("rules: []\n")
    result = CliRunner().invoke(cli, ["init", str(tmp_path)])
    assert result.exit_code == 0
    assert f"{tmp_path}/rules/sample-findings.yaml  (not written: there are rules already)\n" in result.output
    assert [path.name for path in (tmp_path / "rules").rglob("*.y*ml")] == ["own.yml"]
    assert (tmp_path / "schema" / "rules.schema.json").is_file()


def commands(text):
    """The hubtriage commands in a text, with their options."""
    return [line.split() for line in re.findall(r"hubtriage ([a-z]+(?: [^\n|>#]*)?)", text)]


@pytest.mark.parametrize(
    "file", [name for name in FILES if not name.startswith(("findings", "schema", "rules"))]
)
def test_every_command_that_is_named_exists_with_its_options(file):
    for name, *arguments in commands(FILES[file]):
        if name not in COMMANDS:
            continue
        help_text = CliRunner().invoke(cli, [name, "--help"]).output
        assert [one for one in arguments if one.startswith("--") and one.strip("`;:") not in help_text] == []


def workflow(mine, name):
    return yaml.safe_load((mine / ".github" / "workflows" / name).read_text())


def test_the_workflow_runs_the_checks_with_this_version(mine):
    document = workflow(mine, "rules.yml")
    runs = [step["run"] for step in document["jobs"]["rules"]["steps"] if "run" in step]
    assert runs[0] == f"pip install hubtriage=={version('hubtriage')}"
    assert [run.split()[1] for run in runs[1:]] == ["lint", "test", "diff", "pr", "lint"]
    assert document["permissions"] == {}
    assert document["jobs"]["rules"]["permissions"] == {
        "contents": "read",
        "pull-requests": "write",
        "security-events": "write",
    }


def run_step(mine, name, **environment):
    """Run a step of the pull request's workflow as it stands there, by a shell."""
    steps = workflow(mine, "rules.yml")["jobs"]["rules"]["steps"]
    (step,) = (step for step in steps if step.get("name") == name)
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    subprocess.run(["bash", "-e", "-c", step["run"]], check=True, env={"PATH": path, **environment}, cwd=mine)


def test_the_workflow_says_what_changes_and_does_not_fail_for_it(mine):
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-q", "-m", "rules"]):
        subprocess.run(["git", *command], check=True)
    rule = mine / "rules" / "sample-findings.yaml"
    rule.write_text(rule.read_text().replace("FALSE_POSITIVE", "BENIGN_POSITIVE"))
    run_step(mine, "diff", BASE="HEAD", GITHUB_STEP_SUMMARY=str(mine / "summary.md"))
    assert "1 of 11 findings change" in (mine / "summary.md").read_text()
    assert (mine / "diff.md").read_text() == (mine / "summary.md").read_text()


def test_what_lint_complains_of_is_there_for_code_scanning(mine):
    (mine / "rules" / "bad.yaml").write_text("rules: [{id: a}]\n")
    run_step(mine, "code scanning")
    (run,) = json.loads((mine / "lint.sarif").read_text())["runs"]
    assert run["results"]


@pytest.mark.parametrize("name", ["deploy.yml", ".gitlab-ci.yml"])
def test_what_deploys_checks_first_shows_what_changes_and_looks_afterwards(mine, name):
    if name == "deploy.yml":
        job = workflow(mine, name)["jobs"]["deploy"]
        runs = [step["run"] for step in job["steps"] if "run" in step]
        assert job["environment"] == "production"
    else:
        job = yaml.safe_load((mine / name).read_text())["deploy"]
        runs = [run for run in job["script"] if isinstance(run, str)]
        assert (job["environment"], job["rules"][0]["when"]) == ("production", "manual")
    order = ["pip", "npm", "npx", "hubtriage"]
    assert [run.split()[0] for run in runs if run.split()[0] in order] == order
    assert [run for run in runs if run.startswith(("hubtriage", "npx"))] == [
        "npx cdk diff --all",
        "hubtriage deploy --yes --no-follow",
    ]


PUBLISH = 'hubtriage exceptions --live --publish "${}"'


def test_the_register_is_published_only_from_main_and_with_its_variables(mine):
    job = workflow(mine, "register.yml")["jobs"]["publish"]
    assert job["if"] == "vars.REGISTER_ROLE != '' && github.ref == 'refs/heads/main'"
    *_, last = job["steps"]
    assert (last["run"], last["env"]) == (PUBLISH.format("URL"), {"URL": "${{ vars.REGISTER_URL }}"})
    job = yaml.safe_load((mine / ".gitlab-ci.yml").read_text())["register"]
    (rule,) = job["rules"]
    assert "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH" in rule["if"]
    assert rule["if"].endswith("&& $REGISTER_ROLE")
    assert job["script"][-1] == PUBLISH.format("REGISTER_URL")


def test_the_deployment_is_pinned_as_ours_is():
    lock = json.loads(FILES["package-lock.json"])["packages"]
    ours = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert lock["node_modules/aws-cdk"] == ours["node_modules/aws-cdk"]
    pinned = {"aws-cdk": ours["node_modules/aws-cdk"]["version"]}
    assert json.loads(FILES["package.json"])["devDependencies"] == pinned
    assert lock[""]["devDependencies"] == pinned
    assert FILES["requirements.txt"].splitlines()[-1] == f"hubtriage[deploy]=={version('hubtriage')}"


def test_its_settings_are_valid_and_each_that_is_proposed_is_too(mine):
    assert CliRunner().invoke(cli, ["settings"]).exit_code == 0
    file = mine / "hubtriage.toml"
    text, _table = file.read_text().split("# [target.", 1)
    file.write_text(re.sub(r"^# (?=[a-z-]+ = |\[)", "", text, flags=re.MULTILINE))
    shown = CliRunner().invoke(cli, ["settings"])
    assert shown.exit_code == 0, shown.output
    assert "observe" in shown.output
    assert {"sec-chat", "cloud", "team"} <= set(shown.output.split())


def test_the_target_that_is_proposed_is_valid(mine):
    file = mine / "hubtriage.toml"
    text, table = file.read_text().split("# [target.", 1)
    file.write_text(text + re.sub(r"^# ", "", f"# [target.{table}", flags=re.MULTILINE))
    assert CliRunner().invoke(cli, ["settings"]).exit_code == 2
    shown = CliRunner().invoke(cli, ["settings", "--target", "prod-eu"])
    assert (shown.exit_code, "(target.prod-eu)" in shown.output) == (0, True), shown.output


@pytest.mark.parametrize("hooks", [".pre-commit-hooks.yaml", None])
def test_the_hooks_before_a_commit_lint_and_test(hooks):
    text = FILES[".pre-commit-config.yaml"] if hooks is None else (ROOT / hooks).read_text()
    document = yaml.safe_load(text)
    listed = document["repos"][0]["hooks"] if isinstance(document, dict) else document
    assert [hook["entry"] for hook in listed] == ["hubtriage lint --strict", "hubtriage test --require-tests"]
    for hook in listed:
        assert hook["pass_filenames"] is False
        assert re.search(hook["files"], "rules/team/a.yaml")
        assert not re.search(hook["files"], "docs/rules.md")
