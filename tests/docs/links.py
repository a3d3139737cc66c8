"""Where the links of the documents lead."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt

from tests.support.paths import ROOT

_MARKDOWN = MarkdownIt("commonmark").enable("table")


def documents() -> list[Path]:
    """Return every page that is written for readers."""
    folders = (path for name in ("docs", "deploy") for path in sorted((ROOT / name).rglob("*.md")))
    return [*sorted(ROOT.glob("*.md")), *folders, ROOT / "tests" / "README.md"]


def links(page: Path) -> Iterator[str]:
    """Yield the targets of a page's links, other than addresses on the web."""
    for token in _MARKDOWN.parse(page.read_text(encoding="utf-8")):
        for child in token.children or []:
            target = str(child.attrGet("href") or "")
            if target and not re.match(r"[a-z]+:", target):
                yield target


def leads_somewhere(page: Path, target: str) -> bool:
    """Return whether the file of a link exists, and has the section that it names."""
    path, _, anchor = target.partition("#")
    file = (page.parent / path).resolve() if path else page
    return file.exists() and (not anchor or anchor in anchors(file))


@cache
def anchors(page: Path) -> frozenset[str]:
    """Return the anchors of a page: of its headings, and those that it sets by hand."""
    text = page.read_text(encoding="utf-8")
    tokens = _MARKDOWN.parse(text)
    headings = [tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "heading_open"]
    return frozenset(map(anchor_of, headings)) | set(re.findall(r'<a id="([^"]+)">', text))


def anchor_of(heading: str) -> str:
    """Return what a link to a heading ends in."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
