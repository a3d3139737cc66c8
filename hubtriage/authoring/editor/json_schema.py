"""The JSON Schema of rule files, for completion and errors in editors.

The shape of rules comes from the models that the loader uses, the fields of findings from the table that
lint uses, the operators from the engine. The loader and lint check what a schema cannot express: places that
must agree, and texts that are parsed.
"""

import re
from collections.abc import Mapping
from typing import Any

from hubtriage.asff.samples import SAMPLES
from hubtriage.authoring.editor.agreement_schema import (
    NO_PLACEHOLDER,
    between_keys,
    no_ticket_for_hidden,
    severity_agrees,
)
from hubtriage.authoring.editor.match_schema import SharedDefinitions, match_definitions
from hubtriage.authoring.editor.texts import (
    BEFORE_KEYS,
    RULE_KEYS,
    TEST_KEYS,
    UPDATE_KEYS,
    WINDOW_KEYS,
)
from hubtriage.authoring.editor.value_schema import Schema
from hubtriage.authoring.editor.when_schema import when_definitions
from hubtriage.authoring.problems import CODES
from hubtriage.authoring.schema import limits
from hubtriage.authoring.schema.during import TIME_OF_DAY
from hubtriage.authoring.schema.rule import Defaults, RuleModel, keys_of
from hubtriage.authoring.zones import zone_names
from hubtriage.engine.ruleset.delivery import NOTIFY, NOWHERE, OPEN_TICKET

_TEXT: Schema = {"type": "string", "pattern": r"\S"}
_DAY = r"[2-9]\d{3}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"  # no finding is from before the year 2000
_CLOCK = r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?"
_DATE: Schema = {
    "type": "string",
    "pattern": rf"^{_DAY}([Tt ]{_CLOCK}([Zz]|[+-](0\d|1[0-8]):?[0-5]\d))?$",
}
_FINDING_TYPE: Schema = {
    "type": "string",
    "pattern": rf"^({'|'.join(limits.NAMESPACES)})(/[^/]*[^/\s][^/]*){{0,2}}$",
}
_TAG = f"^{limits.TAG.pattern}$"
_DELIVERY = f"^{limits.DELIVERY_NAME.pattern}$"
_DELIVERY_NAME: Schema = {"type": "string", "pattern": _DELIVERY, "not": {"const": NOWHERE}}
_TEMPLATE: Schema = {**_TEXT, "not": {"pattern": NO_PLACEHOLDER}}
_WITH_NULLS = ("Expectation", "ExpectedSeverity", "ExpectedNote")  # null: a field that must not be there


def rules_schema() -> Schema:
    """Return the schema (draft 7, which editors support best) of a file with `rules:` and `lists:`."""
    rule, shared = RuleModel.model_json_schema(), SharedDefinitions()
    definitions = {name: plain(inner, nulls=name in _WITH_NULLS) for name, inner in rule.pop("$defs").items()}
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
            **match_definitions(shared),
            **when_definitions(shared),
            **shared.definitions,
            "RuleDate": _DATE,
            "During": described(_during(definitions["During"]), WINDOW_KEYS),
            "Rule": _rule(plain(rule, nulls=False)),
            "OpenTicket": _open_ticket(definitions["OpenTicket"]),
            "Lint": _lint(),
            "Defaults": _defaults(),
            "RuleTest": _test(definitions["RuleTest"]),
            "Before": _before(definitions["Before"]),
            "Update": _update(definitions["Update"]),
            "TypesEdit": _types_edit(definitions["TypesEdit"]),
            "RelatedFinding": _related_finding(definitions["RelatedFinding"]),
            "NoteUpdate": _note(definitions["NoteUpdate"]),
            "SeverityUpdate": {
                **definitions["SeverityUpdate"],
                "minProperties": 1,
                "allOf": severity_agrees(),
            },
        },
        "allOf": list(between_keys()),
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
        "description": "A file in the folder of the rules: a value on each line, or a column of a CSV file.",
        "properties": {"from": {"type": "string", "pattern": r"^[^#]+(#.+)?$"}},
        "required": ["from"],
        "additionalProperties": False,
    }


