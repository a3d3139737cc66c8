"""Doubt: fields that are never written, failed rules, and no leave to hide. Doubt reopens."""

from typing import Any

import pytest

from tests.engine.planning.samples import (
    FAILS,
    LOW,
    NOTHING,
    NOTIFY,
    PASSED,
    SUPPRESS,
    TICKET,
    mild,
    of_severity,
    other,
    provided,
    status,
    suppressed,
)
from tests.support.planning import Finding, Known, Rule, after, finding, plan

WORKFLOW = "Workflow.Status"
SEVERITY = "Severity.Label"
WORKFLOW_NEVER: dict[str, Any] = {"never": frozenset({WORKFLOW})}
FAILED_NOTIFY = other(NOTIFY, id="b", when=FAILS)

NEVER = "the stack never writes this field"
FAILED = "a rule that could set it has failed"
LEFT = [
    pytest.param(
        finding(), [SUPPRESS], WORKFLOW_NEVER, ("NEW", "SUPPRESSED", "rule", NEVER), id="never written"
    ),
    pytest.param(mild(), [], WORKFLOW_NEVER, ("SUPPRESSED", "NEW", "rule", NEVER), id="nor taken back"),
    pytest.param(suppressed(), [SUPPRESS], WORKFLOW_NEVER, None, id="as wanted already"),
    pytest.param(
        suppressed(), [other(SUPPRESS, mode="hold")], {}, None, id="what a rule on hold keeps, stands"
    ),
    pytest.param(
        finding(),
        [other(SUPPRESS, id="a"), FAILED_NOTIFY],
        {},
        ("NEW", "SUPPRESSED", "a", FAILED),
        id="not set, as a rule failed",
    ),
    pytest.param(
        mild(),
        [FAILED_NOTIFY],
        {},
        ("SUPPRESSED", "NEW", "rule", FAILED),
        id="not taken back, as a rule failed",
    ),
    pytest.param(
        finding(**status("NOTIFIED")),
        [other(SUPPRESS, id="a"), FAILED_NOTIFY],
        {},
        ("NOTIFIED", "SUPPRESSED", "a", "set by a person or another tool"),
        id="a person's in any case",
    ),
    pytest.param(
        finding(**status("RESOLVED"), Compliance={"Status": "FAILED"}),
        [SUPPRESS],
        {},
        ("RESOLVED", "SUPPRESSED", "rule", "set by a person or another tool"),
        id="resolved by a person",
    ),
]


@pytest.mark.parametrize(("about", "rules", "settings", "left"), LEFT)
def test_a_field_that_is_left_although_triage_would_have_it_otherwise_says_why(
    about: Known | Finding, rules: list[Rule], settings: dict[str, Any], left: tuple[str, ...] | None
) -> None:
    decision = plan(about, *rules, **settings)
    assert decision.update is None
    kept = [(each.value, each.wanted, each.rule, each.why) for each in decision.kept]
    assert kept == ([left] if left else [])


FROZEN = [
    pytest.param(
        [other(NOTIFY, id="a", when=FAILS, terminal=True), other(SUPPRESS, id="b")],
        None,
        id="a failed terminal rule freezes what a later rule would set: it might have stopped it",
    ),
    pytest.param(
        [other(LOW, id="a", when=FAILS, terminal=True), other(SUPPRESS, id="b")],
        None,
        id="other fields than its own too",
    ),
    pytest.param(
        [other(LOW, id="b", when=FAILS, terminal=True), other(SUPPRESS, id="a")],
        status("SUPPRESSED"),
        id="not what an earlier rule sets",
    ),
    pytest.param(
        [other(LOW, id="a", when=FAILS), other(SUPPRESS, id="b")],
        status("SUPPRESSED"),
        id="a failed rule that is not terminal freezes its own fields alone",
    ),
    pytest.param(
        [other(NOTIFY, id="a", when=FAILS, mode="observe"), other(SUPPRESS, id="b")],
        status("SUPPRESSED"),
        id="a failed rule in observe freezes nothing",
    ),
    pytest.param(
        [other(NOTIFY, id="a", when=FAILS, mode="observe", terminal=True), other(SUPPRESS, id="b")],
        status("SUPPRESSED"),
        id="nor does one that would be terminal",
    ),
    pytest.param(
        [other(SUPPRESS, id="a", when=FAILS, ceiling="LOW", terminal=True), other(NOTIFY, id="b")],
        status("NOTIFIED"),
        id="nor does one above its ceiling, which cannot apply",
    ),
]


