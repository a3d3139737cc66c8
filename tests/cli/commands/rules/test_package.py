"""`hubtriage package`: the same bytes wherever it runs, and nothing where something is wrong."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from hubtriage.cli.main import cli
from hubtriage.localaws.synth import FOR_THIS_MACHINE
from tests.support.paths import ROOT
from tests.support.terminals import environment

GOOD = """\
rules:
  - id: sample-findings
    match: {Sample: [true]}
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}
"""
OTHER = GOOD.replace("sample-findings", "more").replace("Sample: [true]", "Title: [Übung]")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the network; CDK's check of templates takes longer than all the rest."""
    monkeypatch.setenv(FOR_THIS_MACHINE, "1")
    monkeypatch.setenv("CDK_VALIDATION", "false")


def repository(folder: Path, **files: str) -> Path:
    (folder / "rules").mkdir(parents=True)
    for name, text in {"a.yaml": GOOD, "b.yaml": OTHER, **files}.items():
        (folder / "rules" / name).write_text(text, encoding="utf-8")
    return folder


def committed(folder: Path) -> Path:
    """Commit all of a folder, in a repository that knows where it is from."""
    for command in (
        "init --quiet",
        "remote add origin https://example.com/team/rules.git",
        "add .",
        "-c user.name=Ana -c user.email=ana@example.com -c commit.gpgsign=false commit --quiet -m Rules",
    ):
        subprocess.run(["git", *command.split()], cwd=folder, check=True)
    return folder


def run(folder: Path, *arguments: str, umask: int = 0o022, **others: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hubtriage", "package", *arguments],
        cwd=folder,
        env=environment(PYTHONPATH=str(ROOT), **others),
        umask=umask,
        capture_output=True,
        text=True,
        check=False,
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def guards(folder: Path) -> set[str]:
    """Whether the rules of each template may replace any others."""
    templates = [json.loads(path.read_text()) for path in folder.glob("*.template.json")]
    resources = [each for template in templates for each in template["Resources"].values()]
    return {each["Properties"]["Replace"] for each in resources if each["Type"] == "Custom::HubtriageRules"}


def test_two_builds_give_the_same_bytes(tmp_path):
    """Whatever the folder, time zone, umask, hash seed, language, order and times of files, and links."""
    first = committed(repository(tmp_path / "first"))
    second = tmp_path / "second folder"
    (second / "rules").mkdir(parents=True)
    shutil.copytree(first / ".git", second / ".git")
    for name in ("b.yaml", "a.yaml"):
        shutil.copyfile(first / "rules" / name, second / "rules" / name)
        os.utime(second / "rules" / name, (1, 1))
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.txt").write_text("not a rule")
    (second / "rules" / "link.txt").symlink_to(tmp_path / "outside" / "secret.txt")
    (second / "rules" / "outside").symlink_to(tmp_path / "outside", target_is_directory=True)
    (second / ".git" / "info" / "exclude").write_text("link.txt\noutside\n")
    one = run(first, "--out", "out", umask=0o022, TZ="UTC", PYTHONHASHSEED="1", LC_ALL="C")
    two = run(
        second,
        *("--out", str(tmp_path / "elsewhere" / "deep")),
        umask=0o077,
        TZ="Pacific/Kiritimati",
        PYTHONHASHSEED="2",
        LC_ALL="C.UTF-8",
        AWS_REGION="eu-west-1",
        CDK_DEFAULT_ACCOUNT="111122223333",
        CDK_DEFAULT_REGION="eu-west-1",
    )
    assert (one.returncode, two.returncode) == (0, 0), one.stderr + two.stderr
    made = contents(first / "out")
    assert made == contents(tmp_path / "elsewhere" / "deep")
    manifest = json.loads(made["manifest.json"])
    assert set(manifest["files"]) | {"manifest.json"} == set(made)
    assert manifest["complete"] is True
    assert manifest["rules"]["revision"]
    assert guards(first / "out") == {"no"}
    assert one.stdout.startswith("cd out\n")
    assert "aws cloudformation deploy --stack-name hubtriage" in one.stdout
    assert one.stdout.partition("BUCKET=")[2].strip() in made["README.md"].decode()
    assert one.stderr == f"1 stack, {manifest['rules']['hash']}, written to out\n"


def test_settings_of_the_target_and_of_cdk_json_count_and_what_is_said_on_the_command_line(tmp_path):
    folder = repository(tmp_path)
    (folder / "hubtriage.toml").write_text(
        'stack-name = "mine"\n[target.a]\naccount = "111122223333"\nregions = ["eu-central-1", "us-east-1"]\n'
    )
    context = {"hubtriage:tags": {"team": "security"}, "@aws-cdk/core:bootstrapQualifier": "ours"}
    (folder / "cdk.json").write_text(json.dumps({"context": context}))
    (folder / "below").mkdir()
    done = run(folder / "below", "--out", "out", "--target", "a", "--replace")
    assert done.returncode == 0, done.stderr
    manifest = json.loads((folder / "below" / "out" / "manifest.json").read_text())
    assert [(each["name"], each["account"], each["region"]) for each in manifest["stacks"]] == [
        ("mine", "111122223333", "eu-central-1"),
        ("mine", "111122223333", "us-east-1"),
    ]
    assert all(each["tags"]["team"] == "security" for each in manifest["stacks"])
    assert done.stdout.count("BUCKET=NAME") == 2
    assert guards(folder / "below" / "out") == {"yes"}, "these rules may replace others"
    assert sum(name.endswith(".zip") for name in manifest["files"]) == 4, (
        "all Regions have the same functions"
    )


def test_one_of_several_targets_has_to_be_chosen(tmp_path, monkeypatch):
    table = '[target.a]\naccount = "111122223333"\nregions = ["eu-central-1"]\n'
    (repository(tmp_path) / "hubtriage.toml").write_text(table)
    code, told = in_process(tmp_path, monkeypatch, "--out", "out")
    assert (code, "none is chosen: a" in told) == (2, True)


def test_what_would_replace_rules_for_good_is_refused(tmp_path, monkeypatch):
    context = {"hubtriage:replace": "true"}
    (repository(tmp_path) / "cdk.json").write_text(json.dumps({"context": context}))
    code, told = in_process(tmp_path, monkeypatch, "--out", "out")
    assert (code, "cdk.json: hubtriage:replace" in told) == (2, True)


def in_process(folder: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str]:
    monkeypatch.chdir(folder)
    result = CliRunner().invoke(cli, ["package", *arguments])
    return result.exit_code, result.stderr


@pytest.mark.parametrize(
    ("files", "code", "said"),
    [
        pytest.param({"a.yaml": GOOD.replace("SUPPRESSED", "SUPRESSED")}, 1, "did you mean", id="a mistake"),
        pytest.param({"a.yaml": "rules: []\n", "b.yaml": "rules: []\n"}, 1, "E403", id="no rule in force"),
        pytest.param({"\x1b[2J.yaml": "rules: [1]\n"}, 1, "[2J.yaml:1:9: E103", id="a hostile file name"),
    ],
)
def test_wrong_rules_end_it_before_anything_is_written(tmp_path, monkeypatch, files, code, said):
    assert in_process(repository(tmp_path, **files), monkeypatch, "--out", "out")[0] == code
    told = in_process(tmp_path, monkeypatch, "--out", "out")[1]
    assert said in told
    assert "\x1b" not in told
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        pytest.param('stackname = "x"\n', "did you mean stack-name?", id="an unknown setting"),
        pytest.param('home-region = "eu-central-1"\nregions = ["us-east-1"]\n', "twice", id="a conflict"),
        pytest.param('never = ["Severity.Lable"]\n', "hubtriage.toml:1: never", id="an unknown field"),
    ],
)
def test_wrong_settings_end_it_before_anything_is_written(tmp_path, monkeypatch, settings, said):
    (repository(tmp_path) / "hubtriage.toml").write_text(settings)
    code, told = in_process(tmp_path, monkeypatch, "--out", "out")
    assert (code, said in told) == (2, True)
    assert not (tmp_path / "out").exists()


