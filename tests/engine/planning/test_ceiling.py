"""How severe a finding may be for a rule to hide it."""

from typing import Any

import pytest

from hubtriage.engine.planning.decision import Decision
from hubtriage.engine.planning.entry import NO_ENTRY
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.ruleset.ruleset import load_ruleset
from tests.engine.planning.samples import provided, status
from tests.support.planning import NOW, after, by, finding, plan, ruleset

SUPPRESS = {"Workflow": {"Status": "SUPPRESSED"}}
UP_TO_HIGH: dict[str, Any] = {"ceiling": "HIGH", "update": SUPPRESS}


def severity(person: str | None, provider: str | None) -> dict[str, Any]:
    """A finding with the severity that it shows, and with the one on record as its provider's."""
    shown = {"Severity": {"Label": person} if person else None}
    return finding(**shown, **(provided(provider) if provider else {"FindingProviderFields": None}))


def without_a_ceiling(found: dict[str, Any], update: dict[str, Any]) -> Decision:
    """Decide by a rule that writes no ceiling."""
    rules = load_ruleset(
        {"format": 1, "hash": "0", "rules": [{"id": "rule", "when": True, "update": update}]}
    )
    return decide(found, NO_ENTRY, rules, NOW, Settings())


@pytest.mark.parametrize(
    "update",
    [
        pytest.param(SUPPRESS, id="to suppress"),
        pytest.param({"Workflow": {"Status": "RESOLVED"}}, id="to resolve"),
        pytest.param({"Severity": {"AtMost": "INFORMATIONAL"}}, id="to lower"),
    ],
)
@pytest.mark.parametrize(
    ("label", "hidden"),
    [
        pytest.param("LOW", True, id="a LOW one is hidden"),
        pytest.param("MEDIUM", True, id="a MEDIUM one is hidden"),
        pytest.param("HIGH", False, id="a HIGH one is not"),
        pytest.param("CRITICAL", False, id="a CRITICAL one is not"),
    ],
)
def test_a_rule_hides_up_to_medium_unless_it_says_otherwise(
    label: str, hidden: bool, update: dict[str, Any]
) -> None:
    decision = without_a_ceiling(severity(label, label), update)
    assert decision.hides == hidden
    assert decision.above_ceiling == (() if hidden else ("rule",))


@pytest.mark.parametrize(
    ("person", "provider", "hidden"),
    [
        pytest.param("LOW", "MEDIUM", True, id="both are below the ceiling"),
        pytest.param("LOW", "HIGH", True, id="the provider's reaches the ceiling"),
        pytest.param("LOW", "CRITICAL", False, id="a person lowered what is above it now"),
        pytest.param("CRITICAL", "LOW", False, id="a person raised it above the ceiling"),
        pytest.param("CRITICAL", "CRITICAL", False, id="both are above the ceiling"),
        pytest.param("CRITICAL", None, False, id="only the finding itself has one, above"),
        pytest.param("LOW", None, True, id="only the finding itself has one, below"),
        pytest.param(None, "CRITICAL", False, id="only the provider's fields have one, above"),
        pytest.param(None, None, True, id="no one says how severe it is"),
    ],
)
def test_the_higher_severity_counts(person: str | None, provider: str | None, hidden: bool) -> None:
    decision = plan(severity(person, provider), UP_TO_HIGH)
    assert decision.update == (SUPPRESS if hidden else None)
    assert decision.above_ceiling == (() if hidden else ("rule",))


def test_the_provider_counts_also_by_a_number_alone() -> None:
    found = finding(Severity={"Label": "LOW"}, FindingProviderFields={"Severity": {"Normalized": 95}})
    assert plan(found, UP_TO_HIGH).above_ceiling == ("rule",)


def test_what_a_person_lowered_is_reopened_once_its_provider_calls_it_critical() -> None:
    hidden = after(severity("LOW", "MEDIUM"), UP_TO_HIGH)
    assert hidden.status == "SUPPRESSED"
    critical = hidden.with_(**provided("CRITICAL"))
    decision = plan(critical, UP_TO_HIGH)
    assert decision.update == status("NEW"), "the severity is the person's, and stays"
    assert [change.cause for change in decision.changes] == ["above its ceiling"]
    assert plan(after(critical, UP_TO_HIGH), UP_TO_HIGH).update is None


