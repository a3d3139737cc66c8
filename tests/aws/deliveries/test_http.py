"""What an answer says of a request, whatever the network does, and that nothing of it is written out."""

import logging
import socket
import threading
import time
from collections.abc import Iterator
from email.utils import formatdate

import pytest

from hubtriage.aws.deliveries import http
from hubtriage.aws.deliveries.http import (
    Answer,
    Done,
    HttpClient,
    NotDone,
    Request,
    Unknown,
    is_local,
    retry_after,
)


class RawServer:
    """Answers every connection with the same bytes, then ends it; keeps what it was sent."""

    def __init__(self, answer: bytes, pause: float = 0.0) -> None:
        self._answer, self._pause = answer, pause
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.requests: list[bytes] = []
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                self.requests.append(connection.recv(65_536))
                try:
                    self._write(connection)
                except OSError:
                    continue

    def _write(self, connection: socket.socket) -> None:
        if not self._pause:
            connection.sendall(self._answer)
            return
        for position in range(len(self._answer)):
            connection.sendall(self._answer[position : position + 1])
            if self._is_over.wait(self._pause):
                return

    def end(self) -> None:
        """Give the port back."""
        self._is_over.set()
        self._socket.close()


def ask(answer: bytes, pause: float = 0.0, request: Request | None = None) -> Answer:
    """Return what a client makes of the bytes that a server answers."""
    server = RawServer(answer, pause)
    try:
        client = HttpClient(local=True, read_seconds=0.3)
        return client.send(request or Request("POST", f"{server.url}/secret-path", body=b"{}"))
    finally:
        server.end()


