"""Faults that a test writes down beforehand: each waits for its occasions, and strikes so many of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


class Scripted(Protocol):
    """A fault: the first `skip` occasions pass, the next `times` go wrong."""

    @property
    def times(self) -> int:
        """How often it strikes."""

    @property
    def skip(self) -> int:
        """How many occasions pass before."""


F = TypeVar("F", bound=Scripted)


@dataclass(slots=True)
class _Armed(Generic[F]):
    number: int
    fault: F
    skip: int
    times: int

    def strike(self) -> bool:
        """Say whether this occasion goes wrong, and count it."""
        if self.skip:
            self.skip -= 1
            return False
        self.times -= 1
        return True


class Script(Generic[F]):
    """Faults in the order in which they were written; `struck` counts how often each went wrong."""

    def __init__(self) -> None:
        self.struck: list[int] = []
        self._armed: list[_Armed[F]] = []

    def add(self, fault: F) -> int:
        """Arm a fault; return its number."""
        number = len(self.struck)
        self._armed.append(_Armed(number, fault, fault.skip, fault.times))
        self.struck.append(0)
        return number

    def clear(self) -> None:
        """Disarm all. The counts stay."""
        self._armed.clear()

    @contextmanager
    def set_aside(self) -> Iterator[None]:
        """Let nothing go wrong for a while, and no occasion count."""
        armed, self._armed = self._armed, []
        try:
            yield
        finally:
            self._armed = armed

    def __len__(self) -> int:
        return len(self._armed)

    def strike(self, concerns: Callable[[F], bool]) -> F | None:
        """Return the first fault that is due of those that an occasion concerns.

        Those before it count the occasion as passed.
        """
        for armed in [each for each in self._armed if concerns(each.fault)]:
            if armed.strike():
                self.struck[armed.number] += 1
                if not armed.times:
                    self._armed.remove(armed)
                return armed.fault
        return None
