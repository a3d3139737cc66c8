"""Tables of plain text: aligned columns, nothing in a cell that controls the terminal."""

from collections.abc import Iterator, Sequence

from hubtriage.cli.text import quoted

LONGEST_CELL = 60


def table(head: Sequence[str], rows: Sequence[Sequence[object]], indent: str = "  ") -> Iterator[str]:
    """Lines of a table: text left, numbers right."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    right = [bool(rows) and isinstance(value, int) for value in (rows[0] if rows else head)]
    for line in (head, *cells):
        padded = (
            f"{cell:>{width}}" if to_right else f"{cell:<{width}}"
            for cell, width, to_right in zip(line, widths, right, strict=True)
        )
        yield (indent + "  ".join(padded)).rstrip()


def _cell(value: object) -> str:
    if isinstance(value, int):
        return f"{value:,}" if value else "-"
    text = quoted(str(value))
    return text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - 1] + "…"


def duration(hours: float) -> str:
    """A time in the unit that people would use."""
    seconds = hours * 3600
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{hours:.1f} h"
