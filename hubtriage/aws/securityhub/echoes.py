"""Updates that both log and history have: each is shown once."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from json import dumps, loads
from typing import Any

from hubtriage.aws.securityhub.authorship import HistoryRecord
from hubtriage.aws.securityhub.finding_history import HistoryEvent, in_order

_LATEST_LINE = 900.0
"""Seconds by which a line may come after its update where it does not say when that was: a batch's time."""
_CLOCKS_DIFFER = 60.0


def without_echoes(events: Sequence[HistoryEvent], *, own_only: bool) -> list[HistoryEvent]:
    """Return the events in order, without records of updates that a line of the log tells already.

    A record and a line are of the same update if they agree on every field that both name, and on the time.
    `own_only`: it is known by which role triage writes, so a record of another role is not one of these.
    """
    left = [event for event in in_order(events) if event.kind == "change"]
    merged = []
    for event in in_order(events):
        if event.kind == "decision":
            echo = next((each for each in left if _is_echo(each, event, own_only)), None)
            if echo is not None:
                left.remove(echo)
            merged.append(event if echo is None else replace(event, is_recorded=True))
    return in_order([*merged, *left])


def _is_echo(event: HistoryEvent, line: HistoryEvent, own_only: bool) -> bool:
    change = event.change
    if change is None or line.record.get("outcome") != "updated" or change.by == "service":
        return False
    if (own_only and change.by != "triage") or not _is_at_its_time(change.time, line):
        return False
    made = line.record.get("changes")
    told = [each for each in made if isinstance(each, Mapping)] if isinstance(made, list) else []
    shared = [each for each in told if change.touches(str(each.get("field")))]
    return bool(shared) and all(_agree(change, each) for each in shared)


def _is_at_its_time(time: float, line: HistoryEvent) -> bool:
    entry = line.record.get("entry")
    times = (entry.get("started"), entry.get("ended")) if isinstance(entry, Mapping) else ()
    numbers = [each for each in times if isinstance(each, int | float)]
    first, last = (min(numbers), max(numbers)) if numbers else (line.time - _LATEST_LINE, line.time)
    return first - _CLOCKS_DIFFER <= time <= last + _CLOCKS_DIFFER


def _agree(change: HistoryRecord, told: Mapping[str, Any]) -> bool:
    """Say whether a record gives a field the value that a line gives it. AWS: leaves out what is too long."""
    recorded, to = change.value(str(told.get("field"))), told.get("to")
    if recorded is None or recorded == text_of(to):
        return True
    try:
        return bool(loads(recorded) == to)
    except (ValueError, RecursionError):
        return False


def text_of(value: object) -> str:
    """Return a value of a line as text: a text as it is, anything else as JSON."""
    return value if isinstance(value, str) else dumps(value)
