"""Columns of values that repeat, small enough to embed by the hundred thousand; `kit.columnsOf` reads them.

Each distinct value stands there once, and each row has its number. Texts such as ARNs are all different,
but many begin alike: they are divided into two parts, and each part is a column.
"""

from collections.abc import Hashable, Mapping, Sequence
from itertools import islice
from typing import Any, Generic, TypeVar

from hubtriage.pages.document import embedded

Value = TypeVar("Value", bound=Hashable)
Record = dict[str, Any]


class Values(Generic[Value]):
    """Distinct values, each with a number: the first is 0."""

    def __init__(self) -> None:
        self._numbers: dict[Value, int] = {}
        self.size = 0
        """Bytes that the values take on the page."""

    def number(self, value: Value) -> int:
        """Return the number of a value, which is added if it is new."""
        number = self._numbers.get(value)
        if number is None:
            number = self._numbers[value] = len(self._numbers)
            self.size += len(embedded(value)) + 1
        return number

    def first(self, count: int | None = None) -> list[Value]:
        """Return the values in the order of their numbers: the first ones, or all."""
        return list(islice(self._numbers, count))


class Coded(Generic[Value]):
    """One column: a number for each row, and a value for each number."""

    def __init__(self) -> None:
        self._values: Values[Value] = Values()
        self._rows: list[int] = []
        self.size = 0
        """Bytes that the column takes on the page."""

    def add(self, value: Value) -> None:
        """Append a row."""
        before = self._values.size
        number = self._values.number(value)
        self._rows.append(number)
        self.size += self._values.size - before + len(str(number)) + 1

    def as_record(self, rows: int) -> Record:
        """Return the first rows as JSON-ready data."""
        at = self._rows[:rows]
        return {"values": self._values.first(max(at, default=-1) + 1), "at": at}


class TextTable:
    """Rows of texts under named columns; those in `divided` are divided after their last `/` or `:`."""

    def __init__(self, names: Sequence[str], divided: Sequence[str] = ()) -> None:
        self._columns: Mapping[str, list[Coded[str]]] = {
            name: [Coded() for _part in range(2 if name in divided else 1)] for name in names
        }
        self._rows = 0
        self.size = 0
        """Bytes that the table takes on the page."""

    def add(self, row: Sequence[str]) -> None:
        """Append a row, in the order of the names."""
        self._rows += 1
        for parts, text in zip(self._columns.values(), row, strict=True):
            for part, piece in zip(parts, _divided(text, len(parts)), strict=True):
                before = part.size
                part.add(piece)
                self.size += part.size - before

    def __len__(self) -> int:
        return self._rows

    def as_record(self, rows: int) -> Record:
        """Return the first rows as JSON-ready data: for each column its parts."""
        columns = {name: [part.as_record(rows) for part in parts] for name, parts in self._columns.items()}
        return {"rows": min(rows, len(self)), "columns": columns}


def _divided(text: str, parts: int) -> tuple[str, ...]:
    if parts == 1:
        return (text,)
    cut = max(text.rfind("/"), text.rfind(":")) + 1
    return text[:cut], text[cut:]
