"""What sweeps put on the bus: their end, and exceptions that end soon, once each."""

from typing import Any

import pytest

from hubtriage.aws.decision_events.bus import NotPut
from hubtriage.aws.decision_events.memory import DOWN
from hubtriage.aws.sweep.function import MOST_STEPS
from hubtriage.aws.sweep.walk import MOST_FAULTS, SweepError
from tests.aws.sweep.notices.test_sweeps import DAY, ENDS, MEMBERS, OWNED, site_of, sweep
from tests.support.buses import detail_of
from tests.support.sweep_site import SweepSite, refusal
from tests.support.sweep_world import suppress

COUNT = 3


def put(site: SweepSite, kind: str) -> list[dict[str, Any]]:
    """The operations of a kind so far."""
    details = [detail_of(event) for event in site.bus.events]
    assert {detail["stack"] for detail in details} <= {"hubtriage"}
    return [detail["operation"] for detail in details if detail["kind"] == kind]


def ids(site: SweepSite, kind: str) -> list[str]:
    return [event.id for event in site.bus.events if event.kind == kind]


def test_a_sweep_that_is_over_is_an_event() -> None:
    site = SweepSite(count=COUNT)
    sweep(site)
    (finished,) = put(site, "sweep-finished")
    assert {name: finished[name] for name in ("sweep", "status", "reason", "read", "changed", "hidden")} == {
        "sweep": "me",
        "status": "done",
        "reason": "requested",
        "read": COUNT,
        "changed": COUNT,
        "hidden": COUNT,
    }
    assert (finished["mode"], finished["error"], finished["ruleset"]) == ("enforce", None, "rule-a")


def test_a_sweep_that_goes_on_is_none_yet() -> None:
    site = SweepSite(count=250)
    site.sqs.waiting = 10_000
    after = site({})
    assert after["progress"]["status"] == "more"
    assert put(site, "sweep-finished") == []


def test_a_sweep_that_another_execution_goes_on_with_is_not_finished() -> None:
    site = SweepSite(count=COUNT)
    before = site({})
    site.bus.events.clear()
    before["progress"] |= {"status": "more", "steps": MOST_STEPS}
    after = site.step(before)
    assert after["progress"]["status"] == "continued"
    assert put(site, "sweep-finished") == []


def test_a_sweep_that_failed_for_good_says_so() -> None:
    site = SweepSite(count=COUNT)
    state = site({})
    state["progress"] |= {"status": "more", "faults": MOST_FAULTS + 1, "error": "no\x1b[31m answer"}
    with pytest.raises(SweepError):
        site.step(state)
    finished = put(site, "sweep-finished")[-1]
    assert (finished["status"], finished["error"]) == ("failed", "no\ufffd[31m answer")


def test_a_last_step_that_is_taken_again_puts_the_same_event() -> None:
    site = SweepSite(count=COUNT)
    for _time in range(2):
        site.sweep({})
    assert len(ids(site, "sweep-finished")) == 2
    assert len(set(ids(site, "sweep-finished"))) == 1


def test_a_bus_that_is_down_does_not_fail_the_sweep(capsys: pytest.CaptureFixture[str]) -> None:
    site = SweepSite(count=COUNT)
    site.bus.fault = DOWN
    assert sweep(site)["report"]["status"] == "done"
    written = capsys.readouterr().out
    assert "event not put" in written
    assert "EventsNotPut" in written


def test_a_site_without_a_bus_puts_and_notes_nothing() -> None:
    site = SweepSite(count=COUNT, notice_days=(30, 7), has_bus=False)
    site.deploy(suppress("rule-a", "control-a", **MEMBERS))
    ended = sweep(site)
    assert (ended["report"]["status"], ended["report"]["notices"]) == ("done", 1)
    assert (site.bus.events, site.notice_events.given) == ([], frozenset())


def test_an_exception_that_ends_soon_is_one_event() -> None:
    site = site_of(count=COUNT)
    sweep(site)
    (soon,) = put(site, "expires-soon")
    assert {name: soon[name] for name in OWNED} == OWNED
    assert (soon["rule"], soon["days"], soon["days_left"], soon["findings"]) == ("rule-a", 7, 7, COUNT)
    assert (soon["by_severity"], soon["other_owners"]) == ({"MEDIUM": COUNT}, [])
    site.world.clock.sleep(DAY)
    sweep(site)
    assert len(ids(site, "expires-soon")) == 1


def test_what_the_bus_did_not_take_is_put_by_the_next_sweep_and_no_message_is_sent_again() -> None:
    site = site_of(count=COUNT)
    site.bus.fault = DOWN
    sweep(site)
    assert (ids(site, "expires-soon"), len(site.topic.messages)) == ([], 1)
    site.bus.fault = None
    site.world.clock.sleep(DAY)
    sweep(site)
    assert (len(ids(site, "expires-soon")), len(site.topic.messages)) == (1, 1)


def test_a_topic_that_is_down_holds_no_event_back_and_none_is_put_again() -> None:
    site = site_of(count=COUNT)
    site.topic.trouble = [refusal("InternalError", 500) for _time in range(9)]
    sweep(site)
    assert (len(ids(site, "expires-soon")), site.topic.messages) == (1, [])
    site.topic.trouble = []
    site.world.clock.sleep(DAY)
    sweep(site)
    assert (len(ids(site, "expires-soon")), len(site.topic.messages)) == (1, 1)


def test_the_same_notice_has_the_same_id_on_another_day() -> None:
    site = site_of(count=COUNT)
    site.bus.fault, site.bus.lose_answers = DOWN, True
    sweep(site)
    site.world.clock.sleep(DAY)
    sweep(site)
    assert len(ids(site, "expires-soon")) == 2
    assert len(set(ids(site, "expires-soon"))) == 1


def test_one_rule_that_is_refused_does_not_hold_up_the_others() -> None:
    apart = [suppress(f"rule-{number}", "", match={"Id": [{"suffix": number}]}, ends=ENDS) for number in "01"]
    site = site_of(*apart, count=COUNT)
    site.bus.script = [
        lambda _event: None,
        lambda _event: NotPut("MalformedDetail", "so it is", is_final=True),
    ]
    sweep(site)
    first = ids(site, "expires-soon")
    assert (len(first), len(site.notice_events.given)) == (1, 1)
    site.world.clock.sleep(DAY)
    sweep(site)
    assert len(set(ids(site, "expires-soon"))) == len(ids(site, "expires-soon")) == 2


def test_a_memory_that_cannot_be_written_has_the_event_put_again_with_its_id(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = site_of(count=COUNT)

    def refuse(_given: object) -> None:
        raise refusal("InternalServerError", 500)

    with monkeypatch.context() as patched:
        patched.setattr(site.notice_events, "write", refuse)
        assert sweep(site)["report"]["status"] == "done"
    site.world.clock.sleep(DAY)
    sweep(site)
    assert len(ids(site, "expires-soon")) == 2
    assert len(set(ids(site, "expires-soon"))) == 1


def test_what_rules_say_is_data() -> None:
    evil = "x\r\nBcc: a@example.com\x1b[31m\u202e" + "y" * 5000
    site = site_of(
        suppress("rule-a", "control-a", **MEMBERS | {"description": evil, "ticket": evil}), count=1
    )
    sweep(site)
    (soon,) = put(site, "expires-soon")
    assert soon["description"].startswith("x  Bcc: a@example.com\ufffd[31m\ufffdyyy")
    assert len(soon["ticket"]) <= 512
