"""Who hid what no rule hides: counts of the history add up, and nothing unread is taken for no one."""

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hubtriage.aws.securityhub.api import Key
from hubtriage.aws.securityhub.authorship import Authorship, History, history_record
from hubtriage.aws.securityhub.faults import CallFault, Fault
from hubtriage.aws.securityhub.ratelimit import TokenBucket
from hubtriage.localaws.securityhub.inprocess import ManualClock
from hubtriage.simulation.exceptions.by_whom import HiddenBy, hidden_by
from tests.support.triage_world import backoff

STATUS, LABEL = "Workflow.Status", "Severity.Label"
ANA = "arn:aws:sts::111122223333:assumed-role/Admin/ana"
TOOL = "arn:aws:iam::111122223333:role/tool"
PRODUCT = "arn:aws:securityhub:eu-west-1::product/aws/config"
DENIED = CallFault(Fault.DENIED, "AccessDeniedException", "no")
THROTTLED = CallFault(Fault.THROTTLED, "ThrottlingException", "slow down")


def record(field: str, value: str | None, by: object = ANA, at: float = 100.0) -> dict[str, Any]:
    new = {} if value is None else {"NewValue": value}
    source = {"Type": "BATCH_UPDATE_FINDINGS", "Identity": by}
    return {"UpdateTime": at_text(at), "UpdateSource": source, "Updates": [{"UpdatedField": field, **new}]}


def at_text(at: float) -> str:
    return f"1970-01-01T00:{int(at) // 60:02}:{int(at) % 60:02}Z"


def history(*records: Mapping[str, Any]) -> History:
    return History(tuple(history_record(one, lambda _source, _time: "person") for one in records))


def example(number: int = 0, **hidden: str) -> tuple[Key, dict[str, Any]]:
    return (PRODUCT, f"f-{number}"), {"hidden_by": hidden or {STATUS: "SUPPRESSED"}}


SUPPRESSED = record(STATUS, "SUPPRESSED")
LAST = [
    pytest.param([SUPPRESSED], (ANA, at_text(100)), id="who set it"),
    pytest.param([record("Workflow", '{"Status": "SUPPRESSED"}')], (ANA, at_text(100)), id="as JSON"),
    pytest.param([], (None, None), id="no record in 90 days"),
    pytest.param([record("Note.Text", "x")], (None, None), id="only of another field"),
    pytest.param(
        [record(STATUS, "NEW", TOOL, 200), SUPPRESSED], (None, None), id="a later change that opened it"
    ),
    pytest.param(
        [record(STATUS, "SUPPRESSED", TOOL, 200), record(STATUS, "NEW", ANA, 150), SUPPRESSED],
        (TOOL, at_text(200)),
        id="the last of several",
    ),
    pytest.param([record(STATUS, None)], (None, None), id="a value that is left out"),
    pytest.param([record(STATUS, "SUPPRESSED", None)], (None, None), id="a record that names no one"),
    pytest.param([record(STATUS, "SUPPRESSED", 5)], (None, None), id="a record that names no text"),
]


@pytest.mark.parametrize(("records", "said"), LAST)
def test_who_set_the_value_that_hides(records: list[Any], said: tuple[str | None, str | None]) -> None:
    (told,), counts = hidden_by([example()], 1, lambda _key: history(*records), lambda _done: None)
    assert (told["by"], told["at"]) == said
    assert sum(counts.principals.values()) + counts.no_record == 1
    assert counts.principals[ANA] + counts.principals[TOOL] == (said[0] is not None)


def test_of_two_fields_the_last_change_counts() -> None:
    hidden = example(**{STATUS: "SUPPRESSED", LABEL: "LOW"})
    records = [SUPPRESSED, record(LABEL, "LOW", TOOL, 300)]
    (told,), counts = hidden_by([hidden], 1, lambda _key: history(*records), lambda _done: None)
    assert (told["by"], counts.principals) == (TOOL, {TOOL: 1})


def asked(total: int, *answers: History | CallFault) -> tuple[HiddenBy, list[Key]]:
    keys: list[Key] = []

    def ask(key: Key) -> History | CallFault:
        keys.append(key)
        return answers[min(len(keys), len(answers)) - 1]

    _told, counts = hidden_by([example(n) for n in range(6)], total, ask, lambda _done: None)
    left = sum(counts.principals.values()), counts.no_record, counts.unread, counts.not_asked
    assert sum(left) == total
    return counts, keys


def test_what_is_not_asked_about_is_counted() -> None:
    counts, keys = asked(10, history(SUPPRESSED))
    assert (counts.principals, counts.not_asked, len(keys)) == ({ANA: 6}, 4, 6)
    assert keys[0] == (PRODUCT, "f-0")


def test_after_a_denial_no_one_is_asked_again() -> None:
    counts, keys = asked(10, history(SUPPRESSED), DENIED)
    assert (counts.unread, counts.not_asked, len(keys), counts.is_denied) == (5, 4, 2, True)


def test_a_service_that_is_busy_is_left_in_peace() -> None:
    counts, keys = asked(6, THROTTLED)
    assert (counts.unread, len(keys), counts.is_denied, counts.fault) == (6, 3, False, THROTTLED)


def test_single_failures_do_not_end_it() -> None:
    counts, keys = asked(6, THROTTLED, THROTTLED, history(), THROTTLED, THROTTLED, history(SUPPRESSED))
    assert (counts.unread, counts.no_record, len(keys)) == (4, 1, 6)


def test_those_who_hid_most_come_first() -> None:
    counts, _keys = asked(6, history(SUPPRESSED), history(record(STATUS, "SUPPRESSED", TOOL)))
    assert list(counts.as_record()["principals"].items()) == [(TOOL, 5), (ANA, 1)]


class BusyHub:
    """Throttles every first of two calls."""

    def __init__(self) -> None:
        self.calls = 0

    def get_finding_history(self, **_request: Any) -> Mapping[str, Any]:
        self.calls += 1
        if self.calls % 2:
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "GetFindingHistory")
        return {"Records": [SUPPRESSED]}


def test_calls_keep_to_a_rate_and_are_tried_again() -> None:
    clock, hub = ManualClock(0.0), BusyHub()
    bucket = TokenBucket.of_a_second(2.0, clock)
    asking = Authorship(hub, lambda: "", bucket, backoff(), clock.monotonic)  # type: ignore[arg-type]
    examples = [example(number) for number in range(5)]
    _told, counts = hidden_by(
        examples, 5, lambda key: asking.history(key, None, float("inf")), lambda _done: None
    )
    assert (counts.principals, hub.calls) == ({ANA: 5}, 10)
    assert clock.monotonic() >= (10 - 2) / 2
