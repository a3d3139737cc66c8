"""Findings that get the same update share a call; calls that reopen findings go first."""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from json import dumps
from typing import Any

MOST_IDENTIFIERS = 100  # AWS: identifiers in one BatchUpdateFindings call

Payload = Mapping[str, Any]
Identifier = Mapping[str, str]
Key = tuple[str, str]
"""(ProductArn, Id)."""


@dataclass(frozen=True, slots=True)
class Call:
    """One BatchUpdateFindings call: a payload and the 1-100 findings that get it; it may reopen some."""

    payload: Payload
    identifiers: tuple[Identifier, ...]
    reopens: bool = False

    def request(self) -> dict[str, Any]:
        """Return the request as boto3 and the AWS CLI take it."""
        return {"FindingIdentifiers": [dict(identifier) for identifier in self.identifiers], **self.payload}


def canonical(payload: Payload) -> str:
    """Return the text by which payloads are compared: JSON with sorted keys."""
    return dumps(payload, sort_keys=True, separators=(",", ":"))


def group(
    updates: Iterable[tuple[Identifier, Payload]],
    limit: int = MOST_IDENTIFIERS,
    reopening: Container[Key] = frozenset(),
) -> list[Call]:
    """Make as few calls as possible: identical payloads together, in order of first appearance.

    Calls with a finding that is `reopening` go first, so that it does not wait behind a flood of others. An
    identifier appears once in a call (AWS refuses duplicates); of two equal updates one is sent.
    """
    groups: dict[str, tuple[Payload, dict[Key, Identifier]]] = {}
    for identifier, payload in updates:
        _payload, members = groups.setdefault(canonical(payload), (payload, {}))
        members[identifier["ProductArn"], identifier["Id"]] = identifier
    calls = [
        call for payload, members in groups.values() for call in _cut(payload, members, limit, reopening)
    ]
    return sorted(calls, key=lambda call: not call.reopens)


def _cut(
    payload: Payload, members: Mapping[Key, Identifier], limit: int, reopening: Container[Key]
) -> Iterator[Call]:
    """Yield the calls of one payload, those that reopen first."""
    keys = sorted(members, key=lambda key: key not in reopening)
    for start in range(0, len(keys), limit):
        some = keys[start : start + limit]
        yield Call(payload, tuple(members[key] for key in some), reopens=some[0] in reopening)
