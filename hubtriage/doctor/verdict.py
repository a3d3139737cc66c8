"""Say what a check found."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal, get_args

Status = Literal["ok", "warning", "problem", "unchecked"]
"""From good to bad; `unchecked` says nothing about the account."""
STATUSES: tuple[str, ...] = get_args(Status)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the check saw, and what to do about it, if anything.

    `details` are lines for people; `data` is the same for programs.
    """

    status: Status
    seen: str
    advice: str = ""
    details: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The verdict of a check, with its name for programs and its title for people."""

    name: str
    title: str
    verdict: Verdict

    def as_record(self) -> dict[str, Any]:
        """Return the result as JSON-ready data."""
        return {
            "check": self.name,
            "status": self.verdict.status,
            "seen": self.verdict.seen,
            "do": self.verdict.advice or None,
            "details": list(self.verdict.details),
            **({"data": dict(self.verdict.data)} if self.verdict.data else {}),
        }


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is not as it should be, and what to do about it."""

    status: Status
    seen: str
    advice: str = ""


def flawed(flaws: Iterable[Flaw], fine: Verdict, name: str = "") -> Verdict:
    """Return `fine`, or with flaws all of them as one verdict, which is as bad as the worst of them.

    `name`: what has the flaws. Details and data of `fine` are kept.
    """
    found = list(flaws)
    if not found:
        return fine
    seen = "; ".join(flaw.seen for flaw in found)
    advice = "; ".join(flaw.advice for flaw in found if flaw.advice)
    status = worst(*(flaw.status for flaw in found))
    return replace(fine, status=status, seen=f"{name}: {seen}" if name else seen, advice=advice)


class UncheckedError(Exception):
    """Raised if a check cannot be made: why not, and what to do so that it can."""

    def __init__(self, reason: str, advice: str = "") -> None:
        super().__init__(reason)
        self.reason, self.advice = reason, advice


def worst(*statuses: Status) -> Status:
    """Return the worst status; what could not be checked counts less than what is wrong."""
    order: tuple[Status, ...] = ("problem", "warning", "unchecked")
    return next((status for status in order if status in statuses), "ok")


def counted(count: int, noun: str) -> str:
    """Return a number and a noun, in the plural unless there is one."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def some_of(names: Sequence[str], most: int = 10) -> tuple[str, ...]:
    """Return the first of some names as details of a verdict, and how many more there are."""
    more = (f"and {len(names) - most:,} more",) if len(names) > most else ()
    return (*names[:most], *more)


def written(moment: datetime) -> str:
    """Return a moment to the minute, in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
