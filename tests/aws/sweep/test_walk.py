"""Sweeps over a hub in memory: what they find, hand on, leave alone, and survive."""

from collections import Counter
from typing import Any

import pytest

from hubtriage.aws.sweep.progress import Progress
from hubtriage.aws.sweep.request import ACTIVE, MANAGED, SweepRequest
from hubtriage.aws.sweep.walk import SweepError
from hubtriage.localaws.securityhub.calls import ideal_calls
from tests.support.broken import Killed
from tests.support.sweep_world import SweepBench, rules, suppress
from tests.support.triage_world import MACIE, NOW, TriageWorld, finding

A, B = suppress("rule-a", "control-a"), suppress("rule-b", "control-b")


def world_of(*generators: str, **members: Any) -> TriageWorld:
    """A hub with a finding of each generator, numbered as they come."""
    world = TriageWorld()
    for number, generator in enumerate(generators):
        world.hub.plant(finding(number, GeneratorId=generator, **members), NOW)
    return world


def mixed(count: int) -> TriageWorld:
    return world_of(
        *("control-a" if n % 3 == 0 else "control-b" if n % 3 == 1 else "other" for n in range(count))
    )


def person_sets(world: TriageWorld, number: int, **fields: Any) -> None:
    world.hub.batch_update_findings(
        {"FindingIdentifiers": [{"Id": f"finding-{number}", "ProductArn": MACIE}], **fields},
        world.clock.now(),
    )


def test_rules_come_into_force_on_findings_that_were_there_before():
    bench = SweepBench(mixed(300), rules(A, B))
    done = bench.sweep()
    assert (done.status, done.read, done.changed) == ("done", 300, 200)
    assert Counter(bench.statuses().values()) == {"SUPPRESSED": 200, "NEW": 100}
    assert done.by_rule == {"rule-a": 100, "rule-b": 100}


def test_a_second_sweep_changes_nothing_and_sends_nothing():
    bench = SweepBench(mixed(300), rules(A, B))
    bench.sweep()
    calls = bench.world.calls("BatchUpdateFindings")
    again = bench.sweep()
    assert (again.read, again.changed, again.messages) == (300, 0, 0)
    assert bench.world.calls("BatchUpdateFindings") == calls


def test_what_a_deleted_rule_did_is_taken_back_and_nothing_else():
    bench = SweepBench(mixed(300), rules(A, B))
    bench.sweep()
    person_sets(bench.world, 0, Workflow={"Status": "NOTIFIED"})
    bench.adopt_rules(rules(B))
    done = bench.sweep()
    assert (done.taken_back, done.hidden) == (99, 0)
    statuses = bench.statuses()
    assert statuses["finding-0"] == "NOTIFIED"
    assert all(statuses[f"finding-{n}"] == "NEW" for n in range(3, 300, 3))
    assert all(statuses[f"finding-{n}"] == "SUPPRESSED" for n in range(1, 300, 3))


@pytest.mark.parametrize(
    ("after", "status"),
    [
        pytest.param(A | {"mode": "observe"}, "NEW", id="a rule in observe"),
        pytest.param(A | {"mode": "hold"}, "SUPPRESSED", id="a rule on hold keeps what it did"),
        pytest.param(A | {"id": "renamed"}, "SUPPRESSED", id="a renamed rule"),
        pytest.param(A | {"match": {"GeneratorId": ["narrower"]}}, "NEW", id="a narrowed rule"),
        pytest.param(A | {"ends": NOW}, "NEW", id="a rule that has expired"),
        pytest.param(A | {"starts": NOW + 1e6}, "NEW", id="a rule that starts later now"),
    ],
)
def test_a_changed_rule_takes_effect_on_all_that_it_did(after, status):
    bench = SweepBench(world_of(*["control-a"] * 5), rules(A))
    bench.sweep()
    bench.adopt_rules(rules(after, B))
    bench.sweep()
    assert set(bench.statuses().values()) == {status}


def test_archived_findings_are_swept_if_they_are_managed_and_not_otherwise():
    bench = SweepBench(world_of("control-a", "control-a"), rules(A))
    bench.sweep()
    for number in (0, 1):
        bench.world.hub.plant(bench.world.stored(number) | {"RecordState": "ARCHIVED"}, NOW)
    bench.world.hub.plant(finding(2, GeneratorId="control-a", RecordState="ARCHIVED"), NOW)
    bench.adopt_rules(rules(B))
    assert bench.sweep().taken_back == 2
    assert bench.statuses()["finding-2"] == "NEW"