@pytest.mark.parametrize(("rules", "expected"), FROZEN)
def test_a_failed_rule_freezes_what_it_could_set(rules: list[Rule], expected: Any) -> None:
    decision = plan(finding(), *rules)
    assert decision.update == expected
    assert [error.rule for error in decision.errors] == [
        rule["id"] for rule in rules if rule.get("when") == FAILS
    ]


def test_a_failed_terminal_rule_lets_no_later_rule_hide() -> None:
    rules = [other(NOTIFY, id="a", when=FAILS, terminal=True), other(SUPPRESS, id="b"), other(LOW, id="c")]
    decision = plan(finding(), *rules)
    assert not decision.hides
    assert {kept.field for kept in decision.kept} == {WORKFLOW, SEVERITY}


DOUBT = [
    pytest.param([FAILED_NOTIFY], {}, "CRITICAL", True, id="no rule could hide it"),
    pytest.param([FAILED_NOTIFY], {}, "LOW", False, id="no rule could hide it, but it is mild"),
    pytest.param(
        [other(SUPPRESS, when=FAILS, ceiling="CRITICAL")],
        {},
        "CRITICAL",
        False,
        id="a failed rule may hide it",
    ),
    pytest.param(
        [FAILED_NOTIFY, other(SUPPRESS, ceiling="LOW")], {}, "MEDIUM", True, id="above the only ceiling"
    ),
    pytest.param(
        [FAILED_NOTIFY, other(SUPPRESS, ceiling="LOW"), other(SUPPRESS, id="c", ceiling="CRITICAL")],
        {},
        "MEDIUM",
        False,
        id="not above every ceiling",
    ),
    pytest.param(
        [FAILED_NOTIFY, other(SUPPRESS, id="c", ceiling="CRITICAL", mode="observe")],
        {},
        "CRITICAL",
        True,
        id="a rule that only observes hides nothing",
    ),
    pytest.param(
        [FAILED_NOTIFY, other(NOTHING, id="c", ceiling="CRITICAL")],
        {},
        "CRITICAL",
        True,
        id="a rule that does not match hides nothing",
    ),
    pytest.param(
        [FAILED_NOTIFY, other(LOW, id="c", ceiling="CRITICAL")],
        {},
        "CRITICAL",
        True,
        id="a rule that hides by another field does not count",
    ),
    pytest.param(
        [other(NOTIFY, mode="hold", ceiling="CRITICAL", when=FAILS)],
        {},
        "CRITICAL",
        False,
        id="a failed rule on hold may keep it hidden",
    ),
    pytest.param([], WORKFLOW_NEVER, "CRITICAL", True, id="a field that is never written"),
    pytest.param([], WORKFLOW_NEVER, "LOW", False, id="a field that is never written, and a mild finding"),
    pytest.param(
        [FAILED_NOTIFY], {"may_hide": False}, "CRITICAL", True, id="a failed rule while nothing may be hidden"
    ),
]


@pytest.mark.parametrize(("rules", "settings", "label", "reopened"), DOUBT)
def test_doubt_does_not_keep_a_finding_hidden_that_is_above_every_ceiling(
    rules: list[Rule], settings: dict[str, Any], label: str, reopened: bool
) -> None:
    known = mild().with_(**of_severity(label))
    decision = plan(known, *rules, **settings)
    assert (decision.update or {}).get("Workflow") == ({"Status": "NEW"} if reopened else None)
    causes = [change.cause for change in decision.changes if change.field == WORKFLOW]
    assert causes == ["above every ceiling"] * reopened
    assert plan(after(known, *rules, **settings), *rules, **settings).update is None


