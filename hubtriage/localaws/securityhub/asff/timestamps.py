"""ASFF timestamps, read strictly, and written as the service writes them."""

import re
from datetime import UTC, datetime, timedelta

_TIMESTAMP = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:([Zz])|([+-])(\d\d):?(\d\d))\Z", re.ASCII
)


def read_timestamp(text: object) -> float | None:
    """Return epoch seconds of an ASFF timestamp; None when the service would not take it.

    AWS: ISO 8601 with Z or an offset of at most 18 hours, colon optional, up to nine digits of
    fraction; the first three count.
    """
    found = _TIMESTAMP.match(text) if isinstance(text, str) else None
    if found is None:
        return None
    day, clock, fraction, _, sign, hours, minutes = found.groups()
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    if offset > timedelta(hours=18):
        return None
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=UTC)
        moment += offset if sign == "-" else -offset
    except (ValueError, OverflowError):
        return None
    return moment.timestamp() + int(((fraction or "") + "000")[:3]) / 1000


def write_timestamp(now: float, *, milliseconds: bool = True) -> str:
    """Return epoch seconds as the service writes them: UTC, with Z."""
    moment = datetime.fromtimestamp(now, UTC).replace(tzinfo=None)
    return moment.isoformat(timespec="milliseconds" if milliseconds else "seconds") + "Z"
