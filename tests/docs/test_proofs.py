"""Every test that proofs.yaml names exists."""

import subprocess
import sys

import pytest

from tests.docs.proofs import named_on, pages
from tests.support.left_out import LEFT_OUT
from tests.support.paths import TESTS


def in_this_run(request: pytest.FixtureRequest) -> set[str]:
    chosen = {item.nodeid for item in request.session.items}
    known = chosen | request.config.stash.get(LEFT_OUT, frozenset())
    return {name.removeprefix("tests/") for name in known}


def in_files(files: set[str]) -> set[str]:
    """The ids of all tests in some files that this run did not collect."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--collect-only",
        "-q",
        "-p",
        "no:cacheprovider",
        *sorted(files),
    ]
    run = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, check=False, timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr
    return {line.removeprefix("tests/") for line in run.stdout.splitlines() if "::" in line}


def missing(named: set[str], known: set[str]) -> set[str]:
    """Those of the named that do not exist; a name without parameters stands for all of that test."""
    return named - known - {test.partition("[")[0] for test in known}


def test_every_test_that_is_named_exists(request: pytest.FixtureRequest) -> None:
    named = {test for page in pages() for test in named_on(page)}
    unseen = missing(named, in_this_run(request))
    assert (
        missing(unseen, in_files({test.partition("::")[0] for test in unseen}) if unseen else set()) == set()
    )
