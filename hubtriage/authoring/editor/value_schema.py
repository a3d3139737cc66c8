"""The values that a field of a finding can have, as far as a JSON Schema can say it.

It says what lint says of a single value: its form, its length, its scale, and that it is no pattern. Of an
enumeration it takes the values that AWS's model lists, where lint only warns of others.
"""

from typing import Any

from hubtriage.asff.fields import Keys, is_of_map, is_timestamp
from hubtriage.asff.partitions import ANY_REGION
from hubtriage.authoring.checks.known_values import (
    CONTROL_ID,
    GUARDDUTY_TYPE,
    LONGEST,
    PRODUCT_ARN,
    plain,
)
from hubtriage.authoring.checks.matcher_syntax import LOG_GROUP, NETWORK, REGEX, is_free_text
from hubtriage.authoring.checks.odd_characters import ODD_CHARACTERS
from hubtriage.authoring.checks.values.scale import SCALES
from hubtriage.authoring.schema.limits import ACCOUNT_ID, FINDING_TYPE
from hubtriage.engine.text.timestamps import TIMESTAMP

Schema = dict[str, Any]

SCALAR_TYPES: dict[str, list[str]] = {
    "s": ["string", "null"],
    "n": ["number", "null"],
    "b": ["boolean", "null"],
}
"""The types of a plain value by the letter that the table of fields has for it."""

_FORMS: dict[Keys, str] = {
    ("AwsAccountId",): ACCOUNT_ID.pattern,
    ("Region",): ANY_REGION.pattern,
    ("ProductArn",): PRODUCT_ARN.pattern,
    ("RelatedFindings", "ProductArn"): PRODUCT_ARN.pattern,
    ("Types",): f"(?!{GUARDDUTY_TYPE.pattern}$){FINDING_TYPE.pattern}",
    ("Compliance", "SecurityControlId"): CONTROL_ID.pattern,
    ("Resources", "Type"): "(?!AWS::).*",
}
_BLANK_AT_AN_END = r"^\s+[\x00-\x7f]*$|^[\x00-\x7f]*\s+$"
_ODD = f"{_BLANK_AT_AN_END}|[{''.join(ODD_CHARACTERS)}]"

LIKE_A_REGEX: Schema = {"pattern": REGEX.pattern.replace(r"(?<!\$)\$$", r"(^|[^$])\$$")}
LIKE_A_PATTERN: Schema = {
    "anyOf": [
        LIKE_A_REGEX,
        {"pattern": r"\*", "not": {"pattern": f"^{LOG_GROUP.pattern}$"}},
    ]
}
"""Texts with the syntax of a wildcard or a regular expression; the ARN of a log group ends with a star."""


def is_exact(node: str, keys: Keys) -> bool:
    """Say whether a field holds texts in which neither providers nor people write what they like."""
    return node not in ("n", "b") and not is_free_text(keys)


def value_schema(node: str, keys: Keys, *, given: bool = False) -> Schema:
    """Return the schema of one value of the field at a path; `node` is what the table of fields has for it.

    `given`: of a value in a test's finding, where lint minds neither scales nor odd characters.
    """
    if node in ("n", "b"):
        scale = None if given else SCALES.get(plain(keys))
        bounds = {} if scale is None else {"minimum": scale.low, "maximum": scale.high}
        return {"type": SCALAR_TYPES[node], **bounds}
    if node != "s":
        return {"enum": [*node.split("|"), None]}
    return {"type": SCALAR_TYPES["s"], **_text(keys, given=given)}


def _text(keys: Keys, *, given: bool) -> Schema:
    name = plain(keys)
    schema: Schema = {}
    if name in _FORMS:
        schema["pattern"] = f"^{_FORMS[name]}$"
    elif is_timestamp(keys):
        schema["pattern"] = f"^{TIMESTAMP.pattern}$"
    if name in LONGEST:
        schema["maxLength"] = LONGEST[name]
    never = [*(LIKE_A_PATTERN["anyOf"] if is_exact("s", keys) else ())]
    if name[-1].startswith("IpAddress"):
        never.append({"pattern": f"^({NETWORK.pattern})$"})
    if not given and is_exact("s", keys) and not is_of_map(keys):
        never.append({"pattern": _ODD})
    return {**schema, "not": {"anyOf": never}} if never else schema
