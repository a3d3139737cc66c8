"""Give a rule another end or ticket in its file, where everything else stays as it is, comments too."""

import json
import re
from collections.abc import Mapping
from typing import Any

from hubtriage.authoring.yaml.reader import parse
from hubtriage.authoring.yaml.scalars import plain_value
from hubtriage.authoring.yaml.spans import TextSpan
from hubtriage.authoring.yaml.tree import YamlDocument, YamlNode

_BEFORE = ("match", "when", "update", "terminal", "tests", "lint")
"""A key that is new stands before the first of these."""
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]*")
_MARK = b"\xef\xbb\xbf"


class RenewalError(ValueError):
    """A rule cannot be changed in one place of its text; the message says why."""


def renewed(name: str, content: bytes, index: int, values: Mapping[str, str]) -> bytes:
    """Return a rule file in which the rule at an index has other values for some of its keys.

    A key that the rule lacks is added, also where the file has a default for it. Raises RenewalError.
    """
    document, _problems = parse(name, content)
    if document is None:
        raise RenewalError("the file cannot be read as YAML")
    edits = sorted((_edit(document, index, key, value) for key, value in values.items()), reverse=True)
    text = document.source.text
    for start, end, written in edits:
        text = text[:start] + written + text[end:]
    after = (_MARK if content.startswith(_MARK) else b"") + text.encode()
    if not _says(name, after, document.value, index, values):
        raise RenewalError("its text shares something with another place")
    return after


def _edit(document: YamlDocument, index: int, key: str, value: str) -> tuple[int, int, str]:
    """Return where a text begins and ends that becomes another one."""
    rule = document.node(("rules", index))
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


def _says(name: str, after: bytes, before: Any, index: int, values: Mapping[str, str]) -> bool:
    """Say whether the new text holds what the old one did, with the new values and nothing else."""
    document, problems = parse(name, after)
    if document is None or problems:
        return False
    new, rule = document.value, document.node(("rules", index)).value
    if any(str(rule.get(key)) != value for key, value in values.items()):
        return False
    rest = {key: value for key, value in rule.items() if key not in values}
    old = {key: value for key, value in before["rules"][index].items() if key not in values}
    rules = [*new["rules"][:index], rest, *new["rules"][index + 1 :]]
    expected = [*before["rules"][:index], old, *before["rules"][index + 1 :]]
    return repr({**new, "rules": rules}) == repr({**before, "rules": expected})
