"""When rules are in force: at the same time, or one of them whenever another one is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from hubtriage.authoring.checks.linted_rule import LintedRule
from hubtriage.authoring.schema.during import engine_windows
from hubtriage.engine.ruleset.windows import Window

_ALWAYS = float("inf")
_DAY = 86_400.0
_HORIZON = 400 * _DAY
"""How far ahead two rules may first be in force together: after a year, the windows of two zones repeat."""


@dataclass(frozen=True)
class InForce:
    """When a rule is in force from a time (epoch seconds) on; what was before does not count."""

    rule: LintedRule
    now: float

    @cached_property
    def starts(self) -> float:
        """The first moment at which it may be."""
        starts = self.rule.model.starts
        return self.now if starts is None else max(starts.seconds, self.now)

    @cached_property
    def ends(self) -> float:
        """The moment from which on it is not; infinite without an end."""
        expires = self.rule.model.expires
        return _ALWAYS if expires is None else expires.end

    @property
    def is_over(self) -> bool:
        """Whether it is never in force any more."""
        return self.ends <= self.starts

    @cached_property
    def _windows(self) -> Sequence[Window]:
        return engine_windows(self.rule.model.windows)

    def at(self, moment: float) -> bool:
        """Say whether it is in force at a moment."""
        is_open = not self._windows or any(window.is_open(moment) for window in self._windows)
        return self.starts <= moment < self.ends and is_open

    def outlasts(self, other: "InForce") -> bool:
        """Say whether it is certainly in force whenever another rule is."""
        mine, theirs = self.rule.model.windows, other.rule.model.windows
        covers = not mine or (bool(theirs) and all(window in mine for window in theirs))
        return covers and self.starts <= other.starts and self.ends >= other.ends

    def first_with(self, other: "InForce") -> float | None:
        """Return the first moment at which both are in force; None if there is none within 400 days."""
        first, last = max(self.starts, other.starts), min(self.ends, other.ends)
        moments = sorted(self._moments(other, first, min(last, first + _HORIZON)))
        return next((at for at in (first, *moments) if at < last and self.at(at) and other.at(at)), None)

    def _moments(self, other: "InForce", first: float, last: float) -> Iterator[float]:
        """Yield the moments at which a window of one of them may open."""
        if first < last and (self._windows or other._windows):
            for window in (*self._windows, *other._windows):
                yield from window.candidates(first, last)
