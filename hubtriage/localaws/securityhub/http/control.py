"""The way past the API, for tests and for people: look into the hubs, script faults, set them up.

All of it is JSON under `/_hubtriage/`; `account` and `region` in the query string choose the hub, by
default the home hub.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from hubtriage.localaws.securityhub.errors import HubError
from hubtriage.localaws.securityhub.faults import ScriptedFault
from hubtriage.localaws.securityhub.http.service import HttpAnswer, Hubs
from hubtriage.localaws.securityhub.hub import Hub

PREFIX = "/_hubtriage/"


class ControlEndpoint:
    """The control endpoint; `home` is the (account, Region) that is meant when none is named."""

    def __init__(self, hubs: Hubs, clock: Callable[[], float], home: tuple[str, str]) -> None:
        self._hubs = hubs
        self._clock = clock
        self._home = home
        self._actions: Mapping[tuple[str, str], Callable[[Hub, Any], Any]] = {
            ("GET", "process"): lambda _hub, _: {"pid": os.getpid()},
            ("GET", "status"): lambda hub, _: hub.status(),
            ("GET", "findings"): lambda hub, _: {"Findings": hub.findings()},
            ("GET", "events"): lambda hub, _: hub.events(),
            ("POST", "events"): lambda hub, body: {"Events": hub.delivered_events(**body)},
            ("GET", "traced"): lambda hub, _: {
                "Findings": [[*key, count] for key, count in hub.updates_by_functions().items()]
            },
            ("POST", "findings"): self._plant,
            ("POST", "choose"): self._choose,
            ("GET", "v2/findings"): lambda hub, _: {"Findings": hub.v2.findings()},
            ("POST", "v2/findings"): self._plant_v2,
            ("POST", "v2/provide"): self._provide,
            ("POST", "v2/advance"): self._advance,
            ("GET", "v2/status"): lambda hub, _: hub.v2.status(),
            ("GET", "v2/traced"): lambda hub, _: hub.v2.updates_by_functions(),
            ("POST", "faults"): lambda hub, body: hub.faults.add(ScriptedFault(**body)),
            ("DELETE", "faults"): lambda hub, _: hub.faults.clear(),
            ("GET", "settings"): lambda _hub, _: asdict(self._hubs.settings),
            ("POST", "settings"): self._configure,
            ("POST", "reset"): lambda hub, _: hub.reset(),
        }

    def answer(self, method: str, path: str, query: Mapping[str, list[str]], body: bytes) -> HttpAnswer:
        """Answer a control request: 200 with JSON, 400 with what is wrong, 404 for anything else."""
        action = self._actions.get((method, path.removeprefix(PREFIX)))
        if action is None:
            known = ", ".join(f"{verb} {PREFIX}{name}" for verb, name in self._actions)
            return _json(404, {"error": f"no {method} {path}", "there is": known})
        account, region = self._home
        hub = self._hubs.of(query.get("account", [account])[0], query.get("region", [region])[0])
        try:
            return _json(200, action(hub, json.loads(body or b"null")) or {})
        except (HubError, LookupError, TypeError, ValueError) as error:
            return _json(400, {"error": f"{type(error).__name__}: {error}"})

    def _plant(self, hub: Hub, body: Mapping[str, Any]) -> None:
        for finding in body["Findings"]:
            hub.plant(finding, self._clock())

    def _plant_v2(self, hub: Hub, body: Mapping[str, Any]) -> None:
        for finding in body["Findings"]:
            hub.v2.plant(finding, self._clock(), self._hubs.settings)

    def _provide(self, hub: Hub, body: Mapping[str, Any]) -> dict[str, Any]:
        settings = self._hubs.settings
        return {"Findings": [hub.v2.provide(each, self._clock(), settings) for each in body["Findings"]]}

    def _advance(self, hub: Hub, body: Mapping[str, Any]) -> dict[str, Any]:
        uids, changes, settings = body["MetadataUids"], body["Changes"], self._hubs.settings
        return {"Findings": [hub.v2.advance(uid, changes, self._clock(), settings) for uid in uids]}

    def _choose(self, hub: Hub, body: Mapping[str, Any]) -> None:
        hub.choose(body["ActionTargetArn"], body["Findings"], self._clock())

    def _configure(self, _hub: Hub, changes: Mapping[str, Any]) -> dict[str, Any]:
        self._hubs.configure(self._hubs.settings.changed(changes))
        return asdict(self._hubs.settings)


def _json(status: int, body: object) -> HttpAnswer:
    return HttpAnswer(status, json.dumps(body).encode())
