"""ASFF timestamps."""

from __future__ import annotations

import re
from datetime import UTC, datetime

# AWS: ISO 8601, `Z` or an offset within 18 hours with or without colon, a fraction of 1 to 9 digits.
# Providers also send a space for the `T`, and no zone at all; the latter is read as UTC.
TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?"
    r"(?:[Zz]|([+-])(\d\d):?(\d\d))?)?",
    re.ASCII,
)
_LONGEST = 40
_MAX_OFFSET_MINUTES = 18 * 60


def parse_timestamp(text: object) -> float | None:
    """Return epoch seconds, cut to milliseconds as Security Hub does, or None if the text is unusable.

    A date alone stands for its first moment in UTC.
    """
    if not isinstance(text, str):
        return None
    size = len(text)
    # the form that Security Hub itself writes, such as 2026-01-31T08:15:00.123Z; "W" would begin a week
    usual = text[4:20:3] == "--T::." if size == 24 else size == 20 and text[4:17:3] == "--T::"
    try:
        if usual and text[-1] == "Z" and text[5] != "W":
            return datetime.fromisoformat(text).timestamp()
        return _parse_any(text) if size <= _LONGEST else None
    except ValueError:  # no such day or hour: the shape fits and the numbers do not
        return None


def _parse_any(text: str) -> float | None:
    found = TIMESTAMP.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, sign, off_hours, off_minutes = found.groups()
    offset = int(off_hours or 0) * 60 + int(off_minutes or 0)
    if offset > _MAX_OFFSET_MINUTES or int(off_minutes or 0) > 59:
        return None
    milliseconds = int((fraction or "0")[:3].ljust(3, "0"))
    moment = datetime(
        *(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0)),
        milliseconds * 1000,
        tzinfo=UTC,
    )
    return moment.timestamp() - (-offset if sign == "-" else offset) * 60
