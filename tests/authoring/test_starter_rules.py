"""The rules of the project's own folder `rules`: right, tested, and careful where nobody asked."""

import json
import os
from pathlib import Path

import pytest

from hubtriage.asff.samples import SAMPLE_NOW
from hubtriage.authoring.checks.registry import warnings
from hubtriage.authoring.compiler import compile_ruleset
from hubtriage.authoring.loader import load_rules
from hubtriage.engine.ocsf.view import asff_view
from hubtriage.engine.planning.entry import NO_ENTRY
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.ruleset.ruleset import load_ruleset
from hubtriage.simulation.ruletests import run_tests
from tests.support.paths import ROOT
from tests.support.two_hubs import Signal, asff, ocsf

FOLDER = ROOT / "rules"
LOADED = load_rules(FOLDER)
VERDICTS = list(run_tests(LOADED))
HIDING = ("SUPPRESSED", "RESOLVED")


def ids(rules):
    return [pytest.param(rule, id=rule.id) for rule in rules]


def test_they_have_no_problems():
    assert LOADED.problems == ()
    assert warnings(LOADED, SAMPLE_NOW) == ()
    assert len(LOADED.rules) >= 8


@pytest.mark.parametrize("verdict", [pytest.param(one, id=f"{one.rule}: {one.name}") for one in VERDICTS])
def test_a_starter_rule_does_what_its_test_says(verdict):
    assert verdict.differences == ()


@pytest.mark.parametrize("rule", ids(LOADED.rules))
def test_a_starter_rule_is_an_example(rule):
    expectations = {one.expects_change for one in VERDICTS if one.rule == rule.id}
    assert expectations == {True, False}, "a finding that it changes, and one that it leaves alone"
    assert rule.model.description
    assert rule.model.owner
    assert rule.model.ticket
    text = (Path.cwd() / rule.document.file).read_text(encoding="utf-8")
    assert text.startswith("# "), "the file begins by saying what it is for"


@pytest.mark.parametrize("rule", ids(LOADED.rules))
def test_a_starter_rule_that_hides_names_examples_or_only_observes(rule):
    """Example accounts and addresses match nothing of anybody; samples are nobody's incidents."""
    update = rule.model.update
    hides = (update.Workflow and update.Workflow.Status in HIDING) or (
        update.Severity and update.Severity.AtMost
    )
    if not hides or rule.model.mode == "observe" or rule.id == "sample-findings":
        return
    text = json.dumps([rule.match, rule.when])
    assert any(example in text for example in ("111122223333", "198.51.100.", "998877665544"))


def test_they_hide_in_both_hubs_what_they_accept():
    """That V2 does not show which findings are samples keeps no other rule from hiding."""
    ruleset = load_ruleset(compile_ruleset(FOLDER, revision=None))
    signal = Signal(control="S3.5")
    for finding in (asff(signal), asff_view(ocsf(signal))):
        decision = decide(finding, NO_ENTRY, ruleset, SAMPLE_NOW, Settings())
        assert decision.rules == ("accepted-in-sandbox",)
        assert decision.update["Workflow"] == {"Status": "SUPPRESSED"}


@pytest.mark.skipif("HUBTRIAGE_CORPUS" not in os.environ, reason="needs findings that other people wrote")
def test_other_peoples_findings_upset_no_rule():
    ruleset = load_ruleset(compile_ruleset(FOLDER, revision=None))
    lines = (Path(os.environ["HUBTRIAGE_CORPUS"]) / "findings.jsonl").read_text(encoding="utf-8").splitlines()
    for line in lines:
        assert decide(json.loads(line), NO_ENTRY, ruleset, 1_793_534_400.0, Settings()).errors == ()
