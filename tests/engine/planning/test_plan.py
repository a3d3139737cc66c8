"""Planning, clause by clause."""

import json
from typing import Any

import pytest

from hubtriage.engine.fields import ParsedFinding, code
from hubtriage.engine.planning.baseline import baseline
from hubtriage.engine.planning.payload import LARGEST_FINDING
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.ruleset.ruleset import rule_ref
from tests.support.planning import NOW, PROVIDER, after, finding, plan, ruleset, sent

SUPPRESS = {"update": {"Workflow": {"Status": "SUPPRESSED"}}}
LOW = {"update": {"Severity": {"Label": "LOW"}}}
NOTIFY = {"update": {"Workflow": {"Status": "NOTIFIED"}}}
NOTE = {"update": {"Note": {"Text": "Accepted."}}}
TICKET = {"update": {"UserDefinedFields": {"ticket": "SEC-1"}}}
NOTHING = {"update": {"Workflow": {"Status": "SUPPRESSED"}}, "when": False}


def other(rule: dict[str, Any], **keys: Any) -> dict[str, Any]:
    return {**rule, **keys}


def suppressed() -> dict[str, Any]:
    return after(finding(), SUPPRESS)


def of_severity(label: str, found: dict[str, Any] | None = None) -> dict[str, Any]:
    """A finding of which its provider says this severity now."""
    severity = {"Label": label}
    return {**(found or finding()), "Severity": severity, "FindingProviderFields": {"Severity": severity}}


def mild() -> dict[str, Any]:
    """A finding that is below the ceiling of any rule, suppressed by a rule."""
    return after(of_severity("LOW"), SUPPRESS)


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
def test_fold(rules: list[dict[str, Any]], expected: dict[str, Any] | None) -> None:
    assert sent(plan(finding(), *rules)) == expected


BACK = [
    pytest.param(SUPPRESS, {"Workflow": {"Status": "NEW"}}, id="a suppression is reopened"),
    pytest.param(
        {"update": {"VerificationState": "FALSE_POSITIVE"}},
        {"VerificationState": "UNKNOWN"},
        id="a verification state goes back to UNKNOWN",
    ),
    pytest.param(LOW, {"Severity": {"Label": "HIGH"}}, id="the severity goes back to the provider's"),
    pytest.param(
        {"update": {"Types": ["Effects"]}},
        {"Types": ["TTPs/Discovery"]},
        id="the types go back to the provider's",
    ),
    pytest.param(
        NOTE,
        {"Note": {"Text": "hubtriage: rule no longer applies.", "UpdatedBy": "hubtriage"}},
        id="a note, which cannot be deleted, says that the rule no longer applies",
    ),
    pytest.param(
        {"update": {"Confidence": 5}}, None, id="a score that the provider never gave cannot be emptied"
    ),
]


@pytest.mark.parametrize(("rule", "expected"), BACK)
def test_what_no_rule_wants_any_more_is_taken_back(
    rule: dict[str, Any], expected: dict[str, Any] | None
) -> None:
    assert sent(plan(after(finding(), rule))) == expected


@pytest.mark.parametrize("rule", [pytest.param(p.values[0], id=str(p.id)) for p in BACK])
def test_taking_back_settles_at_once(rule: dict[str, Any]) -> None:
    assert plan(after(after(finding(), rule))).update is None


def test_a_user_key_is_left_out_once_and_foreign_keys_stay() -> None:
    found = after(finding(UserDefinedFields={"theirs": "1"}), TICKET)
    assert found["UserDefinedFields"]["ticket"] == "SEC-1"
    released = after(found)
    assert "ticket" not in released["UserDefinedFields"]
    assert released["UserDefinedFields"]["theirs"] == "1"
    assert plan(released).update is None


def test_a_user_key_that_stays_although_left_out_is_not_asked_for_again() -> None:
    found = after(finding(), TICKET)
    still_there = after(found)
    still_there["UserDefinedFields"] = {**still_there["UserDefinedFields"], "ticket": "SEC-1"}
    assert plan(still_there).update is None


def test_under_merge_only_our_keys_are_sent_and_a_key_that_cannot_go_stays_claimed() -> None:
    found = finding(UserDefinedFields={"theirs": "1"})
    decision = plan(found, TICKET, udf="merge")
    assert decision.update is not None
    assert "theirs" not in decision.update["UserDefinedFields"]
    kept = after(found, TICKET, udf="merge")
    kept["UserDefinedFields"] = {**found["UserDefinedFields"], **kept["UserDefinedFields"]}
    assert plan(kept, udf="merge").update is None


