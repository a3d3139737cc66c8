"""How severe a finding may be for a rule to hide it."""

from typing import Any

import pytest

from hubtriage.engine.planning.decision import Decision
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.ruleset.ruleset import load_ruleset
from tests.support.planning import NOW, PROVIDER, applied, finding, plan, sent

SUPPRESS = {"Workflow": {"Status": "SUPPRESSED"}}
UP_TO_HIGH: dict[str, Any] = {"ceiling": "HIGH", "update": SUPPRESS}


def severity(person: str | None, provider: str | None, **members: Any) -> dict[str, Any]:
    """A finding with the severity that it shows, and with the one on record as its provider's."""
    fields = {"FindingProviderFields": PROVIDER | {"Severity": {"Label": provider}}} if provider else {}
    shown = {"Label": person} if person else None
    return finding(**{"FindingProviderFields": None, "Severity": shown, **fields, **members})


def without_a_ceiling(found: dict[str, Any], update: dict[str, Any]) -> Decision:
    """Decide by a rule that writes no ceiling."""
    rule = {"id": "rule", "when": True, "update": update}
    return decide(found, load_ruleset({"format": 1, "hash": "0", "rules": [rule]}), NOW, Settings())


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
    assert sent(decision) == (SUPPRESS if hidden else None)
    assert decision.above_ceiling == (() if hidden else ("rule",))


def test_the_provider_counts_also_by_a_number_alone() -> None:
    found = finding(Severity={"Label": "LOW"}, FindingProviderFields={"Severity": {"Normalized": 95}})
    assert plan(found, UP_TO_HIGH).above_ceiling == ("rule",)


def test_what_a_person_lowered_is_reopened_once_its_provider_calls_it_critical() -> None:
    found = severity("LOW", "MEDIUM")
    hidden = applied(found, plan(found, UP_TO_HIGH))
    assert hidden["Workflow"] == {"Status": "SUPPRESSED"}
    critical = {**hidden, "FindingProviderFields": PROVIDER | {"Severity": {"Label": "CRITICAL"}}}
    decision = plan(critical, UP_TO_HIGH)
    assert sent(decision) == {"Workflow": {"Status": "NEW"}}, "the severity is the person's, and stays"
    assert [change.cause for change in decision.changes] == ["above its ceiling"]
    assert plan(applied(critical, decision), UP_TO_HIGH).update is None


def test_an_escalation_counts_also_after_a_person_has_overruled_a_lowered_severity() -> None:
    lower: dict[str, Any] = {"ceiling": "HIGH", "update": {"Severity": {"Label": "MEDIUM"}, **SUPPRESS}}
    found = severity("HIGH", "HIGH")
    held = applied(found, plan(found, lower))
    overruled = {**held, "Severity": {"Label": "INFORMATIONAL"}}
    overruled["FindingProviderFields"] = PROVIDER | {"Severity": {"Label": "CRITICAL"}}
    decision = plan(overruled, lower)
    assert decision.above_ceiling == ("rule",)
    assert sent(decision) == {"Workflow": {"Status": "NEW"}}
