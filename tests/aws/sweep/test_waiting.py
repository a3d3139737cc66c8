"""A deployment that looks like the wrong branch waits for a person, and is swept once one has agreed."""

from typing import Any

import pytest

from hubtriage.aws.sweep.occasions.changes import swept_rules
from hubtriage.aws.sweep.occasions.memory import Swept
from hubtriage.engine.planning.plan import Settings
from tests.aws.sweep.test_by_rule import DEPLOYED, A, B, hiding, site_of
from tests.support.sweep_site import SweepSite
from tests.support.sweep_world import rules

C = hiding("rule-c")
DAILY: dict[str, Any] = {"request": {"settle": True, "reason": "schedule"}}


def swept(site: SweepSite, state: dict[str, Any]) -> dict[str, Any]:
    """The report of a sweep, once triage has done what it sent."""
    report: dict[str, Any] = site.sweep(state)["report"]
    site.work_off()
    site.world.clock.sleep(600)
    return report


def confirmed(report: dict[str, Any]) -> dict[str, Any]:
    return {"request": {**report["request"], "confirmed": report["ruleset"]}}


def test_what_ends_too_much_is_not_begun_and_is_swept_once_it_is_confirmed() -> None:
    site = site_of(100, 50, reopen_limit=40)
    site.deploy(B, C)
    report = swept(site, DEPLOYED)
    assert (report["status"], report["read"], site.hidden) == ("waiting", 0, 100)
    assert report["objection"] == "1 rules ended that hide 50 findings; sweep-reopen-limit is 40"
    report = swept(site, confirmed(report))
    assert (report["status"], report["taken_back"], site.hidden) == ("done", 50, 50)


def test_the_daily_sweep_does_not_do_what_the_deployment_waits_with() -> None:
    site = site_of(100, 50, reopen_limit=40)
    site.deploy(B, C)
    swept(site, DEPLOYED)
    assert swept(site, DAILY)["status"] == "waiting"
    assert swept(site, {"request": {"reason": "command"}})["status"] == "waiting"
    assert site.hidden == 100


def test_a_consent_does_not_hold_for_a_later_deployment() -> None:
    site = site_of(100, 50, reopen_limit=40)
    site.deploy(B, C)
    waiting = swept(site, DEPLOYED)
    site.deploy(C)
    report = swept(site, confirmed(waiting))
    assert (report["status"], site.hidden) == ("waiting", 100)
    assert "2 rules ended that hide 100 findings" in report["objection"]


def test_the_right_rules_end_the_waiting() -> None:
    site = site_of(100, 50, reopen_limit=40)
    site.deploy(B, C)
    assert swept(site, DEPLOYED)["status"] == "waiting"
    site.deploy(A, B)
    report = swept(site, DEPLOYED)
    assert (report["status"], report["reads"]) == ("done", 0), "nothing is different from what was swept"
    assert swept(site, DAILY)["status"] == "done"
    assert site.hidden == 100


def test_more_than_half_of_the_rules_wait_however_little_they_hide() -> None:
    site = site_of(100, 2)
    site.memory.write(Swept(swept_rules(rules(A, C, hiding("rule-d"), B), Settings()), 100))
    site.deploy(B)
    report = swept(site, DEPLOYED)
    assert report["objection"] == "3 of 4 rules ended, more than half; they hide 2 findings"


def test_rules_that_changed_reopen_no_more_than_the_limit_before_a_person_is_asked() -> None:
    site = site_of(100, 50, reopen_limit=30)
    site.deploy(A | {"match": {"GeneratorId": ["narrower"]}}, B)
    report = swept(site, DEPLOYED)
    assert (report["status"], report["reopened"], site.hidden) == ("waiting", 30, 70)
    assert "sweep-reopen-limit allows (30)" in report["objection"]
    report = swept(site, confirmed(report))
    assert (report["status"], report["reopened"], site.hidden) == ("done", 20, 50)


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(
            {"scopes": ["managed"], "rules": ["rule-a"], "reason": "rule ended"}, id="a rule's time"
        ),
        pytest.param({"budget": 100}, id="a budget"),
        pytest.param({"scopes": ["managed"], "take_back": True}, id="taking everything back"),
    ],
)
def test_what_was_chosen_by_a_person_or_by_the_rule_itself_does_not_wait(request_: dict[str, Any]) -> None:
    site = site_of(100, 50, reopen_limit=10)
    site.deploy(B, C)
    report = swept(site, {"request": request_})
    assert report["status"] == "done"
    assert report["reopened"] >= 50


def test_a_sweep_that_runs_while_other_rules_are_deployed_asks_as_well() -> None:
    site = site_of(450, 150, reopen_limit=40, reads=1, step=3)
    state = site.step(DAILY)
    assert 0 < state["progress"]["read"] < 450, "it is under way"
    site.deploy(B, C)
    report = swept(site, state)
    assert (report["status"], site.hidden) == ("waiting", 450)


def test_what_was_swept_is_remembered_only_if_all_of_it_was_swept_by_the_same_rules() -> None:
    site = site_of(450, 150)
    before = site.memory.swept
    for request in ({"reason": "x", "accounts": ["111122223333"]}, {"scopes": ["managed"]}, {"budget": 0}):
        swept(site, {"request": request})
    assert site.memory.swept == before
    site.deploy(A, B, C)
    site.mode = "reopen"
    swept(site, DAILY)
    assert site.memory.swept == before, "what is to be hidden was not"
    site.mode = "enforce"
    site.world.clock.sleep(60)
    swept(site, DAILY)
    assert site.memory.swept is not None
    assert (set(site.memory.swept.rules), site.memory.swept.entries) == ({"rule-a", "rule-b", "rule-c"}, 450)


def test_taking_everything_back_forgets_what_was_swept() -> None:
    site = site_of(10, 5)
    swept(site, {"request": {"scopes": ["managed"], "take_back": True}})
    assert site.memory.swept is None
