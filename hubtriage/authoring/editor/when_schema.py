"""The JSON Schema of `when`: each operator with the number of its arguments, and the paths of a finding.

`logic` and `operation` look at the whole finding. Inside a loop a path begins at the element, so that
`element-logic` and `element-operation` leave paths to lint.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hubtriage.asff.fields import Keys, members, table
from hubtriage.asff.table import ANY_NAME
from hubtriage.authoring.checks.conditions.text_order import ARITHMETIC, ORDER, may_be_number
from hubtriage.authoring.editor.match_schema import SharedDefinitions
from hubtriage.authoring.editor.texts import OPERATORS
from hubtriage.authoring.editor.value_schema import Schema
from hubtriage.engine.jsonlogic.compiler import ALL_OPERATORS
from hubtriage.engine.jsonlogic.syntax import LOOPS

_ANY_SCALAR = ["string", "number", "boolean", "null"]
_JUNCTIONS = ("and", "or", "!", "!!")
_CHOICES = ("if", "?:")
_EQUALITY = ("==", "===", "!=", "!==")
_MEMBERSHIP = ("in", "in_list")
_NO_PATH = "A finding has no such path. A path leads into a list by position (Resources.0.Type) or a loop."


def when_definitions(shared: SharedDefinitions) -> Schema:
    """Return the definitions of expressions; `condition` is a whole `when`, `operation` a part of one."""
    texts = {path: node for path, node in _common_paths(table(), ()) if node not in ("n", "b")}
    ordered = sorted(path for path in texts if not may_be_number(tuple(path.split("."))))
    return {
        "condition": {"allOf": [{"$ref": "#/definitions/operation"}, _not_of_constants()]},
        "ordered-as-text": {"contains": _var_of(ordered)},
        "equality": {"allOf": list(_comparisons(shared, texts))},
        "membership": {"allOf": list(_memberships(shared, texts))},
        "path": {
            "type": "string",
            "pattern": f"^({_path_pattern(table(), ())})?$",
            "patternErrorMessage": _NO_PATH,
        },
        **_Scope("").definitions(),
        **_Scope("element-").definitions(),
    }


class _Scope:
    """What expressions about the finding, or about an element, have for definitions."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._argument: Schema = {"$ref": f"#/definitions/{prefix}logic"}
        self._operation: Schema = {"$ref": f"#/definitions/{prefix}operation"}
        self._in_loop: Schema = {"$ref": "#/definitions/element-logic"}

    def definitions(self) -> Schema:
        items = {"type": "array", "items": self._argument}
        return {
            f"{self._prefix}logic": {"anyOf": [{"type": _ANY_SCALAR}, items, self._operation]},
            f"{self._prefix}operation": {
                "type": "object",
                "properties": {name: self._arguments(name) for name in ALL_OPERATORS},
                "additionalProperties": False,
                "maxProperties": 1,
            },
        }

    def _arguments(self, name: str) -> Schema:
        operator = ALL_OPERATORS[name]
        several: Schema = {"type": "array", "minItems": operator.fewest, **self._items(name)}
        if operator.most != float("inf"):
            several["maxItems"] = int(operator.most)
        if not self._prefix:
            several |= _values_of(name)
        forms = [several]
        if operator.fewest <= 1:
            forms.append({"allOf": [self._alone(name), {"not": {"type": "array"}}]})
        if name == "var" and not self._prefix:
            forms.append({"enum": sorted(path for path, _node in _common_paths(table(), ()))})
        return {"description": OPERATORS[name], "anyOf": forms}

    def _alone(self, name: str) -> Schema:
        """Return the schema of an argument that stands without a list."""
        if name in _JUNCTIONS:
            return self._condition()
        return self._path() if name in ("var", "missing") else self._argument

    def _items(self, name: str) -> Schema:
        if name in _JUNCTIONS:
            return {"items": self._condition()}
        if name in _CHOICES:
            return {"items": [self._condition()], "additionalItems": self._argument}
        if name == "missing":
            return {"items": self._path()}
        if name == "var":
            return {"items": [self._path()], "additionalItems": self._argument}
        if name in LOOPS or name == "reduce":
            return {"items": [self._argument, self._in_loop], "additionalItems": self._argument}
        return {"items": self._argument}

    def _condition(self) -> Schema:
        """Return what can hold or not: a text, a number or a list would hold for every finding."""
        return {"anyOf": [{"type": "boolean"}, self._operation]}

    def _path(self) -> Schema:
        if self._prefix:
            return self._argument
        calculated = {"allOf": [self._argument, {"not": {"type": "string"}}]}
        return {"anyOf": [{"$ref": "#/definitions/path"}, calculated]}


