"""The double of ServiceNow behaves as it is documented, so that what passes here may pass there."""

import base64
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from hubtriage.localaws.peers.peer import PeerAnswer, PeerError, PeerRequest
from hubtriage.localaws.peers.server import PeerClock
from hubtriage.localaws.peers.servicenow.peer import ServiceNowPeer
from hubtriage.localaws.peers.servicenow.settings import ServiceNowSettings

KEY = {"x-sn-apikey": "snow-key-0123456789"}


class Instance:
    """An instance, asked without HTTP."""

    def __init__(self, **settings: Any) -> None:
        self.clock = PeerClock()
        self.peer = ServiceNowPeer(self.clock, ServiceNowSettings(**settings))

    def ask(
        self,
        method: str,
        path: str = "",
        body: object = None,
        headers: dict[str, str] | None = None,
        **query: str,
    ) -> PeerAnswer:
        """Return the answer to a request about incidents, or another path."""
        target = path if path.startswith("/api") else f"/api/now/table/incident{path}"
        given = {"Content-Type": "application/json", **(KEY if headers is None else headers)}
        sent = b"" if body is None else json.dumps(body).encode()
        return self.peer.answer(PeerRequest.of(method, f"{target}?{urlencode(query)}", given, sent))

    def create(self, **values: Any) -> dict[str, Any]:
        """Create an incident and return it."""
        answer = self.ask("POST", body=values)
        assert answer.status == 201, answer.body
        return result(answer)

    def found(self, query: str) -> list[str]:
        """Return the numbers of the incidents that a query finds."""
        answer = self.ask("GET", sysparm_query=query)
        return [row["number"] for row in json.loads(answer.body)["result"]]


def result(answer: PeerAnswer) -> dict[str, Any]:
    """Return the record of an answer."""
    value: dict[str, Any] = json.loads(answer.body)["result"]
    return value


def basic(user: str, password: str) -> dict[str, str]:
    """Return the header of a user."""
    return {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param(KEY, 200, id="an API key"),
        pytest.param(basic("hubtriage", "snow-password-0123456789"), 200, id="a password"),
        pytest.param(basic("hubtriage", "wrong"), 401, id="a wrong password"),
        pytest.param({"x-sn-apikey": "wrong"}, 401, id="a wrong key"),
        pytest.param({}, 401, id="nothing"),
    ],
)
def test_who_may_ask(headers: dict[str, str], status: int) -> None:
    answer = Instance().ask("GET", headers=headers)
    assert answer.status == status
    assert status == 200 or json.loads(answer.body)["status"] == "failure"


def test_every_value_is_a_text_and_priority_is_computed() -> None:
    record = Instance().create(short_description="x", impact=1, urgency=1, priority="5", active=False)
    assert all(isinstance(value, str) for value in record.values())
    assert (record["priority"], record["active"], record["state"]) == ("1", "true", "1")


def test_a_short_column_is_cut_and_a_long_one_keeps_everything() -> None:
    record = Instance().create(
        short_description="a" * 200, correlation_id="b" * 200, description="c" * 30_000
    )
    assert [len(record[name]) for name in ("short_description", "correlation_id", "description")] == [
        160,
        100,
        30_000,
    ]


def test_fields_that_may_not_be_written_are_dropped_without_a_word() -> None:
    record = Instance(unwritable=("correlation_id",)).create(correlation_id="x", nothing="y", number="INC9")
    assert (record["correlation_id"], record["number"]) == ("", "INC0010001")
    assert "nothing" not in record


@pytest.mark.parametrize(
    ("query", "count"),
    [
        pytest.param("correlation_id=one", 1, id="a column"),
        pytest.param("corelation_id=one", 3, id="an unknown column is ignored"),
        pytest.param("corelation_id=one^correlation_id=two", 1, id="and only that"),
        pytest.param("correlation_id=one^ORcorrelation_id=two", 2, id="or"),
        pytest.param("correlation_idINone,two", 2, id="one of several"),
        pytest.param("correlation_id=a^^b", 1, id="a doubled caret"),
        pytest.param("correlation_id=a^b", 0, id="a caret that is not doubled"),
        pytest.param("ORDERBYDESCnumber", 3, id="an order alone"),
        pytest.param("", 3, id="nothing"),
    ],
)
def test_queries(query: str, count: int) -> None:
    instance = Instance()
    for claim in ("one", "two", "a^b"):
        instance.create(correlation_id=claim)
    assert len(instance.found(query)) == count


def test_an_instance_may_be_strict_with_queries() -> None:
    instance = Instance(strict_queries=True)
    instance.create(correlation_id="one")
    assert instance.found("corelation_id=one") == []


def test_a_correlation_id_is_not_unique() -> None:
    instance = Instance()
    assert [instance.create(correlation_id="one")["number"] for _ in range(2)] == ["INC0010001", "INC0010002"]
    assert instance.found("correlation_id=one^ORDERBYDESCnumber") == ["INC0010002", "INC0010001"]


