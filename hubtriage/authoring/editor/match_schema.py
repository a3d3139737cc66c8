"""The JSON Schema of `match`, and of the findings that tests give.

`finding` is an event pattern over the whole finding. Fields with the same values share a definition: `s`, `n`
and `b` are any text, number and boolean. `exact` is a text that no one chooses freely. `at-PATH` has the name
of the first path with such values. A name alone is the field of a pattern, `NAME-value` is one value of it,
and `NAME-given` one in the finding of a test.
"""

import json
from collections.abc import Mapping
from typing import Any

from hubtriage.asff.fields import Keys, members, table
from hubtriage.asff.table import ANY_NAME
from hubtriage.authoring.editor.texts import PATTERN_OPERATORS
from hubtriage.authoring.editor.value_schema import (
    LIKE_A_PATTERN,
    LIKE_A_REGEX,
    SCALAR_TYPES,
    Schema,
    is_exact,
    value_schema,
)
from hubtriage.authoring.schema import limits

_NETWORK: Schema = {"type": "string", "pattern": r"^[0-9a-fA-F.:]+/\d+$"}
_TEXT_TESTS = ("prefix", "suffix", "equals-ignore-case", "wildcard", "cidr")
_EVERY_TEST = ("anything-but", "exists", "in-list")


def match_definitions(shared: "SharedDefinitions") -> Schema:
    """Return the definitions of patterns (`finding`) and of the findings of tests (`given-finding`)."""
    return {
        "finding": shared.pattern(table(), ()),
        "given-finding": shared.given(table(), ()),
        "s-tests": _tests((*_TEXT_TESTS, *_EVERY_TEST)),
        "n-tests": _tests(("numeric", *_EVERY_TEST)),
        "b-tests": _tests(_EVERY_TEST),
        "exact-tests": {"allOf": [{"$ref": "#/definitions/s-tests"}, _without_patterns()]},
    }


class SharedDefinitions:
    """Gives each different kind of field one definition; `definitions` holds them by name."""

    def __init__(self) -> None:
        self.definitions: Schema = {}
        self._names: dict[str, str] = {}

    def pattern(self, node: Any, keys: Keys) -> Schema:
        """Return the pattern of what is at a path; lists do not show in patterns."""
        while isinstance(node, list):
            node = node[0]
        if not isinstance(node, dict):
            return self._field(node, keys)
        here = "/".join(("#/definitions/finding", *(f"properties/{key}" for key in keys)))
        others = self._field(node[ANY_NAME], (*keys, "name")) if ANY_NAME in node else False
        return {
            "type": "object",
            "minProperties": 1,
            "properties": {
                **{name: self.pattern(inner, (*keys, name)) for name, inner in members(node).items()},
                "$or": {"type": "array", "items": {"$ref": here}, "minItems": 2},
            },
            "additionalProperties": others,
        }

    def given(self, node: Any, keys: Keys) -> Schema:
        """Return the schema of the part of a finding that a test gives.

        A mapping in the place of a list stands for the list's first element. The hundreds of kinds of
        resource details are left to lint: they would make the schema much larger.
        """
        if isinstance(node, list):
            inner = self.given(node[0], keys)
            if isinstance(node[0], dict):
                inner = self._define(inner, f"at-{'.'.join(keys)}", "-given")
            return {"anyOf": [inner, {"type": "array", "items": inner}]}
        if not isinstance(node, dict):
            return self._shared(value_schema(node, keys, given=True), node, keys, "-given")
        if keys == ("Resources", "Details"):
            return {"type": ["object", "null"]}
        others = self.given(node[ANY_NAME], (*keys, "name")) if ANY_NAME in node else False
        return {
            "type": ["object", "null"] if keys else "object",
            "properties": {name: self.given(inner, (*keys, name)) for name, inner in members(node).items()},
            "additionalProperties": others,
        }

    def value(self, node: str, keys: Keys) -> Schema:
        """Return the schema of one value of the field at a path."""
        return self._shared(value_schema(node, keys), node, keys, "-value")

    def _field(self, node: str, keys: Keys) -> Schema:
        """Return the schema of a pattern's field: a value, or a list of values and tests."""
        literal = self.value(node, keys)
        letter = node if node in SCALAR_TYPES else "s"
        tests = "#/definitions/exact-tests" if is_exact(node, keys) else f"#/definitions/{letter}-tests"
        test: Schema = {"allOf": [{"$ref": tests}, _anything_but(literal)]}
        several = {"type": "array", "items": {"anyOf": [literal, test]}, "minItems": 1}
        return self._shared({"anyOf": [literal, several]}, node, keys, "")

    def _shared(self, schema: Schema, node: str, keys: Keys, suffix: str) -> Schema:
        """Return a reference to the definition of a field's schema."""
        kind, path = _kind(node, keys), f"at-{'.'.join(keys)}"
        return self._define(schema, path if f"{kind}{suffix}" in self.definitions else kind, suffix)

    def _define(self, schema: Schema, name: str, suffix: str) -> Schema:
        """Return a reference to the definition of a schema, which gets the name if it has none yet."""
        content = suffix + json.dumps(schema, sort_keys=True)
        if content not in self._names:
            self._names[content] = f"{name}{suffix}"
            self.definitions[f"{name}{suffix}"] = schema
        return {"$ref": f"#/definitions/{self._names[content]}"}


