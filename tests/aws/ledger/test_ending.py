"""When an entry may leave the ledger: late enough that nothing under way can miss it."""

from dataclasses import replace

import pytest

from hubtriage.aws.ledger.ending import may_end
from hubtriage.engine.planning.entry import NO_ENTRY, Entry, Intent
from tests.support.entries import HIDDEN, ORDINARY

DAY = 86_400.0
LAG = 300.0
WROTE = 1_790_000_000.0
HOLDS = replace(ORDINARY, started=WROTE - 1, ended=WROTE, gone=None)
HELD = replace(HOLDS, claims={}, written={}, sets={})
GONE = replace(HOLDS, gone=WROTE + 20 * DAY)
INTENT = Intent(HIDDEN, {}, {}, WROTE)


@pytest.mark.parametrize(
    ("entry", "after", "ends"),
    [
        pytest.param(HOLDS, 1000 * DAY, False, id="what holds something stays with its finding"),
        pytest.param(GONE, 20 * DAY, False, id="gone for the first time"),
        pytest.param(GONE, 20 * DAY + LAG - 1, False, id="gone twice, too soon: one reading may be late"),
        pytest.param(GONE, 20 * DAY + LAG, True, id="gone twice, a lag apart"),
        pytest.param(
            replace(HOLDS, gone=WROTE + DAY), 14 * DAY - 1, False, id="gone, within 14 days of the write"
        ),
        pytest.param(replace(HOLDS, gone=WROTE + DAY), 14 * DAY, True, id="gone, 14 days after the write"),
        pytest.param(
            replace(GONE, gone=WROTE + 30 * DAY), 25 * DAY, False, id="gone later than now: clocks differ"
        ),
        pytest.param(HELD, 14 * DAY - 1, False, id="holds nothing, within 14 days of the write"),
        pytest.param(HELD, 14 * DAY, True, id="holds nothing, 14 days after the write"),
        pytest.param(
            replace(HELD, asked={"Workflow.Status": "SUPPRESSED"}), 99 * DAY, False, id="holds an answer"
        ),
        pytest.param(
            replace(HELD, intent=INTENT), 99 * DAY, False, id="may hold something: an intent is open"
        ),
        pytest.param(
            replace(HELD, intent=replace(INTENT, claims={})), 99 * DAY, False, id="an intent that takes back"
        ),
        pytest.param(
            Entry(intent=INTENT, gone=WROTE + DAY), 14 * DAY - 1, False, id="an intent counts as a write"
        ),
        pytest.param(
            Entry(intent=INTENT, gone=WROTE + DAY), 14 * DAY, True, id="an intent whose finding is gone"
        ),
        pytest.param(
            replace(HOLDS, started=WROTE + DAY, gone=WROTE), 14 * DAY, False, id="the later of two times"
        ),
        pytest.param(NO_ENTRY, 99 * DAY, False, id="never written: nothing says how old it is"),
        pytest.param(Entry(gone=WROTE), 14 * DAY - 1, False, id="never written, gone for less than 14 days"),
        pytest.param(Entry(gone=WROTE), 14 * DAY, True, id="never written, gone for 14 days"),
        pytest.param(
            Entry(asked={"Types": None}, gone=WROTE), 14 * DAY, True, id="an answer about what is gone"
        ),
        pytest.param(Entry(gone=0.0), 99 * DAY, True, id="gone when time began"),
    ],
)
def test_an_entry_may_end(entry: Entry, after: float, ends: bool) -> None:
    assert may_end(entry, WROTE + after, LAG) is ends
