"""Who changed a field after triage: what the history answers, and what holds as long as it does not."""

from dataclasses import dataclass
from typing import Any

import pytest

from hubtriage.engine.planning.entry import Authors, Claim, LastChange
from hubtriage.engine.planning.review import CLOCKS_DIFFER
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
from tests.support.planning import NOW, Finding, Known, Rule, after, by, finding, plan

WORKFLOW = "Workflow.Status"
SEVERITY = "Severity.Label"
NOT_ASKED = "not asked"


@dataclass(frozen=True)
class Then:
    """What follows from an answer: whose the field is, what is sent, and what is said of the answer."""

    whose: str
    """`ours`, `a person's`, or `nobody's`: the claim has ended."""
    sent: Any = None
    says: str | None = None
    """`question`, `unrecorded` or `outdated`."""


def answers(field: str, answer: LastChange | str | None) -> Authors:
    return {} if answer == NOT_ASKED else {field: answer}  # type: ignore[dict-item]


def holder(known: Known, field: str, authors: Authors) -> str:
    """Whose the field is after the review: with its rule on hold, nothing happens to it."""
    claim = plan(known, other(NOTHING, mode="hold", when=True), authors=authors).after.claims.get(field)
    return "nobody's" if claim is None else "a person's" if claim.person else "ours"


def check(known: Known, rule: Rule, field: str, answer: Any, then: Then) -> None:
    authors = answers(field, answer)
    decision = plan(known, rule, authors=authors)
    assert holder(known, field, authors) == then.whose
    assert decision.update == then.sent
    assert (field in decision.questions) == (then.says == "question")
    assert (field in decision.unrecorded) == (then.says == "unrecorded")
    assert decision.outdated == (then.says == "outdated")
    assert decision.overruled == ((field,) if then.whose == "a person's" else ())


OLD = NOW - CLOCKS_DIFFER
STATUS = [
    pytest.param(NOT_ASKED, Then("a person's", says="question"), id="the history has to be asked"),
    pytest.param(None, Then("a person's", says="unrecorded"), id="no record yet: a person's, after a wait"),
    pytest.param(by("person", "NEW"), Then("a person's"), id="a person"),
    pytest.param(by("person", "NOTIFIED"), Then("a person's"), id="a person, and something else later"),
    pytest.param(
        by("service", "NEW"), Then("nobody's", status("SUPPRESSED")), id="the service: it is set again"
    ),
    pytest.param(
        by("service", "RESOLVED"),
        Then("a person's", says="unrecorded"),
        id="the service, but another value: what is shown is not on record yet",
    ),
    pytest.param(
        by("triage", "SUPPRESSED"),
        Then("ours", says="outdated"),
        id="triage, and the claimed value: the finding is older than our write",
    ),
    pytest.param(
        by("triage", "NEW"), Then("ours", status("SUPPRESSED")), id="triage, and what is shown: it is ours"
    ),
    pytest.param(
        by("triage", "NOTIFIED"),
        Then("a person's", says="unrecorded"),
        id="triage, but a third value: what is shown is not on record yet",
    ),
    pytest.param(
        by("person", "NEW", OLD - 1),
        Then("a person's", says="unrecorded"),
        id="a person, before our last write: that change is no answer",
    ),
    pytest.param(
        by("service", "NEW", OLD - 1), Then("a person's", says="unrecorded"), id="the service, before it"
    ),
    pytest.param(
        by("triage", "NEW", OLD - 1), Then("a person's", says="unrecorded"), id="triage itself, before it"
    ),
    pytest.param(by("service", "NEW", OLD), Then("nobody's", status("SUPPRESSED")), id="clocks may differ"),
]


@pytest.mark.parametrize(("answer", "then"), STATUS)
def test_a_suppression_that_is_gone(answer: Any, then: Then) -> None:
    check(suppressed().with_(**status("NEW")), SUPPRESS, WORKFLOW, answer, then)


