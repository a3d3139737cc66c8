"""The baseline: rules see a finding as its provider, the service and people left it."""

from typing import Any

import pytest

from hubtriage.engine.fields import ParsedFinding
from hubtriage.engine.planning.baseline import baseline
from tests.engine.planning.samples import (
    FAILED,
    LOW,
    NOTE,
    NOTIFY,
    PASSED,
    SUPPRESS,
    TICKET,
    of_severity,
    other,
    provided,
    status,
    suppressed,
)
from tests.support.planning import PROVIDER, Known, Rule, after, finding, plan


def seen(known: Known) -> Any:
    """The finding as rules see it."""
    return baseline(ParsedFinding(known.found), known.entry.claims).raw


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param(SUPPRESS, id="a status"),
        pytest.param(LOW, id="a severity"),
        pytest.param({"update": {"VerificationState": "BENIGN_POSITIVE"}}, id="a verification state"),
        pytest.param({"update": {"Types": {"Add": ["Effects"]}}}, id="types"),
        pytest.param({"update": {"Confidence": 5, "Criticality": 6}}, id="scores"),
        pytest.param({"update": {"RelatedFindings": [{"ProductArn": "arn:x", "Id": "y"}]}}, id="relations"),
        pytest.param(NOTE, id="a note"),
        pytest.param(TICKET, id="a user-defined field"),
    ],
)
def test_rules_do_not_see_what_triage_did(rule: Rule) -> None:
    found = finding(UserDefinedFields={"theirs": "1"})
    triaged = after(found, rule)
    assert triaged.found != found
    assert seen(triaged) == found
    assert plan(triaged, rule).update is None, "and so planning again changes nothing"


def test_rules_see_a_map_of_ours_alone_as_none() -> None:
    assert "UserDefinedFields" not in seen(after(finding(), TICKET))


def test_a_rule_on_new_goes_on_matching() -> None:
    rule = other(SUPPRESS, match={"Workflow": {"Status": ["NEW"]}, "Severity": {"Label": ["HIGH"]}})
    known = after(finding(), rule, other(LOW, id="low"))
    assert (known.status, known.severity) == ("SUPPRESSED", "LOW")
    assert plan(known, rule, other(LOW, id="low")).update is None


SERVICES = [
    pytest.param(suppressed(), "NEW", id="NEW where nothing is said of compliance"),
    pytest.param(suppressed().with_(**FAILED), "NEW", id="NEW where the control failed"),
    pytest.param(suppressed().with_(**PASSED), "RESOLVED", id="RESOLVED where the control passed"),
    pytest.param(Known(finding(**PASSED)), "NEW", id="what it is where it is not ours"),
    pytest.param(
        after(finding(**PASSED), SUPPRESS),
        "NEW",
        id="what it was, where the service had not resolved what passed before triage came",
    ),
    pytest.param(
        after(finding(**status("RESOLVED"), **PASSED), SUPPRESS),
        "RESOLVED",
        id="what it was, where the service had resolved what passed",
    ),
    pytest.param(
        after(finding(**status("NOTIFIED")), other(SUPPRESS, override=True)),
        "NOTIFIED",
        id="what a person had, where a rule overrides it",
    ),
    pytest.param(
        after(finding(**status("RESOLVED")), other(SUPPRESS, override=True)),
        "RESOLVED",
        id="also where that hides, and so is not given back one day",
    ),
]


@pytest.mark.parametrize(("known", "word"), SERVICES)
def test_rules_see_the_status_that_people_and_the_service_gave(known: Known, word: str) -> None:
    assert seen(known)["Workflow"]["Status"] == word


SEVERITIES_SEEN = [
    pytest.param({"Label": "HIGH", "Normalized": 80}, {"Label": "HIGH", "Normalized": 70}, id="by its label"),
    pytest.param({"Normalized": 80, "Product": 8}, {"Label": "HIGH", "Normalized": 70}, id="by its number"),
    pytest.param({"Product": 8}, None, id="without either there is none"),
    pytest.param(
        {"Label": "HIGH", "Original": "8.1"},
        {"Label": "HIGH", "Normalized": 70, "Original": "8.1"},
        id="with what its producer called it",
    ),
]


