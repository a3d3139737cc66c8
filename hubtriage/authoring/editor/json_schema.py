"""The JSON Schema of rule files, for completion and errors in editors.

The shape of rules comes from the models that the loader uses, the fields of findings from the table that
lint uses, the operators from the engine. The loader and lint check what a schema cannot express: places that
must agree, and texts that are parsed.
"""

import re
from collections.abc import Mapping
from typing import Any

from hubtriage.authoring.asff.fields import Keys, members, table
from hubtriage.authoring.asff.samples import SAMPLES
from hubtriage.authoring.asff.table import ANY_NAME
from hubtriage.authoring.editor.texts import (
    BEFORE_KEYS,
    OPERATORS,
    PATTERN_OPERATORS,
    RULE_KEYS,
    TEST_KEYS,
    UPDATE_KEYS,
    WINDOW_KEYS,
)
from hubtriage.authoring.problems import CODES
from hubtriage.authoring.schema import limits
from hubtriage.authoring.schema.during import TIME_OF_DAY
from hubtriage.authoring.schema.rule import Defaults, RuleModel
from hubtriage.authoring.zones import zone_names
from hubtriage.engine.jsonlogic.compiler import ALL_OPERATORS

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string", "pattern": r"\S"}
_DATE: Schema = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}([Tt ].+([Zz]|[+-][\d:]+))?$"}
_NETWORK: Schema = {"type": "string", "pattern": r"^[0-9a-fA-F.:]+/\d+$"}
_SCALARS: Mapping[str, list[str]] = {
    "s": ["string", "null"],
    "n": ["number", "null"],
    "b": ["boolean", "null"],
}
_WITH_NULLS = ("Expectation", "ExpectedSeverity", "ExpectedNote")  # null: a field that must not be there
_ANY_SCALAR = ["string", "number", "boolean", "null"]


def rules_schema() -> Schema:
    """Return the schema (draft 7, which editors support best) of a file with `rules:` and `lists:`."""
    rule = RuleModel.model_json_schema()
    definitions = {
        name: _plain(inner, nulls=name in _WITH_NULLS) for name, inner in rule.pop("$defs").items()
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Rules of hubtriage",
        "description": "Triage decisions for AWS Security Hub findings.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "rules": {"type": "array", "items": {"$ref": "#/definitions/Rule"}},
            "lists": _lists(),
            "defaults": {"$ref": "#/definitions/Defaults"},
        },
        "definitions": {
            **definitions,
            **_pattern_definitions(),
            **_logic_definitions(),
            "RuleDate": _DATE,
            "During": _described(_during(definitions["During"]), WINDOW_KEYS),
            "Rule": _rule(_plain(rule, nulls=False)),
            "Lint": _lint(),
            "Defaults": _defaults(),
            "RuleTest": _test(definitions["RuleTest"]),
            "Before": _before(definitions["Before"]),
            "Update": _described(definitions["Update"], UPDATE_KEYS),
            "given-finding": _given(table(), ()),
            "SeverityUpdate": {**definitions["SeverityUpdate"], "minProperties": 1},
        },
    }


def _lists() -> Schema:
    values = {"type": "array", "items": {"type": ["string", "number"]}, "minItems": 1, "uniqueItems": True}
    return {
        "type": "object",
        "description": "Lists of values by name: {in-list: NAME} in match, in_list in when.",
        "propertyNames": {"pattern": f"^{limits.LIST_NAME.pattern}$"},
        "additionalProperties": {"anyOf": [values, _list_file()]},
    }


def _list_file() -> Schema:
    return {
        "type": "object",
        "description": "A file beside the rules with a value on each line, or a column of a CSV file.",
        "properties": {"from": {"type": "string", "pattern": r"^[^#]+(#.+)?$"}},
        "required": ["from"],
        "additionalProperties": False,
    }


def _rule(schema: Schema) -> Schema:
    properties = schema["properties"]
    properties["id"]["pattern"] = f"^{limits.RULE_ID.pattern}$"
    properties["match"] = {"$ref": "#/definitions/finding"}
    properties["when"] = {"anyOf": [{"const": True}, {"$ref": "#/definitions/operation"}]}
    conditions = [{"required": ["match"]}, {"required": ["when"]}]
    return {**_described(schema, RULE_KEYS), "anyOf": conditions, "description": "One triage decision."}


