"""Looks at tickets at rest: one that is odd keeps no other from being worked on."""

from collections.abc import Collection, Mapping

import pytest

from hubtriage.aws.deliveries.http import NotDone
from hubtriage.aws.deliveries.tickets.records.group import TicketGroup
from hubtriage.aws.deliveries.tickets.service import Refusal, Ticket
from tests.support.ticket_world import QUEUE, RULE, TicketWorld

OTHER = "222233334444"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> TicketWorld:
    """A ticket that no look can read, one at rest, and one that has to be edited."""
    world = TicketWorld()
    for name, group in (("a", "111122223333"), ("b", OTHER), ("c", "333344445555")):
        world.tell(name, group=group)
    look = world.service.look

    def odd(tickets: Collection[str]) -> Mapping[str, Ticket] | Refusal:
        return NotDone("an issue in the answer cannot be read") if "1" in tickets else look(tickets)

    monkeypatch.setattr(world.service, "look", odd)
    return world


def test_an_odd_ticket_hides_no_change_of_another(world: TicketWorld) -> None:
    world.service.person_closes("2")
    world.rest(1)
    assert world.record(TicketGroup(QUEUE, RULE, OTHER)).closed_by == "person"
    assert world.record().last_error == "an issue in the answer cannot be read"


def test_an_odd_ticket_keeps_no_other_from_being_edited(world: TicketWorld) -> None:
    world.clock.sleep(850)
    world.tell("c2", group="333344445555")
    world.tell("c3", group="333344445555")
    world.tick(60)
    assert "c3" in world.tickets[2].text


def test_an_odd_ticket_is_looked_at_less_often_each_time(world: TicketWorld) -> None:
    world.rest(24)
    assert world.counts["DeliveriesFailed"] < 60
    assert world.record(TicketGroup(QUEUE, RULE, OTHER)).last_error is None


def test_a_service_that_wants_to_be_left_alone_for_a_day_is_reported_all_the_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = TicketWorld()
    asked: list[str] = []

    def busy(*_given: object) -> NotDone:
        asked.append("create")
        return NotDone("HTTP 429 Too Many Requests", retry_after=86_400.0, status=429)

    monkeypatch.setattr(world.service, "create", busy)
    world.tell("a")
    world.rest(2)
    assert asked == ["create"]
    assert world.counts["DeliveriesFailed"] >= 24
