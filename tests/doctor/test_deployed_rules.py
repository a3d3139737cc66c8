"""Rules that are not the deployed ones: what is there instead, and when not to deploy over it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from hubtriage.authoring.compiler import compile_ruleset
from hubtriage.authoring.loader import load_rules
from hubtriage.doctor.account import Account, Deployed
from hubtriage.doctor.checks.rules import deployed_rules
from hubtriage.localaws.sample_rules import SAMPLE_RULES

RULE = "rules: [{id: a, match: {ProductName: [Macie]}, update: {Criticality: 50}}]\n"


def account(folder: Path, **outputs: str) -> Account:
    """An account whose stack has other rules, and a folder."""
    fake: dict[str, Any] = {
        "folder": load_rules(folder),
        "rules": folder,
        "document": compile_ruleset(folder, revision=None),
        "deployed": Deployed("hubtriage", "UPDATE_COMPLETE", outputs),
        "deployed_hash": "f" * 16,
    }
    return cast("Account", SimpleNamespace(**fake))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of one rule, without git: its repository is `triage`."""
    rules = tmp_path / "triage" / "rules"
    rules.mkdir(parents=True)
    (rules / "a.yaml").write_text(RULE)
    return rules


def outputs(repository: str) -> dict[str, str]:
    return {"RulesRepository": repository, "RulesFolder": "rules", "RulesRevision": "0123456789ab"}


def test_it_says_where_the_deployed_rules_come_from_and_not_to_deploy_over_them(folder: Path) -> None:
    found = deployed_rules.look(account(folder, **outputs("git.example.com/sec/rules")))
    assert found.status == "warning"
    origin = "which are of git.example.com/sec/rules, folder rules, revision 0123456789ab"
    assert found.seen.endswith(f"are not the deployed ones ({'f' * 16}), {origin}")
    assert found.advice == (
        "these are of triage (no git remote): name the folder that was deployed with --rules"
    )


@pytest.mark.parametrize(
    "known",
    [
        pytest.param(outputs("triage (no git remote)"), id="the same repository"),
        pytest.param({}, id="a stack of an earlier version"),
    ],
)
def test_newer_rules_may_be_deployed(folder: Path, known: dict[str, str]) -> None:
    found = deployed_rules.look(account(folder, **known))
    assert found.advice.startswith("deploy them if they are newer; otherwise name the folder")


@pytest.mark.parametrize("known", [outputs("git.example.com/sec/rules"), {}])
def test_the_samples_are_never_advised(known: dict[str, str]) -> None:
    found = deployed_rules.look(account(SAMPLE_RULES, **known))
    assert found.advice == (
        "these are the sample rules of hubtriage: name the folder that was deployed with --rules"
    )
