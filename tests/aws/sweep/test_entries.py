"""What a sweep makes of the ledger's entries: what it reads, leaves out, hands on in doubt, and ends."""

import json
from dataclasses import replace
from typing import Any

import pytest

from hubtriage.aws.ledger.ledger import LedgerFault, LedgerFaultKind
from hubtriage.aws.sweep.occasions import outset as outsets
from hubtriage.aws.sweep.occasions.outset import Outset
from hubtriage.aws.sweep.progress import Progress
from hubtriage.aws.sweep.report import step_counts
from hubtriage.aws.sweep.request import ACTIVE, MANAGED, SweepRequest
from hubtriage.aws.sweep.walk import SweepDeniedError
from hubtriage.engine.planning.entry import Claim, Entry, Intent
from tests.aws.sweep.test_by_rule import A, held_by, hiding
from tests.support.sweep_site import SweepSite
from tests.support.sweep_world import SweepBench, rules
from tests.support.triage_world import NOW, TriageWorld, finding, key

DAY = 86_400.0
HELD = SweepRequest(scopes=(MANAGED,))
NO_RULE = rules(hiding("rule-x"))


def bench_of(*entries: Entry, planted: bool = True, **members: Any) -> SweepBench:
    """A sweep by a rule that hides the generator `rule-a`, over findings that it has hidden."""
    world = TriageWorld()
    for number, entry in enumerate(entries):
        world.ledger.write({key(number): entry})
        if planted:
            shown = {"GeneratorId": "rule-a", "Workflow": {"Status": "SUPPRESSED"}, **members}
            world.hub.plant(finding(number, **shown), NOW)
    return SweepBench(world, rules(A))


def test_what_is_held_is_found_by_its_entry_also_if_it_is_archived() -> None:
    bench = bench_of(held_by("rule-a"), RecordState="ARCHIVED")
    bench.adopt_rules(NO_RULE)
    assert bench.sweep(HELD).taken_back == 1


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(
            replace(held_by("rule-a"), started=NOW + 500, ended=NOW + 501, written={"Severity.Label": "LOW"}),
            id="what triage wrote a moment ago does not show",
        ),
        pytest.param(
            replace(held_by("rule-a"), intent=Intent({}, {"Workflow.Status": "NEW"}, {}, NOW + 599)),
            id="triage is writing",
        ),
        pytest.param(
            replace(held_by("rule-a"), intent=Intent({}, {"Workflow.Status": "NEW"}, {}, NOW - DAY)),
            id="it is not known whether triage has written",
        ),
    ],
)
def test_a_finding_in_doubt_is_handed_on_and_triage_decides(entry: Entry) -> None:
    bench = bench_of(entry)
    bench.world.clock.sleep(600)
    done = bench.walk(HELD).step(Progress())
    assert (done.status, done.read, done.doubtful, done.changed) == ("done", 1, 1, 0)
    assert [found["Id"] for found in bench.queue.findings] == ["finding-0"]


def test_findings_in_doubt_count_against_a_budget() -> None:
    open_intent = Intent({}, {"Workflow.Status": "NEW"}, {}, NOW)
    bench = bench_of(*[replace(held_by("rule-a"), intent=open_intent)] * 5)
    bench.world.clock.sleep(600)
    done = bench.walk(SweepRequest(scopes=(MANAGED,), budget=3)).step(Progress())
    assert (done.status, done.changed, len(bench.queue.findings)) == ("over budget", 3, 3)


def test_what_triage_has_written_since_the_sweep_began_is_left_out() -> None:
    written = replace(held_by("rule-a"), started=NOW + 599, ended=NOW + 601)
    bench = bench_of(written)
    bench.adopt_rules(NO_RULE)
    bench.world.clock.sleep(602)
    for request in (HELD, SweepRequest(scopes=(ACTIVE,))):
        done = bench.walk(request).step(Progress(started=NOW + 600))
        assert (done.status, done.read, bench.queue.bodies) == ("done", 0, [])
    take_back = SweepRequest(scopes=(MANAGED,), take_back=True)
    assert bench.walk(take_back).step(Progress(started=NOW + 600)).read == 1


def test_what_was_read_by_its_id_is_not_read_again_by_page() -> None:
    bench = bench_of(*[held_by("rule-a")] * 30)
    bench.world.hub.plant(finding(99, GeneratorId="rule-a"), NOW)
    bench.adopt_rules(NO_RULE)
    done = bench.sweep(SweepRequest())
    assert (done.read, done.taken_back, done.doubtful) == (31, 30, 0)