def _kind(node: str, keys: Keys) -> str:
    """Return what a definition is called: after the kind of value, or the path if the field has its own."""
    if node not in SCALAR_TYPES or value_schema(node, keys, given=True).keys() - {"type", "not"}:
        return f"at-{'.'.join(keys)}"
    return "exact" if is_exact(node, keys) else node


def _anything_but(literal: Schema) -> Schema:
    """Return what a test of `anything-but` adds: its values are those of the field."""
    values = {"anyOf": [literal, {"type": "array", "items": literal}, {"type": "object"}]}
    return {"properties": {"anything-but": values}}


def _without_patterns() -> Schema:
    """Return what the tests of a field without free text add: their operands are plain texts."""
    plain = {"not": {"type": "string", **LIKE_A_PATTERN}}
    operands: Mapping[str, Schema] = {
        "prefix": plain,
        "suffix": plain,
        "equals-ignore-case": plain,
        "wildcard": {"not": {"type": "string", **LIKE_A_REGEX}},
    }
    return {"properties": operands}


def _tests(names: tuple[str, ...]) -> Schema:
    one_of = [
        {
            "type": "object",
            "properties": {name: {**_operand(name), "description": PATTERN_OPERATORS[name]}},
            "required": [name],
            "additionalProperties": False,
        }
        for name in names
    ]
    return {"anyOf": one_of}


def _operand(name: str) -> Schema:
    if name == "exists":
        return {"type": "boolean"}
    if name == "numeric":
        return _NUMERIC
    if name == "in-list":
        return _LIST_NAME
    if name == "anything-but":
        return {"anyOf": [{"type": _PLAIN}, *map(_several, _PLAIN), _IN_LIST, *map(_excluded, _EXCLUDABLE)]}
    text = _NETWORK if name == "cidr" else {"type": "string"}
    forms = [text, _IN_LIST]
    if name in ("prefix", "suffix"):
        forms.append(_only("equals-ignore-case", {"type": "string"}))
    return {"anyOf": forms}


def _only(name: str, schema: Schema) -> Schema:
    return {
        "type": "object",
        "properties": {name: schema},
        "required": [name],
        "additionalProperties": False,
    }


def _tuple(*items: Schema) -> Schema:
    return {"type": "array", "items": list(items), "minItems": len(items), "maxItems": len(items)}


def _several(kind: str) -> Schema:
    """Return a list of values of one type."""
    return {"type": "array", "items": {"type": kind}, "minItems": 1}


def _excluded(name: str) -> Schema:
    """Return a test that `anything-but` turns around: of one text, or of several."""
    text: Schema = {"type": "string"}
    if name in ("prefix", "suffix"):
        text["minLength"] = 1
    return _only(name, {"anyOf": [text, _IN_LIST, {"type": "array", "items": text, "minItems": 1}]})


_PLAIN = ["string", "number"]
_EXCLUDABLE = ("prefix", "suffix", "equals-ignore-case", "wildcard")
_LIST_NAME: Schema = {"type": "string", "pattern": f"^{limits.LIST_NAME.pattern}$"}
_IN_LIST = _only("in-list", _LIST_NAME)
_NUMBER: Schema = {"type": "number"}
_NUMERIC: Schema = {
    "anyOf": [
        _tuple({"enum": ["<", "<=", "=", ">", ">="]}, _NUMBER),
        _tuple({"enum": [">", ">="]}, _NUMBER, {"enum": ["<", "<="]}, _NUMBER),
    ]
}
