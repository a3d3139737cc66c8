"""Tables stay aligned whatever is in a cell."""

from collections import Counter

import pytest
from rich.cells import cell_len

from hubtriage.cli.views.tables import LONGEST_CELL, table


def test_texts_are_to_the_left_and_numbers_to_the_right() -> None:
    rows = [["accepted", 1_234, ""], ["a", 0, "NEW"]]
    assert list(table(["rule", "changed", "to"], rows)) == [
        "  rule      changed  to",
        "  accepted    1,234",
        "  a               -  NEW",
    ]


def test_a_wide_character_takes_two_columns() -> None:
    lines = list(table(["account", "findings"], [["開発", 7], ["dev", 12]]))
    assert {cell_len(line) for line in lines} == {2 + 7 + 2 + 8}


def test_a_long_text_is_cut_and_control_characters_are_escaped() -> None:
    for text in ("x" * 100, "開" * 100, "\x1b[2J" * 100):
        (_head, line) = table(["why"], [[text]])
        assert cell_len(line.strip()) == LONGEST_CELL
        assert line.endswith("…")
        assert line.isprintable()


def test_without_rows_there_is_the_head() -> None:
    assert list(table(["rule", "findings"], [])) == ["  rule  findings"]


HEAD = ["rule", "changed", "left to people", "would change", "why it matches nothing"]
ROWS = [
    [
        "accepted-in-sandboxes",
        1_234_567,
        12,
        0,
        "no finding of these has an account that the directory knows",
    ],
    ["開発アカウント", 0, 1, 99, "x" * 59],
]


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 120, 200])
def test_a_table_fits_the_terminal_and_loses_nothing(width: int) -> None:
    lines = list(table(HEAD, ROWS, width=width))
    is_table = lines[0].split()[:1] == ["rule"]
    assert not is_table or max(map(cell_len, lines)) <= width
    assert is_table == (width > 50)
    cells = [f"{cell:,}" if isinstance(cell, int) else cell for row in ROWS for cell in row if cell]
    assert not Counter("".join(cells)) - Counter("".join(lines)) - Counter(" " * 100)


def test_what_is_too_wide_continues_on_further_lines() -> None:
    assert list(table(["rule", "left to people", "why"], [["a", 1, "one two three four"]], width=30)) == [
        "  rule    left  why",
        "            to",
        "        people",
        "  a          1  one two three",
        "                four",
    ]


def test_where_columns_do_not_fit_each_row_is_a_paragraph() -> None:
    assert list(table(["rule", "changed", "hidden", "kept"], [["accepted", 1, 2, 0]], width=20)) == [
        "  accepted",
        "    changed: 1",
        "    hidden: 2",
        "    kept: -",
    ]
