"""Time as the adapters see it, so that tests can control it."""

import time
from typing import Protocol


class Clock(Protocol):
    """Wall time for ages and deadlines of rules, monotonic time for waiting."""

    def now(self) -> float:
        """Epoch seconds."""

    def monotonic(self) -> float:
        """Return seconds since an arbitrary start; they never go back."""

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Epoch seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds since an arbitrary start."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block this thread."""
        time.sleep(seconds)