@pytest.mark.parametrize("rule", [SUPPRESS, LOW, NOTE, TICKET, {"update": {"Types": {"Add": ["Effects"]}}}])
def test_planning_what_was_planned_changes_nothing(rule: dict[str, Any]) -> None:
    assert plan(after(finding(), rule), rule).update is None


def test_renaming_a_rule_rewrites_nothing() -> None:
    found = after(finding(), other(NOTE, id="old-name"))
    assert plan(found, other(NOTE, id="new-name")).update is None


def test_rules_see_the_baseline_so_a_rule_on_new_goes_on_matching() -> None:
    rule = other(SUPPRESS, match={"Workflow": {"Status": ["NEW"]}, "Severity": {"Label": ["HIGH"]}})
    found = after(finding(), rule, other(LOW, id="low"))
    assert found["Workflow"]["Status"] == "SUPPRESSED"
    assert found["Severity"]["Label"] == "LOW"
    assert plan(found, rule, other(LOW, id="low")).update is None


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


@pytest.mark.parametrize(("severity", "seen"), SEVERITIES_SEEN)
def test_rules_see_a_severity_as_it_will_be_once_triage_has_set_it(severity: Any, seen: Any) -> None:
    found = ParsedFinding(finding(Severity=severity, FindingProviderFields=None))
    assert baseline(found, {}).raw.get("Severity") == seen


