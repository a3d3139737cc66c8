"""Folding: what the matching rules want together, and whose work a rule on hold keeps."""

from typing import Any

import pytest

from tests.engine.planning.samples import (
    FAILED,
    LOW,
    NOTIFY,
    PASSED,
    SUPPRESS,
    TICKET,
    of_severity,
    other,
    status,
    suppressed,
)
from tests.support.planning import NOW, Known, Rule, after, finding, plan

FOLD = [
    pytest.param([SUPPRESS], {"Workflow": {"Status": "SUPPRESSED"}}, id="a matching rule sets what it wants"),
    pytest.param([other(SUPPRESS, when=False)], None, id="a rule that does not match sets nothing"),
    pytest.param(
        [other(NOTIFY, id="b", order=600), other(SUPPRESS, id="a", order=400)],
        {"Workflow": {"Status": "NOTIFIED"}},
        id="on one field the rule with the higher order wins",
    ),
    pytest.param(
        [other(SUPPRESS, id="a"), other(NOTIFY, id="b")],
        {"Workflow": {"Status": "NOTIFIED"}},
        id="at the same order the later id wins",
    ),
    pytest.param(
        [other(SUPPRESS, id="a", terminal=True), other(LOW, id="b")],
        {"Workflow": {"Status": "SUPPRESSED"}},
        id="after a terminal rule no later rule is looked at",
    ),
    pytest.param(
        [other(SUPPRESS, id="a", terminal=True, mode="observe"), other(LOW, id="b")],
        {"Severity": {"Label": "LOW"}},
        id="a terminal rule in observe stops nothing",
    ),
    pytest.param([other(SUPPRESS, mode="observe")], None, id="a rule in observe sets nothing"),
    pytest.param([other(SUPPRESS, mode="hold")], None, id="a rule on hold does nothing new"),
    pytest.param([other(SUPPRESS, starts=NOW + 1)], None, id="before its start a rule matches nothing"),
    pytest.param([other(SUPPRESS, ends=NOW)], None, id="at its end a rule matches nothing"),
    pytest.param(
        [other(SUPPRESS, starts=NOW, ends=NOW + 1)],
        {"Workflow": {"Status": "SUPPRESSED"}},
        id="within its time a rule matches",
    ),
    pytest.param(
        [TICKET, {"id": "z", "update": {"UserDefinedFields": {"team": "net", "ticket": "SEC-2"}}}],
        {"UserDefinedFields": {"ticket": "SEC-2", "team": "net"}},
        id="user fields are folded key by key",
    ),
    pytest.param([other(SUPPRESS, ceiling="MEDIUM")], None, id="a rule that hides stops at its ceiling"),
    pytest.param([other(LOW, ceiling="MEDIUM")], None, id="lowering the severity is hiding"),
    pytest.param(
        [other(NOTIFY, ceiling="MEDIUM")],
        {"Workflow": {"Status": "NOTIFIED"}},
        id="the ceiling is nothing to a rule that does not hide",
    ),
    pytest.param(
        [other(SUPPRESS, ceiling="MEDIUM", terminal=True, id="a"), other(NOTIFY, id="b")],
        {"Workflow": {"Status": "NOTIFIED"}},
        id="a terminal rule above its ceiling stops nothing",
    ),
    pytest.param(
        [{"update": {"Severity": {"AtMost": "MEDIUM"}}}],
        {"Severity": {"Label": "MEDIUM"}},
        id="AtMost lowers",
    ),
    pytest.param([{"update": {"Severity": {"AtMost": "CRITICAL"}}}], None, id="AtMost never raises"),
    pytest.param(
        [{"update": {"Severity": {"AtLeast": "CRITICAL"}}}],
        {"Severity": {"Label": "CRITICAL"}},
        id="AtLeast raises",
    ),
    pytest.param([{"update": {"Severity": {"AtLeast": "LOW"}}}], None, id="AtLeast never lowers"),
    pytest.param(
        [{"update": {"Types": {"Add": ["Effects"], "Remove": ["TTPs/Discovery"]}}}],
        {"Types": ["Effects"]},
        id="Types can be added and removed",
    ),
    pytest.param([{"update": {"Types": {"Remove": ["TTPs/Discovery"]}}}], None, id="Types are never emptied"),
    pytest.param(
        [{"update": {"Types": ["TTPs/Discovery"]}}], None, id="a change already in place is dropped"
    ),
]


