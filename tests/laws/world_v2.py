"""The life of Security Hub V2 and its triage: a `HubLife` whose findings are in OCSF and have no history."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hubtriage.engine.ocsf.update import v2_update
from hubtriage.engine.ocsf.view import HUB_V2, asff_view
from hubtriage.engine.planning.entry import LastChange
from hubtriage.localaws.securityhub.asff.requests import Identifier
from hubtriage.localaws.securityhub.hub import Hub
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.laws.deciders import Decider, Naive, Payload, Verdict
from tests.laws.oracle.fields import Finding, Key
from tests.laws.oracle.ocsf import in_words_of_laws, in_words_of_v2
from tests.laws.world import HubLife, PlannedUpdate, Stack


class V2Life(HubLife):
    """One hub V2, and its triage, if any. Keys are those that triage has for findings of V2."""

    @classmethod
    def behaving(cls, decider: Decider | None, settings: Mapping[str, Any]) -> "V2Life":
        """Return a life of a hub with these settings of V2."""
        hub = Hub(settings=HubSettings.still().changed({"v2": settings}))
        return cls(hub, Stack(decider) if decider else None)

    @staticmethod
    def name(finding: Finding) -> Identifier:
        return HUB_V2, str(finding["metadata"]["uid"])

    def finding(self, key: Identifier) -> Finding:
        return in_words_of_laws(self.as_stored(key))

    def as_stored(self, key: Identifier) -> Finding:
        found = self.hub.v2.finding(key[1])
        assert found is not None
        return found

    def all_stored(self) -> list[Finding]:
        return self.hub.v2.findings()

    def shown(self, finding: Finding) -> Finding:
        return in_words_of_laws(finding)

    def decided_on(self, finding: Finding) -> Finding:
        """Return the view. The oracle knows nothing of V2: it sees what rules see."""
        view = asff_view(finding)
        if isinstance(self.own().decider, Naive):
            del view["Ocsf"]
        return view

    def plant(self, finding: Finding, now: float) -> None:
        self.hub.v2.plant(finding, now, self.hub.settings)
        self.collect(now)

    def provide(self, finding: Finding, now: float) -> None:
        self.hub.v2.provide(finding, now, self.hub.settings)
        self.collect(now)

    def ask(
        self,
        key: Identifier,
        seen: Finding,
        now: float,
        stack: Stack,
        *,
        is_told: bool = True,  # noqa: ARG002
        handed_back: float | None = None,
    ) -> Verdict:
        """Decide on a finding, for which no history says anything, so that none is awaited."""
        answers: dict[Key, LastChange | None] = {"Workflow": None, "Severity": None}
        memory, finding, moment = stack.memory(key), self.decided_on(seen), now - self.slow_by
        verdict = stack.decider.decide(finding, memory, moment, answers, handed_back)
        return replace(verdict, unrecorded=frozenset())

    def _read(self, key: Identifier, now: float) -> Finding:
        named = {"FieldName": "metadata.uid", "Filter": {"Value": key[1], "Comparison": "EQUALS"}}
        request = {"Filters": {"CompositeFilters": [{"StringFilters": [named]}]}}
        (found,) = self.hub.call("GetFindingsV2", request, now).body["Findings"]
        return dict(found)

    def _calls(self, plans: list[PlannedUpdate], stack: Stack) -> list[tuple[list[Identifier], Payload]]:
        is_oracle = isinstance(stack.decider, Naive)
        return [
            (
                [plan.key],
                in_words_of_v2(plan.verdict.payload or {}, plan.seen)
                if is_oracle
                else v2_update(plan.verdict.payload or {}, asff_view(plan.seen)),
            )
            for plan in plans
        ]

    def _update(self, keys: list[Identifier], payload: Payload, now: float, caller: str) -> None:
        request = {"MetadataUids": [uid for _hub, uid in keys], **payload}
        answer = self.hub.call("BatchUpdateFindingsV2", request, now, caller=caller).body
        assert not answer["UnprocessedFindings"], answer
