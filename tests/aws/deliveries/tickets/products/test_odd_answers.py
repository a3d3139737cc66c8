"""Whatever JSON a service answers, an adapter returns a ticket or a refusal, and raises nothing."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.aws.deliveries.http import Done, HttpClient, NotDone, Request, Unknown
from hubtriage.aws.deliveries.secrets import SecretStore
from hubtriage.aws.deliveries.tickets.products.kinds import product
from hubtriage.aws.deliveries.tickets.service import Paragraph, Ticket, TicketDraft
from tests.support.examples import examples
from tests.support.outside_services import CLAIM, KEY, Secrets, SetClock

ID = {"jira": "10001", "servicenow": "0123456789abcdef0123456789abcdef"}
DRAFT = TicketDraft("x", (Paragraph(("y",)),), "HIGH")
WORDS = (
    "id key fields status statusCategory name resolution issues transitions to isAvailable required "
    "properties hubtriage claim comments body content text errors errorMessages permissions "
    "TRANSITION_ISSUES result sys_id number state close_code correlation_id correlation_display "
    "work_notes error message detail allowedValues baseUrl issueTypes fieldId"
)
NAMES = WORDS.split()
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from(
        ["", "done", "new", "10001", "SEC-1", "6", "1", CLAIM, KEY, "hubtriage", "Task", *ID.values()]
    ),
    st.text(max_size=5),
)
JSON = st.recursive(
    VALUES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=6)
    ),
    max_leaves=25,
)
STATUS = st.sampled_from([200, 201, 204, 400, 401, 403, 404, 409, 429, 500])
ISSUE = st.fixed_dictionaries(
    {"id": st.just("10001"), "key": st.just("SEC-1")},
    optional={"fields": JSON, "properties": JSON},
)
ROW = st.fixed_dictionaries(
    {
        "sys_id": st.just(ID["servicenow"]),
        "number": st.just("INC1"),
        "state": st.sampled_from(["1", "6", "7"]),
    },
    optional={"work_notes": JSON, "close_code": JSON, "correlation_id": JSON, "description": JSON},
)
NEARLY = st.one_of(
    ISSUE,
    st.fixed_dictionaries({"issues": st.lists(ISSUE, max_size=2)}),
    st.fixed_dictionaries({"transitions": st.lists(JSON, max_size=3)}),
    st.fixed_dictionaries({"result": st.one_of(ROW, st.lists(ROW, max_size=2), JSON)}),
)
ANSWERS = st.lists(st.tuples(STATUS, st.one_of(JSON, NEARLY)), min_size=1, max_size=6)


class Scripted(HttpClient):
    """Answers what it is told, again from the beginning when that is over."""

    def __init__(self, answers: list[tuple[int, Any]]) -> None:
        super().__init__()
        self.answers, self.count = answers, 0

    def send(self, request: Request) -> Done | NotDone | Unknown:
        """Return the next answer."""
        assert request.url.startswith("https://acme.example/")
        status, value = self.answers[self.count % len(self.answers)]
        self.count += 1
        body = json.dumps(value).encode()
        if status < 300:
            return Done(status, {}, body)
        if status < 500:
            return NotDone(f"HTTP {status}", status != 409, None, status, {}, body)
        return Unknown(f"HTTP {status}", None, status)


def scripted(kind: str, answers: list[tuple[int, Any]]) -> Any:
    """A service that answers what it is told."""
    secret = {"email": "a", "token": "b", "user": "c", "password": "d"}
    store = SecretStore(Secrets(secret), "name", SetClock())
    queue = {"kind": kind, "url": "https://acme.example", "project": "SEC"}
    return product(queue, Scripted(answers), store).service


OPERATIONS: dict[str, Callable[[Any, str], Any]] = {
    "find": lambda service, _: service.find(CLAIM),
    "create": lambda service, _: service.create(DRAFT, CLAIM),
    "update": lambda service, ticket: service.update(ticket, DRAFT),
    "comment": lambda service, ticket: service.comment(ticket, DRAFT.text, KEY),
    "close": lambda service, ticket: service.close(ticket, "done"),
    "reopen": lambda service, ticket: service.reopen(ticket),
    "look": lambda service, ticket: service.look([ticket]),
    "check": lambda service, _: service.check(),
}


@pytest.mark.parametrize("key", ["SEC-1" * 100_000, "SEC-1\nrules:", ""])
@pytest.mark.parametrize("kind", ["jira", "servicenow"])
def test_a_key_that_is_long_or_odd_makes_no_ticket(kind: str, key: str) -> None:
    answer = _answer(key, "Done")
    made = scripted(kind, [(201, answer | {"result": answer["result"][0]})]).create(DRAFT, CLAIM)
    assert isinstance(made, Unknown)
    assert isinstance(scripted(kind, [(200, answer)]).look([ID[kind]]), NotDone)


@pytest.mark.parametrize("kind", ["jira", "servicenow"])
def test_how_a_ticket_ended_is_kept_as_a_short_line(kind: str) -> None:
    looked = scripted(kind, [(200, _answer("SEC-1", "Won't Do\n" + "x" * 500_000))]).look([ID[kind]])
    assert isinstance(looked, dict)
    resolution = looked[ID[kind]].resolution
    assert resolution.startswith("Won't Do x")
    assert len(resolution) <= 100


def _answer(key: str, end: str) -> dict[str, Any]:
    """An answer of either service that holds one closed ticket."""
    status = {"statusCategory": {"key": "done"}}
    fields = {"status": status, "resolution": {"name": end}}
    issue = {"id": "10001", "key": key, "fields": fields, "properties": {"hubtriage": {"claim": CLAIM}}}
    row = {"sys_id": ID["servicenow"], "number": key, "state": "6", "close_code": end}
    return {**issue, "issues": [issue], "result": [row]}


@pytest.mark.parametrize("kind", ["jira", "servicenow"])
@pytest.mark.parametrize("operation", OPERATIONS)
@examples(12)
@given(answers=ANSWERS)
def test_an_odd_answer_raises_nothing(kind: str, operation: str, answers: list[tuple[int, Any]]) -> None:
    service = scripted(kind, answers)
    got = OPERATIONS[operation](service, ID[kind])
    assert isinstance(got, Ticket | NotDone | Unknown | tuple | dict) or got in ("done", "gone", "forbidden")
    if isinstance(got, Ticket):
        assert isinstance(got.id, str)
        assert isinstance(got.key, str)
        assert isinstance(got.is_closed, bool)
        assert got.resolution is None or isinstance(got.resolution, str)
