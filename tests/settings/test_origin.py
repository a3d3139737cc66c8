"""Where rules come from: a repository by any of its addresses, and a revision."""

import os
import subprocess
from pathlib import Path

import pytest

from hubtriage.settings.origin import origin_of, repository_of


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://git.example.com/sec/rules.git", "git.example.com/sec/rules"),
        ("https://git.example.com/sec/rules/", "git.example.com/sec/rules"),
        ("https://ana:s3cret@git.example.com:8443/sec/rules.git", "git.example.com/sec/rules"),
        ("https://gitlab-ci-token:glcbt-64@git.example.com/sec/rules.git", "git.example.com/sec/rules"),
        ("https://ghp_token@GIT.example.com/sec/rules?x=1#y", "git.example.com/sec/rules"),
        ("ssh://git@git.example.com:22/sec/rules.git", "git.example.com/sec/rules"),
        ("git@git.example.com:sec/rules.git", "git.example.com/sec/rules"),
        ("git.example.com:/sec/rules", "git.example.com/sec/rules"),
        ("git+ssh://git.example.com/sec/rules", "git.example.com/sec/rules"),
        ("codecommit::eu-central-1://prod@rules", "codecommit/eu-central-1/rules"),
        ("codecommit://rules", "codecommit/rules"),
        ("/srv/git/rules.git", "/srv/git/rules"),
        ("file:///srv/git/rules.git", "/srv/git/rules"),
        ("https://[broken/rules", None),
        ("https://git.example.com/", None),
        ("", None),
    ],
)
def test_a_repository_has_one_name_without_credentials(address: str, name: str | None) -> None:
    assert repository_of(address) == name


def git(folder: Path, *arguments: str, at: int = 1_800_000_000) -> str:
    who = ("-c", "user.name=Ana", "-c", "user.email=ana@example.com", "-c", "commit.gpgsign=false")
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_COMMITTER_DATE": f"{at} +0000"}
    done = subprocess.run(
        ["git", *who, *arguments], cwd=folder, env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of rules within a repository that has a commit."""
    rules = tmp_path / "monorepo" / "security" / "rules"
    rules.mkdir(parents=True)
    (rules / "a.yaml").write_text("rules: []\n")
    git(tmp_path / "monorepo", "init", "--quiet")
    git(rules, "add", ".")
    git(rules, "commit", "--quiet", "--message", "Begin")
    return rules


def test_a_folder_of_a_repository_with_a_remote(folder: Path) -> None:
    git(folder, "remote", "add", "origin", "https://ana:s3cret@git.example.com/sec/monorepo.git")
    git(folder, "remote", "add", "fork", "https://git.example.com/ana/monorepo.git")
    found = origin_of(folder)
    assert (found.folder, found.repository, found.is_known) == (
        "security/rules",
        "git.example.com/sec/monorepo",
        True,
    )
    assert found.committed == 1_800_000_000


def test_of_several_remotes_none_is_guessed(folder: Path) -> None:
    for name in ("one", "two"):
        git(folder, "remote", "add", name, f"https://git.example.com/{name}/monorepo.git")
    found = origin_of(folder)
    assert (found.repository, found.is_known) == ("monorepo", False)


def test_without_a_remote_and_without_git_the_folder_names_it(folder: Path, tmp_path: Path) -> None:
    assert origin_of(folder).repository == "monorepo"
    (tmp_path / "triage" / "rules").mkdir(parents=True)
    found = origin_of(tmp_path / "triage" / "rules")
    assert (found.folder, found.repository, found.is_known, found.committed) == (
        "rules",
        "triage",
        False,
        None,
    )


def test_a_clock_that_is_slow_does_not_make_a_revision_earlier_than_what_it_is_built_on(folder: Path) -> None:
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "Go on", at=1_700_000_000)
    assert origin_of(folder).committed == 1_800_000_000
