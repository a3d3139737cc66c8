"""docs/security.md: what it says is shown is shown, and what shows something of it is named there."""

import ast
import re

import pytest

from hubtriage.authoring.problems import CODES
from hubtriage.settings.configuration import setting_names
from tests.support.paths import TESTS

PAGE = (TESTS.parent / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", PAGE)))
WHOLLY_NAMED = (
    "lambdas/test_hostile_findings.py",
    "cli/test_hostile_output.py",
    "e2e/test_least_privilege.py",
)


def defined_in(file: str) -> set[str]:
    """The names of the tests in a file."""
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and "test" in node.name[:4]}


@pytest.mark.parametrize(("file", "name"), NAMED, ids=[f"{file}::{name}" for file, name in NAMED])
def test_what_the_page_names_exists(file: str, name: str) -> None:
    assert defined_in(file) >= ({name} - {""})


@pytest.mark.parametrize("file", WHOLLY_NAMED)
def test_whatever_shows_a_claim_is_named(file: str) -> None:
    assert defined_in(file) == {name for each, name in NAMED if each == file}


def test_the_warnings_and_settings_that_it_names_exist() -> None:
    codes = re.findall(r"\[([EW][0-9]{3})\]\(checks/\1\.md\)", PAGE)
    assert codes
    assert set(codes) <= set(CODES)
    assert {"never", "breaker-limit", "permission-boundary", "kms-keys"} <= set(setting_names())


def test_a_claim_without_a_test_is_not_called_shown() -> None:
    """Every section that makes claims about us names tests; what is not protected needs none."""
    sections = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
    without = [each.splitlines()[0] for each in sections if "::test_" not in each]
    assert without == ["Who controls what in a finding", "What is not protected"]
