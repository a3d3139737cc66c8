"""The tables: their columns, their states, and records whose values are all texts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

_VARCHAR = 255
_CODE = re.compile(r"\[code\](.*?)\[/code\]", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TableKind:
    """A table. widths: lengths of columns; one of more than 255 keeps everything. journals: append only."""

    prefix: str
    widths: Mapping[str, int]
    first_state: str
    resolved: tuple[str, ...]
    closed: tuple[str, ...]
    reopened: str
    journals: tuple[str, ...] = ("work_notes", "comments")


_TASK = {
    "sys_id": 32,
    "number": 40,
    "short_description": 160,
    "description": 4_000,
    "state": 40,
    "impact": 40,
    "urgency": 40,
    "priority": 40,
    "severity": 40,
    "category": 40,
    "caller_id": 32,
    "assignment_group": 32,
    "assigned_to": 32,
    "cmdb_ci": 32,
    "contact_type": 40,
    "correlation_id": 100,
    "correlation_display": 100,
    "close_code": 40,
    "close_notes": 4_000,
    "hold_reason": 40,
    "parent_incident": 32,
    "reopen_count": 40,
    "active": 40,
    "sys_created_on": 40,
    "sys_updated_on": 40,
}
TABLES: Mapping[str, TableKind] = {
    "incident": TableKind("INC", _TASK, "1", ("6",), ("7", "8"), "2"),
    "sn_si_incident": TableKind("SIR", _TASK, "10", ("3",), ("3", "7"), "16"),
}
STATE_NAMES: Mapping[str, Mapping[str, str]] = {
    "incident": {
        "1": "New",
        "2": "In Progress",
        "3": "On Hold",
        "6": "Resolved",
        "7": "Closed",
        "8": "Canceled",
    },
    "sn_si_incident": {"10": "Draft", "16": "Analysis", "100": "Review", "3": "Closed", "7": "Cancelled"},
}
SYSTEM_COLUMNS = (
    "sys_id",
    "number",
    "priority",
    "reopen_count",
    "active",
    "sys_created_on",
    "sys_updated_on",
)
"""What no caller sets."""


@dataclass(slots=True)
class Note:
    """An entry of a journal."""

    column: str
    text: str
    at: float
    by: str


@dataclass(slots=True)
class StoredRecord:
    """A record; `resolved_at` is when it was resolved last."""

    values: dict[str, str]
    created: float
    notes: list[Note] = field(default_factory=list)
    resolved_at: float | None = None
    is_there: bool = True
    history: list[str] = field(default_factory=list)


def moment(at: float) -> str:
    """Return a moment as a record has it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")


def kept(table: TableKind, column: str, value: Any) -> str:
    """Return a value as the column keeps it: a text, cut if the column is a varchar."""
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    width = table.widths[column]
    return text[:width] if width <= _VARCHAR else text


def priority(impact: str, urgency: str) -> str:
    """Return the priority that the instance computes."""
    known = {"1", "2", "3"}
    total = int(impact if impact in known else "3") + int(urgency if urgency in known else "3")
    return {2: "1", 3: "2", 4: "3", 5: "4", 6: "5"}[total]


def journal(record: StoredRecord, column: str) -> str:
    """Return a journal as it is displayed, the newest entry first."""
    label = {"work_notes": "Work notes", "comments": "Additional comments"}[column]
    entries = [note for note in record.notes if note.column == column]
    return "".join(f"{moment(each.at)} - {each.by} ({label})\n{each.text}\n\n" for each in reversed(entries))


def shown(text: str) -> str:
    """Return what a reader sees of an entry of a journal as text: HTML within [code] is rendered."""
    return _CODE.sub("", text)


def live(text: str) -> list[str]:
    """Return the HTML that an entry of a journal renders."""
    return [found for found in _CODE.findall(text) if found]


def as_stored(record: StoredRecord, table: str) -> dict[str, Any]:
    """Return a record for a test: what a reader sees of it, and what of that is more than text."""
    return {
        "table": table,
        **record.values,
        "notes": [
            {"column": each.column, "by": each.by, "shown": shown(each.text), "live": live(each.text)}
            for each in record.notes
        ],
        "history": record.history,
        "deleted": not record.is_there,
    }