def test_a_value_that_hides_and_that_nobody_claims_is_handed_on_so_that_triage_asks_who_set_it_once() -> None:
    world = TriageWorld()
    world.hub.plant(finding(0, GeneratorId="rule-a"), NOW)
    named = {"FindingIdentifiers": [{"ProductArn": key(0)[0], "Id": key(0)[1]}]}
    world.hub.batch_update_findings({**named, "Workflow": {"Status": "RESOLVED"}}, NOW)
    bench = SweepBench(world, rules(A))
    first = bench.sweep()
    assert (first.messages, first.changed) == (1, 0)
    assert bench.sweep().messages == 0
    assert world.entry(0).asked == {"Workflow.Status": "RESOLVED"}


@pytest.mark.parametrize(
    ("entry", "after", "left"),
    [
        pytest.param(held_by("rule-a"), 0.0, "gone", id="not found for the first time: that is noted"),
        pytest.param(replace(held_by("rule-a"), gone=NOW), 600.0, "gone", id="soon after a write it stays"),
        pytest.param(replace(held_by("rule-a"), gone=NOW), 14 * DAY, None, id="after 14 days it ends"),
        pytest.param(held_by("rule-a"), 14 * DAY, "gone", id="not if it is not found for the first time"),
    ],
)
def test_an_entry_whose_finding_is_gone(entry: Entry, after: float, left: str | None) -> None:
    bench = bench_of(entry, planted=False)
    bench.world.clock.sleep(after)
    done = bench.sweep(HELD)
    assert (done.status, done.gone, done.messages) == ("done", 1, 0)
    assert ("gone" if bench.world.entry(0).gone else None) == left
    assert bool(bench.world.ledger.items) == (left is not None)


def test_a_finding_that_is_there_again_is_not_gone() -> None:
    bench = bench_of(replace(held_by("rule-a"), gone=NOW))
    bench.sweep(HELD)
    assert bench.world.entry(0).gone is None


def test_an_entry_that_holds_nothing_ends_after_14_days() -> None:
    nothing = replace(held_by("rule-a"), claims={})
    bench = bench_of(nothing, GeneratorId="other", Workflow={"Status": "NEW"})
    bench.world.clock.sleep(13 * DAY)
    bench.sweep(HELD)
    assert bench.world.ledger.items
    bench.world.clock.sleep(DAY)
    bench.sweep(HELD)
    assert bench.world.ledger.items == {}


def test_a_finding_that_could_not_be_read_is_not_gone() -> None:
    bench = bench_of(held_by("rule-a"), planted=False)
    bench.world.fault(operation="GetFindings", error="InternalException", times=60)
    bench.sweep(HELD)
    assert bench.world.entry(0).gone is not None
    assert bench.world.calls("GetFindings") == 61


def test_nothing_is_noted_in_the_ledger_in_observe() -> None:
    site = SweepSite(count=0)
    site.world.ledger.write({key(0): held_by("rule-a")})
    before = dict(site.world.ledger.items)
    site.mode = "observe"
    assert site.sweep({})["report"]["gone"] == 1
    assert site.world.ledger.items == before


def test_a_damaged_entry_is_left_out_and_told_and_the_others_are_swept() -> None:
    bench = bench_of(*[held_by("rule-a")] * 3)
    bench.world.ledger.items[key(1)] = (1, "{")
    bench.adopt_rules(NO_RULE)
    done = bench.sweep(SweepRequest())
    assert (done.status, done.taken_back) == ("skipped", 2)
    assert all("finding-1" in text for text in done.skipped)


def test_a_step_does_not_hand_on_more_than_a_state_machine_takes() -> None:
    """Thousands of entries may be unreadable, as after going back to a version of another format."""
    bench = bench_of(*[held_by("rule-a")] * 600)
    for number in range(600):
        bench.world.ledger.items[key(number)] = (1, '{"format":9}')
    told = bench.walk(SweepRequest(scopes=(ACTIVE,))).step(Progress())
    assert 20 < len(told.skipped) <= 120
    assert len(json.dumps(told.as_json())) < 200_000


def test_a_ledger_that_cannot_be_reached_is_waited_for() -> None:
    bench = bench_of(*[held_by("rule-a")] * 3)
    bench.adopt_rules(NO_RULE)
    bench.world.ledger.fault = LedgerFault(LedgerFaultKind.UNREACHABLE, "Unreachable", "no answer")
    walk = bench.walk(SweepRequest())
    for scopes in ((MANAGED,), (ACTIVE,)):
        waiting = walk.step(Progress(outset=Outset(scopes)))
        assert (waiting.status, waiting.read, waiting.wait, waiting.faults) == ("more", 0, 30, 1)
    bench.world.ledger.fault = None
    assert bench.sweep(progress=waiting).taken_back == 3


