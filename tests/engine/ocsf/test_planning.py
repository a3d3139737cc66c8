"""Deciding about findings of Security Hub V2: as about any, within what V2 shows and lets customers set."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from hubtriage.engine.ocsf.update import NOT_IN_V2
from hubtriage.engine.ocsf.view import asff_view
from hubtriage.engine.planning.decision import Decision, V2Decision
from hubtriage.engine.planning.entry import NO_ENTRY, Claim, Entry
from hubtriage.engine.planning.plan import Settings, reason
from tests.engine.planning.samples import FAILS, LOW, NOTE, NOTIFY, SUPPRESS, TICKET
from tests.support.planning import NOW, Rule, ruleset
from tests.support.two_hubs import Signal, ocsf, updated_v2

HIDDEN: Rule = {"update": {"Workflow": {"Status": "SUPPRESSED"}, "Note": {"Text": "Accepted."}}}
NO_RECORD: Any = {"Workflow.Status": None, "Severity.Label": None}
BLIND: Rule = {"when": {"==": [{"var": "ProductFields.team"}, "a"]}}


class V2Finding:
    """A finding of V2 and its entry, as triage and people change them."""

    def __init__(self, signal: Signal, **members: Any) -> None:
        self.found: dict[str, Any] = {**ocsf(signal), **members}
        self.entry: Entry = NO_ENTRY

    def triaged(self, *rules: Rule) -> Decision:
        """Decide, and carry it out."""
        decision = self.decided(*rules)
        if decision.on_v2 is not None and decision.on_v2.update is not None:
            self.found = updated_v2(self.found, dict(decision.on_v2.update))
        self.entry = decision.after
        return decision

    def decided(self, *rules: Rule) -> Decision:
        """Decide, as the runtime does: V2 has no history."""
        return self.reasoned(*rules).decision

    def reasoned(self, *rules: Rule, policy: Sequence[dict[str, Any]] = ()) -> Any:
        named = ({"id": f"rule-{at}", "order": at + 1, **one} for at, one in enumerate(rules))
        loaded = ruleset(*named, policy=policy)
        return reason(asff_view(self.found), self.entry, loaded, NOW, Settings(), authors=NO_RECORD)

    def edited(self, **values: Any) -> None:
        """Let a person change it."""
        self.found = updated_v2(self.found, values)


def sent(decision: Decision) -> Any:
    """Return what V2 gets."""
    assert decision.on_v2 is not None
    return decision.on_v2.update


def test_a_rule_hides_a_finding_of_v2_and_deleting_it_reopens_it() -> None:
    finding = V2Finding(Signal())
    assert sent(finding.triaged(HIDDEN)) == {"StatusId": 3, "Comment": "Accepted."}
    assert finding.triaged(HIDDEN).update is None
    assert sent(finding.triaged()) == {"StatusId": 1, "Comment": "hubtriage: rule-0 no longer applies."}
    assert finding.triaged().update is None


def test_the_record_says_what_v2_gets() -> None:
    signal = Signal()
    record = V2Finding(signal).decided(HIDDEN).as_record()
    assert record["v2"] == {
        "metadata_uid": signal.metadata_uid,
        "update": {"StatusId": 3, "Comment": "Accepted."},
    }
    assert V2Finding(signal).decided().as_record()["v2"]["update"] is None


@pytest.mark.parametrize(("vendors", "back"), [pytest.param(6, 6, id="Fatal"), pytest.param(4, 4, id="High")])
def test_a_severity_that_is_taken_back_is_the_vendors_own(vendors: int, back: int) -> None:
    finding = V2Finding(Signal(), severity_id=vendors, vendor_attributes={"severity_id": vendors})
    lower: Rule = {**LOW, "ceiling": "CRITICAL"}
    assert sent(finding.triaged(lower)) == {"SeverityId": 2}
    assert finding.triaged(lower).update is None
    assert sent(finding.triaged()) == {"SeverityId": back}
    assert finding.triaged().update is None


def test_a_severity_that_was_taken_back_goes_on_following_the_vendor() -> None:
    finding = V2Finding(Signal(severity="HIGH"))
    finding.triaged(LOW)
    finding.triaged()
    finding.found["vendor_attributes"] = {"severity_id": 99}  # AWS: the finding's own stays as it was set
    assert sent(finding.triaged()) == {"SeverityId": 99}


@pytest.mark.parametrize("number", [0, 99, 42, None])
@pytest.mark.parametrize(
    "update",
    [
        {"Workflow": {"Status": "SUPPRESSED"}},
        {"Severity": {"Label": "CRITICAL"}},
        {"Severity": {"Label": "INFORMATIONAL"}},
        {"Severity": {"AtMost": "CRITICAL"}},
        {"Severity": {"AtLeast": "LOW", "AtMost": "HIGH"}},
    ],
)
def test_a_severity_that_is_not_known_is_above_every_ceiling(number: Any, update: dict[str, Any]) -> None:
    finding = V2Finding(Signal(), severity_id=number, vendor_attributes={"severity_id": number})
    decision = finding.decided({"update": update, "ceiling": "CRITICAL"})
    assert decision.update is None
    assert decision.above_ceiling == ("rule-0",)


def test_a_severity_that_is_not_known_is_not_raised_either() -> None:
    finding = V2Finding(Signal(), severity_id=0, vendor_attributes={"severity_id": 0})
    assert finding.decided({"update": {"Severity": {"AtLeast": "HIGH"}}}).update is None


def test_what_becomes_unknown_is_reopened() -> None:
    finding = V2Finding(Signal(severity="LOW"))
    finding.triaged(HIDDEN)
    finding.found |= {"severity_id": 0, "vendor_attributes": {"severity_id": 0}}
    assert sent(finding.triaged(HIDDEN))["StatusId"] == 1


def test_a_person_who_says_unknown_reopens_it_too() -> None:
    finding = V2Finding(Signal(severity="LOW"))
    finding.triaged(HIDDEN)
    finding.edited(SeverityId=0)
    assert sent(finding.triaged(HIDDEN))["StatusId"] == 1


@pytest.mark.parametrize("number", [0, 5, 6, 99])
def test_a_status_that_no_rule_sets_is_a_persons(number: int) -> None:
    finding = V2Finding(Signal(), status_id=number)
    decision = finding.decided(SUPPRESS)
    assert decision.update is None
    assert [kept.why for kept in decision.kept] == ["set by a person or another tool"]
    hidden = V2Finding(Signal())
    hidden.triaged(SUPPRESS)
    hidden.edited(StatusId=number)
    decision = hidden.triaged(SUPPRESS)
    assert decision.overruled == ("Workflow.Status",)
    assert hidden.triaged().update is None


def test_a_persons_comment_is_never_replaced() -> None:
    finding = V2Finding(Signal(note="Mine."))
    decision = finding.triaged({**HIDDEN, "override": True})
    assert sent(decision) == {"StatusId": 3}
    assert [kept.field for kept in decision.kept] == ["Note.Text"]
    later = V2Finding(Signal())
    later.triaged(HIDDEN)
    later.edited(Comment="Mine.")
    assert later.triaged(HIDDEN).update is None
    assert sent(later.triaged()) == {"StatusId": 1}


def test_a_long_comment_is_cut() -> None:
    comment = sent(
        V2Finding(Signal(title="x" * 600)).decided({"update": {"Note": {"Text": "{finding.Title}"}}})
    )
    assert len(comment["Comment"]) == 512


def test_in_progress_that_became_new_is_the_services_and_resolved_a_persons() -> None:
    """V2 has no history, which would say it."""
    notified = V2Finding(Signal())
    notified.triaged(NOTIFY)
    notified.edited(StatusId=1)
    assert sent(notified.triaged(NOTIFY)) == {"StatusId": 2}
    resolved: Rule = {"update": {"Workflow": {"Status": "RESOLVED"}}}
    person = V2Finding(Signal())
    person.triaged(resolved)
    person.edited(StatusId=1)
    assert person.triaged(resolved).overruled == ("Workflow.Status",)


def test_no_history_is_asked() -> None:
    finding = V2Finding(Signal())
    finding.triaged(SUPPRESS)
    finding.edited(StatusId=4)
    loaded = ruleset({"id": "rule-0", **SUPPRESS})
    decision = reason(asff_view(finding.found), finding.entry, loaded, NOW, Settings()).decision
    assert decision.questions == decision.optional_questions == decision.unrecorded == ()
    assert decision.overruled == ("Workflow.Status",)
    hidden = V2Finding(Signal(status="SUPPRESSED"))
    decision = reason(asff_view(hidden.found), NO_ENTRY, loaded, NOW, Settings()).decision
    assert decision.optional_questions == ()


UNSETTABLE: dict[str, Any] = {
    "Types": ["TTPs"],
    "Confidence": 5,
    "Criticality": 7,
    "VerificationState": "TRUE_POSITIVE",
    "UserDefinedFields": {"ticket": "SEC-1"},
    "RelatedFindings": [{"ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/x", "Id": "r"}],
}


@pytest.mark.parametrize("member", UNSETTABLE)
def test_what_v2_cannot_set_is_kept_and_the_rest_is_set(member: str) -> None:
    finding = V2Finding(Signal())
    update = {**HIDDEN["update"], member: UNSETTABLE[member]}
    decision = finding.triaged({"update": update})
    assert sent(decision) == {"StatusId": 3, "Comment": "Accepted."}
    assert {kept.why for kept in decision.kept} == {NOT_IN_V2}
    assert [kept.field.split(".")[0] for kept in decision.kept] == [member]
    again = finding.triaged({"update": update})
    assert again.update is None
    assert not again.is_worth_a_line


def test_a_rule_in_observe_does_not_announce_what_v2_cannot_set() -> None:
    assert V2Finding(Signal()).decided({**TICKET, "mode": "observe"}).observed == ()


def test_rules_do_not_see_what_names_a_finding_in_v2() -> None:
    seen = {"or": [{"var": "Ocsf"}, {"in": ["Ocsf", {"cat": [{"var": ""}]}]}]}
    finding = V2Finding(Signal())
    assert finding.decided({**HIDDEN, "when": seen}).update is None
    assert finding.decided({**HIDDEN, "match": {"Ocsf": {"uid": [{"exists": True}]}}}).update is None
    note: Rule = {"update": {"Note": {"Text": "{finding.Ocsf.uid}"}}}
    assert sent(finding.decided(note)) == {"Comment": "-"}
    assert "Ocsf" not in finding.reasoned(HIDDEN).baseline.raw


# --- what V2 does not show


def test_a_rule_that_v2_does_not_show_does_not_apply() -> None:
    decision = V2Finding(Signal()).reasoned({**HIDDEN, **BLIND})
    assert decision.decision.update is None
    assert list(decision.fold.undecided) == ["rule-0"]
    negated: Rule = {**HIDDEN, "match": {"ProductFields": {"team": [{"exists": False}]}}}
    assert V2Finding(Signal()).decided(negated).update is None


@pytest.mark.parametrize(
    ("condition", "forbids"),
    [
        pytest.param(BLIND, True, id="what V2 does not show protects"),
        pytest.param({"match": {"ProductFields": {"team": [{"exists": False}]}}}, True, id="its absence too"),
        pytest.param({"when": {"==": [{"var": "Region"}, "nowhere"]}}, False, id="what it shows decides"),
        pytest.param({"when": True}, True, id="every finding"),
    ],
)
def test_a_statement_of_the_policy_protects_what_v2_does_not_show(condition: Rule, forbids: bool) -> None:
    never = {"id": "s", "never": "hide", "findings": condition}
    assert bool(V2Finding(Signal()).reasoned(HIDDEN, policy=[never]).decision.against_policy) is forbids
    only = {"id": "s", "only": condition, "rules": ["rule-0"]}
    is_at_home = condition == {"when": True}
    decided = V2Finding(Signal()).reasoned(HIDDEN, policy=[only]).decision
    assert bool(decided.against_policy) is not is_at_home


def test_a_rule_that_surely_does_not_match_is_not_undecided() -> None:
    rule: Rule = {**HIDDEN, "match": {"Title": ["other"], "ProductFields": {"team": ["a"]}}}
    assert V2Finding(Signal()).reasoned(rule).fold.undecided == {}


def test_what_v2_does_not_show_does_not_matter_where_the_rest_decides() -> None:
    rule: Rule = {**HIDDEN, "match": {"$or": [{"ProductFields": {"team": ["a"]}}, {"Region": ["eu-west-1"]}]}}
    assert sent(V2Finding(Signal()).decided(rule))["StatusId"] == 3


@pytest.mark.parametrize("member", ["AwsAccountName", "GeneratorId"])
def test_what_v2_shows_on_some_findings_is_not_known_on_the_others(member: str) -> None:
    """A guard by the account's name does not fall away because V2 does not say the name."""
    known = Signal("control", account_name="shop")
    unknown = Signal("guardduty")
    guard: Rule = {"update": {}, "terminal": True, "match": {member: [{"prefix": "other"}]}}
    assert sent(V2Finding(known).decided(guard, HIDDEN))["StatusId"] == 3
    reasoned = V2Finding(unknown).reasoned(guard, HIDDEN)
    assert reasoned.decision.update is None
    assert list(reasoned.fold.undecided) == ["rule-0", "rule-1"]
    absent: Rule = {**HIDDEN, "match": {member: [{"exists": False}]}}
    assert V2Finding(unknown).decided(absent).update is None
    differs: Rule = {**HIDDEN, "when": {"!=": [{"var": member}, "a"]}}
    assert V2Finding(unknown).decided(differs).update is None
    assert sent(V2Finding(known).decided(differs))["StatusId"] == 3


