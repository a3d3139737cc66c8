"""What of an input cannot be used: counted, and the first of it kept."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from hubtriage.simulation.inputs.forms import EXPORT

MOST_KEPT = 50


class Rejected(NamedTuple):
    """A document, or a part of one, in which there is no finding.

    `instead`: what to give in its place. `is_rest`: nothing after it could be read either.
    """

    place: str
    reason: str
    instead: str = EXPORT
    is_rest: bool = False


@dataclass(slots=True)
class Problems:
    """All that was rejected: how much, the first of it, and where reading stopped before the end."""

    count: int = 0
    first: list[Rejected] = field(default_factory=list)
    rests: list[Rejected] = field(default_factory=list)

    def add(self, rejected: Rejected) -> None:
        """Count something."""
        self.count += 1
        for kept in (self.first, self.rests) if rejected.is_rest else (self.first,):
            if len(kept) < MOST_KEPT:
                kept.append(rejected)

    def add_all(self, many: Iterable[Rejected]) -> None:
        """Count several."""
        for rejected in many:
            self.add(rejected)
