"""The real client against a server that answers as a broken network does."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from hubtriage.aws.securityhub.api import SecurityHubApi, identifier
from hubtriage.aws.securityhub.client import IN_REGION, READ_TIMEOUT, security_hub
from hubtriage.aws.securityhub.ratelimit import TokenBucket
from hubtriage.aws.securityhub.reading import Reader
from hubtriage.aws.securityhub.sending import Receipt, Sender
from hubtriage.aws.triage.config import TriageConfig
from hubtriage.engine.planning.batches import Call
from tests.support.triage_world import FOREVER, SUPPRESS, TriageWorld, backoff, key

PROCESSED = json.dumps({"ProcessedFindings": [identifier(key(0))], "UnprocessedFindings": []}).encode()


class Wire:
    """What the server does with each request in turn (status, headers, body), and what it was sent."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self.requests: list[tuple[str, str, Any]] = []

    def will(self, status: int, body: bytes = b"{}", **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append((status, named, body))


@pytest.fixture(scope="module")
def module_wire() -> Wire:
    return Wire()


@pytest.fixture
def wire(module_wire: Wire) -> Wire:
    module_wire.answers.clear()
    module_wire.requests.clear()
    return module_wire


@pytest.fixture(scope="module")
def api(module_wire: Wire) -> Iterator[SecurityHubApi]:
    wire = module_wire

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            wire.requests.append((self.command, self.path, json.loads(body)))
            status, headers, answer = wire.answers.pop(0)
            if status == 0:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(status)
            for name, value in {"Content-Length": str(len(answer)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)
            if int(headers.get("Content-Length", 0)) > len(answer):
                self.connection.shutdown(socket.SHUT_RDWR)

        do_PATCH = do_POST = answer  # noqa: N815 - the names that http.server calls

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    client: Any = security_hub(
        region_name="eu-west-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret",
        endpoint_url=f"http://127.0.0.1:{server.server_port}",
    )
    yield client
    client.api.close()
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_call_that_starts_at_the_last_moment_ends_within_the_margin_also_with_four_addresses() -> None:
    client: Any = security_hub(IN_REGION, region_name="eu-west-1")
    config = client.api.meta.config
    assert (config.connect_timeout, config.read_timeout) == (IN_REGION, READ_TIMEOUT)
    assert TriageConfig().margin >= 4 * config.connect_timeout + config.read_timeout


def update(api: SecurityHubApi) -> Receipt:
    clock = TriageWorld().clock
    sender = Sender(api, TokenBucket(1000, 1000, clock), backoff(), clock.monotonic)
    call = Call(SUPPRESS, (identifier(key(0)),))
    receipts, _ = sender.send([call], FOREVER, lambda _keys, _receipt: None)
    return receipts[key(0)]


def test_an_update_is_the_documented_request(wire: Wire, api: SecurityHubApi) -> None:
    wire.will(200, PROCESSED, x_amzn_RequestId="abc")
    receipt = update(api)
    assert (receipt.status, receipt.call_id) == ("sent", "abc")
    assert wire.requests == [
        ("PATCH", "/findings/batchupdate", {"FindingIdentifiers": [identifier(key(0))], **SUPPRESS})
    ]


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        pytest.param(200, PROCESSED[:-20], {}, id="a body cut off inside JSON"),
        pytest.param(200, b"", {}, id="no body"),
        pytest.param(200, PROCESSED.replace(b"f", b"\xdd"), {}, id="a body that is no text"),
        pytest.param(
            200, PROCESSED[:20], {"Content-Length": "500"}, id="a connection closed inside the body"
        ),
        pytest.param(0, b"", {}, id="a connection closed without an answer"),
        pytest.param(500, b"{}", {"x_amzn_ErrorType": "InternalException"}, id="an internal exception"),
        pytest.param(503, b"<html>", {}, id="a page of some proxy"),
        pytest.param(429, b"{}", {"x_amzn_ErrorType": "TooManyRequestsException"}, id="throttling"),
        pytest.param(429, b"", {}, id="throttling without a name"),
    ],
)
def test_what_breaks_on_the_way_is_tried_again_by_us_and_only_by_us(
    wire: Wire, api: SecurityHubApi, status: int, body: bytes, headers: dict[str, str]
) -> None:
    wire.will(status, body, **headers)
    wire.will(200, PROCESSED)
    assert update(api).status == "sent"
    assert len(wire.requests) == 2


@pytest.mark.parametrize(
    ("status", "error_type", "fate"),
    [
        (400, "InvalidInputException", "poison"),
        (401, "InvalidAccessException", "unsent"),
        (403, "AccessDeniedException", "unsent"),
    ],
)
def test_what_the_service_will_never_do_is_asked_once(
    wire: Wire, api: SecurityHubApi, status: int, error_type: str, fate: str
) -> None:
    wire.will(status, b'{"Message":"no"}', x_amzn_ErrorType=error_type)
    receipt = update(api)
    assert (receipt.status, receipt.code, receipt.message) == (fate, error_type, "no")
    assert len(wire.requests) == 1


def read(api: SecurityHubApi) -> Any:
    clock = TriageWorld().clock
    reader = Reader(api, TokenBucket(1000, 1000, clock), backoff(), clock.monotonic)
    return reader.read([key(0)], FOREVER)


def test_a_finding_is_read_with_members_that_the_model_lacks(wire: Wire, api: SecurityHubApi) -> None:
    arn, name = key(0)
    whole = {"Id": name, "ProductArn": arn, "RiskAssessment": {"Score": 7}, "Severity": {"Unheard": 1}}
    wire.will(200, json.dumps({"Findings": [whole]}).encode())
    assert read(api).found == {key(0): whole}
    ((_, path, request),) = wire.requests
    assert path == "/findings"
    assert request["Filters"]["Id"] == [{"Value": name, "Comparison": "EQUALS"}]


@pytest.mark.parametrize(
    "body",
    [b"", b'{"Findings": [{"Id"', b"{}", b'{"Findings": [{"\xdd"'],
    ids=["empty", "cut off", "no members", "no text"],
)
def test_a_broken_page_never_means_that_the_finding_is_gone(
    wire: Wire, api: SecurityHubApi, body: bytes
) -> None:
    wire.will(200, body)
    fresh = read(api)
    assert not fresh.missing
    assert set(fresh.unread) == {key(0)}
