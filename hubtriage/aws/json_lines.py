"""Records as lines of JSON: one line each, of printable ASCII, short enough for CloudWatch Logs."""

import json
from typing import Any

from hubtriage.engine.json_values import finite

LONGEST_LINE = 128 * 1024
"""AWS: CloudWatch Logs splits what a function writes at 256 KiB, and then no part is JSON.

Only values beyond the limits of the finding format make a line that long.
"""
LONGEST_TEXT, MOST_ITEMS = 200, 20

encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), allow_nan=False, default=str).encode


def json_line(record: dict[str, Any]) -> str:
    """Return a record as one line of printable ASCII, whatever its strings hold."""
    try:
        text = encode(record)
    except ValueError:  # a number too large for a float is read as infinity, which JSON cannot say
        text = encode(finite(record))
    if len(text) > LONGEST_LINE:
        text = encode(_cut(finite(record)))
    return text.replace("\x7f", "\\u007f")  # JSON leaves DEL as it is


def _cut(value: Any) -> Any:
    """Cut texts that are longer than any value AWS takes, and lists after their first items."""
    if isinstance(value, str):
        return value if len(value) <= LONGEST_TEXT else value[: LONGEST_TEXT - 1] + "…"
    if isinstance(value, dict):
        return {_cut(name): _cut(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_cut(item) for item in value[:MOST_ITEMS]] + ["…"] * (len(value) > MOST_ITEMS)
    return value
