"""The line of a problem is cut to any width, and its caret stays under the right character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from hubtriage.authoring.excerpt import excerpt, printable

CHARACTERS = st.sampled_from("ab :{}'\t日本é\u0301👩\u200d\x1b\x9b\u202e…")
LINE = "match: {Title: [aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, {prefx: b}, ccccccccccccccccccccccccccccc]}"


@pytest.mark.parametrize(
    ("source", "column", "width", "shown"),
    [
        pytest.param("    ordr: 5", 5, 80, ("ordr: 5", "^"), id="the indentation is left out"),
        pytest.param("    ordr: 5", 1, 80, ("    ordr: 5", "^"), id="unless the caret is in it"),
        pytest.param("a: 日本 x", 7, 80, ("a: 日本 x", "        ^"), id="wide characters take two columns"),
        pytest.param("a:\tb", 4, 80, ("a: b", "   ^"), id="a tab takes one"),
        pytest.param("a: b", 5, 80, ("a: b", "    ^"), id="behind the end"),
        pytest.param(
            LINE, 60, 30, ("…aaaaaaaaaaa, {prefx: b}, ccc…", " " * 15 + "^"), id="cut on both sides"
        ),
        pytest.param(LINE, 1, 20, ("match: {Title: [aaa…", "^"), id="cut on the right"),
    ],
)
def test_the_caret_stands_below_its_column(
    source: str, column: int, width: int, shown: tuple[str, str]
) -> None:
    assert excerpt(source, column, width) == shown


@given(st.text(CHARACTERS, max_size=60), st.integers(1, 62), st.integers(10, 70))
def test_any_line_fits_any_width(source: str, column: int, width: int) -> None:
    line, caret = excerpt(source, column, width)
    assert line.isprintable()
    assert cell_len(line) <= width
    assert cell_len(caret) <= width + 1
    meant = printable(source)[column - 1 : column]
    if meant.strip() and cell_len(meant):
        assert _at(line, cell_len(caret) - 1) == meant


def _at(line: str, cell: int) -> str:
    """The character that begins at a column of the terminal."""
    used = 0
    for char in line:
        if used == cell and cell_len(char):
            return char
        used += cell_len(char)
    return ""