def test_what_only_the_providers_fields_have_holds_at_the_top_level_too() -> None:
    critical = {"Severity": {"Label": "CRITICAL"}, "Confidence": 80}
    found = finding(Severity=None, Types=[], FindingProviderFields={**PROVIDER, **critical})
    seen = baseline(ParsedFinding(found), {}).raw
    assert (seen["Severity"]["Label"], seen["Types"], seen["Confidence"]) == (
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
    assert after(found, rule)["Severity"] == {"Label": "LOW"}
    assert plan(after(found, rule), rule).update is None


def test_an_escalation_behind_a_lowered_severity_is_seen_and_comes_back() -> None:
    rule = {"update": {"Workflow": {"Status": "SUPPRESSED"}, "Severity": {"Label": "LOW"}}}
    found = after(finding(), rule)
    found["FindingProviderFields"] = {**PROVIDER, "Severity": {"Label": "CRITICAL"}}
    decision = plan(found, rule)
    assert decision.above_ceiling == ("rule",)
    assert sent(decision) == {"Workflow": {"Status": "NEW"}, "Severity": {"Label": "CRITICAL"}}


def test_a_severity_taken_back_goes_on_following_the_provider() -> None:
    found = after(after(finding(), LOW))
    found["FindingProviderFields"] = {**PROVIDER, "Severity": {"Label": "MEDIUM"}}
    decision = plan(found)
    assert sent(decision) == {"Severity": {"Label": "MEDIUM"}}
    assert decision.changes[0].why == "follows provider"
    assert not decision.takes_back


def test_a_provider_value_that_only_the_top_level_had_is_remembered() -> None:
    found = finding(FindingProviderFields=None)
    rule = other(LOW, match={"Severity": {"Label": ["HIGH"]}})
    changed = after(found, rule)
    assert changed["Severity"]["Label"] == "LOW"
    assert plan(changed, rule).update is None
    assert sent(plan(changed)) == {"Severity": {"Label": "HIGH"}}


def test_an_analyst_who_unsuppresses_is_left_alone_and_remembered() -> None:
    reopened = {**suppressed(), "Workflow": {"Status": "NEW"}}
    decision = plan(reopened, SUPPRESS)
    assert sent(decision) == {}  # the memo alone: we were overruled
    assert decision.overruled == ("Workflow.Status",)
    remembered = after(reopened, SUPPRESS)
    assert plan(remembered, SUPPRESS).update is None
    by_hand = {**remembered, "Workflow": {"Status": "SUPPRESSED"}}
    assert plan(by_hand, SUPPRESS).update is None
    assert sent(plan(by_hand)) is None


def test_a_persons_value_is_kept_and_said() -> None:
    decision = plan(finding(Workflow={"Status": "NOTIFIED"}), SUPPRESS)
    assert decision.update is None
    assert [(kept.field, kept.value, kept.wanted) for kept in decision.kept] == [
        ("Workflow.Status", "NOTIFIED", "SUPPRESSED")
    ]


def test_a_persons_note_is_never_replaced_even_by_override() -> None:
    note = {"Text": "Mine.", "UpdatedBy": "ana"}
    decision = plan(finding(Note=note), other(NOTE, override=True))
    assert decision.update is None
    assert decision.kept[0].why == "a person's note is never replaced"


def test_override_sets_and_gives_back_what_the_person_had() -> None:
    rule = {"update": {"Severity": {"Label": "CRITICAL"}}, "override": True}
    found = after(
        finding(Severity={"Label": "MEDIUM"}, FindingProviderFields={"Severity": {"Label": "LOW"}}), rule
    )
    assert found["Severity"]["Label"] == "CRITICAL"
    released = plan(found)
    assert sent(released) == {"Severity": {"Label": "MEDIUM"}}
    assert plan(after(found)).update is None


def test_giving_back_a_suppression_would_hide_so_the_field_stays() -> None:
    rule = other(NOTIFY, override=True)
    found = after(finding(Workflow={"Status": "SUPPRESSED"}), rule)
    decision = plan(found)
    assert decision.update is None
    assert "would hide" in decision.kept[0].why


def test_giving_back_a_severity_below_the_providers_would_hide_so_the_field_stays() -> None:
    rule = {"update": {"Severity": {"Label": "CRITICAL"}}, "override": True}
    found = after(finding(Severity={"Label": "LOW"}), rule)
    assert plan(found).update is None


def test_after_three_overrulings_an_override_gives_up() -> None:
    rule = other(SUPPRESS, override=True)
    found, sets = finding(), 0
    for _ in range(6):
        decision = plan(found, rule)
        sets += bool(sent(decision))
        found = {**after(found, rule), "Workflow": {"Status": "NEW"}}
    assert sets == 3
    assert "tug of war" in plan(found, rule).kept[0].why


def test_notified_resolved_by_the_service_and_reset_is_notified_again() -> None:
    found = after(finding(Compliance={"Status": "FAILED"}), NOTIFY)
    passed = {**found, "Workflow": {"Status": "RESOLVED"}, "Compliance": {"Status": "PASSED"}}
    assert plan(passed, NOTIFY).overruled == ()
    resolved = after(passed, NOTIFY)
    failed = {**resolved, "Workflow": {"Status": "NEW"}, "Compliance": {"Status": "FAILED"}}
    assert sent(plan(failed, NOTIFY)) == {"Workflow": {"Status": "NOTIFIED"}}


def test_a_reset_through_the_archive_is_not_an_overruling() -> None:
    found = after(finding(), NOTIFY)
    archived = after({**found, "RecordState": "ARCHIVED"}, NOTIFY)
    back = {**archived, "RecordState": "ACTIVE", "Workflow": {"Status": "NEW"}}
    assert sent(plan(back, NOTIFY)) == {"Workflow": {"Status": "NOTIFIED"}}


def test_an_analyst_who_reopens_while_a_door_is_shut_stays_the_holder() -> None:
    archived = after({**after(finding(), NOTIFY), "RecordState": "ARCHIVED"}, NOTIFY)
    reopened = {**archived, "Workflow": {"Status": "NEW"}}
    assert plan(reopened, NOTIFY).overruled == ("Workflow.Status",)


def test_hold_keeps_what_the_rule_did() -> None:
    assert plan(suppressed(), other(SUPPRESS, mode="hold")).update is None


def test_hold_gives_way_to_a_later_rule() -> None:
    later = other(NOTIFY, id="z")
    assert sent(plan(suppressed(), other(SUPPRESS, mode="hold"), later)) == {
        "Workflow": {"Status": "NOTIFIED"}
    }


def test_hold_does_not_keep_hidden_what_escalates_above_the_ceiling() -> None:
    found = {**suppressed(), "Severity": {"Label": "CRITICAL"}}
    found["FindingProviderFields"] = {**PROVIDER, "Severity": {"Label": "CRITICAL"}}
    assert sent(plan(found, other(SUPPRESS, mode="hold"))) == {"Workflow": {"Status": "NEW"}}


GIVEN_BACK = [
    pytest.param("Workflow", {"Status": "NOTIFIED"}, "SUPPRESSED", "NOTIFIED", id="a status"),
    pytest.param("Workflow", {"Status": "SUPPRESSED"}, "NOTIFIED", "NOTIFIED", id="not if it would suppress"),
    pytest.param("Workflow", {"Status": "SUPPRESSED"}, "RESOLVED", "RESOLVED", id="not even what is closed"),
    pytest.param(
        "Workflow",
        {"Status": "RESOLVED"},
        "SUPPRESSED",
        "NEW",
        id="reopened where the service might have reset what the override replaced",
    ),
    pytest.param("Severity", {"Label": "LOW"}, "CRITICAL", "CRITICAL", id="not if it would lower"),
    pytest.param("Severity", {"Label": "LOW"}, "INFORMATIONAL", "LOW", id="a low severity if lower was set"),
]


@pytest.mark.parametrize(("member", "persons", "ours", "left"), GIVEN_BACK)
def test_what_an_override_replaced_is_given_back_unless_that_hides(
    member: str, persons: dict[str, str], ours: str, left: str
) -> None:
    (name,) = persons
    found = after(finding(**{member: persons}), {"update": {member: {name: ours}}, "override": True})
    assert found[member][name] == ours
    assert after(found)[member][name] == left
    assert plan(after(found)).update is None


def test_what_an_observed_rule_did_before_is_taken_back_and_what_it_would_do_is_said() -> None:
    decision = plan(suppressed(), other(SUPPRESS, mode="observe"))
    assert sent(decision) == {"Workflow": {"Status": "NEW"}}
    assert plan(finding(), other(SUPPRESS, mode="observe")).observed[0].new == "SUPPRESSED"


TWICE = {"cat": [{"var": "accumulator"}, {"var": "accumulator"}]}
FAILS = {"==": [{"reduce": [[0] * 40, TWICE, "grows beyond all bounds"]}, "x"]}
NEVER = "the stack never writes this field"
FAILED = "a rule that could set it has failed"
LEFT = [
    pytest.param(
        finding(), [SUPPRESS], {"never": True}, ("NEW", "SUPPRESSED", "rule", NEVER), id="never written"
    ),
    pytest.param(mild(), [], {"never": True}, ("SUPPRESSED", "NEW", "rule", NEVER), id="nor taken back"),
    pytest.param(suppressed(), [SUPPRESS], {"never": True}, None, id="as wanted already"),
    pytest.param(
        suppressed(), [other(SUPPRESS, mode="hold")], {}, None, id="what a rule on hold keeps, stands"
    ),
    pytest.param(
        finding(),
        [other(SUPPRESS, id="a"), other(NOTIFY, id="b", when=FAILS)],
        {},
        ("NEW", "SUPPRESSED", "a", FAILED),
        id="not set, as a rule failed",
    ),
    pytest.param(
        mild(),
        [other(NOTIFY, id="b", when=FAILS)],
        {},
        ("SUPPRESSED", "NEW", "rule", FAILED),
        id="not taken back, as a rule failed",
    ),
    pytest.param(
        finding(Workflow={"Status": "NOTIFIED"}),
        [other(SUPPRESS, id="a"), other(NOTIFY, id="b", when=FAILS)],
        {},
        ("NOTIFIED", "SUPPRESSED", "a", "set by a person or another tool"),
        id="a person's in any case",
    ),
    pytest.param(
        finding(Workflow={"Status": "RESOLVED"}, Compliance={"Status": "PASSED"}),
        [SUPPRESS],
        {},
        ("RESOLVED", "SUPPRESSED", "rule", "RESOLVED, as Security Hub does when a control passes"),
        id="resolved by the service",
    ),
    pytest.param(
        finding(Workflow={"Status": "RESOLVED"}, Compliance={"Status": "FAILED"}),
        [SUPPRESS],
        {},
        ("RESOLVED", "SUPPRESSED", "rule", "set by a person or another tool"),
        id="resolved by a person",
    ),
]


@pytest.mark.parametrize(("found", "rules", "settings", "left"), LEFT)
def test_a_field_that_is_left_although_triage_would_have_it_otherwise_says_why(
    found: dict[str, Any],
    rules: list[dict[str, Any]],
    settings: dict[str, bool],
    left: tuple[str, ...] | None,
) -> None:
    never = frozenset({"Workflow.Status"} if settings else ())
    decision = plan(found, *rules, never=never)
    assert sent(decision) is None
    told = [(kept.value, kept.wanted, kept.rule, kept.why) for kept in decision.kept]
    assert told == ([left] if left else [])


WORKFLOW_NEVER = {"never": frozenset({"Workflow.Status"})}
FAILED_NOTIFY = other(NOTIFY, id="b", when=FAILS)
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
    rules: list[dict[str, Any]], settings: dict[str, Any], label: str, reopened: bool
) -> None:
    decision = plan(of_severity(label, mild()), *rules, **settings)
    assert (sent(decision) or {}).get("Workflow") == ({"Status": "NEW"} if reopened else None)
    causes = [change.cause for change in decision.changes if change.field == "Workflow.Status"]
    assert causes == ["above every ceiling"] * reopened


