"""Tables of plain text: aligned columns, nothing in a cell that controls the terminal.

They are not rich's own tables, which took a second for 1,000 rows where this takes 20 ms: a backtest prints a
row for each rule. Only the widths of characters come from rich.
"""

from collections.abc import Iterator, Sequence

from rich.cells import cell_len, set_cell_size

from hubtriage.cli.text import quoted

LONGEST_CELL = 60


def table(head: Sequence[str], rows: Sequence[Sequence[object]], indent: str = "  ") -> Iterator[str]:
    """Yield the lines of a table: texts to the left, numbers to the right."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(head, *cells, strict=True)]
    right = [bool(rows) and isinstance(value, int) for value in (rows[0] if rows else head)]
    for line in (head, *cells):
        padded = map(_padded, line, widths, right)
        yield (indent + "  ".join(padded)).rstrip()


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
