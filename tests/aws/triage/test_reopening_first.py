"""What reopens a finding never waits behind what hides or tags others."""

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.support.triage_world import NOW, SUPPRESS_BUCKETS, TriageBench, TriageWorld, finding, record

OWN = SUPPRESS_BUCKETS | {
    "update": {"UserDefinedFields": {"name": "{finding.Id}"}, "Workflow": {"Status": "SUPPRESSED"}}
}
"""Each finding needs a call of its own."""
TAG = {
    "id": "tag",
    "match": {"Resources": {"Type": ["AwsAccount"]}},
    "update": {"UserDefinedFields": {"tagged": "yes"}},
}


class Watched:
    """The hub's client, noting when what was asked of each finding."""

    def __init__(self, world: TriageWorld) -> None:
        self.world = world
        self.asked: list[tuple[str, set[str], float]] = []

    def batch_update_findings(self, **request: Any) -> Mapping[str, Any]:
        status = request.get("Workflow", {}).get("Status", "stays")
        ids = {each["Id"] for each in request["FindingIdentifiers"]}
        self.asked.append((status, ids, self.world.clock.now() - NOW))
        return self.world.api.batch_update_findings(**request)

    def get_findings(self, **request: Any) -> Mapping[str, Any]:
        return self.world.api.get_findings(**request)

    def get_finding_history(self, **request: Any) -> Mapping[str, Any]:
        return self.world.api.get_finding_history(**request)


def escalate(world: TriageWorld, number: int) -> dict[str, Any]:
    """Let the provider raise a finding above every ceiling; what the service shows then."""
    escalated = finding(number, Severity={"Label": "CRITICAL"}, UpdatedAt="2027-01-02T00:00:00Z")
    held = {name: world.stored(number).get(name) for name in ("Workflow", "UserDefinedFields")}
    world.hub.plant(escalated | {name: value for name, value in held.items() if value}, world.clock.now())
    return dict(world.stored(number))


def test_a_reopening_that_comes_last_does_not_wait_for_the_flood_before_it() -> None:
    world = TriageWorld(401)
    TriageBench(world, OWN).run(record("hide", finding(400)))
    world.clock.sleep(900)
    watched, age = Watched(world), NOW - world.clock.now()
    shown = [*(finding(number) for number in range(400)), escalate(world, 400)]
    report = TriageBench(world, OWN, rate=4.0, api=watched).run(
        *(record(str(number), one, age=age) for number, one in enumerate(shown))
    )
    assert watched.asked[0] == ("NEW", {"finding-400"}, 900)
    assert watched.asked[-1][2] > 900 + 90
    assert {outcome.result.status for outcome in report.outcomes} == {"updated"}


def test_a_reopening_does_not_wait_until_a_flood_is_read() -> None:
    world = TriageWorld(101)
    TriageBench(world, OWN).run(record("hide", finding(100)))
    world.clock.sleep(900)
    watched, old = Watched(world), NOW - world.clock.now() + 60
    shown = [*(finding(number) for number in range(100)), escalate(world, 100)]
    TriageBench(world, OWN, reads=0.1, api=watched).run(
        *(record(str(number), one, age=old) for number, one in enumerate(shown))
    )
    assert watched.asked[0] == ("NEW", {"finding-100"}, 900)
    assert watched.asked[1][2] > 900 + 40


@examples(60)
@given(
    kinds=st.lists(st.sampled_from(["hide", "tag", "reopen"]), min_size=1, max_size=30),
    own=st.booleans(),
    ages=st.lists(st.sampled_from([1.0, 60.0]), min_size=30, max_size=30),
    faults=st.lists(
        st.tuples(
            st.sampled_from(["TooManyRequestsException", "InternalException"]),
            st.integers(1, 3),
            st.integers(0, 5),
        ),
        max_size=3,
    ),
)
def test_no_call_that_hides_or_tags_precedes_one_that_reopens(
    kinds: list[str], own: bool, ages: list[float], faults: list[tuple[str, int, int]]
) -> None:
    world, hide = TriageWorld(len(kinds)), OWN if own else SUPPRESS_BUCKETS
    reopening = [number for number, kind in enumerate(kinds) if kind == "reopen"]
    if reopening:
        TriageBench(world, hide).run(record("hide", *map(finding, reopening)))
    world.clock.sleep(900)
    shown = [
        escalate(world, number)
        if kind == "reopen"
        else finding(
            number, Resources=[{"Type": "AwsS3Bucket" if kind == "hide" else "AwsAccount", "Id": "x"}]
        )
        for number, kind in enumerate(kinds)
    ]
    for number, kind in enumerate(kinds):
        if kind != "reopen":
            world.hub.plant(shown[number], world.clock.now())
    for code, times, skip in faults:
        world.fault(error=code, times=times, skip=skip)
    watched, now = Watched(world), NOW - world.clock.now()
    TriageBench(world, hide, TAG, rate=4.0, api=watched).run(
        *(record(str(number), one, age=now + ages[number]) for number, one in enumerate(shown))
    )
    reopens = [status == "NEW" for status, _ids, _when in watched.asked]
    assert reopens == sorted(reopens, reverse=True)
    assert {name for status, ids, _when in watched.asked if status == "NEW" for name in ids} == {
        f"finding-{number}" for number in reopening
    }
