"""Give a rule another end or ticket in its file, where everything else stays as it is, comments too."""

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from hubtriage.authoring.yaml.reader import parse
from hubtriage.authoring.yaml.scalars import plain_value
from hubtriage.authoring.yaml.spans import TextSpan
from hubtriage.authoring.yaml.tree import YamlDocument, YamlNode, YamlPath

_BEFORE = ("match", "when", "update", "terminal", "tests", "lint")
"""A key that is new stands before the first of these."""
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]*")
_MARK = b"\xef\xbb\xbf"


class RenewalError(ValueError):
    """A rule cannot be changed in one place of its text; the message says why."""


def renewed(name: str, content: bytes, path: YamlPath, values: Mapping[str, str]) -> bytes:
    """Return a rule file in which the rule at a path has other values for some of its keys.

    A key that the rule lacks is added, also where the file has a default for it. Raises RenewalError.
    """
    document, _problems = parse(name, content)
    if document is None:
        raise RenewalError("the file cannot be read as YAML")
    edits = sorted((_edit(document, path, key, value) for key, value in values.items()), reverse=True)
    text = document.source.text
    for start, end, written in edits:
        text = text[:start] + written + text[end:]
    after = (_MARK if content.startswith(_MARK) else b"") + text.encode()
    if not _says(name, after, document, path, values):
        raise RenewalError("its text shares something with another place")
    return after


def _edit(document: YamlDocument, path: YamlPath, key: str, value: str) -> tuple[int, int, str]:
    """Return where a text begins and ends that becomes another one."""
    rule = document.node(path)
    if not rule.keys or not rule.children:
        raise RenewalError("the rule is no mapping")
    if key not in rule.keys:
        at = document.source.offset(_anchor(rule, key))
        return at, at, _added(document, rule, key, value)
    span = document.source.span(rule.children[key])
    if span is None or span.style not in ("plain", "quoted"):
        raise RenewalError(f"`{key}` is written in a way that cannot be changed in one place")
    return span.start, span.end, _written(document, span, value)


def _anchor(rule: YamlNode, key: str) -> Any:
    """Return the position before which a new key is written."""
    keys = rule.keys or {}
    first = min(keys.values(), key=lambda one: (one.position.line, one.position.column))
    for name in _BEFORE:
        if name in keys and keys[name] is not first:
            return keys[name].position
    raise RenewalError(f"there is no place for `{key}`: write it into the rule")


def _added(document: YamlDocument, rule: YamlNode, key: str, value: str) -> str:
    span = document.source.span(rule)
    pair = f"{key}: {_quoted_if_needed(value)}"
    if span is not None and span.style == "flow":
        return f"{pair}, "
    return f"{pair}{document.source.newline}{' ' * (_anchor(rule, key).column - 1)}"


def _written(document: YamlDocument, span: TextSpan, value: str) -> str:
    before = document.source.text[span.start : span.end]
    if span.style == "quoted":
        return f"'{value}'" if before.startswith("'") and "'" not in value else json.dumps(value)
    return _quoted_if_needed(value)


def _quoted_if_needed(value: str) -> str:
    is_plain = _PLAIN.fullmatch(value) and (plain_value(value) == value or _is_day(value))
    return value if is_plain else json.dumps(value)


def _is_day(value: str) -> bool:
    return re.fullmatch(r"\d{4}-\d\d-\d\d", value) is not None


def _says(name: str, after: bytes, before: YamlDocument, path: YamlPath, values: Mapping[str, str]) -> bool:
    """Say whether the new text holds what the old one did, with the new values and nothing else."""
    document, problems = parse(name, after)
    if document is None or problems:
        return False
    old, new = before.node(path).value, document.node(path).value
    if any(str(new.get(key)) != value for key, value in values.items()):
        return False
    return repr(_without(document.value, path, new, values)) == repr(
        _without(before.value, path, old, values)
    )


def _without(value: Any, path: YamlPath, rule: Mapping[str, Any], keys: Collection[str]) -> Any:
    """Return a file's content with a rule that lacks some keys; what shares the rule keeps them."""
    rules = list(value[path[0]])
    rules[rules.index(rule)] = {key: one for key, one in rule.items() if key not in keys}
    return {**value, path[0]: rules}
