"""How `hubtriage why` tells what the history of Security Hub has."""

from typing import Any

import pytest

from hubtriage.aws.securityhub.finding_history import HistoryEvent
from hubtriage.cli.views.history import text


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("NEW", "NEW"),
        ('{"ticket": "SEC-1", "owner": "a"}', '{"ticket": "SEC-1", "owner": "a"}'),
        ('{"a": "\\u001b[2J"}', '{"a": "\\u001b[2J"}'),
        ("{unfinished", '"{unfinished"'),
        ("12", "12"),
        (None, "none"),
    ],
)
def test_a_value_in_the_history_is_told_as_what_it_is(value: Any, told: str) -> None:
    update = {"UpdatedField": "Field", "OldValue": "OLD", "NewValue": value}
    (line,) = list(text(HistoryEvent(0.0, "change", {"Updates": [update]})))[1:]
    assert line == f"    Field: OLD -> {told}"


@pytest.mark.parametrize(
    ("members", "told"),
    [
        pytest.param({"cause": "expired"}, "a (taken back: expired)", id="a line that tells the cause"),
        pytest.param({}, "a (taken back)", id="an older line without it"),
    ],
)
def test_what_is_taken_back_is_told_with_what_has_become_of_the_rule(
    members: dict[str, str], told: str
) -> None:
    change = {"field": "Types", "from": "x", "to": "y", "rule": "a", "why": "taken back", **members}
    line = list(text(HistoryEvent(0.0, "decision", {"outcome": "updated", "changes": [change]})))[1]
    assert line == f"    Types: x -> y  {told}"
