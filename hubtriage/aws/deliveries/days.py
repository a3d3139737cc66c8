"""Days in UTC, in which limits count. Pure."""

from datetime import UTC, datetime, timedelta


def day_of(now: float) -> str:
    """Return the day of a time (epoch seconds), such as `2026-12-01`."""
    return f"{datetime.fromtimestamp(now, UTC):%Y-%m-%d}"


def next_day(now: float) -> float:
    """Return when the next day begins."""
    today = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (today + timedelta(days=1)).timestamp()
