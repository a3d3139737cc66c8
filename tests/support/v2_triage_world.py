"""Triage with both hubs in memory: findings in OCSF beside those in ASFF, and time that stands still."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from hubtriage.aws.securityhub.api import CSPM, V2, Key
from hubtriage.aws.securityhub.hub_v2 import BothHubs
from hubtriage.engine.ocsf.view import HUB_V2
from hubtriage.engine.planning.entry import NO_ENTRY, Entry
from hubtriage.localaws.securityhub.asff.timestamps import write_timestamp
from tests.support.hub_v2_world import ocsf, uid
from tests.support.triage_world import NOW, TriageBench, TriageWorld


def v2_key(number: int) -> Key:
    return HUB_V2, uid(number)


class V2TriageWorld(TriageWorld):
    """A hub of each kind; `v2` has the numbers of findings in OCSF. `v2_settings` are the local AWS's."""

    def __init__(self, count: int = 0, v2: Sequence[int] = (), **settings: Any) -> None:
        of_v2 = settings.pop("v2_settings", {})
        super().__init__(count, **settings)
        self.hub.settings = self.hub.settings.changed({"v2": of_v2})
        self.inner = self.api
        self.api = BothHubs(self.inner)  # type: ignore[assignment]
        for number in v2:
            self.provide(ocsf(number))

    def provide(self, *findings: Mapping[str, Any]) -> None:
        """Have providers send findings in OCSF."""
        for each in findings:
            self.hub.v2.provide(each, self.clock.now(), self.hub.settings)

    def ocsf(self, number: int) -> Mapping[str, Any]:
        """A finding in OCSF that has to be there."""
        found = self.hub.v2.finding(uid(number))
        assert found is not None
        return found

    def status_of(self, number: int) -> object:
        """The number of the status of a finding in OCSF."""
        return self.ocsf(number)["status_id"]

    def v2_entry(self, number: int) -> Entry:
        """What the ledger holds of a finding in OCSF."""
        return self.ledger.read([v2_key(number)]).entries.get(v2_key(number), NO_ENTRY)

    def event(
        self, number: int, name: str = "m", receives: int = 1, ago: float = 1.0, **envelope: Any
    ) -> dict[str, Any]:
        """An SQS record that shows a finding in OCSF as it is stored; its event is `ago` seconds old."""
        now = self.clock.now()
        return v2_record(name, self.ocsf(number), age=ago, receives=receives, now=now, **envelope)

    def person_sets(self, number: int, **values: Any) -> None:
        """Have a person update a finding in OCSF."""
        self.inner.batch_update_findings_v2(MetadataUids=[uid(number)], **values)


def both_hubs(world: V2TriageWorld, *rules: Mapping[str, Any], **settings: Any) -> TriageBench:
    """Triage over both hubs."""
    return TriageBench(world, *rules, **{"hubs": {CSPM, V2}, **settings})


def v2_record(
    name: str, *findings: Any, age: float = 1.0, receives: int = 1, now: float = NOW, **envelope: Any
) -> dict[str, Any]:
    """An SQS record with an event of Security Hub V2 that was made `age` seconds ago."""
    event = {
        "detail-type": "Findings Imported V2",
        "source": "aws.securityhub",
        "time": write_timestamp(now - age),
        "resources": [each["metadata"]["uid"] for each in findings if "uid" in each.get("metadata", {})],
        "detail": {"findings": list(findings)},
    }
    return {
        "messageId": name,
        "body": json.dumps(event | envelope),
        "attributes": {
            "SentTimestamp": str(int((now - age) * 1000)),
            "ApproximateReceiveCount": str(receives),
        },
    }
