"""The payload of one finding's update: the changed fields and their memo, in one call."""

import re
from collections.abc import Mapping
from json import dumps
from typing import Any

from hubtriage.engine.fields import (
    FIELDS,
    MANAGED_KEY,
    MEMO_KEY,
    OUR_KEYS,
    RULES_KEY,
    USER_PREFIX,
    ParsedFinding,
)
from hubtriage.engine.planning.memo import Claims, write_claims
from hubtriage.engine.planning.resolve import FieldOutcome

MOST_USER_FIELDS = 50  # AWS: pairs in UserDefinedFields
LONGEST_KEY = 128  # AWS: characters of a key
LONGEST_VALUE = 1024  # AWS: characters of a value
LARGEST_FINDING = 240 * 1024  # AWS: bytes of a finding

NO_RULES = "none"  # `hubtriage/rules` where nothing is ours any more

_HALF_CHARACTER = re.compile("[\ud800-\udfff]")

Outcomes = Mapping[str, FieldOutcome]


def claims_of(outcomes: Outcomes) -> Claims:
    """Return the claims that the next memo holds."""
    return {name: outcome.claim for name, outcome in outcomes.items() if outcome.claim}


def our_fields(outcomes: Outcomes, stack: str, names: Mapping[str, str]) -> dict[str, str]:
    """Return the three user-defined fields of the memo; `names` are rule ids by digest.

    A rule is named as long as a value of it stands: not one that a person changed, nor a key left out.
    """
    claims = claims_of(outcomes)
    standing = {claim.rule for claim in claims.values() if not claim.person and not claim.left_out}
    listed = ", ".join(sorted(names[rule] for rule in standing if rule in names)) or NO_RULES
    return {
        MANAGED_KEY: stack,
        RULES_KEY: listed if len(listed) <= LONGEST_VALUE else listed[: LONGEST_VALUE - 1] + "…",
        MEMO_KEY: write_claims(claims),
    }


def build(outcomes: Outcomes, ours: Mapping[str, str], finding: ParsedFinding, udf: str) -> dict[str, Any]:
    """Build the payload: changed fields as the API takes them, and UserDefinedFields.

    Under `replace` the whole merged map is sent, under `merge` only our own keys.
    """
    payload: dict[str, Any] = {}
    fields = {} if udf == "merge" else {k: v for k, v in finding.user_fields().items() if k not in OUR_KEYS}
    for name, outcome in outcomes.items():
        if outcome.change is None:
            continue
        if name in FIELDS:
            payload[FIELDS[name].member] = outcome.payload
        elif outcome.payload is None:
            fields.pop(name.removeprefix(USER_PREFIX), None)
        else:
            fields[name.removeprefix(USER_PREFIX)] = outcome.payload
    return {**payload, "UserDefinedFields": {**fields, **ours}}


def why_unsendable(payload: Mapping[str, Any], finding: ParsedFinding, udf: str) -> str | None:
    """Return why the API would refuse the payload's UserDefinedFields; None if it would not."""
    fields = payload["UserDefinedFields"]
    after = _fields_after(payload, finding, udf)
    if len(after) > MOST_USER_FIELDS:
        return f"UserDefinedFields would have {len(after)} pairs with the memo, {MOST_USER_FIELDS} fit"
    for key, value in fields.items():
        why = _why_pair_unsendable(key, value)
        if why is not None:
            return f"user-defined field {key[:LONGEST_KEY]!r} {why}"
    return None


def why_too_large(payload: Mapping[str, Any], finding: ParsedFinding, udf: str) -> str | None:
    """Return why the finding would be too large with the payload; None if it would not."""
    after = {**finding.raw, **payload, "UserDefinedFields": _fields_after(payload, finding, udf)}
    size = len(dumps(after, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace"))
    if size > LARGEST_FINDING:
        return f"the finding would have {size} bytes, {LARGEST_FINDING} are allowed"
    return None


def _fields_after(payload: Mapping[str, Any], finding: ParsedFinding, udf: str) -> Mapping[str, object]:
    fields: Mapping[str, object] = payload["UserDefinedFields"]
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
