"""Rules as a rule file: written by the YAML library, quoted where readers differ, short values in a line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf
from typing import Any

import yaml

from hubtriage.authoring.yaml.scalars import plain_value

_ONE_LINE = 84  # characters of a value that is written on one line
_ALWAYS_BLOCKS = 4  # levels: the file, its rules, a rule, its match or update


class _Dumper(yaml.SafeDumper):
    """Writes no anchors, and no text that any reader would take for something else."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, indentless=False)

    def choose_scalar_style(self) -> str:
        """Choose double quotes, or single ones if they save escapes; invisible characters become escapes."""
        style: str = super().choose_scalar_style()
        value = self.event.value if isinstance(self.event, yaml.ScalarEvent) else ""
        self.allow_unicode = value.isprintable()
        return '"' if style == "'" and not {'"', "\\"} & set(value) else style

    def serialize(self, node: yaml.Node) -> None:
        _lay_out(node, 0)
        super().serialize(node)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    is_plain = value.isprintable() and bool(value) and isinstance(plain_value(value), str)
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if is_plain else '"')


_Dumper.add_representer(str, _text)


def render(rules: Iterable[Mapping[str, Any]], heading: Iterable[str] = ()) -> str:
    """Write a rule file with these rules; each line of the heading becomes a comment."""
    comments = "".join(f"# {_printable(line)}\n" for line in heading)
    content = {"rules": [dict(rule) for rule in rules]}
    return comments + yaml.dump(content, Dumper=_Dumper, width=inf, allow_unicode=True, sort_keys=False)


def _printable(line: str) -> str:
    return "".join(character if character.isprintable() else " " for character in line)


def _lay_out(node: yaml.Node, depth: int) -> int:
    """Set each collection on one line if it fits there; returns the length it has so."""
    if isinstance(node, yaml.MappingNode):
        sizes = [_lay_out(key, depth + 1) + _lay_out(value, depth + 1) + 4 for key, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        sizes = [_lay_out(item, depth + 1) + 2 for item in node.value]
    else:
        return len(node.value) + 2
    size = sum(sizes) + 2
    node.flow_style = not node.value or (depth >= _ALWAYS_BLOCKS and size <= _ONE_LINE)
    return size
