"""One story of a ticket, with a death or a failure at each of its steps in turn: it always ends the same."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.ticket_service import DeathError, Trouble
from tests.support.ticket_world import TicketWorld

STORY = (
    ("a", "open", {}),
    ("b", "open", {}),
    ("b", "done", {"why": "suppressed", "kind": "overruled", "overruled": ["Workflow.Status"]}),
    ("a", "done", {"why": "passed"}),
    ("a", "open", {"kind": "returned"}),
)
WHY = "No finding of this ticket is open any more: 1 its check has passed, 1 suppressed."
ENDS = [
    "comment: - a person has overruled hubtriage (Workflow.Status): b is public - arn:aws:s3:::b",
    f"comment: {WHY} hubtriage closes the ticket.",
    f"closed by hubtriage: {WHY}",
    "opened by hubtriage",
    "comment: 1 finding is open: 1 HIGH. hubtriage has opened the ticket again.",
]


class Counted:
    """Counts the places where a container can end, and ends it at one of them."""

    def __init__(self, at: int | None) -> None:
        self.at, self.passed = at, 0

    def __call__(self, _place: str) -> None:
        self.passed += 1
        if self.passed == self.at:
            raise DeathError


def told(world: TicketWorld, counted: Counted) -> None:
    """Tell the story; an event whose container died comes again."""
    world.service.watch = world.table.watch = counted
    for finding, state, members in STORY:
        detail = world.detail(finding, state, **members)
        deliver(world, [detail])
        for _ in range(12):
            alive(world, lambda: world.tick(600))
    world.service.watch = world.table.watch = lambda _place: None
    world.rest(2)


def deliver(world: TicketWorld, details: list[Mapping[str, Any]]) -> None:
    while not alive(world, lambda: world.deliver(details)):
        pass


def alive(world: TicketWorld, invoke: Any) -> bool:
    """Invoke the function; say whether it lived, and start a new container if it did not."""
    try:
        invoke()
    except DeathError:
        world.function = world.container()
        return False
    return True


def places() -> int:
    counted = Counted(None)
    told(TicketWorld(), counted)
    return counted.passed


def calls() -> int:
    world = TicketWorld()
    told(world, Counted(None))
    return len(world.service.calls)


def check(world: TicketWorld, left_out: int = 0) -> None:
    """Check that all ended well; `left_out` comments may have been refused for good."""
    history = world.ticket.history
    assert history == [end for end in ENDS if end in history]
    assert len(history) >= len(ENDS) - left_out
    assert {end for end in ENDS if not end.startswith("comment")} <= set(history)
    assert world.ticket.text.startswith("1 finding is open: 1 HIGH. 1 done: 1 suppressed.")
    record = world.record()
    assert (record.state, record.settled, record.failed) == ("open", record.wants, False)


def test_the_story_without_trouble() -> None:
    world = TicketWorld()
    told(world, Counted(None))
    check(world)


@pytest.mark.parametrize("lag", [0.0, 600.0])
def test_a_container_that_dies_at_any_place_changes_nothing(lag: float) -> None:
    for at in range(1, places() + 1):
        world = TicketWorld(lag=lag)
        told(world, Counted(at))
        check(world)


@pytest.mark.parametrize("trouble", ["lost", "refused", "final", "late", "never"])
def test_a_request_that_fails_at_any_place_changes_nothing(trouble: Trouble) -> None:
    for at in range(calls()):
        world = TicketWorld(lag=600)
        world.service.script = [*[None] * at, trouble]
        world.service.late = 200
        told(world, Counted(None))
        check(world, left_out=int(trouble == "final"))
