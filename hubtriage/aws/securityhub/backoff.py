"""How often and how soon to try again."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential backoff with full jitter, bounded; `random` gives numbers in [0, 1).

    Throttling says nothing about the call itself, so it is borne longer than other failures; both end
    at the deadline, after which the queue delivers the message again.
    """

    random: Callable[[], float]
    base: float = 0.2
    longest: float = 10.0
    tries_of_failures: int = 4
    tries_of_throttling: int = 8

    def delay(self, attempt: int) -> float:
        """Seconds to wait after the `attempt`-th try, at least a tenth of the step."""
        step = min(self.longest, self.base * 2.0 ** (attempt - 1))
        return step * (0.1 + 0.9 * self.random())

    def tries(self, *, throttled: bool) -> int:
        """How often a call is made in all."""
        return self.tries_of_throttling if throttled else self.tries_of_failures
