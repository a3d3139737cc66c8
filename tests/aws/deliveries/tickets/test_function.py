"""One queue from its events to its tickets: created once, grown, closed for a reason, opened again."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from hubtriage.aws.deliveries.tickets.records.record import TicketRecord
from hubtriage.aws.deliveries.tickets.steps import GONE_AFTER, MOST_SPOKEN, POLL, TicketRules
from tests.support.ticket_service import DeathError
from tests.support.ticket_world import ACCOUNT, GROUP, QUEUE, Context, TicketWorld, message

DONE = ("done", "archived")


def test_many_findings_of_a_group_make_one_ticket_that_grows() -> None:
    world = TicketWorld()
    for start in range(0, 500, 10):
        assert world.deliver(world.detail(f"b{number}") for number in range(start, start + 10)) == {
            "batchItemFailures": []
        }
        world.clock.sleep(2)
    world.rest(1)
    assert world.ticket.text.startswith("500 findings are open: 500 HIGH.")
    assert "… and 480 more open findings." in world.ticket.text
    assert world.service.calls.count("create") == 1
    assert world.service.calls.count("update") < 10
    assert world.ticket.comments == {}


def test_a_finding_that_is_done_is_counted_and_the_last_one_closes_the_ticket() -> None:
    world = TicketWorld()
    world.tell("a")
    world.tell("b")
    world.tick()
    world.tell("a", "done", why="passed")
    world.tick()
    assert world.ticket.text.startswith("1 finding is open: 1 HIGH. 1 done: 1 its check has passed.")
    assert not world.ticket.is_closed
    world.tell("b", "done", why="archived")
    world.tick()
    reason = "No finding of this ticket is open any more: 1 archived by its provider, 1 its check has passed."
    assert world.ticket.history == [
        f"comment: {reason} hubtriage closes the ticket.", f"closed by hubtriage: {reason}"
    ]  # fmt: skip
    assert world.record().closed_by == "hubtriage"
    assert world.record().due is None


def test_a_finding_that_comes_back_opens_its_ticket_again() -> None:
    world = TicketWorld()
    world.tell("a")
    world.tick()
    world.tell("a", "done", why="passed")
    world.tick()
    world.tell("a", kind="returned")
    world.tick()
    assert not world.ticket.is_closed
    assert world.ticket.history[2:] == [
        "opened by hubtriage",
        "comment: 1 finding is open: 1 HIGH. hubtriage has opened the ticket again.",
    ]
    assert world.ticket.text.startswith("1 finding is open: 1 HIGH.\n")


@pytest.mark.parametrize("way", ["never", "forbidden"])
def test_a_ticket_that_is_not_opened_again_is_followed_by_a_new_one(way: str) -> None:
    world = TicketWorld(rules=TicketRules(reopen=way != "never"))
    world.service.can_reopen = False
    world.tell("a")
    world.tick()
    world.tell("a", "done", why="passed")
    world.tick()
    world.tell("a")
    world.tick()
    old, new = world.tickets
    assert (old.is_closed, new.is_closed) == (True, False)
    assert "This ticket follows SEC-1, which cannot be used any more." in new.text
    assert old.claim != new.claim


def test_what_a_person_closes_stays_closed_until_there_is_something_new() -> None:
    world = TicketWorld()
    world.tell("a")
    world.tick()
    world.service.person_closes("1", "Done")
    world.rest(1)
    assert world.ticket.is_closed
    (comment,) = world.ticket.comments.values()
    assert comment.startswith("1 finding is still open: 1 HIGH. hubtriage leaves the ticket closed.")
    world.tell("a", finding_severity="CRITICAL")
    world.rest(1)
    assert world.ticket.is_closed
    assert world.record().closed_by == "person"
    world.tell("b")
    world.rest(1)
    assert not world.ticket.is_closed
    assert world.ticket.text.startswith("2 findings are open: 1 CRITICAL, 1 HIGH.")
    assert len(world.ticket.comments) == 2


def test_a_finding_that_came_before_a_person_could_see_it_opens_the_ticket_again() -> None:
    world = TicketWorld()
    world.tell("a")
    world.service.person_closes("1")
    world.tell("b")
    world.rest(1)
    assert not world.ticket.is_closed
    assert "b is public" in world.ticket.text


def test_a_person_may_open_a_ticket_again_and_its_end_closes_it() -> None:
    world = TicketWorld()
    world.tell("a")
    world.service.person_closes("1")
    world.rest(1)
    world.service.person_reopens("1")
    world.rest(1)
    assert world.record().state == "open"
    world.tell("a", "done", why="passed")
    world.rest(1)
    assert world.ticket.is_closed
    assert world.record().closed_by == "hubtriage"


def test_a_deleted_ticket_is_followed_by_a_new_one_only_for_news() -> None:
    world = TicketWorld()
    world.tell("a")
    world.tick()
    world.service.person_deletes("1")
    world.rest(GONE_AFTER / 3600 + 1)
    assert world.record().closed_by == "gone"
    assert len(world.tickets) == 1
    world.tell("b")
    world.tick()
    _, new = world.tickets
    assert new.text.startswith("2 findings are open")


def test_a_ticket_that_is_hidden_for_a_moment_is_not_gone() -> None:
    world = TicketWorld()
    world.tell("a")
    world.tick()
    world.ticket.is_deleted = True
    world.tell("b")
    world.tick()
    world.ticket.is_deleted = False
    world.rest(2)
    assert world.ticket.text.startswith("2 findings are open")
    assert world.record().missing_since is None


def test_an_answer_that_was_lost_makes_no_second_ticket() -> None:
    world = TicketWorld(lag=600)
    world.service.script = ["lost"]
    world.tell("a")
    assert world.record().state == "creating"
    world.rest(1)
    assert world.service.calls.count("create") == 1
    assert world.record().key == "SEC-1"


def test_a_request_that_never_arrived_is_sent_again_after_the_search_lag_and_not_before() -> None:
    world = TicketWorld(lag=600)
    world.service.script = ["never"]
    world.tell("a")
    for _ in range(2):
        world.tick()
    assert world.tickets == []
    world.rest(1)
    assert world.ticket.text.startswith("1 finding is open")
    assert world.service.calls.count("create") == 2


def test_a_second_ticket_is_closed_when_the_search_finds_it_at_last() -> None:
    world = TicketWorld(lag=3600)
    world.service.script = ["lost"]
    world.tell("a")
    world.rest(0.5)
    assert len(world.tickets) == 2
    world.rest(3)
    first, second = world.tickets
    assert (first.is_closed, second.is_closed) == (True, False)
    assert first.history[0] == (
        "comment: This ticket is a duplicate of SEC-2. An answer of the ticket service was lost."
    )
    assert first.history[1] == "closed by hubtriage: Duplicate of SEC-2."
    assert world.record().id == "2"


def test_nothing_is_said_of_events_that_bring_nothing_new() -> None:
    world = TicketWorld()
    detail = world.detail("a")
    world.deliver([detail])
    world.rest(1)
    calls = len(world.service.calls)
    for _ in range(5):
        world.deliver([detail, detail])
        world.tell("a")
        world.tick(60)
    assert set(world.service.calls[calls:]) == {"look"}
    assert world.ticket.history == []


def test_older_events_change_nothing() -> None:
    world = TicketWorld()
    details = [world.detail("a"), world.detail("a", "done", why="passed"), world.detail("a")]
    world.deliver([details[2]])
    world.deliver([details[1], details[0]])
    world.rest(1)
    assert world.ticket.text.startswith("1 finding is open: 1 HIGH.\n")
    assert world.ticket.history == []


def test_a_finding_whose_entry_began_anew_is_heard() -> None:
    world = TicketWorld()
    world.sequences["a"] = 40
    world.tell("a")
    world.tell("a", "done", why="gone")
    world.rest(1)
    assert world.ticket.is_closed
    world.sequences["a"] = 0
    world.tell("a")
    world.rest(1)
    assert not world.ticket.is_closed


def test_a_ticket_names_no_owner_and_reason_of_another_rule() -> None:
    world = TicketWorld()
    world.deliver([world.detail("a", rule="other", owner="others", reason="theirs")])
    world.rest(1)
    assert "Rule: public-buckets" in world.ticket.text
    assert "others" not in world.ticket.text
    assert "theirs" not in world.ticket.text
    world.deliver([world.detail("b")])
    world.deliver([world.detail("c", rule="other", owner="others", reason="theirs")])
    world.rest(3)
    assert "Owner: cloud-platform." in world.ticket.text


def test_that_a_person_has_overruled_hubtriage_is_said_once() -> None:
    world = TicketWorld()
    world.deliver([world.detail("a"), world.detail("b")])
    world.rest(1)
    world.tell("a", "done", why="suppressed", kind="overruled", overruled=["Workflow.Status"])
    world.rest(3)
    (comment,) = world.ticket.comments.values()
    assert comment == ("- a person has overruled hubtriage (Workflow.Status): a is public - arn:aws:s3:::a")
    assert world.ticket.text.startswith("1 finding is open: 1 HIGH. 1 done: 1 suppressed.")


def test_a_flapping_finding_makes_no_storm_and_ends_right() -> None:
    world = TicketWorld()
    for _ in range(200):
        world.tell("a")
        world.tick(120)
        world.tell("a", "done", why="passed")
        world.tick(120)
    assert len(world.ticket.comments) == MOST_SPOKEN
    world.tell("a")
    world.rest(48)
    assert not world.ticket.is_closed
    assert world.ticket.text.startswith("1 finding is open")


def test_a_program_that_closes_a_ticket_again_and_again_gets_no_storm_of_comments() -> None:
    world = TicketWorld()
    world.tell("a")
    for _ in range(2 * MOST_SPOKEN):
        world.service.person_closes("1")
        world.tick(POLL)
        world.service.person_reopens("1")
        world.tick(POLL)
    assert len(world.ticket.comments) == MOST_SPOKEN


def test_an_accepted_ticket_leaves_a_proposal_and_hides_nothing() -> None:
    world = TicketWorld(rules=TicketRules(accepted=frozenset({"won't do"})))
    world.tell("a")
    world.tick()
    world.service.person_closes("1", "Won't Do")
    world.rest(1)
    (proposal,) = world.table.proposals
    assert (proposal.ticket, proposal.resolution) == ("SEC-1", "Won't Do")


def test_a_resolution_is_accepted_in_any_case_of_its_letters() -> None:
    rules = TicketRules(accepted=frozenset({"Maßnahme entfällt"}))
    assert rules.accepts("MASSNAHME ENTFÄLLT")
    assert not rules.accepts("Maßnahme")
    assert not rules.accepts(None)


def test_new_tickets_wait_for_the_next_day_when_the_limit_is_reached() -> None:
    world = TicketWorld(limit=1)
    world.tell("a")
    world.tell("b", group="222233334444")
    world.tell("c", group="333344445555")
    world.rest(1)
    assert len(world.tickets) == 1
    assert world.counts["DeliveriesWithheld"] == 2
    world.rest(24)
    assert len(world.tickets) == 2
    assert world.counts["DeliveriesWithheld"] == 3
    assert sorted(world.daily.not_shown.values()) == [1, 2]
    world.rest(48)
    assert len(world.tickets) == 3
    assert world.counts["DeliveriesWithheld"] == 3


def test_a_close_that_is_refused_is_loud_and_never_recorded_as_closed() -> None:
    world = TicketWorld()
    world.tell("a")
    world.tick()
    world.service.script = [None, None, None, "final"]
    world.tell("a", "done", why="passed")
    assert world.service.calls[-4:] == ["look", "update", "comment", "close"]
    assert not world.ticket.is_closed
    assert (world.record().state, world.record().failed) == ("open", True)
    assert world.counts["TicketsFailed"] == 1
    world.rest(3)
    assert world.ticket.is_closed
    assert len(world.ticket.comments) == 1


def test_a_message_is_done_although_the_service_fails() -> None:
    world = TicketWorld()
    world.service.script = ["refused"]
    assert world.tell("a") == {"batchItemFailures": []}
    assert world.tickets == []
    world.rest(1)
    assert world.ticket.text.startswith("1 finding is open")


def test_what_cannot_be_read_fails_alone() -> None:
    world = TicketWorld()
    broken = [
        world.detail("x", "ajar"), world.detail("y", group=""), {**world.detail("z"), "time": "yesterday"}
    ]  # fmt: skip
    records = [message(detail, number) for number, detail in enumerate([*broken, world.detail("a")])]
    answer = world.function({"Records": [*records, {"messageId": "m9", "body": "?"}]}, Context())
    failed = [one["itemIdentifier"] for one in answer["batchItemFailures"]]
    assert sorted(failed) == ["m0", "m1", "m2", "m9"]
    assert "a is public" in world.ticket.text


def test_a_worker_that_dies_holds_its_group_for_some_minutes_only() -> None:
    world = TicketWorld()
    world.service.watch = dying("after create")
    with pytest.raises(DeathError):
        world.tell("a")
    world.service.watch = lambda _what: None
    world.rest(1)
    assert world.ticket.text.startswith("1 finding is open")
    assert isinstance(world.record(), TicketRecord)
    assert world.record().id == "1"


def test_a_group_that_another_worker_has_is_left_to_it() -> None:
    world = TicketWorld()
    world.table.ask(GROUP, world.clock.now())
    held = world.table.write(replace(world.record(), lease=world.clock.now() + 100))
    assert held is not None
    world.tell("a")
    assert world.tickets == []
    assert world.service.calls == []
    world.rest(1)
    assert len(world.tickets) == 1


@pytest.mark.parametrize("turned", [False, True])
def test_a_group_that_has_the_same_name_by_another_key_keeps_its_ticket(turned: bool) -> None:
    world = TicketWorld()
    world.tell("a", group="unknown")
    world.rest(1)
    moved = world.detail("a", group="unknown")
    (now,) = moved["deliver"]
    moved["deliver"] = [now | {"state": "done", "why": "moved"}, now | {"per": "resource"}]
    if turned:
        moved["deliver"].reverse()
    assert world.deliver([moved]) == {"batchItemFailures": []}
    world.rest(1)
    assert not world.ticket.is_closed
    assert world.ticket.text.startswith("1 finding is open")


def test_an_event_for_another_queue_is_none_of_ours() -> None:
    world = TicketWorld()
    detail = world.detail("a")
    detail["deliver"][0]["to"] = f"{QUEUE}-2"
    world.deliver([detail])
    assert world.table.records == {}
    assert GROUP.name == ACCOUNT


def test_a_desk_leaves_a_group_alone_that_another_worker_has() -> None:
    world = TicketWorld()
    world.tell("a")
    held = world.table.write(replace(world.record(), lease=world.clock.now() + 100, due=0.0))
    calls = len(world.service.calls)
    world.work()
    assert len(world.service.calls) == calls
    assert world.record() == held


def test_what_a_ticket_showed_when_it_was_closed_already_is_news() -> None:
    world = TicketWorld()
    world.tell("a")
    world.clock.sleep(300)

    def close_before_the_edit(what: str) -> None:
        if what == "before update" and not world.ticket.is_closed:
            world.service.watch = lambda _what: None
            world.service.person_closes("1")

    world.service.watch = close_before_the_edit
    world.tell("b")
    world.rest(1)
    assert not world.ticket.is_closed
    assert world.ticket.text.startswith("2 findings are open")


def test_a_ticket_that_is_missing_for_some_minutes_is_not_gone() -> None:
    world = TicketWorld()
    world.tell("a")
    world.tick()
    world.ticket.is_deleted = True
    world.tell("b")
    world.clock.sleep(600)
    world.tell("c")
    world.ticket.is_deleted = False
    world.rest(2)
    assert world.ticket.text.startswith("3 findings are open")


def test_a_close_that_was_done_late_is_taken_back_as_our_own() -> None:
    world = TicketWorld()
    world.service.late = 300
    world.tell("a")
    world.tick()
    world.service.script = [None, None, None, "late"]
    world.tell("a", "done", why="passed")
    world.clock.sleep(100)
    world.tell("a")
    assert not world.ticket.is_closed
    world.rest(2)
    assert not world.ticket.is_closed
    assert world.record().closed_by is None
    assert "hubtriage leaves the ticket closed" not in "".join(world.ticket.comments.values())


def test_an_edit_that_was_done_late_does_not_stay() -> None:
    world = TicketWorld()
    world.service.late = 300
    world.tell("a")
    world.clock.sleep(300)
    world.service.script = [None, "late"]
    world.tell("b")
    world.clock.sleep(100)
    world.tell("c")
    assert world.ticket.text.startswith("3 findings are open")
    world.rest(2)
    assert world.ticket.text.startswith("3 findings are open")
    assert world.record().unsure_until is None


def test_a_close_whose_worker_died_is_our_own() -> None:
    world = TicketWorld()
    world.tell("a")
    world.tick()
    world.service.watch = dying("after close")
    with pytest.raises(DeathError):
        world.tell("a", "done", why="passed")
    world.service.watch = lambda _what: None
    world.rest(1)
    assert (world.record().state, world.record().closed_by) == ("closed", "hubtriage")


def test_what_comes_while_a_ticket_is_closed_opens_it_again() -> None:
    world = TicketWorld()
    world.tell("a")
    world.tick()

    def come(what: str) -> None:
        if what == "after close":
            world.service.watch = lambda _what: None
            world.function = world.container()
            world.tell("b")

    world.service.watch = come
    world.tell("a", "done", why="passed")
    world.rest(1)
    assert not world.ticket.is_closed
    assert world.ticket.text.startswith("1 finding is open: 1 HIGH. 1 done")


def test_a_message_whose_container_died_before_its_group_was_due_makes_it_due() -> None:
    world = TicketWorld()
    detail = world.detail("a")
    world.table.watch = dying("after write_member")
    with pytest.raises(DeathError):
        world.deliver([detail])
    world.table.watch = lambda _what: None
    assert world.table.records == {}
    world.deliver([detail])
    assert world.ticket.text.startswith("1 finding is open")


def test_a_finding_that_came_back_before_its_end_was_heard_is_news() -> None:
    world = TicketWorld()
    world.tell("a")
    ended = world.detail("a", "done", why="passed")
    world.clock.sleep(30)
    world.service.person_closes("1")
    world.tell("a")
    world.rest(1)
    assert world.ticket.is_closed
    world.deliver([ended])
    world.deliver([ended])
    world.rest(1)
    assert not world.ticket.is_closed


def test_refused_credentials_are_tried_by_one_ticket_at_a_time_and_soon_again() -> None:
    world = TicketWorld()
    world.service.script = ["unauthorized"] * 4
    world.deliver([world.detail("a"), world.detail("b", group="222233334444")])
    assert world.service.calls == ["create"]
    assert world.counts["DeliveryCredentialsRefused"] == 1
    for _ in range(3):
        world.tick()
    assert len(world.service.calls) == 4
    assert world.record().failed
    world.rest(1.2)
    assert len(world.tickets) == 2
    assert not world.record().failed


def test_a_look_at_resting_tickets_that_is_refused_is_reported_and_made_again() -> None:
    world = TicketWorld()
    world.tell("a")
    world.rest(1)
    world.service.script = ["unauthorized"]
    while world.service.script:
        world.tick()
    assert world.counts["DeliveryCredentialsRefused"] == 1
    world.service.person_closes("1")
    world.tick()
    assert world.record().closed_by == "person"


def dying(place: str) -> Callable[[str], None]:
    """End the container when it comes to a place."""

    def watch(what: str) -> None:
        if what == place:
            raise DeathError

    return watch


def test_a_damaged_item_stops_its_own_group_only() -> None:
    world = TicketWorld()
    world.tell("a")
    world.tell("b", group="222233334444")
    broken = (GROUP, next(digest for group, digest in world.table.texts if group == GROUP))
    sound = world.table.texts[broken]
    world.table.texts[broken] = "["
    answer = world.deliver([world.detail("a"), world.detail("c", group="222233334444")])
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    world.rest(1)
    assert [ticket.text[:20] for ticket in world.tickets] == ["1 finding is open: 1", "2 findings are open:"]
    world.tell("d")
    world.rest(1)
    assert world.counts["TicketsFailed"] > 0
    world.table.texts[broken] = sound
    world.rest(1)
    assert world.tickets[0].text.startswith("2 findings are open")


@pytest.mark.parametrize("group", ["\ud800", "a\nb", "\u202e"])
def test_a_group_that_no_key_can_hold_fails_its_message_only(group: str) -> None:
    world = TicketWorld()
    answer = world.deliver([world.detail("a", group=group), world.detail("b")])
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    assert len(world.tickets) == 1
