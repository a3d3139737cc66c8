"""docs/security.md: what it says is shown is shown, and what shows something of it is named."""

import ast
import re

import pytest

from hubtriage.authoring.problems import CODES
from hubtriage.settings.configuration import setting_names
from tests.docs.proofs import named_on, proofs, sections
from tests.support.paths import TESTS

SHOWN = "✓"
SECTIONS = {heading: " ".join(text.split()) for heading, text in sections("security")}
WHOLLY_NAMED = (
    "lambdas/test_hostile_findings.py",
    "cli/test_hostile_output.py",
    "e2e/test_least_privilege.py",
)


def defined_in(file: str) -> set[str]:
    """The tests in a file."""
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    return {f"{file}::{name}" for name in functions if name.startswith("test")}


@pytest.mark.parametrize("file", WHOLLY_NAMED)
def test_whatever_shows_a_claim_is_named(file: str) -> None:
    assert defined_in(file) == {test for test in named_on("security") if test.startswith(f"{file}::")}


@pytest.mark.parametrize("section", SECTIONS)
def test_tests_show_every_claim_that_is_called_shown_and_nothing_else(section: str) -> None:
    claims = [proof for proof in proofs("security") if proof.section == section]
    assert all(proof.tests for proof in claims)
    called_shown = SECTIONS[section].split(f" {SHOWN}")[:-1]
    assert [text[-len(proof.claim) :] for text, proof in zip(called_shown, claims, strict=True)] == [
        proof.claim for proof in claims
    ]


def test_every_section_with_claims_about_us_shows_some() -> None:
    without = [heading for heading, text in SECTIONS.items() if SHOWN not in text]
    assert without == ["Who controls what in a finding", "What is not protected"]
    assert {proof.section for proof in proofs("security")} == SECTIONS.keys() - set(without)


def test_the_warnings_and_settings_that_it_names_exist() -> None:
    page = " ".join(SECTIONS.values())
    codes = re.findall(r"\[([EW][0-9]{3})\]\(checks/\1\.md\)", page)
    assert codes
    assert set(codes) <= set(CODES)
    assert {"never", "breaker-limit", "permission-boundary", "kms-keys"} <= set(setting_names())
