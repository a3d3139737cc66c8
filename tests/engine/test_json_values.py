"""How deep a finding may be nested, and numbers that JSON cannot say."""

import json
from typing import Any

import pytest

from hubtriage.engine.json_values import MOST_LEVELS, is_too_deep
from hubtriage.simulation.exported import ExportedFinding
from hubtriage.simulation.inputs.findings import Unusable, found_in


def nested(levels: int, kind: str = "lists") -> Any:
    """A value in so many lists, objects, or both by turns."""
    value: Any = 1
    for level in range(levels):
        in_list = kind == "lists" or (kind == "both" and level % 2)
        value = [value] if in_list else {"a": value}
    return value


@pytest.mark.parametrize("kind", ["lists", "objects", "both"])
@pytest.mark.parametrize(
    ("levels", "too_deep"),
    [(0, False), (1, False), (MOST_LEVELS, False), (MOST_LEVELS + 1, True), (100_000, True)],
)
def test_levels_are_counted(levels: int, too_deep: bool, kind: str) -> None:
    assert is_too_deep(nested(levels, kind)) is too_deep


def test_what_is_wide_is_not_deep() -> None:
    assert not is_too_deep([nested(50) for _ in range(1000)])


def test_a_command_reads_the_other_findings_beside_one_that_is_too_deep() -> None:
    good = {"Id": "f", "ProductArn": "p", "Title": "t"}
    deep = good | {"Resources": nested(500)}
    first, second = found_in(json.loads(json.dumps([deep, good])))
    assert isinstance(first, Unusable)
    assert "100 levels" in first.reason
    assert second == ExportedFinding(good, None)