RESET = [
    pytest.param(
        NOT_ASKED, Then("nobody's", status("NOTIFIED"), says="question"), id="the history has to be asked"
    ),
    pytest.param(
        None,
        Then("nobody's", status("NOTIFIED"), says="unrecorded"),
        id="no record yet: the service's, after a wait, because nothing is hidden by that",
    ),
    pytest.param(by("person", "NEW"), Then("a person's"), id="a person"),
    pytest.param(by("service", "NEW"), Then("nobody's", status("NOTIFIED")), id="the service"),
    pytest.param(
        by("service", "RESOLVED"),
        Then("nobody's", status("NOTIFIED"), says="unrecorded"),
        id="the service, but what it did before: the control passed",
    ),
    pytest.param(by("triage", "NOTIFIED"), Then("ours", says="outdated"), id="triage: an old state"),
]


@pytest.mark.parametrize(("answer", "then"), RESET)
def test_new_in_place_of_notified(answer: Any, then: Then) -> None:
    check(after(finding(), NOTIFY).with_(**status("NEW")), NOTIFY, WORKFLOW, answer, then)


CLOSED = [
    pytest.param(NOT_ASKED, Then("a person's", says="question"), id="the history has to be asked"),
    pytest.param(None, Then("a person's", says="unrecorded"), id="no record: a person's"),
    pytest.param(by("person", "RESOLVED"), Then("a person's"), id="a person resolved what we suppressed"),
    pytest.param(
        by("service", "RESOLVED"), Then("nobody's", status("SUPPRESSED")), id="the service did: a reset"
    ),
]


@pytest.mark.parametrize(("answer", "then"), CLOSED)
def test_resolved_in_place_of_suppressed_on_a_control_that_passed(answer: Any, then: Then) -> None:
    resolved = suppressed(**FAILED).with_(**PASSED, **status("RESOLVED"))
    check(resolved, SUPPRESS, WORKFLOW, answer, then)


def test_a_person_who_resolves_what_was_suppressed_and_then_reopens_it_is_left_alone() -> None:
    resolved = suppressed(**FAILED).with_(**PASSED, **status("RESOLVED"))
    theirs = after(resolved, SUPPRESS, authors={WORKFLOW: by("person", "RESOLVED")})
    for members in ({**PASSED}, {**FAILED}):
        reopened = theirs.with_(**members, **status("NEW"))
        decision = plan(reopened, SUPPRESS)
        assert (decision.update, decision.questions, decision.overruled) == (None, (), ())


LOWERED = [
    pytest.param(NOT_ASKED, Then("a person's", says="question"), id="the history has to be asked"),
    pytest.param(None, Then("a person's", says="unrecorded"), id="no record yet: a person's, after a wait"),
    pytest.param(by("person", "MEDIUM"), Then("a person's"), id="a person"),
    pytest.param(
        by("service", "MEDIUM"), Then("nobody's", {"Severity": {"Label": "LOW"}}), id="its provider's import"
    ),
    pytest.param(
        by("triage", "LOW"),
        Then("ours", says="outdated"),
        id="triage, and the claimed value: the finding is older than our write",
    ),
    pytest.param(
        by("triage", "MEDIUM"), Then("ours", {"Severity": {"Label": "LOW"}}), id="triage, and what is shown"
    ),
]


@pytest.mark.parametrize(("answer", "then"), LOWERED)
def test_a_severity_that_is_another(answer: Any, then: Then) -> None:
    known = after(finding(), LOW).with_(Severity={"Label": "MEDIUM"}, **provided("MEDIUM"))
    check(known, LOW, SEVERITY, answer, then)


UNASKED = [
    pytest.param(
        {"VerificationState": "BENIGN_POSITIVE"}, {"VerificationState": "UNKNOWN"}, id="a verification state"
    ),
    pytest.param({"Confidence": 5}, {"Confidence": 6}, id="a score"),
    pytest.param({"Types": ["Effects"]}, {"Types": ["Effects", "TTPs"]}, id="types"),
    pytest.param({"Note": {"Text": "Ours."}}, {"Note": {"Text": "Theirs."}}, id="a note"),
    pytest.param({"Note": {"Text": "Ours."}}, {"Note": None}, id="a note that is gone"),
    pytest.param(TICKET["update"], {"UserDefinedFields": {"ticket": "X"}}, id="a user-defined field"),
    pytest.param(TICKET["update"], {"UserDefinedFields": None}, id="user-defined fields that were wiped"),
]


