"""Jira over HTTP: each operation, each fault, each workflow; what a ticket shows is the literal text."""

import base64
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hubtriage.aws.deliveries.http import Done, NotDone, Request, Unknown
from hubtriage.aws.deliveries.tickets.products.jira import Jira, JiraQueue
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
from hubtriage.localaws.peers.jira.peer import JiraPeer
from hubtriage.localaws.peers.peer import PeerAnswer, PeerRequest
from tests.support.hostile_texts import HOSTILE, seen
from tests.support.outside_services import CLAIM, KEY, Outside, outside

SECRET = {"email": "bot@acme.example", "token": "jira-token-0123456789"}
DRAFT = TicketDraft("S3 buckets are public (account 1)", (Paragraph(("2 findings are open.",)),), "HIGH")
GROWN = TicketDraft("S3 buckets are public (account 1)", (Paragraph(("3 findings are open.",)),), "HIGH")
SAID = (Paragraph(("A finding came back.",)),)


@pytest.fixture
def site() -> Iterator[Outside]:
    """Return a site of Jira."""
    with outside(JiraPeer, SECRET) as site:
        yield site


@pytest.fixture
def jira(site: Outside) -> Jira:
    """Return the adapter of its project SEC."""
    return Jira(JiraQueue(site.url, "SEC"), site.http, site.store)


def made(service: TicketService, draft: TicketDraft = DRAFT, claim: str = CLAIM) -> Ticket:
    """Return a new ticket."""
    ticket = service.create(draft, claim)
    assert isinstance(ticket, Ticket), ticket
    return ticket


def only(site: Outside) -> dict[str, Any]:
    """Return the only issue of the site."""
    [issue] = site.stored()["issues"]
    return dict(issue)


def test_a_ticket_is_created_with_one_request(site: Outside, jira: TicketService) -> None:
    ticket = made(jira)
    issue = only(site)
    assert site.methods() == ["POST"]
    assert ticket == Ticket(issue["id"], "SEC-1", f"{site.url}/browse/SEC-1", is_closed=False)
    assert (issue["summary"], issue["shown"]) == (DRAFT.summary, "2 findings are open.")
    assert issue["labels"] == ["hubtriage", f"hubtriage-{CLAIM}"]
    assert issue["properties"] == {"hubtriage": {"claim": CLAIM}}


def test_a_ticket_is_found_by_its_claim_once_the_index_has_it(site: Outside, jira: TicketService) -> None:
    site.configure(search_lag=300.0)
    ticket = made(jira)
    assert jira.find(CLAIM) == ()
    site.control.advance(301)
    assert jira.find(CLAIM) == (ticket,)
    assert jira.find("f" * 32) == ()


def test_two_tickets_of_a_claim_are_found_the_older_first(jira: TicketService) -> None:
    first, second = made(jira), made(jira)
    assert jira.find(CLAIM) == (first, second)


def test_a_copied_label_is_no_claim(site: Outside, jira: TicketService) -> None:
    other = made(jira, claim="f" * 32)
    site.act("label", issue=other.id, labels=[f"hubtriage-{CLAIM}"])
    assert jira.find(CLAIM) == ()


def test_a_ticket_is_found_although_it_was_moved_and_closed(site: Outside, jira: TicketService) -> None:
    ticket = made(jira)
    site.configure(projects={"SEC": {}, "OPS": {}})
    site.act("move", issue=ticket.id, project="OPS")
    site.act("close", issue=ticket.id, resolution="Won't Do")
    moved = Ticket(ticket.id, "OPS-1", f"{site.url}/browse/OPS-1", is_closed=True, resolution="Won't Do")
    assert jira.find(CLAIM) == (moved,)
    assert jira.look([ticket.id]) == {ticket.id: moved}


def test_an_update_overwrites_what_the_ticket_shows_and_nothing_else(
    site: Outside, jira: TicketService
) -> None:
    ticket = made(jira)
    site.act("write", issue=ticket.id, fields={"summary": "mine", "assignee": {"id": "someone"}})
    assert jira.update(ticket.id, GROWN) == ticket
    issue = only(site)
    assert (issue["summary"], issue["shown"]) == (GROWN.summary, "3 findings are open.")
    assert issue["fields"]["assignee"] == {"id": "someone"}