@pytest.mark.parametrize(("rules", "expected"), FOLD)
def test_fold(rules: list[Rule], expected: dict[str, Any] | None) -> None:
    assert plan(finding(), *rules).update == expected


ON_HOLD = other(SUPPRESS, mode="hold")
HOLD = [
    pytest.param(suppressed(), [ON_HOLD], None, id="a rule on hold keeps what it did"),
    pytest.param(
        suppressed(),
        [ON_HOLD, other(NOTIFY, id="z")],
        status("NOTIFIED"),
        id="it gives way to a later rule",
    ),
    pytest.param(
        suppressed(),
        [other(NOTIFY, id="a"), ON_HOLD],
        None,
        id="an earlier rule gives way to it",
    ),
    pytest.param(
        suppressed().with_(**of_severity("CRITICAL")),
        [ON_HOLD],
        status("NEW"),
        id="it keeps nothing hidden that has become too severe for it",
    ),
    pytest.param(
        suppressed(),
        [other(ON_HOLD, when=False)],
        status("NEW"),
        id="it keeps nothing that it does not match",
    ),
    pytest.param(
        after(finding(), other(SUPPRESS, id="gone")),
        [ON_HOLD],
        status("NEW"),
        id="it keeps nothing that another rule did",
    ),
]


@pytest.mark.parametrize(("known", "rules", "expected"), HOLD)
def test_hold(known: Known, rules: list[Rule], expected: dict[str, Any] | None) -> None:
    assert plan(known, *rules).update == expected


def test_what_is_held_goes_on_naming_its_rule() -> None:
    held = after(suppressed(), ON_HOLD)
    assert held.claim("Workflow.Status") == suppressed().claim("Workflow.Status")
    assert plan(held).update == status("NEW")


def test_findings_with_the_same_decision_get_the_same_payload() -> None:
    rule = {"update": {**status("SUPPRESSED"), "Severity": {"Label": "LOW"}}}
    one = plan(finding(Id="a", Title="x"), rule)
    two = plan(finding(Id="b", UserDefinedFields={"theirs": "1"}, **of_severity("MEDIUM")), rule)
    assert one.update == two.update


RESOLVED_BY_THE_SERVICE = {**PASSED, **status("RESOLVED")}
OPENS = [
    pytest.param(RESOLVED_BY_THE_SERVICE, NOTIFY, None, id="what the service has resolved stays so"),
    pytest.param(RESOLVED_BY_THE_SERVICE, other(NOTIFY, override=True), None, id="by no rule at all"),
    pytest.param(RESOLVED_BY_THE_SERVICE, SUPPRESS, status("SUPPRESSED"), id="it may be hidden otherwise"),
    pytest.param(PASSED, NOTIFY, status("NOTIFIED"), id="what passed and is open may be set"),
    pytest.param(FAILED, NOTIFY, status("NOTIFIED"), id="what failed too"),
    pytest.param({**FAILED, **status("RESOLVED")}, NOTIFY, None, id="if it failed, a person has resolved it"),
]


@pytest.mark.parametrize(("members", "rule", "expected"), OPENS)
def test_no_rule_opens_what_the_service_has_resolved(
    members: dict[str, Any], rule: Rule, expected: dict[str, Any] | None
) -> None:
    decision = plan(finding(**members), rule)
    assert decision.update == expected
    assert bool(decision.kept) == (members == {**FAILED, **status("RESOLVED")}), "it is not told each time"


def test_a_rule_that_opens_wins_over_one_that_hides_also_on_what_passed() -> None:
    hides, opens = other(SUPPRESS, id="a"), other(NOTIFY, id="b")
    hidden = after(finding(**PASSED), hides)
    assert hidden.status == "SUPPRESSED"
    assert plan(finding(**RESOLVED_BY_THE_SERVICE), hides, opens).update is None
    then = {**hidden.found, **status("RESOLVED")}
    assert plan(Known(then), hides, opens).update is None


def test_in_observe_nothing_is_told_of_what_the_service_has_resolved() -> None:
    assert plan(finding(**RESOLVED_BY_THE_SERVICE), other(NOTIFY, mode="observe")).observed == ()