@pytest.mark.parametrize(("update", "members"), UNASKED)
def test_another_field_that_is_another_is_a_persons_without_a_question(
    update: dict[str, Any], members: dict[str, Any]
) -> None:
    rule = {"update": update}
    changed = after(finding(), rule).with_(**members)
    decision = plan(changed, rule)
    (field,) = decision.overruled
    assert (decision.questions, decision.update) == ((), None)
    assert decision.after.claims[field].person
    assert plan(after(changed, rule), rule).overruled == (), "said once"


def test_lists_are_compared_without_regard_to_order_and_repetitions() -> None:
    rule = {"update": {"Types": ["Effects", "TTPs"]}}
    known = after(finding(), rule).with_(Types=["TTPs", "Effects", "TTPs"])
    assert plan(known, rule).overruled == ()


def test_a_reset_that_was_missed_with_the_pass_before_it_is_the_services() -> None:
    """The events of a control that passed and failed again may come in one batch, or not at all."""
    notified = after(finding(**FAILED), NOTIFY)
    decision = plan(notified.with_(**status("NEW")), NOTIFY, authors={WORKFLOW: by("service", "NEW")})
    assert decision.update == status("NOTIFIED")
    assert decision.overruled == ()


def test_resolved_by_the_service_in_place_of_notified_is_nobodys() -> None:
    passed = after(finding(**FAILED), NOTIFY).with_(**PASSED, **status("RESOLVED"))
    resolved = after(passed, other(NOTIFY, when=False), authors={WORKFLOW: by("service", "RESOLVED")})
    assert resolved.entry.claims == {}
    assert resolved.status == "RESOLVED"


FOLLOWED = [
    pytest.param({**FAILED, **status("NEW")}, (), False, id="reset by the service when it failed"),
    pytest.param({**PASSED, **status("NEW")}, (WORKFLOW,), True, id="reopened although it still passes"),
    pytest.param({**FAILED, **status("NOTIFIED")}, (WORKFLOW,), True, id="set to something else"),
]


@pytest.mark.parametrize(("members", "questions", "claimed"), FOLLOWED)
def test_what_was_taken_back_to_resolved_follows_the_service(
    members: dict[str, Any], questions: tuple[str, ...], claimed: bool
) -> None:
    repaired = after(suppressed(**FAILED).with_(**PASSED))
    assert repaired.status == "RESOLVED"
    decision = plan(repaired.with_(**members))
    assert (decision.questions, WORKFLOW in decision.after.claims) == (questions, claimed)
    assert decision.update is None


# A value that hides, and that nobody claims: it may be ours if an entry was lost.

GRAVE = {**of_severity("CRITICAL"), **status("SUPPRESSED")}
LOWERED_BY_SOMEBODY = {"Severity": {"Label": "LOW"}}
UNCLAIMED = [
    pytest.param(finding(**status("SUPPRESSED")), [SUPPRESS], [WORKFLOW], id="suppressed, as a rule wants"),
    pytest.param(finding(**status("SUPPRESSED")), [NOTIFY], [WORKFLOW], id="a rule wants something else"),
    pytest.param(finding(**status("SUPPRESSED")), [LOW], [], id="no rule wants the field"),
    pytest.param(finding(**status("SUPPRESSED")), [NOTHING], [], id="the rule does not match"),
    pytest.param(finding(**GRAVE), [], [WORKFLOW], id="above every ceiling, as there are no rules"),
    pytest.param(finding(**GRAVE), [other(NOTHING, ceiling="HIGH")], [WORKFLOW], id="above every ceiling"),
    pytest.param(finding(**GRAVE), [other(NOTHING, ceiling="CRITICAL")], [], id="below some ceiling"),
    pytest.param(
        finding(**GRAVE),
        [other(NOTHING, ceiling="CRITICAL", ends=NOW)],
        [WORKFLOW],
        id="a ceiling of a rule that has ended is none",
    ),
    pytest.param(
        finding(**GRAVE),
        [other(NOTE, ceiling="CRITICAL", when=False)],
        [WORKFLOW],
        id="a ceiling of what cannot hide is none",
    ),
    pytest.param(finding(**status("RESOLVED"), **FAILED), [SUPPRESS], [WORKFLOW], id="resolved by somebody"),
    pytest.param(finding(**status("RESOLVED"), **PASSED), [SUPPRESS], [], id="resolved by the service"),
    pytest.param(finding(**status("NOTIFIED")), [SUPPRESS], [], id="NOTIFIED hides nothing"),
    pytest.param(finding(), [SUPPRESS], [], id="nor does NEW"),
    pytest.param(finding(**LOWERED_BY_SOMEBODY), [LOW], [SEVERITY], id="lowered by somebody"),
    pytest.param(finding(**LOWERED_BY_SOMEBODY), [SUPPRESS], [], id="lowered, and no rule wants the field"),
    pytest.param(
        finding(**LOWERED_BY_SOMEBODY, FindingProviderFields=None),
        [LOW],
        [],
        id="whether lowered is not known",
    ),
    pytest.param(finding(Severity={"Label": "CRITICAL"}), [LOW], [], id="raised by somebody"),
    pytest.param(
        finding(**status("SUPPRESSED"), **LOWERED_BY_SOMEBODY),
        [SUPPRESS, other(LOW, id="z")],
        [WORKFLOW, SEVERITY],
        id="both",
    ),
]