def test_after_a_terminal_rule_that_may_apply_nothing_is_hidden() -> None:
    guard: Rule = {"update": {}, "terminal": True, **BLIND}
    reasoned = V2Finding(Signal()).reasoned(guard, HIDDEN, NOTIFY, LOW, NOTE)
    assert sent(reasoned.decision) == {"StatusId": 2, "Comment": "Accepted."}
    assert list(reasoned.fold.undecided) == ["rule-0", "rule-1", "rule-3"]
    assert "rule-0" in reasoned.fold.undecided["rule-1"]
    hidden = V2Finding(Signal())
    hidden.triaged(HIDDEN)
    assert sent(hidden.triaged(guard, {**HIDDEN, "id": "rule-0b"}))["StatusId"] == 1


@pytest.mark.parametrize(
    ("guards", "later", "applies"),
    [
        pytest.param(
            {"Workflow": {"Status": "SUPPRESSED"}}, HIDDEN, True, id="it would close the finding itself"
        ),
        pytest.param({"Workflow": {"Status": "RESOLVED"}}, LOW, False, id="it would not lower it"),
        pytest.param({"Workflow": {"Status": "NOTIFIED"}}, HIDDEN, False, id="it would leave it open"),
        pytest.param({"Severity": {"Label": "LOW"}}, HIDDEN, False, id="it would only lower it"),
        pytest.param({"Severity": {"Label": "INFORMATIONAL"}}, LOW, True, id="it would lower it more"),
        pytest.param(
            {"Severity": {"Label": "LOW"}},
            {"update": {"Severity": {"Label": "INFORMATIONAL"}}},
            False,
            id="it would lower it less",
        ),
        pytest.param(
            {"Workflow": {"Status": "SUPPRESSED"}},
            {**HIDDEN, "override": True},
            False,
            id="it would leave a person's decision alone",
        ),
        pytest.param(
            {"Severity": {"Label": "LOW"}}, {**LOW, "override": True}, False, id="and a person's severity"
        ),
    ],
)
def test_a_terminal_rule_that_would_hide_as_well_stops_nothing(
    guards: Any, later: Rule, applies: bool
) -> None:
    guard: Rule = {"update": guards, "terminal": True, **BLIND}
    decision = V2Finding(Signal(severity="HIGH")).decided(guard, later)
    assert (sent(decision) is not None) is applies
    overriding = V2Finding(Signal(severity="HIGH")).decided({**guard, "override": True}, later)
    assert (sent(overriding) is not None) is (applies or later.get("override", False))


