"""Counts by rule and owner: exact while they fit, and honest where they do not."""

import json

import pytest

from hubtriage.aws.sweep.notices.tally import MOST_ACCOUNTS, MOST_GROUPS, OTHER_OWNERS, EndingTally, together
from hubtriage.aws.sweep.progress import Progress, ProgressError


def account(number: int) -> str:
    return f"{number:012}"


def test_a_tally_is_read_as_it_was_written() -> None:
    tally = EndingTally()
    tally.count("rule-a", "team-a", "HIGH", account(7))
    tally.count("rule-a", "team-a", None, account(999_999_999_999))
    tally.count_unknown("rule-a", None)
    tally.uncounted = 3
    tally.findings = 2
    written = json.loads(json.dumps(Progress(ahead=[EndingTally(), tally]).as_json()))
    assert Progress.from_json(written).ahead == [EndingTally(), tally]
    assert tally.groups["rule-a", "team-a"].severities == {"HIGH": 1, None: 1}


@pytest.mark.parametrize(
    "ahead",
    [[1], [{}], [{"groups": [["a"]], "findings": 0, "uncounted": 0}]],
    ids=["number", "empty", "short"],
)
def test_anything_else_is_no_progress(ahead: list[object]) -> None:
    with pytest.raises(ProgressError, match="tally"):
        Progress.from_json({"ahead": ahead})


def test_accounts_beyond_the_limit_are_the_least() -> None:
    tally = EndingTally()
    for number in range(MOST_ACCOUNTS + 50):
        tally.count("rule-a", None, "LOW", account(number))
        tally.count("rule-a", None, "LOW", account(number))
    group = tally.groups["rule-a", None]
    assert (group.findings, len(group.accounts), group.more_accounts) == (
        2 * MOST_ACCOUNTS + 100,
        MOST_ACCOUNTS,
        True,
    )
    tally.count("rule-b", None, "LOW", account(1))
    assert tally.groups["rule-b", None].more_accounts


@pytest.mark.parametrize(
    "text", ["123", "１２３４５６７８９０１２", "x" * 12], ids=["short", "other digits", "letters"]
)
def test_what_is_no_account_makes_the_number_the_least(text: str) -> None:
    tally = EndingTally()
    tally.count("rule-a", None, "LOW", text)
    assert (tally.groups["rule-a", None].accounts, tally.groups["rule-a", None].more_accounts) == (
        set(),
        True,
    )


def test_owners_beyond_the_limit_are_counted_together_and_rules_beyond_it_are_said() -> None:
    tally = EndingTally()
    for number in range(MOST_GROUPS + 20):
        tally.count("rule-a", f"owner-{number}", "LOW", account(1))
    assert len(tally.groups) == MOST_GROUPS + 1
    assert tally.groups["rule-a", OTHER_OWNERS].findings == 20
    assert sum(group.findings for group in tally.groups.values()) == MOST_GROUPS + 20
    for number in range(2 * MOST_GROUPS):
        tally.count(f"rule-{number}", "x", "LOW", account(1))
    assert (len(tally.groups), tally.uncounted) == (2 * MOST_GROUPS, MOST_GROUPS + 1)
    tally.count_unknown("another", None)
    assert tally.uncounted == MOST_GROUPS + 2


def test_long_names_of_owners_are_counted_together_and_none_is_cut_into_another() -> None:
    """A letter beyond ASCII takes up to 12 bytes of JSON."""
    tally = EndingTally()
    for number in range(MOST_GROUPS):
        tally.count("rule-a", "\U0001f680" * 90 + f"{number:010}", "LOW", account(1))
    assert sum(group.findings for group in tally.groups.values()) == MOST_GROUPS
    assert tally.groups["rule-a", OTHER_OWNERS].findings == MOST_GROUPS - (len(tally.groups) - 1)
    assert len(json.dumps(tally.as_json())) < 30_000


def test_the_largest_tallies_of_both_scopes_fit_into_what_a_state_machine_hands_on() -> None:
    """AWS: 256 KiB. What else a progress holds takes half of that at most."""
    tally = EndingTally()
    for number in range(5 * MOST_ACCOUNTS):
        rule, owner = f"{number % 400:063}", f"{number % 311:0100}"
        tally.count(rule, owner, ("LOW", "HIGH", "CRITICAL", None)[number % 4], account(number))
    assert len(json.dumps(Progress(ahead=[tally, tally]).as_json())) < 100_000


def test_tallies_without_a_finding_in_common_add_up() -> None:
    one, other = EndingTally(findings=1), EndingTally(findings=2, uncounted=1)
    one.count("rule-a", None, "LOW", account(1))
    other.count("rule-a", None, "LOW", account(1))
    other.count("rule-a", None, "HIGH", account(2))
    other.count_unknown("rule-b", None)
    whole = together([one, other])
    group = whole.groups["rule-a", None]
    assert (whole.findings, whole.uncounted, group.findings, len(group.accounts)) == (3, 1, 3, 2)
    assert (group.severities, whole.groups["rule-b", None].unknown) == ({"LOW": 2, "HIGH": 1}, 1)
