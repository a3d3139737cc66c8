"""What `hubtriage sweep` tells at the end."""

from typing import get_args

import pytest

from hubtriage.aws.sweep.progress import Progress, Status
from hubtriage.cli.views.sweep import ENDS, as_record, progress_line, text


@pytest.mark.parametrize(
    ("progress", "told"),
    [
        pytest.param(
            Progress("done", read=1200, changed=30, hidden=10, taken_back=20),
            ["sweep: done", "  1,200 findings read, 30 changed or in the queue to be changed"],
            id="how much was read and changed",
        ),
        pytest.param(
            Progress("withheld", hidden=2000, withheld=8123),
            ["  8,123 more would be hidden; if you intend this: hubtriage sweep --budget 8123"],
            id="what it may not hide by itself, and how to have that done",
        ),
        pytest.param(
            Progress("dead letters", read=3, dead_letters=2),
            [
                "sweep: took back everything except what waits in the dead-letter queue",
                "  2 messages could not be triaged; hubtriage logs --errors says why",
                "  once the cause is gone: hubtriage redrive, then take back again",
            ],
            id="what could not be taken back",
        ),
        pytest.param(
            Progress("skipped", uncertain=500, skipped=["finding-1: 5 steps died of it"]),
            [
                "sweep: finished, but left out findings that could not be read or handled",
                "  500 of these are counted because a failed step may have changed them",
                "  left out: finding-1: 5 steps died of it",
            ],
            id="what was left out, and what is not known",
        ),
        pytest.param(
            Progress("done", failed_rules=3),
            ["  on 3 a rule could not be evaluated: see the decision log"],
            id="rules that failed",
        ),
        pytest.param(
            Progress("done"),
            ["  no finding matches --scope and --filter; check the names in them"],
            id="that there was nothing to read",
        ),
    ],
)
def test_a_report_says(progress: Progress, told: list[str]) -> None:
    assert set(told) <= set(text(as_record(progress)))


def test_a_report_names_the_rules_whose_time_ended_today() -> None:
    assert "  ended today: a, b" in list(text(as_record(Progress("done"), ("a", "b"))))
    assert not any("ended today" in line for line in text(as_record(Progress("done"))))


def test_a_dry_run_says_in_how_many_calls_and_hours_it_would_be_done() -> None:
    record = as_record(Progress("done", calls=12_000, changed=500, messages=9_600), dry_run=True)
    assert (record["calls"], record["hours"]) == (9_600, round(12_000 / 1.2 / 3600, 4))
    assert any("would take 9,600 API calls" in line for line in text(record))


def test_every_end_has_its_sentence_and_waiting_is_told() -> None:
    assert set(ENDS) == set(get_args(Status))
    waiting = Progress(read=1000, changed=1, wait=30, started=1.0)
    assert progress_line(waiting).endswith("1 to change, waits for the queue or another sweep")
    assert progress_line(Progress(wait=5)).endswith(", waits until the previous changes are visible")
