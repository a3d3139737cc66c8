"""What happened to one finding, as people and programs read it."""

import json
from collections.abc import Iterator
from typing import Any

from hubtriage.aws.securityhub.finding_history import HistoryEvent
from hubtriage.cli.text import quoted, shown, stamp
from hubtriage.cli.views.decision import decision_lines, objects

_INDENT = "    "


def as_record(event: HistoryEvent) -> dict[str, Any]:
    """Return the JSON line of an event."""
    record = {
        name: str(value) if hasattr(value, "timestamp") else value for name, value in event.record.items()
    }
    return {"time": stamp(event.time), "kind": event.kind, **record}


def text(event: HistoryEvent) -> Iterator[str]:
    """Return the lines of an event for people."""
    return _decision(event) if event.kind == "decision" else _change(event)


def _decision(event: HistoryEvent) -> Iterator[str]:
    line = event.record
    by = f" (rules {shown(line.get('revision') or line.get('ruleset'))})"
    sweep = f", in the sweep {quoted(str(line['sweep']))}" if line.get("sweep") else ""
    yield f"{stamp(event.time)}  triage: {quoted(str(line['outcome']))}{by}{sweep}"
    if line.get("reason"):
        yield f"{_INDENT}{quoted(str(line.get('code')))}: {quoted(str(line['reason']))}"
    yield from decision_lines(line, _INDENT)


def _change(event: HistoryEvent) -> Iterator[str]:
    record = event.record
    source = record.get("UpdateSource") or {}
    how = "the provider" if source.get("Type") == "BATCH_IMPORT_FINDINGS" else "an update"
    what = "made" if record.get("FindingCreated") else "changed"
    yield f"{stamp(event.time)}  {what} by {how}: {quoted(str(source.get('Identity')))}"
    for update in objects(record.get("Updates")):
        old, new = _value(update.get("OldValue")), _value(update.get("NewValue"))
        yield f"{_INDENT}{shown(update.get('UpdatedField'))}: {old} -> {new}"


def _value(text: object) -> str:
    """Return a value of the history as text; the history holds objects as JSON."""
    try:
        value = json.loads(text) if isinstance(text, str) else text
    except (ValueError, RecursionError):
        value = text
    return shown(value if isinstance(value, dict | list) else text)