@pytest.mark.parametrize(
    ("request_", "swept"),
    [
        pytest.param({"accounts": ("222233334444",)}, {1}, id="an account"),
        pytest.param({"controls": ("S3.2",)}, {2}, id="a control"),
        pytest.param(
            {"products": ("arn:aws:securityhub:eu-west-1::product/aws/other",)}, {3}, id="a product"
        ),
        pytest.param({"rules": ("rule-b",)}, {4}, id="a rule"),
        pytest.param({}, {0, 1, 2, 3, 4}, id="no filter"),
    ],
)
def test_filters(request_, swept):
    world = TriageWorld()
    members: list[dict[str, Any]] = [
        {},
        {"AwsAccountId": "222233334444"},
        {"Compliance": {"SecurityControlId": "S3.2"}},
        {"ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/other"},
        {"GeneratorId": "control-b"},
    ]
    for number, own in enumerate(members):
        world.hub.plant(finding(number, **({"GeneratorId": "control-a"} | own)), NOW)
    bench = SweepBench(world, rules(A, B))
    assert bench.sweep(SweepRequest(**request_)).changed == len(swept)
    hidden = {int(name[-1]) for name, status in bench.statuses().items() if status == "SUPPRESSED"}
    assert hidden == swept


def test_calls_are_nearly_as_few_as_they_can_be_however_the_findings_are_mixed():
    world = TriageWorld()
    for number in range(2500):
        world.hub.plant(finding(number, GeneratorId=f"control-{'abcdefg'[number * 7919 % 7]}"), NOW)
    bench = SweepBench(world, rules(*(suppress(f"rule-{c}", f"control-{c}") for c in "abcdef")), rate=1.2)
    done = bench.sweep()
    updates = world.hub.call_log.updates
    fewest = ideal_calls(updates)
    assert (
        done.changed
        == sum(call.processed for call in updates)
        == sum(status == "SUPPRESSED" for status in bench.statuses().values())
    )
    assert fewest / len(updates) >= 0.9


def test_reading_keeps_to_its_rate():
    bench = SweepBench(mixed(1000), rules(A, B), rate=1.2)
    started = bench.world.clock.now()
    bench.sweep(SweepRequest(scopes=(ACTIVE,)), Progress())
    assert bench.world.calls("GetFindings") == 10
    assert bench.world.clock.now() - started >= (10 - 1.2) / 1.2 - 1e-6


def test_the_queue_never_gets_deeper_than_its_limit_and_one_page():
    world = TriageWorld()
    for number in range(1500):
        own = {"GeneratorId": "control-a", "UserDefinedFields": {"ticket": str(number)}}
        world.hub.plant(finding(number, **own), NOW)
    bench = SweepBench(world, rules(A), queue_limit=150, wait=30)
    walk, progress = bench.walk(SweepRequest()), Progress()
    waits = 0
    while not progress.is_over:
        progress = walk.step(progress)
        waits += progress.wait == 30
        bench.world.clock.sleep(max(progress.wait, 1))
        taken, bench.queue.bodies = bench.queue.bodies[:40], bench.queue.bodies[40:]
        assert len(taken) <= 40
    assert waits > 10
    assert bench.queue.deepest <= 150 + 100


def test_a_budget_is_never_exceeded_and_ends_the_sweep():
    bench = SweepBench(mixed(300), rules(A, B))
    stopped = bench.sweep(SweepRequest(budget=120))
    assert (stopped.status, stopped.changed) == ("over budget", 120)
    assert Counter(bench.statuses().values())["SUPPRESSED"] == 120
    assert bench.sweep(SweepRequest(budget=80)).status == "done"


def test_throttled_reads_are_tried_again():
    bench = SweepBench(mixed(300), rules(A, B))
    bench.world.fault(operation="GetFindings", error="TooManyRequestsException", times=15)
    assert bench.sweep().changed == 200


def test_a_long_outage_ends_the_steps_but_not_the_sweep():
    bench = SweepBench(mixed(300), rules(A, B))
    bench.world.fault(operation="GetFindings", error="InternalException", times=30, skip=2)
    done = bench.sweep()
    assert (done.status, done.changed) == ("done", 200)


def test_a_token_that_is_refused_begins_the_scope_again():
    bench = SweepBench(mixed(300), rules(A, B))
    bench.world.fault(operation="GetFindings", error="InvalidInputException", skip=2)
    done = bench.sweep()
    assert (done.status, done.restarts) == ("done", 1)
    assert Counter(bench.statuses().values())["SUPPRESSED"] == 200


def test_who_may_not_read_is_told_so():
    bench = SweepBench(mixed(3), rules(A))
    bench.world.fault(operation="GetFindings", error="AccessDeniedException")
    with pytest.raises(SweepError, match="AccessDeniedException"):
        bench.sweep()


@pytest.mark.parametrize("after", range(1, 8))
def test_a_step_that_is_killed_is_taken_again_and_nothing_is_lost(after):
    bench = SweepBench(mixed(450), rules(A, B))
    walk, progress, pages = bench.walk(SweepRequest()), Progress(), 0

    def kill() -> None:
        nonlocal pages
        pages += 1
        if pages == after:
            raise Killed

    try:
        progress = walk.step(progress, kill)  # type: ignore[arg-type]
    except Killed:
        bench.work_off()
    done = bench.sweep(progress=progress)
    assert done.status == "done"
    assert Counter(bench.statuses().values()) == {"SUPPRESSED": 300, "NEW": 150}


