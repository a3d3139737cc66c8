"""Which revision follows from which, by git where it has both commits, else by their times."""

from pathlib import Path
from typing import Any

import pytest

from hubtriage.aws.deployment.objections import NoIdentity
from hubtriage.cli.deploying.lineage import objections_here
from tests.aws.deployment.test_identity import identity
from tests.settings.test_origin import git

OTHER = "fedcba9876543210"


@pytest.fixture
def commits(tmp_path: Path) -> dict[str, str]:
    """A history: `first`, then `second` and `third` on main, and `branch` beside them."""
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    found = {}

    def commit(name: str) -> None:
        git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", name)
        found[name] = git(tmp_path, "rev-parse", "--short=12", "HEAD")

    commit("first")
    git(tmp_path, "checkout", "--quiet", "-b", "side")
    commit("branch")
    git(tmp_path, "checkout", "--quiet", "main")
    commit("second")
    commit("third")
    return found


def rules(revision: str, hours: int = 0, **changed: Any) -> Any:
    committed = 1_800_000_000 + 3600 * hours
    return identity(range(10), revision=revision, committed=committed, **changed)


@pytest.mark.parametrize(
    ("deployed", "new", "words"),
    [
        pytest.param("first", "third", None, id="what follows"),
        pytest.param("third", "third", None, id="the same commit"),
        pytest.param("third", "third+dirty", None, id="the same commit with changes"),
        pytest.param(
            "third", "first", "is earlier than the deployed {}: it lacks 2 commits", id="two earlier"
        ),
        pytest.param(
            "second", "branch", "does not follow from the deployed {}: it lacks a commit", id="a branch"
        ),
    ],
)
def test_git_knows(
    commits: dict[str, str], tmp_path: Path, deployed: str, new: str, words: str | None
) -> None:
    name, _, dirty = new.partition("+")
    revision = commits[name] + ("+dirty" if dirty else "")
    # The times say the opposite of git.
    before = rules(commits[deployed], hours=1 if words is None else 0)
    after = rules(revision, hours=0 if words is None else 1, hash=OTHER)
    found = objections_here(before, after, tmp_path)
    if words is None:
        assert found == ()
    else:
        assert len(found) == 1
        assert words.format(commits[deployed]) in found[0]


@pytest.mark.parametrize("unknown", ["0123456789ab", "not a commit", "--all", "HEAD", None])
def test_without_a_commit_the_times_count(
    commits: dict[str, str], tmp_path: Path, unknown: str | None
) -> None:
    here = rules(commits["third"], hours=1, hash=OTHER)
    assert objections_here(rules(unknown or "", hours=0), here, tmp_path) == ()
    [found] = objections_here(rules(unknown or "", hours=2), here, tmp_path)
    assert "is earlier than the deployed" in found


def test_the_same_rules_and_what_replaces_samples_have_no_order(
    commits: dict[str, str], tmp_path: Path
) -> None:
    earlier = rules(commits["first"])
    assert objections_here(rules(commits["third"]), earlier, tmp_path) == ()
    samples = rules(commits["third"], are_samples=True, hash=OTHER)
    assert objections_here(samples, earlier, tmp_path) == ()
    assert objections_here(NoIdentity.NOTHING, earlier, tmp_path) == ()


def test_other_reasons_count_as_well(commits: dict[str, str], tmp_path: Path) -> None:
    few = identity(range(2), revision=commits["first"], hash=OTHER)
    gone, left = objections_here(rules(commits["third"]), few, tmp_path)
    assert "8 of the 10 rules" in gone
    assert "it lacks 2 commits" in left
