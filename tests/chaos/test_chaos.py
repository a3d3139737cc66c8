"""A small run of `make chaos`: everything goes wrong, and the balance comes out."""

from pathlib import Path

import pytest

from tests.chaos.plan import draw_plan
from tests.chaos.run import run

# It waits in real time, and a busy machine may look before all has come to rest: not for `make test`.
pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_everything_goes_wrong_in_both_hubs_and_every_event_is_accounted_for(tmp_path: Path) -> None:
    plan = draw_plan(1, 300, both=True)
    report = run(plan, tmp_path)
    assert report.problems == []
    assert (report.before.unaccounted, report.after.unaccounted) == (0, 0)
    assert report.after.totals["dead letter"] == len(plan.poison)
    assert (report.last_sweep_changed, report.still_wanted) == (0, 0)
    assert (report.look.unexplained, report.look.comments_replaced) == (0, 0)
    of_v2 = {name: count for name, count in report.look.hidden.items() if "in V2" in name}
    assert sum(of_v2.values()) > 50
    updated = [name for name, fates in report.before.fates.items() if fates["updated"]]
    assert {"Inspector", "Inspector in V2", "Security Hub in V2"} <= set(updated)
    happened = {happening.act.kind for happening in report.happenings if happening.struck}
    assert {"kill", "fault", "tamper V2", "refresh V2", "automate V2"} <= happened


def test_everything_goes_wrong_and_every_event_is_accounted_for(tmp_path: Path) -> None:
    plan = draw_plan(1, 300)
    report = run(plan, tmp_path)
    assert report.problems == []
    assert (report.before.unaccounted, report.after.unaccounted) == (0, 0)
    assert report.after.totals["dead letter"] == len(plan.poison)
    assert report.before.totals["dead letter"] > len(plan.poison), "there was something to redrive"
    assert report.before.totals["updated"] > 100
    assert (report.last_sweep_changed, report.still_wanted) == (0, 0)
    assert (report.look.unexplained, report.look.keys_of_ours) == (0, 0)
    assert report.look.hidden.total() > 50
    happened = {happening.act.kind for happening in report.happenings if happening.struck}
    assert {"kill", "deploy", "restart", "refuse", "tamper", "storm"} <= happened


def test_everything_goes_wrong_and_every_decision_has_its_event_and_every_group_one_ticket(
    tmp_path: Path,
) -> None:
    plan = draw_plan(1, 300, tickets=True)
    report = run(plan, tmp_path)
    assert report.problems == []
    assert (report.before.unaccounted, report.after.unaccounted) == (0, 0)
    counts = report.deliveries.counts
    assert counts["decisions announced"] > 100
    assert counts["tickets"] > 20
    assert counts["tickets closed"] > 0
    happened = {happening.act.name for happening in report.happenings if happening.struck}
    assert {"jira: answers lost", "jira: throttled", "slack: reset before the work"} <= happened
