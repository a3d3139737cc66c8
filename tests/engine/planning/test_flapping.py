"""No echo chamber: what was set and taken back four times within a day stays taken back."""

from typing import Any

import pytest

from hubtriage.engine.planning.resolve import FLAPPING, MOST_SETS
from tests.engine.planning.samples import LOW, NOTE, NOTHING, SUPPRESS, TICKET, other, provided, status
from tests.support.planning import DAY, NOW, Finding, Known, Rule, after, by, finding, plan

HOUR = 3600.0
WORKFLOW = "Workflow.Status"


def tossed(rule: Rule, times: int, found: Finding | None = None, start: float = NOW) -> Known:
    """A finding on which the rule's work was set and taken back so often, once an hour."""
    known = Known(found or finding())
    for hour in range(times):
        now = start + hour * HOUR
        known = after(after(known, rule, now=now), NOTHING, now=now + HOUR / 2)
    return known


RULES = [
    pytest.param(SUPPRESS, WORKFLOW, {"Status": "SUPPRESSED"}, id="a status"),
    pytest.param(LOW, "Severity.Label", {"Label": "LOW"}, id="a severity"),
    pytest.param(NOTE, "Note.Text", {"Text": "Accepted.", "UpdatedBy": "hubtriage/rule"}, id="a note"),
    pytest.param(
        TICKET, "UserDefinedFields.ticket", {"theirs": "1", "ticket": "SEC-1"}, id="a user-defined field"
    ),
    pytest.param({"update": {"Types": ["Effects"]}}, "Types", ["Effects"], id="types"),
]


@pytest.mark.parametrize(("rule", "field", "payload"), RULES)
def test_the_fifth_time_within_a_day_it_stays_taken_back_and_is_reported(
    rule: Rule, field: str, payload: Any
) -> None:
    theirs = finding(UserDefinedFields={"theirs": "1"})
    third, fourth = tossed(rule, MOST_SETS - 1, theirs), tossed(rule, MOST_SETS, theirs)
    now = NOW + 5 * HOUR
    assert list((plan(third, rule, now=now).update or {}).values()) == [payload]
    decision = plan(fourth, rule, now=now)
    assert decision.update is None
    assert [(kept.field, kept.rule, kept.why) for kept in decision.kept] == [(field, "rule", FLAPPING)]
    assert list((plan(fourth, rule, now=NOW + DAY).update or {}).values()) == [payload], "the next day again"


def test_a_day_is_counted_from_each_time() -> None:
    known = tossed(SUPPRESS, MOST_SETS)
    assert plan(known, SUPPRESS, now=NOW + DAY - 1).update is None
    assert plan(known, SUPPRESS, now=NOW + DAY).update == status("SUPPRESSED")
    fifth = after(known, SUPPRESS, now=NOW + DAY)
    assert fifth.entry.sets == {WORKFLOW: (NOW + HOUR, NOW + 2 * HOUR, NOW + 3 * HOUR, NOW + DAY)}
    gone = after(fifth, NOTHING, now=NOW + DAY)
    assert plan(gone, SUPPRESS, now=NOW + DAY).update is None
    assert plan(gone, SUPPRESS, now=NOW + DAY + HOUR).update == status("SUPPRESSED")


def test_times_are_noted_only_with_an_update() -> None:
    known = tossed(SUPPRESS, 1)
    assert known.entry.sets == {WORKFLOW: (NOW,)}
    for rules in ([NOTHING], [other(SUPPRESS, mode="observe")]):
        assert plan(known, *rules, now=NOW + 2 * DAY).after == known.entry
    stopped = plan(known, SUPPRESS, may_hide=False)
    assert (stopped.update, stopped.after) == (None, known.entry)
    later = after(known, LOW, now=NOW + 2 * DAY)
    assert later.entry.sets == {"Severity.Label": (NOW + 2 * DAY,)}, "with one, old times are forgotten"


NOT_ANEW = [
    pytest.param([other(SUPPRESS, id="b")], id="another rule takes it over"),
    pytest.param([{"update": {"Workflow": {"Status": "RESOLVED"}}}], id="it gets another value"),
    pytest.param([NOTHING], id="it is taken back"),
]


