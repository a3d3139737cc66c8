"""The hub that a history happens in: that of CSPM, or Security Hub V2, behind one face.

What the laws see of a finding is in the words of `tests.laws.oracle.fields`, whichever hub it is in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from hubtriage.aws.securityhub.api import CSPM, V2, Key
from hubtriage.engine.ocsf.view import asff_view
from hubtriage.localaws.securityhub.asff.timestamps import write_timestamp
from hubtriage.localaws.securityhub.hub import Hub
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.laws.oracle.fields import FIELDS
from tests.laws.oracle.ocsf import FIELDS_OF, in_words_of_laws, is_renumbered
from tests.support.hub_v2_world import ocsf, uid
from tests.support.triage_world import TriageWorld, finding
from tests.support.v2_triage_world import V2TriageWorld, v2_key

CONTROLS = "arn:aws:securityhub:eu-west-1::product/aws/securityhub"
"""AWS: of its own findings the service resolves those that come to pass."""


@dataclass(frozen=True)
class Provide:
    """The provider says how severe a finding is, whether its control passes, and whether it is over.

    In V2 severities are numbers.
    """

    finding: int
    severity: str | int
    compliance: str | None = None
    is_closed: bool = False


class HubOfHistory(Protocol):
    """What a history does in its hub, and sees of it. Findings have numbers.

    `shows_providers`: whether a finding tells what its provider says of the severity now.
    """

    @property
    def name(self) -> str: ...
    @property
    def has_history(self) -> bool: ...
    @property
    def shows_providers(self) -> bool: ...
    @property
    def first_severity(self) -> str | int: ...

    def world(self, **settings: Any) -> TriageWorld:
        """Return a world without findings."""

    def ghost(self) -> Hub:
        """Return a hub that is still, and behaves alike."""

    def key(self, number: int) -> Key:
        """Return the key of a finding."""

    def number(self, name: str) -> int:
        """Return the number of a finding from the second part of its key."""

    def shown(self, hub: Hub, number: int) -> dict[str, Any]:
        """Return what the laws see of a finding; nothing before its provider has sent it."""

    def as_rules_see_it(self, hub: Hub, number: int) -> dict[str, Any]:
        """Return a finding in the form that triage decides on."""

    def updated(self, hub: Hub, number: int, update: Mapping[str, Any]) -> dict[str, Any]:
        """Return a finding in that form as it is with the values of an update."""

    def fields(self, update: Mapping[str, Any]) -> set[str]:
        """Return the fields, user-defined ones apart, that an update sets."""

    def provide(self, hub: Hub, act: Provide, now: float) -> bool:
        """Have the provider of a finding send it; return whether that renumbered its severity (V2)."""

    def edit(self, hub: Hub, number: int, update: Mapping[str, Any], now: float) -> None:
        """Have a person update a finding."""


class OfCspm:
    """Security Hub CSPM."""

    name: str = CSPM
    has_history = shows_providers = True
    first_severity: str | int = "MEDIUM"

    def world(self, **settings: Any) -> TriageWorld:
        return TriageWorld(**settings)

    def ghost(self) -> Hub:
        return Hub(settings=HubSettings.still())

    def key(self, number: int) -> Key:
        return CONTROLS, f"finding-{number}"

    def number(self, name: str) -> int:
        return int(name.removeprefix("finding-"))

    def shown(self, hub: Hub, number: int) -> dict[str, Any]:
        return hub.finding(*self.key(number)) or {}

    def as_rules_see_it(self, hub: Hub, number: int) -> dict[str, Any]:
        return self.shown(hub, number)

    def updated(self, hub: Hub, number: int, update: Mapping[str, Any]) -> dict[str, Any]:
        return {**self.shown(hub, number), **update}

    def fields(self, update: Mapping[str, Any]) -> set[str]:
        return set(update) & set(FIELDS)

    def provide(self, hub: Hub, act: Provide, now: float) -> bool:
        says: dict[str, Any] = {"Compliance": {"Status": act.compliance}} if act.compliance else {}
        says |= {"RecordState": "ARCHIVED"} if act.is_closed else {}
        provided = {"Severity": {"Label": act.severity}}
        says |= {"ProductArn": CONTROLS, "UpdatedAt": write_timestamp(now)}
        imported = finding(act.finding, FindingProviderFields=provided, **says)
        assert not hub.batch_import_findings([imported], now)["FailedCount"]
        return False

    def edit(self, hub: Hub, number: int, update: Mapping[str, Any], now: float) -> None:
        product_arn, name = self.key(number)
        named = {"FindingIdentifiers": [{"Id": name, "ProductArn": product_arn}]}
        assert hub.batch_update_findings({**named, **update}, now)["ProcessedFindings"]


_COMPLIANCE = {"PASSED": 1, "WARNING": 2, "FAILED": 3}
MEMBERS = {"StatusId": "status_id", "SeverityId": "severity_id", "Comment": "comment"}
"""What an update sets of a finding of V2, by the name of its value."""


@dataclass(frozen=True)
class OfV2:
    """Security Hub V2, which behaves as the settings say where AWS does not. Severities are numbers."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    name: str = V2
    has_history: bool = False
    first_severity: str | int = 3

    def world(self, **settings: Any) -> TriageWorld:
        return V2TriageWorld(v2_settings=self.settings, **settings)

    def ghost(self) -> Hub:
        return Hub(settings=HubSettings.still().changed({"v2": self.settings}))

    def key(self, number: int) -> Key:
        return v2_key(number)

    def number(self, name: str) -> int:
        return int(name, 16)

    def ocsf(self, hub: Hub, number: int) -> dict[str, Any]:
        """Return a finding as it is stored."""
        found = hub.v2.finding(uid(number))
        assert found is not None
        return found

    def shown(self, hub: Hub, number: int) -> dict[str, Any]:
        found = hub.v2.finding(uid(number))
        return {} if found is None else in_words_of_laws(found)

    def as_rules_see_it(self, hub: Hub, number: int) -> dict[str, Any]:
        return asff_view(self.ocsf(hub, number))

    def updated(self, hub: Hub, number: int, update: Mapping[str, Any]) -> dict[str, Any]:
        values = {MEMBERS[name]: value for name, value in update.items() if name in MEMBERS}
        return asff_view({**self.ocsf(hub, number), **values})

    def fields(self, update: Mapping[str, Any]) -> set[str]:
        return {FIELDS_OF[name] for name in update if name in FIELDS_OF}

    def provide(self, hub: Hub, act: Provide, now: float) -> bool:
        number = act.finding
        says: dict[str, Any] = {"severity_id": act.severity, "activity_id": 3 if act.is_closed else 2}
        says |= {"compliance": {"status_id": _COMPLIANCE[act.compliance]}} if act.compliance else {}
        before = hub.v2.finding(uid(number))
        if before is None:
            hub.v2.provide(ocsf(number, **says), now, hub.settings)
            return False
        return is_renumbered(before, hub.v2.advance(uid(number), says, now, hub.settings))

    def edit(self, hub: Hub, number: int, update: Mapping[str, Any], now: float) -> None:
        request = {"MetadataUids": [uid(number)], **update}
        assert hub.call("BatchUpdateFindingsV2", request, now).body["ProcessedFindings"]

    @property
    def shows_providers(self) -> bool:
        return bool(self.settings.get("vendor_follows", True))


CSPM_HUB = OfCspm()
