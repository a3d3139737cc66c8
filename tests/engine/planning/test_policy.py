"""What the house policy keeps rules from, and what it never keeps them from: to show a finding."""

from typing import Any

import pytest

from hubtriage.engine.planning.entry import Claim, Entry
from tests.support.planning import Known, after, finding, happened, plan

SUPPRESS = {
    "id": "accept",
    "update": {"Workflow": {"Status": "SUPPRESSED"}, "Note": {"Text": "Accepted."}, "Confidence": 5},
}
PRODUCTION = {"when": {"==": [{"account": "environment"}, "prod"]}}
ACCOUNTS = {"111122223333": {"environment": "prod"}, "444455556666": {"environment": "dev"}}
NEVER = {"id": "prod", "never": "hide", "findings": PRODUCTION}
ONLY = {"id": "home", "only": {"match": {"AwsAccountId": ["444455556666"]}}, "rules": ["accept"]}
FAILS = {"when": {"missing_some": [1, {"var": "Nowhere"}]}}
ELSEWHERE = {"AwsAccountId": "444455556666"}


def decided(policy: list[dict[str, Any]], *rules: dict[str, Any], **members: Any) -> Any:
    return plan(finding(**members), *(rules or (SUPPRESS,)), policy=policy, accounts=ACCOUNTS)


KEPT = [
    pytest.param([NEVER], {}, "prod", id="a finding that no rule hides"),
    pytest.param([NEVER], ELSEWHERE, None, id="another finding"),
    pytest.param([{**NEVER, "rules": ["accept"]}], {}, "prod", id="this rule"),
    pytest.param([{**NEVER, "rules": ["other"]}], {}, None, id="another rule"),
    pytest.param([{**NEVER, "others": ["accept"]}], {}, None, id="all rules but this one"),
    pytest.param([{**NEVER, "others": ["other"]}], {}, "prod", id="all rules but another"),
    pytest.param([{**NEVER, "never": {"Confidence": [5]}}], {}, "prod", id="a value"),
    pytest.param([{**NEVER, "never": {"Confidence": [6]}}], {}, None, id="another value"),
    pytest.param([{**NEVER, "never": {"Note.Text": "any"}}], {}, "prod", id="any value"),
    pytest.param([{**NEVER, "never": {"Types": "any"}}], {}, None, id="a field that it leaves alone"),
    pytest.param([{**NEVER, "findings": FAILS}], {}, "prod", id="conditions that have no answer protect"),
    pytest.param([ONLY], {}, "home", id="not at home"),
    pytest.param([ONLY], ELSEWHERE, None, id="at home"),
    pytest.param([{**ONLY, "only": FAILS}], {}, "home", id="whether it is at home has no answer"),
    pytest.param([{**NEVER, "never": {"Types": "any"}}, ONLY], {}, "home", id="the second statement"),
]


@pytest.mark.parametrize(("policy", "members", "statement"), KEPT)
def test_a_rule_does_nothing_where_a_statement_forbids_any_of_it(
    policy: list[dict[str, Any]], members: dict[str, Any], statement: str | None
) -> None:
    decision = decided(policy, **members)
    assert decision.hides is (statement is None)
    assert (decision.update is None) is (statement is not None)
    assert {one.statement for one in decision.against_policy} == ({statement} if statement else set())


def test_what_is_kept_is_told() -> None:
    decision = decided([NEVER])
    assert decision.as_record()["against_policy"] == [
        {"field": "Workflow.Status", "wanted": "SUPPRESSED", "rule": "accept", "statement": "prod"},
        {"field": "Note.Text", "wanted": "Accepted.", "rule": "accept", "statement": "prod"},
        {"field": "Confidence", "wanted": 5, "rule": "accept", "statement": "prod"},
    ]
    assert decision.is_worth_a_line
    assert "against_policy" not in decided([NEVER], **ELSEWHERE).as_record()


def test_what_was_done_before_the_policy_is_taken_back() -> None:
    hidden = after(finding(), SUPPRESS)
    decision = plan(hidden, SUPPRESS, policy=[NEVER], accounts=ACCOUNTS)
    causes = {change.field: change.cause for change in decision.changes if change.why == "taken back"}
    assert causes["Workflow.Status"] == "against the policy"
    assert happened(hidden, decision).status == "NEW"


def test_a_rule_on_hold_keeps_nothing_that_is_forbidden() -> None:
    hidden = after(finding(), SUPPRESS)
    held = {**SUPPRESS, "mode": "hold", "update": {"Confidence": 5}}
    decision = plan(hidden, held, policy=[NEVER], accounts=ACCOUNTS)
    assert happened(hidden, decision).status == "NEW"
    kept = plan(hidden, held, policy=[{**NEVER, "findings": {"when": False}}], accounts=ACCOUNTS)
    assert kept.update is None