def test_what_an_earlier_rule_hides_is_hidden_behind_a_guard_too() -> None:
    guard: Rule = {"update": {}, "terminal": True, **BLIND}
    assert sent(V2Finding(Signal()).decided(HIDDEN, guard, SUPPRESS))["StatusId"] == 3
    opening: Rule = {"update": {"Workflow": {"Status": "NEW"}}, "terminal": True, **BLIND}
    assert V2Finding(Signal()).decided(HIDDEN, opening, SUPPRESS).update is None


def test_a_terminal_rule_above_its_ceiling_stops_nothing_and_opens_nothing() -> None:
    guard: Rule = {
        "update": {"Workflow": {"Status": "SUPPRESSED"}},
        "terminal": True,
        "ceiling": "LOW",
        **BLIND,
    }
    reasoned = V2Finding(Signal(severity="HIGH")).reasoned(guard, HIDDEN)
    assert sent(reasoned.decision)["StatusId"] == 3
    assert list(reasoned.fold.undecided) == ["rule-0"]


def test_a_terminal_rule_that_the_policy_keeps_from_hiding_stops_what_hides() -> None:
    guard: Rule = {"id": "guard", "update": {"Workflow": {"Status": "SUPPRESSED"}}, "terminal": True, **BLIND}
    statement = {"id": "s", "never": "hide", "findings": {"when": True}, "rules": ["guard"]}
    finding = V2Finding(Signal())
    for policy, applies in (([], True), ([statement], False)):
        loaded = ruleset({"order": 1, **guard}, {"id": "later", "order": 2, **HIDDEN}, policy=policy)
        decided = reason(asff_view(finding.found), NO_ENTRY, loaded, NOW, Settings()).decision
        assert (decided.update is not None) is applies


