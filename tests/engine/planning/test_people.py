"""People: what they set or changed stays, as long as the finding; a rule may ask to override it."""

from typing import Any

import pytest

from hubtriage.engine.planning.entry import MOST_OVERRULINGS, Claim
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
    of_severity,
    other,
    provided,
    status,
    suppressed,
)
from tests.support.planning import DAY, NOW, Known, Rule, after, by, finding, plan

WORKFLOW = "Workflow.Status"
BY_PERSON = {WORKFLOW: by("person", "NEW")}

PERSONS = [
    pytest.param(status("NOTIFIED"), SUPPRESS, ("NOTIFIED", "SUPPRESSED"), id="a status"),
    pytest.param(status("RESOLVED") | FAILED, SUPPRESS, ("RESOLVED", "SUPPRESSED"), id="resolved by hand"),
    pytest.param({"Severity": {"Label": "LOW"}}, LOW | {"update": {"Severity": {"Label": "MEDIUM"}}},
                 ("LOW", "MEDIUM"), id="a severity other than the provider's"),
    pytest.param(
        {"VerificationState": "TRUE_POSITIVE"},
        {"update": {"VerificationState": "FALSE_POSITIVE"}},
        ("TRUE_POSITIVE", "FALSE_POSITIVE"),
        id="a verification state",
    ),
    pytest.param({"Types": ["X"]}, {"update": {"Types": ["Y"]}}, (("X",), ("Y",)), id="types"),
    pytest.param({"Confidence": 1}, {"update": {"Confidence": 2}}, (1, 2), id="a score"),
    pytest.param({"UserDefinedFields": {"ticket": "T-1"}}, TICKET, ("T-1", "SEC-1"), id="a user field"),
]  # fmt: skip


@pytest.mark.parametrize(("members", "rule", "kept"), PERSONS)
def test_a_persons_value_is_kept_and_reported(members: dict[str, Any], rule: Rule, kept: Any) -> None:
    decision = plan(finding(**members), rule)
    assert (decision.update, dict(decision.after.claims)) == (None, {})
    assert [(each.value, each.wanted, each.why) for each in decision.kept] == [
        (*kept, "set by a person or another tool")
    ]


def test_a_persons_value_that_is_as_wanted_is_nothing_to_report() -> None:
    decision = plan(finding(**status("NOTIFIED")), NOTIFY)
    assert (decision.update, decision.kept) == (None, ())


def test_resolved_by_the_service_is_nobodys() -> None:
    assert plan(finding(**status("RESOLVED"), **PASSED), SUPPRESS).update == status("SUPPRESSED")


NOTES = [
    pytest.param("ana", id="by a person"),
    pytest.param("hubtriage-oncall", id="by somebody whose name begins like ours"),
    pytest.param("hubtriage", id="under our name, without a claim"),
    pytest.param("hubtriage/rule", id="under the rule's name, without a claim"),
]


@pytest.mark.parametrize("author", NOTES)
@pytest.mark.parametrize("override", [False, True])
def test_a_persons_note_is_never_replaced(author: str, override: bool) -> None:
    note = {"Text": "Mine.", "UpdatedBy": author}
    decision = plan(finding(Note=note), other(NOTE, override=override))
    assert decision.update is None
    assert [each.why for each in decision.kept] == ["a person's note is never replaced"]


def test_a_note_that_a_person_changed_is_theirs_under_any_name() -> None:
    known = after(finding(), NOTE)
    edited = known.with_(Note={**known.found["Note"], "Text": "Accepted until May."})
    decision = plan(edited, other(NOTE, override=True))
    assert (decision.update, decision.overruled) == (None, ("Note.Text",))
    assert plan(after(edited, NOTE)).update is None, "nor is it taken back"


def test_a_note_of_ours_is_ours_whoever_is_named_under_it() -> None:
    rule = {"update": {"Note": {"Text": "Accepted.", "UpdatedBy": "platform"}}}
    decision = plan(after(finding(), rule), {"update": {"Note": {"Text": "Until May."}}})
    assert decision.update == {"Note": {"Text": "Until May.", "UpdatedBy": "hubtriage/rule"}}