@pytest.mark.parametrize(("text", "is_kept"), [("Accepted.", True), ("x" * 60, False)])
def test_what_a_rule_on_hold_keeps_is_forbidden_if_it_is_not_known(text: str, is_kept: bool) -> None:
    rule = {**SUPPRESS, "update": {"Note": {"Text": text}}}
    noted = after(finding(), rule)
    policy = [{**NEVER, "never": {"Note.Text": ["Fixed."]}}]
    decision = plan(noted, {**rule, "mode": "hold"}, policy=policy, accounts=ACCOUNTS)
    assert (decision.update is None) is is_kept


SHOW = {"id": "show", "order": 900, "override": True, "update": {"Workflow": {"Status": "NEW"}}}
FORBID_NEW = {"id": "s", "never": {"Workflow.Status": ["NEW"]}, "findings": {"when": True}}


def test_a_rule_may_always_reopen_a_finding() -> None:
    hidden = finding(Workflow={"Status": "SUPPRESSED"})
    decision = plan(hidden, SHOW, policy=[FORBID_NEW])
    assert decision.update == {"Workflow": {"Status": "NEW"}}
    assert decision.against_policy == ()


def test_a_rule_may_always_raise_a_severity_that_a_person_lowered() -> None:
    """Even if it is still below the provider's."""
    lowered = finding(Severity={"Label": "INFORMATIONAL"})
    raising = {"id": "raise", "override": True, "update": {"Severity": {"AtLeast": "LOW"}}}
    decision = plan(lowered, raising, policy=[NEVER], accounts=ACCOUNTS)
    assert decision.update == {"Severity": {"Label": "LOW"}}
    assert decision.against_policy == ()


def test_a_value_that_is_forbidden_leaves_no_finding_hidden_that_it_would_have_shown() -> None:
    decision = plan(finding(), SUPPRESS, SHOW, policy=[FORBID_NEW])
    assert not decision.hides
    assert [one.rule for one in decision.against_policy] == ["show"]


def test_nor_one_that_a_rule_on_hold_would_have_kept_hidden() -> None:
    hidden = after(finding(), SUPPRESS)
    decision = plan(hidden, {**SUPPRESS, "mode": "hold"}, SHOW, policy=[FORBID_NEW])
    assert happened(hidden, decision).status == "NEW"


def test_what_an_earlier_rule_shows_stays() -> None:
    notify = {"id": "notify", "order": 1, "update": {"Workflow": {"Status": "NOTIFIED"}}}
    decision = decided([NEVER], notify, SUPPRESS)
    assert decision.update == {"Workflow": {"Status": "NOTIFIED"}}


def test_a_terminal_rule_stops_all_the_same() -> None:
    stop = {**SUPPRESS, "id": "stop", "order": 1, "terminal": True}
    later = {"id": "later", "update": {"Severity": {"AtMost": "LOW"}}}
    decision = decided([{**NEVER, "rules": ["stop"]}], stop, later)
    assert (decision.update, decision.rules) == (None, ("stop",))


def test_a_rule_that_failed_keeps_nothing_hidden_that_is_forbidden() -> None:
    failed = {**SUPPRESS, **FAILS}
    low = {"Severity": {"Label": "LOW"}}
    hidden = after(finding(**low, FindingProviderFields=low), SUPPRESS)
    decision = plan(hidden, failed, policy=[NEVER], accounts=ACCOUNTS)
    assert happened(hidden, decision).status == "NEW"
    assert [change.cause for change in decision.changes] == ["against the policy"]
    assert decision.against_policy == (), "it wants nothing"
    assert plan(hidden, failed, policy=[ONLY | {"only": {"when": True}}]).update is None


def test_a_rule_that_may_not_hide_a_finding_keeps_it_hidden_in_no_doubt() -> None:
    """The finding is above the ceiling of all others."""
    hidden = after(finding(), {**SUPPRESS, "id": "gone"})
    failed = {"id": "failed", "update": {"Workflow": {"Status": "NOTIFIED"}}, **FAILS}
    severe = {**SUPPRESS, "ceiling": "CRITICAL"}
    quiet = plan(hidden, failed, severe, policy=[{**NEVER, "rules": ["other"]}], accounts=ACCOUNTS)
    assert happened(hidden, quiet).status == "SUPPRESSED"
    decision = plan(hidden, failed, severe, policy=[NEVER], accounts=ACCOUNTS)
    assert happened(hidden, decision).status == "NEW"


def test_what_a_rule_would_hide_that_only_observes_is_not_announced() -> None:
    decision = decided([NEVER], {**SUPPRESS, "mode": "observe"})
    assert decision.observed == ()
    assert decision.against_policy != ()


def test_a_persons_decision_is_not_a_rules() -> None:
    claim = Claim("SUPPRESSED", "accept", person=True, overruled=1)
    known = Known(finding(Workflow={"Status": "NOTIFIED"}), Entry(claims={"Workflow.Status": claim}))
    decision = plan(known, {**SUPPRESS, "mode": "hold"}, policy=[NEVER], accounts=ACCOUNTS)
    assert (decision.update, decision.against_policy) == (None, ())