def test_a_rule_that_sets_a_field_in_never_is_refused(tmp_path, monkeypatch):
    (repository(tmp_path) / "hubtriage.toml").write_text('never = ["Workflow.Status"]\n')
    assert in_process(tmp_path, monkeypatch, "--out", "out")[0] == 1


def test_a_folder_with_other_files_is_left_alone_before_anything_is_built(tmp_path, monkeypatch):
    (repository(tmp_path) / "out").mkdir()
    for name in ("precious\n.txt", "b", "c", "d"):
        (tmp_path / "out" / name).write_text("kept")
    code, told = in_process(tmp_path, monkeypatch, "--out", "out")
    assert code == 2
    assert "out: this folder has files that no package wrote: b, c, d, …" in told
    assert "name a new or empty folder" in told
    assert len(contents(tmp_path / "out")) == 4


@pytest.mark.parametrize("out", ["rules/a.yaml", "rules/a.yaml/below"])
def test_a_folder_that_cannot_be_written_is_told_before_anything_is_built(tmp_path, monkeypatch, out):
    monkeypatch.setattr("hubtriage.cli.commands.rules.package.run_app", None)
    code, told = in_process(repository(tmp_path), monkeypatch, "--out", out)
    assert (code, told.startswith("Error:"), "Traceback" in told) == (2, True, False)


def test_without_cdk_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr("hubtriage.localaws.synth.find_spec", lambda _name: None)
    code, told = in_process(repository(tmp_path), monkeypatch, "--out", "out")
    assert code == 2
    assert "pip install 'hubtriage[deploy]'" in told
    assert not (tmp_path / "out").exists()
