"""Which of two entries of one finding is newer."""

import pytest

from hubtriage.aws.ledger.lease import SKEW
from hubtriage.engine.planning.entry import Claim, Entry
from hubtriage.recovery.precedence import is_later_line, is_same, is_surely_newer

BEFORE = Entry(version=5, ended=1000.0)
LATER = 1000.0 + SKEW + 1


@pytest.mark.parametrize(
    ("one", "newer", "older"),
    [
        pytest.param(Entry(version=7, ended=LATER), True, False, id="a later update"),
        pytest.param(Entry(version=6, ended=1000.0), True, False, id="memory alone was written"),
        pytest.param(Entry(version=5, ended=1001.0), True, False, id="a confirmation that was not written"),
        pytest.param(Entry(version=1, ended=LATER), True, False, id="a table that was lost and begun anew"),
        pytest.param(
            Entry(version=9, ended=0.0), False, True, id="many writes without an update, after a loss"
        ),
        pytest.param(Entry(version=3, ended=1001.0), False, False, id="clocks differ, or a table begun anew"),
        pytest.param(Entry(version=7, ended=999.0), False, False, id="the same the other way round"),
        pytest.param(BEFORE, False, False, id="the same"),
    ],
)
def test_only_what_is_surely_newer_is_written_over_another(one: Entry, newer: bool, older: bool) -> None:
    assert is_surely_newer(one, BEFORE) is newer
    assert is_surely_newer(BEFORE, one) is older


def test_of_lines_of_a_log_the_version_decides_unless_the_table_was_lost_in_between() -> None:
    assert is_later_line(Entry(version=7, ended=999.0), BEFORE)
    assert not is_later_line(Entry(version=3, ended=1001.0), BEFORE)
    assert is_later_line(Entry(version=1, ended=LATER), BEFORE)
    assert not is_later_line(BEFORE, BEFORE)


def test_entries_are_the_same_in_whatever_version() -> None:
    claims = {"Workflow.Status": Claim("NEW", None)}
    assert is_same(Entry(claims, 1), Entry(claims, 2))
    assert not is_same(Entry(claims, 1), Entry(version=1))
