"""Timeouts and rates that fit each other, over the whole range of choices."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.aws.triage.config import TriageConfig
from hubtriage.settings.capacity import (
    IDS_PER_READ,
    LAMBDA_MAX_TIMEOUT_SECONDS,
    LEAST_RATE,
    START_AND_STOP_SECONDS,
    Capacity,
    derive_capacity,
)

CHOICES = st.fixed_dictionaries(
    {
        "batch_size": st.integers(1, 10_000),
        "window": st.integers(1, 300),
        "containers": st.integers(2, 10),
        "calls_per_second": st.floats(1, 10),
        "reads_per_second": st.floats(1, 3),
        "timeout": st.none() | st.integers(1, LAMBDA_MAX_TIMEOUT_SECONDS),
    }
)
SAMPLE = {"batch_size": 100, "window": 5, "containers": 2, "calls_per_second": 8, "reads_per_second": 2}


def _derived(choices) -> Capacity | None:
    try:
        return derive_capacity(**choices)
    except ValueError:
        return None


def _worst_case(choices) -> float:
    """Seconds of sending and reading, less start and stop, with shares that are not rounded."""
    calls = choices["calls_per_second"] / choices["containers"]
    reads = choices["reads_per_second"] / choices["containers"]
    return choices["batch_size"] / calls + choices["batch_size"] / IDS_PER_READ / reads


@given(CHOICES)
def test_a_batch_always_ends_before_the_timeout_or_the_choice_is_refused(choices):
    capacity, allowed = _derived(choices), choices["timeout"] or LAMBDA_MAX_TIMEOUT_SECONDS
    if _worst_case(choices) + START_AND_STOP_SECONDS > allowed:
        assert capacity is None
    elif capacity is not None:
        assert _worst_case(choices) + START_AND_STOP_SECONDS <= capacity.timeout <= allowed


@given(CHOICES)
def test_nothing_that_fits_is_refused(choices):
    allowed = choices["timeout"] or LAMBDA_MAX_TIMEOUT_SECONDS
    # 2 % for shares that are rounded down, and a read more and a second more for what is rounded up
    generous = (_worst_case(choices) + choices["containers"]) * 1.02 + START_AND_STOP_SECONDS + 1
    assert generous > allowed or _derived(choices) is not None


@given(CHOICES)
def test_all_containers_together_stay_within_the_rates(choices):
    if capacity := _derived(choices):
        assert capacity.calls_per_container * choices["containers"] <= choices["calls_per_second"]
        assert capacity.reads_per_container * choices["containers"] <= choices["reads_per_second"]


@given(CHOICES)
def test_a_message_comes_again_only_after_six_timeouts_and_the_window(choices):
    if capacity := _derived(choices):
        assert capacity.visibility_timeout >= 6 * capacity.timeout + choices["window"]


@given(CHOICES)
def test_a_message_comes_again_only_when_events_of_before_an_update_have_come_in(choices):
    if capacity := _derived(choices):
        assert capacity.visibility_timeout >= 300


@given(CHOICES)
def test_deliveries_outlive_the_longest_doubt_about_an_update_twice(choices):
    if capacity := _derived(choices):
        assert capacity.lease == max(capacity.timeout + 120, 600)
        lasts = (capacity.least_deliveries - 1) * capacity.visibility_timeout
        assert lasts >= 2 * (capacity.lease + 600)


def test_an_explicit_timeout_that_is_long_enough_is_kept():
    assert derive_capacity(**SAMPLE, timeout=None).timeout == 60
    assert derive_capacity(**SAMPLE, timeout=600).timeout == 600


def test_a_share_that_the_function_would_refuse_is_refused_here():
    with pytest.raises(ValueError, match="lower maximum-concurrency"):
        derive_capacity(**{**SAMPLE, "reads_per_second": 0.001}, timeout=None)
    for variable in ("HUBTRIAGE_CALLS_PER_SECOND", "HUBTRIAGE_READS_PER_SECOND"):
        assert TriageConfig.from_environment({variable: str(LEAST_RATE)})
