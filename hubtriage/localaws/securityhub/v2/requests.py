"""What BatchUpdateFindingsV2 and the actions of automation rules may ask for."""

import re
from collections.abc import Mapping
from typing import Any

from hubtriage.localaws.securityhub.asff.checks import Check, list_of, matching, structure, text
from hubtriage.localaws.securityhub.v2.words import SEVERITIES, STATUSES

Request = Mapping[str, Any]
BATCH_LIMIT = 100
COMMENT_LIMIT = 512
FIELDS = ("StatusId", "SeverityId", "Comment")
_UID = re.compile(r"[0-9a-z]{64}", re.ASCII)
_SETTABLE_STATUSES = frozenset(STATUSES) - {6}


def _number(allowed: frozenset[int]) -> Check:
    def check(value: object, path: str) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int):
            return f"{path} should be integer"
        return None if value in allowed else f"{path} should be one of {sorted(allowed)}"

    return check


_VALUES: Mapping[str, Check] = {
    "StatusId": _number(_SETTABLE_STATUSES),
    "SeverityId": _number(frozenset(SEVERITIES)),
    "Comment": text(1, COMMENT_LIMIT),
}
_TRIPLE = structure(
    dict.fromkeys(("CloudAccountUid", "FindingInfoUid", "MetadataProductUid"), text()),
    ("CloudAccountUid", "FindingInfoUid", "MetadataProductUid"),
)
_NAMES: Mapping[str, Check] = {
    "MetadataUids": list_of(
        matching(lambda uid: isinstance(uid, str) and _UID.fullmatch(uid) is not None, "like ^[0-9a-z]{64}$"),
        1,
        BATCH_LIMIT,
    ),
    "FindingIdentifiers": list_of(_TRIPLE, 1, BATCH_LIMIT),
}


def flaw_of_names(request: Request) -> str | None:
    """Return what is wrong with the members of an update call, and with the findings that it names.

    AWS: findings are named by `MetadataUids` or by `FindingIdentifiers`, never by both, 100 at most.
    """
    stranger = next((name for name in request if name not in {*_NAMES, *FIELDS}), None)
    if stranger is not None:
        return f"data should NOT have additional property '{stranger}'"
    kinds = [name for name in _NAMES if request.get(name)]
    if len(kinds) != 1:
        return "exactly one of MetadataUids and FindingIdentifiers should be given"
    return _NAMES[kinds[0]](request[kinds[0]], kinds[0])


def flaw_of_values(request: Request) -> str | None:
    """Return what is wrong with the values of an update, or None."""
    given = [name for name in FIELDS if name in request]
    if not given:
        return f"at least one of {', '.join(FIELDS)} should be given"
    flaws = (_VALUES[name](request[name], name) for name in given)
    return next((flaw for flaw in flaws if flaw is not None), None)
