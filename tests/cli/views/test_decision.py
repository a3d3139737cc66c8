"""What people read of a decision beyond its changes: owners by account, and what the policy forbids."""

from hubtriage.cli.views.decision import decision_lines


def test_the_owner_by_account_of_each_rule_is_shown_or_not_known() -> None:
    record = {"owners": {"accept": "shop\x1b[2J", "lower": None}}
    assert list(decision_lines(record)) == [
        '  owner for accept: "shop\\u001b[2J"',
        "  owner for lower: not known",
    ]


def test_what_the_policy_forbids_is_shown_with_the_statement() -> None:
    forbidden = {"field": "Workflow.Status", "wanted": "SUPPRESSED", "rule": "accept", "statement": "prod"}
    assert list(decision_lines({"against_policy": [forbidden]})) == [
        "  Workflow.Status: the house policy forbids SUPPRESSED (prod)  accept"
    ]


def test_what_is_announced_is_shown_with_where_it_goes() -> None:
    ticket = {
        "to": "cloud",
        "as": "ticket",
        "rule": "a",
        "per": "account",
        "group": "1\x1b[2J",
        "state": "open",
    }
    message = {"to": "sec-chat", "as": "message", "rule": "a", "group": "1"}
    record = {"event": {"kind": "hidden", "sequence": 7, "deliver": [ticket]}, "would_deliver": [message]}
    assert list(decision_lines(record)) == [
        "  announced as hidden",
        '  ticket in cloud per account "1\\u001b[2J": open  a',
        "  message to sec-chat  a",
    ]


def test_lines_of_other_versions_may_have_other_members() -> None:
    assert list(decision_lines({"owners": ["x"], "against_policy": "x", "event": ["x"]})) == []