def test_what_has_passed_is_reopened_to_resolved_as_the_service_would_have_it() -> None:
    known = mild().with_(**of_severity("CRITICAL"), **PASSED)
    for settings in ({}, WORKFLOW_NEVER):
        assert plan(known, FAILED_NOTIFY, **settings).update == status("RESOLVED")


def test_a_lowered_severity_follows_its_provider_above_every_ceiling_though_a_rule_fails() -> None:
    lowered = after(finding(**of_severity("MEDIUM")), LOW).with_(**provided("CRITICAL"))
    raises = {"id": "b", "update": {"Severity": {"AtLeast": "LOW"}}, "when": FAILS}
    assert plan(lowered, raises).update == {"Severity": {"Label": "CRITICAL"}}


def test_a_persons_suppression_is_no_doubt_of_ours() -> None:
    by_hand = finding(**of_severity("CRITICAL"), **status("SUPPRESSED"))
    assert plan(by_hand, FAILED_NOTIFY).update is None


def test_a_status_that_a_person_took_over_is_no_doubt_of_ours_either() -> None:
    theirs = after(mild().with_(**status("NEW")), SUPPRESS)
    by_hand = theirs.with_(**of_severity("CRITICAL"), **status("SUPPRESSED"))
    assert by_hand.claim(WORKFLOW).person
    for settings in ({}, WORKFLOW_NEVER, {"may_hide": False}):
        assert plan(by_hand, FAILED_NOTIFY, **settings).update is None


FOLLOWS = after(after(finding(**of_severity("LOW")), {"update": {"Severity": {"Label": "CRITICAL"}}}))
STAYS = [
    pytest.param([other(LOW, when=FAILS)], {}, False, id="a rule that could set it has failed"),
    pytest.param([], {"never": frozenset({SEVERITY})}, False, id="the stack never writes it"),
    pytest.param([], {"may_hide": False}, True, id="nothing may be hidden"),
    pytest.param([other(LOW, when=FAILS)], {"may_hide": False}, False, id="both"),
]


@pytest.mark.parametrize(("rules", "settings", "follows"), STAYS)
def test_what_follows_its_provider_stays_where_it_is_in_doubt(
    rules: list[Rule], settings: dict[str, Any], follows: bool
) -> None:
    """It is below every ceiling."""
    decision = plan(FOLLOWS.with_(**provided("MEDIUM")), *rules, **settings)
    assert decision.update == ({"Severity": {"Label": "MEDIUM"}} if follows else None)
    assert decision.after.claims[SEVERITY].rule is None


def overridden() -> Known:
    """A finding that a person had set to NOTIFIED, that a rule has suppressed, and that is CRITICAL now."""
    notified = finding(**of_severity("LOW"), **status("NOTIFIED"))
    return after(notified, other(SUPPRESS, override=True)).with_(**of_severity("CRITICAL"))


def test_what_is_reopened_in_doubt_is_given_back_to_the_person() -> None:
    assert plan(overridden(), FAILED_NOTIFY).update == status("NOTIFIED")


def test_a_field_in_never_is_reopened_to_new_only_as_iam_denies_the_rest() -> None:
    assert plan(overridden()).update == status("NOTIFIED")
    assert plan(overridden(), **WORKFLOW_NEVER).update == status("NEW")


def test_rules_see_at_once_what_is_not_given_back() -> None:
    on_new = other(TICKET, match={"Workflow": {"Status": ["NEW"]}})
    on_notified = other(LOW, id="z", ceiling="CRITICAL", match={"Workflow": {"Status": ["NOTIFIED"]}})
    reopened = after(overridden(), on_new, on_notified, **WORKFLOW_NEVER)
    assert reopened.found == {**overridden().found, **status("NEW"), **TICKET["update"]}
    assert plan(reopened, on_new, on_notified, **WORKFLOW_NEVER).update is None


