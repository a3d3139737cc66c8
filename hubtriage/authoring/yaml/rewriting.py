"""Fixes of a value or key at a path of a file: its text with quotes, brackets or another name.

Everything else of the text stays as it is: comments, the order, quotes, line ends. A function returns None
where the text cannot be changed in one place for sure: a value over several lines, with an anchor or a tag.
"""

import json
import re
from collections.abc import Sequence
from typing import Any

from hubtriage.authoring.problems import ChangeKind, ContentChange, Fix
from hubtriage.authoring.yaml.flow import quoted
from hubtriage.authoring.yaml.scalars import plain_value
from hubtriage.authoring.yaml.spans import TextSpan
from hubtriage.authoring.yaml.tree import YamlDocument

Path = Sequence[str | int]

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_NO_FLOW = re.compile(r"[,\[\]{}#]|:\s|:$")  # in a plain scalar: it ends there inside of brackets


def with_quotes(document: YamlDocument, path: Path) -> Fix | None:
    """Put quotes around an unquoted value."""
    text = document.node(path).unquoted
    if not text:
        return None
    return _set(document, path, text, quoted(text), "puts it in quotes")


def as_literal(document: YamlDocument, path: Path, value: bool | float) -> Fix | None:
    """Write true, false or a number without quotes."""
    return _set(document, path, value, json.dumps(value), f"writes {json.dumps(value)}")


def as_text(document: YamlDocument, path: Path, text: str) -> Fix | None:
    """Write another text, with the quotes that there are."""
    return _set(document, path, text, None, f"writes `{text}`")


def under_name(document: YamlDocument, path: Path, name: str) -> Fix | None:
    """Make a value the only one of a mapping."""
    inside = _inside(document, path)
    if inside is None:
        return None
    written = f"{{{name}: {inside[1]}}}"
    change = _change(document, path, ChangeKind.UNDER, name)
    return document.source.fix(inside[0], written, f"puts it under {name}", (change,))


def as_wildcard(document: YamlDocument, path: Path) -> Fix | None:
    """Make a wildcard of an exact value of a pattern; it matches more then."""
    inside = _inside(document, path)
    if inside is None:
        return None
    written = f"{{wildcard: {inside[1]}}}"
    changes = [_change(document, path, ChangeKind.UNDER, "wildcard")]
    if isinstance(path[-1], str):
        written = f"[{written}]"
        changes.append(_change(document, path, ChangeKind.LISTED))
    words = "makes it a wildcard, which matches more than the value as it is written"
    return document.source.fix(inside[0], written, words, tuple(changes), unsafe=True)


def as_list(document: YamlDocument, path: Path) -> Fix | None:
    """Make a value the only one of a list."""
    changes = (_change(document, path, ChangeKind.LISTED),)
    span, node = _span(document, path), document.node(path)
    if span is not None and span.style == "block":
        text = document.source.text[span.start : span.end]
        return document.source.fix(span, f"- {_indented(text, 2)}", "puts it in a list", changes)
    inside = _inside(document, path)
    if inside is None or node.value is None or (node.unquoted and "," in node.unquoted):
        return None  # several values may have been meant
    return document.source.fix(inside[0], f"[{inside[1]}]", "puts it in a list", changes)


def with_name(document: YamlDocument, path: Path, name: str) -> Fix | None:
    """Give a key another name, with the quotes that there are."""
    key, holder = path[-1] if path else None, document.node(path[:-1])
    node = (holder.keys or {}).get(key) if isinstance(key, str) else None
    span = document.source.span(node) if node is not None else None
    if span is None or span.style not in ("plain", "quoted") or name in (holder.keys or {}):
        return None
    written = _like(document.source.text[span.start : span.end], span, name)
    change = _change(document, path, ChangeKind.RENAME, name)
    return document.source.fix(span, written, f"writes `{name}`", (change,))