# An overruling lasts as long as the finding.


def overruled() -> Known:
    """A finding that a rule had suppressed, and that a person has reopened."""
    return after(suppressed().with_(**status("NEW")), SUPPRESS, authors=BY_PERSON)


def test_who_reopens_is_left_alone_and_remembered() -> None:
    reopened = suppressed().with_(**status("NEW"))
    decision = plan(reopened, SUPPRESS, authors=BY_PERSON)
    assert (decision.update, decision.overruled) == (None, (WORKFLOW,))
    assert [each.why for each in decision.kept] == ["changed after triage had set it"]
    assert decision.after.remembers_more_than(reopened.entry), "the ledger alone is written"
    assert decision.after.claims == {WORKFLOW: Claim("SUPPRESSED", "rule", overruled=1, person=True)}
    assert plan(overruled(), SUPPRESS).overruled == (), "said once"
    by_hand = overruled().with_(**status("SUPPRESSED"))
    assert plan(by_hand, SUPPRESS).update is None
    assert plan(by_hand).update is None


WITH_A_NOTE = {"update": {**status("SUPPRESSED"), **NOTE["update"]}}
CRITICAL = of_severity("CRITICAL")
MEANWHILE: list[Any] = [
    pytest.param([(SUPPRESS, {})], id="nothing"),
    pytest.param([(WITH_A_NOTE, {}), (SUPPRESS, {})], id="a note beside it"),
    pytest.param([(other(LOW, id="z"), {})], id="an update to another field"),
    pytest.param([(NOTHING, {}), (NOTHING, {})], id="the rule matches no longer"),
    pytest.param([(other(SUPPRESS, ends=NOW), {})], id="the rule has expired"),
    pytest.param([(other(NOTIFY, id="z"), {})], id="another rule wants the field"),
    pytest.param([(SUPPRESS, CRITICAL), (SUPPRESS, of_severity("HIGH"))], id="above the ceiling and back"),
    pytest.param([(SUPPRESS, {"RecordState": "ARCHIVED"}), (SUPPRESS, {"RecordState": "ACTIVE"})],
                 id="archived and back"),
    pytest.param([(other(SUPPRESS, mode="hold"), {})], id="the rule is on hold"),
    pytest.param([(other(SUPPRESS, mode="observe"), {})], id="the rule observes"),
    pytest.param([(SUPPRESS, {"Title": "Another"})], id="the finding changes"),
]  # fmt: skip


@pytest.mark.parametrize("steps", MEANWHILE)
def test_a_reopening_lasts_whatever_happens_meanwhile(steps: list[tuple[Rule, dict[str, Any]]]) -> None:
    known = overruled()
    for rule, members in steps:
        known = after(known.with_(**members), rule)
        assert known.status == "NEW"
    for word in ("NEW", "NOTIFIED", "RESOLVED"):
        assert after(known.with_(**status(word)), SUPPRESS).status == word


def test_a_reopening_outlasts_a_deployment_without_any_rule() -> None:
    assert plan(after(overruled()), SUPPRESS).update is None


def test_an_overruling_ends_when_the_ledger_is_told_so() -> None:
    handed_back = overruled().forgotten()
    assert plan(handed_back, SUPPRESS).update == status("SUPPRESSED")


def test_a_persons_severity_stays_where_the_provider_escalates() -> None:
    lowered = after(finding(), LOW).with_(Severity={"Label": "MEDIUM"})
    theirs = after(lowered, LOW, authors={"Severity.Label": by("person", "MEDIUM")})
    assert plan(theirs.with_(**provided("CRITICAL")), LOW).update is None
    assert plan(theirs.with_(**provided("CRITICAL"))).update is None


# Override.

OVERRIDE = other(SUPPRESS, override=True)
CAUTIOUS = other(NOTIFY, override=True)
RAISE = {"update": {"Severity": {"Label": "CRITICAL"}}, "override": True}
LOWEST = {"update": {"Severity": {"Label": "INFORMATIONAL"}}, "override": True}
MEDIUM_OF_LOW = {**of_severity("LOW"), "Severity": {"Label": "MEDIUM"}}

