"""Readers of an OCSF object's members: each returns a plain value, or None for what is missing or misshapen.

Nothing here raises, whatever the object holds.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias, TypeGuard

Ocsf: TypeAlias = Mapping[str, Any]
"""A finding in OCSF, or an object inside one."""
Reader: TypeAlias = Callable[[Ocsf], Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?")
_LONGEST_NUMBER = 40
_LARGEST = 1e15


def at(ocsf: object, path: str) -> Any:
    """Return what is at a path of names with dots between them; None where there is nothing."""
    for name in path.split("."):
        if not isinstance(ocsf, dict):
            return None
        ocsf = ocsf.get(name)
    return ocsf


def objects_at(ocsf: object, path: str) -> list[Ocsf]:
    """Return the objects of a list; what else is in it is left out."""
    items = at(ocsf, path)
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def whole_number(value: object) -> int | None:
    """Return a whole number, also one that is written 3.0."""
    return int(value) if _is_number(value) and value == value // 1 else None


def _is_number(value: object) -> TypeGuard[int | float]:
    """Say whether a value is a number of a size that calculations can take; infinity and NaN are not."""
    is_one = isinstance(value, int | float) and not isinstance(value, bool)
    return is_one and -_LARGEST <= value <= _LARGEST  # type: ignore[operator]


def text(path: str) -> Reader:
    """Read a text that is not blank."""

    def read(ocsf: Ocsf) -> str | None:
        value = at(ocsf, path)
        return value if isinstance(value, str) and value.strip() else None

    return read


def texts(path: str) -> Reader:
    """Read a list of texts."""

    def read(ocsf: Ocsf) -> list[str] | None:
        items = at(ocsf, path)
        if not isinstance(items, list):
            return None
        return [item for item in items if isinstance(item, str) and item.strip()] or None

    return read


def first_text(path: str) -> Reader:
    """Read the first text of a list."""
    read_all = texts(path)

    def read(ocsf: Ocsf) -> str | None:
        found = read_all(ocsf)
        return found[0] if found else None

    return read


def number(path: str) -> Reader:
    """Read a number, also one that is written as a text: EPSS scores are."""

    def read(ocsf: Ocsf) -> float | int | None:
        value = at(ocsf, path)
        if isinstance(value, str) and len(value) <= _LONGEST_NUMBER and _NUMBER.fullmatch(value):
            value = float(value)
        return value if _is_number(value) else None

    return read


def number_as_text(path: str) -> Reader:
    """Read a whole number as a text, also one that is a text already."""
    as_text = text(path)

    def read(ocsf: Ocsf) -> str | None:
        value = whole_number(at(ocsf, path))
        return as_text(ocsf) if value is None else str(value)

    return read


def time(path: str) -> Reader:
    """Read a time: the text of `PATH_dt`, else the milliseconds of `PATH` as such a text."""
    as_text = text(path + "_dt")

    def read(ocsf: Ocsf) -> str | None:
        written: str | None = as_text(ocsf)
        return written or _moment(at(ocsf, path))

    return read


def _moment(milliseconds: object) -> str | None:
    """Return epoch milliseconds as a timestamp."""
    whole = whole_number(milliseconds)
    if whole is None:
        return None
    try:
        moment = _EPOCH + timedelta(milliseconds=whole)
    except OverflowError:
        return None
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Each:
    """Read a list of objects, each with these members; objects that have none of them are left out."""

    items: Callable[[Ocsf], Sequence[Ocsf]]
    members: Mapping[str, Reader]

    def __call__(self, ocsf: Ocsf) -> list[dict[str, Any]] | None:
        """Return the list; None if nothing of it can be read."""
        read_ones = (read_object(item, self.members) for item in self.items(ocsf))
        return [one for one in read_ones if one] or None


def each(path: str, members: Mapping[str, Reader]) -> Each:
    """Read the objects of the list at a path."""
    return Each(lambda ocsf: objects_at(ocsf, path), members)


def read_object(ocsf: Ocsf, members: Mapping[str, Reader]) -> dict[str, Any]:
    """Return an object with the members that can be read. A name with dots stands for objects in it."""
    result: dict[str, Any] = {}
    for path, read in members.items():
        value = read(ocsf)
        if value is not None:
            *outer, name = path.split(".")
            holder = result
            for step in outer:
                holder = holder.setdefault(step, {})
            holder[name] = value
    return result
