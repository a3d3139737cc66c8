"""Taking over the findings of a stack that has another name now."""

from typing import Any

import pytest

from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.ruleset.ruleset import Ruleset, load_ruleset

NOW = 1_800_000_000.0
RULE = {"id": "accepted", "match": {"GeneratorId": ["x"]}, "update": {"Workflow": {"Status": "SUPPRESSED"}}}


def rules(*raw: dict[str, Any]) -> Ruleset:
    return load_ruleset({"format": 1, "hash": "0" * 16, "revision": None, "rules": list(raw)})


def finding(**members: Any) -> dict[str, Any]:
    base = {"Id": "f", "ProductArn": "p", "GeneratorId": "x", "Workflow": {"Status": "NEW"}}
    return base | {"Severity": {"Label": "LOW"}} | members


def managed_by(stack: str) -> dict[str, Any]:
    """A finding after the stack's triage."""
    update = decide(finding(), rules(RULE), NOW, Settings(stack=stack)).update
    assert update is not None
    return finding(**update)


def test_an_adopted_finding_gets_the_new_name_even_if_nothing_else_changes():
    decision = decide(managed_by("old"), rules(RULE), NOW, Settings(stack="new", adopts="old"))
    assert decision.update is not None
    assert set(decision.update) == {"UserDefinedFields"}
    assert decision.update["UserDefinedFields"]["hubtriage/managed"] == "new"
    assert decision.changes == ()


def test_adopting_settles_in_one_call():
    settings = Settings(stack="new", adopts="old")
    update = decide(managed_by("old"), rules(RULE), NOW, settings).update
    assert update is not None
    after = managed_by("old") | update
    assert decide(after, rules(RULE), NOW, settings).update is None
    assert decide(after, rules(RULE), NOW, Settings(stack="new")).update is None


def test_what_is_adopted_is_taken_back_when_its_rule_is_gone():
    decision = decide(managed_by("old"), rules(), NOW, Settings(stack="new", adopts="old"))
    assert decision.takes_back
    assert decision.update is not None
    assert decision.update["Workflow"] == {"Status": "NEW"}


def test_a_stack_that_is_known_can_be_adopted():
    settings = Settings(stack="new", known_stacks=frozenset({"old"}), adopts="old")
    assert decide(managed_by("old"), rules(RULE), NOW, settings).update is not None


@pytest.mark.parametrize(
    ("stack", "memo"),
    [
        pytest.param("third", "unknown", id="the findings of another stack stay as they are"),
        pytest.param("new", "ours", id="our own need nothing"),
    ],
)
def test_adopting_touches_nothing_else(stack, memo):
    decision = decide(managed_by(stack), rules(RULE), NOW, Settings(stack="new", adopts="old"))
    assert (decision.update, decision.memo) == (None, memo)


def test_a_forged_memo_in_the_adopted_name_is_no_memo():
    forged = finding(UserDefinedFields={"hubtriage/managed": "old", "hubtriage/memo": "x y z"})
    decision = decide(forged, rules(), NOW, Settings(stack="new", adopts="old"))
    assert (decision.update, decision.memo) == (None, "unreadable")
