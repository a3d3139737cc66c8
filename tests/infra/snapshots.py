"""Templates in a form that people can review: references as text, JSON within texts opened, no asset hashes.

Of a deployment with other settings only the difference from the default one is kept, so that a change of the
stack shows once.
"""

import json
import re
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

LONG_TEXT = 100
_JSON_TEXTS = ("DashboardBody", "DefinitionString")


def snapshot(template: Mapping[str, Any], package: Path) -> dict[str, Any]:
    """What is deployed: the template, who has which tag, and the modules in the function's package."""
    readable = _readable(template)
    modules = sorted(path.name for path in package.iterdir() if not path.name.endswith(".dist-info"))
    return {**readable, "Tags": _collected_tags(readable["Resources"]), "Package": modules}


def _collected_tags(resources: Mapping[str, Any]) -> dict[str, list[str] | str]:
    """Take the tags out of the resources: each with those that have it, instead of each where it is.

    A tag of the same resources as the first refers to that one.
    """
    tagged: dict[str, list[str]] = {}
    for name, resource in sorted(resources.items()):
        tags = resource.get("Properties", {}).pop("Tags", {})
        pairs = tags.items() if isinstance(tags, Mapping) else ((tag["Key"], tag["Value"]) for tag in tags)
        for key, value in pairs:
            tagged.setdefault(f"{key}={value}", []).append(name)
    first = next(iter(tagged))
    return {
        tag: names if tag == first or names != tagged[first] else f"whatever has {first}"
        for tag, names in tagged.items()
    }


def _readable(value: Any) -> Any:
    if isinstance(value, Mapping):
        if (reference := _reference(value)) is not None:
            return reference
        return {key: _opened(key, _readable(item)) for key, item in value.items()}
    if isinstance(value, list):
        return [_readable(item) for item in value]
    return re.sub(r"[0-9a-f]{64}\.zip", "<asset>.zip", value) if isinstance(value, str) else value


def _reference(value: Mapping[str, Any]) -> str | None:
    """An intrinsic function as `${Resource.Attribute}` or as the text that it makes; None: it is none."""
    match value:
        case {"Ref": name, **none} if not none:
            return f"${{{name}}}"
        case {"Fn::GetAtt": [name, attribute], **none} if not none:
            return f"${{{name}.{attribute}}}"
        case {"Fn::Sub": str(text), **none} if not none:
            return text
        case {"Fn::If": [condition, then, otherwise], **none} if not none:
            return f"${{{condition}: {_readable(then)}, else {_readable(otherwise)}}}"
        case {"Fn::Join": ["", parts], **none} if not none:
            return "".join(map(str, map(_readable, parts)))
        case _:
            return None


def _opened(key: str, value: Any) -> Any:
    return json.loads(value) if key in _JSON_TEXTS else value


def differences(default: Any, other: Any, path: str = "") -> Iterator[str]:
    """A line for everything that `other` has otherwise: `+` added, `-` left out, `~` changed."""
    if isinstance(default, Mapping) and isinstance(other, Mapping):
        yield from _of_members(default, other, path)
    elif isinstance(default, list) and isinstance(other, list):
        yield from _of_elements(default, other, path)
    elif default != other:
        yield f"~ {path}: {_change(default, other)}"


def _of_members(default: Mapping[str, Any], other: Mapping[str, Any], path: str) -> Iterator[str]:
    for key in sorted(default.keys() | other.keys()):
        place = f"{path}.{key}" if path else key
        if key not in other:
            yield f"- {place}"
        elif key not in default:
            yield f"+ {place}: {_text(other[key])}"
        else:
            yield from differences(default[key], other[key], place)


def _of_elements(default: list[Any], other: list[Any], path: str) -> Iterator[str]:
    before, after = (list(map(_text, items)) for items in (default, other))
    for kind, start, end, first, last in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "replace" and end - start == last - first:
            for index, (old, new) in enumerate(zip(default[start:end], other[first:last], strict=True)):
                yield from differences(old, new, f"{path}[{start + index}]")
        elif kind != "equal":
            yield from (f"- {path}[]: {text}" for text in before[start:end])
            yield from (f"+ {path}[]: {text}" for text in after[first:last])


def _change(default: Any, other: Any) -> str:
    if isinstance(default, str) and isinstance(other, str) and len(default) > LONG_TEXT:
        return ", ".join(dict.fromkeys(_fragments(default, other)))
    return f"{_text(default)} -> {_text(other)}"


def _fragments(default: str, other: str) -> Iterator[str]:
    """The changed words of a long text."""
    before, after = re.findall(r"[^\s:/,]+|.", default), re.findall(r"[^\s:/,]+|.", other)
    for kind, start, end, first, last in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind != "equal":
            old, new = "".join(before[start:end]), "".join(after[first:last])
            yield f"...{old}... -> ...{new}..."


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
