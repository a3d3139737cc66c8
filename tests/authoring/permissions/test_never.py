"""Fields that a deployment never sets: no rule may, and triage leaves them as they are."""

import pytest

from hubtriage.authoring.compiler import compile_ruleset
from hubtriage.authoring.permissions.never import SETTABLE_FIELDS, UnknownFieldError, check_names
from hubtriage.authoring.problems import RuleErrors
from hubtriage.engine.planning.entry import NO_ENTRY
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.ruleset.ruleset import load_ruleset

RULES = """\
rules:
  - id: lower
    mode: {mode}
    when: true
    update:
      Severity: {{AtMost: LOW}}
      Note: {{Text: seen}}
"""


@pytest.mark.parametrize("mode", ["enforce", "observe", "hold"])
def test_a_rule_that_sets_such_a_field_is_refused_with_its_place(folder, mode):
    with pytest.raises(RuleErrors) as raised:
        compile_ruleset(folder(RULES.format(mode=mode)), revision=None, never=["Severity.Label", "Types"])
    (problem,) = raised.value.problems
    assert (problem.code, problem.position.line, problem.position.column) == ("E305", 6, 7)
    assert problem.message == "rule 'lower' sets Severity.Label, which this deployment never sets"


def test_every_field_of_every_rule_is_reported(folder):
    with pytest.raises(RuleErrors) as raised:
        compile_ruleset(folder(RULES.format(mode="enforce")), revision=None, never=SETTABLE_FIELDS)
    assert [problem.position.line for problem in raised.value.problems] == [6, 7]


def test_a_rule_that_is_off_may_say_what_it_wants(folder):
    rules = folder(RULES.format(mode='"off"'))
    assert compile_ruleset(rules, revision=None, allow_empty=True, never=["Severity.Label"])["rules"] == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param("Severity.Lable", "did you mean `Severity.Label`?", id="a misspelt field"),
        pytest.param("Workflow", "did you mean `Workflow.Status`?", id="a field that has leaves"),
        pytest.param("UserDefinedFields", "known: ", id="the map of all user fields"),
    ],
)
def test_a_name_of_no_field_is_refused(name, message):
    with pytest.raises(UnknownFieldError, match=r"triage sets no field") as raised:
        check_names(["Types", name])
    assert message in str(raised.value)


def test_names_are_sorted_and_each_there_once():
    assert check_names(["Types", "Note.Text", "Types"]) == ("Note.Text", "Types")


NOTHING = load_ruleset({"format": 1, "hash": "0", "rules": []})


@pytest.fixture
def lowered():
    """A finding whose severity triage has lowered, by a rule that is not there any more, and its entry."""
    finding = {
        "Id": "f",
        "ProductArn": "p",
        "Severity": {"Label": "HIGH"},
        "FindingProviderFields": {"Severity": {"Label": "HIGH"}, "Types": []},
    }
    update = {"Severity": {"Label": "LOW"}, "Confidence": 5}
    rule = {"id": "lower", "when": True, "ceiling": "HIGH", "update": update}
    ruleset = load_ruleset({"format": 1, "hash": "0", "rules": [rule]})
    decision = decide(finding, NO_ENTRY, ruleset, 0.0, Settings())
    return finding | dict(decision.update), decision.after


def test_what_triage_did_to_such_a_field_before_stays_and_the_rest_is_taken_back(lowered):
    held = decide(*lowered, NOTHING, 0.0, Settings(never=frozenset({"Severity.Label"})))
    free = decide(*lowered, NOTHING, 0.0, Settings())
    assert "Severity" in free.update
    assert held.update is None or "Severity" not in held.update


def test_a_later_deployment_that_may_set_the_field_again_still_knows_it_as_its_own(lowered):
    finding, _entry = lowered
    held = decide(*lowered, NOTHING, 0.0, Settings(never=frozenset({"Severity.Label"})))
    later = decide(finding | dict(held.update or {}), held.after, NOTHING, 0.0, Settings())
    assert later.update["Severity"] == {"Label": "HIGH"}
