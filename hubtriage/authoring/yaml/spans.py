"""Where each value of a YAML text begins and ends in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml
from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

# Line and column, counted from 1, and whether it is a mapping or list: one begins where its first key does.
Place: TypeAlias = tuple[int, int, bool]


@dataclass(frozen=True, slots=True)
class TextSpan:
    """A value's part of the text, in offsets; an anchor before it is not in it.

    `style` is "plain", "quoted" (on one line), "flow" or "block" (a mapping or list), "alias", or "folded"
    for anything else.
    """

    start: int
    end: int
    style: str


def spans_of(text: str) -> Mapping[Place, TextSpan]:
    """Return the spans of all values and keys of a YAML text by where they begin."""
    found: dict[Place, TextSpan] = {}
    open_ones: list[Any] = []
    last = 0  # where the last scalar or bracket ended: there a block ends as well
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, ScalarEvent | AliasEvent):
                scalar = _scalar(text, event)
                found[_place(event, is_holder=False)], last = scalar, scalar.end
            elif isinstance(event, MappingStartEvent | SequenceStartEvent):
                open_ones.append(event)
            elif isinstance(event, MappingEndEvent | SequenceEndEvent):
                begun = open_ones.pop()
                last = _end_of(event) if begun.flow_style else last
                found[_place(begun, is_holder=True)] = _holder(begun, last)
    except yaml.YAMLError:
        pass  # a second document, or what follows it: nothing of it is looked for
    return found


def _place(event: Any, *, is_holder: bool) -> Place:
    return event.start_mark.line + 1, event.start_mark.column + 1, is_holder


def _end_of(event: Any) -> int:
    end: int = event.end_mark.index
    return end


def _holder(begun: Any, end: int) -> TextSpan:
    if begun.flow_style:
        return TextSpan(begun.end_mark.index - 1, end, "flow")
    return TextSpan(begun.start_mark.index, end, "folded" if begun.anchor is not None else "block")


def _scalar(text: str, event: Any) -> TextSpan:
    start, end = event.start_mark.index, event.end_mark.index
    if isinstance(event, AliasEvent):
        return TextSpan(start, end, "alias")
    if event.anchor is not None or event.tag is not None:
        return TextSpan(start, end, "folded")
    written = text[start:end]
    if "\n" in written or "\r" in written or (not event.style and written != event.value):
        return TextSpan(start, end, "folded")
    return TextSpan(
        start, end, {"": "plain", None: "plain", "'": "quoted", '"': "quoted"}.get(event.style, "folded")
    )