def test_a_terminal_rule_in_observe_stops_nothing() -> None:
    guard: Rule = {"update": {}, "terminal": True, "mode": "observe", **BLIND}
    assert sent(V2Finding(Signal()).decided(guard, HIDDEN))["StatusId"] == 3


@pytest.mark.parametrize(
    ("later", "applies"),
    [
        pytest.param({"Workflow": {"Status": "NEW"}}, False, id="a rule that would open it"),
        pytest.param({"Workflow": {"Status": "NOTIFIED"}}, False, id="a rule that would notify"),
        pytest.param({"Workflow": {"Status": "RESOLVED"}}, True, id="a rule that would hide it as well"),
        pytest.param({"Note": {"Text": "Other."}}, True, id="a rule that would set something else"),
    ],
)
def test_a_later_rule_that_may_open_it_keeps_an_earlier_one_from_hiding(later: Any, applies: bool) -> None:
    decision = V2Finding(Signal()).decided(HIDDEN, {"update": later, **BLIND})
    assert (sent(decision) is not None) is applies
    assert decision.rules == (("rule-0",) if applies else ())


def test_a_later_rule_that_may_leave_a_persons_decision_alone_keeps_an_earlier_one_from_overriding() -> None:
    later: Rule = {"update": {"Workflow": {"Status": "SUPPRESSED"}}, **BLIND}
    held = Signal(status="NOTIFIED")
    assert V2Finding(held).decided({**SUPPRESS, "override": True}, later).update is None
    decision = V2Finding(held).decided({**SUPPRESS, "override": True}, {**later, "override": True})
    assert sent(decision) == {"StatusId": 3}


