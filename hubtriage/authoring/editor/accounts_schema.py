"""The JSON Schema of the account directory, for completion and errors in editors."""

from typing import Any

from hubtriage.authoring.schema import limits

KNOWN = {
    "name": "The account's name. `hubtriage accounts sync` writes it.",
    "ou": "Path of the organizational units that the account is in. `hubtriage accounts sync` writes it.",
    "environment": "What the account is for, such as prod or sandbox.",
}
"""Attributes that editors offer; all others are free."""


def accounts_schema() -> dict[str, Any]:
    """Return the schema (draft 7, which editors support best) of `accounts.yaml`."""
    attributes = {
        "type": "object",
        "description": 'What rules may know about the account: {"==": [{account: environment}, prod]}.',
        "properties": {name: {"type": "string", "description": text} for name, text in KNOWN.items()},
        "additionalProperties": {"type": "string"},
    }
    accounts = {
        "type": "object",
        "description": "Attributes by account id: 12 digits, in quotes.",
        "propertyNames": {"pattern": f"^{limits.ACCOUNT_ID.pattern}$"},
        "additionalProperties": attributes,
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Account directory of hubtriage",
        "description": "What rules may know about an account in addition to its id.",
        "type": "object",
        "additionalProperties": False,
        "required": ["accounts"],
        "properties": {"accounts": accounts},
    }