def test_who_may_not_read_the_ledger_is_told_so() -> None:
    bench = bench_of(held_by("rule-a"))
    bench.world.ledger.fault = LedgerFault(LedgerFaultKind.DENIED, "AccessDeniedException", "dynamodb:Scan")
    with pytest.raises(SweepDeniedError, match="the ledger: dynamodb:Scan"):
        bench.sweep()


def test_of_very_many_entries_a_part_is_read_by_id_each_day_and_those_of_changed_rules_always(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outsets, "MOST_BY_ID", 100)
    found = Outset().in_parts(450, ("rule-b",), NOW)
    read = {
        day: {number for number in range(450) if on_day.reads(key(number), held_by("rule-a"))}
        for day in range(5)
        for on_day in [Outset().in_parts(450, ("rule-b",), NOW + day * DAY)]
    }
    assert found.parts == 5
    assert set.union(*read.values()) == set(range(450))
    assert sum(map(len, read.values())) == 450
    assert max(map(len, read.values())) < 150
    assert all(found.reads(key(number), held_by("rule-b")) for number in range(450))
    assert Outset((MANAGED,)).in_parts(450, (), NOW).parts == 1, "no page would show the others"


def test_a_page_shows_the_active_findings_whose_entries_were_not_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outsets, "MOST_BY_ID", 100)
    bench = bench_of(*[held_by("rule-a")] * 300)
    bench.adopt_rules(NO_RULE)
    parts = Outset().in_parts(300, (), NOW)
    done = bench.sweep(progress=Progress(outset=parts, started=NOW))
    assert (done.read, done.taken_back, done.entries) == (300, 300, 300)


def test_in_reopen_nothing_counts_as_hidden() -> None:
    site = SweepSite(count=50, hide_limit=10)
    site.mode = "reopen"
    report = site.sweep({})["report"]
    assert (report["status"], report["hidden"], report["withheld"]) == ("done", 0, 0)
    assert site.sqs.bodies == []


def test_a_claim_of_a_person_is_nothing_that_a_deleted_rule_holds() -> None:
    claims = {"Workflow.Status": Claim("SUPPRESSED", "rule-a", person=True)}
    bench = bench_of(replace(held_by("rule-a"), claims=claims))
    bench.adopt_rules(NO_RULE)
    done = bench.sweep(progress=Progress(outset=Outset((MANAGED,), ("rule-a",))))
    assert (done.status, done.read, bench.world.calls("GetFindings")) == ("done", 0, 0)


def hidden_now(bench: SweepBench, request: SweepRequest) -> int | None:
    """What a sweep says of how many findings triage hides; None: it does not say."""
    done = bench.walk(request).step(Progress())
    return step_counts(request, Progress(), done).get("SweepFindingsHidden")


PERSONS = Entry(claims={"Workflow.Status": Claim("SUPPRESSED", None, person=True)})
TAGGED = Entry(claims={"VerificationState": Claim("BENIGN_POSITIVE", "rule-a")})


def test_a_sweep_of_all_findings_says_how_many_triage_hides() -> None:
    bench = bench_of(held_by("rule-a"), held_by("rule-a"), PERSONS, TAGGED)
    bench.world.hub.plant(finding(99, GeneratorId="rule-a"), NOW)
    assert hidden_now(bench, SweepRequest()) == 3, "two are hidden, and one is to be"
    bench.work_off()
    assert hidden_now(bench, SweepRequest()) == 3


def test_what_a_sweep_takes_back_is_not_hidden_any_more() -> None:
    bench = bench_of(held_by("rule-a"), held_by("rule-a"))
    bench.adopt_rules(NO_RULE)
    assert hidden_now(bench, SweepRequest()) == 0


def test_a_finding_that_is_no_longer_there_is_not_hidden() -> None:
    assert hidden_now(bench_of(held_by("rule-a"), planted=False), SweepRequest()) == 0


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(HELD, id="of the ledger alone"),
        pytest.param(SweepRequest(rules=("rule-a",)), id="of one rule"),
        pytest.param(SweepRequest(changed=True), id="of what changed"),
    ],
)
def test_a_sweep_of_some_findings_does_not_say_how_many_are_hidden(request_: SweepRequest) -> None:
    assert hidden_now(bench_of(held_by("rule-a")), request_) is None
