"""A part of a line and a caret below it, in as many columns as there are."""

from rich.cells import cell_len

WIDTH = 160
"""Columns where no one looks at a terminal."""
_CUT = "…"
_NARROWEST = 10


def excerpt(source: str, column: int, width: int = WIDTH) -> tuple[str, str]:
    """Return a line without its indentation, cut around a column (from 1), and the line with the caret.

    Both have at most `width` columns of a terminal, or 10. A wide character takes two of them, a tab one.
    """
    text = printable(source).rstrip()
    indentation = min(len(text) - len(text.lstrip()), column - 1)
    text, at = text[indentation:], column - 1 - indentation
    width = max(width, _NARROWEST)
    before, after = text[:at].ljust(at), text[at:]
    if cell_len(before[-width:]) + cell_len(after[:width]) > width or at > width or len(after) > width:
        right = min(cell_len(after[: width // 2]), width // 2)
        before = _tail(before, width - max(right, 1))
        after = _head(after, width - cell_len(before))
    return before + after, " " * cell_len(before) + "^"


def printable(text: str) -> str:
    """Return the text with a space for each character that would act on the terminal or move the caret."""
    return "".join(char if char.isprintable() else " " for char in text)


def _head(text: str, room: int) -> str:
    """Return as much of the start of a text as there is room for."""
    if len(text) <= room and cell_len(text) <= room:
        return text
    kept, used = 0, 1
    while kept < len(text) and used + cell_len(text[kept]) <= room:
        used += cell_len(text[kept])
        kept += 1
    return text[:kept] + _CUT


def _tail(text: str, room: int) -> str:
    """Return as much of the end of a text as there is room for."""
    if len(text) <= room and cell_len(text) <= room:
        return text
    kept, used = len(text), 1
    while kept > 0 and used + cell_len(text[kept - 1]) <= room:
        used += cell_len(text[kept - 1])
        kept -= 1
    return _CUT + text[kept:]