def test_an_escalation_counts_also_after_a_person_has_overruled_a_lowered_severity() -> None:
    lower: dict[str, Any] = {"ceiling": "HIGH", "update": {"Severity": {"Label": "MEDIUM"}, **SUPPRESS}}
    held = after(severity("HIGH", "HIGH"), lower)
    overruled = held.with_(Severity={"Label": "INFORMATIONAL"}, **provided("CRITICAL"))
    decision = plan(overruled, lower, authors={"Severity.Label": by("person", "INFORMATIONAL")})
    assert decision.above_ceiling == ("rule",)
    assert decision.update == status("NEW")


def test_a_rule_that_lowers_is_held_against_what_the_finding_would_be_without_it() -> None:
    lower: dict[str, Any] = {"ceiling": "HIGH", "update": {"Severity": {"Label": "LOW"}}}
    lowered = after(severity("HIGH", "HIGH"), lower)
    assert plan(lowered, lower).above_ceiling == ()
    assert plan(lowered.with_(**provided("CRITICAL")), lower).update == {"Severity": {"Label": "CRITICAL"}}


def test_what_a_person_had_before_an_override_counts() -> None:
    """A person raised it, a rule lowered it again: the ceiling is held against the person's."""
    lower: dict[str, Any] = {"override": True, "ceiling": "HIGH", "update": {"Severity": {"Label": "LOW"}}}
    lowered = after(severity("HIGH", "MEDIUM"), lower)
    assert lowered.severity == "LOW"
    cautious = {**UP_TO_HIGH, "id": "z", "ceiling": "MEDIUM"}
    assert plan(lowered, lower, cautious).above_ceiling == ("z",)


@pytest.mark.parametrize("hiding", [SUPPRESS, {"Severity": {"Label": "LOW"}}], ids=["status", "severity"])
@pytest.mark.parametrize("ceiling", ["MEDIUM", "CRITICAL"])
def test_what_a_rule_on_hold_did_counts_and_not_what_it_says_now(hiding: Any, ceiling: str) -> None:
    hidden = after(severity("MEDIUM", "MEDIUM"), {"ceiling": ceiling, "update": hiding})
    on_hold: dict[str, Any] = {"ceiling": ceiling, "mode": "hold", "update": {"Confidence": 1}}
    assert plan(hidden, on_hold).update is None
    decision = plan(hidden.with_(**provided("CRITICAL")), on_hold)
    assert decision.reopens == (ceiling == "MEDIUM")
    assert decision.above_ceiling == (("rule",) if ceiling == "MEDIUM" else ())


def test_a_persons_value_is_not_what_a_rule_on_hold_did() -> None:
    hidden = after(severity("MEDIUM", "MEDIUM"), {"ceiling": "MEDIUM", "update": SUPPRESS})
    overruled = hidden.with_(**status("NOTIFIED"), **provided("CRITICAL"))
    on_hold: dict[str, Any] = {"ceiling": "MEDIUM", "mode": "hold", "update": {"Confidence": 1}}
    decision = plan(overruled, on_hold, authors={"Workflow.Status": by("person", "NOTIFIED")})
    assert (decision.update, decision.above_ceiling) == (None, ())


HIGHEST = [
    pytest.param([], "MEDIUM", id="the default where there is no rule"),
    pytest.param([UP_TO_HIGH], "HIGH", id="the only one"),
    pytest.param([UP_TO_HIGH, {"id": "b", **UP_TO_HIGH, "ceiling": "LOW"}], "HIGH", id="the highest of two"),
    pytest.param([{**UP_TO_HIGH, "ceiling": "LOW"}], "LOW", id="one below the default"),
    pytest.param(
        [{"ceiling": "CRITICAL", "update": {"Confidence": 1}}], "MEDIUM", id="not that of what cannot hide"
    ),
    pytest.param([{**UP_TO_HIGH, "mode": "hold"}], "HIGH", id="that of a rule on hold"),
    pytest.param([{**UP_TO_HIGH, "mode": "observe"}], "MEDIUM", id="not that of a rule in observe"),
    pytest.param([{**UP_TO_HIGH, "starts": NOW + 1}], "MEDIUM", id="not that of a rule that starts later"),
    pytest.param([{**UP_TO_HIGH, "ends": NOW}], "MEDIUM", id="not that of a rule that has ended"),
]


@pytest.mark.parametrize(("rules", "highest"), HIGHEST)
def test_the_highest_ceiling_is_that_of_rules_in_force_that_may_hide(
    rules: list[dict[str, Any]], highest: str
) -> None:
    assert ruleset(*rules).highest_ceiling(NOW) == highest
    assert ruleset(*rules).without_rules().highest_ceiling(NOW) == "MEDIUM"
