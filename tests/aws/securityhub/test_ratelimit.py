from collections.abc import Callable

import pytest

from hubtriage.aws.securityhub.ratelimit import TokenBucket
from hubtriage.localaws.securityhub.inprocess import ManualClock

FOREVER = 1e18


def taken_at(bucket: TokenBucket, clock: ManualClock, count: int) -> list[float]:
    start = clock.monotonic()
    times = []
    for _ in range(count):
        assert bucket.take(FOREVER)
        times.append(round(clock.monotonic() - start, 6))
    return times


def test_the_burst_comes_at_once_and_the_rest_at_the_rate() -> None:
    clock = ManualClock()
    assert taken_at(TokenBucket(4, 2, clock), clock, 5) == [0, 0, 0.25, 0.5, 0.75]


def test_idle_time_saves_up_no_more_than_the_burst() -> None:
    clock = ManualClock()
    bucket = TokenBucket(4, 2, clock)
    clock.sleep(3600)
    assert taken_at(bucket, clock, 4) == [0, 0, 0.25, 0.5]


def test_a_rate_below_one_call_a_second_is_kept() -> None:
    clock = ManualClock()
    assert taken_at(TokenBucket(0.5, 1, clock), clock, 3) == [0, 2, 4]


def test_no_call_starts_after_the_deadline_and_nobody_waits_for_it_in_vain() -> None:
    clock = ManualClock()
    bucket = TokenBucket(1, 1, clock)
    start = clock.monotonic()
    assert bucket.take(start + 0.5)
    assert not bucket.take(start + 0.5)
    assert clock.monotonic() == start
    assert bucket.take(start + 1.0)


def test_a_backoff_holds_longer_than_the_budget() -> None:
    clock = ManualClock()
    start = clock.monotonic()
    bucket = TokenBucket(4, 1, clock)
    assert bucket.take(FOREVER, start + 3)
    assert clock.monotonic() == start + 3


def test_a_pause_stops_everybody_for_its_time() -> None:
    clock = ManualClock()
    bucket = TokenBucket(4, 4, clock)
    bucket.pause(5)
    assert taken_at(bucket, clock, 2) == [5, 5.25]


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda clock: TokenBucket(0, 1, clock), id="no rate"),
        pytest.param(lambda clock: TokenBucket(1, 0.5, clock), id="a burst in which no call fits"),
    ],
)
def test_a_budget_that_lets_nothing_through_is_refused(make: Callable[[ManualClock], TokenBucket]) -> None:
    with pytest.raises(ValueError, match="a budget needs"):
        make(ManualClock())