def as_conjunction(document: YamlDocument, path: Path) -> Fix | None:
    """Make one condition of a list of them: all have to hold. One alone needs no list."""
    node, span = document.node(path), _span(document, path)
    items = list((node.children or {}).values())
    if span is None or node.keys is not None or not items:
        return None
    source = document.source
    text = source.text[span.start : span.end]
    under = (_change(document, path, ChangeKind.UNDER, "and"),)
    if len(items) == 1:
        only = (_change(document, path, ChangeKind.ONLY),)
        if span.style == "block":
            return source.fix(
                TextSpan(span.start, span.start + 1, "plain"), " ", "takes it out of the list", only
            )
        inner = source.span(items[0])
        if (
            span.style == "flow"
            and inner is not None
            and _is_only(text, source.text[inner.start : inner.end])
        ):
            return source.fix(span, source.text[inner.start : inner.end], "takes it out of the list", only)
    words = "combines them with `and`"
    if span.style == "flow":
        return source.fix(span, f"{{and: {text}}}", words, under)
    if span.style != "block":
        return None
    indent, outer = node.column - 1, document.locate_key(path).column - 1
    if indent > outer:
        at = TextSpan(span.start, span.start, "plain")
        return source.fix(at, f"and:{source.newline}{' ' * indent}", words, under)
    moved = f"  and:{source.newline}{' ' * (indent + 2)}{_indented(text, 2)}"
    return source.fix(span, moved, words, under)


def as_conjunction_of_keys(document: YamlDocument, path: Path) -> Fix | None:
    """Make an `and` of a mapping with several operators, each by itself."""
    node, span = document.node(path), _span(document, path)
    if span is None or not node.keys or not node.children:
        return None
    source, words = document.source, "combines them with `and`"
    changes = tuple(
        _change(document, path, kind, name)
        for kind, name in ((ChangeKind.SPLIT, None), (ChangeKind.UNDER, "and"))
    )
    text = source.text[span.start : span.end]
    starts = [source.offset(key.position) - span.start for key in node.keys.values()]
    if span.style == "block":
        indent = " " * (node.column - 1)
        parts = [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
        items = "".join(f"{indent}  - {_indented(part.rstrip(' '), 4)}" for part in parts)
        return source.fix(span, f"and:{source.newline}{items}", words, changes)
    ends = [source.span(child) for child in node.children.values()]
    if span.style != "flow" or "#" in text or "\n" in text or None in ends:
        return None
    pairs = [
        text[start : end.end - span.start] for start, end in zip(starts, ends, strict=True) if end is not None
    ]
    written = ", ".join(f"{{{pair}}}" for pair in pairs)
    return source.fix(span, f"{{and: [{written}]}}", words, changes)


def _set(document: YamlDocument, path: Path, value: Any, written: str | None, words: str) -> Fix | None:
    span = _span(document, path)
    if span is None or span.style not in ("plain", "quoted", "alias"):
        return None
    if written is None:
        written = _like(document.source.text[span.start : span.end], span, value)
    change = _change(document, path, ChangeKind.SET, value)
    return document.source.fix(span, written, words, (change,))


def _like(before: str, span: TextSpan, text: str) -> str:
    """Return a text with the quotes of another one, or with double quotes where it needs some."""
    if span.style == "quoted" and before.startswith("'") and text.isprintable() and "'" not in text:
        return f"'{text}'"
    if span.style == "plain" and _PLAIN.fullmatch(text) and plain_value(text) == text:
        return text
    return quoted(text)


def _inside(document: YamlDocument, path: Path) -> tuple[TextSpan, str] | None:
    """Return the span of a value, and its text as it can stand in brackets."""
    span = _span(document, path)
    if span is None or span.style in ("folded", "block"):
        return None
    text = document.source.text[span.start : span.end]
    if span.style == "plain" and _NO_FLOW.search(text):
        return span, quoted(text)
    return span, text


def _span(document: YamlDocument, path: Path) -> TextSpan | None:
    return document.source.span(document.node(path)) if document.root.has(path) else None


def _change(document: YamlDocument, path: Path, kind: ChangeKind, argument: Any = None) -> ContentChange:
    return ContentChange(kind, document.written(path), argument)


def _is_only(text: str, inner: str) -> bool:
    """Say whether there is nothing else in the brackets of a list than one value."""
    return text[1:-1].strip() == inner


def _indented(text: str, columns: int) -> str:
    """Return a text with its lines after the first one moved to the right."""
    return re.sub(r"(?<=\n)(?=[^\r\n])", " " * columns, text)