def _rule(schema: Schema) -> Schema:
    properties = schema["properties"]
    properties["id"]["pattern"] = f"^{limits.RULE_ID.pattern}$"
    properties["tags"]["items"]["pattern"] = _TAG
    _name_deliveries(properties)
    properties["match"] = {"$ref": "#/definitions/finding"}
    properties["when"] = {"anyOf": [{"const": True}, {"$ref": "#/definitions/condition"}]}
    conditions = {"anyOf": [{"required": ["match"]}, {"required": ["when"]}]}
    told = {**described(schema, RULE_KEYS), "description": "One triage decision."}
    return {**told, "allOf": [conditions, no_ticket_for_hidden()]}


def _name_deliveries(properties: Schema) -> None:
    """Say what names `notify` and `open-ticket` take; `none` only by itself."""
    for name in (NOTIFY, OPEN_TICKET):
        alone, other = properties[name]["oneOf"]
        alone["pattern"] = _DELIVERY
        if "items" in other:
            other["items"] = _DELIVERY_NAME


def _open_ticket(schema: Schema) -> Schema:
    schema["properties"]["queue"] = _DELIVERY_NAME
    return schema


def _update(schema: Schema) -> Schema:
    properties = schema["properties"]
    properties["Types"]["oneOf"][0]["items"] = _FINDING_TYPE
    properties["UserDefinedFields"]["propertyNames"] |= {"pattern": r"\S"}
    properties["UserDefinedFields"]["additionalProperties"] = _TEMPLATE
    return described(schema, UPDATE_KEYS)


def _types_edit(schema: Schema) -> Schema:
    schema["properties"]["Add"]["items"] = _FINDING_TYPE
    return {**schema, "minProperties": 1}


def _related_finding(schema: Schema) -> Schema:
    schema["properties"]["ProductArn"]["pattern"] = f"^{limits.SECURITY_HUB_PRODUCT_ARN.pattern}$"
    return schema


def _note(schema: Schema) -> Schema:
    schema["properties"]["Text"] = _TEMPLATE
    return schema


def described(schema: Schema, texts: Mapping[str, str]) -> Schema:
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
    properties["from"]["not"] = {"const": "24:00"}  # no day has anything after it
    window = {"anyOf": [{"required": ["days"]}, {"required": ["from"]}]}
    return {**schema, **window, "dependencies": {"from": ["to"], "to": ["from"]}}


def _defaults() -> Schema:
    schema = plain({**Defaults.model_json_schema(), "$defs": {}}, nulls=False)
    schema["properties"]["tags"]["items"]["pattern"] = _TAG
    _name_deliveries(schema["properties"])
    texts = {name: RULE_KEYS[name] for name in keys_of(Defaults)}
    told = described({name: value for name, value in schema.items() if name != "$defs"}, texts)
    return {**told, "description": "Defaults for the rules of this file."}


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
    schema["properties"]["delivers"]["items"] = _DELIVERY_NAME
    return described(schema, TEST_KEYS)


def _before(schema: Schema) -> Schema:
    schema["properties"]["finding"] = {"$ref": "#/definitions/given-finding"}
    applied = {"required": ["applied"], "properties": {"applied": {"const": True}}}
    happened = {"anyOf": [applied, {"required": ["person"]}]}
    then = {"if": {"required": ["finding"], "properties": {"finding": {"minProperties": 1}}}, "then": applied}
    return {**described(schema, BEFORE_KEYS), "allOf": [happened, then]}


def plain(schema: Any, *, nulls: bool) -> Any:
    """Return pydantic's schema as the loader means it: no null for optional members, no blank text."""
    if isinstance(schema, list):
        return [plain(item, nulls=nulls) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {
        key: plain(value, nulls=nulls) for key, value in schema.items() if key not in ("title", "default")
    }
    if "properties" in schema:  # these are names of members, not keywords of the schema
        kept["properties"] = {name: plain(one, nulls=nulls) for name, one in schema["properties"].items()}
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
