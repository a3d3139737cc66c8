"""Sizes that must fit each other, or findings are lost under load: pure arithmetic, no AWS.

A batch in its worst case needs one API call for each finding, at the rate that is left to one
container. The timeout must allow that, and the queue must not hand a message out again meanwhile.
"""

import math
from dataclasses import dataclass

LAMBDA_MAX_TIMEOUT_SECONDS = 900
IDS_PER_READ = 20  # AWS: GetFindings takes 20 values for one attribute
START_AND_STOP_SECONDS = 30  # cold start, parsing, logging, and the margin kept for reporting failures
LEAST_RATE = 0.01  # calls/s of one container; the function refuses less
VISIBILITY_TIMEOUTS = 6  # AWS: advises six function timeouts and the batching window
RETENTION_DAYS = 14  # AWS: the longest that SQS keeps a message, its time as a dead letter included
DAYS_OF_TRIES = 7  # then as many are left for people to look at the dead letter


@dataclass(frozen=True, slots=True)
class Sizes:
    """Timeouts in seconds; rates in calls a second for one container."""

    timeout: int
    visibility_timeout: int
    calls_per_container: float
    reads_per_container: float


def fitting_sizes(
    *,
    batch_size: int,
    window: int,
    containers: int,
    calls_per_second: float,
    reads_per_second: float,
    timeout: int | None,
) -> Sizes:
    """Derive the sizes; `timeout` None means the shortest that is safe. Rates are of all containers together.

    Raises ValueError when a batch could outlast the timeout, or the longest that Lambda allows, and when a
    container's share of the rates is next to nothing.
    """
    calls, reads = _share(calls_per_second, containers), _share(reads_per_second, containers)
    if min(calls, reads) < LEAST_RATE:
        raise ValueError(
            f"{containers} invocations would have {calls:g} calls/s and {reads:g} reads/s each; each needs "
            f"{LEAST_RATE:g}: lower maximum-concurrency, or raise calls-per-second or reads-per-second"
        )
    least = worst_case_seconds(batch_size, calls, reads)
    allowed = timeout or LAMBDA_MAX_TIMEOUT_SECONDS
    if least > allowed:
        raise ValueError(
            f"a batch of {batch_size} may need {least} s at {calls:g} calls/s in each of {containers} "
            f"invocations, and the timeout is {allowed} s at most: lower batch-size or maximum-concurrency"
        )
    chosen = timeout or least
    return Sizes(chosen, VISIBILITY_TIMEOUTS * chosen + window, calls, reads)


def _share(rate: float, containers: int) -> float:
    """Rounded down, so that all containers together stay within the rate."""
    return math.floor(rate / containers * 1000) / 1000


def worst_case_seconds(batch_size: int, calls_per_second: float, reads_per_second: float) -> int:
    """Time of a batch in which every finding is read again and needs a call of its own, in whole seconds."""
    sending = batch_size / calls_per_second
    reading = math.ceil(batch_size / IDS_PER_READ) / reads_per_second
    return math.ceil(sending + reading + START_AND_STOP_SECONDS)
