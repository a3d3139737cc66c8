"""What git says of each rule."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hubtriage.simulation.exceptions.approvals import RulesHistory, history_of

RULE = "rules:\n- id: a\n  expires: {until}\n  match: {{Region: [x]}}\n"


@pytest.fixture
def commit(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes files of rules and commits them, as somebody, with a message."""
    folder = tmp_path / "repository" / "rules"
    folder.mkdir(parents=True)
    subprocess.run(["git", "init", "--quiet", "--initial-branch", "main", str(folder.parent)], check=True)

    def make(files: dict[str, str], author: str, message: str = "Change", day: str = "2026-03-01") -> Path:
        for name, content in files.items():
            (folder / name).write_text(content)
        identity = (
            "-c",
            f"user.name={author}",
            "-c",
            "user.email=x@example.com",
            "-c",
            "commit.gpgsign=false",
        )
        git = ["git", "-C", str(folder.parent), *identity]
        subprocess.run([*git, "add", "--all"], check=True)
        dates = {"GIT_COMMITTER_DATE": f"{day}T12:00:00Z", "GIT_AUTHOR_DATE": f"{day}T12:00:00Z"}
        subprocess.run(
            [*git, "commit", "--quiet", "-m", message], check=True, env={"PATH": "/usr/bin:/bin", **dates}
        )
        return folder

    return make


def known(folder: Path) -> RulesHistory:
    history = history_of(folder)
    assert history is not None
    return history


def test_who_wrote_renewed_and_approved_a_rule(commit: Callable[..., Path]) -> None:
    commit({"a.yaml": RULE.format(until="2026-06-30")}, "Ana")
    commit(
        {"a.yaml": RULE.format(until="2026-12-31")}, "Ben", "Renew\n\nApproved-by: Cleo <c@x>", "2026-06-15"
    )
    folder = commit({"b.yaml": "lists: {l: [x]}\n"}, "Dan", "Other")
    rule = known(folder).rules["a"]
    assert rule.created is not None
    assert rule.changed is not None
    assert (rule.created.author, rule.created.day) == ("Ana", "2026-03-01")
    assert (rule.changed.author, rule.changed.approvers) == ("Ben", ("Cleo <c@x>",))
    assert [renewal.day for renewal in rule.renewals] == ["2026-06-15"]


def test_another_end_of_the_files_default_is_a_renewal(commit: Callable[..., Path]) -> None:
    text = "defaults: {{expires: {until}}}\nrules: [{{id: a, match: {{Region: [x]}}}}]\n"
    commit({"a.yaml": text.format(until="2026-06-30")}, "Ana")
    folder = commit({"a.yaml": text.format(until="2026-12-31")}, "Ben")
    assert [renewal.author for renewal in known(folder).rules["a"].renewals] == ["Ben"]


def test_a_rule_that_moves_to_another_file_is_the_same(commit: Callable[..., Path]) -> None:
    folder = commit({"a.yaml": RULE.format(until="2026-06-30")}, "Ana")
    (folder / "a.yaml").unlink()
    commit({"b.yaml": RULE.format(until="2026-06-30")}, "Ben")
    rule = known(folder).rules["a"]
    assert rule.created == rule.changed
    assert rule.created is not None
    assert rule.created.author == "Ana"


def test_comments_change_nothing_and_broken_files_stop_nothing(commit: Callable[..., Path]) -> None:
    commit({"a.yaml": RULE.format(until="2026-06-30")}, "Ana")
    commit({"a.yaml": "# why\n" + RULE.format(until="2026-06-30")}, "Ben")
    folder = commit({"c.yaml": "rules: [{"}, "Dan")
    changed = known(folder).rules["a"].changed
    assert changed is not None
    assert changed.author == "Ana"


def test_without_git_nothing_is_known(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    assert history_of(tmp_path / "rules") is None


def git(folder: Path, author: str, *arguments: str) -> None:
    identity = ("-c", f"user.name={author}", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


def test_what_a_merge_brought_was_written_by_its_author_and_approved_by_who_merged(
    commit: Callable[..., Path],
) -> None:
    folder = commit({"a.yaml": RULE.format(until="2026-06-30")}, "Ana")
    git(folder, "Ben", "checkout", "--quiet", "-b", "renew")
    commit({"a.yaml": RULE.format(until="2026-12-31")}, "Ben")
    git(folder, "Cleo", "checkout", "--quiet", "main")
    git(folder, "Cleo", "merge", "--quiet", "--no-ff", "-m", "Merge", "renew")
    rule = known(folder).rules["a"]
    assert rule.changed is not None
    assert (rule.changed.author, rule.changed.approvers) == ("Ben", ("Cleo",))


def test_who_merges_what_they_wrote_has_not_approved_it(commit: Callable[..., Path]) -> None:
    folder = commit({"a.yaml": RULE.format(until="2026-06-30")}, "Ana")
    git(folder, "Ben", "checkout", "--quiet", "-b", "renew")
    commit({"a.yaml": RULE.format(until="2026-12-31")}, "Ben")
    git(folder, "Ben", "checkout", "--quiet", "main")
    git(folder, "Ben", "merge", "--quiet", "--no-ff", "-m", "Merge", "renew")
    rule = known(folder).rules["a"]
    assert rule.changed is not None
    assert (rule.changed.author, rule.changed.approvers) == ("Ben", ())


def test_who_wrote_what_is_older_than_the_commits_read_is_not_known(
    commit: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubtriage.simulation.exceptions.approvals.MOST_COMMITS", 1)
    commit({"a.yaml": RULE.format(until="2026-06-30")}, "Ana")
    commit({"b.yaml": "lists: {l: [x]}\n"}, "Ben")
    folder = commit({"c.yaml": RULE.format(until="2026-06-30").replace("id: a", "id: c")}, "Cleo")
    rules = known(folder).rules
    assert (rules["a"].created, rules["a"].changed) == (None, None)
    assert rules["c"].created is not None
    assert rules["c"].created.author == "Cleo"