def test_a_lowered_severity_follows_its_provider_above_every_ceiling_though_a_rule_fails() -> None:
    lowered = of_severity("CRITICAL", after(of_severity("MEDIUM"), LOW)) | {"Severity": {"Label": "LOW"}}
    raises = {"id": "b", "update": {"Severity": {"AtLeast": "LOW"}}, "when": FAILS}
    assert sent(plan(lowered, raises)) == {"Severity": {"Label": "CRITICAL"}}


def test_a_persons_suppression_is_no_doubt_of_ours() -> None:
    by_hand = of_severity("CRITICAL") | {"Workflow": {"Status": "SUPPRESSED"}}
    assert sent(plan(by_hand, FAILED_NOTIFY)) is None


def test_a_field_in_never_is_reopened_to_new_only_as_iam_denies_the_rest() -> None:
    overridden = after(
        of_severity("LOW") | {"Workflow": {"Status": "NOTIFIED"}}, other(SUPPRESS, override=True)
    )
    assert sent(plan(of_severity("CRITICAL", overridden), **WORKFLOW_NEVER)) == {
        "Workflow": {"Status": "NEW"}
    }


def test_a_severity_in_never_stays_as_iam_denies_it() -> None:
    lowered = of_severity("CRITICAL", after(of_severity("MEDIUM"), LOW)) | {"Severity": {"Label": "LOW"}}
    assert sent(plan(lowered, never=frozenset({"Severity.Label"}))) is None


