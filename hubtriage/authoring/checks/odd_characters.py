"""Characters that look like others: typographic quotes, and spaces that no one sees."""

_QUOTES = "“”„‟‘’‚‛«»"
_SPACES = {
    "\u00a0": "a no-break space (U+00A0)",
    "\u202f": "a narrow no-break space (U+202F)",
    "\u200b": "a zero-width space (U+200B)",
    "\u200c": "a zero-width character (U+200C)",
    "\u200d": "a zero-width character (U+200D)",
    "\u200e": "a direction mark (U+200E)",
    "\u200f": "a direction mark (U+200F)",
    "\u2060": "a zero-width character (U+2060)",
    "\ufeff": "a byte order mark (U+FEFF)",
}
ODD_CHARACTERS = (*_QUOTES, *_SPACES)
_ODD = str.maketrans(dict.fromkeys(ODD_CHARACTERS, ""))


def odd_character(text: str) -> tuple[str, str] | None:
    """Return what is odd about a text, and the text without it; None if nothing is."""
    if text != text.strip() and text.strip().isascii():
        return "there is a space at its end" if text[
            -1:
        ].isspace() else "there is a space before it", text.strip()
    if text.isascii():
        return None
    for char in text:
        if char in _SPACES:
            return f"there is {_SPACES[char]} in it", text.translate(_ODD)
        if char in _QUOTES:
            return "there are typographic quotes in it", text.translate(_ODD)
    return None