GIVEN_BACK = [
    pytest.param(status("NOTIFIED"), OVERRIDE, "NOTIFIED", status("NOTIFIED"), id="a status that is open"),
    pytest.param(status("SUPPRESSED"), CAUTIOUS, "SUPPRESSED", status("NEW"), id="not one that suppresses"),
    pytest.param(status("RESOLVED"), CAUTIOUS, "RESOLVED", status("NEW"), id="nor one that resolves"),
    pytest.param(
        status("RESOLVED"), OVERRIDE, "RESOLVED", status("NEW"), id="not even where it was hidden since"
    ),
    pytest.param(
        status("SUPPRESSED") | PASSED,
        OVERRIDE | RESOLVE,
        "SUPPRESSED",
        None,
        id="nor one that suppresses what the service would resolve",
    ),
    pytest.param(MEDIUM_OF_LOW, RAISE, "MEDIUM", {"Severity": {"Label": "MEDIUM"}}, id="a raised severity"),
    pytest.param(
        {"Severity": {"Label": "LOW"}},
        RAISE,
        "LOW",
        {"Severity": {"Label": "HIGH"}},
        id="not a severity below the provider's: the provider's comes back",
    ),
    pytest.param(
        {"Severity": {"Label": "LOW"}},
        LOWEST,
        "LOW",
        {"Severity": {"Label": "HIGH"}},
        id="not even where it was lower since",
    ),
    pytest.param(
        {"VerificationState": "TRUE_POSITIVE"},
        {"update": {"VerificationState": "UNKNOWN"}, "override": True},
        "TRUE_POSITIVE",
        {"VerificationState": "TRUE_POSITIVE"},
        id="a verification state",
    ),
    pytest.param(
        {"Types": ["X", "Y"]},
        {"update": {"Types": ["Z"]}, "override": True},
        ("X", "Y"),
        {"Types": ["X", "Y"]},
        id="types",
    ),
    pytest.param(
        {"Confidence": 0},
        {"update": {"Confidence": 50}, "override": True},
        0,
        {"Confidence": 0},
        id="a score, zero too",
    ),
    pytest.param(
        {"UserDefinedFields": {"ticket": "T-1"}},
        other(TICKET, override=True),
        "T-1",
        {"UserDefinedFields": {"ticket": "T-1"}},
        id="a user-defined field",
    ),
    pytest.param(status("CLOSED"), OVERRIDE, None, status("NEW"), id="not a word that the API does not know"),
    pytest.param(
        {"VerificationState": "MAYBE"},
        {"update": {"VerificationState": "BENIGN_POSITIVE"}, "override": True},
        None,
        {"VerificationState": "UNKNOWN"},
        id="nor a verification state that it does not know",
    ),
]


@pytest.mark.parametrize(("persons", "rule", "before", "back"), GIVEN_BACK)
def test_what_an_override_replaced_is_given_back_unless_that_hides(
    persons: dict[str, Any], rule: Rule, before: Any, back: dict[str, Any] | None
) -> None:
    replaced = after(finding(**persons), rule)
    (claim,) = replaced.entry.claims.values()
    assert claim.before == before
    assert plan(replaced, rule).update is None
    assert plan(replaced).update == back
    assert plan(after(replaced)).update is None


def test_what_was_given_back_is_the_persons_again() -> None:
    given_back = after(after(finding(**status("NOTIFIED")), OVERRIDE))
    assert given_back.entry.claims == {}
    assert plan(given_back, SUPPRESS).kept[0].why == "set by a person or another tool"


def test_a_value_that_has_come_to_hide_is_not_given_back() -> None:
    """It was above the provider's severity when the override replaced it."""
    replaced = after(finding(**MEDIUM_OF_LOW), RAISE).with_(**provided("HIGH"))
    assert plan(replaced).update == {"Severity": {"Label": "HIGH"}}
    assert after(replaced).claim("Severity.Label") == Claim("HIGH", None), "it follows its provider instead"


