"""Which of two revisions is the earlier one, by git: exact where the repository has both commits."""

from collections.abc import Iterator
from pathlib import Path

from hubtriage.aws.deployment.identity import RulesIdentity
from hubtriage.aws.deployment.objections import Deployed, objections
from hubtriage.settings.origin import git


def objections_here(deployed: Deployed, new: RulesIdentity, folder: Path) -> tuple[str, ...]:
    """Return a text for each reason to refuse the rules of a folder: `objections`, by git if it can."""
    if not isinstance(deployed, RulesIdentity):
        return objections(deployed, new)
    before, after = _commit(deployed), _commit(new)
    if not (before and after and _has(folder, before) and _has(folder, after)):
        return objections(deployed, new)
    found = objections(deployed, new, by_time=False)
    is_compared = deployed.hash != new.hash and not deployed.are_samples and not new.are_samples
    return (*found, *_left_behind(folder, before, after)) if is_compared else found


def _left_behind(folder: Path, before: str, after: str) -> Iterator[str]:
    missing = git(folder, "rev-list", "--count", f"{after}..{before}")
    if missing == "0":
        return
    is_earlier = git(folder, "merge-base", "--is-ancestor", after, before) is not None
    what = f"revision {after} is earlier than" if is_earlier else f"revision {after} does not follow from"
    lacks = "an unknown number of its commits" if missing is None else _commits(int(missing))
    yield f"{what} the deployed {before}: it lacks {lacks}"


def _commits(count: int) -> str:
    return "a commit" if count == 1 else f"{count:,} commits"


def _commit(identity: RulesIdentity) -> str | None:
    """Return the commit of a revision, which may have changes that are not committed; None if it is none."""
    commit = (identity.revision or "").partition("+")[0]
    return commit if commit and all(char in "0123456789abcdef" for char in commit) else None


def _has(folder: Path, commit: str) -> bool:
    return git(folder, "cat-file", "-e", f"{commit}^{{commit}}") is not None