def written(status: str, body: bytes = b"{}", *headers: str) -> bytes:
    """Return the bytes of an answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@pytest.mark.parametrize("status", ["200 OK", "201 Created", "202 Accepted"])
def test_a_whole_answer_of_success_is_done(status: str) -> None:
    answer = ask(written(status, b'{"id": "1"}', "X-Some: thing"))
    assert isinstance(answer, Done)
    assert (answer.json(), answer.text, answer.headers["x-some"]) == ({"id": "1"}, '{"id": "1"}', "thing")


@pytest.mark.parametrize(
    ("status", "is_final"),
    [
        ("301 Moved", True),
        ("302 Found", True),
        ("307 Temporary", True),
        ("400 Bad", True),
        ("401 No", True),
        ("403 No", True),
        ("404 None", True),
        ("405 No", True),
        ("408 Slow", False),
        ("409 Conflict", False),
        ("410 Gone", True),
        ("413 Large", True),
        ("415 Kind", True),
        ("422 Odd", True),
        ("423 Locked", False),
        ("425 Early", False),
        ("429 Many", False),
        ("499 Odd", True),
    ],
)
def test_a_refusal_says_that_nothing_was_done(status: str, is_final: bool) -> None:
    answer = ask(written(status, b'{"error": 1}', "Location: /elsewhere"))
    assert isinstance(answer, NotDone)
    assert (answer.is_final, answer.status, answer.json()) == (is_final, int(status[:3]), {"error": 1})
    assert answer.is_unauthorized is (status[:3] in ("401", "403"))


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(written("500 Broken"), id="500"),
        pytest.param(written("502 Gateway"), id="502"),
        pytest.param(written("503 Unavailable"), id="503"),
        pytest.param(written("504 Timeout"), id="504"),
        pytest.param(b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{", id="half a body"),
        pytest.param(
            b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n{", id="half a chunk"
        ),
        pytest.param(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", id="no chunk"),
        pytest.param(b"HTTP/1.1 201 Cre", id="half a status"),
        pytest.param(b"SSH-2.0-OpenSSH\r\n", id="another protocol"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"HTTP/1.1 103 Early\r\n\r\n", id="only a beginning"),
        pytest.param(b"HTTP/1.1 201 Created\r\nContent-Length: -5\r\n\r\n", id="a negative length"),
    ],
)
def test_anything_else_is_unknown(answer: bytes) -> None:
    got = ask(answer)
    assert isinstance(got, Unknown | Done)
    assert isinstance(got, Unknown) or got.json() is None


def test_an_answer_that_takes_too_long_is_unknown() -> None:
    began = time.monotonic()
    assert isinstance(ask(written("201 Created", b"x" * 1_000), pause=0.01), Unknown)
    assert time.monotonic() - began < 5


def test_an_answer_that_is_too_large_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LARGEST_ANSWER", 1_000)
    assert isinstance(ask(written("200 OK", b"x" * 1_000)), Done)
    assert isinstance(ask(written("200 OK", b"x" * 1_001)), Unknown)
    assert isinstance(ask(written("400 Bad", b"x" * 1_001)), NotDone)


def test_an_answer_that_is_compressed_unasked_is_no_json() -> None:
    answer = ask(written("200 OK", b"\x1f\x8b\x08", "Content-Encoding: gzip"))
    assert isinstance(answer, Done)
    assert answer.json() is None


def test_an_answer_that_is_nested_too_deeply_is_no_json() -> None:
    answer = ask(written("200 OK", b"[" * 100_000))
    assert isinstance(answer, Done)
    assert answer.json() is None


def test_a_port_that_no_one_serves_is_not_done() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    answer = HttpClient(local=True).send(Request("POST", f"http://127.0.0.1:{port}/"))
    assert answer == NotDone("no connection")


def test_a_name_that_leads_nowhere_is_not_done() -> None:
    answer = HttpClient(connect_seconds=1).send(Request("POST", "https://nothing.invalid/secret-path"))
    assert isinstance(answer, NotDone)
    assert not answer.is_final


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://example.com/secret", "must begin with https://"),
        ("http://127.0.0.1.evil.example/secret", "must begin with https://"),
        ("http://localhost@evil.example/secret", "without a user"),
        ("https://user:secret@example.com/", "without a user"),
        ("ftp://127.0.0.1/secret", "must begin with https://"),
        ("file:///secret", "must be https://HOST"),
        ("secret", "must be https://HOST"),
        ("", "must be https://HOST"),
        ("https://[secret", "not a URL"),
        ("https://example.com:port/secret", "not a URL"),
        ("https://example.com/secret\r\nX: y", "characters"),
        ("https://example.com/sécret", "characters"),
        ("https://example.com/ secret", "characters"),
    ],
)
def test_an_address_that_may_not_be_asked(url: str, reason: str) -> None:
    answer = HttpClient(local=True).send(Request("POST", url))
    assert isinstance(answer, NotDone)
    assert answer.is_final
    assert reason in answer.reason
    assert "secret" not in repr(answer)


def test_a_loopback_address_is_asked_only_on_the_local_aws() -> None:
    answer = HttpClient().send(Request("POST", "http://127.0.0.1:9/"))
    assert answer == NotDone("the address must begin with https://", is_final=True)


@pytest.mark.parametrize("value", ["a\r\nX-Other: b", "a\nb", "sécret\ud800", "\u4e2d"])
def test_a_header_that_cannot_be_sent_is_not_done(value: str) -> None:
    server = RawServer(written("200 OK"))
    try:
        answer = HttpClient(local=True).send(Request("POST", server.url, {"X-Key": value}))
    finally:
        server.end()
    assert isinstance(answer, NotDone)
    assert answer.is_final
    assert not any(b"X-Other" in request for request in server.requests)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("17", 17.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("-5", 0.0),
        (" 8 ", 8.0),
        ("1e99", 86_400.0),
        ("inf", 86_400.0),
        ("nan", None),
        ("", None),
        ("soon", None),
        (formatdate(1_060, usegmt=True), 60.0),
        (formatdate(900, usegmt=True), 0.0),
        ("Tue, 99 Xyz 9999 99:99:99 GMT", None),
    ],
)
def test_how_long_to_wait(given: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": given}, 1_000.0) == seconds


def test_a_wait_is_in_answers_that_have_one() -> None:
    limited, broken = (ask(written(status, b"", "Retry-After: 7")) for status in ("429 Many", "503 Broken"))
    assert isinstance(limited, NotDone)
    assert isinstance(broken, Unknown)
    assert (limited.retry_after, broken.retry_after) == (7.0, 7.0)


def test_a_connection_that_was_idle_is_not_used_again() -> None:
    class Clock:
        at = 0.0

        def now(self) -> float:
            return self.at

        def monotonic(self) -> float:
            return self.at

        def sleep(self, seconds: float) -> None:
            self.at += seconds

    ended = threading.Event()
    count = 0

    def serve(listener: socket.socket) -> None:
        nonlocal count
        while not ended.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            count += 1
            threading.Thread(target=keep, args=(connection,), daemon=True).start()

    def keep(connection: socket.socket) -> None:
        with connection:
            while connection.recv(65_536):
                connection.sendall(written("200 OK"))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        clock = Clock()
        client = HttpClient(local=True, clock=clock)
        request = Request("GET", f"http://127.0.0.1:{listener.getsockname()[1]}/")
        for seconds in (0, 1, 10):
            clock.sleep(seconds)
            assert isinstance(client.send(request), Done)
        client.close()
        ended.set()
    assert count == 2


@pytest.fixture
def everything_logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Return all that any logger writes."""
    with caplog.at_level(logging.DEBUG):
        yield caplog


def test_nothing_of_a_request_is_written_out(everything_logged: pytest.LogCaptureFixture) -> None:
    for answer in (written("200 OK"), b"HTTP/1.1 200 OK\r\nBad header\r\n\r\n", b"", written("500 x")):
        request = Request("POST", "http://127.0.0.1:1/secret-path", {"Authorization": "secret"}, b"secret")
        got = ask(answer)
        assert "secret" not in f"{request!r} {got!r}"
        HttpClient(local=True).send(request)
    assert "secret" not in everything_logged.text


def test_json_is_sent_in_ascii_whatever_is_in_a_text() -> None:
    request = Request.with_json("POST", "https://example.com", {}, {"a": "ä\ud800\U0001f512"})
    assert request.body == b'{"a": "\\u00e4\\ud800\\ud83d\\udd12"}'
    assert request.headers["Content-Type"] == "application/json"
    with pytest.raises(ValueError, match="not JSON compliant"):
        Request.with_json("POST", "https://example.com", {}, float("nan"))


@pytest.mark.parametrize(
    ("environment", "local"),
    [
        ({}, False),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}, True),
        ({"AWS_ENDPOINT_URL": "https://localhost:4566"}, True),
        ({"AWS_ENDPOINT_URL": "https://vpce-1.s3.eu-west-1.vpce.amazonaws.com"}, False),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1.example.com"}, False),
    ],
)
def test_the_local_aws_is_known_by_its_endpoint(environment: dict[str, str], local: bool) -> None:
    assert is_local(environment) is local
