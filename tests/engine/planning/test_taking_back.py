"""Taking back: when no rule wants a change any more, what triage did is undone, and only that."""

from typing import Any

import pytest

from hubtriage.engine.planning.entry import NO_ENTRY, Claim
from tests.engine.planning.samples import (
    FAILED,
    LOW,
    NOTE,
    NOTHING,
    NOTIFY,
    PASSED,
    RESOLVE,
    SUPPRESS,
    TICKET,
    noted,
    of_severity,
    other,
    provided,
    status,
    suppressed,
)
from tests.support.planning import PROVIDER, Known, Rule, after, by, finding, plan

FALSE_POSITIVE = {"update": {"VerificationState": "FALSE_POSITIVE"}}
TYPES = {"update": {"Types": ["Effects"]}}
SCORE = {"update": {"Confidence": 5}}
WITH_SCORES = {"FindingProviderFields": {**PROVIDER, "Confidence": 80}, "Confidence": 80}

BACK = [
    pytest.param({}, SUPPRESS, status("NEW"), id="a suppression is reopened"),
    pytest.param({}, RESOLVE, status("NEW"), id="so is what was resolved"),
    pytest.param({}, NOTIFY, status("NEW"), id="what was NOTIFIED is NEW again"),
    pytest.param(
        {}, FALSE_POSITIVE, {"VerificationState": "UNKNOWN"}, id="a verification state goes back to UNKNOWN"
    ),
    pytest.param({}, LOW, {"Severity": {"Label": "HIGH"}}, id="the severity goes back to the provider's"),
    pytest.param({}, TYPES, {"Types": ["TTPs/Discovery"]}, id="the types go back to the provider's"),
    pytest.param(WITH_SCORES, SCORE, {"Confidence": 80}, id="a score goes back to the provider's"),
    pytest.param({}, SCORE, None, id="a score that the provider never gave cannot be emptied"),
    pytest.param(
        {},
        {"update": {"RelatedFindings": [{"ProductArn": "arn:x", "Id": "y"}]}},
        None,
        id="nor can relations",
    ),
    pytest.param(
        {},
        NOTE,
        {"Note": {"Text": "hubtriage: rule no longer applies.", "UpdatedBy": "hubtriage"}},
        id="a note, which cannot be deleted, says that the rule no longer applies",
    ),
    pytest.param(
        {"UserDefinedFields": {"theirs": "1"}},
        TICKET,
        {"UserDefinedFields": {"theirs": "1"}},
        id="a user-defined field is left out",
    ),
]


@pytest.mark.parametrize(("members", "rule", "expected"), BACK)
def test_what_no_rule_wants_any_more_is_taken_back(
    members: dict[str, Any], rule: Rule, expected: dict[str, Any] | None
) -> None:
    set_by_us = after(finding(**members), rule)
    decision = plan(set_by_us)
    assert decision.update == expected
    assert decision.takes_back == (expected is not None)
    assert not decision.hides


@pytest.mark.parametrize(("members", "rule"), [pytest.param(*p.values[:2], id=str(p.id)) for p in BACK])
def test_taking_back_settles_in_one_call(members: dict[str, Any], rule: Rule) -> None:
    taken_back = after(after(finding(**members), rule))
    assert plan(taken_back).update is None
    seen = after(taken_back)  # the claim of a key that was left out ends when the key is seen to be gone
    assert (plan(seen).update, plan(seen).after) == (None, seen.entry)


@pytest.mark.parametrize(("members", "rule"), [pytest.param(*p.values[:2], id=str(p.id)) for p in BACK])
def test_what_was_taken_back_can_be_set_again(members: dict[str, Any], rule: Rule) -> None:
    first = after(finding(**members), rule)
    again = after(after(first), rule)
    assert again.found == first.found
    assert again.entry.claims.keys() == first.entry.claims.keys()
    assert all(claim.rule == "rule" for claim in again.entry.claims.values())


def test_only_what_triage_did_is_undone() -> None:
    everything = {"update": {**status("SUPPRESSED"), **FALSE_POSITIVE["update"], **NOTE["update"]}}
    theirs = after(finding(), everything).with_(
        VerificationState="BENIGN_POSITIVE", Note={"Text": "Mine.", "UpdatedBy": "ann"}
    )
    assert plan(theirs).update == status("NEW")


# What the service would have set.

REPAIRED = suppressed(**FAILED).with_(**PASSED)
SERVICES = [
    pytest.param(REPAIRED, status("RESOLVED"), True, id="a suppressed finding that has passed is RESOLVED"),
    pytest.param(suppressed(**FAILED), status("NEW"), False, id="one that has not is NEW"),
    pytest.param(
        after(finding(**FAILED), NOTIFY).with_(**PASSED),
        None,
        True,
        id="one that is NOTIFIED stays so, because RESOLVED would close it",
    ),
    pytest.param(
        after(finding(**FAILED), RESOLVE).with_(**PASSED),
        None,
        True,
        id="one that is RESOLVED already needs nothing",
    ),
    pytest.param(
        after(finding(**PASSED), SUPPRESS),
        status("NEW"),
        False,
        id="one that was NEW although it had passed is NEW again",
    ),
    pytest.param(
        after(finding(**status("RESOLVED"), **PASSED), SUPPRESS),
        status("RESOLVED"),
        True,
        id="one that the service had resolved is RESOLVED again",
    ),
]


