"""Days and instants in rule files."""

from typing import Annotated

from pydantic import BeforeValidator

from hubtriage.authoring.schema.types import StrictModel, refused
from hubtriage.authoring.yaml.scalars import AmbiguousScalar
from hubtriage.engine.text.timestamps import parse_timestamp


class RuleDate(StrictModel):
    """A day or an instant in a rule file: its text, and the epoch seconds at which it starts."""

    text: str
    seconds: float
    is_day: bool

    @property
    def end(self) -> float:
        """When it is over, in epoch seconds: the end of the day (UTC), or the instant itself."""
        return self.seconds + _DAY if self.is_day else self.seconds


_DAY = 86_400.0
_EARLIEST = 2000  # a year; whatever adds to or takes from a date stays within the calendar
_DATE_HINT = "write a day such as 2027-03-31 (UTC), or an instant such as 2027-03-31T18:00:00Z"


def _rule_date(value: object) -> RuleDate:
    if not isinstance(value, str | AmbiguousScalar) or (
        isinstance(value, AmbiguousScalar) and value.reading != "a date"
    ):
        raise refused("E103", "a date is wanted", _DATE_HINT)
    text = str(value)
    seconds = parse_timestamp(text)
    is_day = len(text) == len("2027-03-31")
    if seconds is None or not (is_day or _says_offset(text)):
        reason = "does not say its offset from UTC" if seconds is not None else "is not a date"
        raise refused("E106", f"{text!r} {reason}", _DATE_HINT)
    if int(text[:4]) < _EARLIEST:
        raise refused("E105", f"{text} is before the year {_EARLIEST}", "no finding is as old as that")
    return RuleDate(text=text, seconds=seconds, is_day=is_day)


def _says_offset(text: str) -> bool:
    clock = text[len("2027-03-31") :]
    return clock.rstrip()[-1:] in ("Z", "z") or "+" in clock or "-" in clock


Date = Annotated[RuleDate, BeforeValidator(_rule_date)]