STOPPED = "its rule hides, and nothing new is hidden now"
HIDES_WITH_TICKET = {"update": {**SUPPRESS["update"], **TICKET["update"]}}
REOPEN = [
    pytest.param(finding(), [SUPPRESS], None, ["Workflow.Status"], id="nothing is suppressed"),
    pytest.param(finding(), [LOW], None, ["Severity.Label"], id="nor lowered"),
    pytest.param(
        finding(),
        [HIDES_WITH_TICKET],
        None,
        ["Workflow.Status", "UserDefinedFields.ticket"],
        id="what a hiding rule sets besides is not set either",
    ),
    pytest.param(
        finding(),
        [SUPPRESS, other(NOTIFY, id="z")],
        {"Workflow": {"Status": "NOTIFIED"}},
        [],
        id="others go on",
    ),
    pytest.param(
        finding(), [NOTIFY], {"Workflow": {"Status": "NOTIFIED"}}, [], id="what hides nothing is set"
    ),
    pytest.param(suppressed(), [SUPPRESS], None, [], id="what is hidden stays"),
    pytest.param(suppressed(), [], {"Workflow": {"Status": "NEW"}}, [], id="taking back goes on"),
    pytest.param(
        of_severity("CRITICAL", suppressed()),
        [SUPPRESS],
        {"Workflow": {"Status": "NEW"}},
        [],
        id="an escalation is reopened",
    ),
    pytest.param(
        of_severity("CRITICAL", after(after(of_severity("LOW"), LOW), NOTHING)),
        [NOTHING],
        None,
        [],
        id="a severity that is the provider's is no change",
    ),
    pytest.param(
        after(after(of_severity("HIGH"), other(LOW, ceiling="HIGH"))) | {"Severity": {"Label": "MEDIUM"}},
        [NOTIFY],
        {"Workflow": {"Status": "NOTIFIED"}},
        [],
        id="a person's severity stays",
    ),
]


@pytest.mark.parametrize(("found", "rules", "update", "kept"), REOPEN)
def test_without_leave_to_hide_all_else_goes_on(
    found: dict[str, Any], rules: list[dict[str, Any]], update: dict[str, Any] | None, kept: list[str]
) -> None:
    decision = plan(found, *rules, may_hide=False)
    assert sent(decision) == update
    assert not decision.hides
    assert [(each.field, each.why) for each in decision.kept] == [(name, STOPPED) for name in kept]


def test_a_severity_that_was_taken_back_follows_its_provider_though_a_rule_would_lower_it() -> None:
    follows = after(after(of_severity("MEDIUM"), LOW))
    raised = follows | {"FindingProviderFields": {"Severity": {"Label": "HIGH"}}}
    decision = plan(raised, other(LOW, ceiling="CRITICAL"), may_hide=False)
    assert sent(decision) == {"Severity": {"Label": "HIGH"}}


def test_taking_back_is_not_hiding() -> None:
    persons = of_severity("HIGH") | {"Severity": {"Label": "LOW"}}
    lowest = {"update": {"Severity": {"Label": "INFORMATIONAL"}}, "override": True, "ceiling": "CRITICAL"}
    decision = plan(after(persons, lowest))
    assert sent(decision) == {"Severity": {"Label": "LOW"}}
    assert not decision.hides


@pytest.mark.parametrize(
    ("members", "update", "dropped"),
    [
        pytest.param(
            {}, {"Types": {"Remove": ["TTPs/Discovery"]}}, "no type would be left", id="the only type"
        ),
        pytest.param({"Severity": None}, {"Severity": {"AtMost": "LOW"}}, "no severity", id="no severity"),
        pytest.param(
            {}, {"Types": {"Add": ["x"]}, "Severity": {"AtMost": "LOW"}}, None, id="nothing dropped"
        ),
    ],
)
def test_a_wish_that_makes_no_sense_for_a_finding_says_why(
    members: dict[str, Any], update: dict[str, Any], dropped: str | None
) -> None:
    found = finding(**members, FindingProviderFields=None) if "Severity" in members else finding()
    (told, *more) = [
        *ruleset({"update": update}).rules[0].proposals.dropped(ParsedFinding(found)).values(),
        "",
    ]
    assert dropped in told if dropped else (told, more) == ("", [])