@pytest.mark.parametrize(("known", "expected", "is_claimed"), SERVICES)
def test_a_status_goes_back_to_what_the_service_would_have_set_and_hides_nothing(
    known: Known, expected: dict[str, Any] | None, is_claimed: bool
) -> None:
    decision = plan(known)
    assert decision.update == expected
    assert not decision.hides
    assert ("Workflow.Status" in decision.after.claims) == is_claimed
    taken_back = after(known)
    assert (plan(taken_back).update, plan(taken_back).after) == (None, taken_back.entry)


def test_a_repaired_exception_is_resolved_and_new_when_it_fails_again() -> None:
    repaired = after(REPAIRED)
    assert repaired.claim("Workflow.Status") == Claim("RESOLVED", None)
    failed = repaired.with_(**FAILED, **status("NEW"))  # AWS: the service resets RESOLVED
    assert plan(failed).questions == ()
    assert after(failed).entry.claims == {}
    assert plan(after(failed), SUPPRESS).update == status("SUPPRESSED")


def test_a_repaired_exception_that_fails_is_new_also_if_the_service_does_not_reset_it() -> None:
    failed = after(REPAIRED).with_(**FAILED)
    assert plan(failed).update == status("NEW")
    assert after(failed).entry.claims == {}


def test_a_rule_on_new_lets_go_of_what_is_repaired_and_takes_it_again() -> None:
    rule = other(SUPPRESS, match={"Workflow": {"Status": ["NEW"]}})
    known = after(finding(**FAILED), rule)
    repaired = after(known.with_(**PASSED), rule)
    assert repaired.status == "RESOLVED"
    assert plan(repaired, rule).update is None
    assert plan(repaired.with_(**FAILED, **status("NEW")), rule).update == status("SUPPRESSED")


def test_a_rule_on_new_keeps_what_had_passed_and_was_new() -> None:
    rule = other(SUPPRESS, match={"Workflow": {"Status": ["NEW"]}})
    known = after(finding(**PASSED), rule)
    assert known.claim("Workflow.Status").before == "NEW"
    assert plan(known, rule).update is None
    assert plan(known.with_(**FAILED), rule).update is None


def test_notified_that_stays_on_a_passed_control_is_reset_by_the_service() -> None:
    kept = after(after(finding(**FAILED), NOTIFY).with_(**PASSED))
    assert kept.claim("Workflow.Status") == Claim("NOTIFIED", None)
    failed = kept.with_(**FAILED, **status("NEW"))
    assert (plan(failed).update, plan(failed).questions) == (None, ())
    assert after(failed).entry.claims == {}


# What follows its provider.


@pytest.mark.parametrize("label", ["INFORMATIONAL", "LOW", "MEDIUM", "CRITICAL"])
def test_a_severity_taken_back_goes_on_following_the_provider(label: str) -> None:
    known = after(after(finding(), LOW)).with_(**provided(label))
    decision = plan(known)
    assert decision.update == {"Severity": {"Label": label}}
    assert [(change.why, change.rule) for change in decision.changes] == [("follows provider", None)]
    assert not decision.takes_back
    assert not decision.hides


def test_it_follows_for_ever_whatever_else_is_done() -> None:
    known = after(after(finding(), LOW))
    for rules in ([SUPPRESS], [], [other(LOW, when=False), NOTIFY], []):
        for label in ("CRITICAL", "LOW", "HIGH"):
            known = after(known.with_(**provided(label)), *rules)
            assert known.severity == label
    known = after(after(known, LOW))
    assert known.severity == "HIGH"
    assert plan(known.with_(**provided("CRITICAL"))).update == {"Severity": {"Label": "CRITICAL"}}


FOLLOWING = [
    pytest.param(TYPES, "Types", ["TTPs"], id="types"),
    pytest.param(SCORE, "Confidence", 60, id="confidence"),
    pytest.param({"update": {"Criticality": 5}}, "Criticality", 60, id="criticality"),
    pytest.param(
        {"update": {"RelatedFindings": [{"ProductArn": "arn:x", "Id": "y"}]}},
        "RelatedFindings",
        [{"ProductArn": "arn:x", "Id": "z"}],
        id="relations",
    ),
]


@pytest.mark.parametrize(("rule", "member", "value"), FOLLOWING)
def test_each_provided_field_follows(rule: Rule, member: str, value: Any) -> None:
    says = {"FindingProviderFields": {**PROVIDER, member: value}}
    assert plan(after(after(finding(), rule)).with_(**says)).update == {member: value}
    assert plan(after(finding(), rule).with_(**says)).update == {member: value}, "taken back at the same time"