@pytest.mark.parametrize(("label", "applies"), [("HIGH", False), ("INFORMATIONAL", True)])
def test_a_later_rule_that_may_raise_it_keeps_an_earlier_one_from_lowering(label: str, applies: bool) -> None:
    later: Rule = {"update": {"Severity": {"Label": label}}, **BLIND}
    decision = V2Finding(Signal(severity="HIGH")).decided(LOW, later)
    assert (sent(decision) is not None) is applies


@pytest.mark.parametrize("mode", ["observe", "hold"])
def test_a_later_rule_that_only_watches_or_holds_opens_nothing(mode: str) -> None:
    later: Rule = {"update": {"Workflow": {"Status": "NEW"}}, "mode": mode, **BLIND}
    assert sent(V2Finding(Signal()).decided(HIDDEN, later))["StatusId"] == 3


def test_a_rule_that_raises_keeps_doing_so() -> None:
    raises: Rule = {"update": {"Severity": {"Label": "CRITICAL"}}}
    lowers: Rule = {"update": {"Severity": {"Label": "LOW"}}, **BLIND}
    assert sent(V2Finding(Signal(severity="HIGH")).decided(raises, lowers)) == {"SeverityId": 5}


def test_what_is_taken_back_names_the_cause() -> None:
    finding = V2Finding(Signal())
    finding.triaged(HIDDEN)
    decision = finding.triaged({**HIDDEN, **BLIND})
    assert {change.cause for change in decision.changes} == {"not known on Security Hub V2"}


