"""A deleted rule is taken back by reading what it holds, and nothing else."""

import pytest

from hubtriage.aws.sweep.occasions.changes import swept_rules
from hubtriage.aws.sweep.occasions.memory import Swept
from hubtriage.aws.sweep.occasions.moments import sweep_of_moments
from hubtriage.engine.planning.entry import Claim, Entry
from hubtriage.engine.planning.plan import Settings
from tests.support.sweep_site import SweepSite
from tests.support.sweep_world import rules
from tests.support.triage_world import NOW, finding, key

BY_ID = 20  # findings of one GetFindings call
DEPLOYED = {"request": {"changed": True, "settle": True, "reason": "deploy"}}


def hiding(name: str, **members: object) -> dict[str, object]:
    return {
        "id": name,
        "match": {"GeneratorId": [name]},
        "update": {"Workflow": {"Status": "SUPPRESSED"}},
    } | members


def held_by(rule: str) -> Entry:
    hidden = {"Workflow.Status": "SUPPRESSED"}
    return Entry({"Workflow.Status": Claim("SUPPRESSED", rule)}, 0, NOW - 9999, NOW - 9998, hidden)


A, B = hiding("rule-a"), hiding("rule-b")


def site_of(count: int, held: int, **limits: int) -> SweepSite:
    """A hub that two rules have hidden wholly; the first holds so many of its findings."""
    site = SweepSite(count=0, **limits)  # type: ignore[arg-type]
    for number in range(count):
        rule = "rule-a" if number % (count // held) == 0 else "rule-b"
        shown = finding(number, GeneratorId=rule, Workflow={"Status": "SUPPRESSED"})
        site.world.hub.plant(shown, NOW)
        site.world.ledger.write({key(number): held_by(rule)})
    site.memory.write(Swept(swept_rules(rules(A, B), Settings()), count))
    site.deploy(A, B)
    return site


@pytest.mark.parametrize(
    ("count", "held"),
    [
        pytest.param(5_000, 500, id="500 of 5,000"),
        pytest.param(50_000, 5_000, id="5,000 of 50,000", marks=pytest.mark.slow),
    ],
)
def test_a_deleted_rule_costs_a_call_for_twenty_findings_that_it_held(count: int, held: int) -> None:
    site = site_of(count, held, reopen_limit=held)
    site.deploy(B)
    report = site.sweep(DEPLOYED)["report"]
    site.work_off()
    assert (report["status"], report["read"], report["taken_back"]) == ("done", held, held)
    assert site.hidden == count - held
    assert site.world.calls("GetFindings") == report["reads"] == held // BY_ID
    assert site.world.calls("BatchUpdateFindings") == held // 100


def test_a_rule_that_ends_by_its_time_costs_no_more() -> None:
    site = site_of(500, 100)
    a = hiding("rule-a", ends=NOW + 60)
    site.deploy(a, B)
    site.world.clock.sleep(120)
    request = sweep_of_moments(rules(a, B), NOW, site.world.clock.now())
    assert request is not None
    report = site.sweep({"request": request.as_json()})["report"]
    site.work_off()
    assert (report["taken_back"], site.hidden, site.world.calls("GetFindings")) == (100, 400, 5)
