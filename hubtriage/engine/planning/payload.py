"""The payload of one finding's update: the changed fields as the API takes them, within its limits."""

import re
from collections.abc import Mapping
from typing import Any

from hubtriage.engine.excerpt import json_size
from hubtriage.engine.fields import FIELDS, USER_PREFIX, ParsedFinding
from hubtriage.engine.planning.resolve import FieldOutcome

MOST_USER_FIELDS = 50  # AWS: pairs in UserDefinedFields
LONGEST_KEY = 128  # AWS: characters of a key
LONGEST_VALUE = 1024  # AWS: characters of a value
LARGEST_FINDING = 240 * 1024  # AWS: bytes of a finding

USER_FIELDS = "UserDefinedFields"
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")

Outcomes = Mapping[str, FieldOutcome]


def build(outcomes: Outcomes, finding: ParsedFinding, udf: str) -> dict[str, Any]:
    """Build the payload: changed fields as the API takes them; empty if nothing changes.

    UserDefinedFields are sent only if one of them changes: under `replace` the whole merged map, under
    `merge` the changed keys.
    """
    payload: dict[str, Any] = {}
    keys: dict[str, str | None] = {}
    for name, outcome in outcomes.items():
        if outcome.change is None:
            continue
        if name in FIELDS:
            payload[FIELDS[name].member] = outcome.payload
        else:
            keys[name.removeprefix(USER_PREFIX)] = outcome.payload
    if not keys:
        return payload
    theirs = {} if udf == "merge" else {k: v for k, v in finding.user_fields().items() if k not in keys}
    ours = {key: value for key, value in keys.items() if value is not None}
    return {**payload, USER_FIELDS: {**theirs, **ours}}


def why_unsendable(payload: Mapping[str, Any], finding: ParsedFinding, udf: str) -> str | None:
    """Return why the API would refuse the payload's UserDefinedFields; None if it would not."""
    if USER_FIELDS not in payload:
        return None
    after = _fields_after(payload, finding, udf)
    if len(after) > MOST_USER_FIELDS:
        return f"UserDefinedFields would have {len(after)} pairs, {MOST_USER_FIELDS} fit"
    for key, value in payload[USER_FIELDS].items():
        why = _why_pair_unsendable(key, value)
        if why is not None:
            return f"user-defined field {key[:LONGEST_KEY]!r} {why}"
    return None


def why_too_large(payload: Mapping[str, Any], finding: ParsedFinding, udf: str) -> str | None:
    """Return why the finding would be too large with the payload; None if it would not."""
    after = {**finding.raw, **payload}
    if USER_FIELDS in payload:
        after[USER_FIELDS] = _fields_after(payload, finding, udf)
    size = json_size(after)
    if size + finding.rest.most <= LARGEST_FINDING:
        return None
    size += finding.rest.size()
    if size > LARGEST_FINDING:
        return f"the finding would have {size} bytes, {LARGEST_FINDING} are allowed"
    return None


def _fields_after(payload: Mapping[str, Any], finding: ParsedFinding, udf: str) -> Mapping[str, object]:
    fields: Mapping[str, object] = payload[USER_FIELDS]
    return {**finding.user_fields(), **fields} if udf == "merge" else fields


def _why_pair_unsendable(key: str, value: object) -> str | None:
    """Return why a pair cannot be sent. Leaving out another tool's pair would lose it."""
    if not isinstance(value, str) or not value.strip() or not key.strip():
        return "is not text with something in it, so it can be neither sent nor left out"
    if len(key) > LONGEST_KEY:
        return f"has a key of {len(key)} characters, {LONGEST_KEY} are allowed"
    if len(value) > LONGEST_VALUE:
        return f"has {len(value)} characters, {LONGEST_VALUE} are allowed"
    if _HALF_CHARACTER.search(key) or _HALF_CHARACTER.search(value):
        return "has half of a surrogate pair in it, which is no text"
    return None
