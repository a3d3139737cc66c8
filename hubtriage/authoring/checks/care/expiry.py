"""W308 and W309: a rule whose time is over, or nearly."""

from collections.abc import Iterator

from hubtriage.authoring.checks.linted_rule import Subject
from hubtriage.authoring.problems import Problem

OVER, SOON = "W308", "W309"
DAYS_AHEAD = 30
_SECONDS_A_DAY = 86_400


def check_over(subject: Subject) -> Iterator[Problem]:
    """A rule that has expired: what it did is taken back by the next sweep, within a day."""
    expires = subject.model.expires
    if expires is not None and expires.end <= subject.now:
        message = f"expired on {expires.text}"
        hint = "delete the rule, or decide anew and write a later day"
        yield subject.problem(OVER, ("expires",), message, hint)


def check_soon(subject: Subject) -> Iterator[Problem]:
    """A rule that expires within 30 days."""
    expires = subject.model.expires
    if expires is None or expires.end <= subject.now:
        return
    days = int((expires.end - subject.now) // _SECONDS_A_DAY)
    starts = subject.model.starts
    is_short = starts is not None and expires.end - starts.seconds <= DAYS_AHEAD * _SECONDS_A_DAY
    if days < DAYS_AHEAD and not is_short:
        left = f"in {days} days" if days > 1 else "tomorrow" if days == 1 else "within a day"
        message = f"expires {left}; its findings come back then"
        yield subject.problem(SOON, ("expires",), message, "decide with the owner whether it goes on")
