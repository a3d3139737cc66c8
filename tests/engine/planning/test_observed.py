"""Rules in observe: what would be otherwise if they were in force."""

import pytest

from tests.engine.planning.samples import FAILS, NOTIFY, SUPPRESS, other, status, suppressed
from tests.support.planning import DAY, NOW, Finding, Known, Rule, after, finding, plan

WATCHED = other(SUPPRESS, mode="observe")
WOULD = [
    pytest.param(finding(), [WATCHED], [("NEW", "SUPPRESSED")], id="what nobody holds would be set"),
    pytest.param(suppressed(), [WATCHED], [("NEW", "SUPPRESSED")], id="what is taken back would be kept"),
    pytest.param(suppressed(), [SUPPRESS, other(WATCHED, id="a")], [], id="what is so already"),
    pytest.param(finding(**status("NOTIFIED")), [WATCHED], [], id="a person's field would be left alone"),
    pytest.param(
        finding(**status("NOTIFIED")),
        [other(WATCHED, override=True)],
        [("NOTIFIED", "SUPPRESSED")],
        id="a person's field would be overridden",
    ),
    pytest.param(
        finding(),
        [other(WATCHED, id="a"), other(NOTIFY, id="b")],
        [("NOTIFIED", "SUPPRESSED")],
        id="rules in force do not count, also where they come later",
    ),
    pytest.param(
        finding(),
        [other(WATCHED, id="a"), other(NOTIFY, id="b", when=FAILS)],
        [],
        id="a field that a failed rule freezes would stay",
    ),
    pytest.param(
        finding(), [other(WATCHED, ceiling="MEDIUM")], [], id="above its ceiling it would do nothing"
    ),
]


@pytest.mark.parametrize(("about", "rules", "would"), WOULD)
def test_what_rules_in_observe_would_change(
    about: Known | Finding, rules: list[Rule], would: list[tuple[str, str]]
) -> None:
    assert [(seen.old, seen.new) for seen in plan(about, *rules).observed] == would


def test_what_an_observed_rule_did_before_is_taken_back() -> None:
    assert plan(suppressed(), WATCHED).update == status("NEW")


def test_a_field_that_is_never_written_would_not_be_by_an_observed_rule_either() -> None:
    assert plan(finding(), WATCHED, never=frozenset({"Workflow.Status"})).observed == ()


def test_a_field_that_was_set_too_often_would_not_be_set_by_an_observed_rule_either() -> None:
    known = Known(finding())
    for hour in range(4):
        known = after(after(known, SUPPRESS, now=NOW + hour * 3600), now=NOW + hour * 3600)
    assert plan(known, WATCHED, now=NOW + 5 * 3600).observed == ()
    assert plan(known, WATCHED, now=NOW + 2 * DAY).observed != ()


def test_an_observed_rule_remembers_nothing() -> None:
    known = Known(finding())
    assert plan(known, WATCHED).after == known.entry