def test_a_sweep_goes_on_from_its_progress_as_it_is_written_down():
    bench = SweepBench(mixed(900), rules(A, B), rate=1.2, step=2.0)
    walk = bench.walk(SweepRequest())
    first = walk.step(Progress())
    assert not first.is_over
    resumed = Progress.from_json(first.as_json())
    done = bench.sweep(progress=resumed)
    assert (done.read, done.changed) == (900, 600)


def test_what_goes_unread_because_others_were_archived_meanwhile_is_found_by_the_next_sweep():
    """A limit: where page tokens count from the start, as those of the local AWS, pages shift."""
    bench = SweepBench(world_of(*["control-a"] * 500), rules(A))
    steps = iter(range(1000))

    def archive() -> None:
        if next(steps) == 2:  # two pages have been read by then
            for number in range(60):
                bench.world.hub.plant(bench.world.stored(number) | {"RecordState": "ARCHIVED"}, NOW)

    request = SweepRequest(scopes=(ACTIVE,))
    first = bench.walk(request).step(Progress(), archive)  # type: ignore[arg-type]
    bench.work_off()
    assert (first.status, first.read) == ("done", 500 - 60)
    assert bench.sweep(request).changed == 60
    assert all(bench.world.stored(number)["Workflow"]["Status"] == "SUPPRESSED" for number in range(60, 500))


def test_another_request_ends_a_sweep_between_pages():
    bench = SweepBench(mixed(900), rules(A, B))
    answers = iter([None, None, "superseded"])
    ended = bench.walk(SweepRequest()).step(Progress(), lambda: next(answers))  # type: ignore[arg-type,return-value]
    assert (ended.status, ended.pages) == ("superseded", 2)
    assert ended.changed == len(bench.queue.findings)


def test_taking_everything_back_undoes_all_and_hides_nothing():
    bench = SweepBench(mixed(300), rules(A, B))
    bench.sweep()
    person_sets(bench.world, 0, Workflow={"Status": "RESOLVED"})
    done = bench.sweep(SweepRequest(scopes=(MANAGED,), take_back=True))
    assert (done.taken_back, done.hidden) == (199, 0)
    statuses = bench.statuses()
    assert statuses.pop("finding-0") == "RESOLVED"
    assert set(statuses.values()) == {"NEW"}


def test_two_accounts_findings_of_one_key_are_refused_and_logged_by_triage():
    world = mixed(30)
    world.hub.plant(finding(0, GeneratorId="control-a", AwsAccountId="444455556666"), NOW)
    bench = SweepBench(world, rules(A, B))
    done = bench.sweep()
    assert (done.read, done.changed, done.refused) == (31, 19, 2)
    refused = [each for each in bench.outcomes if each.result.status == "refused"]
    assert [(each.seen.newest.key[1], each.result.code) for each in refused] == [("finding-0", "Namesakes")]
    assert {found["Workflow"]["Status"] for found in world.hub.findings() if found["Id"] == "finding-0"} == {
        "NEW"
    }


def test_a_namesake_of_a_finding_of_an_earlier_page_is_not_handed_on():
    world = world_of(*["control-a"] * 100)
    world.hub.plant(finding(0, GeneratorId="control-a", AwsAccountId="444455556666"), NOW)
    bench = SweepBench(world, rules(A))
    done = bench.sweep()
    assert (done.pages, done.read, done.refused) == (1 + 2, 101, 1)
    assert {each.result.status for each in bench.outcomes} == {"updated"}
    assert [found["Workflow"]["Status"] for found in world.hub.findings() if found["Id"] == "finding-0"] == [
        "SUPPRESSED",
        "NEW",
    ]


@pytest.mark.parametrize("scopes", [(MANAGED,), (ACTIVE,)], ids=str)
def test_what_was_hidden_of_two_accounts_findings_is_handed_on_and_reopened(scopes):
    world = world_of("control-a")
    bench = SweepBench(world, rules(A))
    bench.sweep()
    world.hub.plant(finding(0, GeneratorId="control-a", AwsAccountId="444455556666"), NOW)
    bench.adopt_rules(rules())
    bench.sweep(SweepRequest(scopes=scopes))
    assert {found["Workflow"]["Status"] for found in world.hub.findings()} == {"NEW"}
    (last,) = bench.outcomes[-1:]
    assert (last.result.status, last.result.code) == ("updated", "Namesakes")
    about = world.entry(0).about
    assert {about["account"], about["namesake"]} == {"111122223333", "444455556666"}


def test_a_sweep_that_writes_nothing_marks_no_entry():
    world = world_of("control-a")
    bench = SweepBench(world, rules(A))
    bench.sweep()
    world.hub.plant(finding(0, GeneratorId="control-a", AwsAccountId="444455556666"), NOW)
    world.clock.sleep(1000)
    walk = bench.walk(SweepRequest())
    walk.ends_entries = False
    walk.step(Progress())
    assert "namesake" not in world.entry(0).about