def test_a_sleeping_instance_answers_a_page_and_creates_nothing() -> None:
    instance = Instance(sleeping=True)
    answer = instance.ask("POST", body={"short_description": "x"})
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html;charset=UTF-8")
    assert instance.peer.stored() == {"records": []}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        pytest.param({"state": "6"}, 403, id="resolving needs code and notes"),
        pytest.param({"state": "6", "close_code": "x"}, 403, id="both of them"),
        pytest.param({"state": "6", "close_code": "x", "close_notes": "y"}, 200, id="with both"),
        pytest.param(
            {"state": "7", "close_code": "x", "close_notes": "y"}, 403, id="closing is for administrators"
        ),
        pytest.param({"state": "3"}, 403, id="holding needs a reason"),
        pytest.param({"state": "3", "hold_reason": "1"}, 200, id="with a reason"),
        pytest.param({"state": "2"}, 200, id="work begins"),
    ],
)
def test_policies(change: dict[str, str], status: int) -> None:
    instance = Instance()
    record = instance.create(short_description="x")
    answer = instance.ask("PATCH", f"/{record['sys_id']}", change)
    assert answer.status == status
    assert status == 200 or instance.peer.stored()["records"][0]["state"] == "1"


def test_a_resolved_record_reopens_and_a_closed_one_is_read_only() -> None:
    instance = Instance()
    path = f"/{instance.create(short_description='x')['sys_id']}"
    instance.ask("PATCH", path, {"state": "6", "close_code": "x", "close_notes": "y"})
    reopened = result(instance.ask("PATCH", path, {"state": "2"}))
    assert (reopened["state"], reopened["reopen_count"]) == ("2", "1")
    instance.ask("PATCH", path, {"state": "6"})
    instance.clock.advance(8 * 86_400)
    assert result(instance.ask("GET", path))["state"] == "7"
    assert instance.ask("PATCH", path, {"state": "2"}).status == 403
    assert instance.ask("PATCH", path, {"work_notes": "x"}).status == 403


def test_a_journal_is_appended_to_and_shows_only_as_displayed() -> None:
    instance = Instance()
    path = f"/{instance.create(short_description='x')['sys_id']}"
    for text in ("one", "[code]<b>two</b>[/code]"):
        instance.ask("PATCH", path, {"work_notes": text})
    assert result(instance.ask("GET", path))["work_notes"] == ""
    displayed = result(instance.ask("GET", path, sysparm_display_value="true"))
    assert displayed["work_notes"].index("two") < displayed["work_notes"].index("one")
    assert displayed["state"] == "New"
    notes = instance.peer.stored()["records"][0]["notes"]
    assert [(note["shown"], note["live"]) for note in notes] == [("one", []), ("", ["<b>two</b>"])]


def test_references_are_objects_unless_links_are_left_out() -> None:
    instance = Instance()
    path = f"/{instance.create(assignment_group='a' * 32)['sys_id']}"
    assert result(instance.ask("GET", path))["assignment_group"]["value"] == "a" * 32
    plain = result(
        instance.ask("GET", path, sysparm_exclude_reference_link="true", sysparm_fields="assignment_group")
    )
    assert plain == {"assignment_group": "a" * 32}


def test_the_limit_of_an_hour_has_its_headers() -> None:
    instance = Instance(hourly=1)
    instance.ask("GET")
    answer = instance.ask("GET")
    assert answer.status == 429
    assert {
        "Retry-After",
        "X-RateLimit-Limit",
        "X-RateLimit-Reset",
        "X-RateLimit-Rule",
    } <= answer.headers.keys()
    instance.clock.advance(float(answer.headers["Retry-After"]))
    assert instance.ask("GET").status == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/0123456789abcdef0123456789abcdef", None, 404),
        ("PATCH", "/INC0010001", {"state": "2"}, 404),
        ("DELETE", "", None, 405),
        ("POST", "", [], 400),
        ("GET", "/api/now/table/nothing", None, 400),
        ("GET", "/api/other", None, 400),
    ],
)
def test_a_request_that_is_wrong_is_an_error(method: str, path: str, body: object, status: int) -> None:
    instance = Instance()
    instance.create(short_description="x")
    answer = instance.ask(method, path, body)
    assert (answer.status, json.loads(answer.body)["status"]) == (status, "failure")


def test_a_body_that_is_not_declared_as_json_is_refused() -> None:
    assert Instance().ask("POST", body={}, headers={**KEY, "Content-Type": "text/plain"}).status == 415


def test_people_act_and_unknown_acts_are_errors() -> None:
    instance = Instance()
    number = instance.create(short_description="x")["number"]
    instance.peer.act("resolve", {"record": number, "close_code": "Not solved"})
    instance.peer.act("reopen", {"record": number})
    instance.peer.act("note", {"record": number, "text": "seen"})
    instance.peer.act("cancel", {"record": number})
    [stored] = instance.peer.stored()["records"]
    assert (stored["state"], stored["reopen_count"], stored["notes"][0]["shown"]) == ("8", "1", "seen")
    for act, given in (("dance", {"record": number}), ("close", {"record": "INC0"})):
        with pytest.raises(PeerError):
            instance.peer.act(act, given)
    with pytest.raises(PeerError, match="no setting speed"):
        instance.peer.configure({"speed": 5})
