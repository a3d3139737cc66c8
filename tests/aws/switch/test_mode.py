"""The mode switch: read seldom, never guessed."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any, ClassVar

import pytest

from hubtriage.aws.switch.mode import FRESH, USABLE, ModeSwitch, ModeUnreadableError, parameter_name
from hubtriage.aws.switch.parameters import ParameterError, ParameterReader
from hubtriage.localaws.securityhub.inprocess import ManualClock


class Parameter:
    """A parameter that counts how often it is read; an exception as its value is raised."""

    def __init__(self, value: str | Exception) -> None:
        self.value, self.reads = value, 0

    def __call__(self) -> str:
        self.reads += 1
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def test_a_mode_is_asked_for_again_only_when_it_is_no_longer_fresh(clock: ManualClock) -> None:
    parameter = Parameter("enforce")
    switch = ModeSwitch(parameter, clock.monotonic)
    assert [switch.mode(), switch.mode()] == ["enforce", "enforce"]
    assert parameter.reads == 1
    parameter.value = "observe"
    clock.sleep(FRESH + 0.1)
    assert switch.mode() == "observe"
    assert parameter.reads == 2


@pytest.mark.parametrize("mode", ["reopen", "observe"])
def test_leaving_a_stop_is_seen_by_the_next_batch(mode: str, clock: ManualClock) -> None:
    """The sweep that goes with it sends at once, and nobody looks at its findings again."""
    parameter = Parameter(mode)
    switch = ModeSwitch(parameter, clock.monotonic)
    assert switch.mode() == mode
    parameter.value = "enforce"
    assert switch.mode() == "enforce"


@pytest.mark.parametrize(
    ("mode", "may_write", "may_hide"),
    [("enforce", True, True), ("reopen", True, False), ("observe", False, True), ("?", False, True)],
)
def test_a_mode_lets_calls_start(mode: str, may_write: bool, may_hide: bool, clock: ManualClock) -> None:
    switch = ModeSwitch(Parameter(mode), clock.monotonic)
    assert (switch.may_write(), switch.may_hide()) == (may_write, may_hide)


def test_reopen_is_not_asked_for_again_before_each_call_that_hides_nothing(clock: ManualClock) -> None:
    parameter = Parameter("reopen")
    switch = ModeSwitch(parameter, clock.monotonic)
    switch.mode()
    assert [switch.may_write() for _ in range(100)] == [True] * 100
    assert parameter.reads == 1
    parameter.value = "observe"
    clock.sleep(FRESH + 0.1)
    assert not switch.may_write()


def test_the_last_known_mode_serves_for_a_while_when_none_can_be_read(clock: ManualClock) -> None:
    parameter = Parameter("observe")
    switch = ModeSwitch(parameter, clock.monotonic)
    switch.mode()
    parameter.value = ParameterError("throttled")
    clock.sleep(USABLE - 1)
    assert switch.mode() == "observe"
    clock.sleep(2)
    with pytest.raises(ModeUnreadableError, match="throttled"):
        switch.mode()


@pytest.mark.parametrize(
    ("monotonic", "wall"),
    [
        pytest.param(0.5, 7200.0, id="the container was frozen, and its monotonic clock with it"),
        pytest.param(FRESH + 0.1, -3600.0, id="the time of day was set back"),
    ],
)
def test_a_mode_is_no_longer_fresh_if_one_of_two_clocks_says_so(monotonic: float, wall: float) -> None:
    parameter, passed, time = Parameter("enforce"), [0.0], [1_800_000_000.0]
    switch = ModeSwitch(parameter, lambda: passed[0], lambda: time[0])
    switch.mode()
    parameter.value = "observe"
    passed[0] += monotonic
    time[0] += wall
    assert not switch.may_write()


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(ParameterError("denied"), id="what cannot be read"),
        pytest.param("Enforce", id="another spelling"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_mode_is_never_guessed_from(value: str | Exception, clock: ManualClock) -> None:
    with pytest.raises(ModeUnreadableError):
        ModeSwitch(Parameter(value), clock.monotonic).mode()


def test_a_mode_that_cannot_be_read_is_not_asked_for_before_every_call(clock: ManualClock) -> None:
    parameter = Parameter("enforce")
    switch = ModeSwitch(parameter, clock.monotonic)
    switch.mode()
    parameter.value = ParameterError("throttled")
    clock.sleep(FRESH + 0.1)
    assert [switch.may_write() for _ in range(100)] == [True] * 100
    assert parameter.reads == 2
    clock.sleep(USABLE - FRESH - 1)
    assert switch.may_write(), "it was asked for only just, and the last answer still serves"
    clock.sleep(1)
    assert not switch.may_write(), "nobody knows any more, however lately it was asked for"


class _Systems(BaseHTTPRequestHandler):
    """Answers as Systems Manager does."""

    answer: ClassVar[tuple[int, bytes]]
    asked: ClassVar[list[dict[str, Any]]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).asked.append(dict(self.headers) | body)
        status, content = type(self).answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def systems(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_Systems]]:
    server = HTTPServer(("127.0.0.1", 0), _Systems)
    _Systems.asked = []
    Thread(target=server.serve_forever, daemon=True).start()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "NO_PROXY": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    yield _Systems
    server.shutdown()
    server.server_close()


def test_a_parameter_is_read_with_one_signed_request(systems: type[_Systems]) -> None:
    systems.answer = (200, b'{"Parameter": {"Value": "observe"}}')
    assert ParameterReader(parameter_name("triage"))() == "observe"
    (asked,) = systems.asked
    assert asked["Name"] == "/hubtriage/triage/mode"
    assert asked["X-Amz-Target"] == "AmazonSSM.GetParameter"
    assert asked["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=a/")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param((400, b'{"__type": "ParameterNotFound"}'), id="a parameter that is not there"),
        pytest.param((200, b"{"), id="an answer that is cut off"),
        pytest.param((200, b"{}"), id="an answer without a parameter"),
        pytest.param((200, b'{"Parameter": null}'), id="an answer with an empty parameter"),
    ],
)
def test_a_parameter_cannot_be_read_from(answer: tuple[int, bytes], systems: type[_Systems]) -> None:
    systems.answer = answer
    with pytest.raises(ParameterError, match="/hubtriage/triage/mode"):
        ParameterReader(parameter_name("triage"))()


def test_a_service_that_does_not_answer_is_told_by_the_parameter(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ParameterError, match="/x/mode"):
        ParameterReader("/x/mode")()


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-central-1", "ssm.eu-central-1.amazonaws.com"),
        ("cn-north-1", "ssm.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "ssm.us-gov-west-1.amazonaws.com"),
    ],
)
def test_the_address_is_that_of_the_region_and_its_partition(
    region: str, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SSM", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    assert ParameterReader("/x")._url == f"https://{host}/"
