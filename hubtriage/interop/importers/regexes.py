"""Turn regular expressions of Python, which other tools search with, into tests of our rules.

Plain texts between anchors become comparisons, the rest RE2's syntax. Where the two differ, what RE2 has is
written so that it means what Python means: `\\d`, `\\w` and `\\s` count all of Unicode, `\\Z` is `\\z`,
`{,3}` is `{0,3}`. What RE2 has not (look-around, references to groups) is refused. Two differences stay:
Python's `$` also holds before a line break at the very end, and `\\b` (see `WORDS`).
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping

from hubtriage.engine.errors import ConditionError
from hubtriage.engine.jsonlogic import compile_logic
from hubtriage.interop.criteria.input import Path, Refused, text
from hubtriage.interop.criteria.model import How, TextTest

_PLAIN = re.compile(r"(\^?)((?:[^\\.^$*+?{}\[\]|()]|\\[^A-Za-z0-9])+)(\$?)", re.DOTALL)
_HOW: Mapping[tuple[str, str], How] = {
    ("^", "$"): "equals",
    ("^", ""): "prefix",
    ("", "$"): "suffix",
    ("", ""): "contains",
}
# What stands in a class for Python's classes of characters.
_CLASSES = {"d": r"\p{Nd}", "w": r"\p{L}\p{N}_", "s": r"\s\x0b\x1c-\x1f\x85\p{Z}"}
_ESCAPE = r"\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)"
_OUTSIDE = re.compile(rf"{_ESCAPE}|\[\^?\]?|\{{,[0-9]*\}}|.", re.DOTALL)
_INSIDE = re.compile(rf"{_ESCAPE}|.", re.DOTALL)


WORDS = "`\\b` counts ASCII letters as parts of words, Python's counts all letters"
"""What to say of a rule whose expressions have word boundaries."""


def read_regex(pattern: object, path: Path) -> TextTest:
    """Return the test that equals a search for the expression. Raises Refused."""
    expression = text(pattern, path)
    plain = _PLAIN.fullmatch(expression)
    if plain:
        start, body, end = plain.groups()
        return TextTest(_HOW[start, end], re.sub(r"\\(.)", r"\1", body, flags=re.DOTALL))
    _check_with_python(expression, path)
    translated = "".join(_translated(expression, path))
    try:
        compile_logic({"regex": [{"var": "Id"}, translated]})
    except ConditionError as error:
        hint = "RE2 has no look-around and no references to groups, because it searches in linear time"
        raise Refused(path, error.message, hint) from None
    return TextTest("regex", translated)


def counts_ascii_words(expression: str) -> bool:
    """Say whether the expression asks for word boundaries, which RE2 sees between ASCII words only."""
    return any(token in ("\\b", "\\B") and not inside for token, inside in _tokens(expression))


def _check_with_python(expression: str, path: Path) -> None:
    """Refuse what Python refuses, and what it warns that its meaning may change."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(expression)
    except (re.error, RecursionError, OverflowError) as error:
        raise Refused(path, f"the regular expression is wrong: {error}") from None
    except Warning as warning:
        hint = "escape the bracket or the doubled sign in the class"
        raise Refused(path, f"the regular expression is ambiguous: {warning}", hint) from None


def _tokens(expression: str) -> Iterator[tuple[str, bool]]:
    """Yield the parts of an expression, and whether each stands within a class (its brackets do not)."""
    position, inside = 0, False
    while position < len(expression):
        found = (_INSIDE if inside else _OUTSIDE).match(expression, position)
        token = found[0] if found else expression[position:]
        position += len(token)
        if inside and token.endswith("]"):
            inside = False
        yield token, inside
        if not inside and token.startswith("["):
            inside = True


def _translated(expression: str, path: Path) -> Iterator[str]:
    for token, inside in _tokens(expression):
        if token.startswith("\\"):
            yield _escape(token, path, inside=inside)
        elif inside:
            yield token.replace("[", "\\[")
        elif token.startswith("["):
            yield token.replace("]", "\\]")
        else:
            yield "{0" + token[1:] if token.startswith("{,") else token


def _escape(token: str, path: Path, *, inside: bool) -> str:
    kind = token[1:2]
    if kind in "uU":
        return f"\\x{{{token[2:]}}}"
    if kind == "Z":
        return "\\z"
    if kind == "D":
        return r"\P{Nd}"
    if kind in _CLASSES:
        return _CLASSES[kind] if inside or kind == "d" else f"[{_CLASSES[kind]}]"
    if kind in "WS":
        if inside:
            raise Refused(
                path, f"RE2 has no equivalent of Python's {token} within a class", "write the class out"
            )
        return f"[^{_CLASSES[kind.lower()]}]"
    return r"\x08" if kind == "b" and inside else token