def _path_pattern(node: Any, keys: Keys) -> str:
    """Return the regular expression of the rest of a path, which begins with a dot if it goes on.

    The hundreds of kinds of resource details are left to lint.
    """
    if isinstance(node, list):
        return rf"(\.[0-9]+{_path_pattern(node[0], keys)})?"
    if not isinstance(node, dict):
        return ""
    if keys == ("Resources", "Details"):
        return r"(\..*)?"
    names = [re.escape(name) + _path_pattern(inner, (*keys, name)) for name, inner in members(node).items()]
    if ANY_NAME in node:
        names.append("[^.]+" + _path_pattern(node[ANY_NAME], keys))
    return rf"(\.({'|'.join(names)}))?" if keys else "|".join(names)


def _common_paths(node: Mapping[str, Any], keys: Keys) -> Iterator[tuple[str, str]]:
    """Yield (path, kind of value) to offer after `var`: plain values outside lists and resource details."""
    for name, inner in members(node).items():
        if isinstance(inner, dict) and len(keys) < 2:
            yield from _common_paths(inner, (*keys, name))
        elif isinstance(inner, str):
            yield ".".join((*keys, name)), inner


def _not_of_constants() -> Schema:
    """Return what a whole `when` adds: a comparison of constants has one answer for every finding."""
    looks = {"if": {"type": "array"}, "then": {"contains": {"type": ["object", "array"]}}}
    return {"properties": dict.fromkeys((*_EQUALITY, *ORDER), looks)}


def _values_of(name: str) -> Schema:
    """Return what the values next to a field have to be."""
    if name in ORDER or name in ARITHMETIC:
        return {"not": {"$ref": "#/definitions/ordered-as-text"}}
    if name in _EQUALITY:
        return {"allOf": [{"$ref": "#/definitions/equality"}]}
    return {"allOf": [{"$ref": "#/definitions/membership"}]} if name in _MEMBERSHIP else {}


def _var_of(paths: Sequence[str]) -> Schema:
    among = {"enum": list(paths)}
    alone = {"type": "array", "items": [among], "maxItems": 1, "minItems": 1}
    return {"type": "object", "required": ["var"], "properties": {"var": {"anyOf": [among, alone]}}}


def _comparisons(shared: SharedDefinitions, texts: Mapping[str, str]) -> Iterator[Schema]:
    """Yield what a text has to be that a field is compared with, on either side of it."""
    for value, paths in _by_value(shared, texts):
        wanted = {"if": {"type": "string"}, "then": value}
        yield {"if": {"items": [_var_of(paths)], "minItems": 1}, "then": {"items": [True, wanted]}}
        yield {"if": {"items": [True, _var_of(paths)], "minItems": 2}, "then": {"items": [wanted]}}


def _memberships(shared: SharedDefinitions, texts: Mapping[str, str]) -> Iterator[Schema]:
    """Yield what the texts of a list have to be in which a field is looked for."""
    for value, paths in _by_value(shared, texts):
        wanted = {"if": {"type": "array"}, "then": {"items": {"if": {"type": "string"}, "then": value}}}
        yield {"if": {"items": [_var_of(paths)], "minItems": 1}, "then": {"items": [True, wanted]}}


def _by_value(shared: SharedDefinitions, texts: Mapping[str, str]) -> Iterator[tuple[Schema, list[str]]]:
    """Yield each kind of value that is not any text, with the paths of the fields that have it."""
    found: dict[str, list[str]] = {}
    for path, node in texts.items():
        name = shared.value(node, tuple(path.split(".")))["$ref"].rpartition("/")[2]
        if shared.definitions[name].keys() != {"type"}:
            found.setdefault(name, []).append(path)
    for name, paths in found.items():
        yield {"$ref": f"#/definitions/{name}"}, paths
