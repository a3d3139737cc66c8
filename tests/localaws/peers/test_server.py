"""Faults between us and a peer arrive as a network would have them, and the journal says what was done."""

import http.client
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from hubtriage.localaws.peers.control import PeerControl
from hubtriage.localaws.peers.faults import PeerFault
from hubtriage.localaws.peers.peer import PeerAnswer, PeerError, PeerRequest, with_fields
from hubtriage.localaws.peers.server import Peers, PeerServer


class Counter:
    """A peer that counts what it was asked to store."""

    def __init__(self) -> None:
        self.bodies: list[str] = []
        self.settings = {"limit": 10}

    def answer(self, request: PeerRequest) -> PeerAnswer:
        """Store the body."""
        self.bodies.append(request.body.decode())
        return PeerAnswer.json(201, {"path": request.path, "query": dict(request.query)})

    def stored(self) -> dict[str, Any]:
        """Return the bodies."""
        return {"bodies": self.bodies}

    def act(self, act: str, given: Mapping[str, Any]) -> Any:
        """Forget everything."""
        if act != "forget":
            raise PeerError(f"no act {act!r} {given}")
        self.bodies.clear()

    def configure(self, changes: Mapping[str, Any]) -> None:
        """Change the limit."""
        self.settings = with_fields(changes, self.settings)


@pytest.fixture
def server() -> Iterator[PeerServer]:
    """Return a server of one counter."""
    with PeerServer(Peers({"counter": lambda _: Counter()})) as server:
        yield server


@pytest.fixture
def control(server: PeerServer) -> PeerControl:
    """Return the way past its API."""
    return PeerControl(server.endpoint)


def post(
    server: PeerServer, body: str = "x", path: str = "/counter/a/b?c=d"
) -> tuple[int, dict[str, str], bytes]:
    """Send a request as any client does."""
    connection = http.client.HTTPConnection(server.endpoint.removeprefix("http://"), timeout=5)
    try:
        connection.request("POST", path, body, {"Authorization": "Basic secret"})
        answer = connection.getresponse()
        return answer.status, dict(answer.headers.items()), answer.read()
    finally:
        connection.close()


def test_a_request_reaches_the_peer_under_its_own_path(server: PeerServer, control: PeerControl) -> None:
    status, _, body = post(server)
    assert (status, body) == (201, b'{"path": "/a/b", "query": {"c": ["d"]}}')
    assert control.stored("counter") == {"bodies": ["x"]}


def test_the_journal_keeps_no_credentials(server: PeerServer, control: PeerControl) -> None:
    post(server)
    [entry] = control.journal("counter")
    assert (entry["method"], entry["target"], entry["status"]) == ("POST", "/a/b?c=d", 201)
    assert "secret" not in str(entry)


@pytest.mark.parametrize(
    ("fault", "stored"),
    [
        pytest.param(PeerFault("reset"), 0, id="a reset before leaves nothing"),
        pytest.param(PeerFault("reset", after=True), 1, id="a reset after loses the answer alone"),
        pytest.param(PeerFault("truncated"), 1, id="a truncated answer is of a request that was done"),
    ],
)
def test_a_connection_that_ends_says_nothing_of_what_was_done(
    server: PeerServer, control: PeerControl, fault: PeerFault, stored: int
) -> None:
    control.fault(fault)
    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
        post(server)
    assert len(control.stored("counter")["bodies"]) == stored
    assert control.journal()[0]["carried_out"] is bool(stored)
    assert control.struck() == [1]
    assert post(server)[0] == 201


@pytest.mark.parametrize(
    ("fault", "status", "header", "stored"),
    [
        pytest.param(
            PeerFault("status", status=429, retry_after=7), 429, ("Retry-After", "7"), 0, id="limit of a rate"
        ),
        pytest.param(
            PeerFault("status", status=503, headers=(("X-A", "b"),)), 503, ("X-A", "b"), 0, id="unavailable"
        ),
        pytest.param(
            PeerFault("status", status=504, after=True), 504, None, 1, id="a gateway's timeout after the fact"
        ),
        pytest.param(
            PeerFault("html"), 200, ("Content-Type", "text/html;charset=UTF-8"), 0, id="a page for people"
        ),
    ],
)
def test_an_answer_in_place_of_the_peers(
    server: PeerServer,
    control: PeerControl,
    fault: PeerFault,
    status: int,
    header: tuple[str, str] | None,
    stored: int,
) -> None:
    control.fault(fault)
    given, headers, _ = post(server)
    assert given == status
    assert header is None or headers[header[0]] == header[1]
    assert len(control.stored("counter")["bodies"]) == stored


def test_requests_are_counted_however_many(server: PeerServer, control: PeerControl) -> None:
    control.fault(PeerFault("status", status=503))
    control.fault(PeerFault("status", status=504, after=True))
    for _ in range(3):
        post(server)
    assert control.counts() == {"counter": {"requests": 3, "carried_out": 2, "faults": 2}}


def test_a_delayed_answer_is_of_a_request_that_was_done(server: PeerServer, control: PeerControl) -> None:
    control.fault(PeerFault("delay", seconds=0.2))
    assert post(server)[0] == 201
    assert control.journal()[0]["carried_out"]


def test_faults_concern_the_requests_that_they_name(server: PeerServer, control: PeerControl) -> None:
    control.fault(PeerFault("status", status=500, method="PUT"))
    control.fault(PeerFault("status", status=500, path="^/other"))
    control.fault(PeerFault("status", status=500, peer="another"))
    control.fault(PeerFault("status", status=500, path="^/a/", skip=1))
    assert [post(server)[0] for _ in range(3)] == [201, 500, 201]


def test_a_person_acts_settings_change_and_time_passes(server: PeerServer, control: PeerControl) -> None:
    post(server)
    control.act("counter", "forget")
    control.configure("counter", limit=5)
    before = server.peers.clock()
    control.advance(3600)
    assert control.stored("counter") == {"bodies": []}
    assert server.peers.clock() - before >= 3600


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda control: control.act("counter", "dance"), id="an act that there is not"),
        pytest.param(lambda control: control.configure("counter", speed=5), id="a setting that there is not"),
        pytest.param(lambda control: control.stored("nothing"), id="a peer that there is not"),
        pytest.param(lambda control: control.advance(-1), id="time that goes back"),
    ],
)
def test_what_there_is_not_is_an_error(control: PeerControl, ask: Any) -> None:
    with pytest.raises(PeerError):
        ask(control)


def test_an_unknown_name_is_not_found(server: PeerServer) -> None:
    assert post(server, path="/nothing/a")[0] == 404
