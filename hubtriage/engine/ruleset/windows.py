"""Recurring windows of rules: `during: {days: [sat, sun], from: "22:00", to: "06:00", zone: Europe/Berlin}`.

A window is open by the wall clock of its zone. So an hour that is skipped in spring is in no window, and one
that comes twice in autumn counts both times. A window that ends at or before its beginning runs past
midnight; its days are those on which it begins.

`ruleset.json` brings the offsets of the zones along, so no function needs a database of time zones.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = 86_400
_FIRST_WEEKDAY = 3  # 1970-01-01 was a Thursday
_MIDNIGHT, _NEXT_MIDNIGHT = "00:00", "24:00"

ZoneTable = Sequence[Sequence[float | None]]
"""Pairs of an epoch second and the offset from UTC that holds from then on, in seconds; None: not known."""


@dataclass(frozen=True, slots=True)
class Zone:
    """The offsets of a time zone from UTC: `offsets[i]` holds from `times[i]` on; None is "not known"."""

    times: tuple[float, ...]
    offsets: tuple[float | None, ...]

    @classmethod
    def of(cls, table: ZoneTable) -> "Zone":
        """Return the zone of a table in `ruleset.json`."""
        return cls(tuple(float(at or 0) for at, _offset in table), tuple(offset for _at, offset in table))

    def offset(self, now: float) -> float | None:
        """Return the offset from UTC at an epoch second; None outside the times that are known."""
        position = bisect_right(self.times, now) - 1
        return self.offsets[position] if position >= 0 else None

    def within(self, after: float, until: float) -> set[float]:
        """Return every offset that holds at some time between two epoch seconds."""
        first, last = (max(bisect_right(self.times, at) - 1, 0) for at in (after, until))
        return {offset for offset in self.offsets[first : last + 1] if offset is not None}


@dataclass(frozen=True, slots=True)
class Window:
    """A recurring window: open on these days (0 is Monday) from one second of the day to another.

    If `end` is not after `start`, the window ends on the day after.
    """

    days: frozenset[int]
    start: int
    end: int
    zone: Zone

    def is_open(self, now: float) -> bool:
        """Say whether the window is open; it is not where the zone's offset is not known."""
        offset = self.zone.offset(now)
        if offset is None:
            return False
        day, second = divmod(now + offset, _DAY)
        weekday = (int(day) + _FIRST_WEEKDAY) % 7
        if self.start < self.end:
            return weekday in self.days and self.start <= second < self.end
        begins_today = weekday in self.days and second >= self.start
        return begins_today or ((weekday - 1) % 7 in self.days and second < self.end)

    def candidates(self, after: float, until: float) -> Iterator[float]:
        """Yield the moments after one time and until another at which it may open or close, in any order."""
        yield from (at for at in self.zone.times if after < at <= until)
        for offset in self.zone.within(after - _DAY, until + _DAY):
            first, last = (int((at + offset) // _DAY) for at in (after, until))
            for day in range(first - 1, last + 2):
                for second in {0, self.start, self.end}:
                    moment = day * _DAY + second - offset
                    if after < moment <= until:
                        yield moment


def compile_windows(
    windows: Sequence[Mapping[str, Any]], zones: Mapping[str, ZoneTable]
) -> tuple[Window, ...]:
    """Return the windows of a rule's `during`; raises KeyError if a zone is not among the tables."""
    return tuple(
        Window(
            days=frozenset(DAYS.index(day) for day in window.get("days", DAYS)),
            start=_second_of_day(window.get("from", _MIDNIGHT)),
            end=_second_of_day(window.get("to", _NEXT_MIDNIGHT)),
            zone=Zone.of(zones[window["zone"]]),
        )
        for window in windows
    )


def _second_of_day(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60
