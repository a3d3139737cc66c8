"""W308 and W309: a rule that has expired, or will soon."""

from collections.abc import Iterator

from hubtriage.authoring.checks.linted_rule import LintedRule
from hubtriage.authoring.problems import Problem

OVER, SOON = "W308", "W309"
DAYS_AHEAD = 30
_SECONDS_A_DAY = 86_400


def check_over(rule: LintedRule) -> Iterator[Problem]:
    """Report a rule that has expired: the next sweep takes back what it did, within a day."""
    expires = rule.model.expires
    if expires is not None and expires.end <= rule.now:
        message = f"expired on {expires.text}"
        hint = "delete the rule, or decide again and write a later day"
        yield rule.problem(OVER, ("expires",), message, hint)


def check_soon(rule: LintedRule) -> Iterator[Problem]:
    """Report a rule that expires within 30 days, unless it was made for so short a time."""
    expires = rule.model.expires
    if expires is None or expires.end <= rule.now:
        return
    days = int((expires.end - rule.now) // _SECONDS_A_DAY)
    starts = rule.model.starts
    is_short = starts is not None and expires.end - starts.seconds <= DAYS_AHEAD * _SECONDS_A_DAY
    if days < DAYS_AHEAD and not is_short:
        left = f"in {days} days" if days > 1 else "tomorrow" if days == 1 else "within a day"
        message = f"expires {left}; then its findings come back"
        yield rule.problem(SOON, ("expires",), message, "decide with the owner whether to extend it")