def _described(schema: Schema, texts: Mapping[str, str]) -> Schema:
    """Add to a schema what editors show about each key."""
    properties = schema["properties"]
    for name, text in texts.items():
        reference = properties[name].pop("$ref", None)
        if reference:  # draft 7 ignores what stands beside a reference
            properties[name] = {"allOf": [{"$ref": reference}]}
        properties[name]["description"] = text
    return schema


def _during(schema: Schema) -> Schema:
    properties = schema["properties"]
    properties["zone"] = {"enum": sorted(zone_names())}
    for name in ("from", "to"):
        properties[name]["pattern"] = f"^{TIME_OF_DAY.pattern}$"
    return schema


def _defaults() -> Schema:
    schema = _plain({**Defaults.model_json_schema(), "$defs": {}}, nulls=False)
    texts = {name: RULE_KEYS[name] for name in Defaults.model_fields}
    described = _described({name: value for name, value in schema.items() if name != "$defs"}, texts)
    return {**described, "description": "What holds for every rule of this file that does not say otherwise."}


def _lint() -> Schema:
    codes = {code: {**_TEXT, "description": CODES[code]} for code in CODES if code.startswith("W")}
    ignore = {"type": "object", "properties": codes, "additionalProperties": False, "minProperties": 1}
    return {
        "type": "object",
        "properties": {"ignore": ignore},
        "required": ["ignore"],
        "additionalProperties": False,
    }


def _test(schema: Schema) -> Schema:
    schema["properties"]["sample"] = {"enum": list(SAMPLES)}
    schema["properties"]["finding"] = {"$ref": "#/definitions/given-finding"}
    return _described(schema, TEST_KEYS)


def _before(schema: Schema) -> Schema:
    schema["properties"]["finding"] = {"$ref": "#/definitions/given-finding"}
    return _described(schema, BEFORE_KEYS)


def _given(node: Any, keys: Keys) -> Schema:
    """Return the schema of the part of a finding that a test gives.

    A mapping in the place of a list stands for the list's first element. The hundreds of kinds of resource
    details are left to lint: they would make the schema three times as large.
    """
    if isinstance(node, list):
        inner = _given(node[0], keys)
        return {"anyOf": [inner, {"type": "array", "items": inner}]}
    if not isinstance(node, dict):
        return {"type": _SCALARS[node]} if node in _SCALARS else {"enum": [*node.split("|"), None]}
    if keys == ("Resources", "Details"):
        return {"type": ["object", "null"]}
    return {
        "type": ["object", "null"] if keys else "object",
        "properties": {name: _given(inner, (*keys, name)) for name, inner in members(node).items()},
        "additionalProperties": _given(node[ANY_NAME], keys) if ANY_NAME in node else False,
    }