@pytest.mark.parametrize(("found", "rules", "questions"), UNCLAIMED)
def test_what_hides_and_is_unclaimed_is_asked_about_where_it_matters(
    found: Finding, rules: list[Rule], questions: list[str]
) -> None:
    decision = plan(found, *rules)
    assert list(decision.optional_questions) == questions
    assert decision.questions == (), "nothing waits for the answer"
    assert not {change.field for change in decision.changes} & set(questions), "a person's, meanwhile"


HEALED = [
    pytest.param([SUPPRESS], by("triage", "SUPPRESSED"), None, "rule", id="ours, and wanted"),
    pytest.param([], by("triage", "SUPPRESSED"), status("NEW"), None, id="ours, and no longer wanted"),
    pytest.param([NOTIFY], by("triage", "SUPPRESSED"), status("NOTIFIED"), "rule", id="ours, now NOTIFIED"),
    pytest.param([], by("triage", "SUPPRESSED", 0.0), status("NEW"), None, id="ours, however long ago"),
]


@pytest.mark.parametrize(("rules", "answer", "update", "rule"), HEALED)
def test_what_the_history_says_is_ours_is_claimed_again(
    rules: list[Rule], answer: LastChange, update: Any, rule: str | None
) -> None:
    known = suppressed().forgotten()
    decision = plan(known, *rules, authors={WORKFLOW: answer})
    assert decision.update == update
    claim = decision.after.claims.get(WORKFLOW)
    assert (claim and claim.rule) == rule
    assert (decision.unrecorded, decision.after.asked) == ((), {})


def test_a_grave_finding_that_a_lost_entry_would_hide_is_reopened() -> None:
    known = suppressed().forgotten().with_(**of_severity("CRITICAL"))
    assert plan(known).optional_questions == (WORKFLOW,)
    assert plan(known, authors={WORKFLOW: by("triage", "SUPPRESSED")}).update == status("NEW")


def test_a_lowered_severity_that_is_ours_comes_back() -> None:
    known = after(finding(), LOW).forgotten()
    decision = plan(known, authors={SEVERITY: by("triage", "LOW")})
    assert decision.update == {"Severity": {"Label": "HIGH"}}
    assert decision.after.claims[SEVERITY] == Claim("HIGH", None), "and follows its provider from now on"


KEPT_ANSWERS = [
    pytest.param(by("person", "SUPPRESSED"), id="a person"),
    pytest.param(by("person", "SUPPRESSED", 0.0), id="a person, however long ago"),
    pytest.param(by("service", "SUPPRESSED"), id="the provider, when it made the finding"),
]


