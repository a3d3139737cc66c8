"""Findings that get the same update share a call."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from json import dumps
from typing import Any

MOST_IDENTIFIERS = 100  # AWS: identifiers in one BatchUpdateFindings call

Payload = Mapping[str, Any]
Identifier = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Call:
    """One BatchUpdateFindings call: a payload and the 1-100 findings that get it."""

    payload: Payload
    identifiers: tuple[Identifier, ...]

    def request(self) -> dict[str, Any]:
        """Return the request as boto3 and the AWS CLI take it."""
        return {"FindingIdentifiers": [dict(identifier) for identifier in self.identifiers], **self.payload}


def canonical(payload: Payload) -> str:
    """Return the text by which payloads are compared: JSON with sorted keys."""
    return dumps(payload, sort_keys=True, separators=(",", ":"))


def group(updates: Iterable[tuple[Identifier, Payload]], limit: int = MOST_IDENTIFIERS) -> list[Call]:
    """Make as few calls as possible: identical payloads together, in order of first appearance.

    An identifier appears once in a call (AWS refuses duplicates); of two equal updates one is sent.
    """
    groups: dict[str, tuple[Payload, dict[tuple[str, str], Identifier]]] = {}
    for identifier, payload in updates:
        _payload, members = groups.setdefault(canonical(payload), (payload, {}))
        members[identifier["ProductArn"], identifier["Id"]] = identifier
    return [
        Call(payload, tuple(members)[start : start + limit])
        for payload, found in groups.values()
        for members in [list(found.values())]
        for start in range(0, len(members), limit)
    ]
