"""The limit on what one container hides: exact, and over any five minutes."""

from hypothesis import given
from hypothesis import strategies as st

from hubtriage.aws.switch.hide_limit import WINDOW, HideLimit
from hubtriage.localaws.securityhub.inprocess import ManualClock
from tests.support.examples import examples


def test_so_many_may_be_hidden_and_again_when_the_window_has_passed() -> None:
    clock = ManualClock()
    limit = HideLimit(10, clock.monotonic)
    assert limit.take(8) == 8
    assert limit.take(5) == 2
    limit.close(10, 10)
    clock.sleep(WINDOW)
    assert limit.take(1) == 0
    clock.sleep(0.1)
    assert limit.take(11) == 10


def test_what_was_not_hidden_after_all_does_not_count() -> None:
    clock = ManualClock()
    limit = HideLimit(10, clock.monotonic)
    assert limit.take(10) == 10
    limit.close(10, 3)
    assert limit.take(10) == 7


def test_the_clock_by_which_most_time_has_passed_is_believed() -> None:
    passed, time = [0.0], [1_800_000_000.0]
    limit = HideLimit(1, lambda: passed[0], lambda: time[0])
    limit.close(limit.take(1), 1)
    time[0] += 2 * WINDOW  # the container was frozen, and its monotonic clock with it
    assert limit.take(1) == 1


def test_without_a_limit_everything_may_be_hidden() -> None:
    limit = HideLimit(None)
    assert limit.take(100_000) == 100_000
    limit.close(100_000, 100_000)


ACTS = st.lists(
    st.tuples(
        st.integers(0, 60),
        st.sampled_from([0.0, 1.0, 20.0, 299.0, 300.0, 301.0]),
        st.sampled_from([0.0, 5.0, 200.0]),
        st.integers(0, 60),
    ),
    max_size=40,
)


@examples(300)
@given(st.integers(1, 100), ACTS)
def test_no_window_has_more_than_the_limit(most: int, acts: list[tuple[int, float, float, int]]) -> None:
    """However long a call takes from when it was allowed to when it is known to have hidden something."""
    clock, hidden = ManualClock(), list[tuple[float, int]]()
    limit = HideLimit(most, clock.monotonic, clock.now)
    for wanted, pause, wait, failed in acts:
        clock.sleep(pause)
        taken = limit.take(wanted)
        clock.sleep(wait)
        done = max(0, taken - failed)
        hidden.append((clock.monotonic(), done))  # the call takes effect
        clock.sleep(wait)
        limit.close(taken, done)
    for start, _count in hidden:
        assert sum(count for at, count in hidden if start <= at <= start + WINDOW) <= most
