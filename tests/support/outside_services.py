"""Services outside AWS for tests of deliveries: their doubles over HTTP, and secrets that can change."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from hubtriage.aws.clock import SystemClock
from hubtriage.aws.deliveries.http import HttpClient
from hubtriage.aws.deliveries.secrets import SecretStore
from hubtriage.localaws.peers.control import PeerControl
from hubtriage.localaws.peers.peer import Peer
from hubtriage.localaws.peers.server import PeerClock, Peers, PeerServer

CLAIM = "0123456789abcdef0123456789abcdef"
KEY = "fedcba9876543210fedcba9876543210"


class Secrets:
    """Secrets Manager with one secret; `error` is the code that it answers instead of the value."""

    def __init__(self, value: object) -> None:
        self.value = value
        self.error: str | None = None
        self.reads = 0

    def get_secret_value(self, **_: Any) -> Mapping[str, Any]:
        """Return the value as it is now."""
        self.reads += 1
        if self.error:
            raise ClientError({"Error": {"Code": self.error, "Message": "no"}}, "GetSecretValue")
        return {"SecretString": self.value if isinstance(self.value, str) else json.dumps(self.value)}


class SetClock(SystemClock):
    """A clock that can be set ahead."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        """Epoch seconds."""
        return super().now() + self.ahead


@dataclass(frozen=True, slots=True)
class Outside:
    """A double named `peer`, and what a function has to reach it."""

    server: PeerServer
    control: PeerControl
    secrets: Secrets
    clock: SetClock
    http: HttpClient
    store: SecretStore

    @property
    def url(self) -> str:
        """Its address."""
        return self.server.url("peer")

    def stored(self) -> dict[str, Any]:
        """Return what it holds."""
        return self.control.stored("peer")

    def act(self, act: str, **given: Any) -> Any:
        """Have a person act in it."""
        return self.control.act("peer", act, **given)

    def configure(self, **changes: Any) -> None:
        """Change its settings."""
        self.control.configure("peer", **changes)

    def methods(self) -> list[str]:
        """Return the methods of the requests so far."""
        return [entry["method"] for entry in self.control.journal()]


@contextmanager
def outside(
    make: Callable[[PeerClock], Peer], secret: object, read_seconds: float = 0.5, seed: int = 1
) -> Iterator[Outside]:
    """Serve a double until the end of the block."""
    with PeerServer(Peers({"peer": make}, seed)) as server:
        secrets, clock = Secrets(secret), SetClock()
        http = HttpClient(local=True, clock=clock, read_seconds=read_seconds)
        store = SecretStore(secrets, "hubtriage/peer", clock)
        yield Outside(server, PeerControl(server.endpoint), secrets, clock, http, store)
