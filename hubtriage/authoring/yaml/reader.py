"""Read YAML with the position of every key and value.

Rule files may use a subset of YAML: one document of mappings with text keys, lists and scalars. Anchors and
aliases may share a whole value; the size that aliases expand to is bounded, so a small file cannot grow into
a huge one. Merge keys (`<<`) and tags (`!!int`) are refused: they hide from a reviewer what a rule says.

This reader uses the events of PyYAML's parser, not its node composer. The composer recurses in C without a
bound, so a deeply nested file would end the process; and it takes four times as long.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NoReturn, TypeAlias

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
)

from hubtriage.authoring.problems import Position, Problem
from hubtriage.authoring.yaml.flow import quoted
from hubtriage.authoring.yaml.scalars import plain_value
from hubtriage.authoring.yaml.tree import SourceText, YamlDocument, YamlNode, unquoted

MAX_DEPTH = 64
MAX_VALUES = 2_000_000  # values in one file, aliases expanded
MAX_BYTES = 32 * 1024 * 1024

Event: TypeAlias = Any  # an event of PyYAML's C parser: its marks and anchors are always there

_TOO_DEEP = f"values are nested more than {MAX_DEPTH} deep"
_TOO_MANY = f"the file has more than {MAX_VALUES} values"
_ONE = "a rule file holds one document: move what follows '---' into a file of its own"
_ALIAS = "an anchor is '&name' before a value; text that starts with '*' needs quotes"
_TAG = "write the value without the tag; quote it if text is meant"
_MERGE = "write the keys out, or share a whole value with an anchor ('&name') and an alias ('*name')"
_TWICE = "most YAML readers would keep only the last one; delete or rename one of them"


def parse(file: str, content: bytes) -> tuple[YamlDocument | None, list[Problem]]:
    """Return the document of a YAML file, or None if it has no readable one, and its problems."""
    text, problem = _decode(file, content)
    if problem is not None:
        return None, [problem]
    source = SourceText(file, text)
    builder = _Builder(source, yaml.parse(text, Loader=yaml.CSafeLoader))
    try:
        root = builder.root()
    except _Unreadable as error:
        return None, [*builder.problems, error.problem]
    except yaml.YAMLError as error:
        return None, [*builder.problems, _syntax_problem(source, error)]
    return (None if root is None else YamlDocument(source, root)), builder.problems


def _decode(file: str, content: bytes) -> tuple[str, Problem | None]:
    if len(content) > MAX_BYTES:
        return "", Problem(file, Position(1, 1), "E001", f"the file is larger than {MAX_BYTES} bytes")
    try:
        return content.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", "replace")
        message = f"the file is not UTF-8: byte 0x{content[error.start]:02x}"
        return "", Problem(file, _end_of(before), "E001", message, "save the file with the encoding UTF-8")


def _end_of(text: str) -> Position:
    """Return the position behind a text that starts at the beginning of a file."""
    return Position(text.count("\n") + 1, len(text) - text.rfind("\n"))


class _Unreadable(Exception):  # noqa: N818 - it carries a problem, it does not name an error
    def __init__(self, problem: Problem):
        super().__init__(problem.message)
        self.problem = problem


class _Builder:
    """Builds the tree of nodes from parser events, and collects the problems that do not stop it."""

    def __init__(self, source: SourceText, events: Iterable[Event]):
        self.problems: list[Problem] = []
        self._source = source
        self._events: Iterator[Event] = iter(events)
        self._anchors: dict[str, tuple[YamlNode, int]] = {}
        self._count = 0

    def root(self) -> YamlNode | None:
        """Return the root of the only document, or None if there is none."""
        root = None
        for event in self._events:
            if not isinstance(event, DocumentStartEvent):
                continue
            if root is not None:
                self._report(event, "E005", "a second YAML document starts here", _ONE)
                break
            root = self._node(next(self._events), 1)
        return root

    def _node(self, event: Event, depth: int) -> YamlNode:
        self._count += 1
        if isinstance(event, AliasEvent):
            return self._alias(event, depth)
        before = self._count
        node = self._new_node(event, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = (node, self._count - before + 1)
        return node

    def _new_node(self, event: Event, depth: int) -> YamlNode:
        if event.tag is not None and event.tag != "!":
            self._report_tag(event)
        if isinstance(event, ScalarEvent):
            return self._scalar(event)
        if depth > MAX_DEPTH:
            self._stop(event, "E006", _TOO_DEEP)
        if self._count > MAX_VALUES:
            self._stop(event, "E006", _TOO_MANY)
        return (
            self._mapping(event, depth) if isinstance(event, MappingStartEvent) else self._list(event, depth)
        )

    def _alias(self, event: Event, depth: int) -> YamlNode:
        known = self._anchors.get(event.anchor)
        if known is None:
            self._stop(event, "E002", f"the alias '*{event.anchor}' has no anchor before it", _ALIAS)
        node, size = known
        self._count += size
        if self._count > MAX_VALUES:
            self._stop(event, "E006", _TOO_MANY, "mind what its aliases expand to")
        if depth + node.height > MAX_DEPTH + 1:
            self._stop(event, "E006", _TOO_DEEP)
        mark = event.start_mark
        return replace(node, line=mark.line + 1, column=mark.column + 1)

    def _scalar(self, event: Event) -> YamlNode:
        mark, text = event.start_mark, event.value
        if event.style or event.tag is not None:
            return YamlNode(mark.line + 1, mark.column + 1, text)
        return YamlNode(mark.line + 1, mark.column + 1, plain_value(text), text)

    def _list(self, event: Event, depth: int) -> YamlNode:
        children: dict[str | int, YamlNode] = {}
        while not isinstance(item := next(self._events), SequenceEndEvent):
            children[len(children)] = self._node(item, depth + 1)
        mark = event.start_mark
        value = [child.value for child in children.values()]
        return YamlNode(mark.line + 1, mark.column + 1, value, None, _height(children), None, children)

    def _mapping(self, event: Event, depth: int) -> YamlNode:
        keys: dict[str, YamlNode] = {}
        children: dict[str | int, YamlNode] = {}
        while not isinstance(item := next(self._events), MappingEndEvent):
            key = self._key(item, depth)
            child = self._node(next(self._events), depth + 1)
            if key is None:
                continue
            name = key.unquoted if key.unquoted is not None else key.value
            if name in keys:
                message = f"key {name!r} appears twice (first in line {keys[name].line})"
                self._report(item, "E003", message, _TWICE)
                continue
            keys[name], children[name] = key, child
        mark = event.start_mark
        value = {name: child.value for name, child in children.items()}
        return YamlNode(mark.line + 1, mark.column + 1, value, None, _height(children), keys, children)

    def _key(self, event: Event, depth: int) -> YamlNode | None:
        """Return the node of a key; None, with a problem, if it cannot be a name."""
        if isinstance(event, ScalarEvent) and event.value == "<<" and not event.style:
            self._report(event, "E007", "merge keys ('<<') are not supported", _MERGE)
            return None
        node = self._node(event, depth + 1)
        if isinstance(node.value, str):
            return node
        if node.unquoted is not None:
            self.problems.append(self._unquoted_key(node))
            return node
        self._report(event, "E007", "a key must be text")
        return None

    def _unquoted_key(self, node: YamlNode) -> Problem:
        """Return the problem of a key that needs quotes; to everything else its text counts."""
        span, text = self._source.span(node), quoted(node.unquoted or "")
        fix = None
        if span is not None and span.style == "plain" and node.unquoted:
            fix = self._source.fix(span, text, "puts it in quotes", ())
        return self._source.problem("E004", node.position, *unquoted(node), fix)

    def _report_tag(self, event: Event) -> None:
        tag = event.tag.replace("tag:yaml.org,2002:", "!!")
        if tag.startswith("!") and tag.endswith(":"):
            self._report(
                event, "E007", f"an unquoted {tag[:-1]} starts a tag", f'quote the operator: "{tag[:-1]}"'
            )
        else:
            self._report(event, "E007", f"the tag {tag!r} is not supported", _TAG)

    def _report(self, event: Event, code: str, message: str, hint: str = "") -> None:
        self.problems.append(self._problem(event, code, message, hint))

    def _stop(self, event: Event, code: str, message: str, hint: str = "") -> NoReturn:
        raise _Unreadable(self._problem(event, code, message, hint))

    def _problem(self, event: Event, code: str, message: str, hint: str) -> Problem:
        position = Position(event.start_mark.line + 1, event.start_mark.column + 1)
        return self._source.problem(code, position, message, hint)


def _height(children: Mapping[str | int, YamlNode]) -> int:
    return 1 + max([child.height for child in children.values()], default=0)


_CHARACTER = "remove the character, or write it as an escape in quotes"
_END = "found unexpected end of stream"
_NO_MAPPING = "mapping values are not allowed in this context"
_OPERATOR_KEY = re.compile(r"^\s*(?:-\s+)*\{?\s*([!%>|*&@?]=?|!!|!==?|>=)\s*:")


def _syntax_problem(source: SourceText, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        return _character_problem(source, error)
    position = Position(mark.line + 1, mark.column + 1)
    said = getattr(error, "problem", None) or "cannot be read"
    context = getattr(error, "context", None)
    message = f"not YAML: {said}" + (f" ({context})" if context else "")
    return source.problem(
        "E002", position, message, _syntax_hint(source.line(position.line), said, position.column)
    )


def _character_problem(source: SourceText, error: yaml.YAMLError) -> Problem:
    """Return the problem of a character that YAML forbids; PyYAML gives its offset, not a mark."""
    offset = getattr(error, "position", 0)
    before = source.text[:offset] if isinstance(offset, int) else ""
    message = f"not YAML: {getattr(error, 'reason', error)}"
    return source.problem("E002", _end_of(before), message, _CHARACTER)


def _syntax_hint(source: str, said: str, column: int) -> str:
    operator = _OPERATOR_KEY.match(source)
    if operator:
        return f'quote the operator: "{operator[1]}"'
    indent = source[: len(source) - len(source.lstrip())]
    if "\t" in indent or "\\t" in said:
        return "indent with spaces: YAML allows no tabs"
    if "',' or" in said:
        return "a bracket before it is not closed"
    if said == _END:
        return "a quote or bracket before it is not closed"
    at_first_key = said == _NO_MAPPING and ": " not in source[: column - 1]
    if at_first_key or (said.startswith("did not find expected") and column - 1 == len(indent)):
        return "indent the line as those that it belongs to"
    if ": " in source.partition(": ")[2]:
        return "text that holds ': ' needs quotes"
    return ""
