"""A budget of calls per second.

AWS: BatchUpdateFindings allows 10 requests/s (burst 30) and GetFindings 3/s (burst 6) per account and Region.
All callers in the account share them: people in the console, other tools, our own containers. Each container
therefore keeps to its share, and every attempt counts, retries too.
"""

from typing import Self

from hubtriage.aws.clock import Clock


class TokenBucket:
    """Allows `rate` calls per second and up to `burst` calls at once. It outlives a batch."""

    def __init__(self, rate: float, burst: float, clock: Clock) -> None:
        if rate <= 0 or burst < 1:
            raise ValueError(f"a budget needs rate > 0 and burst >= 1, got {rate} and {burst}")
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._tokens = burst
        self._filled_at = clock.monotonic()

    @classmethod
    def of_a_second(cls, rate: float, clock: Clock) -> Self:
        """Return a budget that allows the calls of one second at once, and at least one."""
        return cls(rate, max(1.0, rate), clock)

    def take(self, deadline: float, not_before: float = 0.0) -> bool:
        """Wait for a token and use it; False, without waiting, if it would come after `deadline`.

        Both times are monotonic seconds. `not_before` puts a backoff on top of the budget.
        """
        now = self._refill()
        ready = max(now + max(0.0, 1.0 - self._tokens) / self._rate, not_before)
        if ready > deadline:
            return False
        if ready > now:
            self._clock.sleep(ready - now)
            self._refill()
        self._tokens -= 1.0
        return True

    def give_back(self) -> None:
        """Return a token that was not used."""
        self._tokens += 1.0

    def pause(self, seconds: float) -> None:
        """Let no token out for `seconds`: the service said that all callers together are too fast."""
        self._refill()
        self._tokens = min(self._tokens, 1.0 - seconds * self._rate)

    def _refill(self) -> float:
        now = self._clock.monotonic()
        self._tokens = min(self._burst, self._tokens + max(0.0, now - self._filled_at) * self._rate)
        self._filled_at = now
        return now