def test_a_severity_in_never_stays_as_iam_denies_it() -> None:
    lowered = after(finding(**of_severity("MEDIUM")), LOW).with_(**provided("CRITICAL"))
    assert plan(lowered, never=frozenset({SEVERITY})).update is None


STOPPED = "its rule hides, and nothing new is hidden now"
HIDES_WITH_TICKET = {"update": {**SUPPRESS["update"], **TICKET["update"]}}
RAISED_BY_A_PERSON = after(after(finding(), other(LOW, ceiling="HIGH"))).with_(Severity={"Label": "MEDIUM"})
REOPEN = [
    pytest.param(finding(), [SUPPRESS], None, [WORKFLOW], id="nothing is suppressed"),
    pytest.param(finding(), [LOW], None, [SEVERITY], id="nor lowered"),
    pytest.param(
        finding(),
        [HIDES_WITH_TICKET],
        None,
        [WORKFLOW, "UserDefinedFields.ticket"],
        id="what a hiding rule sets besides is not set either",
    ),
    pytest.param(
        finding(), [SUPPRESS, other(NOTIFY, id="z")], status("NOTIFIED"), [], id="others go on"
    ),
    pytest.param(finding(), [NOTIFY], status("NOTIFIED"), [], id="what hides nothing is set"),
    pytest.param(suppressed(), [SUPPRESS], None, [], id="what is hidden stays"),
    pytest.param(suppressed(), [], status("NEW"), [], id="taking back goes on"),
    pytest.param(
        suppressed().with_(**of_severity("CRITICAL")),
        [SUPPRESS],
        status("NEW"),
        [],
        id="an escalation is reopened",
    ),
    pytest.param(
        after(after(finding(**of_severity("LOW")), LOW), NOTHING).with_(**of_severity("CRITICAL")),
        [NOTHING],
        None,
        [],
        id="a severity that is the provider's is no change",
    ),
    pytest.param(RAISED_BY_A_PERSON, [NOTIFY], status("NOTIFIED"), [], id="a person's severity stays"),
]  # fmt: skip


@pytest.mark.parametrize(("about", "rules", "update", "kept"), REOPEN)
def test_without_leave_to_hide_all_else_goes_on(
    about: Known | Finding, rules: list[Rule], update: dict[str, Any] | None, kept: list[str]
) -> None:
    decision = plan(about, *rules, may_hide=False)
    assert decision.update == update
    assert not decision.hides
    assert [(each.field, each.why) for each in decision.kept] == [(name, STOPPED) for name in kept]


def test_a_severity_that_was_taken_back_follows_its_provider_though_a_rule_would_lower_it() -> None:
    follows = after(after(finding(**of_severity("MEDIUM")), LOW)).with_(**provided("HIGH"))
    decision = plan(follows, other(LOW, ceiling="CRITICAL"), may_hide=False)
    assert decision.update == {"Severity": {"Label": "HIGH"}}


HIDING = [
    pytest.param([SUPPRESS], True, id="a suppression"),
    pytest.param([LOW], True, id="a severity below the provider's"),
    pytest.param([NOTIFY], False, id="a status that is open"),
    pytest.param([other(NOTIFY, id="a"), other(LOW, id="b")], True, id="a change that is not the first"),
    pytest.param([other(LOW, id="a"), other(TICKET, id="b")], True, id="nor the last"),
    pytest.param([{"update": {"Severity": {"Label": "CRITICAL"}}}], False, id="a severity above it"),
    pytest.param([{"update": {"VerificationState": "FALSE_POSITIVE"}}], False, id="another field"),
]


@pytest.mark.parametrize(("rules", "hides"), HIDING)
def test_a_decision_says_whether_it_hides(rules: list[Rule], hides: bool) -> None:
    assert plan(finding(), *rules).hides == hides
