"""The client of what is past the APIs of peers: for tests, demonstrations and chaos in another process."""

import json
import urllib.error
import urllib.request
from dataclasses import asdict
from typing import Any

from hubtriage.localaws.peers.faults import PeerFault
from hubtriage.localaws.peers.peer import PeerError
from hubtriage.localaws.peers.server import CONTROL


class PeerControl:
    """Looks into peers and acts in them; `endpoint` is that of their server. Raises PeerError."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    def is_ready(self) -> bool:
        """Say whether the peers answer."""
        try:
            self._ask("GET", "clock", patience=1.0)
        except OSError:
            return False
        return True

    def stored(self, peer: str) -> dict[str, Any]:
        """Return what a peer holds."""
        found: dict[str, Any] = self._ask("GET", f"{peer}/stored")
        return found

    def journal(self, peer: str | None = None) -> list[dict[str, Any]]:
        """Return the requests so far, each as `JournalEntry` has it; of one peer if it is named."""
        found: list[dict[str, Any]] = self._ask("GET", f"{peer}/journal" if peer else "journal")
        return found

    def counts(self) -> dict[str, dict[str, int]]:
        """Return for each peer how many requests it had, carried out, and answered with a fault."""
        counted: dict[str, dict[str, int]] = self._ask("GET", "counts")
        return counted

    def act(self, peer: str, act: str, **given: Any) -> Any:
        """Have a person act in a peer, e.g. `act("jira", "close", issue="SEC-1", resolution="Done")`."""
        return self._ask("POST", f"{peer}/act", {"act": act, "given": given})

    def configure(self, peer: str, **changes: Any) -> None:
        """Change settings of a peer."""
        self._ask("POST", f"{peer}/settings", changes)

    def fault(self, fault: PeerFault) -> int:
        """Write a fault into the script; return its number."""
        number: int = self._ask("POST", "faults", asdict(fault))["number"]
        return number

    def clear_faults(self) -> None:
        """Take all faults out of the script."""
        self._ask("DELETE", "faults")

    def struck(self) -> list[int]:
        """Return how often each fault went wrong, by number."""
        counts: list[int] = self._ask("GET", "faults")["struck"]
        return counts

    def advance(self, seconds: float) -> None:
        """Let time pass for the peers."""
        self._ask("POST", "clock", {"seconds": seconds})

    def latency(self, least: float, most: float) -> None:
        """Have each request take so many seconds."""
        self._ask("POST", "latency", (least, most))

    def _ask(self, method: str, name: str, body: object = None, *, patience: float = 60.0) -> Any:
        request = urllib.request.Request(  # noqa: S310 - our own loopback address
            f"{self.endpoint}{CONTROL}{name}",
            data=json.dumps(body).encode() if body is not None else None,
            method=method,
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=patience) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise PeerError(f"{method} {name}: {error.read().decode()}") from error
