"""Texts as every ticket service can take them: each character shows, a line stays one, long ones are cut.

No markup is escaped here: each adapter does that for its own product.
"""

from collections.abc import Iterable, Iterator

from hubtriage.aws.decision_events.texts import MARK, event_text
from hubtriage.aws.deliveries.tickets.service import Bullets, Link, Paragraph, Span, Text

LONGEST_TEXT = 20_000
"""Characters of a description or a comment. Services take about 32,000, and count in ways of their own."""
LONGEST_NAME = 100
"""Characters of the key of a ticket, or of how it ended. They are kept in the table, so they have a limit."""
CUT = "[hubtriage cut this text here: it is too long for a ticket]"
_LONGEST_SPAN = 5_000
_FORMULA = ("=", "+", "-", "@")
"""A spreadsheet takes a cell that begins so as a formula, and people export tickets to spreadsheets."""


def one_line(text: str, longest: int) -> str:
    """Return a title: one line of at most so many UTF-16 units, which no spreadsheet takes as a formula."""
    line = not_a_formula(event_text(text, longest).strip() or "hubtriage")
    while utf16_units(line) > longest:
        line = line[:-2].rstrip() + MARK
    return line


def not_a_formula(text: str) -> str:
    """Return a text that no spreadsheet takes as a formula: one that could be begins with an apostrophe."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def is_name(value: object) -> bool:
    """Say whether a value of a service can be the key of a ticket: one visible line that is not long."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_NAME and value.isprintable()


def utf16_units(text: str) -> int:
    """Return the length of a text as Java and JavaScript count it."""
    return len(text) + sum(letter > "\uffff" for letter in text)


def within(text: Text, longest: int = LONGEST_TEXT) -> Text:
    """Return a text whose characters all show, cut at so many characters, with a mark where it is cut."""
    blocks = list(_cut(map(_clean, text), longest))
    return tuple(blocks)


def link_of(url: str) -> str | None:
    """Return an address that may become a link; None for any that is not plainly one of HTTPS."""
    is_plain = url.startswith("https://") and all(0x21 <= ord(letter) <= 0x7E for letter in url)
    return url if is_plain and not set('"<>\\^`{|}') & set(url) else None


def _clean(block: Paragraph | Bullets) -> Paragraph | Bullets:
    if isinstance(block, Paragraph):
        return Paragraph(tuple(map(_clean_span, block.spans)))
    return Bullets(tuple(tuple(map(_clean_span, item)) for item in block.items))


def _clean_span(span: Span) -> Span:
    if isinstance(span, str):
        return event_text(span, _LONGEST_SPAN)
    return Link(event_text(span.text, _LONGEST_SPAN), span.url)


def _cut(blocks: Iterable[Paragraph | Bullets], longest: int) -> Iterator[Paragraph | Bullets]:
    """Yield blocks, and items of lists, as long as they fit as a whole; then the mark."""
    left = longest - len(CUT)
    for block in blocks:
        lines = (block.spans,) if isinstance(block, Paragraph) else block.items
        kept: list[tuple[Span, ...]] = []
        for line in lines:
            left -= _length(line) + 3
            if left < 0:
                break
            kept.append(line)
        if kept:
            yield Paragraph(kept[0]) if isinstance(block, Paragraph) else Bullets(tuple(kept))
        if left < 0:
            yield Paragraph((CUT,))
            return


def _length(line: tuple[Span, ...]) -> int:
    return sum(len(span) if isinstance(span, str) else len(span.text) + len(span.url) for span in line)
