"""Which of two states of a finding is from later."""

from typing import Any

import pytest

from hubtriage.aws.triage.staleness import newer
from hubtriage.engine.fields import MEMO_KEY

EARLY, LATE = "2026-11-22T12:00:00Z", "2026-11-22T12:00:01Z"
MEMO = {"UserDefinedFields": {MEMO_KEY: "1"}}


def provided(time: Any) -> dict[str, Any]:
    return {"UpdatedAt": time}


def noted(time: Any) -> dict[str, Any]:
    return {"Note": {"Text": "x", "UpdatedBy": "y", "UpdatedAt": time}}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(provided(EARLY), provided(LATE), id="its provider updated later"),
        pytest.param(provided(EARLY) | noted(EARLY), provided(EARLY) | noted(LATE), id="has the later note"),
        pytest.param({}, noted(EARLY), id="has a note where the other has none"),
        pytest.param({}, MEMO, id="has a memo where the other has no user-defined fields"),
        pytest.param(
            provided(EARLY) | noted(LATE), provided(LATE), id="its provider updated later, before all"
        ),
        pytest.param(
            provided("soon") | noted(EARLY),
            provided(LATE) | noted(LATE),
            id="has the later note, of no known time",
        ),
    ],
)
def test_the_newer_of_two_states_is_that_which(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert newer(before, after) is after
    assert newer(after, before) is after


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(
            provided(EARLY), provided(EARLY) | {"Workflow": {"Status": "NEW"}}, id="the status differs"
        ),
        pytest.param(provided(EARLY), provided("soon"), id="a time is none"),
        pytest.param(noted(EARLY), noted(None), id="the time of a note is none"),
        pytest.param(
            {"UserDefinedFields": {"team": "web"}}, MEMO, id="another tool may have replaced the memo"
        ),
    ],
)
def test_nobody_knows_which_is_newer_if_only(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert newer(one, other) is None
    assert newer(other, one) is None
