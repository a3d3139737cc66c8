"""The limit on what one container hides: the breaker's alarm knows of a flood only minutes later."""

from collections import deque
from collections.abc import Callable

WINDOW = 300.0
"""Seconds within which no more is hidden than the limit: the breaker's alarm counts as long."""


class HideLimit:
    """Counts what a container hides in a sliding window; without a `limit` it allows everything.

    `clocks` count seconds; of several, that by which most time has passed is believed, as for the mode.
    """

    def __init__(self, limit: int | None, *clocks: Callable[[], float]) -> None:
        self._limit = limit
        self._clocks = clocks
        self._pending = 0
        self._hidden: deque[tuple[tuple[float, ...], int]] = deque()

    def take(self, wanted: int) -> int:
        """Return how many of the wanted findings may be hidden; they count from now on."""
        if self._limit is None:
            return wanted
        allowed = min(wanted, max(0, self._limit - self._pending - self._recent()))
        self._pending += allowed
        return allowed

    def close(self, taken: int, hidden: int) -> None:
        """Count as hidden now, of so many that were taken, those that may be hidden; the rest is free again.

        The window begins when it is known that they are hidden, not when they were taken: calls may wait.
        """
        if self._limit is None:
            return
        self._pending -= taken
        if hidden:
            self._hidden.append((self._now(), hidden))

    def _recent(self) -> int:
        now = self._now()
        while self._hidden and self._passed(now, self._hidden[0][0]) > WINDOW:
            self._hidden.popleft()
        return sum(count for _moment, count in self._hidden)

    def _passed(self, now: tuple[float, ...], then: tuple[float, ...]) -> float:
        return max((one - other for one, other in zip(now, then, strict=True)), default=0.0)

    def _now(self) -> tuple[float, ...]:
        return tuple(clock() for clock in self._clocks)
