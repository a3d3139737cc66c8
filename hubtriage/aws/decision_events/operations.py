"""The events of the stack itself: its mode, its sweeps, and exceptions that end soon. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from hubtriage.aws.decision_events.event import DecisionEvent, operation_event
from hubtriage.aws.decision_events.texts import event_text

LONGEST_TEXT = 512
LONGEST_OWNER = 100
MOST_OWNERS = 50
"""Owners without an event of their own that one event names."""
Switcher = Literal["breaker", "person", "deployment"]

_ENDING = (
    "rule", "owner", "description", "ticket", "expires", "ends", "days", "days_left", "findings",
    "by_severity", "accounts", "more_accounts", "not_known", "uncounted", "left_out", "mode", "sweep",
    "ruleset", "revision",
)  # fmt: skip
_SWEPT = (
    "sweep", "status", "reason", "seconds", "read", "changed", "hidden", "reopened", "taken_back", "doubtful",
    "refused", "left_to_people", "withheld", "uncertain", "gone", "skipped", "dead_letters", "objection",
    "ruleset", "revision",
)  # fmt: skip


def mode_changed(
    stack: str,
    at: float,
    modes: tuple[str | None, str],
    by: Switcher,
    who: str | None,
    why: str | None,
    named_by: Sequence[object],
) -> DecisionEvent:
    """Return the event of a switch between `modes`, from one (None if there was no stack yet) to another.

    `who` is the person's ARN, `why` the alarm's reason. `named_by` is what no other switch of the stack has.
    """
    before, after = modes
    members = {"from": before, "to": after, "by": by, "who": _short(who), "why": _short(why)}
    return operation_event("mode-changed", at, members, (by, *named_by), stack)


def sweep_finished(
    stack: str, at: float, report: Mapping[str, Any], mode: str, error: str | None
) -> DecisionEvent:
    """Return the event of a sweep that is over, from its report; `error` is what it failed of for good."""
    members = {name: _plain(report.get(name)) for name in _SWEPT}
    members |= {"mode": mode, "error": _short(error)}
    if error is not None:
        members["status"] = "failed"
    return operation_event("sweep-finished", at, members, (report["sweep"],), stack)


def expires_soon(stack: str, at: float, notice: Mapping[str, Any]) -> DecisionEvent:
    """Return the event of a notice: of a rule and an owner, or of the owners that have none of their own.

    The same notice has the same id on whatever day it is given.
    """
    others = notice.get("other_owners", ())
    members = {name: _plain(notice[name]) for name in _ENDING}
    members["other_owners"] = [event_text(owner, LONGEST_OWNER) for owner in others[:MOST_OWNERS]]
    members["more_owners"] = len(others) > MOST_OWNERS
    named_by = (notice["rule"], notice["ends"], notice["days"], notice["owner"])
    return operation_event("expires-soon", at, members, named_by, stack)


def _plain(value: Any) -> Any:
    """Return a value of a report: texts cut, and in place of a list the number of its items."""
    if isinstance(value, str):
        return _short(value)
    return len(value) if isinstance(value, list | tuple) else value


def _short(text: str | None) -> str | None:
    return None if text is None else event_text(text, LONGEST_TEXT)
