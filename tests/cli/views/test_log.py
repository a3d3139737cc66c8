"""A line of the log as people read it."""

import time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hubtriage.cli.views.log import TITLES, text


def line(**members: Any) -> dict[str, Any]:
    return {
        "level": "INFO",
        "message": "finding updated",
        "timestamp": "2026-10-01T08:00:00.123+00:00",
        "mode": "enforce",
        "finding_id": "f1",
        "account": "111122223333",
        "outcome": "updated",
        **members,
    }


CHANGE = {"field": "Workflow.Status", "from": "NEW", "to": "SUPPRESSED", "rule": "a", "why": "rule"}
KEPT = {"field": "Types", "value": [], "wanted": ["x"], "rule": "b", "why": "set by a person"}
SHOWN = [
    pytest.param(
        line(changes=[CHANGE], rules=["a"]),
        [
            "2026-10-01 08:00:00+00:00 updated   f1 in account 111122223333",
            "    Workflow.Status: NEW -> SUPPRESSED  a",
        ],
        id="what changed, by which rule",
    ),
    pytest.param(
        line(hand_back={"by": "arn:aws:iam::1:user/ana\x1b", "at": "x"}, handed_back=["Workflow.Status"]),
        [
            "2026-10-01 08:00:00+00:00 updated   f1 in account 111122223333",
            r'    handed back by "arn:aws:iam::1:user/ana\u001b": Workflow.Status',
        ],
        id="who handed it back, and what",
    ),
    pytest.param(
        line(changes=[{**CHANGE, "from": None, "why": "taken back"}]),
        [
            "2026-10-01 08:00:00+00:00 updated   f1 in account 111122223333",
            "    Workflow.Status: none -> SUPPRESSED  a (taken back)",
        ],
        id="why, where it is not what the rule wants now; none for what was not there",
    ),
    pytest.param(
        line(changes=[{**CHANGE, "why": "taken back", "cause": "expired"}]),
        [
            "2026-10-01 08:00:00+00:00 updated   f1 in account 111122223333",
            "    Workflow.Status: NEW -> SUPPRESSED  a (taken back: expired)",
        ],
        id="what has become of the rule",
    ),
    pytest.param(
        line(outcome="unchanged", mode="observe", changes=[CHANGE]),
        [
            "2026-10-01 08:00:00+00:00 unchanged f1 in account 111122223333 (observe: not written)",
            "    Workflow.Status: NEW -> SUPPRESSED  a",
        ],
        id="what would be written but for the mode",
    ),
    pytest.param(
        line(outcome="unchanged", kept=[KEPT], above_ceiling=["c"]),
        [
            "2026-10-01 08:00:00+00:00 unchanged f1 in account 111122223333",
            '    Types: stays [], not ["x"]  b: set by a person',
            "    above the ceiling of c",
        ],
        id="what was left to people, and what a ceiling stopped",
    ),
    pytest.param(
        line(outcome="failed", code="InvalidInput", reason="no", errors=[{"rule": "d", "message": "m"}]),
        [
            "2026-10-01 08:00:00+00:00 failed    f1 in account 111122223333: InvalidInput, no",
            "    error in d: m",
        ],
        id="why it failed",
    ),
    pytest.param(
        line(outcome="unchanged", account=None, observed=[{**CHANGE, "rule": "e"}]),
        ["2026-10-01 08:00:00+00:00 unchanged f1", "    Workflow.Status: would be SUPPRESSED  e (observe)"],
        id="what a rule in observe would do",
    ),
    pytest.param(
        {"level": "ERROR", "message": "calls failed", "timestamp": "2026-10-01T08:00:00Z", "calls": 3},
        ["2026-10-01 08:00:00+00:00 ERROR     calls failed: calls 3"],
        id="what is not the story of one finding",
    ),
    pytest.param(
        {"level": "ERROR", "message": "finding not decided", "timestamp": "", "finding_id": "f1"},
        ["                          ERROR     finding not decided: finding_id f1"],
        id="a finding without an outcome",
    ),
    pytest.param(
        line(timestamp="2026-10-01T10:00:00+02:00", account=None),
        ["2026-10-01 08:00:00+00:00 updated   f1"],
        id="a time of another zone",
    ),
]


@pytest.mark.parametrize(("record", "lines"), SHOWN)
def test_a_line_for_people(record: dict[str, Any], lines: list[str]) -> None:
    assert list(text(record)) == lines


def test_times_are_in_the_zone_that_is_asked_for_and_accounts_have_names() -> None:
    accounts = {"111122223333": {"name": "shop \x1b prod"}}
    (first,) = text(line(), ZoneInfo("Europe/Berlin"), accounts)
    named = r'"shop \u001b prod" (111122223333)'
    assert first == f"2026-10-01 10:00:00+02:00 updated   f1 in account {named}"


def test_the_zone_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as here:
        here.setenv("TZ", "XXX-05:30")
        time.tzset()
        (first,) = text(line(account=None), None)
    time.tzset()
    assert first == "2026-10-01 13:30:00+05:30 updated   f1"


HOSTILE = "a\x1b[2J\nb"


@pytest.mark.parametrize(
    "record",
    [
        line(outcome=HOSTILE, finding_id=HOSTILE, account=HOSTILE, code=HOSTILE, reason=HOSTILE),
        {"level": HOSTILE, "message": HOSTILE, "timestamp": HOSTILE, HOSTILE: HOSTILE},
    ],
    ids=["a line of one finding", "any other line"],
)
def test_nothing_in_a_line_of_the_log_acts_on_the_terminal(record: dict[str, Any]) -> None:
    (shown,) = text(record)
    assert shown.isprintable()


def test_the_titles_stand_over_their_columns() -> None:
    (first,) = text(line(account=None))
    assert [TITLES.index(word) for word in ("TIME", "OUTCOME", "FINDING")] == [
        first.index(word) for word in ("2026", "updated", "f1")
    ]