ON_WHAT_THEY_OVERRIDE = [
    pytest.param(
        status("SUPPRESSED"),
        other(CAUTIOUS, match={"Workflow": {"Status": ["SUPPRESSED"]}}),
        status("NOTIFIED"),
        id="people may not suppress: NOTIFIED",
    ),
    pytest.param(
        status("SUPPRESSED"),
        other(CAUTIOUS, update=status("NEW"), match={"Workflow": {"Status": ["SUPPRESSED"]}}),
        status("NEW"),
        id="people may not suppress: NEW",
    ),
    pytest.param(
        {"Severity": {"Label": "LOW"}},
        {"update": {"Severity": {"AtLeast": "MEDIUM"}}, "override": True},
        {"Severity": {"Label": "MEDIUM"}},
        id="people may not lower it so much",
    ),
    pytest.param(
        {"Severity": {"Label": "INFORMATIONAL"}},
        {"update": {"Severity": {"Label": "LOW"}}, "override": True,
         "match": {"Severity": {"Label": ["INFORMATIONAL"]}}},
        {"Severity": {"Label": "LOW"}},
        id="a severity for another",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("persons", "rule", "update"), ON_WHAT_THEY_OVERRIDE)
def test_a_rule_on_what_a_person_had_hidden_goes_on_matching_after_it_has_overridden_that(
    persons: dict[str, Any], rule: Rule, update: dict[str, Any]
) -> None:
    known = Known(finding(**persons))
    for _ in range(MOST_OVERRULINGS):
        assert plan(known, rule).update == update
        known = after(known, rule)
        assert plan(known, rule).update is None
        assert plan(known, rule).after == known.entry
        known = known.with_(**{name: persons[name] for name in update})
    decision = plan(known, rule)
    assert (decision.update, "no tug of war" in decision.kept[0].why) == (None, True)


def test_before_outlasts_a_change_of_the_rules() -> None:
    replaced = after(finding(**status("NOTIFIED")), other(OVERRIDE, id="a"))
    renamed = after(replaced, other(OVERRIDE, id="b"))
    resolved = after(renamed, other(RESOLVE, id="c"))
    assert plan(resolved).update == status("NOTIFIED")


def test_a_rule_may_change_what_it_overrode() -> None:
    replaced = after(finding(**status("NOTIFIED")), OVERRIDE)
    assert plan(replaced, RESOLVE).update == status("RESOLVED"), "it is ours by now"


def test_after_three_overrulings_an_override_gives_up() -> None:
    known, sets = Known(finding()), 0
    for day in range(6):
        now = NOW + day * 2 * DAY
        decision = plan(known, OVERRIDE, now=now)
        sets += decision.update is not None
        known = after(known, OVERRIDE, now=now).with_(**status("NEW"))
    assert sets == MOST_OVERRULINGS
    assert "overruled 3 times: no tug of war" in plan(known, OVERRIDE, now=NOW + 30 * DAY).kept[0].why


def test_overrulings_count_whatever_the_person_had_set() -> None:
    known = after(finding(), OVERRIDE)
    for word in ("NEW", "NOTIFIED", "RESOLVED"):
        decision = plan(known.with_(**status(word)), OVERRIDE)
        known = after(known.with_(**status(word)), OVERRIDE)
    assert (decision.update, decision.after.claims[WORKFLOW].overruled) == (None, 3)


def test_overrulings_count_across_rules() -> None:
    known = after(finding(), OVERRIDE)
    for name in ("a", "b", "c"):
        known = after(known.with_(**status("NEW")), other(OVERRIDE, id=name))
    assert "no tug of war" in plan(known, other(OVERRIDE, id="d")).kept[0].why


def test_a_person_may_overrule_what_overrode_them_and_get_nothing_back_after_that() -> None:
    replaced = after(finding(**status("NOTIFIED")), OVERRIDE)
    reopened = after(replaced.with_(**status("NEW")), SUPPRESS)
    assert reopened.status == "NEW"
    assert plan(reopened).update is None
