"""Criteria as data: an attribute, tests that may hold (one must), and tests that must not.

AWS: on one attribute the positive comparisons are or-ed and the negative ones and-ed; different attributes
are and-ed, each for itself. Two criteria on resources may hold for two different resources. A value that is
missing satisfies every negative comparison.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any, Literal

from hubtriage.interop.criteria.attributes import FindingAttribute

How = Literal["equals", "prefix", "suffix", "contains", "regex"]


@dataclass(frozen=True, slots=True)
class TextTest:
    """A test of a text; `key` is the member to look at where the attribute is a map."""

    how: How
    value: str
    key: str | None = None

    def holds(self, text: str) -> bool:
        """Say whether a text passes; not for regular expressions."""
        if self.how == "equals":
            return text == self.value
        if self.how == "prefix":
            return text.startswith(self.value)
        if self.how == "suffix":
            return text.endswith(self.value)
        return self.value in text


@dataclass(frozen=True, slots=True)
class NumberTest:
    """One or two comparisons that a number must pass, as EventBridge writes them: `(">=", 5, "<", 9)`."""

    comparisons: tuple[Any, ...]

    def holds(self, number: float) -> bool:
        """Say whether a number passes."""
        bounds = zip(self.comparisons[::2], self.comparisons[1::2], strict=True)
        return all(_SIGNS[sign](number, bound) for sign, bound in bounds)


_SIGNS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le, "=": operator.eq}


@dataclass(frozen=True, slots=True)
class DateTest:
    """Bounds of a timestamp: exclusive moments in ISO 8601, or ages in days (`days_most` inclusive)."""

    after: str | None = None
    before: str | None = None
    days_most: int | None = None
    days_more_than: int | None = None


def joined_dates(one: Test, other: Test) -> DateTest | None:
    """Join two bounds of a date that must both hold into one test; return None if no test can say it."""
    if not isinstance(one, DateTest) or not isinstance(other, DateTest):
        return None
    if one.after and not one.before and other == DateTest(before=other.before):
        return DateTest(after=one.after, before=other.before)
    if other.after and not other.before and one == DateTest(before=one.before):
        return DateTest(after=other.after, before=one.before)
    return None


@dataclass(frozen=True, slots=True)
class FlagTest:
    """A boolean; what is missing is false."""

    value: bool


Test = TextTest | NumberTest | DateTest | FlagTest


@dataclass(frozen=True, slots=True)
class Criterion:
    """What is asked of one attribute: any of `wanted` (if there are any), none of `unwanted`."""

    attribute: FindingAttribute
    wanted: tuple[Test, ...] = ()
    unwanted: tuple[TextTest, ...] = ()
