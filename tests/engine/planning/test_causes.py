"""Why a rule's work is taken back."""

import pytest

from hubtriage.engine.planning.plan import Settings, decide
from tests.engine.planning.samples import LOW, SUPPRESS, other, provided, suppressed
from tests.support.planning import NOW, Rule, after, by, finding, plan, ruleset

CLOSED = {"days": ["fri"], "zone": "UTC"}  # it is a Monday
GONE = [
    pytest.param([], "deleted or off", id="a rule that is not there"),
    pytest.param([other(SUPPRESS, starts=NOW + 1)], "not started", id="a rule that starts later"),
    pytest.param([other(SUPPRESS, ends=NOW)], "expired", id="a rule that has ended"),
    pytest.param([other(SUPPRESS, during=[CLOSED])], "outside its window", id="a rule with a closed window"),
    pytest.param([other(SUPPRESS, mode="observe")], "in observe", id="a rule that only observes"),
    pytest.param([other(SUPPRESS, ceiling="LOW")], "above its ceiling", id="a rule with a ceiling below it"),
    pytest.param(
        [other(LOW, id="a", order=1, terminal=True), SUPPRESS],
        "behind a terminal rule",
        id="a rule behind a terminal one",
    ),
    pytest.param(
        [other(SUPPRESS, when=False), other(LOW, id="z", terminal=True)],
        "no longer matches",
        id="a rule that does not match, before a terminal one",
    ),
    pytest.param(
        [other(SUPPRESS, when=False), other(LOW, id="z")], "no longer matches", id="a narrowed rule"
    ),
    pytest.param([LOW], "no longer sets it", id="a rule that sets something else now"),
]


@pytest.mark.parametrize(("rules", "cause"), GONE)
def test_what_is_taken_back_says_what_has_become_of_its_rule(rules: list[Rule], cause: str) -> None:
    (change,) = [change for change in plan(suppressed(), *rules).changes if change.field == "Workflow.Status"]
    assert (change.why, change.cause, change.rule) == ("taken back", cause, "rule")


def test_an_order_to_take_everything_back_is_the_cause_of_what_it_takes_back() -> None:
    known = suppressed()
    decision = decide(known.found, known.entry, ruleset(SUPPRESS).without_rules(), NOW, Settings())
    assert [change.cause for change in decision.changes] == ["all is taken back"]


def test_following_the_provider_has_no_cause() -> None:
    known = after(after(finding(), LOW), other(LOW, when=False)).with_(**provided("CRITICAL"))
    assert [(change.why, change.cause) for change in plan(known).changes] == [("follows provider", None)]


def test_what_a_lost_entry_had_hidden_is_taken_back_from_no_rule_that_is_known() -> None:
    authors = {"Workflow.Status": by("triage", "SUPPRESSED")}
    decision = plan(suppressed().forgotten(), authors=authors)
    assert decision.takes_back
    assert [(change.why, change.cause, change.rule) for change in decision.changes] == [
        ("taken back", "deleted or off", None)
    ]
