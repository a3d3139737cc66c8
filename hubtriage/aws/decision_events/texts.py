"""Texts of findings, rules and people as an event carries them: on one line, visible, and cut.

They stay data all the same: a program that shows them escapes them for the place where it does.
"""

from unicodedata import category

UNSEEN = "\ufffd"
"""Stands for each character that would not be seen, or would change what is seen around it."""
MARK = "…"
"""The last character of a text that was cut."""
_SPACES = "\t\n\r\v\f\x85\u2028\u2029"
_DECEIVING = frozenset(
    "\u061c\u200b\u200e\u200f\u2060\ufeff"  # direction marks, and what has no width
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # text that runs the other way
)
_TAGS = range(0xE0000, 0xE0080)
_CONTROLS = ("Cc", "Cs", "Cn")  # controls, half a surrogate pair, and what Unicode has not assigned


def event_text(text: str, longest: int) -> str:
    """Return a text on one line, without what deceives the eye, cut to so many characters."""
    cut = text if len(text) <= longest else text[: longest - 1] + MARK
    return cut if cut.isascii() and cut.isprintable() else "".join(map(_visible, cut))


def _visible(letter: str) -> str:
    if letter in _SPACES:
        return " "
    if letter in _DECEIVING or ord(letter) in _TAGS or category(letter) in _CONTROLS:
        return UNSEEN
    return letter