def test_an_update_reports_that_a_person_closed_the_ticket(site: Outside, jira: TicketService) -> None:
    ticket = made(jira)
    site.act("close", issue=ticket.id, resolution="Won't Do")
    updated = jira.update(ticket.id, GROWN)
    assert isinstance(updated, Ticket)
    assert (updated.is_closed, updated.resolution) == (True, "Won't Do")


def test_a_comment_is_added_once_for_its_key(site: Outside, jira: TicketService) -> None:
    ticket = made(jira)
    site.control.fault(PeerFault("reset", method="POST", path="/comment$", after=True))
    assert isinstance(jira.comment(ticket.id, SAID, KEY), Unknown)
    assert jira.comment(ticket.id, SAID, KEY) == "done"
    assert jira.comment(ticket.id, SAID, "0" * 32) == "done"
    shown = [comment["shown"] for comment in only(site)["comments"]]
    assert shown == [f"A finding came back.\nhubtriage {KEY}", f"A finding came back.\nhubtriage {'0' * 32}"]


def test_a_comment_in_a_project_for_customers_is_internal(site: Outside, jira: TicketService) -> None:
    jira.comment(made(jira).id, SAID, KEY)
    [sent] = [each for each in site.control.journal() if each["target"].endswith("/comment")]
    assert '"sd.public.comment", "value": {"internal": true}' in sent["body"]


def test_a_ticket_closes_and_opens_again(site: Outside, jira: TicketService) -> None:
    ticket = made(jira)
    assert jira.close(ticket.id, "All findings are done.") == "done"
    assert (only(site)["status"], only(site)["resolution"]) == ("Done", "Done")
    assert jira.reopen(ticket.id) == "done"
    assert (only(site)["category"], only(site)["resolution"]) == ("new", None)


def test_what_is_there_already_is_not_done_again(site: Outside, jira: TicketService) -> None:
    ticket = made(jira)
    assert jira.reopen(ticket.id) == "done"
    site.act("close", issue=ticket.id, resolution="Won't Do")
    assert jira.close(ticket.id, "") == "done"
    assert only(site)["resolution"] == "Won't Do"
    assert not [each for each in site.control.journal() if each["target"].endswith("/transitions")]


def in_workflow(site: Outside, name: str, **queue: str) -> tuple[TicketService, Ticket]:
    """Return the adapter of a project with a workflow, and a ticket of it."""
    site.configure(projects={"SEC": {"workflow": name}})
    service = Jira(JiraQueue(site.url, "SEC", **queue), site.http, site.store)
    return service, made(service)


@pytest.mark.parametrize(
    ("workflow", "queue", "status", "resolution"),
    [
        pytest.param(
            "resolution", {}, "Done", "Done", id="a screen that requires a resolution gets a usual one"
        ),
        pytest.param(
            "resolution", {"resolution": "duplicate"}, "Done", "Duplicate", id="or the one that is set"
        ),
        pytest.param("two-ends", {}, "Fixed", "Fixed", id="of two ends the usual one is taken"),
        pytest.param("two-ends", {"close": "reject"}, "Rejected", "Won't Do", id="or the one that is set"),
    ],
)
def test_closing_in_a_workflow(
    site: Outside, workflow: str, queue: dict[str, str], status: str, resolution: str
) -> None:
    service, ticket = in_workflow(site, workflow, **queue)
    assert service.close(ticket.id, "") == "done"
    assert (only(site)["status"], only(site)["resolution"]) == (status, resolution)
    assert service.reopen(ticket.id) == "done"


