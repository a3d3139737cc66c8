"""The commands that are printed: whole, and safe to paste."""

import shlex
import subprocess
from pathlib import Path

from hubtriage.packaging.instructions import commands, instructions, readme
from hubtriage.packaging.package import PackagedStack

PLAIN = PackagedStack("triage", "triage.template.json", None, None, {"application": "hubtriage"})
FIXED = PackagedStack("triage", "triage-eu.template.json", "111122223333", "eu-central-1", {})


def words(text: str) -> list[str]:
    return shlex.split(text.replace("\\\n", " "), comments=True)


def test_they_name_the_template_the_stack_the_bucket_the_capability_and_the_tags():
    script = commands(PLAIN)
    for part in (
        "--template-file triage.template.json",
        "--stack-name triage",
        'CodeBucket="$BUCKET"',
        "--capabilities CAPABILITY_IAM",
        "--tags application=hubtriage",
        '--s3-bucket "$BUCKET"',
    ):
        assert part in script
    assert "--region" not in script


def test_a_stack_of_one_region_goes_there():
    script = commands(FIXED)
    assert script.count("--region eu-central-1") == 2
    assert "--tags" not in script
    assert "For the account 111122223333 only." in readme([FIXED])


def test_nothing_that_people_choose_runs_as_a_command(tmp_path):
    evil = "$(touch it) `touch it`; touch it 'x\" &"
    stack = PackagedStack("triage", "t.json", None, None, {"team": evil})
    folder = tmp_path / evil
    folder.mkdir()
    script = instructions(folder, [stack])
    shown = 'aws() { for each; do printf "%s\\n" "$each"; done; }\n'
    done = subprocess.run(["bash", "-c", shown + script], cwd=tmp_path, capture_output=True, text=True)
    assert done.stderr == ""
    assert f"team={evil}" in done.stdout.splitlines()
    assert not list(tmp_path.glob("**/it"))


def test_a_folder_that_looks_like_an_option_is_entered(tmp_path):
    (tmp_path / "-out").mkdir()
    enter = instructions(Path("-out"), []).strip()
    assert subprocess.run(["bash", "-c", f"{enter} && pwd"], cwd=tmp_path, check=False).returncode == 0