def test_a_rule_that_fails_is_in_doubt_as_elsewhere() -> None:
    finding = V2Finding(Signal())
    finding.triaged(HIDDEN)
    decision = finding.decided({**HIDDEN, "when": FAILS})
    assert [error.rule for error in decision.errors] == ["rule-0"]
    assert decision.update is None


def test_a_rule_that_fails_behind_a_guard_is_reported() -> None:
    guard: Rule = {"update": {}, "terminal": True, **BLIND}
    decision = V2Finding(Signal()).decided(guard, {**HIDDEN, "when": FAILS})
    assert [error.rule for error in decision.errors] == ["rule-1"]
    assert decision.update is None


def test_a_rule_on_hold_behind_a_guard_keeps_nothing_hidden() -> None:
    finding = V2Finding(Signal())
    finding.triaged(NOTIFY, HIDDEN)
    guard: Rule = {"update": {}, "terminal": True, **BLIND}
    held: Rule = {"update": {"Note": {"Text": "Other."}}, "mode": "hold"}
    assert sent(finding.decided(guard, held))["StatusId"] == 1
    assert finding.decided(NOTIFY, held).update is None


def test_what_an_entry_names_and_v2_cannot_set_stays() -> None:
    finding = V2Finding(Signal())
    finding.entry = Entry(claims={"UserDefinedFields.a": Claim("b", "gone"), "Types": Claim("c", "gone")})
    finding.found["finding_info"]["types"] = ["c"]
    assert finding.decided().update is None
    assert finding.decided(HIDDEN).on_v2 == V2Decision(
        Signal().metadata_uid, {"StatusId": 3, "Comment": "Accepted."}
    )


def test_without_rules_all_is_taken_back() -> None:
    finding = V2Finding(Signal())
    finding.triaged(HIDDEN)
    empty = ruleset({**HIDDEN, "id": "rule-0"}).without_rules()
    reasoned = reason(asff_view(finding.found), finding.entry, empty, NOW, Settings(), authors=NO_RECORD)
    assert reasoned.decision.update is not None


def test_a_finding_of_the_other_hub_has_no_v2_record() -> None:
    finding = V2Finding(Signal())
    view = {name: value for name, value in asff_view(finding.found).items() if name != "Ocsf"}
    decision = reason(view, NO_ENTRY, ruleset(HIDDEN), NOW, Settings()).decision
    assert decision.on_v2 is None
    assert "v2" not in decision.as_record()
    assert replace(decision, on_v2=None) == decision
