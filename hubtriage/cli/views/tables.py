"""Tables of plain text: aligned columns, nothing in a cell that controls the terminal.

In a terminal a table is as wide as that at most: heads and texts continue on further lines, nothing is lost.
Where even that does not fit, each row becomes a paragraph. A program that reads the output gets each row on
one line.

They are not rich's own tables, which took a second for 1,000 rows where this takes 20 ms: a backtest prints a
row for each rule. Only the widths of characters come from rich.
"""

import sys
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from rich.cells import cell_len, set_cell_size

from hubtriage.cli.terminal import width_of
from hubtriage.cli.text import quoted

LONGEST_CELL = 60
_GAP = "  "
_NARROWEST_TEXT = 12

Cells = Sequence[Sequence[str]]


def table(
    head: Sequence[str], rows: Sequence[Sequence[object]], indent: str = "  ", width: int | None = None
) -> Iterator[str]:
    """Yield the lines of a table: texts to the left, numbers to the right.

    `width` is that of the terminal unless given; without either it does not matter.
    """
    cells = [[_cell(value) for value in row] for row in rows]
    right = [bool(rows) and isinstance(value, int) for value in (rows[0] if rows else head)]
    natural = _widths([head, *cells])
    width = width or width_of(sys.stdout)
    room = sum(natural) if width is None else width - len(indent) - len(_GAP) * (len(head) - 1)
    if sum(natural) <= room:
        yield from (_line(row, natural, right, indent) for row in (head, *cells))
        return
    widths = _narrowed(head, cells, right, room)
    if sum(widths) > room:
        yield from _paragraphs(head, cells, indent)
        return
    for row in (head, *cells):
        parts = [_wrapped(cell, size) for cell, size in zip(row, widths, strict=True)]
        yield from (_line(each, widths, right, indent) for each in zip_longest(*parts, fillvalue=""))


def _widths(rows: Cells) -> list[int]:
    return [max(map(cell_len, column)) for column in zip(*rows, strict=True)]


def _narrowed(head: Sequence[str], cells: Cells, right: Sequence[bool], room: int) -> list[int]:
    """Return widths of columns with heads on several lines; the widest texts give way until there is room.

    No text gives way below some columns, so that there may be too little room all the same.
    """
    words = [max(map(cell_len, title.split()), default=0) for title in head]
    widths = _widths([["x" * word for word in words], *cells])
    texts = [position for position, is_number in enumerate(right) if not is_number]
    while sum(widths) > room:
        widest = max(texts, key=lambda position: widths[position] - words[position], default=None)
        if widest is None or widths[widest] <= max(_NARROWEST_TEXT, words[widest]):
            break
        widths[widest] -= 1
    return widths


def _wrapped(text: str, width: int) -> list[str]:
    """Return a text in lines of a width, cut at spaces if there are any."""
    lines, line = [], ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if cell_len(joined) <= width:
            line = joined
            continue
        lines += [line] if line else []
        *whole, line = _pieces(word, width)
        lines += whole
    return [*lines, line]


def _pieces(word: str, width: int) -> list[str]:
    pieces, used = [""], 0
    for char in word:
        if used + cell_len(char) > width:
            pieces.append("")
            used = 0
        pieces[-1] += char
        used += cell_len(char)
    return pieces


def _paragraphs(head: Sequence[str], cells: Cells, indent: str) -> Iterator[str]:
    """Yield each row as its first cell, and below it the others with their heads."""
    for first, *others in cells:
        yield indent + first
        yield from (f"{indent}{_GAP}{title}: {cell}" for title, cell in zip(head[1:], others, strict=True))


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool], indent: str) -> str:
    return (indent + _GAP.join(map(_padded, cells, widths, right))).rstrip()


def _padded(cell: str, width: int, to_right: bool) -> str:
    space = " " * (width - cell_len(cell))
    return space + cell if to_right else cell + space


def _cell(value: object) -> str:
    if isinstance(value, int):
        return f"{value:,}" if value else "-"
    text = quoted(str(value))
    return text if cell_len(text) <= LONGEST_CELL else set_cell_size(text, LONGEST_CELL - 1) + "…"


def duration(hours: float) -> str:
    """Return a time in the unit that people would use."""
    seconds = hours * 3600
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{hours:.1f} h"