@pytest.mark.parametrize(
    ("workflow", "queue", "reason"),
    [
        pytest.param("long", {}, "no transition leads from the issue's status", id="no way leads to an end"),
        pytest.param("simple", {"close": "Archive"}, "named Archive", id="the way that is set is not there"),
        pytest.param(
            "mandatory", {}, "requires customfield_10060", id="a field is required that we do not know"
        ),
        pytest.param(
            "odd-ends", {}, "set close-transition to one of Postpone, Reject", id="several ends that say more"
        ),
        pytest.param("validator", {}, "customfield_10050 must be set", id="a validator refuses"),
        pytest.param(
            "resolution", {"resolution": "Nope"}, "set resolution", id="a resolution that is not there"
        ),
    ],
)
def test_a_workflow_that_lets_no_ticket_close_is_loud(
    site: Outside, workflow: str, queue: dict[str, str], reason: str
) -> None:
    service, ticket = in_workflow(site, workflow, **queue)
    answer = service.close(ticket.id, "")
    assert isinstance(answer, NotDone)
    assert answer.is_final
    assert reason in answer.reason
    assert only(site)["category"] != "done"


def test_no_way_out_of_closed_is_forbidden_to_reopen(site: Outside) -> None:
    service, ticket = in_workflow(site, "one-way")
    assert service.close(ticket.id, "") == "done"
    assert service.reopen(ticket.id) == "forbidden"


def test_without_the_permission_to_move_issues_nothing_is_forbidden_for_ever(
    site: Outside, jira: TicketService
) -> None:
    ticket = made(jira)
    site.act("close", issue=ticket.id)
    site.configure(permissions=["browse", "create", "edit", "comment"])
    answer = jira.reopen(ticket.id)
    assert isinstance(answer, NotDone)
    assert "Transition Issues" in answer.reason


OPERATIONS: list[Any] = [
    pytest.param(lambda jira, ticket: jira.update(ticket, GROWN), id="update"),
    pytest.param(lambda jira, ticket: jira.comment(ticket, SAID, KEY), id="comment"),
    pytest.param(lambda jira, ticket: jira.close(ticket, ""), id="close"),
    pytest.param(lambda jira, ticket: jira.reopen(ticket), id="reopen"),
]
Operation = Callable[[TicketService, str], Any]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_deleted_ticket_is_gone(site: Outside, jira: TicketService, operation: Operation) -> None:
    ticket = made(jira)
    site.act("delete", issue=ticket.id)
    assert operation(jira, ticket.id) == "gone"
    assert jira.look([ticket.id]) == {}
    assert jira.find(CLAIM) == ()


@pytest.mark.parametrize(
    "operation", [*OPERATIONS, pytest.param(lambda jira, ticket: jira.look([ticket]), id="look")]
)
def test_a_ticket_that_may_not_be_seen_is_not_gone(
    site: Outside, jira: TicketService, operation: Operation
) -> None:
    ticket = made(jira)
    site.configure(permissions=[])
    answer = operation(jira, ticket.id)
    assert isinstance(answer, NotDone)
    assert "cannot see the project SEC" in answer.reason


def test_an_issue_that_has_the_id_of_ours_and_not_our_property_is_another(site: Outside, jira: Jira) -> None:
    ticket, other = made(jira), made(jira, claim="b" * 32)
    pair = base64.b64encode(f"{SECRET['email']}:{SECRET['token']}".encode()).decode()
    url = f"{site.url}/rest/api/3/issue/{ticket.id}/properties/hubtriage"
    foreign = Request.with_json("PUT", url, {"Authorization": f"Basic {pair}"}, {"of": "another program"})
    assert isinstance(site.http.send(foreign), Done)
    assert jira.look([ticket.id, other.id]) == {other.id: other}


def test_many_tickets_are_looked_at_in_parts(site: Outside, jira: TicketService) -> None:
    site.configure(burst=1000)
    tickets = {made(jira, claim=f"{number:032x}").id for number in range(105)}
    looked = jira.look(tickets)
    assert not isinstance(looked, NotDone | Unknown)
    assert looked.keys() == tickets


NOT_DONE: list[Any] = [
    pytest.param(
        PeerFault("status", status=429, retry_after=17), 17.0, False, id="429 says when to try again"
    ),
    pytest.param(PeerFault("status", status=400), None, True, id="400"),
    pytest.param(PeerFault("status", status=403), None, False, id="403 can be mended without us"),
    pytest.param(PeerFault("status", status=409), None, False, id="409"),
    pytest.param(PeerFault("status", status=413), None, True, id="413"),
    pytest.param(PeerFault("status", status=422), None, True, id="422"),
    pytest.param(PeerFault("html", status=403), None, False, id="a page of 403"),
    pytest.param(PeerFault("html", status=302), None, True, id="a redirect is not followed"),
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
]


