"""The JSON Schema of the house policy, for completion and errors in editors."""

from typing import Any

from hubtriage.authoring.editor.json_schema import described, plain
from hubtriage.authoring.editor.match_schema import SharedDefinitions, match_definitions
from hubtriage.authoring.editor.texts import REQUIREMENT_KEYS, SELECTION_KEYS, STATEMENT_KEYS
from hubtriage.authoring.editor.when_schema import when_definitions
from hubtriage.authoring.schema import limits
from hubtriage.authoring.schema.policy import Statement
from hubtriage.engine.fields import FIELDS, USER_PREFIX


def policy_schema() -> dict[str, Any]:
    """Return the schema (draft 7, which editors support best) of `policy.yaml`."""
    statement, shared = Statement.model_json_schema(), SharedDefinitions()
    definitions = {name: plain(inner, nulls=False) for name, inner in statement.pop("$defs").items()}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "House policy of hubtriage",
        "description": "What no rule of this folder may do, from any author.",
        "type": "object",
        "additionalProperties": False,
        "required": ["policy"],
        "properties": {"policy": {"type": "array", "items": {"$ref": "#/definitions/Statement"}}},
        "definitions": {
            **definitions,
            **match_definitions(shared),
            **when_definitions(shared),
            **shared.definitions,
            "Statement": _statement(plain(statement, nulls=False)),
            "FindingConditions": _conditions(),
            "Selection": {**described(definitions["Selection"], SELECTION_KEYS), "minProperties": 1},
            "Requirement": {**described(definitions["Requirement"], REQUIREMENT_KEYS), "minProperties": 1},
        },
    }


def _statement(schema: dict[str, Any]) -> dict[str, Any]:
    properties = schema["properties"]
    properties["id"]["pattern"] = f"^{limits.RULE_ID.pattern}$"
    names = "|".join(name.replace(".", r"\.") for name in FIELDS)
    values = {"anyOf": [{"const": "any"}, {"type": "array", "minItems": 1}]}
    forbidden = {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": f"^({names}|{USER_PREFIX.replace('.', '[.]')}.+)$"},
        "additionalProperties": values,
    }
    properties["never"] = {"anyOf": [{"const": "hide"}, forbidden]}
    one = [{"required": [name]} for name in ("require", "never", "only")]
    return {
        **described(schema, STATEMENT_KEYS),
        "oneOf": one,
        "dependencies": {"never": ["findings"], "findings": ["never"], "only": ["rules"]},
    }


def _conditions() -> dict[str, Any]:
    return {
        "type": "object",
        "description": "A condition on findings, as rules have it.",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": {
            "match": {"$ref": "#/definitions/finding"},
            "when": {"anyOf": [{"const": True}, {"$ref": "#/definitions/condition"}]},
        },
    }
