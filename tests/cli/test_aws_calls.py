"""`-v` names each call to AWS with its answer; without it, and after the command, nothing is named."""

import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import boto3
import pytest
from click.testing import CliRunner, Result

from hubtriage.cli.main import cli

LINE = re.compile(r"aws (\w+ \w+): (\w+) in \d+\.\d\d s")


class Refusing(BaseHTTPRequestHandler):
    """Says who calls, and refuses everything else."""

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        is_asked = b"GetCallerIdentity" in sent
        result = "<GetCallerIdentityResult><Account>111122223333</Account></GetCallerIdentityResult>"
        whole = f"<GetCallerIdentityResponse>{result}</GetCallerIdentityResponse>"
        denied = '{"__type":"AccessDeniedException","message":"no"}'
        self.send_response(200 if is_asked else 403)
        self.end_headers()
        self.wfile.write((whole if is_asked else denied).encode())

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), Refusing)
    Thread(target=server.serve_forever, daemon=True).start()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_MAX_ATTEMPTS": "1",
        "NO_PROXY": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    yield server
    server.shutdown()
    server.server_close()


def run(*options: str) -> Result:
    boto3.DEFAULT_SESSION = None  # it would outlive the command
    return CliRunner().invoke(cli, ["findings", "--without-entries", *options])


def calls(result: Result) -> list[tuple[str, str]]:
    found = (LINE.fullmatch(line) for line in result.stderr.splitlines())
    return [(each[1], each[2]) for each in found if each]


@pytest.mark.usefixtures("aws")
def test_each_call_has_its_answer_until_the_command_ends() -> None:
    expected = [("sts GetCallerIdentity", "200"), ("securityhub GetFindings", "AccessDeniedException")]
    assert calls(run("-v")) == expected
    assert calls(run("--verbose")) == expected
    assert calls(run()) == []


def test_a_call_without_an_answer_has_its_reason(aws: HTTPServer) -> None:
    aws.shutdown()
    aws.server_close()
    assert calls(run("-v")) == [("sts GetCallerIdentity", "EndpointConnectionError")]
