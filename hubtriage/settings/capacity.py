"""Derive timeouts and rates that fit each other, so that load loses no finding. Pure arithmetic, no AWS.

In the worst case a batch needs one API call for each finding, at the rate that one container has.
The timeout must allow that. The queue must not hand out a message again in the meantime. It must hand it out
often enough to outlive every doubt about an update: until then nothing is done with its finding.
"""

import math
from dataclasses import dataclass

from hubtriage.aws.ledger.lease import SETTLE, lease, longest_doubt

LAMBDA_MAX_TIMEOUT_SECONDS = 900
IDS_PER_READ = 20  # AWS: GetFindings takes 20 values for one attribute
START_AND_STOP_SECONDS = 30  # cold start, parsing, logging, and the margin kept for reporting failures
LEAST_RATE = 0.01  # calls/s of one container; the function refuses less
VISIBILITY_TIMEOUTS = 6  # AWS: advises six function timeouts and the batching window
LEAST_VISIBILITY_SECONDS = round(SETTLE)  # a message that comes again sooner may be undecidable again
DOUBTS_OUTLIVED = 2  # how many times the longest doubt about an update the deliveries of a message outlive
RETENTION_DAYS = 14  # AWS: the longest that SQS keeps a message, its time as a dead letter included
DAYS_OF_TRIES = 7  # the other days are for people, who look at the dead letter


@dataclass(frozen=True, slots=True)
class Capacity:
    """Timeouts in seconds; rates in calls per second of one container."""

    timeout: int
    visibility_timeout: int
    calls_per_container: float
    reads_per_container: float

    @property
    def lease(self) -> int:
        """Seconds for which an intent in the ledger belongs to the function that recorded it."""
        return lease(self.timeout)

    @property
    def least_deliveries(self) -> int:
        """How many deliveries a message needs to outlive the longest doubt about an update by far."""
        return 1 + math.ceil(DOUBTS_OUTLIVED * longest_doubt(self.timeout) / self.visibility_timeout)


@dataclass(eq=False)
class CapacityError(ValueError):
    """Settings that no timeout or rate fits: what does not fit, and what to do."""

    message: str
    hint: str

    def __str__(self) -> str:
        return f"{self.message}: {self.hint}"


def derive_capacity(
    *,
    batch_size: int,
    window: int,
    containers: int,
    calls_per_second: float,
    reads_per_second: float,
    timeout: int | None,
) -> Capacity:
    """Derive timeouts and rates; `timeout` None means the shortest that is safe.

    The given rates are those of all containers together. Raises CapacityError if a batch could outlast the
    timeout, or the longest that Lambda allows, or if a container's share of the rates is close to zero.
    """
    calls, reads = _share(calls_per_second, containers), _share(reads_per_second, containers)
    if min(calls, reads) < LEAST_RATE:
        raise CapacityError(
            f"{containers} invocations would have {calls:g} calls/s and {reads:g} reads/s each; each needs "
            f"{LEAST_RATE:g}",
            "lower maximum-concurrency, or raise calls-per-second or reads-per-second",
        )
    least = worst_case_seconds(batch_size, calls, reads)
    allowed = timeout or LAMBDA_MAX_TIMEOUT_SECONDS
    if least > allowed:
        raise CapacityError(
            f"a batch of {batch_size} may need {least} s at {calls:g} calls/s in each of {containers} "
            f"invocations, and the timeout is at most {allowed} s",
            "lower batch-size or maximum-concurrency",
        )
    chosen = timeout or least
    visibility = max(VISIBILITY_TIMEOUTS * chosen + window, LEAST_VISIBILITY_SECONDS)
    return Capacity(chosen, visibility, calls, reads)


def _share(rate: float, containers: int) -> float:
    """Return the rate of one container, rounded down: all containers together stay within the rate."""
    return math.floor(rate / containers * 1000) / 1000


def worst_case_seconds(batch_size: int, calls_per_second: float, reads_per_second: float) -> int:
    """Return the whole seconds of a batch that reads every finding again and needs a call for each."""
    sending = batch_size / calls_per_second
    reading = math.ceil(batch_size / IDS_PER_READ) / reads_per_second
    return math.ceil(sending + reading + START_AND_STOP_SECONDS)
