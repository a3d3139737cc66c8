"""Sweeps that look ahead at both hubs."""

from typing import Any

from hubtriage.aws.securityhub.api import CSPM, V2
from hubtriage.aws.sweep.notices.ahead import LookAhead
from hubtriage.aws.sweep.notices.tally import EndingTally, together
from hubtriage.aws.sweep.occasions.moments import ending_within
from hubtriage.aws.sweep.progress import Progress
from hubtriage.aws.sweep.request import SweepRequest
from tests.support.sweep_world import SETTLED, SweepBench, rules
from tests.support.triage_world import NOW
from tests.support.v2_triage_world import V2TriageWorld

DAY = 86_400.0
HIDE: dict[str, Any] = {
    "id": "buckets",
    "ceiling": "CRITICAL",
    "ends": NOW + 6 * DAY,
    "match": {"Resources": {"Type": ["AwsS3Bucket"]}},
    "update": {"Workflow": {"Status": "SUPPRESSED"}, "Note": {"Text": "Accepted.", "UpdatedBy": "x"}},
}


def counted(bench: SweepBench) -> EndingTally:
    """Sweep, work off what was sent, and return what the sweep counted."""
    bench.world.clock.sleep(SETTLED)
    walk, progress = bench.walk(SweepRequest()), Progress()
    walk.ahead = LookAhead(
        ending_within(bench.ruleset.rules, NOW, NOW + 30 * DAY), bench.ruleset, bench.settings
    )
    while not progress.is_over:
        progress = walk.step(progress)
        bench.work_off()
        bench.world.clock.sleep(progress.wait)
    return together(progress.ahead)


def test_findings_of_both_hubs_count_before_and_after_they_are_hidden() -> None:
    world = V2TriageWorld(3, v2=range(1, 51))
    bench = SweepBench(world, rules(HIDE), hubs=(CSPM, V2))
    for _time in ("as the sweep is about to hide them", "as they are"):
        tally = counted(bench)
        assert (tally.findings, sum(group.findings for group in tally.groups.values())) == (53, 53)
        assert [group.unknown for group in tally.groups.values()] == [0]
    bench.adopt_rules(rules({**HIDE, "ends": world.clock.now()}))
    bench.sweep()
    assert [world.status_of(number) for number in range(1, 51)] == [1] * 50
    assert world.suppressed(range(3)) == []
