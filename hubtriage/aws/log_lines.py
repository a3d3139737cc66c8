"""Lines of the function's log as records, and which of them a reader looks for."""

import json
from collections.abc import Mapping
from typing import Any

_SERIOUS = ("ERROR", "WARNING")


def read_line(message: str) -> Mapping[str, Any] | None:
    """Return the record of a log line; None for lines of Lambda itself and for metrics."""
    if not message.startswith("{"):
        return None
    try:
        record = json.loads(message)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and "message" in record else None


def is_serious(record: Mapping[str, Any]) -> bool:
    """Return whether a person may have to look."""
    return record.get("level") in _SERIOUS


def concerns(record: Mapping[str, Any], rule: str | None) -> bool:
    """Return whether a line is about a rule; None stands for any."""
    return rule is None or rule in rules_of(record)


def rules_of(record: Mapping[str, Any]) -> set[str]:
    """Return the rules that a line names."""
    parts = (record.get(name) or () for name in ("changes", "kept", "observed", "errors", "against_policy"))
    named = {str(item["rule"]) for part in parts for item in part if item.get("rule")}
    return named | set(record.get("rules") or ()) | set(record.get("above_ceiling") or ())
