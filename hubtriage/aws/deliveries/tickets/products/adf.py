"""Texts as documents of Jira (ADF). A text node is literal: only nodes and marks made here have a meaning.

Of all nodes that there are, only those are used that Jira takes in descriptions and comments: paragraph,
bulletList, listItem and text, and the marks link and code.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from hubtriage.aws.deliveries.tickets.products.wording import LONGEST_TEXT, link_of, utf16_units, within
from hubtriage.aws.deliveries.tickets.service import Bullets, Paragraph, Span, Text

LARGEST_DOCUMENT = 32_000
"""UTF-16 units of a document as JSON. Jira: 32,767, and nothing says how it counts."""
_KINDS = {
    "doc": {"type", "version", "content"},
    "paragraph": {"type", "content"},
    "bulletList": {"type", "content"},
    "listItem": {"type", "content"},
    "text": {"type", "text", "marks"},
}
_CHILDREN = {
    "doc": {"paragraph", "bulletList"},
    "paragraph": {"text"},
    "bulletList": {"listItem"},
    "listItem": {"paragraph"},
}


def document(text: Text, reference: str | None = None) -> dict[str, Any]:
    """Return a text as a document, cut where it is too long; `reference` is its last line, in code."""
    longest = LONGEST_TEXT
    while True:
        made = _document(within(text, longest), reference)
        if utf16_units(json.dumps(made, ensure_ascii=False)) <= LARGEST_DOCUMENT:
            check(made)
            return made
        longest = longest * 3 // 4


def _document(text: Text, reference: str | None) -> dict[str, Any]:
    content = [_block(block) for block in text]
    if reference:
        content.append(_paragraph([{"type": "text", "text": reference, "marks": [{"type": "code"}]}]))
    return {"type": "doc", "version": 1, "content": content or [_paragraph([])]}


def _block(block: Paragraph | Bullets) -> dict[str, Any]:
    if isinstance(block, Paragraph):
        return _paragraph(_texts(block.spans))
    items = [{"type": "listItem", "content": [_paragraph(_texts(item))]} for item in block.items]
    return {"type": "bulletList", "content": items}


def _paragraph(content: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "paragraph", "content": content}


def _texts(spans: tuple[Span, ...]) -> list[dict[str, Any]]:
    """Return the nodes of a line; an empty text is none."""
    return [node for span in spans for node in _nodes(span)]


def _nodes(span: Span) -> Iterator[dict[str, Any]]:
    if isinstance(span, str):
        if span:
            yield {"type": "text", "text": span}
        return
    url = link_of(span.url)
    if url is None:
        yield from _nodes(span.text)
        return
    mark = {"type": "link", "attrs": {"href": url}}
    yield {"type": "text", "text": span.text or url, "marks": [mark]}


def check(node: Mapping[str, Any], kind: str = "doc") -> None:
    """Raise ValueError for a document that Jira would refuse: it would not say which part is wrong."""
    if node.get("type") != kind or not set(node) <= _KINDS[kind]:
        raise ValueError(f"not a {kind} of a document")
    if kind == "text":
        if not node["text"] or (not node["text"].isprintable() and _has_controls(node["text"])):
            raise ValueError("a text node needs a text of one line")
        return
    children = node["content"]
    if not children and kind != "paragraph":
        raise ValueError(f"an empty {kind}")
    for child in children:
        if child["type"] not in _CHILDREN[kind]:
            raise ValueError(f"a {child['type']} in a {kind}")
        check(child, child["type"])


def _has_controls(text: str) -> bool:
    return any(
        letter < " " or "\x7f" <= letter <= "\x9f" or "\ud800" <= letter <= "\udfff" for letter in text
    )


def texts_of(node: object) -> Iterator[str]:
    """Yield every text of a document that came from Jira, whatever else it has."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Mapping):
            if isinstance(each.get("text"), str):
                yield each["text"]
            waiting += each["content"] if isinstance(each.get("content"), list) else []