@pytest.mark.parametrize(("fault", "wait", "is_final"), NOT_DONE)
def test_what_is_certainly_not_done(
    site: Outside, jira: TicketService, fault: PeerFault, wait: float | None, is_final: bool
) -> None:
    site.control.fault(fault)
    answer = jira.create(DRAFT, CLAIM)
    assert isinstance(answer, NotDone)
    assert (answer.retry_after, answer.is_final) == (wait, is_final)
    assert site.stored()["issues"] == []


@pytest.mark.parametrize(("fault", "stored"), UNKNOWN)
def test_what_may_be_done(site: Outside, jira: TicketService, fault: PeerFault, stored: int) -> None:
    site.control.fault(fault)
    assert isinstance(jira.create(DRAFT, CLAIM), Unknown)
    assert len(site.stored()["issues"]) == stored
    found = jira.find(CLAIM)
    assert isinstance(found, tuple)
    assert len(found) == stored


@pytest.mark.parametrize(
    "fault", [*(pytest.param(*each.values[:1], id=each.id) for each in NOT_DONE + UNKNOWN)]
)
def test_a_question_without_an_answer_is_refused(
    site: Outside, jira: TicketService, fault: PeerFault
) -> None:
    ticket = made(jira)
    site.control.fault(fault)
    assert isinstance(jira.look([ticket.id]), NotDone)
    site.control.fault(fault)
    assert isinstance(jira.find(CLAIM), NotDone)


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        pytest.param("PUT", "", lambda jira, ticket: jira.update(ticket, GROWN), id="update"),
        pytest.param("POST", "/comment$", lambda jira, ticket: jira.comment(ticket, SAID, KEY), id="comment"),
        pytest.param("POST", "/transitions$", lambda jira, ticket: jira.close(ticket, ""), id="close"),
    ],
)
def test_a_page_in_place_of_an_answer_is_no_success(
    site: Outside, jira: TicketService, method: str, path: str, operation: Operation
) -> None:
    ticket = made(jira)
    site.control.fault(PeerFault("html", method=method, path=path))
    assert isinstance(operation(jira, ticket.id), Unknown | NotDone)
    assert only(site)["history"] == ["created"]
    assert operation(jira, ticket.id) in ("done", ticket)


@pytest.mark.parametrize("operation", [OPERATIONS[0], OPERATIONS[2]])
def test_what_cannot_be_looked_at_after_a_change_may_be_done(
    site: Outside, jira: TicketService, operation: Operation
) -> None:
    ticket = made(jira)
    looks_before = 1 if operation is OPERATIONS[2].values[0] else 0
    site.control.fault(
        PeerFault("status", status=403, method="GET", path="/issue/[0-9]+$", skip=looks_before)
    )
    assert isinstance(operation(jira, ticket.id), Unknown)
    assert len(only(site)["history"]) == 2


def test_the_limit_of_writes_to_one_issue_is_kept_to(site: Outside, jira: TicketService) -> None:
    ticket = made(jira)
    answers = [jira.update(ticket.id, DRAFT) for _ in range(21)]
    assert isinstance(answers[-1], NotDone)
    assert answers[-1].retry_after is not None
    assert answers[:-1] == [ticket] * 20


def test_the_limit_of_comments_ends_comments(site: Outside, jira: TicketService) -> None:
    site.configure(comment_limit=0)
    answer = jira.comment(made(jira).id, SAID, KEY)
    assert isinstance(answer, NotDone)
    assert answer.status == 413


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        pytest.param(
            {"required": ["duedate"]}, "duedate: duedate is required", id="a field that is required"
        ),
        pytest.param(
            {"fields": ["project", "issuetype", "summary"]}, "labels: Field 'labels'", id="no labels"
        ),
        pytest.param({"types": ["Bug"]}, "issuetype: Specify a valid", id="no such type of issue"),
    ],
)
def test_what_the_project_does_not_take_is_named(
    site: Outside, jira: TicketService, settings: dict[str, Any], reason: str
) -> None:
    site.configure(projects={"SEC": settings})
    answer = jira.create(DRAFT, CLAIM)
    assert isinstance(answer, NotDone)
    assert answer.is_final
    assert reason in answer.reason


