"""Keep an event small, whatever values a decision has. What it orders to deliver is never cut. Pure."""

from collections.abc import Collection, Mapping
from json import dumps
from typing import Any

from hubtriage.aws.decision_events.texts import event_text

LARGEST = 32 * 1024
"""Bytes of an event less its deliveries. Targets may take less than the bus."""
DELIVER = "deliver"
_LISTS = ("rules", "changes", "overruled")
_STEPS = ((60, 512), (60, 128), (10, 64))
"""Items of a list, and characters of a text: the first step that is small enough is taken."""
_LONGEST_FIELD = 137
"""Characters of a field's name: AWS: a user-defined field has a key of 128."""


def within_limits(record: Mapping[str, Any], lacking: Collection[str] = ()) -> dict[str, Any]:
    """Return the record of a decision with its lists and values cut as far as needed.

    `cut` names the lists that lack items, those among them that were `lacking` some before.
    """
    step: dict[str, Any] = {}
    for most, longest in _STEPS:
        step = _cut(record, most, longest, lacking)
        if _size(step) <= LARGEST:
            break
    return step


def _cut(record: Mapping[str, Any], most: int, longest: int, lacking: Collection[str]) -> dict[str, Any]:
    lists = {name: [_short(item, longest) for item in record[name][:most]] for name in _LISTS}
    cut = [name for name in _LISTS if name in lacking or len(record[name]) > most]
    return {**record, **lists, "cut": cut}


def _short(value: Any, longest: int) -> Any:
    """Return a JSON value with its texts on one line and cut, and its lists after some items."""
    if isinstance(value, str):
        return event_text(value, longest)
    if isinstance(value, Mapping):
        return {
            name: _short(each, _LONGEST_FIELD if name == "field" else longest) for name, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [_short(each, longest) for each in value[: max(1, longest // 64)]]
    return value


def _size(record: Mapping[str, Any]) -> int:
    rest = {name: value for name, value in record.items() if name != DELIVER}
    return len(dumps(rest, ensure_ascii=False, separators=(",", ":")).encode())
