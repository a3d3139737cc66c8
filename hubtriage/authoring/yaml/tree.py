"""A YAML file as a plain tree that knows the place of every key and value."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias

from hubtriage.authoring.problems import ContentChange, Fix, Position, Problem, Severity
from hubtriage.authoring.yaml.scalars import type_word
from hubtriage.authoring.yaml.spans import Place, TextSpan, spans_of

YamlPath: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Mended:
    """How a node differs from what is written.

    `lost` is what was taken out of it (key or index, None for any; value), `is_hurt` whether anything was at
    or below it. `steps` gives the written key or index of each of its steps that has another one now.
    """

    lost: tuple[tuple[str | int | None, Any], ...] = ()
    is_hurt: bool = False
    steps: Mapping[str | int, str | int] = field(default_factory=dict)

    def step(self, step: str | int) -> str | int:
        """Return the written key or index of a step."""
        return self.steps.get(step, step)


@dataclass(slots=True)
class YamlNode:
    """A value in the file: its plain value, where it starts, and the nodes inside it.

    `unquoted` is the text of a scalar written without quotes, `height` how deep values are nested
    inside. `keys` holds the keys of a mapping, `children` its values by key, or those of a list by index.
    `mended` is None for what is as written.
    """

    line: int
    column: int
    value: Any
    unquoted: str | None = None
    height: int = 0
    keys: "dict[str, YamlNode] | None" = None
    children: "dict[str | int, YamlNode] | None" = None
    mended: Mended | None = None

    def has(self, path: Sequence[str | int]) -> bool:
        """Say whether there is a value at a path."""
        node = self
        for step in path:
            child = (node.children or {}).get(step)
            if child is None:
                return False
            node = child
        return True

    @property
    def position(self) -> Position:
        """Where the value starts."""
        return Position(self.line, self.column)


_LINE_END = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")  # YAML's


class SourceText:
    """The text of a file; a problem shows the line that it is in."""

    def __init__(self, file: str, text: str):
        self.file = file
        self.text = text

    @cached_property
    def _lines(self) -> list[str]:
        return _LINE_END.split(self.text)

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(found.end() for found in _LINE_END.finditer(self.text))]

    @cached_property
    def _spans(self) -> Mapping[Place, TextSpan]:
        return spans_of(self.text)

    @property
    def newline(self) -> str:
        """The line end of the file, which is that of its first line."""
        found = _LINE_END.search(self.text)
        return found[0] if found else "\n"

    def span(self, node: "YamlNode") -> TextSpan | None:
        """Return the part of the text that a value or a key is, None for one that is not written there."""
        place = node.line, node.column
        return self._spans.get((*place, node.children is not None)) or self._spans.get((*place, False))

    def offset(self, position: Position) -> int:
        """Return the offset of a position in the text."""
        return self._starts[position.line - 1] + position.column - 1

    def position(self, offset: int) -> Position:
        """Return the position of an offset in the text."""
        line = bisect_right(self._starts, offset)
        return Position(line, offset - self._starts[line - 1] + 1)

    def fix(
        self,
        span: TextSpan,
        text: str,
        words: str,
        changes: tuple[ContentChange, ...],
        *,
        unsafe: bool = False,
    ) -> Fix:
        """Return the fix that puts another text in the place of a span."""
        start, end = self.position(span.start), self.position(span.end)
        return Fix(start, end, text, words, changes, unsafe)

    def line(self, number: int) -> str:
        """Return the text of a line, counted from 1; empty past the end."""
        return self._lines[number - 1] if 0 < number <= len(self._lines) else ""

    def problem(
        self, code: str, position: Position, message: str, hint: str = "", fix: Fix | None = None
    ) -> Problem:
        """Return a problem at a position in this file: a warning if its code begins with W."""
        severity = Severity.WARNING if code.startswith("W") else Severity.ERROR
        line = self.line(position.line)
        return Problem(self.file, position, code, message, hint, line, severity, fix=fix)


class YamlDocument:
    """A parsed rule file: its content as a plain tree, and the position of everything in it by path."""

    def __init__(self, source: "SourceText", root: YamlNode):
        self.file = source.file
        self.root = root
        self.source = source

    @property
    def value(self) -> Any:
        """The file's content as dict, list, str, int, float, bool, None and `AmbiguousScalar`."""
        return self.root.value

    def node(self, path: Sequence[str | int]) -> YamlNode:
        """Return the node at a path, or the innermost existing one on the way to it."""
        node = self.root
        for step in path:
            child = (node.children or {}).get(step)
            if child is None:
                break
            node = child
        return node

    def locate(self, path: Sequence[str | int]) -> Position:
        """Return where the value at a path starts; if there is none, where its container starts."""
        return self.node(path).position

    def locate_key(self, path: Sequence[str | int]) -> Position:
        """Return where the last key of a path starts; for an index or a missing key, the same as `locate`."""
        key = path[-1] if path else None
        found = (self.node(path[:-1]).keys or {}).get(key) if isinstance(key, str) else None
        return found.position if found else self.locate(path)

    def place(self, path: Sequence[str | int]) -> str:
        """Return `file:line` of the key at a path, for messages that refer to another place."""
        return f"{self.file}:{self.locate_key(path).line}"

    def lay_under(self, path: Sequence[str | int], other: Sequence[str | int]) -> None:
        """Give the mapping at a path the members of another one that it lacks, each with its place there.

        Does nothing where one of them is no mapping.
        """
        node, given = (self.node(at) if self.root.has(at) else None for at in (path, other))
        if node is None or given is None or node.keys is None or node.children is None:
            return
        for name, key in (given.keys or {}).items():
            if name not in node.keys:
                child = (given.children or {})[name]
                node.keys[name], node.children[name], node.value[name] = key, child, child.value

    def put(self, path: YamlPath, node: YamlNode) -> None:
        """Put another node in the place of the one at a path, which is not the root; aliases keep theirs."""
        holder = self.node(path[:-1])
        if holder.children is not None:
            holder.children[path[-1]] = node
            holder.value[path[-1]] = node.value

    def written(self, path: Sequence[str | int]) -> YamlPath:
        """Return the path in the file as it is written of the value at a path."""
        node: YamlNode | None = self.root
        steps: list[str | int] = []
        for step in path:
            steps.append(node.mended.step(step) if node and node.mended else step)
            node = (node.children or {}).get(step) if node else None
        return tuple(steps)

    def is_whole(self, path: Sequence[str | int]) -> bool:
        """Say whether nothing was taken out of the value at a path, or that it was never there."""
        node = self.root
        for step in path:
            child = (node.children or {}).get(step)
            if child is None:
                return node.mended is None or all(
                    gone not in (step, None) for gone, _value in node.mended.lost
                )
            node = child
        return node.mended is None or not node.mended.is_hurt

    def problem(
        self,
        code: str,
        path: Sequence[str | int],
        message: str,
        hint: str = "",
        *,
        key: bool = False,
        fix: Fix | None = None,
    ) -> Problem:
        """Return a problem of the value (or, with `key`, of the key) at a path."""
        position = self.locate_key(path) if key else self.locate(path)
        return replace(self.source.problem(code, position, message, hint, fix), path=tuple(path))


def lost_in(node: YamlNode | None) -> Iterator[tuple[str | int | None, Any]]:
    """Yield what was taken out at or below a node: its key or index there, and its value."""
    if node is not None and node.mended is not None:
        yield from node.mended.lost
        for child in (node.children or {}).values():
            yield from lost_in(child)


def unquoted(node: YamlNode) -> tuple[str, str]:
    """Return message and hint for an unquoted scalar where text is wanted."""
    text = node.unquoted or ""
    if not text:
        return "there is no value here; text is wanted", "write the text, in quotes"
    return f"unquoted {text} is {type_word(node.value)} to YAML; text is wanted", f'write "{text}"'


def member(value: object, name: str) -> Any:
    """Return the member of a mapping, or None if there is none or the value is no mapping."""
    return value.get(name) if isinstance(value, dict) else None