def test_a_refused_token_is_read_again_once(site: Outside, jira: TicketService) -> None:
    made(jira)
    site.configure(accounts={SECRET["email"]: "a-new-token-98765"})
    site.clock.ahead = 60
    refused = jira.create(DRAFT, CLAIM)
    assert isinstance(refused, NotDone)
    assert "has expired" in refused.reason
    assert not refused.is_final
    site.secrets.value = {**SECRET, "token": " a-new-token-98765\n"}
    site.clock.ahead = 120
    made(jira)
    assert site.secrets.reads == 3


def test_a_token_with_scopes_needs_the_address_of_the_gateway(site: Outside, jira: TicketService) -> None:
    site.configure(scoped=True, cloud_id="11223344-a1b2")
    refused = jira.create(DRAFT, CLAIM)
    assert isinstance(refused, NotDone)
    assert "https://api.atlassian.com/ex/jira/CLOUD_ID" in refused.reason
    scoped = Jira(JiraQueue(f"{site.url}/ex/jira/11223344-a1b2", "SEC"), site.http, site.store)
    assert made(scoped).url == "https://acme.atlassian.net/browse/SEC-1"


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"email": "bot@acme.example"}, id="no token"),
        pytest.param({"email": "bot@acme.example", "token": 5}, id="a token that is no text"),
        pytest.param("jira-token-0123456789", id="no JSON"),
        pytest.param(["jira-token-0123456789"], id="no object"),
    ],
)
def test_a_secret_that_cannot_be_used_is_named_and_not_shown(
    site: Outside, jira: TicketService, value: object
) -> None:
    site.secrets.value = value
    answer = jira.create(DRAFT, CLAIM)
    assert isinstance(answer, NotDone)
    assert "hubtriage/peer" in answer.reason
    assert "jira-token" not in repr(answer)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_ticket_shows_the_text_as_it_is(site: Outside, jira: TicketService, text: str) -> None:
    draft = TicketDraft(
        text,
        (
            Paragraph((text, " and ", Link(text, "https://console.aws.example/x?y=z"))),
            Bullets(((text,), (Link("evil", "javascript:alert(1)"), text))),
        ),
        "HIGH",
    )
    ticket = made(jira, draft)
    assert jira.update(ticket.id, draft) == ticket
    assert jira.comment(ticket.id, draft.text, KEY) == "done"
    issue = only(site)
    assert set(issue["live"]) <= {"https://console.aws.example/x?y=z"}
    assert set(issue["comments"][0]["live"]) <= {"https://console.aws.example/x?y=z"}
    assert seen(text) in issue["summary"] or issue["summary"].endswith("…") or not seen(text).strip()
    assert len(issue["summary"]) <= 255
    if len(text) < 4_000:
        assert seen(text) in issue["shown"]
        assert issue["shown"].count(seen(text)) >= 4 or not text
    else:
        assert issue["shown"].endswith(CUT)


def test_a_formula_in_the_title_is_text_to_a_spreadsheet(site: Outside, jira: TicketService) -> None:
    made(jira, TicketDraft("=1+1 (account 1)", SAID, "LOW"))
    assert only(site)["summary"] == "'=1+1 (account 1)"


def test_what_a_ticket_shows_is_the_plain_text(site: Outside, jira: TicketService) -> None:
    text = (
        Paragraph(("Open: ", Link("bucket", "https://console.aws.example/b"), ".")),
        Bullets((("one",), ("two ", Link("three", "https://console.aws.example/3")))),
    )
    made(jira, TicketDraft("x", text, "LOW"))
    lines = [line.removeprefix("- ") for line in plain(text).splitlines()]
    shown = "\n".join(lines).replace(" (https://console.aws.example/b)", "")
    assert only(site)["shown"] == shown.replace(" (https://console.aws.example/3)", "")
    assert only(site)["live"] == ["https://console.aws.example/b", "https://console.aws.example/3"]


