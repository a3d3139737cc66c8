"""What reopens a finding is not refused with what else was to change."""

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hubtriage.localaws.securityhub.faults import ScriptedFault
from tests.support.triage_world import NOW, TriageBench, TriageWorld, endings, finding, key, record

HIDE = {
    "id": "hide",
    "match": {"FindingProviderFields": {"Severity": {"Label": ["LOW"]}}},
    "update": {"Workflow": {"Status": "SUPPRESSED"}, "Severity": {"Label": "INFORMATIONAL"}},
}
SCORE = {
    "id": "score",
    "match": {"FindingProviderFields": {"Severity": {"Label": ["CRITICAL"]}}},
    "update": {"Confidence": 90, "UserDefinedFields": {"paged": "yes"}},
}


class Guarded:
    """A hub that refuses an update which sets one of some members."""

    def __init__(self, world: TriageWorld, refused: set[str], how: str) -> None:
        self._world, self._refused, self._how = world, refused, how
        self.get_findings = world.api.get_findings
        self.get_finding_history = world.api.get_finding_history
        self.sent: list[set[str]] = []

    def batch_update_findings(self, **request: Any) -> Mapping[str, Any]:
        members = request.keys() - {"FindingIdentifiers"}
        self.sent.append(members)
        if members & self._refused:
            if self._how.endswith("Exception"):
                status = 403 if self._how == "AccessDeniedException" else 400
                error: Any = {"Error": {"Code": self._how}, "ResponseMetadata": {"HTTPStatusCode": status}}
                raise ClientError(error, "BatchUpdateFindings")
            for _each in request["FindingIdentifiers"]:
                self._world.hub.faults.add(ScriptedFault(finding_error=self._how))
        return self._world.api.batch_update_findings(**request)


def escalated(count: int = 1) -> TriageWorld:
    """Findings that triage hides and whose provider calls them CRITICAL now."""
    world = TriageWorld()
    low = {"Severity": {"Label": "LOW"}, "FindingProviderFields": {"Severity": {"Label": "LOW"}}}
    for number in range(count):
        world.hub.plant(finding(number, **low), NOW)
    bench = TriageBench(world, HIDE, SCORE)
    for number in range(count):
        bench.see(number)
    assert world.suppressed(range(count)) == list(range(count))
    world.clock.sleep(1000)
    for number in range(count):
        provided = {"FindingProviderFields": {"Severity": {"Label": "CRITICAL"}}}
        world.hub.plant({**world.stored(number), **provided}, world.clock.now())
    return world


@pytest.mark.parametrize(
    ("how", "then"),
    [
        ("AccessDeniedException", ("failed", "AccessDeniedException")),
        ("InvalidInputException", ("failed", "InvalidInputException")),
        ("InvalidInput", ("failed", "InvalidInput")),
        ("FindingSizeExceeded", ("refused", "FindingSizeExceeded")),
    ],
)
def test_what_reopens_goes_alone_where_the_whole_is_refused(how: str, then: tuple[str, str]) -> None:
    world = escalated()
    hub = Guarded(world, {"Confidence"}, how)
    bench = TriageBench(world, HIDE, SCORE, api=hub)
    assert endings(bench.see()) == {"finding-0": ("updated", "ReopenedAlone")}
    assert world.stored(0)["Workflow"] == {"Status": "NEW"}
    assert hub.sent[-1] == {"Workflow"}
    assert world.entry(0).intent is None
    assert endings(bench.see(name="echo")) == {"finding-0": ("updated", "ReopenedAlone")}
    assert world.stored(0)["Severity"]["Label"] == "CRITICAL"
    assert hub.sent[-1] == {"Severity"}
    assert endings(bench.see(name="its echo")) == {"finding-0": then}, "the rest is refused by itself"
    assert "Severity.Label" in world.entry(0).claims, "it goes on following its provider"
    assert world.entry(0).intent is None


@pytest.mark.parametrize("how", ["AccessDeniedException", "InvalidInput"])
def test_what_is_refused_alone_fails(how: str) -> None:
    world = escalated()
    bench = TriageBench(world, HIDE, SCORE, api=Guarded(world, {"Workflow"}, how))
    assert endings(bench.see()) == {"finding-0": ("failed", how)}
    assert world.entry(0).intent is None


def test_of_many_findings_each_is_reopened() -> None:
    world = escalated(150)
    hub = Guarded(world, {"Confidence"}, "AccessDeniedException")
    now = NOW - world.clock.now()
    events = [record(str(number), world.stored(number), age=now) for number in range(150)]
    report = TriageBench(world, HIDE, SCORE, api=hub).run(*events)
    assert set(endings(report).values()) == {("updated", "ReopenedAlone")}
    assert world.suppressed(range(150)) == []
    assert len(hub.sent) < 50, "they share calls, and what is hopeless is not halved without end"


def test_what_hides_is_not_sent_piece_by_piece() -> None:
    world = TriageWorld(1)
    hub = Guarded(world, {"Note"}, "AccessDeniedException")
    assert endings(TriageBench(world, api=hub).see()) == {"finding-0": ("failed", "AccessDeniedException")}
    assert hub.sent == [{"Workflow", "Note"}]
    assert world.stored(0)["Id"] == key(0)[1]