def test_a_severity_that_follows_can_be_wanted_again_and_overruled() -> None:
    following = after(after(finding(), LOW))
    assert plan(following, LOW).update == {"Severity": {"Label": "LOW"}}
    theirs = following.with_(Severity={"Label": "MEDIUM"}, **provided("CRITICAL"))
    decision = plan(theirs, authors={"Severity.Label": by("person", "MEDIUM")})
    assert (decision.update, decision.overruled) == (None, ("Severity.Label",))


def test_a_rule_that_wants_what_its_provider_says_claims_it_without_a_call() -> None:
    following = after(after(finding(), LOW))
    decision = plan(following, {"id": "new", "update": {"Severity": {"Label": "HIGH"}}})
    assert decision.update is None
    assert decision.after.claims == {"Severity.Label": Claim("HIGH", "new")}


def test_a_provider_value_that_only_the_top_level_had_is_remembered() -> None:
    found = finding(FindingProviderFields=None)
    rule = other(LOW, match={"Severity": {"Label": ["HIGH"]}})
    changed = after(found, rule)
    assert changed.severity == "LOW"
    assert changed.claim("Severity.Label") == Claim("LOW", "rule", provided="HIGH")
    assert plan(changed, rule).update is None
    assert plan(changed).update == {"Severity": {"Label": "HIGH"}}
    assert plan(after(changed).with_(**provided("CRITICAL"))).update == {"Severity": {"Label": "CRITICAL"}}


def test_a_severity_where_there_was_none_stays_until_the_provider_gives_one() -> None:
    found = finding(Severity=None, FindingProviderFields=None)
    unwanted = after(after(found, LOW))
    assert unwanted.severity == "LOW"
    assert unwanted.claim("Severity.Label") == Claim("LOW", None)
    assert plan(unwanted.with_(**provided("HIGH"))).update == {"Severity": {"Label": "HIGH"}}


# Notes.


def test_a_note_taken_back_stays_ours_and_can_be_replaced() -> None:
    ended = after(after(finding(), NOTE))
    assert noted(ended.found) == "hubtriage: rule no longer applies."
    decision = plan(ended, {"update": {"Note": {"Text": "Again."}}})
    assert decision.update == {"Note": {"Text": "Again.", "UpdatedBy": "hubtriage/rule"}}


def test_a_note_names_the_rule_that_wanted_it_last() -> None:
    renamed = after(after(finding(), other(NOTE, id="old")), other(NOTE, id="new"))
    assert noted(after(renamed).found) == "hubtriage: new no longer applies."


# Claims follow the rule that wants the value.

SAME_WORK = [
    pytest.param(SUPPRESS, id="a status"),
    pytest.param(LOW, id="a severity"),
    pytest.param(other(NOTE, update={"Note": {"Text": "x", "UpdatedBy": "us"}}), id="a note"),
    pytest.param(TICKET, id="a user-defined field"),
    pytest.param({"update": {"Types": {"Add": ["Effects"]}}}, id="types"),
]


@pytest.mark.parametrize("rule", SAME_WORK)
def test_renaming_a_rule_changes_the_entry_alone(rule: Rule) -> None:
    known = after(finding(), other(rule, id="old"))
    decision = plan(known, other(rule, id="new"))
    assert (decision.update, decision.changes, decision.kept) == (None, (), ())
    assert decision.after.remembers_more_than(known.entry)
    assert [claim.rule for claim in decision.after.claims.values()] == ["new"]
    renamed = after(known, other(rule, id="new"))
    assert plan(renamed, other(rule, id="new")).after == renamed.entry


def test_a_rule_that_takes_over_another_value_is_claimed_by_it() -> None:
    known = after(after(finding(), other(SUPPRESS, id="a")), other(SUPPRESS, id="a"), other(NOTIFY, id="b"))
    assert known.status == "NOTIFIED"
    assert known.claim("Workflow.Status") == Claim("NOTIFIED", "b")
    assert plan(known, other(SUPPRESS, id="a")).update == status("SUPPRESSED")


def test_what_is_set_already_is_not_claimed() -> None:
    decision = plan(finding(**status("NOTIFIED")), NOTIFY)
    assert (decision.update, decision.after) == (None, NO_ENTRY)


def test_an_entry_without_claims_is_that_of_an_unknown_finding() -> None:
    """So it can be deleted."""
    assert after(suppressed()).entry.claims == {}
    assert plan(after(suppressed()), NOTHING).after.asked == {}


def test_taking_back_is_not_hiding() -> None:
    """The provider's severity fell while a rule had raised the finding's."""
    raised = after(finding(**of_severity("LOW")), {"update": {"Severity": {"Label": "CRITICAL"}}})
    decision = plan(raised)
    assert decision.update == {"Severity": {"Label": "LOW"}}
    assert not decision.hides
