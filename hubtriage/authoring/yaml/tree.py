"""A YAML file as a plain tree in which every key and value can be located."""

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
    """The text of a file, for showing the line of a problem."""

    def __init__(self, file: str, text: str):
        self.file = file
        self.text = text

    @cached_property
    def _lines(self) -> list[str]:
        return re.split(r"\r\n|[\n\r\x85\u2028\u2029]", self.text)  # what YAML takes for line ends

    def line(self, number: int) -> str:
        """The text of a line, counted from 1; empty past the end."""
        return self._lines[number - 1] if 0 < number <= len(self._lines) else ""

    def problem(self, code: str, position: Position, message: str, hint: str = "") -> Problem:
        """A problem at a place of this file; a code that begins with W is a warning's."""
        severity = Severity.WARNING if code.startswith("W") else Severity.ERROR
        return Problem(self.file, position, code, message, hint, self.line(position.line), severity)


class YamlDocument:
    """A parsed rule file: `value` is the plain tree; positions are looked up by path when needed."""

    def __init__(self, source: "SourceText", root: YamlNode):
        self.file = source.file
        self.root = root
        self._source = source

    @property
    def value(self) -> Any:
        """The file's content as dict, list, str, int, float, bool, None and `AmbiguousScalar`."""
        return self.root.value

    def node(self, path: Sequence[str | int]) -> YamlNode:
        """The node at a path, or the innermost one on the way to it that exists."""
        node = self.root
        for step in path:
            child = (node.children or {}).get(step)
            if child is None:
                break
            node = child
        return node

    def locate(self, path: Sequence[str | int]) -> Position:
        """Where the value at a path starts; of a value that is not there, where its holder starts."""
        return self.node(path).position

    def locate_key(self, path: Sequence[str | int]) -> Position:
        """Where the last key of a path starts; of an index or a missing key, as `locate`."""
        key = path[-1] if path else None
        found = (self.node(path[:-1]).keys or {}).get(key) if isinstance(key, str) else None
        return found.position if found else self.locate(path)

    def place(self, path: Sequence[str | int]) -> str:
        """`file:line` of the key at a path, for a message that refers to another place."""
        return f"{self.file}:{self.locate_key(path).line}"

    def problem(
        self, code: str, path: Sequence[str | int], message: str, hint: str = "", *, key: bool = False
    ) -> Problem:
        """A problem of the value (or, with `key`, of the key) at a path."""
        position = self.locate_key(path) if key else self.locate(path)
        return self._source.problem(code, position, message, hint)


def unquoted(node: YamlNode) -> tuple[str, str]:
    """Message and hint for an unquoted scalar where text is wanted."""
    text = node.unquoted or ""
    if not text:
        return "there is no value here; text is wanted", "write the text, in quotes"
    return f"unquoted {text} is {type_word(node.value)} to YAML; text is wanted", f'write "{text}"'


def member(value: object, name: str) -> Any:
    """The member of a mapping, None where there is none or the value is no mapping."""
    return value.get(name) if isinstance(value, dict) else None
