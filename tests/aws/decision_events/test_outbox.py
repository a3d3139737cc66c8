"""The way to the bus: made of the environment, bounded in time, and not stopped by one event of ours."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from hubtriage.aws.decision_events import outbox as module
from hubtriage.aws.decision_events.bus import NotPut
from hubtriage.aws.decision_events.event import DecisionEvent, EventRefusal
from hubtriage.aws.decision_events.memory import DOWN, MemoryBus
from hubtriage.aws.decision_events.outbox import LONGEST_PUTTING, EventLetter, outbox_of
from hubtriage.engine.planning.news import News
from hubtriage.engine.ruleset.ruleset import load_ruleset
from hubtriage.localaws.securityhub.inprocess import ManualClock
from tests.support.announcing import outbox
from tests.support.triage_world import NOW, finding, ruleset

RULES = load_ruleset(ruleset())
CLOCK = ManualClock(NOW)


def letters(count: int) -> list[EventLetter]:
    return [EventLetter(News("hidden", NOW, number + 1), finding(number)) for number in range(count)]


def test_without_a_bus_there_is_no_way(tmp_path: Path) -> None:
    assert outbox_of("", "triage", str(tmp_path / "ruleset.json"), {}, CLOCK) is None


def test_the_way_is_made_of_the_environment_and_the_package(tmp_path: Path) -> None:
    routes = {"team": {"by": "owner", "to": {"pay": "payments"}, "otherwise": "rest"}}
    (tmp_path / "deliveries.json").write_text(json.dumps({"stack": "triage", "routes": routes}))
    way = outbox_of("bus", "triage", str(tmp_path / "ruleset.json"), {"AWS_REGION": "eu-central-1"}, CLOCK)
    assert way is not None
    assert (way.origin.stack, way.origin.region) == ("triage", "eu-central-1")
    assert way.routes.resolve("team", "pay", {}) == "payments"


def test_routes_that_are_not_there_are_not_taken_for_none(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"deliveries\.json"):
        outbox_of("bus", "triage", str(tmp_path / "ruleset.json"), {"AWS_REGION": "eu-central-1"}, CLOCK)


def test_what_is_not_put_is_named_by_its_place() -> None:
    bus = MemoryBus(script=[lambda _event: None, lambda _event: DOWN])
    assert outbox(bus).put(letters(3), RULES, CLOCK, CLOCK.monotonic() + 60) == {1: DOWN}
    assert len(bus.events) == 2


def test_an_event_that_a_bug_of_ours_keeps_from_being_made_does_not_keep_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make = module.finding_event

    def broken(news: News, *arguments: object) -> DecisionEvent:
        if news.sequence == 2:
            raise ZeroDivisionError("ours")
        return make(news, *arguments)  # type: ignore[arg-type] # as they came

    monkeypatch.setattr(module, "finding_event", broken)
    bus = MemoryBus()
    not_put = outbox(bus).put(letters(3), RULES, CLOCK, CLOCK.monotonic() + 60)
    assert {place: (why.code, why.is_final) for place, why in not_put.items()} == {1: ("EventNotMade", True)}
    assert len(bus.events) == 2


@pytest.mark.parametrize(
    ("left", "until"),
    [
        pytest.param(5.0, 5.0, id="what is left of the batch"),
        pytest.param(600.0, LONGEST_PUTTING, id="and never long"),
    ],
)
def test_a_slow_bus_does_not_get_all_the_time_of_a_batch(left: float, until: float) -> None:
    deadlines: list[float] = []

    class Slow:
        def put(self, _events: Sequence[DecisionEvent], deadline: float) -> Mapping[str, NotPut]:
            deadlines.append(deadline)
            return {}

    outbox(Slow()).put(letters(1), RULES, CLOCK, CLOCK.monotonic() + left)
    assert deadlines == [CLOCK.monotonic() + until]


def test_nothing_to_put_is_no_call() -> None:
    bus = MemoryBus()
    assert outbox(bus).put([], RULES, CLOCK, CLOCK.monotonic() + 60) == {}
    assert bus.calls == 0


def test_a_refusal_says_why() -> None:
    bus = MemoryBus()
    letter = EventLetter(News("refused", NOW, 0), finding(0), EventRefusal("CannotChange", "no room"))
    outbox(bus).put([letter], RULES, CLOCK, CLOCK.monotonic() + 60)
    assert bus.details[0]["refused"] == {"code": "CannotChange", "reason": "no room"}
