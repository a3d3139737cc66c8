"""Time zones of windows: the offsets that `ruleset.json` brings along.

They come from the package tzdata alone: the same rules give the same rule set on every machine.
"""

from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

_DATABASE = "tzdata.zoneinfo"
_FIRST, _LAST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2060, 1, 1, tzinfo=UTC)
_STEP = timedelta(days=7)  # less than any time between two changes of one zone


@cache
def zone_names() -> frozenset[str]:
    """Return the names of all zones, such as `Europe/Berlin` and `UTC`."""
    listed = resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8")
    return frozenset(listed.split())


@cache
def zone_table(name: str) -> tuple[tuple[int, int | None], ...]:
    """Return the offsets of a zone from 2020 until 2060, as `hubtriage.engine.ruleset.windows` reads them."""
    zone = _zone(name)
    found: list[tuple[int, int | None]] = [(int(_FIRST.timestamp()), _offset(_FIRST, zone))]
    moment = _FIRST
    while moment < _LAST:
        following = min(moment + _STEP, _LAST)
        if _offset(following, zone) != _offset(moment, zone):
            change = _change_between(moment, following, zone)
            found.append((int(change.timestamp()), _offset(change, zone)))
        moment = following
    return (*found, (int(_LAST.timestamp()), None))


def _zone(name: str) -> ZoneInfo:
    *folders, last = name.split("/")
    with resources.files(".".join((_DATABASE, *folders))).joinpath(last).open("rb") as database:
        return ZoneInfo.from_file(database, key=name)


def _offset(moment: datetime, zone: ZoneInfo) -> int:
    offset = moment.astimezone(zone).utcoffset() or timedelta()
    return int(offset.total_seconds())


def _change_between(early: datetime, late: datetime, zone: ZoneInfo) -> datetime:
    """Return the first second with another offset than `early` has."""
    while late - early > timedelta(seconds=1):
        middle = early + timedelta(seconds=int((late - early).total_seconds()) // 2)
        early, late = (middle, late) if _offset(middle, zone) == _offset(early, zone) else (early, middle)
    return late
