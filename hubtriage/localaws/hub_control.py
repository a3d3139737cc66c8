"""The client of the local Security Hub's control endpoint."""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hubtriage.localaws.errors import LocalCloudError
from hubtriage.localaws.ministack.faults import ServiceFault
from hubtriage.localaws.securityhub.calls import UpdateCall
from hubtriage.localaws.securityhub.faults import ScriptedFault
from hubtriage.localaws.securityhub.http.control import PREFIX


class HubControl:
    """What tests and demonstrations ask the local Security Hub past its API.

    certificate: that of the process itself, if it serves over TLS.
    """

    def __init__(self, endpoint: str, certificate: Path | None = None) -> None:
        self.endpoint = endpoint
        self.certificate = certificate

    def process_id(self, patience: float) -> int | None:
        """Return the id of the process that answers within `patience` seconds; None if none does."""
        try:
            return int(self._ask("GET", "process", patience=patience)["pid"])
        except OSError:
            return None

    def status(self) -> dict[str, Any]:
        """Return calls by operation and outcome, findings, events, faults that wait; see `Hub.status`."""
        return self._ask("GET", "status")

    def updates(self) -> list[UpdateCall]:
        """Return every call of BatchUpdateFindings and BatchUpdateFindingsV2, in order."""
        return [UpdateCall.from_json(call) for call in self.status()["updates"]]

    def findings(self) -> list[dict[str, Any]]:
        """Return all findings as they are stored."""
        findings: list[dict[str, Any]] = self._ask("GET", "findings")["Findings"]
        return findings

    def events(self) -> dict[str, int]:
        """Return how many events have arrived on the bus ("delivered"), and how many are "under_way"."""
        return self._ask("GET", "events")

    def delivered_events(self, page: int = 2_000) -> Iterator[dict[str, Any]]:
        """Yield all events that have arrived on the bus so far, in that order, copies included."""
        start = 0
        while found := self._ask("POST", "events", {"start": start, "limit": page})["Events"]:
            yield from found
            start += len(found)

    def updates_by_functions(self) -> dict[tuple[str, str], int]:
        """Return how often functions, not people, have updated each finding: by (ProductArn, Id)."""
        traced = self._ask("GET", "traced")["Findings"]
        return {(product, finding): count for product, finding, count in traced}

    def plant(self, findings: list[dict[str, Any]]) -> None:
        """Store findings exactly as they are, and send their events; see `Hub.plant`."""
        self._ask("POST", "findings", {"Findings": findings})

    def findings_v2(self) -> list[dict[str, Any]]:
        """Return all findings of V2 as they are stored."""
        findings: list[dict[str, Any]] = self._ask("GET", "v2/findings")["Findings"]
        return findings

    def plant_v2(self, findings: list[dict[str, Any]]) -> None:
        """Store findings of V2 exactly as they are, and send their events; see `HubV2.plant`."""
        self._ask("POST", "v2/findings", {"Findings": findings})

    def provide_v2(self, findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Have providers send findings of V2, and return what is stored then; see `HubV2.provide`."""
        stored: list[dict[str, Any]] = self._ask("POST", "v2/provide", {"Findings": findings})["Findings"]
        return stored

    def advance_v2(self, *uids: str, **changes: Any) -> list[dict[str, Any]]:
        """Have providers send findings again with changes, and return what is stored; see `HubV2.advance`."""
        order = {"MetadataUids": uids, "Changes": changes}
        stored: list[dict[str, Any]] = self._ask("POST", "v2/advance", order)["Findings"]
        return stored

    def status_v2(self) -> dict[str, Any]:
        """Return how many findings V2 has, by status, and how many are hidden; see `HubV2.status`."""
        return self._ask("GET", "v2/status")

    def updates_by_functions_v2(self) -> dict[str, int]:
        """Return how often functions, not people, have updated each finding of V2: by `metadata.uid`."""
        return self._ask("GET", "v2/traced")

    def choose(self, action: str, *keys: tuple[str, str]) -> None:
        """Choose a Custom Action (ARN) for findings (ProductArn, Id), as a person does in the console."""
        self._ask("POST", "choose", {"ActionTargetArn": action, "Findings": keys})

    def fault(self, fault: ScriptedFault) -> None:
        """Write a fault into the script."""
        self._ask("POST", "faults", asdict(fault))

    def clear_faults(self) -> None:
        """Take all faults out of the script."""
        self._ask("DELETE", "faults")

    def configure(self, **changes: Any) -> None:
        """Change settings of the hubs while they run; the names are those of `HubSettings`."""
        self._ask("POST", "settings", changes)

    def break_service(self, fault: ServiceFault) -> int:
        """Write a fault of any other service into the script, e.g. of DynamoDB; return its number."""
        number: int = self._ask("POST", "service-faults", asdict(fault))["number"]
        return number

    def mend_services(self) -> None:
        """Take all faults of other services out of the script."""
        self._ask("DELETE", "service-faults")

    def struck(self) -> list[int]:
        """Return how often each fault of other services went wrong, by number."""
        counts: list[int] = self._ask("GET", "service-faults")["struck"]
        return counts

    def kill_functions(self) -> int:
        """Kill the Lambda functions that are at work; return how many there were."""
        killed: int = self._ask("DELETE", "functions")["killed"]
        return killed

    def reset(self) -> None:
        """Forget findings, counts, events and all faults; settings stay."""
        self._ask("POST", "reset")
        self.mend_services()

    def _ask(self, method: str, name: str, body: object = None, *, patience: float = 60.0) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310 - our own loopback address
            f"{self.endpoint}{PREFIX}{name}",
            data=json.dumps(body).encode() if body is not None else None,
            method=method,
        )
        try:
            with self._opener().open(request, timeout=patience) as answer:
                return json.load(answer)  # type: ignore[no-any-return]
        except urllib.error.HTTPError as error:
            raise LocalCloudError(f"{method} {name}: {error.read().decode()}") from error

    def _opener(self) -> urllib.request.OpenerDirector:
        """Return an opener that uses no proxy, and trusts the process's own certificate alone."""
        direct = urllib.request.ProxyHandler({})
        if self.certificate is None:
            return urllib.request.build_opener(direct)
        context = ssl.create_default_context(cafile=self.certificate)
        return urllib.request.build_opener(direct, urllib.request.HTTPSHandler(context=context))
