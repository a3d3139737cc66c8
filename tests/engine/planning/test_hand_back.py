"""Handing back: what people hold counts as ours, and the rules decide on it anew."""

from typing import Any

import pytest

from hubtriage.engine.fields import ParsedFinding
from hubtriage.engine.planning.decision import Decision
from hubtriage.engine.planning.entry import Authors, Claim
from hubtriage.engine.planning.hand_back import held_by_people
from hubtriage.engine.planning.plan import WITHOUT_NOTE
from tests.engine.planning.samples import (
    FAILED,
    FAILS,
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
from tests.support.planning import DAY, NOW, Finding, Known, Rule, after, by, finding, happened, plan

WORKFLOW, SEVERITY = "Workflow.Status", "Severity.Label"
ASKED: Authors = {WORKFLOW: by("person", None, NOW - 60), SEVERITY: by("person", None, NOW - 60)}
OVERRIDE = other(SUPPRESS, override=True)


def handed(about: Known | Finding, *rules: Rule, authors: Authors = ASKED, **options: Any) -> Decision:
    return plan(about, *rules, authors=authors, handed_back=NOW, **options)


def rests(about: Known | Finding, decision: Decision, *rules: Rule) -> Finding:
    """Carry the decision out, and see that nothing is left to do, with or without the hand-back."""
    known = happened(about, decision)
    for again in (plan(known, *rules), handed(known, *rules)):
        assert again.update is None
        assert again.after.claims == known.entry.claims
    return known.found


def overruled(word: str = "NEW", rule: Rule = SUPPRESS) -> Known:
    """A finding that a rule had suppressed, and whose status a person has changed."""
    found = after(finding(), rule).with_(**status(word))
    return after(found, rule, authors={WORKFLOW: by("person", word)})


def reopened_note() -> Known:
    known = after(finding(), NOTE)
    return after(known.with_(Note={"Text": "Until May.", "UpdatedBy": "ana"}), NOTE)


RULES_WANT = [
    pytest.param(overruled(), SUPPRESS, status("SUPPRESSED"), id="a status that was reopened"),
    pytest.param(overruled("NOTIFIED"), SUPPRESS, status("SUPPRESSED"), id="one that was set to another"),
    pytest.param(
        finding(**status("NOTIFIED")), SUPPRESS, status("SUPPRESSED"), id="one that a person set first"
    ),
    pytest.param(
        finding(**status("RESOLVED"), **FAILED), SUPPRESS, status("SUPPRESSED"), id="resolved by hand"
    ),
    pytest.param(finding(Severity={"Label": "MEDIUM"}), LOW, {"Severity": {"Label": "LOW"}}, id="a severity"),
    pytest.param(
        finding(VerificationState="TRUE_POSITIVE"),
        {"update": {"VerificationState": "FALSE_POSITIVE"}},
        {"VerificationState": "FALSE_POSITIVE"},
        id="a verdict",
    ),
    pytest.param(finding(Confidence=1), {"update": {"Confidence": 2}}, {"Confidence": 2}, id="a score"),
    pytest.param(finding(Types=["X"]), {"update": {"Types": ["Y"]}}, {"Types": ["Y"]}, id="types"),
    pytest.param(
        finding(Note={"Text": "Mine.", "UpdatedBy": "ana"}),
        NOTE,
        {"Note": {"Text": "Accepted.", "UpdatedBy": "hubtriage/rule"}},
        id="a note",
    ),
    pytest.param(
        reopened_note(),
        NOTE,
        {"Note": {"Text": "Accepted.", "UpdatedBy": "hubtriage/rule"}},
        id="a note that was changed",
    ),
    pytest.param(
        finding(UserDefinedFields={"ticket": "T-1", "tool": "1"}),
        TICKET,
        {"UserDefinedFields": {"ticket": "SEC-1", "tool": "1"}},
        id="a user key, and no other",
    ),
]


@pytest.mark.parametrize(("about", "rule", "update"), RULES_WANT)
def test_what_a_rule_wants_is_set(about: Known | Finding, rule: Rule, update: dict[str, Any]) -> None:
    assert plan(about, rule).update is None, "without a hand-back it stays"
    decision = handed(about, rule)
    assert decision.update == update
    (name,) = decision.handed_back
    assert decision.after.claims[name].rule == "rule"
    assert not decision.after.claims[name].person
    rests(about, decision, rule)


NO_RULE_WANTS = [
    pytest.param(finding(**status("SUPPRESSED")), status("NEW"), id="suppressed: it shows again"),
    pytest.param(finding(**status("RESOLVED"), **FAILED), status("NEW"), id="resolved by hand"),
    pytest.param(finding(**status("NOTIFIED")), status("NEW"), id="notified"),
    pytest.param(finding(**status("SUPPRESSED"), **PASSED), status("RESOLVED"), id="as the service had it"),
    pytest.param(finding(**status("NEW"), **PASSED), None, id="what is open stays open"),
    pytest.param(overruled(), None, id="a reopening stays"),
    pytest.param(
        finding(Severity={"Label": "LOW"}),
        {"Severity": {"Label": "HIGH"}},
        id="lowered: as the provider says",
    ),
    pytest.param(
        finding(Severity={"Label": "CRITICAL"}), {"Severity": {"Label": "HIGH"}}, id="raised: likewise"
    ),
    pytest.param(
        finding(VerificationState="BENIGN_POSITIVE"), {"VerificationState": "UNKNOWN"}, id="a verdict"
    ),
    pytest.param(finding(Types=["X"]), {"Types": ["TTPs/Discovery"]}, id="types"),
    pytest.param(finding(Confidence=1), None, id="a score cannot be emptied"),
]


@pytest.mark.parametrize(("about", "update"), NO_RULE_WANTS)
def test_what_no_rule_wants_is_as_if_no_one_had_set_it(
    about: Known | Finding, update: dict[str, Any] | None
) -> None:
    decision = handed(about)
    assert decision.update == update
    assert not decision.hides
    assert {change.cause for change in decision.changes} <= {"handed back"}
    rests(about, decision)


TEXTS = [
    pytest.param(finding(Note={"Text": "Mine.", "UpdatedBy": "ana"}), id="a note"),
    pytest.param(reopened_note(), id="a note that had been ours"),
    pytest.param(finding(UserDefinedFields={"ticket": "T-1"}), id="a user key"),
]


@pytest.mark.parametrize("about", TEXTS)
@pytest.mark.parametrize("rules", [(), (SUPPRESS,)], ids=["no rule", "one that sets a status"])
def test_a_text_that_no_rule_sets_is_left_alone(about: Known | Finding, rules: tuple[Rule, ...]) -> None:
    decision = handed(about, *rules)
    assert not {"Note", "UserDefinedFields"} & (decision.update or {}).keys()
    assert decision.handed_back == ()
    rests(about, decision, *rules)


def test_a_rule_that_looks_for_a_persons_note_and_replaces_it_leaves_it_alone() -> None:
    mine = finding(Note={"Text": "Mine.", "UpdatedBy": "ana"})
    looks = other(NOTE, match={"Note": {"Text": ["Mine."]}})
    decision = handed(mine, looks)
    assert (decision.update, decision.handed_back) == (None, ())
    assert rests(mine, decision, looks)["Note"]["Text"] == "Mine."


def test_rules_see_the_texts_that_people_keep() -> None:
    tagged = finding(UserDefinedFields={"team": "blue", "ticket": "T-1"})
    for_blue = other(TICKET, match={"UserDefinedFields": {"team": ["blue"]}})
    decision = handed(tagged, for_blue)
    assert decision.update == {"UserDefinedFields": {"team": "blue", "ticket": "SEC-1"}}
    rests(tagged, decision, for_blue)


def test_a_text_is_kept_that_gives_way_to_the_limits() -> None:
    mine = finding(Note={"Text": "Mine.", "UpdatedBy": "ana"})
    both = {"update": {**status("SUPPRESSED"), **NOTE["update"]}}
    decision = handed(mine, both, left_out=WITHOUT_NOTE)
    assert decision.update == status("SUPPRESSED")
    assert "Note.Text" not in decision.after.claims, "the note is still a person's"


NOT_ABOVE = [
    pytest.param({}, id="hidden by hand"),
    pytest.param({"never": frozenset({WORKFLOW})}, id="where the stack never sets a status"),
    pytest.param({"may_hide": False}, id="where nothing is hidden any more"),
]


@pytest.mark.parametrize("settings", NOT_ABOVE)
@pytest.mark.parametrize(
    "rules", [(), (SUPPRESS,), (other(SUPPRESS, when=FAILS),)], ids=["none", "a", "failing"]
)
def test_a_finding_above_every_ceiling_is_reopened(rules: tuple[Rule, ...], settings: dict[str, Any]) -> None:
    grave = finding(**of_severity("CRITICAL"), **status("SUPPRESSED"))
    decision = handed(grave, *rules, **settings)
    assert decision.update == status("NEW")
    assert decision.reopens


def test_a_severity_that_a_person_lowered_hides_no_longer() -> None:
    lowered = finding(Severity={"Label": "LOW"}, **provided("CRITICAL"), **status("SUPPRESSED"))
    decision = handed(lowered, SUPPRESS)
    assert decision.update == {**status("NEW"), "Severity": {"Label": "CRITICAL"}}


def test_the_limits_of_hiding_hold() -> None:
    decision = handed(overruled(), SUPPRESS, may_hide=False)
    assert decision.update is None
    assert [kept.field for kept in decision.kept] == [WORKFLOW]
    later = happened(overruled(), decision)
    assert plan(later, SUPPRESS).update == status("SUPPRESSED"), "once hiding is allowed again"


def test_a_field_that_the_stack_never_sets_stays() -> None:
    decision = handed(overruled("NOTIFIED"), SUPPRESS, never=frozenset({WORKFLOW}))
    assert decision.update is None


def test_what_follows_the_provider_goes_on_to() -> None:
    theirs = after(after(finding(), LOW).with_(Severity={"Label": "MEDIUM"}), LOW, authors=ASKED)
    back = happened(theirs, handed(theirs))
    assert back.severity == "HIGH"
    assert plan(back.with_(**provided("CRITICAL"))).update == {"Severity": {"Label": "CRITICAL"}}


def test_overrulings_are_counted_anew() -> None:
    known = after(finding(), OVERRIDE)
    for day in range(1, 5):
        theirs = {WORKFLOW: by("person", "NOTIFIED", NOW + day * DAY)}
        known = after(known.with_(**status("NOTIFIED")), OVERRIDE, now=NOW + day * DAY, authors=theirs)
    assert known.status == "NOTIFIED", "the rule has given up"
    decision = handed(known, OVERRIDE, now=NOW + 9 * DAY)
    assert decision.update == status("SUPPRESSED")
    assert decision.after.claims == {WORKFLOW: Claim("SUPPRESSED", "rule")}


def test_two_that_hand_back_and_overrule_in_turn_come_to_an_end() -> None:
    known = after(finding(), SUPPRESS)
    for _each in range(3):
        reopened = after(known.with_(**status("NEW")), SUPPRESS, authors={WORKFLOW: by("person", "NEW")})
        known = happened(reopened, handed(reopened, SUPPRESS))
        assert known.status == "SUPPRESSED"
    reopened = after(known.with_(**status("NEW")), SUPPRESS, authors={WORKFLOW: by("person", "NEW")})
    decision = handed(reopened, SUPPRESS)
    assert decision.update is None
    assert ["within a day" in kept.why for kept in decision.kept] == [True]


def test_what_a_person_had_before_an_override_is_forgotten() -> None:
    known = after(finding(**status("NOTIFIED")), OVERRIDE)
    assert known.claim(WORKFLOW).before == "NOTIFIED"
    decision = handed(known, OVERRIDE)
    assert (decision.update, decision.handed_back) == (None, (WORKFLOW,))
    assert plan(happened(known, decision)).update == status("NEW")


def test_what_a_person_had_is_not_taken_for_the_providers_either() -> None:
    """The provider gave no score: once the person's is forgotten, none is known that could come back."""
    scored = other({"update": {"Confidence": 90}}, override=True)
    known = after(finding(Confidence=50), scored)
    assert (known.claim("Confidence").before, known.claim("Confidence").provided) == (50, None)
    assert plan(happened(known, handed(known, scored))).update is None


def test_new_on_a_finding_that_passed_is_not_forgotten() -> None:
    asks = other(SUPPRESS, match={"Workflow": {"Status": ["NEW"]}})
    known = after(finding(**PASSED), asks)
    assert known.claim(WORKFLOW).before == "NEW"
    decision = handed(known, asks)
    assert (decision.update, decision.handed_back) == (None, ())


def test_what_hides_is_ours_when_a_rule_wants_just_that() -> None:
    decision = handed(finding(**status("SUPPRESSED")), SUPPRESS)
    assert decision.update is None
    assert decision.after.claims == {WORKFLOW: Claim("SUPPRESSED", "rule")}


# Since when a person holds a field.


@pytest.mark.parametrize("about", [overruled(), finding(**status("NOTIFIED"))], ids=["changed", "set first"])
def test_the_history_is_asked_who_set_it_last(about: Known | Finding) -> None:
    assert handed(about, SUPPRESS, authors={}).questions == (WORKFLOW,)
    later = {WORKFLOW: by("person", "NEW", NOW + 2)}
    decision = handed(about, SUPPRESS, authors=later)
    assert (decision.update, decision.handed_back) == (None, ())


SAME = [
    pytest.param(by("person", "NEW", NOW + 1), id="a change of the same second"),
    pytest.param(by("service", "NEW", NOW + 9), id="a later one of the service"),
    pytest.param(None, id="no record"),
]


@pytest.mark.parametrize("answer", SAME)
def test_no_other_answer_leaves_it_to_a_person(answer: Any) -> None:
    assert handed(overruled(), SUPPRESS, authors={WORKFLOW: answer}).update == status("SUPPRESSED")


def test_an_overruling_that_was_missed_is_handed_back_too() -> None:
    missed = suppressed().with_(**status("NEW"))
    decision = handed(missed, SUPPRESS, authors={WORKFLOW: by("person", "NEW", NOW - 9)})
    assert decision.update == status("SUPPRESSED")
    assert (decision.overruled, decision.handed_back) == ((), (WORKFLOW,))


def test_a_finding_from_before_our_own_write_is_not_decided_on() -> None:
    late = suppressed().with_(**status("NEW"))
    decision = handed(late, SUPPRESS, authors={WORKFLOW: by("triage", "SUPPRESSED", NOW + 1)})
    assert decision.outdated
    assert decision.update is None


def test_a_finding_that_no_one_touched_has_nothing_to_hand_back() -> None:
    decision = handed(finding(), NOTIFY)
    assert decision.update == status("NOTIFIED")
    assert decision.handed_back == ()


HELD = [
    pytest.param(finding(), (), id="nothing"),
    pytest.param(suppressed(), (), id="what triage set"),
    pytest.param(overruled(), (WORKFLOW,), id="an overruling"),
    pytest.param(suppressed().with_(**status("NEW")), (WORKFLOW,), id="one that triage does not know yet"),
    pytest.param(finding(Severity={"Label": "LOW"}), (SEVERITY,), id="a severity"),
    pytest.param(reopened_note(), ("Note.Text",), id="a note"),
    pytest.param(finding(UserDefinedFields={"tool": "1"}), ("UserDefinedFields.tool",), id="a tool's key"),
]


@pytest.mark.parametrize(("about", "names"), HELD)
def test_what_people_hold(about: Known | Finding, names: tuple[str, ...]) -> None:
    known = about if isinstance(about, Known) else Known(about)
    assert held_by_people(known.entry, ParsedFinding(known.found)) == names
