"""How often and how soon to try again."""

from collections.abc import Callable
from dataclasses import dataclass

from hubtriage.aws.securityhub.faults import Fault

_LASTING = (Fault.REFUSED, Fault.DENIED)
"""Faults that another try does not mend."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential backoff with full jitter, bounded; `random` gives numbers in [0, 1).

    Throttling says nothing about the call itself, so it is tried longer than other failures. Both end at the
    deadline; the queue then delivers the message again.
    """

    random: Callable[[], float]
    base: float = 0.2
    longest: float = 10.0
    tries_of_failures: int = 4
    tries_of_throttling: int = 8

    def delay(self, attempt: int) -> float:
        """Return the seconds to wait after the `attempt`-th try, at least a tenth of the step."""
        step = min(self.longest, self.base * 2.0 ** (attempt - 1))
        return step * (0.1 + 0.9 * self.random())

    def tries(self, kind: Fault) -> int:
        """Return how often a call is made in all, if it fails so."""
        if kind in _LASTING:
            return 1
        return self.tries_of_throttling if kind is Fault.THROTTLED else self.tries_of_failures
