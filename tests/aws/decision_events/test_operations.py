"""Events of the stack itself: small whatever they are told, and of one id each."""

from typing import Any

from hubtriage.aws.decision_events.cutting import LARGEST
from hubtriage.aws.decision_events.operations import expires_soon, mode_changed, sweep_finished
from hubtriage.aws.sweep.notices.due import SweepFacts, notices_of
from hubtriage.aws.sweep.notices.tally import OTHER_OWNERS, EndingTally
from hubtriage.aws.sweep.progress import Progress
from hubtriage.aws.sweep.report import report
from hubtriage.aws.sweep.request import SweepRequest
from tests.support.buses import RULES, detail_of
from tests.support.sweep_world import rules, suppress
from tests.support.triage_world import NOW

LONG = "\U0001f600\n" * 5000
DAY = 86_400.0


def notice(counted: str = "team", **members: Any) -> dict[str, Any]:
    given = {"ends": NOW + 7 * DAY, "expires": LONG, "description": LONG, "ticket": LONG} | members
    (rule,) = rules(suppress("rule-a", "control-a", **given)).rules
    tally = EndingTally()
    tally.count("rule-a", counted, "UNRANKED", "111122223333")
    directory = {f"{number:012}": {"team": f"{number}{LONG[:60]}"} for number in range(200)}
    around = SweepFacts(NOW, "not known", LONG, "hash", None, accounts=directory)
    return dict(notices_of(rule, 7, tally, around)[0])


def test_a_notice_for_many_owners_stays_small_and_says_that_there_are_more() -> None:
    event = expires_soon("s", NOW, notice(OTHER_OWNERS, owner={"account": "team"}))
    operation = detail_of(event)["operation"]
    assert (len(operation["other_owners"]), operation["more_owners"]) == (50, True)
    assert operation["by_severity"] == {"UNRANKED": 1}
    assert len(event.detail.encode()) < LARGEST


def test_a_notice_for_one_owner_names_no_others() -> None:
    operation = detail_of(expires_soon("s", NOW, notice(owner="team")))["operation"]
    assert (operation["other_owners"], operation["more_owners"]) == ([], False)


def test_notices_are_told_apart_by_rule_end_days_owner_and_stack() -> None:
    first = notice(owner="team")
    others = [
        first | change
        for change in ({"rule": "b"}, {"ends": "2027-01-01T00:00:00Z"}, {"days": 30}, {"owner": None})
    ]
    made = [expires_soon("s", NOW, each).id for each in (first, *others)]
    made.append(expires_soon("other", NOW, first).id)
    assert len(set(made)) == 6
    assert expires_soon("s", NOW + DAY, first | {"findings": 9, "days_left": 6}).id == made[0]


def test_a_report_of_a_sweep_stays_small() -> None:
    progress = Progress("done", started=NOW, ended=NOW + 5, skipped=[LONG] * 50, error=LONG)
    progress.by_rule.update({f"rule-{number}": 1 for number in range(500)})
    event = sweep_finished("s", NOW, report(LONG, SweepRequest(), progress, RULES), "observe", LONG)
    operation = detail_of(event)["operation"]
    assert (operation["skipped"], operation["status"], operation["seconds"]) == (50, "failed", 5.0)
    assert len(event.detail.encode()) < LARGEST


def test_a_switch_says_who_and_why_in_one_line_each() -> None:
    event = mode_changed("s", NOW, ("enforce", "observe"), "person", f"arn:\x1b{LONG}", LONG, (1,))
    operation = detail_of(event)["operation"]
    assert operation["who"].startswith("arn:\ufffd\U0001f600 \U0001f600")
    assert len(operation["why"]) == 512


def test_switches_are_told_apart_by_what_made_them() -> None:
    made = [
        mode_changed("s", NOW, (None, "enforce"), by, None, None, (1,)).id for by in ("breaker", "person")
    ]
    assert len(set(made)) == 2
