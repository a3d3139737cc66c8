"""A YAML file as a plain tree that knows the place of every key and value."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from hubtriage.authoring.problems import Position, Problem, Severity
from hubtriage.authoring.yaml.scalars import type_word

YamlPath: TypeAlias = tuple[str | int, ...]


@dataclass(slots=True)
class YamlNode:
    """A value in the file: its plain value, where it starts, and the nodes inside it.

    `unquoted` is the text of a scalar written without quotes, `height` how deep values are nested
    inside. `keys` holds the keys of a mapping, `children` its values by key, or those of a list by index.
    """

    line: int
    column: int
    value: Any
    unquoted: str | None = None
    height: int = 0
    keys: "dict[str, YamlNode] | None" = None
    children: "dict[str | int, YamlNode] | None" = None

    @property
    def position(self) -> Position:
        """Where the value starts."""
        return Position(self.line, self.column)


class SourceText:
    """The text of a file; a problem shows the line that it is in."""

    def __init__(self, file: str, text: str):
        self.file = file
        self.text = text

    @cached_property
    def _lines(self) -> list[str]:
        return re.split(r"\r\n|[\n\r\x85\u2028\u2029]", self.text)  # YAML's line ends

    def line(self, number: int) -> str:
        """Return the text of a line, counted from 1; empty past the end."""
        return self._lines[number - 1] if 0 < number <= len(self._lines) else ""

    def problem(self, code: str, position: Position, message: str, hint: str = "") -> Problem:
        """Return a problem at a position in this file: a warning if its code begins with W."""
        severity = Severity.WARNING if code.startswith("W") else Severity.ERROR
        return Problem(self.file, position, code, message, hint, self.line(position.line), severity)


class YamlDocument:
    """A parsed rule file: its content as a plain tree, and the position of everything in it by path."""

    def __init__(self, source: "SourceText", root: YamlNode):
        self.file = source.file
        self.root = root
        self._source = source

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
        node, given = (self.node(at) if self._has(at) else None for at in (path, other))
        if node is None or given is None or node.keys is None or node.children is None:
            return
        for name, key in (given.keys or {}).items():
            if name not in node.keys:
                child = (given.children or {})[name]
                node.keys[name], node.children[name], node.value[name] = key, child, child.value

    def _has(self, path: Sequence[str | int]) -> bool:
        node = self.root
        for step in path:
            child = (node.children or {}).get(step)
            if child is None:
                return False
            node = child
        return True

    def problem(
        self, code: str, path: Sequence[str | int], message: str, hint: str = "", *, key: bool = False
    ) -> Problem:
        """Return a problem of the value (or, with `key`, of the key) at a path."""
        position = self.locate_key(path) if key else self.locate(path)
        return self._source.problem(code, position, message, hint)


def unquoted(node: YamlNode) -> tuple[str, str]:
    """Return message and hint for an unquoted scalar where text is wanted."""
    text = node.unquoted or ""
    if not text:
        return "there is no value here; text is wanted", "write the text, in quotes"
    return f"unquoted {text} is {type_word(node.value)} to YAML; text is wanted", f'write "{text}"'


def member(value: object, name: str) -> Any:
    """Return the member of a mapping, or None if there is none or the value is no mapping."""
    return value.get(name) if isinstance(value, dict) else None
