"""The real client against a server that answers as a broken network does."""

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from hubtriage.aws.ledger.client import dynamodb
from hubtriage.aws.ledger.dynamodb import DynamoLedger
from hubtriage.aws.ledger.item import attributes, finding_text, hash_of
from hubtriage.aws.ledger.ledger import LedgerFaultKind
from hubtriage.aws.securityhub.backoff import Backoff
from hubtriage.localaws.cloud import LocalCloud
from hubtriage.localaws.securityhub.inprocess import ManualClock
from tests.support.entries import ORDINARY
from tests.support.ledgers import DynamoBench, dynamo_bench

KEY = ("arn", "id")
ITEM = {"k": {"S": hash_of(KEY)}, "finding": {"S": finding_text(KEY)}, **attributes(ORDINARY, 2)}
HANG_UP = 0


@dataclass
class Wire:
    """What the server answers to each request in turn: status and body. It hangs up instead for status 0."""

    answers: list[tuple[int, bytes]] = field(default_factory=list)
    requests: list[tuple[str, Any]] = field(default_factory=list)


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Wire, DynamoLedger]]:
    wire = Wire()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            wire.requests.append((self.headers["X-Amz-Target"], json.loads(body)))
            status, answer = wire.answers.pop(0)
            if status == HANG_UP:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: object) -> None:
            pass

    served = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.daemon_threads = True
    thread = threading.Thread(target=served.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    client: Any = dynamodb(
        endpoint_url=f"http://127.0.0.1:{served.server_port}",
        region_name="eu-central-1",
        aws_access_key_id="none",
        aws_secret_access_key="none",
    )
    try:
        yield wire, DynamoLedger(client, "ledger", ManualClock(), Backoff(lambda: 0.5))
    finally:
        client.close()
        served.shutdown()
        served.server_close()
        thread.join()


@pytest.fixture
def wire(server: tuple[Wire, DynamoLedger]) -> Wire:
    server[0].answers.clear()
    server[0].requests.clear()
    return server[0]


@pytest.fixture
def ledger(server: tuple[Wire, DynamoLedger]) -> DynamoLedger:
    return server[1]


def reading(*items: object) -> bytes:
    return json.dumps({"Responses": {"ledger": items}, "UnprocessedKeys": {}}).encode()


def test_an_answer_is_read(wire: Wire, ledger: DynamoLedger) -> None:
    wire.answers = [(200, reading(ITEM))]
    assert ledger.read([KEY]).entries == {KEY: ORDINARY}
    ((target, request),) = wire.requests
    assert target == "DynamoDB_20120810.BatchGetItem"
    assert request["RequestItems"]["ledger"]["ConsistentRead"] is True


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param((HANG_UP, b""), id="hung up"),
        pytest.param((200, reading(ITEM)[:-20]), id="cut off"),
        pytest.param((200, b""), id="empty"),
        pytest.param((200, b"{}"), id="an object without members"),
        pytest.param((200, b"[]"), id="a list"),
        pytest.param((200, b"<html>"), id="a proxy's page"),
        pytest.param((200, b'{"Responses":{"other":[]}}'), id="another table"),
        pytest.param((200, b"\xff"), id="no text"),
        pytest.param((200, b"[" * 100_000), id="deep"),
        pytest.param((503, b"<html>"), id="unavailable"),
        pytest.param(
            (500, b'{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError"}'), id="failing"
        ),
        pytest.param(
            (400, b'{"__type":"com.amazon.coral.availability#ThrottlingException"}'), id="throttled"
        ),
    ],
)
def test_a_broken_answer_is_asked_for_again_and_never_an_empty_one(
    wire: Wire, ledger: DynamoLedger, broken: tuple[int, bytes]
) -> None:
    wire.answers = [broken, (200, reading(ITEM))]
    assert ledger.read([KEY]).entries == {KEY: ORDINARY}
    wire.answers = [broken] * 8
    recall = ledger.read([KEY])
    assert (recall.entries, set(recall.unread)) == ({}, {KEY})


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", LedgerFaultKind.MISSING),
        ("com.amazon.coral.service#AccessDeniedException", LedgerFaultKind.DENIED),
        ("com.amazon.coral.service#UnrecognizedClientException", LedgerFaultKind.DENIED),
    ],
)
def test_a_refusal_is_not_asked_for_again(
    wire: Wire, ledger: DynamoLedger, code: str, kind: LedgerFaultKind
) -> None:
    wire.answers = [(400, json.dumps({"__type": code, "message": "because"}).encode())]
    (fault,) = ledger.read([KEY]).unread.values()
    assert (fault.kind, fault.message) == (kind, "table ledger: because")


def test_a_write_whose_connection_broke_knows_itself_again(wire: Wire, ledger: DynamoLedger) -> None:
    conflict = {"Responses": [{"Error": {"Code": "ConditionalCheckFailed", "Message": "no"}}]}
    written = {**ITEM, **attributes(ORDINARY, 3)}
    wire.answers = [(HANG_UP, b""), (200, json.dumps(conflict).encode()), (200, reading(written))]
    assert ledger.write({KEY: ORDINARY}).versions == {KEY: 3}


@pytest.fixture
def bench(cloud: LocalCloud) -> Iterator[DynamoBench]:
    with dynamo_bench(cloud) as made:
        yield made


@pytest.mark.e2e
def test_the_local_aws_answers_it(bench: DynamoBench, cloud: LocalCloud) -> None:
    client: Any = dynamodb(
        endpoint_url=cloud.endpoint,
        region_name=cloud.region,
        aws_access_key_id=cloud.account,
        aws_secret_access_key="none",
    )
    ledger = DynamoLedger(client, bench.table, bench.clock)
    odd = ("arn", "é\ud800漢")
    try:
        assert ledger.write({odd: replace(ORDINARY, version=0)}).versions == {odd: 1}
        assert ledger.write({odd: ORDINARY}).conflicts == {odd}
        assert ledger.read([odd]).entries == {odd: replace(ORDINARY, version=1)}
        assert ledger.scan(None).entries == [(odd, replace(ORDINARY, version=1))]
    finally:
        client.close()
