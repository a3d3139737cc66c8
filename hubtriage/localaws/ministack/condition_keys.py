"""IAM condition keys of a Security Hub request: which fields it sets, and to what."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

PREFIX = "securityhub:ASFFSyntaxPath/"
PREFIX_V2 = "securityhub:OCSFSyntaxPath/"
_OPERATION = "securityhub:BatchUpdateFindings"
_NAMING = frozenset({"FindingIdentifiers", "MetadataUids"})
_FIELDS_V2 = frozenset({"Comment", "SeverityId", "StatusId"})


def condition_keys(action: str, body: bytes) -> dict[str, Any]:
    """Return `securityhub:ASFFSyntaxPath/<leaf>` → its value (AWS: text) for BatchUpdateFindings.

    User-defined fields are known by `UserDefinedFields.key` and `.value`; a field of several values holds
    them as a list. Fields of BatchUpdateFindingsV2, which is the same action, are keys of their own.
    """
    request = _parsed(body) if action == _OPERATION else {}
    return {
        f"{PREFIX_V2 if name in _FIELDS_V2 else PREFIX}{path}": value
        for name, member in request.items()
        if name not in _NAMING
        for path, value in _leaves(name, member)
    }


def _parsed(body: bytes) -> Mapping[str, Any]:
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return {}  # the service itself refuses it
    return request if isinstance(request, dict) else {}


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if path == "UserDefinedFields" and isinstance(value, dict):
        yield f"{path}.key", list(value)
        yield f"{path}.value", [str(each) for each in value.values()]
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from _leaves(f"{path}.{name}", member)
    elif isinstance(value, list):
        yield path, [str(each) for each in value]
    else:
        yield path, str(value)