@pytest.mark.parametrize(("severity", "expected"), SEVERITIES_SEEN)
def test_rules_see_a_severity_as_it_will_be_once_triage_has_set_it(severity: Any, expected: Any) -> None:
    assert seen(Known(finding(Severity=severity, FindingProviderFields=None))).get("Severity") == expected


def test_what_only_the_providers_fields_have_holds_at_the_top_level_too() -> None:
    critical = {"Severity": {"Label": "CRITICAL"}, "Confidence": 80}
    found = finding(Severity=None, Types=[], FindingProviderFields={**PROVIDER, **critical})
    whole = seen(Known(found))
    assert (whole["Severity"]["Label"], whole["Types"], whole["Confidence"]) == (
        "CRITICAL",
        ["TTPs/Discovery"],
        80,
    )
    assert plan(found, SUPPRESS).above_ceiling == ("rule",)
    assert plan(found, {"update": {"Severity": {"AtLeast": "HIGH"}}}).update is None


def test_a_rule_on_the_number_of_a_severity_goes_on_matching_after_it_set_the_label() -> None:
    rule = other(LOW, match={"Severity": {"Normalized": [{"numeric": [">=", 75]}]}})
    exact = {**PROVIDER, "Severity": {"Label": "HIGH", "Normalized": 80}}
    found = finding(Severity={"Label": "HIGH", "Normalized": 80}, FindingProviderFields=exact)
    assert after(found, rule).found["Severity"] == {"Label": "LOW"}
    assert plan(after(found, rule), rule).update is None


def test_an_escalation_behind_a_lowered_severity_is_seen_and_comes_back() -> None:
    rule = {"update": {**status("SUPPRESSED"), "Severity": {"Label": "LOW"}}}
    decision = plan(after(finding(), rule).with_(**provided("CRITICAL")), rule)
    assert decision.above_ceiling == ("rule",)
    assert decision.update == {**status("NEW"), "Severity": {"Label": "CRITICAL"}}


def test_a_rule_sees_what_another_takes_back_in_the_same_call() -> None:
    """A rule that overrides hides what a person had RESOLVED, and then no longer matches."""
    hides = other(SUPPRESS, id="a", override=True, match={"Title": ["old"]})
    judges = {
        "id": "b",
        "match": {"Workflow": {"Status": ["NEW"]}},
        "update": {"VerificationState": "TRUE_POSITIVE"},
    }
    hidden = after(finding(Title="old", **status("RESOLVED")), hides)
    retitled = hidden.with_(Title="new")
    assert plan(retitled, hides, judges).update == {**status("NEW"), "VerificationState": "TRUE_POSITIVE"}
    assert plan(after(retitled, hides, judges), hides, judges).update is None


def test_a_persons_severity_is_what_rules_see() -> None:
    lowered = after(after(finding(), LOW).with_(Severity={"Label": "MEDIUM"}), LOW)
    assert seen(lowered)["Severity"]["Label"] == "MEDIUM"
    assert plan(finding(**of_severity("LOW")), other(NOTIFY, match={"Severity": {"Label": ["LOW"]}})).update


def test_rules_see_a_note_that_a_person_has_changed() -> None:
    """It was ours once: the ledger still has a claim on it, as a person's."""
    edited = after(finding(), NOTE).with_(Note={"Text": "Accepted until May.", "UpdatedBy": "ana"})
    theirs = after(edited, NOTE)
    assert theirs.entry.claims["Note.Text"].person
    assert seen(theirs)["Note"]["Text"] == "Accepted until May."
    judges = {"id": "b", "match": {"Note": {"Text": [{"prefix": "Accepted until"}]}}, **NOTIFY}
    assert plan(theirs, NOTE, judges).update == status("NOTIFIED")
