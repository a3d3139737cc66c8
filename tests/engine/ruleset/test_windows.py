"""Recurring windows, held against the time zones of Python's own library."""

from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from math import floor
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.authoring.zones import zone_names, zone_table
from hubtriage.engine.ruleset.ruleset import Rule, load_ruleset
from hubtriage.engine.ruleset.windows import DAYS, compile_windows

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # half an hour of summer time
    "Africa/Casablanca",  # back for Ramadan
    "Asia/Kathmandu",  # five hours and three quarters
    "America/Sao_Paulo",
    "Pacific/Kiritimati",
)


@cache
def zone(name: str) -> ZoneInfo:
    """The zone of the package, whatever the machine says of it."""
    with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


FIRST, LAST = datetime(2020, 1, 3, tzinfo=UTC).timestamp(), datetime(2059, 12, 1, tzinfo=UTC).timestamp()
times = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from([0, 1, 29, 30, 59]))
windows = st.fixed_dictionaries(
    {"zone": st.sampled_from(ZONES)},
    optional={"days": st.lists(st.sampled_from(DAYS), min_size=1, unique=True)},
).flatmap(
    lambda window: st.one_of(
        st.just(window),
        st.builds(
            lambda start, end: {**window, "from": start, "to": end if end != start else "24:00"}, times, times
        ),
    )
)


def rule(*during, **members) -> Rule:
    raw = {"id": "a", "when": True, "update": {"Workflow": {"Status": "SUPPRESSED"}}, "during": list(during)}
    zones = {window["zone"]: zone_table(window["zone"]) for window in during}
    return load_ruleset({"format": 1, "hash": "", "zones": zones, "rules": [raw | members]}).rules[0]


def is_open(window, moment: float) -> bool:
    """The same question, asked of the clock on the wall."""
    # A datetime rounds to microseconds, so the last instant of a day would be of the next one.
    local = datetime.fromtimestamp(floor(moment), zone(window["zone"]))
    clock, days = local.strftime("%H:%M"), window.get("days", DAYS)
    start, end = window.get("from", "00:00"), window.get("to", "24:00")
    today = DAYS[local.weekday()] in days
    yesterday = DAYS[(local - timedelta(days=1)).weekday()] in days
    if start < end:
        return today and start <= clock < end
    return (today and clock >= start) or (yesterday and clock < end)


@given(windows, st.floats(FIRST, LAST))
def test_a_window_is_open_by_the_clock_on_the_wall(window, moment) -> None:
    (compiled,) = compile_windows([window], {window["zone"]: zone_table(window["zone"])})
    assert compiled.is_open(moment) == is_open(window, moment)


@pytest.mark.parametrize("name", ZONES)
@given(data=st.data())
def test_offsets_near_a_change_of_the_clocks_are_those_of_the_zone(name, data) -> None:
    table = zone_table(name)
    at, _offset = data.draw(st.sampled_from(table[:-1]))
    moment = at + data.draw(st.integers(-7200, 7200) if at > FIRST else st.integers(0, 7200))
    (window,) = compile_windows([{"zone": name}], {name: table})
    wanted = datetime.fromtimestamp(moment, zone(name)).utcoffset()
    assert wanted is not None
    assert window.zone.offset(moment) == wanted.total_seconds()


@given(st.lists(windows, min_size=1, max_size=3), st.integers(int(FIRST), int(LAST)), st.integers(1, 30))
def test_a_rule_turns_exactly_when_it_comes_into_force_or_ends(during, start, hours) -> None:
    one, step, span = rule(*during), 60, hours * 3600
    start -= start % 60
    turns = list(one.turns(start, start + span))
    minutes = range(start + step, start + span + 1, step)
    seen = [(at, one.in_force(at)) for at in minutes if one.in_force(at) != one.in_force(at - step)]
    assert turns == seen


def test_start_and_end_count_as_turns_and_bound_the_windows() -> None:
    midday = datetime(2026, 11, 30, 12, tzinfo=UTC).timestamp()
    one = rule({"from": "10:00", "to": "14:00", "zone": "UTC"}, starts=midday, ends=midday + 3600)
    assert list(one.turns(midday - 86_400, midday + 86_400)) == [(midday, True), (midday + 3600, False)]


@pytest.mark.parametrize(
    ("local", "opens"),
    [
        ("2026-03-29 01:59", True),
        ("2026-03-29 03:00", False),  # 02:00 to 03:00 does not exist on this day
        ("2026-10-25 02:30", True),
        ("2028-02-29 02:30", True),  # a Tuesday that only a leap year has
    ],
)
def test_summer_time_and_leap_days(local: str, opens: bool) -> None:
    berlin = zone("Europe/Berlin")
    moments = {datetime.fromisoformat(local).replace(tzinfo=berlin, fold=fold).timestamp() for fold in (0, 1)}
    one = rule({"from": "01:30", "to": "03:00", "zone": "Europe/Berlin"})
    assert {one.in_force(moment) for moment in moments} == {opens}


@pytest.mark.parametrize("year", [2019, 2061])
def test_where_the_offset_is_not_known_no_window_is_open(year: int) -> None:
    moment = datetime(year, 7, 1, 12, tzinfo=UTC).timestamp()
    assert not rule({"zone": "Europe/Berlin"}).in_force(moment)


def test_a_rule_is_in_force_while_one_of_its_windows_is_open() -> None:
    one = rule({"days": ["mon"], "zone": "UTC"}, {"days": ["wed"], "zone": "UTC"})
    monday = datetime(2026, 11, 30, 12, tzinfo=UTC).timestamp()
    assert [one.in_force(monday + day * 86_400) for day in range(4)] == [True, False, True, False]


def test_every_zone_can_be_compiled() -> None:
    tables = {name: zone_table(name) for name in sorted(zone_names())}
    assert len(tables) > 400
    assert all(table[-1][1] is None and len(table) < 200 for table in tables.values())
