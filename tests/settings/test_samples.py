"""The sample rules are known again, and no one's own rules are taken for them."""

from pathlib import Path

import pytest

from hubtriage.authoring.compiler import compile_ruleset
from hubtriage.authoring.new_folder import write
from hubtriage.localaws.sample_rules import SAMPLE_RULES
from hubtriage.settings import samples
from hubtriage.settings.origin import rules_identity
from hubtriage.settings.samples import are_samples


def test_the_file_holds_the_sample_rules() -> None:
    assert samples.FILE.read_text(encoding="utf-8") == samples.text(), "make samples"


def test_rules_that_a_fork_has_in_place_of_the_samples_are_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = "rules: [{id: a, match: {ProductName: [Macie]}, update: {Criticality: 50}}]\n"
    (tmp_path / "a.yaml").write_text(rule)
    monkeypatch.setattr(samples, "SAMPLE_RULES", tmp_path)
    assert not are_samples(compile_ruleset(tmp_path, revision=None))


def test_the_shipped_rules_are_the_samples() -> None:
    document = compile_ruleset(SAMPLE_RULES, revision=None)
    assert are_samples(document)
    assert are_samples({**document, "rules": document["rules"][:3]})
    assert rules_identity(SAMPLE_RULES, document).are_samples


@pytest.mark.parametrize("changed", ["a rule", "a list", "the accounts", "one rule more"])
def test_rules_that_were_changed_are_ones_own(changed: str) -> None:
    document = compile_ruleset(SAMPLE_RULES, revision=None)
    if changed == "a rule":
        document["rules"][0] = {**document["rules"][0], "ceiling": "LOW"}
    elif changed == "one rule more":
        document["rules"].append({**document["rules"][0], "id": "mine"})
    elif changed == "a list":
        name = next(iter(document["lists"]))
        document["lists"] = {**document["lists"], name: ["444455556666"]}
    else:
        document["accounts"] = {"444455556666": {"name": "mine"}}
    assert not are_samples(document)


def test_the_first_rule_of_a_new_repository_is_ones_own(tmp_path: Path) -> None:
    write(tmp_path, "1.0.0")
    assert not are_samples(compile_ruleset(tmp_path / "rules", revision=None))