def test_no_error_of_the_service_shows_a_secret(site: Outside, jira: TicketService) -> None:
    site.configure(projects={"SEC": {"types": []}})
    draft = TicketDraft("x", SAID, "LOW")
    queue = JiraQueue(site.url, "SEC", SECRET["token"])
    answers = [
        jira.create(draft, CLAIM),
        Jira(queue, site.http, site.store).create(draft, CLAIM),
        Jira(JiraQueue("https://user:jira-token-0123456789@x", "SEC"), site.http, site.store).find(CLAIM),
        Jira(JiraQueue("http://example.com/jira-token-0123456789", "SEC"), site.http, site.store).find(CLAIM),
        Jira(JiraQueue("http://127.0.0.1:1/jira-token-0123456789", "SEC"), site.http, site.store).find(CLAIM),
    ]
    for answer in answers:
        assert isinstance(answer, NotDone)
        assert "jira-token" not in f"{answer!r} {answer}"


def test_a_project_that_takes_tickets_has_no_objection(site: Outside, jira: Jira) -> None:
    assert jira.check() == ()
    assert site.stored()["issues"] == []


@pytest.mark.parametrize(
    ("settings", "objection"),
    [
        pytest.param({"projects": {"OPS": {}}}, "there is no project SEC", id="no such project"),
        pytest.param({"permissions": []}, "there is no project SEC", id="no right to see it"),
        pytest.param(
            {"projects": {"SEC": {"types": ["Bug", "Epic"]}}}, "one of Bug, Epic", id="no such type"
        ),
        pytest.param(
            {"projects": {"SEC": {"fields": ["project", "issuetype", "summary"]}}},
            "lacks description, labels",
            id="no labels on the screen",
        ),
        pytest.param(
            {"projects": {"SEC": {"required": ["duedate", "summary"]}}},
            "requires duedate (duedate)",
            id="a required field",
        ),
        pytest.param(
            {"permissions": ["browse", "create"]},
            "lacks permissions: edit issues, add comments, transition issues",
            id="permissions",
        ),
    ],
)
def test_what_keeps_tickets_from_being_opened_is_said(
    site: Outside, jira: Jira, settings: dict[str, Any], objection: str
) -> None:
    site.configure(**settings)
    objections = jira.check()
    assert isinstance(objections, tuple)
    assert len(objections) == 1
    assert objection in objections[0]


def test_a_check_with_a_wrong_token_is_refused(site: Outside, jira: Jira) -> None:
    site.secrets.value = {**SECRET, "token": "wrong-token"}
    refused = jira.check()
    assert isinstance(refused, NotDone)
    assert refused.is_unauthorized


class Echo:
    """A service that repeats what it is sent."""

    def answer(self, request: PeerRequest) -> PeerAnswer:
        """Refuse with the credentials in the error."""
        return PeerAnswer.json(400, {"errorMessages": [f"you sent {dict(request.headers)}", SECRET["token"]]})

    def stored(self) -> dict[str, Any]:
        """Hold nothing."""
        return {}

    def act(self, act: str, given: Any) -> Any:
        """Do nothing."""

    def configure(self, changes: Any) -> None:
        """Have no settings."""


def test_a_service_that_repeats_the_credentials_shows_none() -> None:
    with outside(lambda _: Echo(), SECRET) as echo:
        answer = Jira(JiraQueue(echo.url, "SEC"), echo.http, echo.store).create(DRAFT, CLAIM)
    assert isinstance(answer, NotDone)
    assert "you sent" in answer.reason
    assert "(secret)" in answer.reason
    assert SECRET["token"] not in answer.reason
    assert base64.b64encode(b"bot@acme.example:jira-token").decode()[:30] not in answer.reason


def test_the_resolution_of_an_open_ticket_counts_for_nothing(site: Outside) -> None:
    service, ticket = in_workflow(site, "keeps-resolution")
    service.close(ticket.id, "")
    assert service.reopen(ticket.id) == "done"
    assert only(site)["resolution"] == "Done"
    assert service.look([ticket.id]) == {ticket.id: ticket}


@pytest.mark.parametrize("claim", ["", 'a" OR project = "HR', "a b", "ä"])
def test_a_claim_key_has_letters_and_digits(jira: TicketService, claim: str) -> None:
    with pytest.raises(ValueError, match="claim key"):
        jira.find(claim)
