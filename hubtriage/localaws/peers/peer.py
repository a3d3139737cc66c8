"""What every double of a service outside AWS is made of: requests in, answers out, and acts of people."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

Clock = Callable[[], float]
"""Returns epoch seconds; a test may set it ahead."""


class PeerError(ValueError):
    """A test or a person asked for something that the double cannot do."""


@dataclass(frozen=True, slots=True)
class PeerRequest:
    """A request after the name of the peer was taken off its path. headers: names in lower case."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def of(cls, method: str, target: str, headers: Mapping[str, str], body: bytes) -> "PeerRequest":
        """Return the request to a target: a path with its query string."""
        parts = urlsplit(target)
        query = parse_qs(parts.query, keep_blank_values=True)
        return cls(method, parts.path, query, {name.lower(): value for name, value in headers.items()}, body)

    def first(self, name: str, default: str = "") -> str:
        """Return the first value of a parameter of the query string."""
        return self.query.get(name, [default])[0]

    def is_json(self) -> bool:
        """Say whether the body is declared as JSON."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


@dataclass(frozen=True, slots=True)
class PeerAnswer:
    """An answer of a service."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, status: int, value: object, headers: Mapping[str, str] | None = None) -> "PeerAnswer":
        """Return an answer of JSON."""
        given = {"Content-Type": "application/json;charset=UTF-8", **(headers or {})}
        return cls(status, json.dumps(value).encode(), given)

    @classmethod
    def text(cls, status: int, text: str, headers: Mapping[str, str] | None = None) -> "PeerAnswer":
        """Return an answer of plain text."""
        return cls(status, text.encode(), {"Content-Type": "text/plain;charset=UTF-8", **(headers or {})})

    @classmethod
    def page(cls, status: int, title: str) -> "PeerAnswer":
        """Return a page for people, as proxies and sleeping services answer."""
        body = f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
        return cls(status, body.encode(), {"Content-Type": "text/html;charset=UTF-8"})


class Peer(Protocol):
    """A double. The server calls it under a lock: one request at a time."""

    def answer(self, request: PeerRequest) -> PeerAnswer:
        """Answer a request as the service does; unknown paths and missing credentials get its own errors."""

    def stored(self) -> dict[str, Any]:
        """Return what the service holds, as JSON: the truth that tests hold everything else against."""

    def act(self, act: str, given: Mapping[str, Any]) -> Any:
        """Do what a person does in the service, e.g. close a ticket; raise PeerError where it cannot be."""

    def configure(self, changes: Mapping[str, Any]) -> None:
        """Change settings while it runs; raise PeerError for one that it does not have."""


def with_fields(given: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with changes; raise PeerError for a name that is not among them."""
    unknown = sorted(given.keys() - known.keys())
    if unknown:
        raise PeerError(f"no setting {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    return {**known, **given}
