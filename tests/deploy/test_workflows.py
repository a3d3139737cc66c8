"""Our workflows, and those that `hubtriage init` writes: pinned, and with few rights."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.paths import ROOT

FILES = [
    path
    for folder in (ROOT, ROOT / "hubtriage" / "authoring" / "template")
    for path in sorted((folder / ".github" / "workflows").glob("*.yml"))
]
NAMES = [path.relative_to(ROOT).as_posix() for path in FILES]
PINNED = re.compile(
    r"uses: (?P<action>[\w.-]+/[\w./-]+)@(?P<commit>[0-9a-f]{40}) # (?P<version>v\d+\.\d+\.\d+)"
)
LOCAL = re.compile(r"uses: \./\.github/workflows/[\w-]+\.yml")
WRITE_RIGHTS = {
    ("release.yml", "attest"): {"attestations", "id-token"},
    ("release.yml", "pypi"): {"id-token"},
    ("release.yml", "github"): {"contents"},
    ("deploy.yml", "deploy"): {"id-token"},
    ("register.yml", "publish"): {"id-token"},
    ("rules.yml", "rules"): {"pull-requests", "security-events"},
}
"""What each job may write. Every other job reads."""

workflows = pytest.mark.parametrize("path", FILES, ids=NAMES)


def document(path: Path) -> dict[Any, Any]:
    """The workflow; YAML 1.1 reads its key `on` as true."""
    loaded: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded


def jobs(path: Path) -> Mapping[str, Any]:
    found: Mapping[str, Any] = document(path)["jobs"]
    return found


def steps(path: Path) -> Iterator[Mapping[str, Any]]:
    for job in jobs(path).values():
        yield from job.get("steps", [])


def uses(path: Path) -> list[str]:
    return [line.strip(" -") for line in path.read_text(encoding="utf-8").splitlines() if "uses:" in line]


def test_there_are_workflows_of_both_kinds() -> None:
    ours, written = {"release.yml", "ci.yml", "nightly.yml"}, {"rules.yml", "deploy.yml", "register.yml"}
    assert {path.name for path in FILES} == ours | written


@workflows
def test_every_action_is_pinned_by_its_commit_with_its_version(path: Path) -> None:
    assert [line for line in uses(path) if not PINNED.fullmatch(line) and not LOCAL.fullmatch(line)] == []


def test_one_action_has_one_pin_everywhere() -> None:
    pins: dict[str, set[tuple[str, str]]] = {}
    for found in (PINNED.fullmatch(line) for path in FILES for line in uses(path)):
        if found:
            pins.setdefault(found["action"], set()).add((found["commit"], found["version"]))
    assert len(pins) > 6
    assert {action: found for action, found in pins.items() if len(found) > 1} == {}


@workflows
def test_nothing_may_be_written_but_what_the_job_is_for(path: Path) -> None:
    assert document(path)["permissions"] in ({}, {"contents": "read"}), "what jobs have by default"
    for name, job in jobs(path).items():
        rights = job.get("permissions", {})
        writes = {right for right, level in rights.items() if level != "read"}
        assert writes == WRITE_RIGHTS.get((path.name, name), set()), name
        assert all(rights[right] == "write" for right in writes)


@workflows
def test_no_workflow_runs_what_others_write_with_our_rights(path: Path) -> None:
    triggers = document(path)[True]
    assert not {"pull_request_target", "workflow_run", "issue_comment", "issues"} & set(triggers)


@workflows
def test_no_text_of_others_becomes_a_part_of_a_command(path: Path) -> None:
    """An expression is put into the script before the shell reads it. Ours of the matrix are in the file."""
    inside = [found for step in steps(path) for found in re.findall(r"\$\{\{(.*?)\}\}", step.get("run", ""))]
    assert all(re.fullmatch(r" matrix\.\w+ ", expression) for expression in inside)


@workflows
def test_no_checkout_leaves_the_token_behind(path: Path) -> None:
    checkouts = [step for step in steps(path) if str(step.get("uses", "")).startswith("actions/checkout@")]
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@workflows
def test_every_job_ends_in_time(path: Path) -> None:
    assert all("timeout-minutes" in job or "uses" in job for job in jobs(path).values())


def test_a_release_is_published_last_and_only_after_all_checks() -> None:
    release = jobs(ROOT / ".github" / "workflows" / "release.yml")
    assert set(release["attest"]["needs"]) == {"ci", "build"}
    assert (release["pypi"]["needs"], release["github"]["needs"]) == ("attest", "pypi")
    assert release["pypi"]["environment"] == "pypi"
    runs = [step.get("run", "") for step in release["build"]["steps"]]
    order = [runs.index(command) for command in runs if command.startswith(("git merge", "make"))]
    assert [runs[index].split()[0:2] for index in order] == [
        ["git", "merge-base"],
        ["make", "release-check"],
        ["make", "release"],
    ]


def test_what_publishes_does_not_run_our_code() -> None:
    """With the right to publish, a job runs no script of the repository and no package of an index."""
    release = jobs(ROOT / ".github" / "workflows" / "release.yml")
    for name in ("attest", "pypi", "github"):
        for step in release[name]["steps"]:
            assert "checkout" not in step.get("uses", "")
            assert not re.search(r"\b(make|pip|npm|python)\b", step.get("run", ""))


def test_a_release_has_nothing_of_other_runs() -> None:
    """What another run put into a cache could get into what is published."""
    for step in steps(ROOT / ".github" / "workflows" / "release.yml"):
        assert "cache" not in step.get("with", {})
        assert not str(step.get("uses", "")).startswith("actions/cache")
        if str(step.get("uses", "")).startswith("actions/setup-node@"):
            assert step["with"]["package-manager-cache"] is False


def test_no_secret_is_needed() -> None:
    assert [path.name for path in FILES if "secrets." in path.read_text(encoding="utf-8")] == []
