"""Columns of a page: what is written reads the same, and its size is known while it grows."""

from typing import Any

import pytest

from hubtriage.pages.columns import Coded, TextTable
from hubtriage.pages.document import embedded

ROWS = [
    ("arn:aws:s3:::bucket/a", "HIGH", ""),
    ("arn:aws:s3:::bucket/b", "LOW", "</script>"),
    ("no separator", "HIGH", "\u2028\ud800"),
    ("ends/", "HIGH", "x" * 400),
    ("", "", ""),
]


def table() -> TextTable:
    made = TextTable(["id", "severity", "title"], divided=["id"])
    for row in ROWS:
        made.add(row)
    return made


def read(record: dict[str, Any]) -> list[tuple[str, ...]]:
    """Read a table as the script of a page does."""
    columns = record["columns"].values()
    return [
        tuple("".join(part["values"][part["at"][row]] for part in parts) for parts in columns)
        for row in range(record["rows"])
    ]


@pytest.mark.parametrize("rows", range(len(ROWS) + 3))
def test_the_first_rows_read_as_they_were_written(rows: int) -> None:
    assert read(table().as_record(rows)) == ROWS[:rows]


def test_a_value_stands_there_once_and_a_beginning_too() -> None:
    columns = table().as_record(3)["columns"]
    assert columns["severity"] == [{"values": ["HIGH", "LOW"], "at": [0, 1, 0]}]
    assert columns["id"][0] == {"values": ["arn:aws:s3:::bucket/", ""], "at": [0, 0, 1]}
    assert columns["id"][1]["values"] == ["a", "b", "no separator"]


def test_no_value_is_there_that_no_row_has() -> None:
    assert table().as_record(1)["columns"]["severity"][0]["values"] == ["HIGH"]


def test_the_size_is_that_of_the_page() -> None:
    made: Coded[str] = Coded()
    for number in range(1_200):
        made.add(f"</{number % 700}>")
    text = embedded(made.as_record(1_200))
    assert made.size == len(text) - len('{"values":[],"at":[]}') + 2  # the last of each list has no comma
