"""What makes a text hard to read: idioms that CONTRIBUTING.md rules out, and sentences that are too long.

A page is read as Markdown. Blocks of code do not count, code in a line counts as one word, a link as its
text, and each cell of a table and each item of a list by itself. What the software prints is read from the
golden files, as text: each paragraph, option and message by itself.
"""

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.support.paths import ROOT

MOST_WORDS = 30
GENERATED = {"docs/cli.md"}
"""Pages that a command writes; the texts come from the code."""
IDIOMS = {
    r"(some|any|every|no)body\b": "no one, anyone, everyone, a person, an operator",
    r"(whoever|whosoever|whomever)\b": "anyone who, a person who",
    r"(of|from|by|about|under|behind|with|for|to|after|between) (which|whom)\b": "begin a new sentence",
    r"(that )?(is|are) none\b": "say what it is not",
    r"(that|which|what) (is|are) no (?!longer|more|way)": "that is not a",
    r"beside\b": "next to, in addition to",
    r"likewise\b": "in the same way",
    r"as is\b": "unchanged",
    r"(is|are|was|were|be|been) told\b": "is reported, is shown",
    r"(tell|tells|telling|told) (of|the story|each|every|it|them|how|that|what)\b": "report, show or explain",
    r"(what )?becomes? of\b": "what happens to",
    r"(anew|for ever|thereof|therein|wherein|whence|hence|thereby)\b": "again, forever, so",
    r"(that|those) of (a|an|the|our|your)\b": "name the thing again",
}
GRAMMATICAL = {
    r"(of|from|by|about|under|behind|with|for|to|after|between) (which|whom)\b",
    r"(that )?(is|are) none\b",
    r"(that|those) of (a|an|the|our|your)\b",
}
"""Idioms that are good grammar, and short: in a docstring they may stand, except `of which`."""
_IDIOM = {re.compile(rf"\b{idiom}", re.IGNORECASE): better for idiom, better in IDIOMS.items()}
_IDIOM_OF_CODE = {
    re.compile(rf"\b{idiom}", re.IGNORECASE): better
    for idiom, better in {
        **{idiom: better for idiom, better in IDIOMS.items() if idiom not in GRAMMATICAL},
        r"of (which|whom)\b": "begin a new sentence",
    }.items()
}
_ENDS = re.compile(r"""(?<!e\.g)(?<!i\.e)[.!?]["')\]]*(?:\s+|$)""")
_WORD = re.compile(r"[^\W_](?:[^\s—–…/]*[^\W_])?")
_CODE = "code"
_IN_BACKQUOTES = re.compile("`[^`\n]*`")
_MESSAGES = ("docs/checks/*.md", "tests/authoring/flaws/*.txt", "tests/golden/cli/errors.txt")
_MESSAGE = re.compile(r"(\S+:\d+:\d+: [EW]\d{3}| *hint:|Error:) (?P<text>.*)")
_MARKDOWN = MarkdownIt("commonmark").enable("table")


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong on a line of a page, and what to write instead."""

    line: int
    message: str

    def __str__(self) -> str:
        """Return it as an error of a test shows it."""
        return f"{self.line}: {self.message}"


def pages() -> list[str]:
    """Return all pages that people write, by their path in the repository."""
    found = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *(ROOT / "deploy").rglob("*.md")]
    return [name for path in found if (name := path.relative_to(ROOT).as_posix()) not in GENERATED]


def flaws(markdown: str) -> list[Flaw]:
    """Return every flaw of a page, in the order of its lines."""
    return [flaw for line, text in blocks(markdown) for flaw in _flaws_of(line, text)]


def blocks(markdown: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the words of each paragraph, heading, list item and cell."""
    line = 1
    for token in _MARKDOWN.parse(markdown):
        line = token.map[0] + 1 if token.map else line
        if token.type == "inline":
            yield line, "".join(_words(token.children or []))


def sentences(text: str) -> list[str]:
    """Return the sentences of a paragraph."""
    return [sentence for sentence in _ENDS.split(text) if sentence.strip()]


def printed() -> Iterator[tuple[str, str]]:
    """Yield everything that golden files and the pages of checks show of help, problems and doctor.

    Each is a file, by its path in the repository, and one text of it.
    """
    for path in sorted((ROOT / "tests/golden/cli/help").glob("*.txt")):
        yield from ((_name(path), text) for text in help_texts(path.read_text(encoding="utf-8")))
    for pattern in _MESSAGES:
        for path in sorted(ROOT.glob(pattern)):
            for line in path.read_text(encoding="utf-8").splitlines():
                if said := _MESSAGE.match(line):
                    yield _name(path), said["text"]
    for path in sorted((ROOT / "tests/golden/doctor").glob("*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield _name(path), line.strip()


def help_texts(shown: str) -> Iterator[str]:
    """Yield the paragraphs of a help text, with each option and command by itself."""
    for paragraph in re.split(r"\n\s*\n|\n(?=  -|    ?\S+ {2,})", shown):
        yield " ".join(paragraph.split())


def flaws_of(text: str) -> list[Flaw]:
    """Return every flaw of a text that is not Markdown; code in backquotes counts as one word."""
    return list(_flaws_of(1, _IN_BACKQUOTES.sub(_CODE, text)))


def modules() -> list[str]:
    """Return every module that is shipped, by its path in the repository."""
    folders = ("hubtriage", "infra", "lambdas")
    return ["app.py", *sorted(_name(path) for folder in folders for path in (ROOT / folder).rglob("*.py"))]


def docstring_flaws(source: str) -> list[Flaw]:
    """Return every flaw of the docstrings of a module, those of its variables too, by line."""
    found = [flaw for line, text in docstrings(source) for flaw in _docstring_flaws(line, text)]
    return sorted(found, key=lambda flaw: flaw.line)


def docstrings(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each text that stands by itself in a module."""
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        for statement in body if isinstance(body, list) else ():
            value = statement.value if isinstance(statement, ast.Expr) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield statement.lineno, inspect.cleandoc(value.value)


def _docstring_flaws(line: int, text: str) -> Iterator[Flaw]:
    for start, block in blocks(text):
        if not block.startswith("\b"):  # click keeps the lines of such a paragraph apart
            yield from _flaws_of(line + start - 1, block, _IDIOM_OF_CODE)


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _words(tokens: list[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type in ("softbreak", "hardbreak"):
            yield " "
        elif token.type == "code_inline":
            yield _CODE
        elif token.type == "text":
            yield token.content


def _flaws_of(line: int, text: str, idioms: Mapping[re.Pattern[str], str] = _IDIOM) -> Iterator[Flaw]:
    for idiom, better in idioms.items():
        for found in idiom.finditer(text):
            yield Flaw(line, f"{found[0]!r}: write {better} ({text[:60]}...)")
    for sentence in sentences(text):
        count = len(_WORD.findall(sentence))
        if count > MOST_WORDS:
            yield Flaw(line, f"{count} words, at most {MOST_WORDS} are read easily: {sentence}")


def read(page: str) -> list[Flaw]:
    """Return the flaws of a page by its path in the repository."""
    return flaws((ROOT / Path(page)).read_text(encoding="utf-8"))
