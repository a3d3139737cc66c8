"""Lines of the log in plain words."""

import json
from typing import Any

import pytest

from hubtriage.aws.log_lines import concerns, is_serious, read_line, told


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
TOLD = [
    pytest.param(
        line(changes=[CHANGE], rules=["a"]),
        [
            "2026-10-01 08:00:00 updated f1 in account 111122223333",
            "    Workflow.Status: NEW -> SUPPRESSED by a",
        ],
        id="what changed, by which rule",
    ),
    pytest.param(
        line(changes=[{**CHANGE, "from": None, "why": "taken back"}]),
        [
            "2026-10-01 08:00:00 updated f1 in account 111122223333",
            "    Workflow.Status: none -> SUPPRESSED by a (taken back)",
        ],
        id="why, where it is not what the rule wants now; none for what was not there",
    ),
    pytest.param(
        line(changes=[{**CHANGE, "why": "taken back", "cause": "expired"}]),
        [
            "2026-10-01 08:00:00 updated f1 in account 111122223333",
            "    Workflow.Status: NEW -> SUPPRESSED by a (taken back: expired)",
        ],
        id="what has become of the rule",
    ),
    pytest.param(
        line(outcome="unchanged", mode="observe", changes=[CHANGE]),
        [
            "2026-10-01 08:00:00 unchanged (observe: not written) f1 in account 111122223333",
            "    Workflow.Status: NEW -> SUPPRESSED by a",
        ],
        id="what would be written but for the mode",
    ),
    pytest.param(
        line(outcome="unchanged", kept=[KEPT], above_ceiling=["c"]),
        [
            "2026-10-01 08:00:00 unchanged f1 in account 111122223333",
            '    Types stays [], not ["x"] (b): set by a person',
            "    above the ceiling of c",
        ],
        id="what was left to people, and what a ceiling stopped",
    ),
    pytest.param(
        line(outcome="failed", code="InvalidInput", reason="no", errors=[{"rule": "d", "message": "m"}]),
        [
            "2026-10-01 08:00:00 failed f1 in account 111122223333: InvalidInput, no",
            "    d cannot be evaluated: m",
        ],
        id="why it failed",
    ),
    pytest.param(
        line(outcome="unchanged", account=None, observed=[{**CHANGE, "rule": "e"}]),
        ["2026-10-01 08:00:00 unchanged f1", "    e would set Workflow.Status: NEW -> SUPPRESSED"],
        id="what a rule in observe would do",
    ),
    pytest.param(
        {"level": "ERROR", "message": "calls failed", "timestamp": "2026-10-01T08:00:00Z", "calls": 3},
        ["2026-10-01 08:00:00 ERROR calls failed: calls 3"],
        id="what is not the story of one finding",
    ),
]


@pytest.mark.parametrize(("record", "lines"), TOLD)
def test_told(record: dict[str, Any], lines: list[str]) -> None:
    assert list(told(record)) == lines


@pytest.mark.parametrize(
    "message",
    ["START RequestId: 1", "{", '{"_aws": {}}', "[1]"],
    ids=["a line of Lambda", "half a line", "a metric", "a list"],
)
def test_what_is_no_record_is_passed_over(message: str) -> None:
    assert read_line(message) is None


def test_a_record_is_read() -> None:
    assert read_line(json.dumps(line())) == line()


@pytest.mark.parametrize("part", ["changes", "kept", "observed", "errors"])
def test_a_rule_is_found_wherever_it_had_a_part(part: str) -> None:
    record = line(**{part: [{"rule": "x"}]})
    assert concerns(record, "x", None)
    assert concerns(record, "x", "f1")
    assert not concerns(record, "y", None)
    assert not concerns(record, "x", "f2")


def test_errors_and_warnings_are_serious() -> None:
    assert [is_serious(line(level=level)) for level in ("DEBUG", "INFO", "WARNING", "ERROR")] == [0, 0, 1, 1]
