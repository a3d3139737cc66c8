"""Which sweep the beginning and the end of rules call for, and the clock that starts it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hubtriage.aws.sweep.clock import FIRST_LOOK, ClockConfig, SweepClock
from hubtriage.aws.sweep.occasions.moments import MOST_RULES, ending_soon, sweep_of_moments
from hubtriage.aws.sweep.request import ACTIVE, MANAGED, SweepRequest
from hubtriage.aws.switch.mode import ModeUnreadableError
from hubtriage.localaws.securityhub.inprocess import ManualClock
from tests.support.sweep_site import MACHINE, States, refusal
from tests.support.sweep_world import rules, suppress
from tests.support.triage_world import NOW

A = suppress("a", "control-a")


def opens(moment: float) -> list[dict[str, str]]:
    """A window in UTC that opens at the minute of a moment, every day."""
    return [{"from": clock_time(moment), "to": clock_time(moment + 2 * HOUR), "zone": "UTC"}]


def closes(moment: float) -> list[dict[str, str]]:
    """A window that closes at it."""
    return opens(moment - 2 * HOUR)


def clock_time(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%H:%M")


MINUTE, HOUR = 60.0, 3600.0
DAY = 24 * HOUR
MODE = "/hubtriage/hubtriage/mode"


@pytest.mark.parametrize(
    ("raw", "scopes"),
    [
        pytest.param({"ends": NOW - 1}, (MANAGED,), id="a rule that ended: what it holds"),
        pytest.param({"ends": NOW}, (MANAGED,), id="a rule that ends at this moment"),
        pytest.param({"starts": NOW - 1}, (ACTIVE,), id="a rule that began: what it wants"),
        pytest.param({"ends": NOW + 1}, None, id="a rule that ends later"),
        pytest.param({"ends": NOW - 4 * MINUTE}, None, id="a rule that ended at the last look"),
        pytest.param({"starts": NOW - 2, "ends": NOW - 1}, (MANAGED,), id="a rule that was over soon"),
        pytest.param({"ends": NOW - 1, "mode": "observe"}, None, id="a rule in observe holds nothing"),
        pytest.param({"starts": NOW - 1, "mode": "hold"}, None, id="a rule on hold wants nothing"),
        pytest.param({"ends": NOW - 1, "mode": "hold"}, (MANAGED,), id="a rule on hold that ended"),
        pytest.param({"during": opens(NOW)}, (ACTIVE,), id="a window that opens"),
        pytest.param({"during": closes(NOW)}, (MANAGED,), id="a window that closes"),
        pytest.param({"during": closes(NOW + 60)}, None, id="a window that closes later"),
        pytest.param({"during": closes(NOW), "mode": "hold"}, (MANAGED,), id="a window of a rule on hold"),
        pytest.param({"during": opens(NOW), "ends": NOW - 3600}, None, id="a window of a rule that is over"),
        pytest.param({}, None, id="a rule without times"),
    ],
)
def test_a_moment_calls_for(raw: Mapping[str, Any], scopes: tuple[str, ...] | None) -> None:
    request = sweep_of_moments(rules(A | raw), NOW - 4 * MINUTE, NOW)
    assert (request.scopes if request else None) == scopes
    assert request is None or request.rules == ("a",)


def test_one_sweep_is_for_all_that_happened_at_once() -> None:
    ended, began = A | {"ends": NOW}, A | {"id": "b", "starts": NOW}
    request = sweep_of_moments(rules(ended, began), NOW - 1, NOW)
    assert request == SweepRequest((MANAGED, ACTIVE), rules=("a", "b"), reason="rule ended")


def test_very_many_rules_at_once_are_swept_with_all_others() -> None:
    many = [A | {"id": f"r{number}", "ends": NOW} for number in range(MOST_RULES + 1)]
    request = sweep_of_moments(rules(*many), NOW - 1, NOW)
    assert request is not None
    assert (request.rules, request.scopes) == ((), (MANAGED,))


class Parameter:
    """The parameters of the clock and of the mode; the next call that writes fails if `denied`."""

    def __init__(self, value: str) -> None:
        self.value, self.denied, self.mode = value, False, "enforce"

    def get_parameter(self, **request: Any) -> Any:
        return {"Parameter": {"Value": self.mode if request["Name"] == MODE else self.value}}

    def put_parameter(self, **request: Any) -> None:
        if self.denied:
            raise refusal("AccessDeniedException")
        assert request["Overwrite"] is True
        self.value = request["Value"]


class Site:
    """A clock over rules that end at some times."""

    def __init__(self, *ends: float, looked: str) -> None:
        self.time = ManualClock(NOW)
        self.states, self.parameter = States(), Parameter(looked)
        ruleset = rules(*(A | {"id": f"r{number}", "ends": end} for number, end in enumerate(ends)))
        config = ClockConfig(MACHINE, "/hubtriage/hubtriage/clock", MODE)
        self.look = SweepClock(config, ruleset, self.states, self.parameter, self.time)

    @property
    def swept(self) -> list[list[str]]:
        """The rules of each sweep that was started."""
        return [json.loads(request["input"])["request"]["rules"] for request in self.states.started]


def test_each_moment_starts_one_sweep_however_often_the_clock_looks() -> None:
    site = Site(NOW + 5 * MINUTE, looked=repr(NOW - 1))
    for _look in range(5):
        site.look({}, None)
        site.time.sleep(4 * MINUTE)
    assert site.swept == [["r0"]]
    assert site.states.started[0]["name"].startswith("some-rule-ended-")


def test_looks_that_were_missed_lose_no_moment() -> None:
    site = Site(NOW - 3 * 86_400, NOW - 7200, looked=repr(NOW - 2 * 86_400))
    assert site.look({}, None)["rules"] == ["r1"]
    assert float(site.parameter.value) == NOW


@pytest.mark.parametrize("looked", ["0", "no time", repr(NOW + 1e6)], ids=["new", "garbled", "in the future"])
def test_a_clock_that_does_not_know_when_it_looked_looks_back_a_day(looked: str) -> None:
    site = Site(NOW - FIRST_LOOK + 1, NOW - FIRST_LOOK - 1, looked=looked)
    site.look({}, None)
    assert site.swept == [["r0"]]


def test_a_sweep_that_cannot_be_started_is_started_at_the_next_look() -> None:
    site = Site(NOW, looked=repr(NOW - 1))
    start, site.states.start_execution = site.states.start_execution, _denied  # type: ignore[method-assign]
    with pytest.raises(ClientError):
        site.look({}, None)
    assert site.parameter.value == repr(NOW - 1)
    site.states.start_execution = start  # type: ignore[method-assign]
    site.time.sleep(4 * MINUTE)
    site.look({}, None)
    assert site.swept == [["r0"]]


def test_a_time_that_cannot_be_written_down_starts_a_sweep_twice_rather_than_never() -> None:
    site = Site(NOW, looked=repr(NOW - 1))
    site.parameter.denied = True
    with pytest.raises(ClientError):
        site.look({}, None)
    site.parameter.denied = False
    site.look({}, None)
    assert site.swept == [["r0"], ["r0"]]


def _denied(**_request: Any) -> Any:
    raise refusal("AccessDeniedException")


@pytest.mark.parametrize(("mode", "number"), [("enforce", 0), ("reopen", 1), ("observe", 2)])
def test_the_clock_sends_where_the_switch_stands_and_what_ends_soon(
    mode: str, number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    site = Site(NOW + DAY, NOW + 30 * DAY, NOW + 31 * DAY, looked=repr(NOW - 1))
    site.parameter.mode = mode
    site.look({}, None)
    (line,) = [json.loads(row) for row in capsys.readouterr().out.splitlines() if "_aws" in row]
    assert (line["Mode"], line["ExceptionsEndingSoon"], line["service"]) == ([number], [2], "hubtriage")


def test_a_mode_that_is_none_is_an_error_that_delays_no_sweep() -> None:
    site = Site(NOW, looked=repr(NOW - 1))
    site.parameter.mode = "off"
    with pytest.raises(ModeUnreadableError):
        site.look({}, None)
    assert site.swept == [["r0"]]
    assert site.parameter.value == repr(NOW)


@pytest.mark.parametrize(
    ("raw", "count"),
    [
        pytest.param({"ends": NOW + DAY}, 1, id="an exception that ends tomorrow"),
        pytest.param({"ends": NOW + DAY, "mode": "hold"}, 1, id="one on hold"),
        pytest.param({"ends": NOW + DAY, "mode": "observe"}, 0, id="one in observe hides nothing"),
        pytest.param({"ends": NOW}, 0, id="one that has ended"),
        pytest.param({"ends": NOW + 30 * DAY + 1}, 0, id="one that ends later"),
        pytest.param({}, 0, id="one without an end"),
        pytest.param({"ends": NOW + DAY, "update": {"Types": ["a/b"]}}, 0, id="a rule that hides nothing"),
    ],
)
def test_exceptions_that_end_soon(raw: Mapping[str, Any], count: int) -> None:
    assert ending_soon(rules(A | raw), NOW) == count
