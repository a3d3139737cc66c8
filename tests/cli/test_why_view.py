"""How `hubtriage why` tells what the history of Security Hub has."""

from typing import Any

import pytest

from hubtriage.aws.story import Event
from hubtriage.cli.why import text


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("NEW", "NEW"),
        ('{"hubtriage/memo": "1 WS", "owner": "a"}', '{"hubtriage/memo": "1 WS", "owner": "a"}'),
        ('{"a": "\\u001b[2J"}', '{"a": "\\u001b[2J"}'),
        ("{unfinished", '"{unfinished"'),
        ("12", "12"),
        (None, "none"),
    ],
)
def test_a_value_in_the_history_is_told_as_what_it_is(value: Any, told: str) -> None:
    update = {"UpdatedField": "Field", "OldValue": "OLD", "NewValue": value}
    (line,) = list(text(Event(0.0, "change", {"Updates": [update]})))[1:]
    assert line == f"    Field: OLD -> {told}"
