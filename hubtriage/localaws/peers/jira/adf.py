"""Documents of Jira (ADF): which it takes, what a reader sees, and what of it is more than text."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from hubtriage.localaws.peers.jira.errors import JiraError, invalid_input

LONGEST = 32_767
"""Characters (UTF-16 units) of a document. Atlassian does not say how it counts; here, as JSON."""

_INLINE = frozenset({"text", "hardBreak", "mention", "emoji", "inlineCard", "date", "status"})
_BLOCKS = frozenset({"paragraph", "heading", "bulletList", "orderedList", "codeBlock", "rule", "panel"})
_TABLE = {"table": {"tableRow"}, "tableRow": {"tableHeader", "tableCell"}}
_CONTENT: Mapping[str, frozenset[str]] = {
    "doc": _BLOCKS | {"table", "blockquote"},
    "paragraph": _INLINE,
    "heading": _INLINE,
    "codeBlock": frozenset({"text"}),
    "bulletList": frozenset({"listItem"}),
    "orderedList": frozenset({"listItem"}),
    "listItem": frozenset({"paragraph", "bulletList", "orderedList", "codeBlock"}),
    "panel": frozenset({"paragraph", "heading", "bulletList", "orderedList"}),
    "blockquote": frozenset({"paragraph", "bulletList", "orderedList"}),
    "table": frozenset({"tableRow"}),
    "tableRow": frozenset({"tableHeader", "tableCell"}),
    "tableHeader": _BLOCKS,
    "tableCell": _BLOCKS,
}
_FILLED = frozenset({"doc", "bulletList", "orderedList", "listItem", "table", "tableRow", "panel"})
_LEAVES = frozenset({"hardBreak", "rule", "mention", "emoji", "inlineCard", "date", "status"})
_MARKS = frozenset(
    {"link", "code", "strong", "em", "strike", "underline", "textColor", "subsup", "annotation"}
)
_WITH_CODE = frozenset({"code", "link", "annotation"})
_ENDS_LINE = frozenset({"paragraph", "heading", "codeBlock", "rule"})


def check(document: Any, field: str) -> None:
    """Raise JiraError for a document that Jira does not take as the value of a field."""
    if not isinstance(document, dict) or document.get("type") != "doc":
        text = "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
        raise JiraError(400, **{field: text})
    if set(document) != {"type", "version", "content"} or document["version"] != 1:
        raise invalid_input()
    _check_node(document, "doc")
    if _length(document) > LONGEST:
        raise JiraError(400, **{field: f"The entered text is too long. It exceeds the limit of {LONGEST}."})


def _length(document: Mapping[str, Any]) -> int:
    """Return its length as JSON that escapes no more than it must, in UTF-16 units."""
    return utf16_units(json.dumps(document, ensure_ascii=False, separators=(",", ":")))


def utf16_units(text: str) -> int:
    """Return the length of a text as Java counts it."""
    return sum(2 if ord(letter) > 0xFFFF else 1 for letter in text)


def _check_node(node: Any, kind: str) -> None:
    if not isinstance(node, dict) or node.get("type") != kind:
        raise invalid_input()
    if kind == "text":
        _check_text(node)
        return
    allowed = (
        {"type", "attrs", "content", "version", "marks"} if kind == "doc" else {"type", "attrs", "content"}
    )
    content = node.get("content", [])
    if not set(node) <= allowed or not isinstance(content, list):
        raise invalid_input()
    if (kind in _LEAVES and content) or (kind in _FILLED and not content):
        raise invalid_input()
    if kind == "listItem" and (not isinstance(content[0], dict) or content[0].get("type") != "paragraph"):
        raise invalid_input()
    if kind == "heading" and node.get("attrs", {}).get("level") not in range(1, 7):
        raise invalid_input()
    for child in content:
        if not isinstance(child, dict) or child.get("type") not in _CONTENT.get(kind, frozenset()):
            raise invalid_input()
        if kind == "codeBlock" and child.get("marks"):
            raise invalid_input()
        _check_node(child, child["type"])


def _check_text(node: Mapping[str, Any]) -> None:
    text, marks = node.get("text"), node.get("marks", [])
    if not set(node) <= {"type", "text", "marks"} or not isinstance(text, str) or not text:
        raise invalid_input()
    if any(_is_forbidden(letter) for letter in text):
        raise invalid_input()
    kinds = [mark.get("type") if isinstance(mark, dict) else None for mark in marks]
    if not set(kinds) <= _MARKS or len(set(kinds)) != len(kinds):
        raise invalid_input()
    if "code" in kinds and not set(kinds) <= _WITH_CODE:
        raise invalid_input()
    for mark in marks:
        if mark["type"] == "link" and not isinstance(mark.get("attrs", {}).get("href"), str):
            raise invalid_input()


def _is_forbidden(letter: str) -> bool:
    """Say whether a text must not have a character: a line break, a control, or half of a pair."""
    return (ord(letter) < 0x20 and letter != "\t") or 0xD800 <= ord(letter) <= 0xDFFF


def shown(document: Mapping[str, Any]) -> str:
    """Return what a reader sees of a document: lines, of lists too."""
    return "".join(_pieces(document)).removesuffix("\n")


def _pieces(node: Mapping[str, Any]) -> Iterator[str]:
    kind = node["type"]
    if kind == "text":
        yield node["text"]
    elif kind == "hardBreak":
        yield "\n"
    elif kind in _LEAVES:
        yield f"<{kind}>" if kind != "rule" else ""
    for child in node.get("content", ()):
        yield from _pieces(child)
    if kind in _ENDS_LINE:
        yield "\n"


def live(document: Mapping[str, Any]) -> list[str]:
    """Return what of a document is more than text: addresses that links lead to, mentions, cards."""
    found = []
    if document["type"] in ("mention", "inlineCard", "emoji"):
        found.append(f"{document['type']}:{document.get('attrs', {})}")
    marks = document.get("marks", ())
    found += [mark["attrs"]["href"] for mark in marks if mark["type"] == "link"]
    for child in document.get("content", ()):
        found += live(child)
    return found
