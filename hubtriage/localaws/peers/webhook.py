"""A program that takes signed webhooks, as a double. It reads their headers as Standard Webhooks says it.

The signature is checked before anything of the body is read. The id tells a repetition from news.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from hubtriage.localaws.peers.peer import Clock, PeerAnswer, PeerError, PeerRequest, with_fields

TOLERANCE = 300.0
"""Seconds by which the time of an attempt may differ from the receiver's clock."""


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """How the receiver behaves. keys: those that it accepts. state: "alive" or "gone"."""

    path: str = "/hooks/triage"
    keys: tuple[str, ...] = ("whsec_bG9jYWwtYXdzLWtleS1vZi10aGUtd2ViaG9vay1wZWVyIQ==",)
    status: int = 204
    state: str = "alive"


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """A request that was accepted. `is_new`: its id did not come before."""

    id: str
    at: float
    is_new: bool
    event: Any


class WebhookPeer:
    """One receiver with one address."""

    def __init__(self, clock: Clock, settings: WebhookSettings | None = None) -> None:
        self._clock = clock
        self.settings = settings or WebhookSettings()
        self.deliveries: list[WebhookDelivery] = []

    def answer(self, request: PeerRequest) -> PeerAnswer:
        """Accept a signed request; answer 401 if no signature fits, 400 to what is not a webhook."""
        if request.path != self.settings.path:
            return PeerAnswer.text(404, "not found")
        if self.settings.state == "gone":
            return PeerAnswer.text(410, "gone")
        if request.method != "POST" or not request.is_json():
            return PeerAnswer.text(400, "a webhook is a POST of JSON")
        refused = self._refusal(request)
        if refused:
            return PeerAnswer.text(401, refused)
        try:
            event = json.loads(request.body)
        except ValueError:
            return PeerAnswer.text(400, "not JSON")
        name = request.headers["webhook-id"]
        known = {each.id for each in self.deliveries}
        self.deliveries.append(WebhookDelivery(name, self._clock(), name not in known, event))
        return PeerAnswer(self.settings.status)

    def stored(self) -> dict[str, Any]:
        """Return what was accepted, oldest first, repetitions too."""
        return {"deliveries": [asdict(each) for each in self.deliveries]}

    def act(self, act: str, given: Mapping[str, Any]) -> Any:  # noqa: ARG002
        """Act as the owner: `remove` or `restore` the endpoint."""
        if act not in ("remove", "restore"):
            raise PeerError(f"no act {act!r}; there are remove and restore")
        self.configure({"state": "gone" if act == "remove" else "alive"})

    def configure(self, changes: Mapping[str, Any]) -> None:
        """Change settings."""
        given = with_fields(changes, asdict(self.settings))
        self.settings = WebhookSettings(**{**given, "keys": tuple(given["keys"])})

    def _refusal(self, request: PeerRequest) -> str | None:
        """Say why a request is not accepted."""
        name = request.headers.get("webhook-id", "")
        time = request.headers.get("webhook-timestamp", "")
        given = request.headers.get("webhook-signature", "")
        if not name or "." in name or not time.isdecimal() or not given:
            return "a header of the webhook is missing"
        if abs(self._clock() - int(time)) > TOLERANCE:
            return "the time is too far away"
        signed = b".".join((name.encode(), time.encode(), request.body))
        signatures = [
            value for version, _, value in (each.partition(",") for each in given.split()) if version == "v1"
        ]
        for key in self.settings.keys:
            secret = base64.b64decode(key.removeprefix("whsec_"))
            wanted = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
            if any(hmac.compare_digest(wanted, each) for each in signatures):
                return None
        return "no signature fits"