NOTIFIED = {"Workflow": {"Status": "NOTIFIED"}}
WATCHED = other(SUPPRESS, mode="observe")
WOULD = [
    pytest.param(finding(), [WATCHED], [("NEW", "SUPPRESSED")], id="what nobody holds would be set"),
    pytest.param(suppressed(), [WATCHED], [("NEW", "SUPPRESSED")], id="what is taken back would be kept"),
    pytest.param(suppressed(), [SUPPRESS, other(WATCHED, id="a")], [], id="what is so already"),
    pytest.param(finding(**NOTIFIED), [WATCHED], [], id="a person's field would be left alone"),
    pytest.param(
        finding(**NOTIFIED),
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
]


@pytest.mark.parametrize(("found", "rules", "would"), WOULD)
def test_what_rules_in_observe_would_change(
    found: dict[str, Any], rules: list[dict[str, Any]], would: list[tuple[str, str]]
) -> None:
    assert [(seen.old, seen.new) for seen in plan(found, *rules).observed] == would


def test_a_field_that_is_never_written_would_not_be_by_an_observed_rule_either() -> None:
    assert plan(finding(), WATCHED, never=frozenset({"Workflow.Status"})).observed == ()


GONE = [
    pytest.param([], "deleted or off", id="a rule that is not there"),
    pytest.param([other(SUPPRESS, starts=NOW + 1)], "not started", id="a rule that starts later"),
    pytest.param([other(SUPPRESS, ends=NOW)], "expired", id="a rule that has ended"),
    pytest.param([other(SUPPRESS, mode="observe")], "in observe", id="a rule that only observes"),
    pytest.param([other(SUPPRESS, ceiling="LOW")], "above its ceiling", id="a rule with a ceiling below it"),
    pytest.param(
        [other(LOW, id="a", order=1, terminal=True), SUPPRESS],
        "behind a terminal rule",
        id="a rule behind a terminal one",
    ),
    pytest.param(
        [other(SUPPRESS, when=False), other(LOW, id="z", terminal=True)],
        "no longer matches",
        id="a rule that does not match, before a terminal one",
    ),
    pytest.param(
        [other(SUPPRESS, when=False), other(LOW, id="z")], "no longer matches", id="a narrowed rule"
    ),
    pytest.param([LOW], "no longer sets it", id="a rule that sets something else now"),
]


@pytest.mark.parametrize(("rules", "cause"), GONE)
def test_what_is_taken_back_says_what_has_become_of(rules: list[dict[str, Any]], cause: str) -> None:
    (change,) = [change for change in plan(suppressed(), *rules).changes if change.field == "Workflow.Status"]
    assert (change.why, change.cause) == ("taken back", cause)


def test_an_order_to_take_everything_back_is_the_cause_of_what_it_takes_back() -> None:
    decision = decide(suppressed(), ruleset(SUPPRESS).without_rules(), NOW, Settings())
    assert [change.cause for change in decision.changes] == ["all is taken back"]


def test_following_the_provider_has_no_cause() -> None:
    found = after(after(finding(), LOW), other(LOW, when=False))
    escalated = {**found, "FindingProviderFields": {"Severity": {"Label": "CRITICAL"}}}
    assert [(change.why, change.cause) for change in plan(escalated).changes] == [("follows provider", None)]


def test_a_note_without_a_memo_means_that_another_tool_wiped_the_map() -> None:
    found = after(finding(), NOTE)
    decision = plan({**found, "UserDefinedFields": {"theirs": "1"}}, NOTE, SUPPRESS)
    assert (decision.memo, decision.update) == ("lost", None)


@pytest.mark.parametrize(
    ("known", "kind"),
    [
        pytest.param({"blue"}, "foreign", id="listed as known"),
        pytest.param(set(), "unknown", id="not listed"),
    ],
)
def test_a_memo_of_another_stack(known: set[str], kind: str) -> None:
    found = after(finding(), SUPPRESS, stack="blue")
    decision = plan(found, LOW, known_stacks=frozenset(known))
    assert decision.memo == kind
    assert (decision.update is None) == (kind == "foreign")


@pytest.mark.parametrize(
    "memo",
    [
        "",
        "2",
        "1 ",
        "1 WS",
        "1 WS.abcdef WS.abcdef",
        "1 Wx;DROP.abcdef",
        "1 SL.abcdef<%FF",
        "1 WN.abcdef<%22CLOSED%22",
        "1 " + "[" * 900,
    ],
)
def test_a_forged_memo_counts_as_none(memo: str) -> None:
    found = finding(
        Workflow={"Status": "SUPPRESSED"},
        UserDefinedFields={"hubtriage/managed": "hubtriage", "hubtriage/memo": memo},
    )
    decision = plan(found)
    assert (decision.memo, decision.update) == ("unreadable", None)


def test_a_user_key_may_look_like_anything() -> None:
    keys = {"#tag": "1", "U=x": "2", "a b/c.d": "3"}
    found = after(finding(), {"update": {"UserDefinedFields": keys}})
    assert plan(found).memo == "ours"
    assert set(after(found)["UserDefinedFields"]) == {
        "hubtriage/managed",
        "hubtriage/rules",
        "hubtriage/memo",
    }


def test_a_wiped_map_leaves_what_we_set_to_whoever_wiped_it() -> None:
    found = {**suppressed(), "UserDefinedFields": {"theirs": "1"}}
    decision = plan(found, NOTIFY)
    assert decision.update is None
    assert decision.kept[0].field == "Workflow.Status"


LIMITS = [
    pytest.param({"UserDefinedFields": {f"k{n}": "v" for n in range(48)}}, "51 pairs", id="50 pairs"),
    pytest.param({"UserDefinedFields": {"k": 5}}, "not text", id="a foreign value that cannot be sent again"),
    pytest.param(
        {"UserDefinedFields": {"k": "v" * 1025}},
        "1025 characters",
        id="a foreign value too long to send again",
    ),
    pytest.param(
        {"UserDefinedFields": {"k" * 129: "v"}}, "129 characters", id="a foreign key too long to send again"
    ),
    pytest.param({"Description": "d" * 250_000}, "bytes", id="240 KB"),
]


@pytest.mark.parametrize(("members", "reason"), LIMITS)
def test_what_the_service_would_not_take_is_refused_with_the_reason(
    members: dict[str, Any], reason: str
) -> None:
    decision = plan(finding(**members), SUPPRESS)
    assert decision.update is None
    assert decision.refused is not None
    assert reason in decision.refused
    assert decision.changes == ()


def test_an_override_for_whose_memory_there_is_no_room_leaves_the_field() -> None:
    mine = [f"Effects/{'x' * 200}/{n}" for n in range(6)]
    rule = {"update": {"Types": ["TTPs"], "Workflow": {"Status": "SUPPRESSED"}}, "override": True}
    decision = plan(finding(Types=mine), rule)
    assert sent(decision) == {"Workflow": {"Status": "SUPPRESSED"}}
    assert "no room" in decision.kept[0].why


def test_the_note_can_be_left_out_of_an_update() -> None:
    rules = ruleset({"update": {"Note": {"Text": "Accepted."}, "Workflow": {"Status": "SUPPRESSED"}}})
    decision = decide(finding(), rules, NOW, Settings(), without_note=True)
    assert sent(decision) == {"Workflow": {"Status": "SUPPRESSED"}}


NOTED = {"update": {"Note": {"Text": "n" * 400}, "Workflow": {"Status": "SUPPRESSED"}}}
ROOM = 450  # for the memo and a status, not for the note too


def padded(size: int, **members: Any) -> dict[str, Any]:
    """A finding of so many bytes."""
    found = finding(Description="", **members)
    missing = size - len(json.dumps(found, separators=(",", ":")))
    return found | {"Description": "d" * missing}


@pytest.mark.parametrize("udf", ["replace", "merge"])
def test_a_finding_too_large_for_a_note_is_triaged_without_it(udf: str) -> None:
    decision = plan(padded(LARGEST_FINDING - ROOM), NOTED, udf=udf)
    assert sent(decision) == {"Workflow": {"Status": "SUPPRESSED"}}
    assert decision.note_left_out
    assert [(kept.field, kept.why) for kept in decision.kept] == [
        ("Note.Text", "the finding has no room for the note")
    ]
    assert decision.update is not None
    claims = decision.update["UserDefinedFields"]["hubtriage/memo"].split()[1:]
    assert [claim[0] for claim in claims] == ["W"]
    assert not plan(padded(LARGEST_FINDING - 2 * ROOM), NOTED, udf=udf).note_left_out


def test_a_note_alone_for_which_a_finding_is_too_large_is_refused() -> None:
    decision = plan(padded(LARGEST_FINDING - ROOM), {"update": {"Note": {"Text": "n" * 400}}})
    assert decision.update is None
    assert "bytes" in str(decision.refused)


def test_once_triaged_without_its_note_a_finding_is_left_at_that() -> None:
    found = padded(LARGEST_FINDING - ROOM)
    again = plan(after(found, NOTED), NOTED)
    assert (again.update, again.changes) == (None, ())


def test_where_there_is_no_room_to_take_a_note_back_the_rest_is_taken_back() -> None:
    found = after(finding(), NOTED)
    decision = decide(found, ruleset(other(NOTED, when=False)), NOW, Settings(), without_note=True)
    assert sent(decision) == {"Workflow": {"Status": "NEW"}}
    assert decision.note_left_out


def test_a_person_s_note_is_theirs_also_where_there_is_no_room_for_another() -> None:
    mine = {"Text": "Mine.", "UpdatedBy": "ann", "UpdatedAt": "2026-10-01T00:00:00Z"}
    decision = plan(padded(LARGEST_FINDING - ROOM, Note=mine), NOTED)
    assert [kept.why for kept in decision.kept] == ["a person's note is never replaced"]


@pytest.mark.parametrize("score", [-1, 100.5, 101, 1e300, 10**4000, float("inf"), "50", True], ids=str)
def test_a_score_that_the_service_would_not_take_is_none(score: Any) -> None:
    found = finding(Confidence=score, FindingProviderFields=PROVIDER | {"Confidence": score})
    changed = after(found, {"update": {"Confidence": 50}})
    assert changed["Confidence"] == 50
    assert plan(changed, NOTHING).changes == ()  # there is nothing to give back


@pytest.mark.parametrize(
    ("told", "name"),
    [
        pytest.param("gone-rule", "gone-rule", id="a name that a rule could have"),
        pytest.param("\x1b[2J", "a rule", id="control characters"),
        pytest.param("x" * 64, "a rule", id="a name that is too long"),
        pytest.param("Gone Rule", "a rule", id="what is no name of a rule"),
    ],
)
def test_the_note_that_takes_back_names_a_rule_and_nothing_else(told: str, name: str) -> None:
    memo = f"1 N{code('Note.Text', 'n')}.{rule_ref(told)}"
    fields = {"hubtriage/managed": "hubtriage", "hubtriage/rules": told, "hubtriage/memo": memo}
    note = {"Text": "n", "UpdatedBy": "hubtriage/x"}
    taken_back = after(finding(UserDefinedFields=fields, Note=note), NOTHING)
    assert taken_back["Note"]["Text"] == f"hubtriage: {name} no longer applies."


def test_findings_with_the_same_decision_get_the_same_payload() -> None:
    rule = {"update": {"Workflow": {"Status": "SUPPRESSED"}, "Severity": {"Label": "LOW"}}}
    one = plan(finding(Id="a", Title="x"), rule)
    two = plan(
        finding(
            Id="b", Severity={"Label": "MEDIUM"}, FindingProviderFields={"Severity": {"Label": "MEDIUM"}}
        ),
        rule,
    )
    assert one.update == two.update


def test_nine_fields_fit_in_about_140_characters() -> None:
    update = {
        "Workflow": {"Status": "SUPPRESSED"},
        "Severity": {"Label": "LOW"},
        "VerificationState": "BENIGN_POSITIVE",
        "Confidence": 90,
        "Criticality": 10,
        "Types": ["Effects"],
        "UserDefinedFields": {"ticket": "SEC-1"},
        "RelatedFindings": [{"ProductArn": "arn:aws:x", "Id": "y"}],
        "Note": {"Text": "Accepted."},
    }
    found = after(finding(), {"update": update})
    assert len(found["UserDefinedFields"]["hubtriage/memo"]) <= 145


TEXTS = [
    pytest.param("{rule.id} {rule.ticket}", "rule SEC-9", id="the rule's own values"),
    pytest.param("in {finding.AwsAccountId}", "in 111122223333", id="a scalar of the finding"),
    pytest.param("{finding.Severity.Label}", "HIGH", id="a nested scalar"),
    pytest.param("{finding.Types.0}", "TTPs/Discovery", id="a list's element"),
    pytest.param("{finding.Types}", "-", id="not a list as a whole"),
    pytest.param("{finding.__class__.__mro__}", "-", id="no attribute of an object"),
    pytest.param("{finding.Title}", "{rule.id} {0.__class__}", id="a value is not evaluated again"),
    pytest.param("{x} %s {{}} {finding", "{x} %s {{}} {finding", id="everything else stands for itself"),
    pytest.param("y" * 600, "y" * 511 + "…", id="cut to the limit"),
]


@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_templates(text: str, expected: str) -> None:
    rule = {"update": {"Note": {"Text": text}}, "ticket": "SEC-9"}
    decision = plan(finding(Title="{rule.id} {0.__class__}"), rule)
    assert decision.update is not None
    assert decision.update["Note"] == {"Text": expected, "UpdatedBy": "hubtriage/rule"}