@pytest.mark.parametrize("rules", NOT_ANEW)
def test_what_is_not_set_anew_does_not_count(rules: list[Rule]) -> None:
    known = after(after(finding(), SUPPRESS), *rules, now=NOW + HOUR)
    assert known.entry.sets == {WORKFLOW: (NOW,)}


def test_a_field_whose_rules_take_turns_is_not_stopped() -> None:
    """They do not read what triage wrote, so it is the finding itself that changes."""
    known = Known(finding())
    for word in ("SUPPRESSED", "RESOLVED") * 5:
        known = after(known, {"update": status(word)})
        assert known.status == word


def test_a_value_of_ours_may_change_however_often_it_was_set_anew() -> None:
    fourth = after(tossed(SUPPRESS, MOST_SETS - 1), SUPPRESS, now=NOW + 4 * HOUR)
    assert len(fourth.entry.sets[WORKFLOW]) == MOST_SETS
    assert plan(fourth, {"update": status("NOTIFIED")}, now=NOW + 5 * HOUR).update == status("NOTIFIED")
    assert plan(fourth, NOTHING, now=NOW + 5 * HOUR).update == status("NEW")


def test_following_does_not_count() -> None:
    known = after(after(finding(), LOW))
    for label in ("CRITICAL", "MEDIUM") * 5:
        known = after(known.with_(**provided(label)))
    assert known.severity == "MEDIUM"
    assert len(known.entry.sets["Severity.Label"]) == 1


def test_a_severity_that_stays_taken_back_goes_on_following() -> None:
    known = tossed(LOW, MOST_SETS).with_(**provided("CRITICAL"))
    decision = plan(known, other(LOW, ceiling="CRITICAL"), now=NOW + 5 * HOUR)
    assert decision.update == {"Severity": {"Label": "CRITICAL"}}
    assert [kept.why for kept in decision.kept] == [FLAPPING]


def test_other_fields_of_the_rule_are_set_all_the_same() -> None:
    both = {"update": {**SUPPRESS["update"], **LOW["update"]}}
    assert plan(tossed(SUPPRESS, MOST_SETS), both, now=NOW + 5 * HOUR).update == LOW["update"]


def test_a_reset_by_the_service_counts_too() -> None:
    """Whoever resets it: five times a day is no triage any more, and open hides nothing."""
    known, authors = Known(finding()), {WORKFLOW: by("service", "NEW")}
    for hour in range(MOST_SETS):
        now = NOW + hour * HOUR
        known = after(known, {"update": status("NOTIFIED")}, now=now, authors=authors)
        assert known.status == "NOTIFIED"
        known = known.with_(**status("NEW"))
    decision = plan(known, {"update": status("NOTIFIED")}, now=NOW + 5 * HOUR, authors=authors)
    assert [kept.why for kept in decision.kept] == [FLAPPING]


def test_overriding_what_overruled_it_counts_too() -> None:
    override = other(SUPPRESS, override=True)
    overruled = after(finding(), override).with_(**status("NEW"))
    assert after(overruled, override, now=NOW + HOUR).entry.sets == {WORKFLOW: (NOW, NOW + HOUR)}


def test_that_a_field_is_a_persons_is_the_first_reason_to_leave_it() -> None:
    theirs = tossed(SUPPRESS, MOST_SETS).with_(**status("NOTIFIED"))
    assert [kept.why for kept in plan(theirs, SUPPRESS).kept] == ["set by a person or another tool"]
    override = plan(theirs, other(SUPPRESS, override=True), now=NOW + 5 * HOUR)
    assert [kept.why for kept in override.kept] == [FLAPPING]


def test_two_stacks_that_read_each_others_output_come_to_an_end() -> None:
    """One suppresses what is NEW and untagged, the other tags what is suppressed and then lets it be NEW."""
    ours = other(SUPPRESS, match={"Types": ["TTPs/Discovery"]})
    known, calls = Known(finding()), 0
    for minute in range(200):
        now = NOW + minute * 60
        decision = plan(known, ours, now=now)
        calls += decision.update is not None
        known = after(known, ours, now=now)
        known = known.with_(Types=["Effects"] if known.status == "SUPPRESSED" else ["TTPs/Discovery"])
    assert known.status == "NEW"
    assert calls == 2 * MOST_SETS