@pytest.mark.parametrize("answer", KEPT_ANSWERS)
def test_what_is_not_ours_is_asked_about_once(answer: LastChange) -> None:
    known = suppressed().forgotten()
    decision = plan(known, SUPPRESS, authors={WORKFLOW: answer})
    assert (decision.update, decision.unrecorded) == (None, ())
    assert decision.after.asked == {WORKFLOW: "SUPPRESSED"}
    assert decision.after.remembers_more_than(known.entry)
    asked = after(known, SUPPRESS, authors={WORKFLOW: answer})
    again = plan(asked, SUPPRESS)
    assert (again.optional_questions, again.after) == ((), asked.entry)
    assert plan(asked.with_(**of_severity("CRITICAL")), SUPPRESS).optional_questions == ()


NO_ANSWERS = [
    pytest.param(None, id="no record"),
    pytest.param(by("triage", "NEW"), id="another value of ours"),
    pytest.param(by("person", "NEW"), id="another value of a person's"),
    pytest.param(by("service", "NEW"), id="another value of the service's"),
]


@pytest.mark.parametrize("answer", NO_ANSWERS)
def test_what_is_not_on_record_is_asked_about_again(answer: LastChange | None) -> None:
    known = suppressed().forgotten()
    decision = plan(known, SUPPRESS, authors={WORKFLOW: answer})
    assert (decision.update, decision.after) == (None, known.entry)
    assert (decision.optional_questions, decision.unrecorded) == ((), ()), "it has just been asked"
    assert plan(known, SUPPRESS).optional_questions == (WORKFLOW,), "with a later event"


def test_an_answer_is_forgotten_with_the_value_that_it_was_about() -> None:
    asked = after(suppressed().forgotten(), SUPPRESS, authors={WORKFLOW: by("person", "SUPPRESSED")})
    resolved = asked.with_(**status("RESOLVED"))
    assert plan(resolved, SUPPRESS).optional_questions == (WORKFLOW,)
    reopened = after(asked.with_(**status("NEW")), NOTHING)
    assert reopened.entry.asked == {}
    assert plan(reopened.with_(**status("SUPPRESSED")), SUPPRESS).optional_questions == (WORKFLOW,)


def test_what_a_person_took_over_is_not_asked_about_again() -> None:
    theirs = after(suppressed().with_(**status("NEW")), SUPPRESS)
    by_hand = theirs.with_(**status("SUPPRESSED"), **of_severity("CRITICAL"))
    decision = plan(by_hand, SUPPRESS)
    assert (decision.questions, decision.optional_questions, decision.update) == ((), (), None)
    ours_once = plan(by_hand, SUPPRESS, authors={WORKFLOW: by("triage", "SUPPRESSED")})
    assert ours_once.after.claims[WORKFLOW].person


def test_a_finding_older_than_our_write_leaves_its_entry_as_it_is() -> None:
    """It may be wrong in other fields too, so nothing that it shows is acted upon."""
    known = after(finding(), {"update": {**status("SUPPRESSED"), **NOTE["update"]}})
    old = known.with_(**status("NEW"), Note=None)
    decision = plan(old, NOTIFY, authors={WORKFLOW: by("triage", "SUPPRESSED")})
    assert decision.outdated
    assert (decision.update, decision.changes, decision.after) == (None, (), known.entry)
    lowered = old.with_(Severity={"Label": "LOW"})
    assert plan(lowered, LOW).optional_questions == (SEVERITY,)
    assert plan(lowered, LOW, authors={WORKFLOW: by("triage", "SUPPRESSED")}).optional_questions == ()


def test_an_answer_about_what_is_as_we_left_it_changes_nothing() -> None:
    known = suppressed()
    for answer in (by("triage", "SUPPRESSED"), by("person", "SUPPRESSED"), by("service", "NEW"), None):
        decision = plan(known, SUPPRESS, authors={WORKFLOW: answer})
        assert (decision.after, decision.update, decision.unrecorded) == (known.entry, None, ())


def test_resolving_by_a_rule_is_reset_by_the_service_and_set_again() -> None:
    known = after(finding(**PASSED), RESOLVE)
    reset = known.with_(**FAILED, **status("NEW"))
    assert plan(reset, RESOLVE).questions == (WORKFLOW,)
    assert plan(reset, RESOLVE, authors={WORKFLOW: by("service", "NEW")}).update == status("RESOLVED")
