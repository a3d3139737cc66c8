"""ServiceNow over HTTP: each operation, each fault, each policy; what a record shows is the literal text."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hubtriage.aws.deliveries import http
from hubtriage.aws.deliveries.http import NotDone, Unknown
from hubtriage.aws.deliveries.tickets.products.servicenow import STATES, ServiceNow, ServiceNowQueue
from hubtriage.aws.deliveries.tickets.products.wording import CUT
from hubtriage.aws.deliveries.tickets.service import (
    Bullets,
    Link,
    Paragraph,
    Ticket,
    TicketDraft,
    TicketService,
    plain,
)
from hubtriage.localaws.peers.faults import PeerFault
from hubtriage.localaws.peers.servicenow.peer import ServiceNowPeer
from tests.support.hostile_texts import HOSTILE, seen
from tests.support.outside_services import CLAIM, KEY, Outside, outside

SECRET = {"user": "hubtriage", "password": "snow-password-0123456789"}
DRAFT = TicketDraft("S3 buckets are public (account 1)", (Paragraph(("2 findings are open.",)),), "HIGH")
GROWN = TicketDraft("S3 buckets are public (account 1)", (Paragraph(("3 findings are open.",)),), "LOW")
SAID = (Paragraph(("A finding came back.",)),)


@pytest.fixture
def instance() -> Iterator[Outside]:
    """Return an instance of ServiceNow."""
    with outside(ServiceNowPeer, SECRET) as instance:
        yield instance


@pytest.fixture
def desk(instance: Outside) -> ServiceNow:
    """Return the adapter of its incidents."""
    return ServiceNow(ServiceNowQueue(instance.url), instance.http, instance.store)


def made(service: TicketService, draft: TicketDraft = DRAFT, claim: str = CLAIM) -> Ticket:
    """Return a new ticket."""
    ticket = service.create(draft, claim)
    assert isinstance(ticket, Ticket), ticket
    return ticket


def only(instance: Outside) -> dict[str, Any]:
    """Return the only record of the instance."""
    [record] = instance.stored()["records"]
    return dict(record)


def test_a_record_is_created_with_one_request(instance: Outside, desk: TicketService) -> None:
    ticket = made(desk)
    record = only(instance)
    page = f"{instance.url}/nav_to.do?uri=incident.do%3Fsys_id%3D{record['sys_id']}"
    assert instance.methods() == ["POST"]
    assert ticket == Ticket(record["sys_id"], "INC0010001", page, is_closed=False)
    assert (record["short_description"], record["description"]) == (DRAFT.summary, "2 findings are open.")
    assert (record["correlation_id"], record["correlation_display"]) == (CLAIM, "hubtriage")
    assert (record["impact"], record["urgency"], record["priority"]) == ("1", "1", "1")


def test_a_record_is_found_by_its_claim_at_once(desk: TicketService) -> None:
    first, second = made(desk), made(desk)
    made(desk, claim="f" * 32)
    assert desk.find(CLAIM) == (first, second)
    assert desk.find("0" * 32) == ()


def test_a_claim_key_that_is_dropped_ends_creation(instance: Outside, desk: TicketService) -> None:
    instance.configure(unwritable=["correlation_id"])
    lost = made(desk)
    assert desk.find(CLAIM) == ()
    refused = desk.create(DRAFT, CLAIM)
    assert isinstance(refused, NotDone)
    assert "may not write correlation_id" in refused.reason
    assert only(instance)["number"] == lost.key


def test_an_instance_that_ignores_a_query_finds_only_what_has_the_claim(
    instance: Outside, desk: TicketService
) -> None:
    ours, other = made(desk), made(desk, claim="f" * 32)
    instance.configure(unsearched=["correlation_id", "correlation_display"])
    assert desk.find(CLAIM) == (ours,)
    assert desk.find("f" * 32) == (other,)
    answer = desk.find("0" * 32)
    assert isinstance(answer, NotDone)
    assert "does not search by correlation_id" in answer.reason


def test_rows_of_other_claims_are_no_hits(instance: Outside, desk: TicketService) -> None:
    other = made(desk, claim="f" * 32)
    instance.act("write", record=other.id, fields={"correlation_display": "another system"})
    assert desk.find("f" * 32) == ()


def test_an_update_overwrites_what_the_record_shows_and_nothing_else(
    instance: Outside, desk: TicketService
) -> None:
    ticket = made(desk)
    instance.act("write", record=ticket.id, fields={"urgency": "2", "short_description": "mine"})
    assert desk.update(ticket.id, GROWN) == ticket
    record = only(instance)
    assert (record["short_description"], record["description"]) == (GROWN.summary, "3 findings are open.")
    assert record["urgency"] == "2"


def test_an_update_that_is_dropped_is_loud(instance: Outside, desk: TicketService) -> None:
    ticket = made(desk)
    instance.configure(unwritable=["description"])
    answer = desk.update(ticket.id, GROWN)
    assert isinstance(answer, NotDone)
    assert "may not write description" in answer.reason
    assert desk.update(ticket.id, DRAFT) == ticket


def test_an_update_leaves_a_record_that_is_closed_for_ever(instance: Outside, desk: TicketService) -> None:
    ticket = made(desk)
    instance.act("close", record=ticket.id, close_code="Not solved")
    updated = desk.update(ticket.id, GROWN)
    assert isinstance(updated, Ticket)
    assert (updated.is_closed, updated.resolution) == (True, "Not solved")
    assert only(instance)["description"] == "2 findings are open."


def test_a_work_note_is_added_once_for_its_key(instance: Outside, desk: TicketService) -> None:
    ticket = made(desk)
    instance.control.fault(PeerFault("reset", method="PATCH", after=True))
    assert isinstance(desk.comment(ticket.id, SAID, KEY), Unknown)
    assert desk.comment(ticket.id, SAID, KEY) == "done"
    [note] = only(instance)["notes"]
    assert (note["column"], note["shown"]) == ("work_notes", f"A finding came back.\nhubtriage {KEY}")


def test_a_work_note_that_is_dropped_is_loud(instance: Outside, desk: TicketService) -> None:
    ticket = made(desk)
    instance.configure(unwritable=["work_notes"])
    answer = desk.comment(ticket.id, SAID, KEY)
    assert isinstance(answer, NotDone)
    assert answer.is_final
    assert "may not write work_notes" in answer.reason


def test_a_work_note_is_added_where_there_are_too_many_to_be_read(
    instance: Outside, desk: TicketService, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = made(desk)
    instance.act("note", record=ticket.id, text="x" * 5_000)
    monkeypatch.setattr(http, "LARGEST_ANSWER", 4_000)
    assert desk.comment(ticket.id, SAID, KEY) == "done"
    assert KEY in only(instance)["notes"][-1]["shown"]


def test_a_record_is_resolved_and_reopened(instance: Outside, desk: TicketService) -> None:
    ticket = made(desk)
    assert desk.close(ticket.id, "All findings are done: [code]x[/code].") == "done"
    record = only(instance)
    assert (record["state"], record["close_code"]) == ("6", "Solution provided")
    assert record["close_notes"] == "All findings are done: (code]x(/code]."
    assert desk.reopen(ticket.id) == "done"
    assert (only(instance)["state"], only(instance)["reopen_count"]) == ("2", "1")


def test_what_is_there_already_is_not_done_again(instance: Outside, desk: TicketService) -> None:
    ticket = made(desk)
    assert desk.reopen(ticket.id) == "done"
    instance.act("resolve", record=ticket.id, close_code="Not solved")
    assert desk.close(ticket.id, "") == "done"
    assert only(instance)["close_code"] == "Not solved"
    assert "PATCH" not in instance.methods()


@pytest.mark.parametrize("act", ["close", "cancel"])
def test_a_record_that_is_closed_for_ever_may_not_be_reopened(
    instance: Outside, desk: TicketService, act: str
) -> None:
    ticket = made(desk)
    instance.act(act, record=ticket.id)
    assert desk.reopen(ticket.id) == "forbidden"


def test_a_resolved_record_closes_by_itself(instance: Outside, desk: TicketService) -> None:
    ticket = made(desk)
    desk.close(ticket.id, "done")
    instance.control.advance(8 * 86_400)
    assert desk.reopen(ticket.id) == "forbidden"
    assert only(instance)["state"] == "7"


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        pytest.param(
            {"mandatory_to_resolve": ["close_code", "close_notes", "cmdb_ci"]},
            "mandatory: cmdb_ci",
            id="a policy demands a field that we do not know",
        ),
        pytest.param({"unwritable": ["state"]}, "may not set its state", id="the state is dropped"),
        pytest.param({"unwritable": ["close_code"]}, "mandatory: close_code", id="the close code is dropped"),
    ],
)
def test_a_record_that_cannot_be_resolved_is_loud(
    instance: Outside, desk: TicketService, settings: dict[str, Any], reason: str
) -> None:
    ticket = made(desk)
    instance.configure(**settings)
    answer = desk.close(ticket.id, "done")
    assert isinstance(answer, NotDone)
    assert answer.is_final
    assert not answer.is_unauthorized
    assert reason in answer.reason
    assert only(instance)["state"] == "1"


def test_a_reopening_that_is_dropped_is_loud(instance: Outside, desk: TicketService) -> None:
    ticket = made(desk)
    desk.close(ticket.id, "done")
    instance.configure(unwritable=["state"])
    answer = desk.reopen(ticket.id)
    assert isinstance(answer, NotDone)
    assert "may not set its state" in answer.reason


def security(instance: Outside) -> TicketService:
    """Return the adapter of security incidents."""
    queue = ServiceNowQueue(instance.url, "sn_si_incident", states=STATES["sn_si_incident"])
    return ServiceNow(queue, instance.http, instance.store)


def test_a_security_incident_closes(instance: Outside) -> None:
    desk = security(instance)
    ticket = made(desk)
    assert ticket.key == "SIR0010001"
    assert desk.close(ticket.id, "done") == "done"
    assert only(instance)["state"] == "3"


def test_a_security_incident_that_needs_a_review_is_loud(instance: Outside) -> None:
    desk = security(instance)
    ticket = made(desk)
    instance.configure(review_first=True)
    answer = desk.close(ticket.id, "done")
    assert isinstance(answer, NotDone)
    assert "Business Rule" in answer.reason


OPERATIONS: list[Any] = [
    pytest.param(lambda desk, ticket: desk.update(ticket, GROWN), id="update"),
    pytest.param(lambda desk, ticket: desk.comment(ticket, SAID, KEY), id="comment"),
    pytest.param(lambda desk, ticket: desk.close(ticket, ""), id="close"),
    pytest.param(lambda desk, ticket: desk.reopen(ticket), id="reopen"),
]
Operation = Callable[[TicketService, str], Any]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_deleted_record_is_gone(instance: Outside, desk: TicketService, operation: Operation) -> None:
    ticket, other = made(desk), made(desk, claim="b" * 32)
    instance.act("delete", record=ticket.id)
    assert operation(desk, ticket.id) == "gone"
    assert desk.look([ticket.id]) == {}
    assert desk.look([ticket.id, other.id]) == {other.id: other}
    assert desk.find(CLAIM) == ()


@pytest.mark.parametrize(
    "operation", [*OPERATIONS, pytest.param(lambda desk, ticket: desk.look([ticket]), id="look")]
)
def test_a_table_that_may_not_be_read_leaves_no_record_gone(
    instance: Outside, desk: TicketService, operation: Operation
) -> None:
    ticket = made(desk)
    instance.configure(hidden=["incident"])
    assert isinstance(operation(desk, ticket.id), NotDone)
    instance.configure(hidden=[], filtered=["incident"])
    assert "sees no record" in operation(desk, ticket.id).reason


@pytest.mark.parametrize(
    "operation", [*OPERATIONS, pytest.param(lambda desk, _: desk.find(CLAIM), id="find")]
)
def test_a_sleeping_instance_does_nothing(
    instance: Outside, desk: TicketService, operation: Operation
) -> None:
    ticket = made(desk)
    instance.configure(sleeping=True)
    assert isinstance(operation(desk, ticket.id), NotDone)


def test_a_sleeping_instance_creates_nothing_that_we_believe_in(
    instance: Outside, desk: TicketService
) -> None:
    instance.configure(sleeping=True)
    answer = desk.create(DRAFT, CLAIM)
    assert isinstance(answer, Unknown)
    assert "hibernate" in answer.reason
    assert instance.stored()["records"] == []


def test_a_check_creates_nothing(instance: Outside, desk: ServiceNow) -> None:
    assert desk.check() == ()
    assert instance.stored()["records"] == []


def test_a_check_sees_that_queries_are_ignored(instance: Outside, desk: ServiceNow) -> None:
    made(desk)
    instance.configure(unsearched=["correlation_id", "correlation_display"])
    assert desk.check() == ("the instance does not search by correlation_id, or hides it",)


def test_a_check_says_what_is_wrong(instance: Outside, desk: ServiceNow) -> None:
    instance.configure(hidden=["incident"])
    refused = desk.check()
    assert isinstance(refused, NotDone)
    assert refused.status == 403
    instance.secrets.value = {**SECRET, "password": "wrong-password"}
    instance.clock.ahead = 400
    refused = desk.check()
    assert isinstance(refused, NotDone)
    assert "wrong or has expired" in refused.reason


def test_many_records_are_looked_at_in_parts(desk: TicketService) -> None:
    tickets = {made(desk, claim=f"{number:032x}").id for number in range(105)}
    looked = desk.look(tickets)
    assert not isinstance(looked, NotDone | Unknown)
    assert looked.keys() == tickets


NOT_DONE: list[Any] = [
    pytest.param(
        PeerFault("status", status=429, retry_after=17), 17.0, False, id="429 says when to try again"
    ),
    pytest.param(PeerFault("status", status=400), None, True, id="400"),
    pytest.param(PeerFault("status", status=403), None, False, id="403 can be mended without us"),
    pytest.param(PeerFault("html", status=403), None, False, id="a page of 403"),
    pytest.param(PeerFault("status", status=405), None, True, id="405"),
]
UNKNOWN: list[Any] = [
    pytest.param(PeerFault("reset"), 0, id="a reset before it was done"),
    pytest.param(PeerFault("reset", after=True), 1, id="a reset after it was done"),
    pytest.param(PeerFault("truncated"), 1, id="half an answer"),
    pytest.param(PeerFault("delay", seconds=1.0), 1, id="no answer in time"),
    pytest.param(PeerFault("status", status=500), 0, id="500"),
    pytest.param(PeerFault("status", status=503, retry_after=5), 0, id="503"),
    pytest.param(PeerFault("status", status=504, after=True), 1, id="504 after it was done"),
    pytest.param(PeerFault("html"), 0, id="a page of 200"),
    pytest.param(PeerFault("html", after=True), 1, id="a page of 200 after it was done"),
    pytest.param(PeerFault("status", status=200, after=True), 1, id="200 in place of 201"),
]


@pytest.mark.parametrize(("fault", "wait", "is_final"), NOT_DONE)
def test_what_is_certainly_not_done(
    instance: Outside, desk: TicketService, fault: PeerFault, wait: float | None, is_final: bool
) -> None:
    instance.control.fault(fault)
    answer = desk.create(DRAFT, CLAIM)
    assert isinstance(answer, NotDone)
    assert (answer.retry_after, answer.is_final) == (wait, is_final)
    assert instance.stored()["records"] == []


@pytest.mark.parametrize(("fault", "stored"), UNKNOWN)
def test_what_may_be_done(instance: Outside, desk: TicketService, fault: PeerFault, stored: int) -> None:
    instance.control.fault(fault)
    assert isinstance(desk.create(DRAFT, CLAIM), Unknown)
    assert len(instance.stored()["records"]) == stored
    found = desk.find(CLAIM)
    assert isinstance(found, tuple)
    assert len(found) == stored


@pytest.mark.parametrize("operation", OPERATIONS[:3])
def test_a_page_in_place_of_an_answer_is_no_success(
    instance: Outside, desk: TicketService, operation: Operation
) -> None:
    ticket = made(desk)
    instance.control.fault(PeerFault("html", method="PATCH"))
    assert isinstance(operation(desk, ticket.id), Unknown)
    assert only(instance)["history"] == ["created"]
    assert operation(desk, ticket.id) in ("done", ticket)


def test_the_limit_of_an_hour_says_when_the_next_begins(instance: Outside, desk: TicketService) -> None:
    instance.configure(hourly=1)
    made(desk)
    answer = desk.create(DRAFT, CLAIM)
    assert isinstance(answer, NotDone)
    assert answer.retry_after is not None
    assert 0 < answer.retry_after <= 3601
    instance.control.advance(answer.retry_after)
    made(desk)


def test_a_key_of_the_api_serves_too(instance: Outside) -> None:
    instance.secrets.value = {"api_key": "snow-key-0123456789"}
    made(ServiceNow(ServiceNowQueue(instance.url), instance.http, instance.store))


def test_a_refused_password_is_read_again_once(instance: Outside, desk: TicketService) -> None:
    made(desk)
    instance.configure(users={"hubtriage": "another-one"})
    instance.clock.ahead = 60
    refused = desk.create(DRAFT, CLAIM)
    assert isinstance(refused, NotDone)
    assert "wrong or has expired" in refused.reason
    instance.secrets.value = {**SECRET, "password": "another-one"}
    instance.clock.ahead = 120
    made(desk)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_record_shows_the_text_as_it_is(instance: Outside, desk: TicketService, text: str) -> None:
    draft = TicketDraft(
        text,
        (
            Paragraph((text, " and ", Link(text, "https://console.aws.example/"))),
            Bullets(((text,), ("x", text))),
        ),
        "HIGH",
    )
    ticket = made(desk, draft)
    assert desk.update(ticket.id, draft) == ticket
    assert desk.comment(ticket.id, draft.text, KEY) == "done"
    record = only(instance)
    [note] = record["notes"]
    assert note["live"] == []
    assert note["shown"] == f"{record['description']}\nhubtriage {KEY}"
    assert len(record["short_description"]) <= 160
    if len(text) <= 4_000:
        literal = seen(text).replace("[code]", "(code]").replace("[/code]", "(/code]")
        literal = literal.replace("[ CODE ]", "( CODE ]").replace("[/Code]", "(/Code]")
        assert record["description"].count(literal) >= 4
    else:
        assert record["description"].endswith(CUT)


def test_what_a_record_shows_is_the_plain_text(instance: Outside, desk: TicketService) -> None:
    text = (
        Paragraph(("Open: ", Link("bucket", "https://console.aws.example/b"), ".")),
        Bullets((("one",), ("two",))),
    )
    made(desk, TicketDraft("x", text, "LOW"))
    assert only(instance)["description"] == plain(text)


def test_no_error_of_the_instance_shows_a_secret(instance: Outside, desk: TicketService) -> None:
    instance.secrets.value = {**SECRET, "password": "wrong-password"}
    assert "wrong-password" not in repr(desk.create(DRAFT, CLAIM))
    bad = ServiceNow(ServiceNowQueue("https://u:snow-password-0123456789@x"), instance.http, instance.store)
    assert "snow-password" not in repr(bad.create(DRAFT, CLAIM))


@pytest.mark.parametrize("claim", ["", "a^state=1", "a b", "ä", "a" * 101])
def test_a_claim_key_has_letters_and_digits(desk: TicketService, claim: str) -> None:
    with pytest.raises(ValueError, match="claim key"):
        desk.find(claim)