def _plain(schema: Any, *, nulls: bool) -> Any:
    """Return pydantic's schema as the loader means it: no null for optional members, no blank text."""
    if isinstance(schema, list):
        return [_plain(item, nulls=nulls) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {
        key: _plain(value, nulls=nulls) for key, value in schema.items() if key not in ("title", "default")
    }
    if "properties" in schema:  # these are names of members, not keywords of the schema
        kept["properties"] = {name: _plain(one, nulls=nulls) for name, one in schema["properties"].items()}
    if "$ref" in kept:
        kept["$ref"] = kept["$ref"].replace("#/$defs/", "#/definitions/")
    if kept.get("type") == "string" and "enum" not in kept and "const" not in kept:
        kept |= {"pattern": r"\S"}
    if kept.get("type") == "array" and not nulls:
        kept["uniqueItems"] = True
    alternatives = [one for one in kept.get("anyOf", ()) if nulls or one != {"type": "null"}]
    if len(alternatives) == 1:
        del kept["anyOf"]
        kept |= alternatives[0]
    elif alternatives:
        kept["anyOf"] = alternatives
    if isinstance(kept.get("description"), str):
        kept["description"] = re.sub(r"\s+", " ", kept["description"]).replace("`", "")
    return kept


def _pattern_definitions() -> Schema:
    """Return the definitions of patterns.

    `finding` is an event pattern; `s`, `n` and `b` are fields by type; `*-tests` are the operators of each.
    """
    texts = ("prefix", "suffix", "equals-ignore-case", "wildcard", "cidr")
    every = ("anything-but", "exists", "in-list")
    return {
        "finding": _pattern(table(), ()),
        "s-tests": _tests((*texts, *every)),
        "n-tests": _tests(("numeric", *every)),
        "b-tests": _tests(every),
        **{letter: _field({"type": types}, letter) for letter, types in _SCALARS.items()},
    }


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
    in_list = {"type": "object", "properties": {"in-list": _TEXT}, "required": ["in-list"]}
    if name == "exists":
        return {"type": "boolean"}
    if name == "numeric":
        item = {"anyOf": [{"enum": ["<", "<=", "=", ">", ">="]}, {"type": "number"}]}
        return {"type": "array", "items": item, "minItems": 2, "maxItems": 4}
    if name == "in-list":
        return {"type": "string", "pattern": f"^{limits.LIST_NAME.pattern}$"}
    if name == "anything-but":
        plain = {"type": ["string", "number", "boolean", "null"]}
        return {"anyOf": [plain, {"type": "array", "items": plain, "minItems": 1}, {"type": "object"}]}
    text = _NETWORK if name == "cidr" else {"type": "string"}
    nested = {"type": "object", "properties": {"equals-ignore-case": {"type": "string"}, "in-list": _TEXT}}
    return {"anyOf": [text, nested if name in ("prefix", "suffix") else in_list]}


def _pattern(node: Any, keys: Keys) -> Schema:
    """Return the pattern of what is at a path; lists do not show in patterns."""
    while isinstance(node, list):
        node = node[0]
    if not isinstance(node, dict):
        return _leaf(node)
    here = "/".join(("#/definitions/finding", *(f"properties/{key}" for key in keys)))
    others = _leaf(node[ANY_NAME]) if ANY_NAME in node else False
    return {
        "type": "object",
        "minProperties": 1,
        "properties": {
            **{name: _pattern(inner, (*keys, name)) for name, inner in members(node).items()},
            "$or": {"type": "array", "items": {"$ref": here}, "minItems": 2},
        },
        "additionalProperties": others,
    }


def _leaf(kind: str) -> Schema:
    return (
        {"$ref": f"#/definitions/{kind}"}
        if kind in _SCALARS
        else _field({"enum": [*kind.split("|"), None]}, "s")
    )


def _field(literal: Schema, letter: str) -> Schema:
    """Return the schema of a pattern's field: a value, or a list of values and tests."""
    alternative = {"anyOf": [literal, {"$ref": f"#/definitions/{letter}-tests"}]}
    return {"anyOf": [literal, {"type": "array", "items": alternative, "minItems": 1}]}


def _logic_definitions() -> Schema:
    """Return `logic`, a JsonLogic expression: each operator with the number of its arguments."""
    argument: Schema = {"$ref": "#/definitions/logic"}
    operators = {name: _arguments(name, argument) for name in ALL_OPERATORS}
    operation = {"type": "object", "properties": operators, "additionalProperties": False, "maxProperties": 1}
    items = {"type": "array", "items": argument}
    return {
        "logic": {"anyOf": [{"type": _ANY_SCALAR}, items, {"$ref": "#/definitions/operation"}]},
        "operation": operation,
    }


def _arguments(name: str, argument: Schema) -> Schema:
    operator = ALL_OPERATORS[name]
    several: Schema = {"type": "array", "items": argument, "minItems": operator.fewest}
    if operator.most != float("inf"):
        several["maxItems"] = int(operator.most)
    forms = [several]
    if operator.fewest <= 1:
        forms.append({"allOf": [argument, {"not": {"type": "array"}}]})
    if name == "var":
        forms.append({"enum": _common_paths()})
    return {"description": OPERATORS[name], "anyOf": forms}


def _common_paths() -> list[str]:
    """Return the paths to offer after `var`: those of plain values outside lists and resource details."""
    return sorted(_paths(table(), ()))


def _paths(node: Mapping[str, Any], keys: Keys) -> list[str]:
    found: list[str] = []
    for name, inner in members(node).items():
        if isinstance(inner, dict) and len(keys) < 2:
            found += _paths(inner, (*keys, name))
        elif not isinstance(inner, dict):
            found.append(".".join((*keys, name)))
    return found
