"""Which lines of the log are records, and what they are about."""

import json
from typing import Any

import pytest

from hubtriage.aws.log_lines import concerns, is_serious, read_line


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
    assert concerns(record, "x")
    assert concerns(record, None)
    assert not concerns(record, "y")


def test_errors_and_warnings_are_serious() -> None:
    assert [is_serious(line(level=level)) for level in ("DEBUG", "INFO", "WARNING", "ERROR")] == [0, 0, 1, 1]
